//! GPT-2 (Radford et al. 2019).

use super::{
    ACTIVATIONS, Family,
    arch::{Arch, Around, Attention, Bend, Feed, Layer, Mlp, Positions, Wiring},
    keys::{embedding, head, head_dim, layer_norm, layers, plain_attention},
    tensors::{Fused, Linear, NormAt, Table, order},
};
use crate::engine::local::{
    config::Config,
    kernel::{Activation, Heads},
};

pub(super) const FAMILY: Family = Family { name: "gpt2", read };

fn read(config: &Config<'_>) -> Arch {
    let by_layer = config.flag_or("scale_attn_by_inverse_layer_idx", false);
    of_form(config, |queries| Form { keys: queries, fused: Fused::Apart, inputs_first: true, by_layer })
}

/// What differs among models of GPT-2's form.
pub(super) struct Form {
    pub keys: usize,
    pub fused: Fused,
    pub inputs_first: bool,
    /// Whether scores shrink from layer to layer.
    pub by_layer: bool,
}

/// A model of GPT-2's form, which may depend on how many query heads there are.
pub(super) fn of_form(config: &Config<'_>, form: impl FnOnce(usize) -> Form) -> Arch {
    config.refuse("add_cross_attention", "only models without an encoder are run");
    let hidden = config.size_or("n_embd", 768);
    let queries = config.size_or("n_head", 12);
    let dim = head_dim(config, ("n_embd", hidden), ("n_head", queries));
    let Form { keys, fused, inputs_first, by_layer } = form(queries);
    let heads = Heads { queries, keys, dim, values: dim };
    let width = queries * dim;
    let mlp = config.size_or("n_inner", 4 * hidden);
    let activation = config.word_or("activation_function", Activation::GeluTanh, ACTIVATIONS);
    let norm = layer_norm(config, "layer_norm_epsilon", 1e-5);
    let scaled = config.flag_or("scale_attn_weights", true);
    let layer = |layer: usize| {
        let at = |name: &str| format!("h.{layer}.{name}");
        let linear =
            |name, inputs, outputs| Linear { inputs_first, ..Linear::new(at(name), inputs, outputs, true) };
        let before = |name| Around::Before(NormAt::new(norm, at(name), hidden, true));
        let qkv = linear("attn.c_attn", hidden, width + 2 * keys * dim).ordered(order(heads, fused, 0));
        let attention = plain_attention(heads, qkv, linear("attn.c_proj", width, hidden));
        let scale = if scaled { attention.scale } else { 1.0 };
        Layer {
            wiring: Wiring::Serial { attention: before("ln_1"), feed: before("ln_2") },
            attention: Attention {
                rotary: None,
                scale: if by_layer { scale / (layer + 1) as f32 } else { scale },
                ..attention
            },
            feed: Feed::Dense(Mlp {
                up: linear("mlp.c_fc", hidden, mlp),
                bend: Bend::Plain(activation),
                down: linear("mlp.c_proj", mlp, hidden),
            }),
            residual: None,
        }
    };
    let context = config.size_or("n_positions", 1024);
    let vocabulary = config.size_or("vocab_size", 50257);
    let tied = config.flag_or("tie_word_embeddings", true);
    let mut embedding = embedding("wte", vocabulary, hidden);
    let table = Table { name: "wpe.weight".into(), rows: context, width: hidden };
    embedding.positions = Some(Positions { table, first: 0 });
    Arch {
        context,
        vocabulary,
        hidden,
        embedding,
        rotaries: vec![],
        layers: (0..layers(config, "n_layer", 12)).map(layer).collect(),
        norm: Some(NormAt::new(norm, "ln_f", hidden, true)),
        head: head((!tied).then_some("lm_head"), vocabulary, hidden),
        // Checkpoints of the bare model, such as the first one, leave the prefix out.
        prefixes: &["transformer.", ""],
        begins: config.ids_or("bos_token_id", 50256),
        ends: config.ids_or("eos_token_id", 50256),
    }
}
