//! The decoder, written once for all families. Sequences of any lengths lie one after the other in a batch, `[tokens,
//! hidden]`; what a sequence has read so far is an argument, never hidden in a layer.
//!
//! No result depends on the other sequences of a batch, nor on where a sequence is cut into calls, nor on the threads.

use super::{
    family::{Arch, Position},
    kernel::{self, Activation, Attention, Found, Isa, Norm, Packed, Softmax, Sum, View, Want},
    memory::{Batch, Memory, Past, Reading, Sequence},
};

/// A model in memory.
pub struct Decoder {
    pub(super) arch: Arch,
    pub(super) isa: Isa,
    /// `[hidden, vocabulary]`, where it is not the head.
    pub(super) embedding: Option<Packed>,
    /// `[context, hidden]`, where positions are learned.
    pub(super) positions: Option<Vec<f32>>,
    pub(super) layers: Vec<Layer>,
    pub(super) final_norm: Scale,
    /// `[hidden, vocabulary]`.
    pub(super) head: Packed,
}

/// A layer's weights.
pub(super) struct Layer {
    pub(super) attention_norm: Scale,
    /// To queries, keys and values side by side.
    pub(super) qkv: Linear,
    pub(super) output: Linear,
    pub(super) mlp_norm: Scale,
    /// Where the MLP has a gate, that comes first, then what it multiplies.
    pub(super) up: Linear,
    pub(super) down: Linear,
}

/// What normalized rows are multiplied with, and what is added.
pub(super) struct Scale {
    pub(super) weight: Vec<f32>,
    pub(super) bias: Option<Vec<f32>>,
}

/// rows · weight + bias.
pub(super) struct Linear {
    pub(super) weight: Packed,
    pub(super) bias: Option<Vec<f32>>,
}

/// Where numbers stopped being numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the sum of the embeddings.
    Embedding,
    /// After this layer, counted from 0.
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

    /// Values of a row.
    pub fn hidden(&self) -> usize {
        self.arch.hidden
    }

    /// How many layers there are.
    pub fn layers(&self) -> usize {
        self.layers.len()
    }

    /// How fast each pair of values turns in a sequence of this length: sequences that differ in it have nothing in common.
    pub fn rotation(&self, length: usize) -> Vec<f32> {
        match &self.arch.position {
            Position::Rotary(rotary) => rotary.frequencies(length).into_owned(),
            Position::Learned => Vec::new(),
        }
    }

    /// A memory for a sequence that goes on.
    pub fn memory(&self) -> Memory {
        Memory::new(self.layers.len())
    }

    /// Answers one question about what comes after each row of [`Decoder::read`].
    pub fn find(&self, rows: &[f32], wants: &[Want]) -> Vec<Found> {
        kernel::find(self.isa, View::dense(rows, wants.len()), &self.head, wants)
    }

    /// The logits after rows of [`Decoder::read`]: `[rows, vocabulary]`.
    pub fn logits(&self, rows: &[f32]) -> Vec<f32> {
        let count = rows.len() / self.arch.hidden;
        let mut logits = vec![0.0; count * self.arch.vocabulary];
        kernel::gemm_on(self.isa, View::dense(rows, count), &self.head, &mut logits, Sum::Store);
        logits
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
        let Arch { hidden, heads, mlp, activation, .. } = self.arch;
        let mut laid = Batch::new(batch);
        let tokens = laid.rows();
        let width = heads.queries * heads.dim + heads.keys * (heads.dim + heads.values);
        let mut x = self.embed(batch, &laid); // [tokens, hidden]
        watch(Place::Embedding, &x);
        let angles = self.angles(batch, &laid);
        let mut normed = vec![0.0; tokens * hidden];
        let mut qkv = vec![0.0; tokens * width];
        let mut attended = vec![0.0; tokens * heads.queries * heads.values];
        let mut step = vec![0.0; tokens * hidden];
        let mut wide = vec![0.0; tokens * self.layers.first().map_or(0, |layer| layer.up.weight.n())];
        let mut gated = vec![0.0; if self.arch.gated() { tokens * mlp } else { 0 }];

        for (index, layer) in self.layers.iter().enumerate() {
            self.norm(&x, &layer.attention_norm, &mut normed);
            self.linear(&normed, &layer.qkv, &mut qkv); // [tokens, (queries + 2 keys) · dim]
            if let Some((cos, sin)) = &angles {
                kernel::rotate(self.isa, &mut qkv, width, heads.queries + heads.keys, heads.dim, cos, sin);
            }
            let spans = laid.remember(batch, index, heads, &qkv, width);
            let scale = self.arch.scales[index];
            let attention = Attention { heads, scale, softcap: None, window: None, alibi: None, sinks: None };
            kernel::attend(self.isa, &attention, &qkv, width, &spans, &mut attended); // [tokens, queries · values]
            self.linear(&attended, &layer.output, &mut step);
            kernel::add(self.isa, &mut x, &step);

            self.norm(&x, &layer.mlp_norm, &mut normed);
            self.linear(&normed, &layer.up, &mut wide); // [tokens, mlp] or [tokens, 2 mlp]
            self.bend(activation, mlp, &mut wide, &mut gated);
            self.linear(if self.arch.gated() { &gated } else { &wide }, &layer.down, &mut step);
            kernel::add(self.isa, &mut x, &step);
            watch(Place::Layer(index), &x);
        }

        let mut wanted = Vec::new();
        for (sequence, (rows, _)) in batch.iter().zip(laid.places()) {
            for range in &sequence.wanted {
                let range = rows.start + range.start..rows.start + range.end;
                wanted.extend_from_slice(&x[range.start * hidden..range.end * hidden]);
            }
        }
        laid.close(batch);
        let mut rows = vec![0.0; wanted.len()];
        self.norm(&wanted, &self.final_norm, &mut rows);
        rows
    }

    fn embed(&self, batch: &[Sequence<'_>], laid: &Batch) -> Vec<f32> {
        let hidden = self.arch.hidden;
        let mut x = vec![0.0; laid.rows() * hidden];
        let tokens = batch.iter().zip(laid.places()).flat_map(|(sequence, (_, start))| {
            sequence.tokens.iter().map(|token| *token as usize).zip(start..)
        });
        for (row, (token, position)) in x.chunks_mut(hidden).zip(tokens) {
            self.embedding.as_ref().unwrap_or(&self.head).column(token, row);
            if let Some(table) = &self.positions {
                for (value, of_position) in row.iter_mut().zip(&table[position * hidden..]) {
                    *value += of_position;
                }
            }
        }
        x
    }

    /// Cosine and sine for each token: `[tokens, rotated / 2]` each.
    fn angles(&self, batch: &[Sequence<'_>], laid: &Batch) -> Option<(Vec<f32>, Vec<f32>)> {
        let Position::Rotary(rotary) = &self.arch.position else { return None };
        let (mut cos, mut sin) = (Vec::new(), Vec::new());
        for (sequence, (rows, start)) in batch.iter().zip(laid.places()) {
            let frequencies = rotary.frequencies(sequence.length);
            for position in start..start + rows.len() {
                rotary.angles(&frequencies, position, &mut cos, &mut sin);
            }
        }
        Some((cos, sin))
    }

    fn norm(&self, rows: &[f32], scale: &Scale, out: &mut [f32]) {
        let norm: Norm = self.arch.norm;
        norm.apply(self.isa, rows, &scale.weight, scale.bias.as_deref(), out);
    }

    fn linear(&self, rows: &[f32], linear: &Linear, out: &mut [f32]) {
        let view = View::dense(rows, rows.len() / linear.weight.k());
        let sum = linear.bias.as_deref().map_or(Sum::Store, Sum::Bias);
        kernel::gemm_on(self.isa, view, &linear.weight, out, sum);
    }

    fn bend(&self, activation: Activation, mlp: usize, wide: &mut [f32], gated: &mut [f32]) {
        if self.arch.gated() {
            activation.gate(self.isa, wide, mlp, gated);
        } else {
            activation.apply(self.isa, wide);
        }
    }
}
