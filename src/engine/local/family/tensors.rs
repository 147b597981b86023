//! Which tensors of a file hold what, and in which order.

use std::collections::BTreeSet;

use super::arch::{Arch, Around, Feed, Inputs, Wiring};
use crate::engine::local::kernel::{self, Heads};

/// A projection as the files hold it: the outputs of some tensors side by side.
#[derive(Clone, Debug)]
pub struct Linear {
    /// Values that go in.
    pub inputs: usize,
    /// What holds it.
    pub sources: Vec<Source>,
    /// Which of the sources' outputs come first, and so on; as they lie, where it is empty.
    pub order: Vec<Stretch>,
    /// Whether matrices are `[inputs, outputs]`, as in GPT-2's `Conv1D`, and not the other way round.
    pub inputs_first: bool,
}

/// A tensor that holds a projection or a part of one.
#[derive(Clone, Debug)]
pub struct Source {
    /// The matrix.
    pub weight: String,
    /// What is added.
    pub bias: Option<String>,
    /// Values that come out.
    pub outputs: usize,
    /// Which matrix of the tensor, and of how many, where it holds those of all experts.
    pub expert: Option<(usize, usize)>,
}

/// Every `step`th of some outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The first.
    pub start: usize,
    /// From one to the next.
    pub step: usize,
    /// How many.
    pub len: usize,
}

/// A matrix with a row for each token or position.
#[derive(Clone, Debug)]
pub struct Table {
    /// Full name.
    pub name: String,
    /// How many.
    pub rows: usize,
    /// Values of a row.
    pub width: usize,
}

/// A norm and what scales it.
#[derive(Clone, Debug)]
pub struct NormAt {
    /// What is done.
    pub norm: kernel::Norm,
    /// What normalized values are multiplied with.
    pub weight: Scale,
    /// What is added then.
    pub bias: Option<String>,
    /// Values of the weight.
    pub width: usize,
    /// As of [`Linear::order`].
    pub order: Vec<Stretch>,
}

/// What normalized values are multiplied with.
#[derive(Clone, Debug)]
pub enum Scale {
    /// Nothing.
    One,
    /// A tensor.
    Of(String),
    /// A tensor of that many rows.
    Rows(String, usize),
    /// A tensor, with 1 added to it.
    OnePlus(String),
    /// Several tensors, one after the other.
    Each(Vec<String>),
}

/// A tensor that a checkpoint must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// As in the file.
    pub name: String,
    /// As in the file.
    pub shape: Vec<usize>,
}

/// How queries, keys and values lie in one matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fused {
    /// All queries, all keys, all values.
    Apart,
    /// For each key head: its queries, its key, its value.
    Grouped,
    /// For each of so many shards: its queries, its values, its keys (CodeGen).
    Shards(usize),
}

impl Linear {
    /// `NAME.weight`, and `NAME.bias` where there is a bias.
    pub fn new(name: impl AsRef<str>, inputs: usize, outputs: usize, bias: bool) -> Self {
        let name = name.as_ref();
        let bias = bias.then(|| format!("{name}.bias"));
        Self::of(inputs, Source { weight: format!("{name}.weight"), bias, outputs, expert: None })
    }

    /// One tensor.
    pub fn of(inputs: usize, source: Source) -> Self {
        Self { inputs, sources: vec![source], order: Vec::new(), inputs_first: false }
    }

    /// With the outputs of another after its own.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.sources.extend(other.sources);
        self
    }

    /// With the outputs in another order.
    #[must_use]
    pub fn ordered(self, order: Vec<Stretch>) -> Self {
        Self { order, ..self }
    }

    /// With matrices that are `[inputs, outputs]` in the file.
    #[must_use]
    pub fn inputs_first(self) -> Self {
        Self { inputs_first: true, ..self }
    }

    /// Values that come out.
    pub fn outputs(&self) -> usize {
        self.sources.iter().map(|source| source.outputs).sum()
    }

    /// The names of the matrices.
    pub fn weights(&self, prefix: &str) -> Vec<String> {
        self.sources.iter().map(|source| format!("{prefix}{}", source.weight)).collect()
    }

    fn want(&self, prefix: &str, all: &mut Vec<Wanted>) {
        for Source { weight, bias, outputs, expert } in &self.sources {
            let matrix = if self.inputs_first { [self.inputs, *outputs] } else { [*outputs, self.inputs] };
            let experts: Vec<usize> = expert.iter().map(|(_, count)| *count).collect();
            want(all, format!("{prefix}{weight}"), &[&experts[..], &matrix].concat());
            if let Some(bias) = bias {
                want(all, format!("{prefix}{bias}"), &[&experts[..], &[*outputs]].concat());
            }
        }
    }
}

impl NormAt {
    /// `NAME.weight`, and `NAME.bias` where there is a bias.
    pub fn new(norm: kernel::Norm, name: impl AsRef<str>, width: usize, bias: bool) -> Self {
        let name = name.as_ref();
        let bias = bias.then(|| format!("{name}.bias"));
        Self { norm, weight: Scale::Of(format!("{name}.weight")), bias, width, order: Vec::new() }
    }

    /// The same with 1 added to its weight.
    #[must_use]
    pub fn one_plus(self) -> Self {
        match self.weight {
            Scale::Of(name) => Self { weight: Scale::OnePlus(name), ..self },
            _ => self,
        }
    }

    /// A norm without weights.
    pub fn bare(norm: kernel::Norm, width: usize) -> Self {
        Self { norm, weight: Scale::One, bias: None, width, order: Vec::new() }
    }

    fn want(&self, prefix: &str, all: &mut Vec<Wanted>) {
        match &self.weight {
            Scale::One => {}
            Scale::Of(name) | Scale::OnePlus(name) => want(all, format!("{prefix}{name}"), &[self.width]),
            Scale::Rows(name, rows) => {
                want(all, format!("{prefix}{name}"), &[*rows, self.width / (*rows).max(1)]);
            }
            Scale::Each(names) => {
                for name in names {
                    want(all, format!("{prefix}{name}"), &[self.width / names.len()]);
                }
            }
        }
        if let Some(bias) = &self.bias {
            want(all, format!("{prefix}{bias}"), &[self.width]);
        }
    }
}

impl Table {
    fn want(&self, prefix: &str, all: &mut Vec<Wanted>) {
        want(all, format!("{prefix}{}", self.name), &[self.rows, self.width]);
    }
}

impl Arch {
    /// Everything that is read from the files.
    pub fn tensors(&self, prefix: &str) -> Vec<Wanted> {
        let mut all = Vec::new();
        self.embedding.tokens.want(prefix, &mut all);
        if let Some(positions) = &self.embedding.positions {
            positions.table.want(prefix, &mut all);
        }
        for linear in self.linears() {
            linear.want(prefix, &mut all);
        }
        for norm in self.norms() {
            norm.want(prefix, &mut all);
        }
        for layer in &self.layers {
            if let Some(sinks) = &layer.attention.sinks {
                want(&mut all, format!("{prefix}{sinks}"), &[layer.attention.heads.queries]);
            }
        }
        if let Some(table) = &self.head.table {
            table.want("", &mut all);
        }
        if let Some(bias) = &self.head.bias {
            want(&mut all, bias.clone(), &[self.vocabulary]);
        }
        // The matrices of all experts may lie in one tensor.
        let mut seen = BTreeSet::new();
        all.retain(|wanted| seen.insert(wanted.name.clone()));
        all
    }

    /// All projections but the head.
    pub fn linears(&self) -> Vec<&Linear> {
        let mut all: Vec<&Linear> = self.embedding.project.iter().chain(&self.head.project).collect();
        for layer in &self.layers {
            match &layer.attention.inputs {
                Inputs::Direct(linear) => all.push(linear),
                Inputs::Latent(latent) => {
                    all.extend(latent.query_down.iter().map(|(linear, _)| linear));
                    all.extend([&latent.query, &latent.down, &latent.up]);
                }
            }
            all.push(&layer.attention.output);
            match &layer.feed {
                Feed::Dense(mlp) => all.extend([&mlp.up, &mlp.down]),
                Feed::Experts(experts) => {
                    all.push(&experts.router);
                    all.extend(experts.experts.iter().flat_map(|mlp| [&mlp.up, &mlp.down]));
                    if let Some(shared) = &experts.shared {
                        all.extend([&shared.mlp.up, &shared.mlp.down]);
                        all.extend(&shared.gate);
                    }
                }
            }
        }
        all
    }

    fn norms(&self) -> Vec<&NormAt> {
        let mut all: Vec<&NormAt> = self.embedding.norm.iter().chain(&self.norm).collect();
        for layer in &self.layers {
            match &layer.wiring {
                Wiring::Serial { attention, feed } => {
                    for around in [attention, feed] {
                        match around {
                            Around::Before(norm)
                            | Around::After(norm)
                            | Around::Sum(norm)
                            | Around::Input(norm) => {
                                all.push(norm);
                            }
                            Around::Both(first, last) => all.extend([first, last]),
                        }
                    }
                }
                Wiring::Parallel { attention, feed } => {
                    all.push(attention);
                    all.extend(feed);
                }
            }
            all.extend(layer.attention.norms.iter().flat_map(|norms| [&norms.queries, &norms.keys]));
            if let Inputs::Latent(latent) = &layer.attention.inputs {
                all.extend(latent.query_down.iter().map(|(_, norm)| norm));
                all.push(&latent.norm);
            }
        }
        all
    }
}

fn want(all: &mut Vec<Wanted>, name: String, shape: &[usize]) {
    all.push(Wanted { name, shape: shape.to_vec() });
}

/// The order of a fused matrix' outputs that puts queries, keys and values apart. The first `paired` values of each query
/// and key, which are rotated in neighbouring pairs, are put as the decoder rotates them: all first ones, then all second.
pub(super) fn order(heads: Heads, fused: Fused, paired: usize) -> Vec<Stretch> {
    let Heads { queries, keys, dim, values } = heads;
    if fused == Fused::Apart && paired == 0 {
        return Vec::new();
    }
    let group = queries / keys;
    let query = |head: usize| match fused {
        Fused::Apart => head * dim,
        Fused::Grouped => head / group * (group + 2) * dim + head % group * dim,
        Fused::Shards(shards) => {
            let of = (queries / shards).max(1);
            head / of * 3 * of * dim + head % of * dim
        }
    };
    let key = |head: usize| match fused {
        Fused::Apart => (queries + head) * dim,
        Fused::Grouped => (head * (group + 2) + group) * dim,
        Fused::Shards(shards) => query(head) + 2 * (queries / shards).max(1) * dim,
    };
    let value = |head: usize| match fused {
        Fused::Apart => (queries + keys) * dim + head * values,
        Fused::Grouped => key(head) + dim,
        Fused::Shards(shards) => query(head) + (queries / shards).max(1) * dim,
    };
    let turned = (0..queries).map(query).chain((0..keys).map(key));
    turned
        .flat_map(|start| apart(start, dim, paired))
        .chain((0..keys).map(|head| Stretch { start: value(head), step: 1, len: values }))
        .collect()
}

/// One head whose first values are rotated in neighbouring pairs.
pub(super) fn apart(start: usize, dim: usize, paired: usize) -> Vec<Stretch> {
    let stretches = [
        Stretch { start, step: 2, len: paired / 2 },
        Stretch { start: start + 1, step: 2, len: paired / 2 },
        Stretch { start: start + paired, step: 1, len: dim.saturating_sub(paired) },
    ];
    stretches.into_iter().filter(|stretch| stretch.len > 0).collect()
}
