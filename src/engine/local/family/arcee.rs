//! AFM (Arcee 2025): Llama with a plain MLP and squared ReLU.

use super::{
    Family,
    arch::{Arch, Feed, Layer},
    keys::{Sizes, rms},
};
use crate::engine::local::{config::Config, kernel::Activation};

pub(super) const FAMILY: Family = Family { name: "arcee", read };

const SIZES: Sizes = Sizes {
    hidden: 2560,
    layers: 32,
    queries: 32,
    keys: None,
    dim: None,
    mlp: 18432,
    vocabulary: 32000,
    context: 4096,
};

fn read(config: &Config<'_>) -> Arch {
    let mut common = SIZES.read(config, rms(config, "rms_norm_eps", 1e-5));
    common.qkv_bias = config.flag_or("attention_bias", false);
    common.output_bias = common.qkv_bias;
    common.mlp_bias = config.flag_or("mlp_bias", false);
    let activation = common.activation(Activation::ReluSquared);
    common.arch(vec![common.rotary(10_000.0)], false, (Some(128_000), Some(128_001)), |layer| Layer {
        wiring: common.pre_norms(layer),
        attention: common.attention(layer),
        feed: Feed::Dense(common.plain_mlp(layer, activation, ["mlp.up_proj", "mlp.down_proj"])),
        residual: None,
    })
}
