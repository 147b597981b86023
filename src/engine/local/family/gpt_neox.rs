//! GPT-NeoX, Pythia and Dolly (Black et al. 2022): attention and MLP side by side, each after a norm of its own.

use super::{
    ACTIVATIONS, Family, Rotary,
    arch::{Arch, Around, Bend, Feed, Layer, Mlp, Wiring},
    keys::{at, embedding, head, head_dim, layer_norm, layers, plain_attention},
    tensors::{Fused, Linear, NormAt, order},
};
use crate::engine::local::{
    config::Config,
    kernel::{Activation, Heads},
};

pub(super) const FAMILY: Family = Family { name: "gpt_neox", read };

fn read(config: &Config<'_>) -> Arch {
    let hidden = config.size_or("hidden_size", 6144);
    let queries = config.size_or("num_attention_heads", 64);
    let dim = head_dim(config, ("hidden_size", hidden), ("num_attention_heads", queries));
    let heads = Heads { queries, keys: queries, dim, values: dim };
    let mlp = config.size_or("intermediate_size", 24576);
    let activation = config.word_or("hidden_act", Activation::Gelu, ACTIVATIONS);
    let norm = layer_norm(config, "layer_norm_eps", 1e-5);
    let context = config.size_or("max_position_embeddings", 2048);
    let share = Rotary::share(config, "rotary_pct", 0.25);
    let base = config.positive_or("rotary_emb_base", 10_000.0);
    let rotary = Rotary::read(config, (dim as f64 * share) as usize, context, base);
    let bias = config.flag_or("attention_bias", true);
    let parallel = config.flag_or("use_parallel_residual", true);
    let layer = |layer: usize| {
        let linear = |name, inputs, outputs, bias| Linear::new(at(layer, name), inputs, outputs, bias);
        let first = NormAt::new(norm, at(layer, "input_layernorm"), hidden, true);
        let second = NormAt::new(norm, at(layer, "post_attention_layernorm"), hidden, true);
        let qkv = linear("attention.query_key_value", hidden, 3 * hidden, bias);
        Layer {
            wiring: if parallel {
                Wiring::Parallel { attention: first, feed: Some(second) }
            } else {
                Wiring::Serial { attention: Around::Before(first), feed: Around::Before(second) }
            },
            attention: plain_attention(
                heads,
                qkv.ordered(order(heads, Fused::Grouped, 0)),
                linear("attention.dense", hidden, hidden, bias),
            ),
            feed: Feed::Dense(Mlp {
                up: linear("mlp.dense_h_to_4h", hidden, mlp, true),
                bend: Bend::Plain(activation),
                down: linear("mlp.dense_4h_to_h", mlp, hidden, true),
            }),
            residual: None,
        }
    };
    let vocabulary = config.size_or("vocab_size", 50432);
    let tied = config.flag_or("tie_word_embeddings", false);
    Arch {
        context: rotary.reach(context),
        vocabulary,
        hidden,
        embedding: embedding("embed_in", vocabulary, hidden),
        rotaries: vec![rotary],
        layers: (0..layers(config, "num_hidden_layers", 44)).map(layer).collect(),
        norm: Some(NormAt::new(norm, "final_layer_norm", hidden, true)),
        head: head((!tied).then_some("embed_out"), vocabulary, hidden),
        prefixes: &["gpt_neox.", ""],
        begins: config.ids_or("bos_token_id", 0),
        ends: config.ids_or("eos_token_id", 2),
    }
}
