//! GLM-4-0414 (GLM Team 2024): norms before and after each step, half of each head rotated in neighbouring pairs.

use super::{
    Family, Rotary,
    arch::{Arch, Around, Bend, Feed, Layer, Mlp, Wiring},
    keys::{Sizes, at, rms},
    tensors::Linear,
};
use crate::engine::local::{config::Config, kernel::Activation};

pub(super) const FAMILY: Family = Family { name: "glm4", read };

const SIZES: Sizes = Sizes {
    hidden: 4096,
    layers: 40,
    queries: 32,
    keys: Some(2),
    dim: Some(128),
    mlp: 13696,
    vocabulary: 151_552,
    context: 131_072,
};

fn read(config: &Config<'_>) -> Arch {
    let mut common = SIZES.read(config, rms(config, "rms_norm_eps", 1.5625e-7));
    common.qkv_bias = config.flag_or("attention_bias", true);
    let activation = common.activation(Activation::Silu);
    let rotary: Rotary = common.partial_rotary(10_000.0, 0.5);
    common.paired = rotary.dim;
    let norm = |layer, name| common.norm(at(layer, name));
    common.arch(vec![rotary], false, (None, None), |layer| Layer {
        wiring: Wiring::Serial {
            attention: Around::Both(norm(layer, "input_layernorm"), norm(layer, "post_self_attn_layernorm")),
            feed: Around::Both(norm(layer, "post_attention_layernorm"), norm(layer, "post_mlp_layernorm")),
        },
        attention: common.attention(layer),
        feed: Feed::Dense(Mlp {
            up: Linear::new(at(layer, "mlp.gate_up_proj"), common.hidden, 2 * common.mlp, false),
            bend: Bend::Gated(activation),
            down: Linear::new(at(layer, "mlp.down_proj"), common.mlp, common.hidden, false),
        }),
        residual: None,
    })
}
