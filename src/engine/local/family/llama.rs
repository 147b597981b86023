//! Llama (Touvron et al. 2023), to which many later families are close.

use super::{
    Family,
    arch::{Arch, Feed, Layer},
    keys::{Sizes, at, rms},
};
use crate::engine::local::{config::Config, kernel::Activation};

pub(super) const FAMILY: Family = Family { name: "llama", read };

pub(super) const SIZES: Sizes = Sizes {
    hidden: 4096,
    layers: 32,
    queries: 32,
    keys: None,
    dim: None,
    mlp: 11008,
    vocabulary: 32000,
    context: 2048,
};

fn read(config: &Config<'_>) -> Arch {
    let mut common = SIZES.read(config, rms(config, "rms_norm_eps", 1e-6));
    common.qkv_bias = config.flag_or("attention_bias", false);
    common.output_bias = common.qkv_bias;
    common.mlp_bias = config.flag_or("mlp_bias", false);
    let activation = common.activation(Activation::Silu);
    common.arch(vec![common.rotary(10_000.0)], false, (Some(1), Some(2)), |layer| Layer {
        wiring: common.pre_norms(layer),
        attention: common.attention(layer),
        feed: Feed::Dense(common.gated_mlp(at(layer, "mlp"), common.mlp, activation)),
        residual: None,
    })
}
