//! GPT-Neo (Black et al. 2021): scores that are not scaled, and windows on some layers.

use std::num::NonZeroUsize;

use serde_json::Value;

use super::{
    ACTIVATIONS, Family,
    arch::{Arch, Around, Attention, Bend, Feed, Layer, Mlp, Positions, Wiring},
    keys::{embedding, head, head_dim, layer_norm, layers, plain_attention},
    tensors::{Linear, NormAt, Table},
};
use crate::engine::local::{
    config::Config,
    kernel::{Activation, Heads},
};

pub(super) const FAMILY: Family = Family { name: "gpt_neo", read };

fn read(config: &Config<'_>) -> Arch {
    config.aside(&["attention_layers"]);
    let hidden = config.size_or("hidden_size", 2048);
    let queries = config.size_or("num_heads", 16);
    let dim = head_dim(config, ("hidden_size", hidden), ("num_heads", queries));
    let heads = Heads { queries, keys: queries, dim, values: dim };
    let mlp = config.size_or("intermediate_size", 4 * hidden);
    let activation = config.word_or("activation_function", Activation::GeluTanh, ACTIVATIONS);
    let norm = layer_norm(config, "layer_norm_epsilon", 1e-5);
    let layers = layers(config, "num_layers", 24);
    let local = local(config, layers);
    let window = NonZeroUsize::new(config.size_or("window_size", 256));
    let layer = |layer: usize| {
        let at = |name: &str| format!("h.{layer}.{name}");
        let linear = |name, inputs, outputs, bias| Linear::new(at(name), inputs, outputs, bias);
        let before = |name| Around::Before(NormAt::new(norm, at(name), hidden, true));
        let qkv = linear("attn.attention.q_proj", hidden, hidden, false)
            .and(linear("attn.attention.k_proj", hidden, hidden, false))
            .and(linear("attn.attention.v_proj", hidden, hidden, false));
        let output = linear("attn.attention.out_proj", hidden, hidden, true);
        Layer {
            wiring: Wiring::Serial { attention: before("ln_1"), feed: before("ln_2") },
            attention: Attention {
                rotary: None,
                scale: 1.0,
                window: window.filter(|_| local[layer]),
                ..plain_attention(heads, qkv, output)
            },
            feed: Feed::Dense(Mlp {
                up: linear("mlp.c_fc", hidden, mlp, true),
                bend: Bend::Plain(activation),
                down: linear("mlp.c_proj", mlp, hidden, true),
            }),
            residual: None,
        }
    };
    let context = config.size_or("max_position_embeddings", 2048);
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
        layers: (0..layers).map(layer).collect(),
        norm: Some(NormAt::new(norm, "ln_f", hidden, true)),
        head: head((!tied).then_some("lm_head"), vocabulary, hidden),
        prefixes: &["transformer.", ""],
        begins: config.ids_or("bos_token_id", 50256),
        ends: config.ids_or("eos_token_id", 50256),
    }
}

/// Which layers have a window: `attention_types` holds patterns and how often each is repeated.
fn local(config: &Config<'_>, layers: usize) -> Vec<bool> {
    let words = [("global", false), ("local", true)];
    let Some(types) = config.get("attention_types") else {
        let listed = config.words("attention_layers", layers, &words);
        return listed.unwrap_or_else(|| (0..layers).map(|layer| layer % 2 == 1).collect());
    };
    let word = |word: &Value| words.iter().find(|(own, _)| word == own).map(|(_, local)| *local);
    let pattern = |pair: &Value| {
        let kinds: Option<Vec<bool>> = pair.get(0)?.as_array()?.iter().map(word).collect();
        let times = pair.get(1)?.as_u64().filter(|times| *times <= layers as u64)?;
        Some(kinds?.repeat(times as usize))
    };
    let all: Option<Vec<Vec<bool>>> = types.as_array().and_then(|pairs| pairs.iter().map(pattern).collect());
    let all = all.map(|all| all.concat()).filter(|all| all.len() == layers);
    all.unwrap_or_else(|| {
        config.fault(format!(
            "`attention_types` is {types}; patterns of `global` and `local`, each with how often it is repeated, for {layers} layers are allowed"
        ));
        vec![false; layers]
    })
}
