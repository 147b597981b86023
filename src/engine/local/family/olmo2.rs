//! OLMo 2 (OLMo Team 2024): norms after each step, and of queries and keys over all heads.

use super::{
    Family,
    arch::{Arch, Attention, Feed, Layer},
    keys::{at, rms},
    olmo::SIZES,
};
use crate::engine::local::{config::Config, kernel::Activation};

pub(super) const FAMILY: Family = Family { name: "olmo2", read };

fn read(config: &Config<'_>) -> Arch {
    let mut common = SIZES.read(config, rms(config, "rms_norm_eps", 1e-5));
    common.qkv_bias = config.flag_or("attention_bias", false);
    common.output_bias = common.qkv_bias;
    let activation = common.activation(Activation::Silu);
    common.arch(vec![common.rotary(10_000.0)], false, (None, Some(50279)), |layer| Layer {
        wiring: common.post_norms(layer),
        attention: Attention { norms: Some(common.whole_norms(layer)), ..common.attention(layer) },
        feed: Feed::Dense(common.gated_mlp(at(layer, "mlp"), common.mlp, activation)),
        residual: None,
    })
}
