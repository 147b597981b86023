//! Readers of the keys that most families share, and the parts that most are built of.

use std::num::NonZeroUsize;

use super::{
    ACTIVATIONS, Rotary,
    arch::{
        Arch, Around, Attention, Bend, Embedding, Experts, Head, Inputs, Layer, Mlp, QkNorms, Weights, Wiring,
    },
    tensors::{Fused, Linear, NormAt, Table, order},
};
use crate::engine::local::{
    config::Config,
    kernel::{Activation, Heads, Norm},
};

/// The sizes of a model, under the names that most families give them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub hidden: usize,
    pub layers: usize,
    pub queries: usize,
    /// As many as `queries`, where a family's usual is none.
    pub keys: Option<usize>,
    /// `hidden / queries`, where a family's usual is none.
    pub dim: Option<usize>,
    pub mlp: usize,
    pub vocabulary: usize,
    pub context: usize,
}

/// What the layers of one model share.
pub(super) struct Common<'c> {
    pub config: &'c Config<'c>,
    pub hidden: usize,
    pub layers: usize,
    pub heads: Heads,
    pub mlp: usize,
    pub vocabulary: usize,
    pub context: usize,
    pub norm: Norm,
    /// Whether queries, keys and values have a bias.
    pub qkv_bias: bool,
    /// Whether the projection after attention has one.
    pub output_bias: bool,
    /// Whether the projections of an MLP have one.
    pub mlp_bias: bool,
    /// Whether norms have one.
    pub norm_bias: bool,
    /// Whether norms add 1 to their weights.
    pub one_plus: bool,
    /// Values of queries and keys that are rotated in neighbouring pairs.
    pub paired: usize,
}

/// More layers than any model has.
const MOST_LAYERS: usize = 10_000;
/// More experts than any layer has.
pub const MOST_EXPERTS: usize = 4096;
/// More experts than all layers of a model have; each is in memory as a list of names before its weights are looked for.
const MOST_EXPERTS_OF_ALL: usize = 1 << 17;

/// How many layers there are, few enough to make a list of them.
pub(super) fn layers(config: &Config<'_>, key: &str, usual: usize) -> usize {
    let layers = config.size_or(key, usual);
    if layers > MOST_LAYERS {
        config.fault(format!("`{key}` is {layers} layers; at most {MOST_LAYERS} are allowed"));
        return 1;
    }
    layers
}

/// The size of a head that all heads share.
pub(super) fn head_dim(
    config: &Config<'_>,
    (hidden_key, hidden): (&str, usize),
    (heads_key, heads): (&str, usize),
) -> usize {
    if !hidden.is_multiple_of(heads) {
        config.fault(format!("`{hidden_key}` ({hidden}) is not a multiple of `{heads_key}` ({heads})"));
    }
    (hidden / heads).max(1)
}

/// Windows by layer: `layer_types` says which layers have one, or else the family's rule.
pub(super) fn windows(
    config: &Config<'_>,
    layers: usize,
    window: Option<usize>,
    slides: impl Fn(usize) -> bool,
) -> Vec<Option<NonZeroUsize>> {
    let types =
        config.words("layer_types", layers, &[("sliding_attention", true), ("full_attention", false)]);
    let sliding = types.unwrap_or_else(|| (0..layers).map(slides).collect());
    if sliding.contains(&true) && window.is_none() && config.has("layer_types") {
        config.fault("`layer_types` names sliding layers, and there is no `sliding_window`");
    }
    sliding.into_iter().map(|sliding| window.filter(|_| sliding).and_then(NonZeroUsize::new)).collect()
}

/// Windows of the Qwen families: only with `use_sliding_window`, and by a rule of the layer and `max_window_layers`.
pub(super) fn qwen_windows(
    config: &Config<'_>,
    layers: usize,
    slides: impl Fn(usize, usize) -> bool,
) -> Vec<Option<NonZeroUsize>> {
    config.aside(&["layer_types", "max_window_layers", "sliding_window"]);
    if !config.flag_or("use_sliding_window", false) {
        return vec![None; layers];
    }
    let window = config.size_unless_null("sliding_window", Some(4096));
    let bound = config.count_or("max_window_layers", 28);
    windows(config, layers, window, |layer| window.is_some() && slides(layer, bound))
}

/// Which layers have experts, in the Qwen families.
pub(super) fn sparse(config: &Config<'_>) -> impl Fn(usize) -> bool + use<> {
    let dense = config.counts("mlp_only_layers").unwrap_or_default();
    let step = config.size_or("decoder_sparse_step", 1);
    move |layer| !dense.contains(&layer) && (layer + 1) % step == 0
}

/// How experts are weighted, by `norm_topk_prob`.
pub(super) fn weights(config: &Config<'_>) -> Weights {
    if config.flag_or("norm_topk_prob", false) {
        Weights::OfChosen
    } else {
        Weights::OfAll { scale: 1.0, groups: None }
    }
}

impl Sizes {
    /// Reads them, with a family's usual ones for those that are left out.
    pub fn read<'c>(self, config: &'c Config<'c>, norm: Norm) -> Common<'c> {
        let hidden = config.size_or("hidden_size", self.hidden);
        let queries = config.size_or("num_attention_heads", self.queries);
        let keys = config.size_unless_null("num_key_value_heads", self.keys).unwrap_or(queries);
        let dim = config.size_unless_null("head_dim", self.dim);
        let dim = dim
            .unwrap_or_else(|| head_dim(config, ("hidden_size", hidden), ("num_attention_heads", queries)));
        if !queries.is_multiple_of(keys) {
            config.fault(format!(
                "`num_attention_heads` ({queries}) is not a multiple of `num_key_value_heads` ({keys})"
            ));
        }
        let heads = Heads { queries, keys, dim, values: dim };
        Common {
            config,
            hidden,
            layers: layers(config, "num_hidden_layers", self.layers),
            heads,
            mlp: config.size_or("intermediate_size", self.mlp),
            vocabulary: config.size_or("vocab_size", self.vocabulary),
            context: config.size_or("max_position_embeddings", self.context),
            norm,
            qkv_bias: false,
            output_bias: false,
            mlp_bias: false,
            norm_bias: false,
            one_plus: false,
            paired: 0,
        }
    }
}

/// RMS norm with the `eps` of a key.
pub(super) fn rms(config: &Config<'_>, key: &str, usual: f64) -> Norm {
    Norm::Rms { eps: config.positive_or(key, usual) as f32 }
}

/// Layer norm with the `eps` of a key.
pub(super) fn layer_norm(config: &Config<'_>, key: &str, usual: f64) -> Norm {
    Norm::Layer { eps: config.positive_or(key, usual) as f32 }
}

/// 1 / √dim.
pub(super) fn root_scale(dim: usize) -> f32 {
    (dim as f64).sqrt().recip() as f32
}

impl Common<'_> {
    /// The rotation of whole heads.
    pub fn rotary(&self, base: f64) -> Rotary {
        Rotary::read(self.config, self.heads.dim, self.context, base)
    }

    /// The rotation of a part of each head, by `partial_rotary_factor`.
    pub fn partial_rotary(&self, base: f64, usual: f64) -> Rotary {
        let share = Rotary::share(self.config, "partial_rotary_factor", usual);
        Rotary::read(self.config, (self.heads.dim as f64 * share) as usize, self.context, base)
    }

    /// The activation by `hidden_act`.
    pub fn activation(&self, usual: Activation) -> Activation {
        self.config.word_or("hidden_act", usual, ACTIVATIONS)
    }

    /// A norm over the values between the layers.
    pub fn norm(&self, name: impl AsRef<str>) -> NormAt {
        self.norm_of(name, self.hidden)
    }

    /// A norm over so many values.
    pub fn norm_of(&self, name: impl AsRef<str>, width: usize) -> NormAt {
        let norm = NormAt::new(self.norm, name, width, self.norm_bias);
        if self.one_plus { norm.one_plus() } else { norm }
    }

    /// Norms before both steps, under Llama's names.
    pub fn pre_norms(&self, layer: usize) -> Wiring {
        Wiring::Serial {
            attention: Around::Before(self.norm(at(layer, "input_layernorm"))),
            feed: Around::Before(self.norm(at(layer, "post_attention_layernorm"))),
        }
    }

    /// Norms after both steps, under OLMo 2's names.
    pub fn post_norms(&self, layer: usize) -> Wiring {
        Wiring::Serial {
            attention: Around::After(self.norm(at(layer, "post_attention_layernorm"))),
            feed: Around::After(self.norm(at(layer, "post_feedforward_layernorm"))),
        }
    }

    /// Norms before and after both steps, under Gemma 2's names.
    pub fn sandwich_norms(&self, layer: usize) -> Wiring {
        let norm = |name| self.norm(at(layer, name));
        Wiring::Serial {
            attention: Around::Both(norm("input_layernorm"), norm("post_attention_layernorm")),
            feed: Around::Both(norm("pre_feedforward_layernorm"), norm("post_feedforward_layernorm")),
        }
    }

    /// Norms of queries and keys with weights that all heads share.
    pub fn head_norms(&self, layer: usize) -> QkNorms {
        self.qk_norms(layer, [self.heads.dim; 2], false)
    }

    /// Norms of queries and keys over all heads at once.
    pub fn whole_norms(&self, layer: usize) -> QkNorms {
        let Heads { queries, keys, dim, .. } = self.heads;
        self.qk_norms(layer, [queries * dim, keys * dim], true)
    }

    fn qk_norms(&self, layer: usize, [queries, keys]: [usize; 2], whole: bool) -> QkNorms {
        QkNorms {
            queries: self.norm_of(at(layer, "self_attn.q_norm"), queries),
            keys: self.norm_of(at(layer, "self_attn.k_norm"), keys),
            whole,
        }
    }

    /// Attention with all heads rotated by the first rotation and scores scaled by 1 / √dim, under Llama's names.
    pub fn attention(&self, layer: usize) -> Attention {
        let Heads { queries, keys, dim, values } = self.heads;
        let linear = |name, outputs| Linear::new(at(layer, name), self.hidden, outputs, self.qkv_bias);
        let qkv = linear("self_attn.q_proj", queries * dim)
            .and(linear("self_attn.k_proj", keys * dim))
            .and(linear("self_attn.v_proj", keys * values))
            .ordered(order(self.heads, Fused::Apart, self.paired));
        let output =
            Linear::new(at(layer, "self_attn.o_proj"), queries * values, self.hidden, self.output_bias);
        plain_attention(self.heads, qkv, output)
    }

    /// An MLP with a gate, under Llama's names; `name` is what stands before them.
    pub fn gated_mlp(&self, name: String, width: usize, activation: Activation) -> Mlp {
        self.mlp_of(name, width, activation, ["gate_proj", "up_proj", "down_proj"])
    }

    /// An MLP with a gate.
    pub fn mlp_of(
        &self,
        name: String,
        width: usize,
        activation: Activation,
        [gate, up, down]: [&str; 3],
    ) -> Mlp {
        let linear = |part: &str, inputs, outputs| {
            Linear::new(format!("{name}.{part}"), inputs, outputs, self.mlp_bias)
        };
        Mlp {
            up: linear(gate, self.hidden, width).and(linear(up, self.hidden, width)),
            bend: Bend::Gated(activation),
            down: linear(down, width, self.hidden),
        }
    }

    /// An MLP without a gate.
    pub fn plain_mlp(&self, layer: usize, activation: Activation, [up, down]: [&str; 2]) -> Mlp {
        Mlp {
            up: Linear::new(at(layer, up), self.hidden, self.mlp, self.mlp_bias),
            bend: Bend::Plain(activation),
            down: Linear::new(at(layer, down), self.mlp, self.hidden, self.mlp_bias),
        }
    }

    /// A mixture of so many experts, of which some are chosen by a router of that name.
    pub fn experts(
        &self,
        router: impl AsRef<str>,
        (count, chosen): (usize, usize),
        weights: Weights,
        expert: impl Fn(usize) -> Mlp,
    ) -> Experts {
        if chosen > count {
            self.config.fault(format!("{chosen} experts are chosen for each token, of {count}"));
        }
        let most = MOST_EXPERTS.min(MOST_EXPERTS_OF_ALL / self.layers.max(1));
        if count > most {
            let layers = self.layers;
            self.config
                .fault(format!("{count} experts; at most {most} are allowed in each of {layers} layers"));
        }
        let count = count.min(most);
        Experts {
            router: Linear::new(router, self.hidden, count, false),
            weights,
            chosen,
            experts: (0..count).map(expert).collect(),
            shared: None,
        }
    }

    /// The whole, under Llama's names. The ids are what begins and ends a text where the config does not say.
    pub fn arch(
        &self,
        rotaries: Vec<Rotary>,
        tied: bool,
        (begins, ends): (Option<u32>, Option<u32>),
        layer: impl Fn(usize) -> Layer,
    ) -> Arch {
        let tied = self.config.flag_or("tie_word_embeddings", tied);
        Arch {
            context: rotaries.iter().map(|rotary| rotary.reach(self.context)).max().unwrap_or(self.context),
            vocabulary: self.vocabulary,
            hidden: self.hidden,
            embedding: embedding("embed_tokens", self.vocabulary, self.hidden),
            rotaries,
            layers: (0..self.layers).map(layer).collect(),
            norm: Some(self.norm("norm")),
            head: head((!tied).then_some("lm_head"), self.vocabulary, self.hidden),
            prefixes: &["model.", ""],
            begins: self.config.ids_or("bos_token_id", begins),
            ends: self.config.ids_or("eos_token_id", ends),
        }
    }
}

/// A name within a layer of most families.
pub(super) fn at(layer: usize, name: &str) -> String {
    format!("layers.{layer}.{name}")
}

/// Attention with all heads rotated by the first rotation and scores scaled by 1 / √dim.
pub(super) fn plain_attention(heads: Heads, qkv: Linear, output: Linear) -> Attention {
    Attention {
        heads,
        inputs: Inputs::Direct(qkv),
        norms: None,
        clip: None,
        rotary: Some(0),
        scale: root_scale(heads.dim),
        softcap: None,
        window: None,
        alibi: None,
        sinks: None,
        output,
    }
}

/// Rows by token and nothing else.
pub(super) fn embedding(name: &str, rows: usize, width: usize) -> Embedding {
    let tokens = Table { name: format!("{name}.weight"), rows, width };
    Embedding { tokens, scale: None, project: None, positions: None, norm: None }
}

/// A matrix of that name, or the embedding.
pub(super) fn head(name: Option<&str>, rows: usize, width: usize) -> Head {
    let table = name.map(|name| Table { name: format!("{name}.weight"), rows, width });
    Head { table, bias: None, scale: None, softcap: None, project: None }
}
