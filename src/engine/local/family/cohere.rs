//! Command R (Cohere 2024): attention and MLP side by side after one norm, values rotated in neighbouring pairs.

use super::{
    Family,
    arch::{Arch, Attention, Feed, Layer, QkNorms, Wiring},
    keys::{Common, Sizes, at, layer_norm, windows},
    tensors::{NormAt, Scale, apart},
};
use crate::engine::local::{config::Config, kernel::Activation};

pub(super) const FAMILY: Family = Family { name: "cohere", read };
/// Command R7B and A: windows on three of four layers, and no rotation on the others.
pub(super) const SECOND: Family = Family { name: "cohere2", read: read_second };

const SIZES: Sizes = Sizes {
    hidden: 8192,
    layers: 40,
    queries: 64,
    keys: None,
    dim: None,
    mlp: 22528,
    vocabulary: 256_000,
    context: 8192,
};

fn common<'c>(config: &'c Config<'c>) -> Common<'c> {
    let mut common = SIZES.read(config, layer_norm(config, "layer_norm_eps", 1e-5));
    common.qkv_bias = config.flag_or("attention_bias", false);
    common.output_bias = common.qkv_bias;
    common.paired = common.heads.dim;
    common
}

fn read(config: &Config<'_>) -> Arch {
    let common = common(config);
    let normed = config.flag_or("use_qk_norm", false);
    let dim = common.heads.dim;
    let norm = |layer, name, heads: usize| NormAt {
        weight: Scale::Rows(at(layer, name), heads),
        order: (0..heads).flat_map(|head| apart(head * dim, dim, dim)).collect(),
        ..NormAt::bare(common.norm, heads * dim)
    };
    let norms = |layer| QkNorms {
        queries: norm(layer, "self_attn.q_norm.weight", common.heads.queries),
        keys: norm(layer, "self_attn.k_norm.weight", common.heads.keys),
        whole: false,
    };
    // Files of transformers 4 that leave it out mean 10000; those of the Hub state it.
    arch(&common, 500_000.0, |layer| Attention {
        norms: normed.then(|| norms(layer)),
        ..common.attention(layer)
    })
}

fn read_second(config: &Config<'_>) -> Arch {
    let common = common(config);
    let window = config.size_unless_null("sliding_window", Some(4096));
    let pattern = config.size_or("sliding_window_pattern", 4);
    let windows = windows(config, common.layers, window, |layer| (layer + 1) % pattern != 0);
    arch(&common, 10_000.0, |layer| Attention {
        rotary: windows[layer].map(|_| 0),
        window: windows[layer],
        ..common.attention(layer)
    })
}

fn arch(common: &Common<'_>, base: f64, attention: impl Fn(usize) -> Attention) -> Arch {
    let activation = common.activation(Activation::Silu);
    let mut arch = common.arch(vec![common.rotary(base)], true, (Some(5), Some(255_001)), |layer| Layer {
        wiring: Wiring::Parallel { attention: common.norm(at(layer, "input_layernorm")), feed: None },
        attention: attention(layer),
        feed: Feed::Dense(common.gated_mlp(at(layer, "mlp"), common.mlp, activation)),
        residual: None,
    });
    arch.head.scale = Some(common.config.positive_or("logit_scale", 0.0625) as f32);
    arch
}
