//! Nemotron-4 and Minitron (Parmar et al. 2024): layer norms that add 1 to their weights, squared ReLU.

use super::{
    Family,
    arch::{Arch, Feed, Layer},
    keys::{Sizes, layer_norm},
};
use crate::engine::local::{config::Config, kernel::Activation};

pub(super) const FAMILY: Family = Family { name: "nemotron", read };

const SIZES: Sizes = Sizes {
    hidden: 6144,
    layers: 32,
    queries: 48,
    keys: None,
    dim: None,
    mlp: 24576,
    vocabulary: 256_000,
    context: 4096,
};

fn read(config: &Config<'_>) -> Arch {
    let mut common = SIZES.read(config, layer_norm(config, "norm_eps", 1e-5));
    (common.norm_bias, common.one_plus) = (true, true);
    common.qkv_bias = config.flag_or("attention_bias", false);
    common.output_bias = common.qkv_bias;
    common.mlp_bias = config.flag_or("mlp_bias", false);
    let activation = common.activation(Activation::ReluSquared);
    let rotary = common.partial_rotary(10_000.0, 0.5);
    common.arch(vec![rotary], false, (Some(2), Some(3)), |layer| Layer {
        wiring: common.pre_norms(layer),
        attention: common.attention(layer),
        feed: Feed::Dense(common.plain_mlp(layer, activation, ["mlp.up_proj", "mlp.down_proj"])),
        residual: None,
    })
}
