//! Seed-OSS (ByteDance 2025): Llama with biases to queries, keys and values.

use super::{
    Family,
    arch::{Arch, Feed, Layer},
    keys::{Sizes, at, rms},
};
use crate::engine::local::{config::Config, kernel::Activation};

pub(super) const FAMILY: Family = Family { name: "seed_oss", read };

const SIZES: Sizes = Sizes {
    hidden: 4096,
    layers: 64,
    queries: 80,
    keys: Some(8),
    dim: Some(128),
    mlp: 27648,
    vocabulary: 155_136,
    context: 524_288,
};

fn read(config: &Config<'_>) -> Arch {
    let mut common = SIZES.read(config, rms(config, "rms_norm_eps", 1e-6));
    common.qkv_bias = config.flag_or("attention_bias", true);
    common.output_bias = config.flag_or("attention_out_bias", false);
    common.mlp_bias = config.flag_or("mlp_bias", false);
    let activation = common.activation(Activation::Silu);
    common.arch(vec![common.rotary(10_000.0)], false, (Some(0), Some(2)), |layer| Layer {
        wiring: common.pre_norms(layer),
        attention: common.attention(layer),
        feed: Feed::Dense(common.gated_mlp(at(layer, "mlp"), common.mlp, activation)),
        residual: None,
    })
}
