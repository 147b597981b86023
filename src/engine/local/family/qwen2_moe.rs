//! Qwen1.5-MoE and Qwen2-MoE: Qwen2 with experts, one of which is given every token.

use super::{
    Family,
    arch::{Arch, Attention, Feed, Layer, Shared},
    keys::{Sizes, at, qwen_windows, rms, sparse, weights},
    tensors::Linear,
};
use crate::engine::local::{config::Config, kernel::Activation};

pub(super) const FAMILY: Family = Family { name: "qwen2_moe", read };

const SIZES: Sizes = Sizes {
    hidden: 2048,
    layers: 24,
    queries: 16,
    keys: Some(16),
    dim: None,
    mlp: 5632,
    vocabulary: 151_936,
    context: 32768,
};

fn read(config: &Config<'_>) -> Arch {
    let mut common = SIZES.read(config, rms(config, "rms_norm_eps", 1e-6));
    common.qkv_bias = config.flag_or("qkv_bias", true);
    let activation = common.activation(Activation::Silu);
    let windows = qwen_windows(config, common.layers, |layer, below| layer % 2 == 0 && layer < below);
    let (count, chosen) = (config.size_or("num_experts", 60), config.size_or("num_experts_per_tok", 4));
    let width = config.size_or("moe_intermediate_size", 1408);
    let shared = config.size_or("shared_expert_intermediate_size", 5632);
    let (sparse, weights) = (sparse(config), weights(config));
    common.arch(vec![common.rotary(10_000.0)], false, (None, None), |layer| Layer {
        wiring: common.pre_norms(layer),
        attention: Attention { window: windows[layer], ..common.attention(layer) },
        feed: if sparse(layer) {
            let mut experts = common.experts(at(layer, "mlp.gate"), (count, chosen), weights, |expert| {
                common.gated_mlp(at(layer, &format!("mlp.experts.{expert}")), width, activation)
            });
            experts.shared = Some(Shared {
                mlp: common.gated_mlp(at(layer, "mlp.shared_expert"), shared, activation),
                gate: Some(Linear::new(at(layer, "mlp.shared_expert_gate"), common.hidden, 1, false)),
            });
            Feed::Experts(experts)
        } else {
            Feed::Dense(common.gated_mlp(at(layer, "mlp"), common.mlp, activation))
        },
        residual: None,
    })
}
