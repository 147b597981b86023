//! BLOOM (BigScience 2022): linear biases for positions, and a norm after the embedding.

use super::{
    Family,
    arch::{Alibi, Arch, Around, Attention, Bend, Feed, Layer, Mlp, Wiring, slopes},
    keys::{embedding, head, head_dim, layer_norm, layers, plain_attention},
    tensors::{Fused, Linear, NormAt, order},
};
use crate::engine::local::{
    config::Config,
    kernel::{Activation, Heads},
};

pub(super) const FAMILY: Family = Family { name: "bloom", read };

fn read(config: &Config<'_>) -> Arch {
    let size = |keys: &[&str], usual| keys.iter().find_map(|key| config.optional_size(key)).unwrap_or(usual);
    let hidden = size(&["hidden_size", "n_embed", "n_embd"], 64);
    let queries = size(&["n_head", "num_attention_heads"], 8);
    let dim = head_dim(config, ("hidden_size", hidden), ("n_head", queries));
    let heads = Heads { queries, keys: queries, dim, values: dim };
    let norm = layer_norm(config, "layer_norm_epsilon", 1e-5);
    let normed = config.flag_or("apply_residual_connection_post_layernorm", false);
    let layer_key = if config.has("num_hidden_layers") { "num_hidden_layers" } else { "n_layer" };
    let layer = |layer: usize| {
        let at = |name: &str| format!("h.{layer}.{name}");
        let linear = |name, inputs, outputs| Linear::new(at(name), inputs, outputs, true);
        let around = |name| {
            let norm = NormAt::new(norm, at(name), hidden, true);
            if normed { Around::Input(norm) } else { Around::Before(norm) }
        };
        let qkv = linear("self_attention.query_key_value", hidden, 3 * hidden);
        let qkv = qkv.ordered(order(heads, Fused::Grouped, 0));
        Layer {
            wiring: Wiring::Serial {
                attention: around("input_layernorm"),
                feed: around("post_attention_layernorm"),
            },
            attention: Attention {
                rotary: None,
                alibi: Some(Alibi::Exact(slopes(queries))),
                ..plain_attention(heads, qkv, linear("self_attention.dense", hidden, hidden))
            },
            feed: Feed::Dense(Mlp {
                up: linear("mlp.dense_h_to_4h", hidden, 4 * hidden),
                bend: Bend::Plain(Activation::GeluTanh),
                down: linear("mlp.dense_4h_to_h", 4 * hidden, hidden),
            }),
            residual: None,
        }
    };
    let vocabulary = config.size_or("vocab_size", 250_880);
    let tied = config.flag_or("tie_word_embeddings", true);
    let mut embedding = embedding("word_embeddings", vocabulary, hidden);
    embedding.norm = Some(NormAt::new(norm, "word_embeddings_layernorm", hidden, true));
    Arch {
        // What it was trained with; nothing else limits it.
        context: config.size_or("seq_length", 2048),
        vocabulary,
        hidden,
        embedding,
        rotaries: vec![],
        layers: (0..layers(config, layer_key, 2)).map(layer).collect(),
        norm: Some(NormAt::new(norm, "ln_f", hidden, true)),
        head: head((!tied).then_some("lm_head"), vocabulary, hidden),
        prefixes: &["transformer.", ""],
        begins: config.ids_or("bos_token_id", 1),
        ends: config.ids_or("eos_token_id", 2),
    }
}
