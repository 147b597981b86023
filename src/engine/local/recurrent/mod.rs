//! State-space models: Mamba (Gu and Dao 2023), Mamba-2 (Dao and Gu 2024) and Falcon Mamba (Zuo et al. 2024). What a
//! sequence has read is a state of one size, however long it is.
//!
//! No result depends on the other sequences of a batch, nor on where a sequence is cut into calls, nor on the threads.

mod arch;
mod load;
mod read;
#[cfg(test)]
mod tests;
mod trail;

use rayon::prelude::*;

use super::{
    decoder::{Linear, Place},
    kernel::{self, Columns, Found, Inputs, Isa, Norm, Packed, Scan, Softmax, Stretch, View, Want},
};

pub use arch::{Arch, FAMILIES, Family, Selection};
pub(super) use load::load;
pub(super) use trail::Trail;

/// A model in memory.
pub struct Recurrent {
    pub(super) arch: Arch,
    pub(super) isa: Isa,
    /// `[hidden, vocabulary]`, where it is not the head.
    embedding: Option<Packed>,
    layers: Vec<Layer>,
    final_norm: Vec<f32>,
    /// `[hidden, vocabulary]`.
    head: Packed,
}

/// A layer's weights.
struct Layer {
    norm: Vec<f32>,
    into: Linear,
    /// `[taps, convolved]`.
    taps: Vec<f32>,
    tap_bias: Vec<f32>,
    rule: Rule,
    scan: Scan,
    out: Linear,
}

/// The weights of a [`Selection`].
enum Rule {
    Projected {
        /// To what steps are made of, B and C side by side.
        select: Linear,
        step: Linear,
        /// What is added to the mean squares of all three, where they are normalized.
        eps: Option<f32>,
    },
    Direct {
        step_bias: Vec<f32>,
        limits: (f32, f32),
        groups: usize,
        /// Of the gated channels.
        norm: Vec<f32>,
    },
}

/// What a sequence holds after some of its tokens.
#[derive(Clone)]
struct State(Vec<LayerState>);

/// A layer of it.
#[derive(Clone)]
struct LayerState {
    /// The last inputs of the convolution: `[taps - 1, convolved]`.
    recent: Vec<f32>,
    /// As the scan has it.
    held: Vec<f32>,
}

/// A part of a sequence that is read at once.
struct Piece<'a> {
    tokens: &'a [u32],
    /// Nothing was read without it.
    before: Option<&'a State>,
    /// Whether the state after it is wanted.
    keep: bool,
}

impl Recurrent {
    /// The most tokens of one sequence. The model sets no bound; this one keeps sizes countable.
    pub(super) const LONGEST: usize = 1 << 24;

    /// Values of a row.
    pub fn hidden(&self) -> usize {
        self.arch.hidden
    }

    /// How many layers there are.
    pub fn layers(&self) -> usize {
        self.layers.len()
    }

    /// Answers one question about what comes after each row.
    pub fn find(&self, rows: &[f32], wants: &[Want]) -> Vec<Found> {
        kernel::find(self.isa, View::dense(rows, wants.len()), &kernel::Head::plain(&self.head), wants)
    }

    /// The logits after rows: `[rows, vocabulary]`.
    pub fn logits(&self, rows: &[f32]) -> Vec<f32> {
        let count = rows.len() / self.arch.hidden;
        kernel::Head::plain(&self.head).logits(self.isa, View::dense(rows, count))
    }

    /// One row of logits as a distribution.
    pub fn softmax(&self, logits: &[f32]) -> Softmax {
        kernel::softmax(self.isa, logits)
    }

    /// All rows of all pieces, normalized for the head, and the states after those where they are wanted.
    fn run(
        &self,
        pieces: &[Piece<'_>],
        watch: &mut dyn FnMut(Place, &[f32]),
    ) -> (Vec<f32>, Vec<Option<State>>) {
        let hidden = self.arch.hidden;
        let mut x = self.embed(pieces); // [tokens, hidden]
        let tokens = x.len() / hidden;
        watch(Place::Embedding, &x);
        let mut states: Vec<Option<State>> = pieces
            .iter()
            .map(|piece| piece.keep.then(|| State(Vec::with_capacity(self.layers.len()))))
            .collect();
        let mut normed = vec![0.0; tokens * hidden];
        let mut step = vec![0.0; tokens * hidden];
        for (index, layer) in self.layers.iter().enumerate() {
            self.norm(&x, &layer.norm, &mut normed);
            let mixed = self.mix(layer, index, &normed, pieces, &mut states); // [tokens, channels]
            layer.out.apply(self.isa, View::dense(&mixed, tokens), &mut step);
            kernel::add(self.isa, &mut x, &step);
            watch(Place::Layer(index), &x);
        }
        self.norm(&x, &self.final_norm, &mut normed);
        (normed, states)
    }

    fn embed(&self, pieces: &[Piece<'_>]) -> Vec<f32> {
        let hidden = self.arch.hidden;
        let mut x = vec![0.0; pieces.iter().map(|piece| piece.tokens.len()).sum::<usize>() * hidden];
        let tokens = pieces.iter().flat_map(|piece| piece.tokens);
        for (row, token) in x.chunks_mut(hidden).zip(tokens) {
            self.embedding.as_ref().unwrap_or(&self.head).column(*token as usize, row);
        }
        x
    }

    /// What a layer makes of its normalized rows, before its last projection; the states after it are put at their end.
    fn mix(
        &self,
        layer: &Layer,
        index: usize,
        rows: &[f32],
        pieces: &[Piece<'_>],
        states: &mut [Option<State>],
    ) -> Vec<f32> {
        let Arch { channels, state, .. } = self.arch;
        let (width, convolved) = (layer.into.weight.n(), self.arch.convolved());
        let tokens = rows.len() / self.arch.hidden;
        let mut both = vec![0.0; tokens * width]; // [tokens, width]
        layer.into.apply(self.isa, View::dense(rows, tokens), &mut both);
        let column = |first| Columns { rows: &both, width, first };
        // The gate stands after the channels, or before what is convolved.
        let (gate, inputs) = match layer.rule {
            Rule::Projected { .. } => (column(channels), column(0)),
            Rule::Direct { .. } => (column(0), column(channels)),
        };
        let x = self.convolve(layer, index, inputs, pieces, states); // [tokens, convolved]

        let mut out = vec![0.0; tokens * channels];
        match &layer.rule {
            Rule::Projected { select, step, eps } => {
                let [low, b, c] = self.select(select, *eps, &x, tokens, step.weight.k());
                let mut steps = vec![0.0; tokens * channels];
                step.apply(self.isa, View::dense(&low, tokens), &mut steps);
                kernel::softplus(self.isa, &mut steps, (0.0, f32::INFINITY));
                let inputs = Inputs {
                    x: Columns::all(&x, channels),
                    step: Columns::all(&steps, channels),
                    gate,
                    b: Columns::all(&b, state),
                    c: Columns::all(&c, state),
                };
                self.scan(layer, index, &inputs, pieces, states, &mut out);
                out
            }
            Rule::Direct { step_bias, limits, groups, norm } => {
                let steps = self.steps(step_bias, *limits, column(channels + convolved), tokens);
                let part = |first| Columns { rows: &x, width: convolved, first };
                let inputs = Inputs {
                    x: part(0),
                    step: Columns::all(&steps, channels),
                    gate,
                    b: part(channels),
                    c: part(channels + groups * state),
                };
                self.scan(layer, index, &inputs, pieces, states, &mut out);
                let mut normed = vec![0.0; out.len()];
                self.norm(&out, &vec![1.0; channels / groups], &mut normed);
                kernel::weigh(self.isa, &mut normed, norm);
                normed
            }
        }
    }

    /// Every column of the last tokens with its own taps.
    fn convolve(
        &self,
        layer: &Layer,
        index: usize,
        inputs: Columns<'_>,
        pieces: &[Piece<'_>],
        states: &mut [Option<State>],
    ) -> Vec<f32> {
        let (taps, convolved) = (self.arch.taps, self.arch.convolved());
        let zeros = vec![0.0; convolved];
        let mut places = Vec::new();
        let mut first = 0;
        for (piece, state) in pieces.iter().zip(states) {
            let (count, past) = (piece.tokens.len(), taps - 1);
            // The last rows before the piece, then its own.
            let row = |at: usize| match (at.checked_sub(past), piece.before) {
                (Some(own), _) => inputs.row(first + own, convolved),
                (None, Some(before)) => &before.0[index].recent[at * convolved..][..convolved],
                (None, None) => &zeros,
            };
            places.extend((0..count).map(|at| (at..at + taps).map(row).collect::<Vec<_>>()));
            if let Some(state) = state {
                let recent = (count..count + past).flat_map(row).copied().collect();
                state.0.push(LayerState { recent, held: Vec::new() });
            }
            first += count;
        }
        let mut out = vec![0.0; places.len() * convolved];
        out.par_chunks_mut(convolved).zip(places).for_each(|(out, rows)| {
            kernel::convolve(self.isa, &layer.taps, &layer.tap_bias, &rows, out);
        });
        out
    }

    /// What the steps are made of, B and C, `[tokens, ..]` each.
    fn select(
        &self,
        select: &Linear,
        eps: Option<f32>,
        x: &[f32],
        tokens: usize,
        rank: usize,
    ) -> [Vec<f32>; 3] {
        let (state, width) = (self.arch.state, select.weight.n());
        let mut selected = vec![0.0; tokens * width];
        select.apply(self.isa, View::dense(x, tokens), &mut selected);
        let part = |first: usize, len: usize| {
            let rows: Vec<f32> =
                selected.chunks(width).flat_map(|row| &row[first..first + len]).copied().collect();
            let Some(eps) = eps else { return rows };
            let mut normed = vec![0.0; rows.len()];
            Norm::Rms { eps }.apply(self.isa, &rows, &vec![1.0; len], None, &mut normed);
            normed
        };
        [part(0, rank), part(rank, state), part(rank + state, state)]
    }

    /// The step of every channel, from those of the heads: `[tokens, channels]`.
    fn steps(&self, bias: &[f32], limits: (f32, f32), of_heads: Columns<'_>, tokens: usize) -> Vec<f32> {
        let (heads, wide) = (bias.len(), self.arch.channels / bias.len());
        let rows = (0..tokens).flat_map(|row| of_heads.row(row, heads).iter().zip(bias));
        let mut steps: Vec<f32> = rows.map(|(step, bias)| step + bias).collect();
        kernel::softplus(self.isa, &mut steps, limits);
        steps.into_iter().flat_map(|step| std::iter::repeat_n(step, wide)).collect()
    }

    fn scan(
        &self,
        layer: &Layer,
        index: usize,
        inputs: &Inputs<'_>,
        pieces: &[Piece<'_>],
        states: &mut [Option<State>],
        out: &mut [f32],
    ) {
        let mut first = 0;
        let mut stretches = Vec::with_capacity(pieces.len());
        for (piece, state) in pieces.iter().zip(states) {
            let rows = first..first + piece.tokens.len();
            first = rows.end;
            let after = state.as_mut().map(|state| {
                let held = &mut state.0[index].held;
                held.resize(layer.scan.held(), 0.0);
                held.as_mut_slice()
            });
            let before = piece.before.map(|before| before.0[index].held.as_slice());
            stretches.push(Stretch { rows, before, after });
        }
        layer.scan.run(self.isa, inputs, stretches, out);
    }

    fn norm(&self, rows: &[f32], weight: &[f32], out: &mut [f32]) {
        Norm::Rms { eps: self.arch.eps }.apply(self.isa, rows, weight, None, out);
    }
}
