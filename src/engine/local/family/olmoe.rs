//! OLMoE (Muennighoff et al. 2024): experts, and norms of queries and keys over all heads.

use super::{
    Family,
    arch::{Arch, Attention, Feed, Layer},
    keys::{Sizes, at, rms, weights},
};
use crate::engine::local::{config::Config, kernel::Activation};

pub(super) const FAMILY: Family = Family { name: "olmoe", read };

const SIZES: Sizes = Sizes {
    hidden: 2048,
    layers: 16,
    queries: 16,
    keys: None,
    dim: None,
    mlp: 2048,
    vocabulary: 50304,
    context: 4096,
};

fn read(config: &Config<'_>) -> Arch {
    let mut common = SIZES.read(config, rms(config, "rms_norm_eps", 1e-5));
    common.qkv_bias = config.flag_or("attention_bias", false);
    common.output_bias = common.qkv_bias;
    let activation = common.activation(Activation::Silu);
    let clip = config.positive_unless_null("clip_qkv", None);
    let experts = (config.size_or("num_experts", 64), config.size_or("num_experts_per_tok", 8));
    let weights = weights(config);
    common.arch(vec![common.rotary(10_000.0)], false, (None, Some(50279)), |layer| Layer {
        wiring: common.pre_norms(layer),
        attention: Attention { norms: Some(common.whole_norms(layer)), clip, ..common.attention(layer) },
        feed: Feed::Experts(common.experts(at(layer, "mlp.gate"), experts, weights, |expert| {
            common.gated_mlp(at(layer, &format!("mlp.experts.{expert}")), common.mlp, activation)
        })),
        residual: None,
    })
}
