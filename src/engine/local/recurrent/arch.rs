//! Families of state-space models as data: what their `config.json` says, and the tensors that it makes them need.

use crate::engine::local::{config::Config, family::Wanted, kernel::Scan};

/// A family of state-space models.
pub struct Family {
    /// `model_type` in `config.json`.
    pub name: &'static str,
    /// Reads the family's keys; faults stay in the config.
    pub read: fn(&Config<'_>) -> Arch,
}

/// All of them.
pub const FAMILIES: &[Family] = &[
    Family { name: "falcon_mamba", read: falcon_mamba },
    Family { name: "mamba", read: mamba },
    Family { name: "mamba2", read: mamba2 },
];

/// The switches of a state-space model.
#[derive(Clone, Debug)]
pub struct Arch {
    /// Rows of the embedding.
    pub vocabulary: usize,
    /// Values of a token between the layers.
    pub hidden: usize,
    /// How many layers there are.
    pub layers: usize,
    /// Channels of a layer.
    pub channels: usize,
    /// Values that a channel holds.
    pub state: usize,
    /// Tokens that the convolution sees.
    pub taps: usize,
    /// Added to mean squares.
    pub eps: f32,
    /// How a layer finds what its scan needs.
    pub selection: Selection,
    /// Whether the projections into and out of a layer have a bias.
    pub bias: bool,
    /// Whether the convolution has one.
    pub convolution_bias: bool,
    /// Whether the embedding is the head too.
    pub tied: bool,
    /// Ids that begin a text, by the config.
    pub begins: Vec<u32>,
    /// Ids that end a text, by the config.
    pub ends: Vec<u32>,
}

/// How a layer finds the steps of its channels, and what they take in and give out (B and C).
#[derive(Clone, Copy, Debug)]
pub enum Selection {
    /// From the convolved channels, by a projection of low rank (Gu and Dao 2023, §3.4).
    Projected {
        /// Values that the steps are made of.
        rank: usize,
        /// Whether steps, B and C are normalized, and what is then added to their mean squares.
        norm: Option<f32>,
    },
    /// From the layer's input (Dao and Gu 2024, §7.1).
    Direct {
        /// Each has one step and one decay.
        heads: usize,
        /// Each has B and C of its own, and is normalized alone.
        groups: usize,
        /// The least and the largest step.
        limits: (f32, f32),
    },
}

fn mamba(config: &Config<'_>) -> Arch {
    projected(config, None)
}

fn falcon_mamba(config: &Config<'_>) -> Arch {
    projected(config, Some(config.positive_or("mixer_rms_eps", 1e-6) as f32))
}

fn projected(config: &Config<'_>, norm: Option<f32>) -> Arch {
    config.aside(&["expand"]);
    let hidden = config.size_or("hidden_size", 768);
    let rank = if config.text("time_step_rank") == Some("auto") {
        hidden.div_ceil(16)
    } else {
        config.size_or("time_step_rank", hidden.div_ceil(16))
    };
    let expanded = || config.size_or("expand", 2) * hidden;
    Arch {
        channels: config.optional_size("intermediate_size").unwrap_or_else(expanded),
        state: config.size_or("state_size", 16),
        ..common(config, hidden, Selection::Projected { rank, norm }, [50280, 32, 0, 0], true)
    }
}

fn mamba2(config: &Config<'_>) -> Arch {
    config.aside(&["time_step_rank"]);
    let hidden = config.size_or("hidden_size", 4096);
    let (heads, dim) = (config.size_or("num_heads", 128), config.size_or("head_dim", 64));
    let (groups, expand) = (config.size_or("n_groups", 8), config.size_or("expand", 2));
    let channels = heads * dim;
    if channels != expand * hidden {
        config.fault(format!(
            "`num_heads` ({heads}) times `head_dim` ({dim}) is not `expand` ({expand}) times `hidden_size` ({hidden})"
        ));
    }
    if !heads.is_multiple_of(groups) {
        config.fault(format!("`num_heads` ({heads}) is not a multiple of `n_groups` ({groups})"));
    }
    let (least, most) = config.range_or("time_step_limit", (0.0, f64::INFINITY));
    let selection = Selection::Direct { heads, groups, limits: (least as f32, most as f32) };
    Arch {
        channels,
        state: config.size_or("state_size", 128),
        ..common(config, hidden, selection, [32768, 64, 0, 2], false)
    }
}

/// What all families have, with their defaults of vocabulary, layers, begin and end.
fn common(
    config: &Config<'_>,
    hidden: usize,
    selection: Selection,
    [vocabulary, layers, begin, end]: [u32; 4],
    tied: bool,
) -> Arch {
    // Another one would be a model that nobody has.
    config.word_or("hidden_act", (), &[("silu", ()), ("swish", ())]);
    Arch {
        vocabulary: config.size_or("vocab_size", vocabulary as usize),
        hidden,
        layers: config.size_or("num_hidden_layers", layers as usize),
        channels: 0,
        state: 0,
        taps: config.size_or("conv_kernel", 4),
        eps: config.positive_or("layer_norm_epsilon", 1e-5) as f32,
        selection,
        bias: config.flag_or("use_bias", false),
        convolution_bias: config.flag_or("use_conv_bias", true),
        tied: config.flag_or("tie_word_embeddings", tied),
        begins: config.ids_or("bos_token_id", begin),
        ends: config.ids_or("eos_token_id", end),
    }
}

impl Arch {
    /// Tried in order before the names of tensors: a bare model leaves the prefix out, and the first checkpoints call the
    /// embedding otherwise.
    pub(in crate::engine::local) const EMBEDDINGS: [(&'static str, &'static str); 4] = [
        ("backbone.", "embeddings.weight"),
        ("backbone.", "embedding.weight"),
        ("", "embeddings.weight"),
        ("", "embedding.weight"),
    ];

    /// Heads that have a decay of their own, or channels.
    pub fn steps(&self) -> usize {
        match self.selection {
            Selection::Projected { .. } => self.channels,
            Selection::Direct { heads, .. } => heads,
        }
    }

    /// Groups of channels with the same B and C.
    pub fn groups(&self) -> usize {
        match self.selection {
            Selection::Projected { .. } => 1,
            Selection::Direct { groups, .. } => groups,
        }
    }

    /// Columns that are convolved.
    pub fn convolved(&self) -> usize {
        match self.selection {
            Selection::Projected { .. } => self.channels,
            Selection::Direct { groups, .. } => self.channels + 2 * groups * self.state,
        }
    }

    /// Columns that the projection into a layer gives.
    pub fn projected(&self) -> usize {
        match self.selection {
            Selection::Projected { .. } => 2 * self.channels,
            Selection::Direct { heads, .. } => self.channels + self.convolved() + heads,
        }
    }

    /// Everything that is read from the files.
    pub fn tensors(&self, (prefix, embedding): (&str, &str)) -> Vec<Wanted> {
        let mut all = Vec::new();
        let mut want = |name: String, shape: &[usize]| all.push(Wanted { name, shape: shape.to_vec() });
        want(format!("{prefix}{embedding}"), &[self.vocabulary, self.hidden]);
        for layer in 0..self.layers {
            want(format!("{prefix}layers.{layer}.norm.weight"), &[self.hidden]);
            let mut want =
                |name: &str, shape: &[usize]| want(format!("{prefix}layers.{layer}.mixer.{name}"), shape);
            let (channels, state) = (self.channels, self.state);
            want("in_proj.weight", &[self.projected(), self.hidden]);
            want("out_proj.weight", &[self.hidden, channels]);
            if self.bias {
                want("in_proj.bias", &[self.projected()]);
                want("out_proj.bias", &[self.hidden]);
            }
            want("conv1d.weight", &[self.convolved(), 1, self.taps]);
            if self.convolution_bias {
                want("conv1d.bias", &[self.convolved()]);
            }
            want("D", &[self.steps()]);
            match self.selection {
                Selection::Projected { rank, .. } => {
                    want("A_log", &[channels, state]);
                    want("x_proj.weight", &[rank + 2 * state, channels]);
                    want("dt_proj.weight", &[channels, rank]);
                    want("dt_proj.bias", &[channels]);
                }
                Selection::Direct { heads, .. } => {
                    want("A_log", &[heads]);
                    want("dt_bias", &[heads]);
                    want("norm.weight", &[channels]);
                }
            }
        }
        want(format!("{prefix}norm_f.weight"), &[self.hidden]);
        if !self.tied {
            want("lm_head.weight".to_owned(), &[self.vocabulary, self.hidden]);
        }
        all
    }

    /// The bytes of the weights as they lie in memory; `packed` says it of a matrix by its inputs, outputs and tensors.
    pub(in crate::engine::local) fn memory(
        &self,
        (prefix, embedding): (&str, &str),
        packed: &dyn Fn(usize, usize, &[String]) -> u64,
    ) -> u64 {
        let table = |name: String| packed(self.hidden, self.vocabulary, &[name]);
        let decays = Scan::held_by(self.channels, self.state, self.groups()) as u64;
        let layer = |layer: usize| {
            let packed = |inputs, outputs, name: &str| {
                packed(inputs, outputs, &[format!("{prefix}layers.{layer}.mixer.{name}.weight")])
            };
            let rule = match self.selection {
                Selection::Projected { rank, .. } => {
                    packed(self.channels, rank + 2 * self.state, "x_proj")
                        + packed(rank, self.channels, "dt_proj")
                        + 4 * decays
                }
                Selection::Direct { .. } => 4 * self.channels as u64,
            };
            packed(self.hidden, self.projected(), "in_proj")
                + packed(self.channels, self.hidden, "out_proj")
                + 4 * (self.taps * self.convolved()) as u64
                + rule
        };
        let head = if self.tied { 0 } else { table("lm_head.weight".to_owned()) };
        (0..self.layers).map(layer).sum::<u64>() + table(format!("{prefix}{embedding}")) + head
    }

    /// The bytes that a sequence of so many tokens holds between two calls: a state of one size, and its tokens.
    pub fn memory_of_sequence(&self, tokens: usize) -> u64 {
        let held =
            Scan::held_by(self.channels, self.state, self.groups()) + (self.taps - 1) * self.convolved();
        4 * (self.layers * held + tokens) as u64
    }
}
