//! Gemma (Gemma Team 2024): norms that add 1 to their weights, and scaled embeddings.

use super::{
    Family,
    arch::{Arch, Feed, Layer},
    keys::{Sizes, at, rms},
};
use crate::engine::local::{config::Config, kernel::Activation};

pub(super) const FAMILY: Family = Family { name: "gemma", read };

const SIZES: Sizes = Sizes {
    hidden: 3072,
    layers: 28,
    queries: 16,
    keys: Some(16),
    dim: Some(256),
    mlp: 24576,
    vocabulary: 256_000,
    context: 8192,
};

fn read(config: &Config<'_>) -> Arch {
    config.refuse("use_bidirectional_attention", "only causal models are run");
    let mut common = SIZES.read(config, rms(config, "rms_norm_eps", 1e-6));
    common.one_plus = true;
    common.qkv_bias = config.flag_or("attention_bias", false);
    common.output_bias = common.qkv_bias;
    let activation = match common.activation(Activation::GeluTanh) {
        // The first configs say `gelu` and mean the other form.
        Activation::Gelu => Activation::GeluTanh,
        other => other,
    };
    let mut arch = common.arch(vec![common.rotary(10_000.0)], true, (Some(2), Some(1)), |layer| Layer {
        wiring: common.pre_norms(layer),
        attention: common.attention(layer),
        feed: Feed::Dense(common.gated_mlp(at(layer, "mlp"), common.mlp, activation)),
        residual: None,
    });
    arch.embedding.scale = Some((common.hidden as f64).sqrt() as f32);
    arch
}
