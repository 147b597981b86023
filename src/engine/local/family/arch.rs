//! The switches of the decoder: what a family is made of, and which tensors hold it.

use std::num::NonZeroUsize;

use super::{
    Rotary,
    tensors::{Linear, NormAt, Table},
};
use crate::engine::local::kernel::{Activation, Heads};

/// A decoder, as data.
#[derive(Clone, Debug)]
pub struct Arch {
    /// The longest sequence, in tokens.
    pub context: usize,
    /// Rows of the embedding.
    pub vocabulary: usize,
    /// Values of a token between the layers.
    pub hidden: usize,
    /// From tokens to the first layer.
    pub embedding: Embedding,
    /// The ways in which layers rotate queries and keys.
    pub rotaries: Vec<Rotary>,
    /// From the first to the last.
    pub layers: Vec<Layer>,
    /// After the last layer.
    pub norm: Option<NormAt>,
    /// From the last layer to the logits.
    pub head: Head,
    /// What may stand before all names but the head's; a file keeps to one.
    pub prefixes: &'static [&'static str],
    /// Ids that begin a text, by the config.
    pub begins: Vec<u32>,
    /// Ids that end a text, by the config.
    pub ends: Vec<u32>,
}

/// From tokens to the first layer: rows are looked up, multiplied, projected, moved by their positions, normalized.
#[derive(Clone, Debug)]
pub struct Embedding {
    /// `[vocabulary, width]`.
    pub tokens: Table,
    /// What rows are multiplied with.
    pub scale: Option<f32>,
    /// To the values between the layers, where rows have another width.
    pub project: Option<Linear>,
    /// Rows that are added, by position.
    pub positions: Option<Positions>,
    /// The last step.
    pub norm: Option<NormAt>,
}

/// Learned rows for positions.
#[derive(Clone, Debug)]
pub struct Positions {
    /// `[rows, hidden]`.
    pub table: Table,
    /// The row of the first position.
    pub first: usize,
}

/// From the last layer to the logits.
#[derive(Clone, Debug)]
pub struct Head {
    /// `[vocabulary, width]`; the embedding, where there is none.
    pub table: Option<Table>,
    /// Added to the logits.
    pub bias: Option<String>,
    /// What rows are multiplied with before.
    pub scale: Option<f32>,
    /// Bends logits to cap · tanh(logit / cap).
    pub softcap: Option<f32>,
    /// To the width of the embedding, where the layers have another.
    pub project: Option<Linear>,
}

/// One layer: what is in the files, or, with other types for projections, norms and vectors, in memory.
#[derive(Clone, Debug)]
pub struct Layer<L = Linear, N = NormAt, V = String> {
    /// Where norms stand, and what is added to what.
    pub wiring: Wiring<N>,
    /// What looks at other tokens.
    pub attention: Attention<L, N, V>,
    /// What looks at one token.
    pub feed: Feed<L>,
    /// What both steps are multiplied with before they are added.
    pub residual: Option<f32>,
}

/// How attention and feed-forward are joined.
#[derive(Clone, Debug)]
pub enum Wiring<N = NormAt> {
    /// One after the other.
    Serial {
        /// Of attention.
        attention: Around<N>,
        /// Of the feed-forward part.
        feed: Around<N>,
    },
    /// x + attention(norm(x)) + feed(norm(x)).
    Parallel {
        /// Before attention.
        attention: N,
        /// Before the feed-forward part; the same as before attention, where there is none.
        feed: Option<N>,
    },
}

/// How a step f is normalized and added.
#[derive(Clone, Debug)]
pub enum Around<N = NormAt> {
    /// x + f(norm(x)).
    Before(N),
    /// x + norm(f(x)).
    After(N),
    /// x + last(f(first(x))).
    Both(N, N),
    /// norm(x + f(x)).
    Sum(N),
    /// n + f(n) with n = norm(x).
    Input(N),
}

/// Attention of one layer.
#[derive(Clone, Debug)]
pub struct Attention<L = Linear, N = NormAt, V = String> {
    /// Sizes.
    pub heads: Heads,
    /// To queries, keys and values.
    pub inputs: Inputs<L, N>,
    /// Of queries and keys, before they are rotated.
    pub norms: Option<QkNorms<N>>,
    /// Cuts queries, keys and values to this size, after the norms.
    pub clip: Option<f32>,
    /// Which of the rotations; none where positions do not show.
    pub rotary: Option<usize>,
    /// What products are multiplied with.
    pub scale: f32,
    /// Bends scores to cap · tanh(score / cap).
    pub softcap: Option<f32>,
    /// The keys that a query sees, its own included.
    pub window: Option<NonZeroUsize>,
    /// Biases by distance.
    pub alibi: Option<Alibi>,
    /// `[queries]`: scores that take part in the softmax without a value.
    pub sinks: Option<V>,
    /// Back to the values between the layers.
    pub output: L,
}

/// How queries, keys and values come about.
#[derive(Clone, Debug)]
pub enum Inputs<L = Linear, N = NormAt> {
    /// By one matrix: queries, keys, values.
    Direct(L),
    /// Through narrow rows.
    Latent(Box<Latent<L, N>>),
}

/// Multi-head latent attention (DeepSeek-V2, §2.1). A head's rotated values come first.
#[derive(Clone, Debug)]
pub struct Latent<L = Linear, N = NormAt> {
    /// To narrow rows for the queries and their norm, where they have any.
    pub query_down: Option<(L, N)>,
    /// To the queries.
    pub query: L,
    /// To narrow rows for keys and values, then the rotated values of one key for all heads.
    pub down: L,
    /// Of the narrow rows.
    pub norm: N,
    /// From narrow rows to the other values of all keys, then all values.
    pub up: L,
    /// Values of a key that are rotated.
    pub rotated: usize,
}

/// Norms of queries and keys, over each head or over all.
#[derive(Clone, Debug)]
pub struct QkNorms<N = NormAt> {
    /// Of queries.
    pub queries: N,
    /// Of keys.
    pub keys: N,
    /// Whether all heads are normalized as one row.
    pub whole: bool,
}

/// Slopes of linear biases, for each query head.
#[derive(Clone, Debug)]
pub enum Alibi {
    /// In f32.
    Exact(Vec<f32>),
    /// With biases rounded to bf16.
    Bf16(Vec<f32>),
}

/// The part of a layer that looks at one token.
#[derive(Clone, Debug)]
pub enum Feed<L = Linear> {
    /// One for all tokens.
    Dense(Mlp<L>),
    /// Some for each token.
    Experts(Experts<L>),
}

/// Two projections with a bend between them.
#[derive(Clone, Debug)]
pub struct Mlp<L = Linear> {
    /// Where there is a gate, it comes first, then what it multiplies.
    pub up: L,
    /// Between them.
    pub bend: Bend,
    /// Back.
    pub down: L,
}

/// What happens between the two projections of an MLP.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bend {
    /// f(x).
    Plain(Activation),
    /// f(gate) · x.
    Gated(Activation),
    /// gate σ(alpha · gate) · (x + 1), both cut to a limit before (gpt-oss).
    Clamped {
        /// Of the gate's sigmoid.
        alpha: f32,
        /// The largest gate, and the largest size of x.
        limit: f32,
    },
}

/// A mixture of experts.
#[derive(Clone, Debug)]
pub struct Experts<L = Linear> {
    /// A score for each expert.
    pub router: L,
    /// How scores become weights.
    pub weights: Weights,
    /// Experts that a token is given to.
    pub chosen: usize,
    /// All of them.
    pub experts: Vec<Mlp<L>>,
    /// One that every token is given to.
    pub shared: Option<Shared<L>>,
}

/// How a router's scores become the weights of the chosen experts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Weights {
    /// A softmax over the scores of the chosen.
    OfChosen,
    /// A softmax over all scores.
    OfAll {
        /// What weights are multiplied with.
        scale: f32,
        /// Experts are chosen from the best groups only: how many groups there are, and how many are the best.
        groups: Option<(usize, usize)>,
    },
}

/// An expert that every token is given to.
#[derive(Clone, Debug)]
pub struct Shared<L = Linear> {
    /// The expert.
    pub mlp: Mlp<L>,
    /// To a number whose sigmoid it is multiplied with.
    pub gate: Option<L>,
}

impl Bend {
    /// Whether the first projection gives a gate too.
    pub fn gated(self) -> bool {
        !matches!(self, Self::Plain(_))
    }
}

/// Slopes 2^(-8 i / n) for n heads; between those of the power of two below n come those of the next (Press et al. 2021).
pub(super) fn slopes(heads: usize) -> Vec<f32> {
    let below = 1 << heads.max(1).ilog2();
    let of = |power: usize, i: usize| (-8.0 * i as f64 / power as f64).exp2() as f32;
    let own = (1..=below).map(|i| of(below, i));
    own.chain((0..heads - below).map(|i| of(2 * below, 2 * i + 1))).collect()
}
