//! GPT-2 (Radford et al. 2019).

use super::{ACTIVATIONS, Arch, Bias, Family, Layout, Names, Position};
use crate::engine::local::{
    config::Config,
    kernel::{Activation, Heads, Norm},
};

pub(super) const FAMILY: Family = Family { name: "gpt2", read };

const NAMES: Names = Names {
    // Checkpoints of the bare model, such as the first one, leave the prefix out.
    prefixes: &["transformer.", ""],
    embedding: "wte",
    positions: Some("wpe"),
    layers: "h",
    attention_norm: "ln_1",
    qkv: &["attn.c_attn"],
    output: "attn.c_proj",
    mlp_norm: "ln_2",
    up: &["mlp.c_fc"],
    down: "mlp.c_proj",
    final_norm: "ln_f",
    head: "lm_head",
};

fn read(config: &Config<'_>) -> Arch {
    let hidden = config.size_or("n_embd", 768);
    let layers = config.size_or("n_layer", 12);
    let heads = config.size_or("n_head", 12);
    if !hidden.is_multiple_of(heads) {
        config.fault(format!("`n_embd` ({hidden}) is not a multiple of `n_head` ({heads})"));
    }
    if config.flag_or("add_cross_attention", false) {
        config.fault("`add_cross_attention` is true; only models without an encoder are run");
    }
    let dim = (hidden / heads).max(1);
    let scale = if config.flag_or("scale_attn_weights", true) { (dim as f32).sqrt().recip() } else { 1.0 };
    let by_layer = config.flag_or("scale_attn_by_inverse_layer_idx", false);
    Arch {
        context: config.size_or("n_positions", 1024),
        vocabulary: config.size_or("vocab_size", 50257),
        hidden,
        layers,
        heads: Heads { queries: heads, keys: heads, dim, values: dim },
        scales: (0..layers).map(|layer| if by_layer { scale / (layer + 1) as f32 } else { scale }).collect(),
        mlp: config.size_or("n_inner", 4 * hidden),
        activation: config.word_or("activation_function", Activation::GeluTanh, ACTIVATIONS),
        norm: Norm::Layer { eps: config.positive_or("layer_norm_epsilon", 1e-5) as f32 },
        position: Position::Learned,
        layout: Layout::InputsFirst,
        bias: Bias { qkv: true, output: true, mlp: true, norm: true },
        tied: config.flag_or("tie_word_embeddings", true),
        names: NAMES,
        begins: config.ids_or("bos_token_id", 50256),
        ends: config.ids_or("eos_token_id", 50256),
    }
}
