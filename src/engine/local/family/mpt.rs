//! MPT (MosaicML 2023): linear biases for positions, and no other ones.

use super::{
    Family,
    arch::{Alibi, Arch, Around, Attention, Bend, Feed, Layer, Mlp, Wiring},
    keys::{embedding, head, head_dim, layer_norm, layers, plain_attention},
    tensors::{Linear, NormAt},
};
use crate::engine::local::{
    config::Config,
    kernel::{Activation, Heads},
};

pub(super) const FAMILY: Family = Family { name: "mpt", read };

fn read(config: &Config<'_>) -> Arch {
    let hidden = config.size_or("d_model", 2048);
    let queries = config.size_or("n_heads", 16);
    let dim = head_dim(config, ("d_model", hidden), ("n_heads", queries));
    let heads = Heads { queries, keys: queries, dim, values: dim };
    let eps = layer_norm(config, "layer_norm_epsilon", 1e-5);
    // Of the other keys transformers uses none, nor `expansion_ratio`.
    let (mut clip, mut scale) = (None, None);
    if let Some(attention) = config.object("attn_config") {
        clip = attention.positive_unless_null("clip_qkv", None);
        scale = attention.positive_unless_null("softmax_scale", None);
        config.adopt("attn_config", &attention);
    }
    let layer = |layer: usize| {
        let at = |name: &str| format!("blocks.{layer}.{name}");
        let linear = |name, inputs, outputs| Linear::new(at(name), inputs, outputs, false);
        let before = |name| Around::Before(NormAt::new(eps, at(name), hidden, false));
        let attention = plain_attention(
            heads,
            linear("attn.Wqkv", hidden, 3 * hidden),
            linear("attn.out_proj", hidden, hidden),
        );
        Layer {
            wiring: Wiring::Serial { attention: before("norm_1"), feed: before("norm_2") },
            attention: Attention {
                rotary: None,
                clip,
                scale: scale.unwrap_or(attention.scale),
                alibi: Some(Alibi::Exact(slopes(queries))),
                ..attention
            },
            feed: Feed::Dense(Mlp {
                up: linear("ffn.up_proj", hidden, 4 * hidden),
                bend: Bend::Plain(Activation::Gelu),
                down: linear("ffn.down_proj", 4 * hidden, hidden),
            }),
            residual: None,
        }
    };
    let vocabulary = config.size_or("vocab_size", 50368);
    let tied = config.flag_or("tie_word_embeddings", true);
    Arch {
        context: config.size_or("max_seq_len", 2048),
        vocabulary,
        hidden,
        embedding: embedding("wte", vocabulary, hidden),
        rotaries: vec![],
        layers: (0..layers(config, "n_layers", 24)).map(layer).collect(),
        norm: Some(NormAt::new(eps, "norm_f", hidden, false)),
        head: head((!tied).then_some("lm_head"), vocabulary, hidden),
        prefixes: &["transformer.", ""],
        begins: config.ids_or("bos_token_id", None),
        ends: config.ids_or("eos_token_id", None),
    }
}

/// Slopes of the power of two from the number of heads up; the odd ones first where that is more.
fn slopes(heads: usize) -> Vec<f32> {
    let power = heads.next_power_of_two();
    let slope = |i: usize| (-8.0 * i as f64 / power as f64).exp2() as f32;
    if power == heads {
        return (1..=heads).map(slope).collect();
    }
    let (even, odd) = ((2..=power).step_by(2), (1..=power).step_by(2));
    even.chain(odd).take(heads).map(slope).collect()
}
