//! Gemma 2 (Gemma Team 2024): norms before and after each step, caps, and windows on every other layer.

use super::{
    ACTIVATIONS, Family,
    arch::{Arch, Attention, Feed, Layer},
    keys::{Sizes, at, rms, windows},
};
use crate::engine::local::{config::Config, kernel::Activation};

pub(super) const FAMILY: Family = Family { name: "gemma2", read };

const SIZES: Sizes = Sizes {
    hidden: 2304,
    layers: 26,
    queries: 8,
    keys: Some(4),
    dim: Some(256),
    mlp: 9216,
    vocabulary: 256_000,
    context: 8192,
};

fn read(config: &Config<'_>) -> Arch {
    config.refuse("use_bidirectional_attention", "only causal models are run");
    let mut common = SIZES.read(config, rms(config, "rms_norm_eps", 1e-6));
    common.one_plus = true;
    common.qkv_bias = config.flag_or("attention_bias", false);
    common.output_bias = common.qkv_bias;
    let activation = config.word_or("hidden_activation", Activation::GeluTanh, ACTIVATIONS);
    let window = config.size_unless_null("sliding_window", Some(4096));
    let windows = windows(config, common.layers, window, |layer| layer % 2 == 0);
    let softcap = config.positive_unless_null("attn_logit_softcapping", Some(50.0));
    let scale = config.positive_or("query_pre_attn_scalar", 256.0).sqrt().recip() as f32;
    let mut arch = common.arch(vec![common.rotary(10_000.0)], true, (Some(2), Some(1)), |layer| Layer {
        wiring: common.sandwich_norms(layer),
        attention: Attention { scale, softcap, window: windows[layer], ..common.attention(layer) },
        feed: Feed::Dense(common.gated_mlp(at(layer, "mlp"), common.mlp, activation)),
        residual: None,
    });
    arch.embedding.scale = Some((common.hidden as f64).sqrt() as f32);
    arch.head.softcap = config.positive_unless_null("final_logit_softcapping", Some(30.0));
    arch
}
