//! Qwen3 (Yang et al. 2025): Llama with a norm on each head's query and key.

use super::{
    Family,
    arch::{Arch, Attention, Feed, Layer},
    keys::{Sizes, at, qwen_windows, rms},
};
use crate::engine::local::{config::Config, kernel::Activation};

pub(super) const FAMILY: Family = Family { name: "qwen3", read };

const SIZES: Sizes = Sizes {
    hidden: 4096,
    layers: 32,
    queries: 32,
    keys: Some(32),
    dim: Some(128),
    mlp: 22016,
    vocabulary: 151_936,
    context: 32768,
};

fn read(config: &Config<'_>) -> Arch {
    let mut common = SIZES.read(config, rms(config, "rms_norm_eps", 1e-6));
    common.qkv_bias = config.flag_or("attention_bias", false);
    common.output_bias = common.qkv_bias;
    let activation = common.activation(Activation::Silu);
    let windows = qwen_windows(config, common.layers, |layer, from| layer >= from);
    common.arch(vec![common.rotary(10_000.0)], false, (None, None), |layer| Layer {
        wiring: common.pre_norms(layer),
        attention: Attention {
            norms: Some(common.head_norms(layer)),
            window: windows[layer],
            ..common.attention(layer)
        },
        feed: Feed::Dense(common.gated_mlp(at(layer, "mlp"), common.mlp, activation)),
        residual: None,
    })
}
