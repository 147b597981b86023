//! Granite 3 (Granite Team 2024): Llama with multipliers.

use super::{
    Family,
    arch::{Arch, Attention, Feed, Layer},
    keys::{at, rms},
    llama::SIZES,
};
use crate::engine::local::{config::Config, kernel::Activation};

pub(super) const FAMILY: Family = Family { name: "granite", read };

fn read(config: &Config<'_>) -> Arch {
    let mut common = SIZES.read(config, rms(config, "rms_norm_eps", 1e-6));
    common.qkv_bias = config.flag_or("attention_bias", false);
    common.output_bias = common.qkv_bias;
    common.mlp_bias = config.flag_or("mlp_bias", false);
    let activation = common.activation(Activation::Silu);
    let by = Multipliers::read(config);
    by.apply(common.arch(vec![common.rotary(10_000.0)], false, (Some(1), Some(2)), |layer| Layer {
        wiring: common.pre_norms(layer),
        attention: Attention { scale: by.attention, ..common.attention(layer) },
        feed: Feed::Dense(common.gated_mlp(at(layer, "mlp"), common.mlp, activation)),
        residual: Some(by.residual),
    }))
}

/// The multipliers of the Granite families.
#[derive(Clone, Copy)]
pub(super) struct Multipliers {
    pub attention: f32,
    pub residual: f32,
    embedding: f32,
    logits: f32,
}

impl Multipliers {
    pub fn read(config: &Config<'_>) -> Self {
        let of = |key| config.positive_or(key, 1.0);
        Self {
            attention: of("attention_multiplier") as f32,
            residual: of("residual_multiplier") as f32,
            embedding: of("embedding_multiplier") as f32,
            logits: of("logits_scaling").recip() as f32,
        }
    }

    /// Those outside of the layers.
    pub fn apply(self, mut arch: Arch) -> Arch {
        arch.embedding.scale = Some(self.embedding);
        arch.head.scale = Some(self.logits);
        arch
    }
}
