//! The decoder, written once for all families. Sequences of any lengths lie one after the other in a batch, `[tokens,
//! hidden]`; what a sequence has read so far is an argument, never hidden in a layer.
//!
//! No result depends on the other sequences of a batch, nor on where a sequence is cut into calls, nor on the threads.

mod attention;
mod buffers;
mod feed;

use std::sync::{Mutex, MutexGuard, PoisonError};

use buffers::Buffer;
pub(super) use buffers::Buffers;

use super::{
    family::{self, Arch, Around, Wiring},
    kernel::{self, Found, Head, Isa, Packed, Softmax, Sum, View, Want},
    memory::{Batch, Memory, Past, Reading, Sequence},
};

/// A model in memory.
pub struct Decoder {
    pub(super) arch: Arch,
    pub(super) isa: Isa,
    /// `[width, vocabulary]`, where it is not the head.
    pub(super) embedding: Option<Packed>,
    /// `[width, hidden]`, where the embedding has another width than the layers.
    pub(super) project_in: Option<Linear>,
    /// `[rows, hidden]`, where positions are learned.
    pub(super) positions: Option<Vec<f32>>,
    pub(super) embedding_norm: Option<Norm>,
    pub(super) layers: Vec<Layer>,
    pub(super) norm: Option<Norm>,
    /// `[hidden, width]`.
    pub(super) project_out: Option<Linear>,
    /// `[width, vocabulary]`.
    pub(super) head: Packed,
    pub(super) head_bias: Option<Vec<f32>>,
    /// From call to call.
    pub(super) buffers: Mutex<Buffers>,
}

/// A layer in memory.
pub(super) type Layer = family::Layer<Linear, Norm, Vec<f32>>;
type Attention = family::Attention<Linear, Norm, Vec<f32>>;

/// rows · weight + bias.
pub(super) struct Linear {
    pub(super) weight: Packed,
    pub(super) bias: Option<Vec<f32>>,
}

/// A norm, what normalized rows are multiplied with, and what is added.
pub(super) struct Norm {
    pub(super) norm: kernel::Norm,
    pub(super) weight: Vec<f32>,
    pub(super) bias: Option<Vec<f32>>,
    /// Values that are normalized at once: as many as there are weights, or some of them.
    pub(super) piece: usize,
}

/// What one call works on.
struct Call<'a, 'b> {
    batch: &'a mut [Sequence<'b>],
    laid: Batch,
    /// Cosine and sine for each rotation and token: `[tokens, rotated / 2]` each.
    angles: Vec<(Vec<f32>, Vec<f32>)>,
    buffers: Buffers,
}

/// Where numbers stopped being numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the sum of the embeddings.
    Embedding,
    /// In what the attention of this layer gives, counted from 0.
    Attention(usize),
    /// In what the feed-forward part of this layer gives.
    Feed(usize),
    /// After this layer: where it adds its parts up, or anywhere in it where it has no such parts.
    Layer(usize),
    /// After the last layer.
    Head,
}

impl Decoder {
    /// Reads all sequences of a batch and returns the normalized rows of the wanted tokens, `[wanted, hidden]`, in order.
    pub fn read(&self, batch: &mut [Sequence<'_>]) -> Vec<f32> {
        self.read_watched(batch, |_, _| {})
    }

    /// The longest sequence, in tokens.
    pub fn context(&self) -> usize {
        self.arch.context
    }

    /// Values of a row of [`Decoder::read`].
    pub fn hidden(&self) -> usize {
        self.head.k()
    }

    /// How many layers there are.
    pub fn layers(&self) -> usize {
        self.layers.len()
    }

    /// How fast each pair of values turns in a sequence of this length: sequences that differ in it have nothing in common.
    pub fn rotation(&self, length: usize) -> Vec<f32> {
        self.arch.rotaries.iter().flat_map(|rotary| rotary.frequencies(length).into_owned()).collect()
    }

    /// A memory for a sequence that goes on.
    pub fn memory(&self) -> Memory {
        Memory::new(self.layers.len())
    }

    /// Answers one question about what comes after each row of [`Decoder::read`].
    pub fn find(&self, rows: &[f32], wants: &[Want]) -> Vec<Found> {
        kernel::find(self.isa, View::dense(rows, wants.len()), &self.head(), wants)
    }

    /// The logits after rows of [`Decoder::read`]: `[rows, vocabulary]`.
    pub fn logits(&self, rows: &[f32]) -> Vec<f32> {
        self.head().logits(self.isa, View::dense(rows, rows.len() / self.hidden()))
    }

    /// One row of logits as a distribution.
    pub fn softmax(&self, logits: &[f32]) -> Softmax {
        kernel::softmax(self.isa, logits)
    }

    /// Reads a sequence once more to find where its numbers stop being numbers.
    pub fn first_not_finite(&self, tokens: &[u32], length: usize) -> Place {
        let mut place = Place::Head;
        let sequence =
            Sequence { tokens, length, reading: Reading::Passing(Past::Nothing), wanted: Vec::new() };
        self.read_watched(&mut [sequence], |after, rows| {
            if place == Place::Head && rows.iter().any(|value| !value.is_finite()) {
                place = after;
            }
        });
        place
    }

    fn read_watched(&self, batch: &mut [Sequence<'_>], mut watch: impl FnMut(Place, &[f32])) -> Vec<f32> {
        let laid = Batch::new(batch);
        let angles = self.angles(batch, &laid);
        let buffers = std::mem::take(&mut *self.buffers());
        let mut call = Call { batch, laid, angles, buffers };
        let mut x = self.embed(&mut call); // [tokens, hidden]
        watch(Place::Embedding, &x);
        for (index, layer) in self.layers.iter().enumerate() {
            self.layer(&mut x, index, layer, &mut call, &mut watch);
            watch(Place::Layer(index), &x);
        }

        let hidden = self.arch.hidden;
        let mut wanted = Vec::new();
        for (sequence, (rows, _)) in call.batch.iter().zip(call.laid.places()) {
            for range in &sequence.wanted {
                let range = rows.start + range.start..rows.start + range.end;
                wanted.extend_from_slice(&x[range.start * hidden..range.end * hidden]);
            }
        }
        call.laid.close(call.batch);
        call.buffers.give([x]);
        *self.buffers() = call.buffers;
        self.last(wanted)
    }

    /// A call that broke off has left nothing half done in them.
    fn buffers(&self) -> MutexGuard<'_, Buffers> {
        self.buffers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From the tokens to the rows of the first layer.
    fn embed(&self, call: &mut Call<'_, '_>) -> Buffer {
        let (hidden, embedding) = (self.arch.hidden, &self.arch.embedding);
        let width = embedding.tokens.width;
        let rows = call.laid.rows();
        let mut x = call.buffers.take(rows * width);
        let tokens = call.batch.iter().flat_map(|sequence| sequence.tokens);
        for (row, token) in x.chunks_mut(width).zip(tokens) {
            self.embedding.as_ref().unwrap_or(&self.head).column(*token as usize, row);
        }
        if let Some(scale) = embedding.scale {
            multiply(&mut x, scale);
        }
        if let Some(project) = &self.project_in {
            let mut wide = call.buffers.take(rows * hidden);
            self.linear(&x, project, &mut wide);
            std::mem::swap(&mut x, &mut wide);
            call.buffers.give([wide]);
        }
        if let (Some(table), Some(positions)) = (&self.positions, &embedding.positions) {
            let places = call.laid.places().flat_map(|(rows, start)| start..start + rows.len());
            for (row, position) in x.chunks_mut(hidden).zip(places) {
                for (value, of_position) in
                    row.iter_mut().zip(&table[(positions.first + position) * hidden..])
                {
                    *value += of_position;
                }
            }
        }
        if let Some(norm) = &self.embedding_norm {
            let mut normed = call.buffers.take(x.len());
            self.norm(&x, norm, &mut normed);
            std::mem::swap(&mut x, &mut normed);
            call.buffers.give([normed]);
        }
        x
    }

    fn layer(
        &self,
        x: &mut Buffer,
        index: usize,
        layer: &Layer,
        call: &mut Call<'_, '_>,
        watch: &mut impl FnMut(Place, &[f32]),
    ) {
        match &layer.wiring {
            Wiring::Serial { attention, feed } => {
                self.step(x, attention, layer.residual, call, |rows, out, call| {
                    self.attention(rows, index, &layer.attention, out, call);
                    watch(Place::Attention(index), out);
                });
                self.step(x, feed, layer.residual, call, |rows, out, call| {
                    self.feed(rows, &layer.feed, out, &mut call.buffers);
                    watch(Place::Feed(index), out);
                });
            }
            Wiring::Parallel { attention, feed } => {
                let mut normed = call.buffers.take(x.len());
                let mut attended = call.buffers.take(x.len());
                let mut fed = call.buffers.take(x.len());
                self.norm(x, attention, &mut normed);
                self.attention(&normed, index, &layer.attention, &mut attended, call);
                watch(Place::Attention(index), &attended);
                if let Some(feed) = feed {
                    self.norm(x, feed, &mut normed);
                }
                self.feed(&normed, &layer.feed, &mut fed, &mut call.buffers);
                watch(Place::Feed(index), &fed);
                for step in [&mut attended, &mut fed] {
                    self.add(x, step, layer.residual);
                }
                call.buffers.give([normed, attended, fed]);
            }
        }
    }

    /// One step of a layer, between its norms.
    fn step<'a, 'b>(
        &self,
        x: &mut Buffer,
        around: &Around<Norm>,
        residual: Option<f32>,
        call: &mut Call<'a, 'b>,
        step: impl FnOnce(&[f32], &mut [f32], &mut Call<'a, 'b>),
    ) {
        let mut normed = call.buffers.take(x.len());
        let mut out = call.buffers.take(x.len());
        match around {
            Around::Before(norm) => {
                self.norm(x, norm, &mut normed);
                step(&normed, &mut out, call);
                self.add(x, &mut out, residual);
            }
            Around::After(norm) => {
                step(x, &mut out, call);
                self.norm(&out, norm, &mut normed);
                self.add(x, &mut normed, residual);
            }
            Around::Both(first, last) => {
                self.norm(x, first, &mut normed);
                step(&normed, &mut out, call);
                self.norm(&out, last, &mut normed);
                self.add(x, &mut normed, residual);
            }
            Around::Sum(norm) => {
                step(x, &mut out, call);
                self.add(x, &mut out, residual);
                self.norm(x, norm, &mut normed);
                std::mem::swap(x, &mut normed);
            }
            Around::Input(norm) => {
                self.norm(x, norm, &mut normed);
                std::mem::swap(x, &mut normed);
                step(x, &mut out, call);
                self.add(x, &mut out, residual);
            }
        }
        call.buffers.give([normed, out]);
    }

    /// From the rows of the last layer to those that the head takes.
    fn last(&self, mut rows: Vec<f32>) -> Vec<f32> {
        if let Some(norm) = &self.norm {
            let mut normed = vec![0.0; rows.len()];
            self.norm(&rows, norm, &mut normed);
            rows = normed;
        }
        if let Some(project) = &self.project_out {
            let mut narrow = vec![0.0; rows.len() / self.arch.hidden * self.hidden()];
            self.linear(&rows, project, &mut narrow);
            rows = narrow;
        }
        if let Some(scale) = self.arch.head.scale {
            multiply(&mut rows, scale);
        }
        rows
    }

    fn head(&self) -> Head<'_> {
        Head { matrix: &self.head, bias: self.head_bias.as_deref(), softcap: self.arch.head.softcap }
    }

    fn angles(&self, batch: &[Sequence<'_>], laid: &Batch) -> Vec<(Vec<f32>, Vec<f32>)> {
        let of = |rotary: &family::Rotary| {
            let (mut cos, mut sin) = (Vec::new(), Vec::new());
            for (sequence, (rows, start)) in batch.iter().zip(laid.places()) {
                let frequencies = rotary.frequencies(sequence.length);
                for position in start..start + rows.len() {
                    rotary.angles(&frequencies, position, &mut cos, &mut sin);
                }
            }
            (cos, sin)
        };
        self.arch.rotaries.iter().map(of).collect()
    }

    fn norm(&self, rows: &[f32], norm: &Norm, out: &mut [f32]) {
        norm.norm.apply(self.isa, rows, &norm.weight, norm.bias.as_deref(), out);
    }

    /// x + residual · step.
    fn add(&self, x: &mut [f32], step: &mut [f32], residual: Option<f32>) {
        if let Some(residual) = residual {
            multiply(step, residual);
        }
        kernel::add(self.isa, x, step);
    }

    fn linear(&self, rows: &[f32], linear: &Linear, out: &mut [f32]) {
        linear.apply(self.isa, View::dense(rows, rows.len() / linear.weight.k()), out);
    }
}

impl Linear {
    /// Writes what comes out of rows.
    pub(super) fn apply(&self, isa: Isa, rows: View<'_>, out: &mut [f32]) {
        let sum = self.bias.as_deref().map_or(Sum::Store, Sum::Bias);
        kernel::gemm_on(isa, rows, &self.weight, out, sum);
    }

    /// Values that come out.
    fn outputs(&self) -> usize {
        self.weight.n()
    }
}

fn multiply(values: &mut [f32], by: f32) {
    for value in values {
        *value *= by;
    }
}
