//! Phi-1, 1.5 and 2 (Gunasekar et al. 2023): attention and MLP side by side after one norm, biases everywhere.

use super::{
    Family,
    arch::{Arch, Attention, Feed, Layer, QkNorms, Wiring},
    keys::{Sizes, at, layer_norm},
    tensors::Linear,
};
use crate::engine::local::{config::Config, kernel::Activation};

pub(super) const FAMILY: Family = Family { name: "phi", read };

const SIZES: Sizes = Sizes {
    hidden: 2048,
    layers: 24,
    queries: 32,
    keys: None,
    dim: None,
    mlp: 8192,
    vocabulary: 51200,
    context: 2048,
};

fn read(config: &Config<'_>) -> Arch {
    let mut common = SIZES.read(config, layer_norm(config, "layer_norm_eps", 1e-5));
    (common.qkv_bias, common.mlp_bias, common.norm_bias) = (true, true, true);
    let activation = common.activation(Activation::GeluTanh);
    let normed = config.flag_or("qk_layernorm", false);
    let (dim, width) = (common.heads.dim, common.heads.queries * common.heads.dim);
    let norms = |layer| QkNorms {
        queries: common.norm_of(at(layer, "self_attn.q_layernorm"), dim),
        keys: common.norm_of(at(layer, "self_attn.k_layernorm"), dim),
        whole: false,
    };
    let rotary = common.partial_rotary(10_000.0, 0.5);
    let mut arch = common.arch(vec![rotary], false, (Some(1), Some(2)), |layer| Layer {
        wiring: Wiring::Parallel { attention: common.norm(at(layer, "input_layernorm")), feed: None },
        attention: Attention {
            norms: normed.then(|| norms(layer)),
            output: Linear::new(at(layer, "self_attn.dense"), width, common.hidden, true),
            ..common.attention(layer)
        },
        feed: Feed::Dense(common.plain_mlp(layer, activation, ["mlp.fc1", "mlp.fc2"])),
        residual: None,
    });
    arch.norm = Some(common.norm("final_layernorm"));
    arch.head.bias = Some("lm_head.bias".into());
    arch
}
