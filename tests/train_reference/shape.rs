//! The model's measures, and its tensors in one flat vector: names, places and first values.

use yardstick::{random::Stream, value::Seed};

/// How large a model is, and how much text it reads at a step.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Blocks.
    pub layers: usize,
    /// Numbers of a token's state.
    pub width: usize,
    /// Attention heads, which divide the width.
    pub heads: usize,
    /// Tokens of a row.
    pub context: usize,
    /// Entries of the vocabulary.
    pub vocabulary: usize,
    /// Rows of a step.
    pub rows: usize,
}

impl Shape {
    /// The committed model.
    pub const REFERENCE: Self =
        Self { layers: 4, width: 128, heads: 4, context: 256, vocabulary: 2560, rows: 8 };

    /// Tokens of a step.
    pub fn tokens(self) -> usize {
        self.rows * self.context
    }

    /// Numbers of a head's state.
    pub fn head_width(self) -> usize {
        self.width / self.heads
    }
}

/// Where each tensor lies among the parameters; the names are those of a GPT-2 checkpoint.
pub struct Layout {
    /// The measures.
    pub shape: Shape,
    /// All tensors, in the order in which they lie.
    pub tensors: Vec<Tensor>,
}

/// One tensor among the parameters.
pub struct Tensor {
    /// As in a checkpoint.
    pub name: String,
    /// `[inputs, outputs]` for a layer's weights, `[entries, width]` for an embedding.
    pub shape: Vec<usize>,
    /// Where it begins.
    pub start: usize,
    /// How it begins.
    pub first: First,
}

/// The values that a tensor begins with.
#[derive(Clone, Copy, PartialEq)]
pub enum First {
    /// 0, as every bias.
    Zeros,
    /// 1, as every gain.
    Ones,
    /// Drawn from a normal distribution of this standard deviation; such tensors decay.
    Normal(f64),
}

/// A block's tensors, in the order in which they lie.
#[derive(Clone, Copy)]
#[expect(missing_docs, reason = "each is the tensor `h.N.` of the name beside it")]
pub enum Part {
    Norm1Gain,     // ln_1.weight
    Norm1Bias,     // ln_1.bias
    QueryKeyValue, // attn.c_attn.weight
    QueryKeyValueBias,
    Projection, // attn.c_proj.weight
    ProjectionBias,
    Norm2Gain, // ln_2.weight
    Norm2Bias,
    Up, // mlp.c_fc.weight
    UpBias,
    Down, // mlp.c_proj.weight
    DownBias,
}

impl Layout {
    /// Lays the tensors out.
    pub fn new(shape: Shape) -> Self {
        let Shape { layers, width, context, vocabulary, .. } = shape;
        let mut layout = Self { shape, tensors: Vec::new() };
        // GPT-2 (Radford et al., 2019): what is added to the residual stream begins smaller, by the number of additions.
        let added = First::Normal(0.02 / (2.0 * layers as f64).sqrt());
        let normal = First::Normal(0.02);
        layout.push("wte.weight".to_owned(), &[vocabulary, width], normal);
        layout.push("wpe.weight".to_owned(), &[context, width], normal);
        for layer in 0..layers {
            let mut part =
                |name: &str, shape: &[usize], first| layout.push(format!("h.{layer}.{name}"), shape, first);
            part("ln_1.weight", &[width], First::Ones);
            part("ln_1.bias", &[width], First::Zeros);
            part("attn.c_attn.weight", &[width, 3 * width], normal);
            part("attn.c_attn.bias", &[3 * width], First::Zeros);
            part("attn.c_proj.weight", &[width, width], added);
            part("attn.c_proj.bias", &[width], First::Zeros);
            part("ln_2.weight", &[width], First::Ones);
            part("ln_2.bias", &[width], First::Zeros);
            part("mlp.c_fc.weight", &[width, 4 * width], normal);
            part("mlp.c_fc.bias", &[4 * width], First::Zeros);
            part("mlp.c_proj.weight", &[4 * width, width], added);
            part("mlp.c_proj.bias", &[width], First::Zeros);
        }
        layout.push("ln_f.weight".to_owned(), &[width], First::Ones);
        layout.push("ln_f.bias".to_owned(), &[width], First::Zeros);
        layout
    }

    fn push(&mut self, name: String, shape: &[usize], first: First) {
        let start = self.len();
        self.tensors.push(Tensor { name, shape: shape.to_vec(), start, first });
    }

    /// Parameters in all.
    pub fn len(&self) -> usize {
        self.tensors.last().map_or(0, |last| last.range().end)
    }

    /// The first values.
    pub fn first_values(&self, seed: Seed) -> Vec<f32> {
        let mut values = Vec::with_capacity(self.len());
        for tensor in &self.tensors {
            let draw = &mut Stream::new(seed, &format!("reference/first values/{}", tensor.name), 0);
            values.extend(tensor.range().map(|_| match tensor.first {
                First::Zeros => 0.0,
                First::Ones => 1.0,
                First::Normal(deviation) => (deviation * normal(draw)) as f32,
            }));
        }
        values
    }

    /// Token embeddings, which are the output layer too.
    pub fn tokens(&self) -> std::ops::Range<usize> {
        self.tensors[0].range()
    }

    /// Embeddings of the places in a row.
    pub fn places(&self) -> std::ops::Range<usize> {
        self.tensors[1].range()
    }

    /// A tensor of a block.
    pub fn block(&self, layer: usize, part: Part) -> std::ops::Range<usize> {
        self.tensors[2 + 12 * layer + part as usize].range()
    }

    /// How long the bias is that lies behind a block's weights or gain.
    pub fn bias_of(&self, layer: usize, part: Part) -> usize {
        self.tensors[3 + 12 * layer + part as usize].range().len()
    }

    /// Gain and bias of the last layer norm.
    pub fn last_norm(&self) -> [std::ops::Range<usize>; 2] {
        let gain = self.tensors.len() - 2;
        [self.tensors[gain].range(), self.tensors[gain + 1].range()]
    }
}

impl Tensor {
    /// Where it lies.
    pub fn range(&self) -> std::ops::Range<usize> {
        self.start..self.start + self.shape.iter().product::<usize>()
    }

    /// Whether weight decay pulls it to 0: matrices and embeddings.
    pub fn decays(&self) -> bool {
        matches!(self.first, First::Normal(_))
    }
}

/// A draw from the standard normal distribution (Box and Muller, 1958), by functions that are the same everywhere.
fn normal(draw: &mut Stream) -> f64 {
    let radius = (-2.0 * libm::log(1.0 - draw.uniform())).sqrt();
    radius * libm::cos(std::f64::consts::TAU * draw.uniform())
}
