//! Qwen3-MoE (Yang et al. 2025): Qwen3 with a mixture of experts.

use super::{
    Family,
    arch::{Arch, Attention, Feed, Layer},
    keys::{Sizes, at, rms, sparse, weights, windows},
};
use crate::engine::local::{config::Config, kernel::Activation};

pub(super) const FAMILY: Family = Family { name: "qwen3_moe", read };

const SIZES: Sizes = Sizes {
    hidden: 2048,
    layers: 24,
    queries: 32,
    keys: Some(4),
    dim: Some(128),
    mlp: 6144,
    vocabulary: 151_936,
    context: 32768,
};

fn read(config: &Config<'_>) -> Arch {
    let mut common = SIZES.read(config, rms(config, "rms_norm_eps", 1e-6));
    common.qkv_bias = config.flag_or("attention_bias", false);
    common.output_bias = common.qkv_bias;
    let activation = common.activation(Activation::Silu);
    let slides = config.flag_or("use_sliding_window", false);
    let window = if slides { config.size_unless_null("sliding_window", Some(4096)) } else { None };
    let windows = windows(config, common.layers, window, |_| slides);
    let count = config.optional_size("num_experts").or_else(|| config.optional_size("num_local_experts"));
    let experts = (count.unwrap_or(128), config.size_or("num_experts_per_tok", 8));
    let width = config.size_or("moe_intermediate_size", 768);
    let (sparse, weights) = (sparse(config), weights(config));
    common.arch(vec![common.rotary(10_000.0)], false, (None, None), |layer| Layer {
        wiring: common.pre_norms(layer),
        attention: Attention {
            norms: Some(common.head_norms(layer)),
            window: windows[layer],
            ..common.attention(layer)
        },
        feed: if sparse(layer) {
            Feed::Experts(common.experts(at(layer, "mlp.gate"), experts, weights, |expert| {
                common.gated_mlp(at(layer, &format!("mlp.experts.{expert}")), width, activation)
            }))
        } else {
            Feed::Dense(common.gated_mlp(at(layer, "mlp"), common.mlp, activation))
        },
        residual: None,
    })
}
