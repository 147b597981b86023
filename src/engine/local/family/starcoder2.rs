//! StarCoder 2 (Lozhkov et al. 2024): layer norms, biases, a plain MLP and a window.

use super::{
    Family,
    arch::{Arch, Attention, Feed, Layer},
    keys::{Sizes, layer_norm, windows},
};
use crate::engine::local::{config::Config, kernel::Activation};

pub(super) const FAMILY: Family = Family { name: "starcoder2", read };

const SIZES: Sizes = Sizes {
    hidden: 3072,
    layers: 30,
    queries: 24,
    keys: Some(2),
    dim: None,
    mlp: 12288,
    vocabulary: 49152,
    context: 4096,
};

fn read(config: &Config<'_>) -> Arch {
    let mut common = SIZES.read(config, layer_norm(config, "norm_epsilon", 1e-5));
    let bias = config.flag_or("use_bias", true);
    (common.qkv_bias, common.output_bias, common.mlp_bias, common.norm_bias) = (bias, bias, bias, true);
    let activation = common.activation(Activation::GeluTanh);
    let windows = windows(config, common.layers, config.optional_size("sliding_window"), |_| true);
    common.arch(vec![common.rotary(10_000.0)], true, (Some(50256), Some(50256)), |layer| Layer {
        wiring: common.pre_norms(layer),
        attention: Attention { window: windows[layer], ..common.attention(layer) },
        feed: Feed::Dense(common.plain_mlp(layer, activation, ["mlp.c_fc", "mlp.c_proj"])),
        residual: None,
    })
}
