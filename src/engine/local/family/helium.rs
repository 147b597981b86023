//! Helium (Kyutai 2025): Llama with values rotated in neighbouring pairs.

use super::{
    Family,
    arch::{Arch, Feed, Layer},
    keys::{Sizes, at, rms},
};
use crate::engine::local::{config::Config, kernel::Activation};

pub(super) const FAMILY: Family = Family { name: "helium", read };

const SIZES: Sizes = Sizes {
    hidden: 2560,
    layers: 24,
    queries: 20,
    keys: Some(20),
    dim: Some(128),
    mlp: 7040,
    vocabulary: 48000,
    context: 4096,
};

fn read(config: &Config<'_>) -> Arch {
    let mut common = SIZES.read(config, rms(config, "rms_norm_eps", 1e-8));
    common.qkv_bias = config.flag_or("attention_bias", false);
    common.mlp_bias = config.flag_or("mlp_bias", false);
    common.paired = common.heads.dim;
    let activation = common.activation(Activation::Silu);
    common.arch(vec![common.rotary(100_000.0)], false, (Some(1), Some(2)), |layer| Layer {
        wiring: common.pre_norms(layer),
        attention: common.attention(layer),
        feed: Feed::Dense(common.gated_mlp(at(layer, "mlp"), common.mlp, activation)),
        residual: None,
    })
}
