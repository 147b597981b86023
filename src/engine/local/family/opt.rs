//! OPT and Galactica (Zhang et al. 2022).

use super::{
    ACTIVATIONS, Family,
    arch::{Arch, Around, Attention, Bend, Feed, Layer, Mlp, Positions, Wiring},
    keys::{at, embedding, head, head_dim, layers, plain_attention},
    tensors::{Linear, NormAt, Table},
};
use crate::engine::local::{
    config::Config,
    kernel::{Activation, Heads, Norm},
};

pub(super) const FAMILY: Family = Family { name: "opt", read };

/// The row of the first position.
const FIRST: usize = 2;

fn read(config: &Config<'_>) -> Arch {
    let hidden = config.size_or("hidden_size", 768);
    let queries = config.size_or("num_attention_heads", 12);
    let dim = head_dim(config, ("hidden_size", hidden), ("num_attention_heads", queries));
    let heads = Heads { queries, keys: queries, dim, values: dim };
    let mlp = config.size_or("ffn_dim", 3072);
    let activation = config.word_or("activation_function", Activation::Relu, ACTIVATIONS);
    let bias = config.flag_or("enable_bias", true);
    let affine = config.flag_or("layer_norm_elementwise_affine", true);
    let before = config.flag_or("do_layer_norm_before", true);
    let eps = Norm::Layer { eps: 1e-5 };
    let norm = |name: &str| {
        if affine { NormAt::new(eps, name, hidden, true) } else { NormAt::bare(eps, hidden) }
    };
    let layer = |layer: usize| {
        let linear = |name, inputs, outputs| Linear::new(at(layer, name), inputs, outputs, bias);
        let around = |name: &str| {
            let norm = norm(&at(layer, name));
            if before { Around::Before(norm) } else { Around::Sum(norm) }
        };
        let qkv = linear("self_attn.q_proj", hidden, hidden)
            .and(linear("self_attn.k_proj", hidden, hidden))
            .and(linear("self_attn.v_proj", hidden, hidden));
        Layer {
            wiring: Wiring::Serial {
                attention: around("self_attn_layer_norm"),
                feed: around("final_layer_norm"),
            },
            attention: Attention {
                rotary: None,
                ..plain_attention(heads, qkv, linear("self_attn.out_proj", hidden, hidden))
            },
            feed: Feed::Dense(Mlp {
                up: linear("fc1", hidden, mlp),
                bend: Bend::Plain(activation),
                down: linear("fc2", mlp, hidden),
            }),
            residual: None,
        }
    };
    let context = config.size_or("max_position_embeddings", 2048);
    let vocabulary = config.size_or("vocab_size", 50272);
    // As wide as the layers where it is left out or null.
    let width = config.size_or("word_embed_proj_dim", hidden);
    let tied = config.flag_or("tie_word_embeddings", true);
    let mut embedding = embedding("embed_tokens", vocabulary, width);
    let table = Table { name: "embed_positions.weight".into(), rows: context + FIRST, width: hidden };
    embedding.positions = Some(Positions { table, first: FIRST });
    let mut head = head((!tied).then_some("lm_head"), vocabulary, width);
    if width != hidden {
        embedding.project = Some(Linear::new("project_in", width, hidden, false));
        head.project = Some(Linear::new("project_out", hidden, width, false));
    }
    let last = before && !config.flag_or("_remove_final_layer_norm", false);
    Arch {
        context,
        vocabulary,
        hidden,
        embedding,
        rotaries: vec![],
        layers: (0..layers(config, "num_hidden_layers", 12)).map(layer).collect(),
        norm: last.then(|| norm("final_layer_norm")),
        head,
        prefixes: &["model.decoder.", "decoder.", ""],
        begins: config.ids_or("bos_token_id", 2),
        ends: config.ids_or("eos_token_id", 2),
    }
}
