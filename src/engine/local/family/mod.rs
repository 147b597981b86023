//! Families of decoders as data: what a `config.json` says in each family's own words, in the terms of the one decoder.

mod gpt2;
mod llama;
mod rope;

pub use rope::Rotary;

use super::{
    config::Config,
    kernel::{Activation, Heads, Norm},
};

/// A family that the decoder runs.
pub struct Family {
    /// `model_type` in `config.json`.
    pub name: &'static str,
    /// Reads the family's keys; faults stay in the config.
    pub read: fn(&Config<'_>) -> Arch,
}

/// All of them.
pub const FAMILIES: &[Family] = &[gpt2::FAMILY, llama::FAMILY];

/// The switches of the decoder.
#[derive(Clone, Debug)]
pub struct Arch {
    /// The longest sequence, in tokens.
    pub context: usize,
    /// Rows of the embedding.
    pub vocabulary: usize,
    /// Values of a token between the layers.
    pub hidden: usize,
    /// How many layers there are.
    pub layers: usize,
    /// The heads of each layer.
    pub heads: Heads,
    /// What scores are multiplied with, layer by layer.
    pub scales: Vec<f32>,
    /// Values between the two steps of a layer's MLP.
    pub mlp: usize,
    /// What bends them.
    pub activation: Activation,
    /// How rows are normalized, before attention, before the MLP and at the end.
    pub norm: Norm,
    /// Where in a sequence a token stands.
    pub position: Position,
    /// How matrices lie in the files.
    pub layout: Layout,
    /// Which projections have a bias.
    pub bias: Bias,
    /// Whether the embedding is the head too.
    pub tied: bool,
    /// What the tensors are called.
    pub names: Names,
    /// Ids that begin a text, by the config.
    pub begins: Vec<u32>,
    /// Ids that end a text, by the config.
    pub ends: Vec<u32>,
}

/// How a token's place gets into the numbers.
#[derive(Clone, Debug)]
pub enum Position {
    /// A learned row is added for each place.
    Learned,
    /// Queries and keys are rotated.
    Rotary(Rotary),
}

/// How the matrix of a projection lies in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `[outputs, inputs]`, as in torch's `Linear`.
    OutputsFirst,
    /// `[inputs, outputs]`, as in GPT-2's `Conv1D`.
    InputsFirst,
}

/// Which projections have a bias.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says one thing, and families have them in all combinations"
)]
pub struct Bias {
    /// Those to queries, keys and values.
    pub qkv: bool,
    /// The one after attention.
    pub output: bool,
    /// Those of the MLP.
    pub mlp: bool,
    /// The norms.
    pub norm: bool,
}

/// The names of a checkpoint's tensors, without `.weight` and `.bias`. All but the head come after a prefix, and those of
/// a layer after the prefix, `layers`, and the layer's number.
#[derive(Clone, Copy, Debug)]
pub struct Names {
    /// Tried in order; a file keeps to one.
    pub prefixes: &'static [&'static str],
    /// `[vocabulary, hidden]`.
    pub embedding: &'static str,
    /// `[context, hidden]`, where places are learned.
    pub positions: Option<&'static str>,
    /// Before a layer's number.
    pub layers: &'static str,
    /// Before attention.
    pub attention_norm: &'static str,
    /// To queries, keys and values: one matrix or three.
    pub qkv: &'static [&'static str],
    /// After attention.
    pub output: &'static str,
    /// Before the MLP.
    pub mlp_norm: &'static str,
    /// The MLP's first step: one matrix, or a gate and the values that it multiplies.
    pub up: &'static [&'static str],
    /// The MLP's second step.
    pub down: &'static str,
    /// Before the head.
    pub final_norm: &'static str,
    /// `[vocabulary, hidden]`, where it is not the embedding.
    pub head: &'static str,
}

/// A projection of a layer as the files hold it: matrices side by side.
#[derive(Clone, Debug)]
pub struct Projection {
    /// Values that go in.
    pub inputs: usize,
    /// Name without `.weight`, and how many values come out.
    pub parts: Vec<(String, usize)>,
    /// Whether each part has a bias.
    pub bias: bool,
}

/// A tensor that a checkpoint must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// As in the file.
    pub name: String,
    /// As in the file.
    pub shape: Vec<usize>,
}

impl Arch {
    /// Whether the MLP multiplies by a gate.
    pub fn gated(&self) -> bool {
        self.names.up.len() == 2
    }

    /// To queries, keys and values, in this order.
    pub fn qkv(&self, prefix: &str, layer: usize) -> Projection {
        let (queries, keys) = (self.heads.queries * self.heads.dim, self.heads.keys * self.heads.dim);
        let outputs: &[usize] =
            if self.names.qkv.len() == 1 { &[queries + 2 * keys] } else { &[queries, keys, keys] };
        self.projection(prefix, layer, self.hidden, self.names.qkv, outputs, self.bias.qkv)
    }

    /// After attention.
    pub fn output(&self, prefix: &str, layer: usize) -> Projection {
        let inputs = self.heads.queries * self.heads.dim;
        self.projection(prefix, layer, inputs, &[self.names.output], &[self.hidden], self.bias.output)
    }

    /// The MLP's first step; a gate comes first.
    pub fn up(&self, prefix: &str, layer: usize) -> Projection {
        self.projection(prefix, layer, self.hidden, self.names.up, &[self.mlp; 2], self.bias.mlp)
    }

    /// The MLP's second step.
    pub fn down(&self, prefix: &str, layer: usize) -> Projection {
        self.projection(prefix, layer, self.mlp, &[self.names.down], &[self.hidden], self.bias.mlp)
    }

    /// The full name of a layer's tensor, without `.weight`.
    pub fn of_layer(&self, prefix: &str, layer: usize, name: &str) -> String {
        format!("{prefix}{}.{layer}.{name}", self.names.layers)
    }

    /// Everything that is read from the files.
    pub fn tensors(&self, prefix: &str) -> Vec<Wanted> {
        let mut all = Vec::new();
        let mut want = |name: String, shape: &[usize]| all.push(Wanted { name, shape: shape.to_vec() });
        want(format!("{prefix}{}.weight", self.names.embedding), &[self.vocabulary, self.hidden]);
        if let Some(positions) = self.names.positions {
            want(format!("{prefix}{positions}.weight"), &[self.context, self.hidden]);
        }
        let mut norms = vec![format!("{prefix}{}", self.names.final_norm)];
        for layer in 0..self.layers {
            norms.push(self.of_layer(prefix, layer, self.names.attention_norm));
            norms.push(self.of_layer(prefix, layer, self.names.mlp_norm));
            for projection in [
                self.qkv(prefix, layer),
                self.output(prefix, layer),
                self.up(prefix, layer),
                self.down(prefix, layer),
            ] {
                for (name, outputs) in &projection.parts {
                    let shape = match self.layout {
                        Layout::OutputsFirst => [*outputs, projection.inputs],
                        Layout::InputsFirst => [projection.inputs, *outputs],
                    };
                    want(format!("{name}.weight"), &shape);
                    if projection.bias {
                        want(format!("{name}.bias"), &[*outputs]);
                    }
                }
            }
        }
        for norm in norms {
            want(format!("{norm}.weight"), &[self.hidden]);
            if self.bias.norm {
                want(format!("{norm}.bias"), &[self.hidden]);
            }
        }
        if !self.tied {
            want(format!("{}.weight", self.names.head), &[self.vocabulary, self.hidden]);
        }
        all
    }

    fn projection(
        &self,
        prefix: &str,
        layer: usize,
        inputs: usize,
        names: &[&str],
        outputs: &[usize],
        bias: bool,
    ) -> Projection {
        let parts = names.iter().zip(outputs);
        let parts = parts.map(|(name, outputs)| (self.of_layer(prefix, layer, name), *outputs)).collect();
        Projection { inputs, parts, bias }
    }
}

/// Activations by the names of transformers.
const ACTIVATIONS: &[(&str, Activation)] = &[
    ("gelu", Activation::Gelu),
    ("gelu_python", Activation::Gelu),
    ("gelu_new", Activation::GeluTanh),
    ("gelu_fast", Activation::GeluTanh),
    ("gelu_accurate", Activation::GeluTanh),
    ("gelu_pytorch_tanh", Activation::GeluTanh),
    ("gelu_python_tanh", Activation::GeluTanh),
    ("silu", Activation::Silu),
    ("swish", Activation::Silu),
    ("relu", Activation::Relu),
];
