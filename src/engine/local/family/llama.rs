//! Llama (Touvron et al. 2023), to which many later families are close.

use super::{ACTIVATIONS, Arch, Bias, Family, Layout, Names, Position, Rotary};
use crate::engine::local::{
    config::Config,
    kernel::{Activation, Heads, Norm},
};

pub(super) const FAMILY: Family = Family { name: "llama", read };

const NAMES: Names = Names {
    prefixes: &["model.", ""],
    embedding: "embed_tokens",
    positions: None,
    layers: "layers",
    attention_norm: "input_layernorm",
    qkv: &["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"],
    output: "self_attn.o_proj",
    mlp_norm: "post_attention_layernorm",
    up: &["mlp.gate_proj", "mlp.up_proj"],
    down: "mlp.down_proj",
    final_norm: "norm",
    head: "lm_head",
};

fn read(config: &Config<'_>) -> Arch {
    let hidden = config.size_or("hidden_size", 4096);
    let layers = config.size_or("num_hidden_layers", 32);
    let queries = config.size_or("num_attention_heads", 32);
    let keys = config.size_or("num_key_value_heads", queries);
    let context = config.size_or("max_position_embeddings", 2048);
    let dim = config.optional_size("head_dim").unwrap_or_else(|| {
        if !hidden.is_multiple_of(queries) {
            config.fault(format!(
                "`hidden_size` ({hidden}) is not a multiple of `num_attention_heads` ({queries})"
            ));
        }
        (hidden / queries).max(1)
    });
    if !queries.is_multiple_of(keys) {
        config.fault(format!(
            "`num_attention_heads` ({queries}) is not a multiple of `num_key_value_heads` ({keys})"
        ));
    }
    let rotary = Rotary::read(config, dim, context, 10_000.0);
    let bias = config.flag_or("attention_bias", false);
    Arch {
        context: rotary.reach(context),
        vocabulary: config.size_or("vocab_size", 32000),
        hidden,
        layers,
        heads: Heads { queries, keys, dim, values: dim },
        scales: vec![(dim as f32).sqrt().recip(); layers],
        mlp: config.size_or("intermediate_size", 11008),
        activation: config.word_or("hidden_act", Activation::Silu, ACTIVATIONS),
        norm: Norm::Rms { eps: config.positive_or("rms_norm_eps", 1e-6) as f32 },
        position: Position::Rotary(rotary),
        layout: Layout::OutputsFirst,
        bias: Bias { qkv: bias, output: bias, mlp: config.flag_or("mlp_bias", false), norm: false },
        tied: config.flag_or("tie_word_embeddings", false),
        names: NAMES,
        begins: config.ids_or("bos_token_id", 1),
        ends: config.ids_or("eos_token_id", 2),
    }
}
