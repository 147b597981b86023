//! GPT-J (Wang and Komatsuzaki 2021): attention and MLP side by side, a part of each head rotated in neighbouring pairs.

use super::{
    ACTIVATIONS, Family, Rotary,
    arch::{Arch, Bend, Feed, Layer, Mlp, Wiring},
    keys::{embedding, head, head_dim, layer_norm, layers, plain_attention},
    tensors::{Fused, Linear, NormAt, order},
};
use crate::engine::local::{
    config::Config,
    kernel::{Activation, Heads},
};

pub(super) const FAMILY: Family = Family { name: "gptj", read: |config| arch(config, false) };
/// CodeGen (Nijkamp et al. 2022): the same with one matrix to queries, values and keys, in four shards.
pub(super) const CODEGEN: Family = Family { name: "codegen", read: |config| arch(config, true) };

fn arch(config: &Config<'_>, fused: bool) -> Arch {
    let hidden = config.size_or("n_embd", 4096);
    let queries = config.size_or("n_head", 16);
    let dim = head_dim(config, ("n_embd", hidden), ("n_head", queries));
    let heads = Heads { queries, keys: queries, dim, values: dim };
    if fused && !queries.is_multiple_of(4) {
        config.fault(format!(
            "`n_head` ({queries}) is not a multiple of 4, in which queries, values and keys are sharded"
        ));
    }
    let turned = config.size_unless_null("rotary_dim", Some(64)).unwrap_or_else(|| {
        config.fault("`rotary_dim` is null; how many values of a head are rotated must be known");
        2
    });
    let context = config.size_or("n_positions", 2048);
    let rotary = Rotary::plain(config, turned, 10_000.0);
    if turned > dim {
        config.fault(format!("`rotary_dim` ({turned}) is more than the values of a head ({dim})"));
    }
    let paired = turned.min(dim) / 2 * 2;
    let mlp = config.size_or("n_inner", 4 * hidden);
    let activation = config.word_or("activation_function", Activation::GeluTanh, ACTIVATIONS);
    let norm = layer_norm(config, "layer_norm_epsilon", 1e-5);
    let layer = |layer: usize| {
        let at = |name: &str| format!("h.{layer}.{name}");
        let linear = |name, inputs, outputs, bias| Linear::new(at(name), inputs, outputs, bias);
        let qkv = if fused {
            linear("attn.qkv_proj", hidden, 3 * hidden, false).ordered(order(heads, Fused::Shards(4), paired))
        } else {
            linear("attn.q_proj", hidden, hidden, false)
                .and(linear("attn.k_proj", hidden, hidden, false))
                .and(linear("attn.v_proj", hidden, hidden, false))
                .ordered(order(heads, Fused::Apart, paired))
        };
        Layer {
            wiring: Wiring::Parallel { attention: NormAt::new(norm, at("ln_1"), hidden, true), feed: None },
            attention: plain_attention(heads, qkv, linear("attn.out_proj", hidden, hidden, false)),
            feed: Feed::Dense(Mlp {
                up: linear("mlp.fc_in", hidden, mlp, true),
                bend: Bend::Plain(activation),
                down: linear("mlp.fc_out", mlp, hidden, true),
            }),
            residual: None,
        }
    };
    let vocabulary = config.size_or("vocab_size", 50400);
    let tied = config.flag_or("tie_word_embeddings", false);
    let mut head = head((!tied).then_some("lm_head"), vocabulary, hidden);
    head.bias = Some("lm_head.bias".into());
    Arch {
        context,
        vocabulary,
        hidden,
        embedding: embedding("wte", vocabulary, hidden),
        rotaries: vec![rotary],
        layers: (0..layers(config, "n_layer", 28)).map(layer).collect(),
        norm: Some(NormAt::new(norm, "ln_f", hidden, true)),
        head,
        prefixes: &["transformer.", ""],
        begins: config.ids_or("bos_token_id", 50256),
        ends: config.ids_or("eos_token_id", 50256),
    }
}
