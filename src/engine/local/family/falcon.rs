//! Falcon (Almazrouei et al. 2023), in its four forms.

use super::{
    ACTIVATIONS, Family, Rotary,
    arch::{Alibi, Arch, Around, Attention, Bend, Feed, Layer, Mlp, Wiring, slopes},
    keys::{embedding, head, head_dim, layer_norm, layers, plain_attention},
    tensors::{Fused, Linear, NormAt, order},
};
use crate::engine::local::{
    config::Config,
    kernel::{Activation, Heads},
};

pub(super) const FAMILY: Family = Family { name: "falcon", read };

/// How many norms a layer has, and where.
#[derive(Clone, Copy)]
enum Form {
    Serial,
    OneNorm,
    TwoNorms,
}

fn read(config: &Config<'_>) -> Arch {
    config.aside(&["multi_query", "num_kv_heads", "rope_parameters", "rope_theta"]);
    let size = |keys: &[&str], usual| keys.iter().find_map(|key| config.optional_size(key)).unwrap_or(usual);
    let hidden = size(&["n_embed", "hidden_size"], 4544);
    let queries = size(&["num_attention_heads", "n_head"], 71);
    let dim = head_dim(config, ("hidden_size", hidden), ("num_attention_heads", queries));
    let new = config.flag_or("new_decoder_architecture", false);
    let keys = if new {
        size(&["num_kv_heads", "n_head_kv"], queries)
    } else if config.flag_or("multi_query", true) {
        1
    } else {
        queries
    };
    if !queries.is_multiple_of(keys) {
        config
            .fault(format!("`num_attention_heads` ({queries}) is not a multiple of `num_kv_heads` ({keys})"));
    }
    let heads = Heads { queries, keys, dim, values: dim };
    let bias = config.flag_or("bias", false);
    let mlp = config.size_or("ffn_hidden_size", 4 * hidden);
    let activation = config.word_or("activation", Activation::Gelu, ACTIVATIONS);
    let eps = layer_norm(config, "layer_norm_epsilon", 1e-5);
    let context = config.size_or("max_position_embeddings", 2048);
    let alibi = config.flag_or("alibi", false);
    let rotaries = if alibi { vec![] } else { vec![Rotary::read(config, dim, context, 10_000.0)] };
    let form = form(config, new);
    let layer = |layer: usize| {
        let at = |name: &str| format!("h.{layer}.{name}");
        let linear = |name, inputs, outputs| Linear::new(at(name), inputs, outputs, bias);
        let norm = |name| NormAt::new(eps, at(name), hidden, true);
        let qkv = linear("self_attention.query_key_value", hidden, (queries + 2 * keys) * dim);
        let qkv = qkv.ordered(order(heads, Fused::Grouped, 0));
        let attention = plain_attention(heads, qkv, linear("self_attention.dense", queries * dim, hidden));
        Layer {
            wiring: match form {
                Form::Serial => Wiring::Serial {
                    attention: Around::Before(norm("input_layernorm")),
                    feed: Around::Before(norm("post_attention_layernorm")),
                },
                Form::OneNorm => Wiring::Parallel { attention: norm("input_layernorm"), feed: None },
                Form::TwoNorms => Wiring::Parallel { attention: norm("ln_attn"), feed: Some(norm("ln_mlp")) },
            },
            attention: if alibi {
                Attention { rotary: None, alibi: Some(Alibi::Bf16(twice(slopes(queries)))), ..attention }
            } else {
                attention
            },
            feed: Feed::Dense(Mlp {
                up: linear("mlp.dense_h_to_4h", hidden, mlp),
                bend: Bend::Plain(activation),
                down: linear("mlp.dense_4h_to_h", mlp, hidden),
            }),
            residual: None,
        }
    };
    let layer_key = if config.has("n_layer") { "n_layer" } else { "num_hidden_layers" };
    let vocabulary = config.size_or("vocab_size", 65024);
    let tied = config.flag_or("tie_word_embeddings", true);
    Arch {
        context: rotaries.first().map_or(context, |rotary| rotary.reach(context)),
        vocabulary,
        hidden,
        embedding: embedding("word_embeddings", vocabulary, hidden),
        rotaries,
        layers: (0..layers(config, layer_key, 32)).map(layer).collect(),
        norm: Some(NormAt::new(eps, "ln_f", hidden, true)),
        head: head((!tied).then_some("lm_head"), vocabulary, hidden),
        prefixes: &["transformer.", ""],
        begins: config.ids_or("bos_token_id", 11),
        ends: config.ids_or("eos_token_id", 11),
    }
}

/// transformers adds the biases to the scores and, in its `eager` attention, once more with the mask; its `sdpa` attention,
/// which it takes by default, adds them once. Here they are added twice, as in the reference that every family is held
/// against. A published model that was trained with them once needs the slopes as they are: until a golden number of such a
/// model says so, its scores with ALiBi are those of `eager`.
fn twice(slopes: Vec<f32>) -> Vec<f32> {
    slopes.into_iter().map(|slope| 2.0 * slope).collect()
}

fn form(config: &Config<'_>, new: bool) -> Form {
    let parallel = config.flag_or("parallel_attn", true);
    let norms = config.size_or("num_ln_in_parallel_attn", if new { 2 } else { 1 });
    match (new, parallel, norms) {
        (false, false, _) => Form::Serial,
        (_, true, 1) => Form::OneNorm,
        (true, true, 2) => Form::TwoNorms,
        _ => {
            config.fault(format!(
                "`new_decoder_architecture` {new}, `parallel_attn` {parallel} and `num_ln_in_parallel_attn` {norms} do not go together"
            ));
            Form::OneNorm
        }
    }
}
