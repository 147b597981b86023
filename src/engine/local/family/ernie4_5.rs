//! ERNIE 4.5 (Baidu 2025), its dense form: Llama with values rotated in neighbouring pairs.

use super::{
    Family,
    arch::{Arch, Feed, Layer},
    keys::{Sizes, at, rms},
};
use crate::engine::local::{config::Config, kernel::Activation};

pub(super) const FAMILY: Family = Family { name: "ernie4_5", read };

const SIZES: Sizes = Sizes {
    hidden: 1024,
    layers: 18,
    queries: 16,
    keys: Some(2),
    dim: Some(128),
    mlp: 3072,
    vocabulary: 103_424,
    context: 131_072,
};

fn read(config: &Config<'_>) -> Arch {
    let mut common = SIZES.read(config, rms(config, "rms_norm_eps", 1e-5));
    let bias = config.flag_or("use_bias", false);
    (common.qkv_bias, common.output_bias, common.mlp_bias) = (bias, bias, bias);
    common.paired = common.heads.dim;
    let activation = common.activation(Activation::Silu);
    common.arch(vec![common.rotary(500_000.0)], true, (Some(1), Some(2)), |layer| Layer {
        wiring: common.pre_norms(layer),
        attention: common.attention(layer),
        feed: Feed::Dense(common.gated_mlp(at(layer, "mlp"), common.mlp, activation)),
        residual: None,
    })
}
