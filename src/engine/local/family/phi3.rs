//! Phi-3, 3.5 and 4 (Abdin et al. 2024): Llama with fused matrices, a window, and rotations for long texts.

use super::{
    Family,
    arch::{Arch, Attention, Bend, Feed, Inputs, Layer, Mlp},
    keys::{Sizes, at, rms, windows},
    tensors::Linear,
};
use crate::engine::local::{config::Config, kernel::Activation};

pub(super) const FAMILY: Family = Family { name: "phi3", read };

const SIZES: Sizes = Sizes {
    hidden: 3072,
    layers: 32,
    queries: 32,
    keys: None,
    dim: None,
    mlp: 8192,
    vocabulary: 32064,
    context: 4096,
};

fn read(config: &Config<'_>) -> Arch {
    config.aside(&["original_max_position_embeddings", "partial_rotary_factor"]);
    let common = SIZES.read(config, rms(config, "rms_norm_eps", 1e-5));
    let activation = common.activation(Activation::Silu);
    let windows = windows(config, common.layers, config.optional_size("sliding_window"), |_| true);
    let heads = common.heads;
    let all = (heads.queries + 2 * heads.keys) * heads.dim;
    let rotary = common.partial_rotary(10_000.0, 1.0);
    common.arch(vec![rotary], false, (Some(1), Some(32000)), |layer| Layer {
        wiring: common.pre_norms(layer),
        attention: Attention {
            inputs: Inputs::Direct(Linear::new(at(layer, "self_attn.qkv_proj"), common.hidden, all, false)),
            window: windows[layer],
            ..common.attention(layer)
        },
        feed: Feed::Dense(Mlp {
            up: Linear::new(at(layer, "mlp.gate_up_proj"), common.hidden, 2 * common.mlp, false),
            bend: Bend::Gated(activation),
            down: Linear::new(at(layer, "mlp.down_proj"), common.mlp, common.hidden, false),
        }),
        residual: None,
    })
}
