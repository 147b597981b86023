//! Gemma 3 (Gemma Team 2025): Gemma 2 with norms of queries and keys for caps, and another rotation in windows.

use super::{
    ACTIVATIONS, Family, Rotary,
    arch::{Arch, Attention, Feed, Layer},
    keys::{Sizes, at, rms, windows},
};
use crate::engine::local::{config::Config, kernel::Activation};

pub(super) const FAMILY: Family = Family { name: "gemma3_text", read };
/// The text model within one that also reads images.
pub(super) const WRAPPED: Family = Family { name: "gemma3", read: read_wrapped };

const SIZES: Sizes = Sizes {
    hidden: 2304,
    layers: 26,
    queries: 8,
    keys: Some(4),
    dim: Some(256),
    mlp: 9216,
    vocabulary: 262_208,
    context: 131_072,
};

fn read(config: &Config<'_>) -> Arch {
    config.refuse("use_bidirectional_attention", "only causal models are run");
    let mut common = SIZES.read(config, rms(config, "rms_norm_eps", 1e-6));
    common.one_plus = true;
    common.qkv_bias = config.flag_or("attention_bias", false);
    common.output_bias = common.qkv_bias;
    let activation = config.word_or("hidden_activation", Activation::GeluTanh, ACTIVATIONS);
    let window = config.size_unless_null("sliding_window", Some(4096));
    let pattern = config.size_or("sliding_window_pattern", 6);
    let windows = windows(config, common.layers, window, |layer| (layer + 1) % pattern != 0);
    let softcap = config.positive_unless_null("attn_logit_softcapping", None);
    let scale = config.positive_or("query_pre_attn_scalar", 256.0).sqrt().recip() as f32;
    let (dim, context) = (common.heads.dim, common.context);
    let full = Rotary::of_full_layers(config, dim, context, 1e6);
    let sliding = Rotary::of_sliding_layers(config, dim, context, ("rope_local_base_freq", 10_000.0));
    let mut arch = common.arch(vec![full, sliding], true, (Some(2), Some(1)), |layer| Layer {
        wiring: common.sandwich_norms(layer),
        attention: Attention {
            norms: Some(common.head_norms(layer)),
            rotary: Some(usize::from(windows[layer].is_some())),
            scale,
            softcap,
            window: windows[layer],
            ..common.attention(layer)
        },
        feed: Feed::Dense(common.gated_mlp(at(layer, "mlp"), common.mlp, activation)),
        residual: None,
    });
    // The stated length is the stretched one.
    arch.context = context;
    arch.embedding.scale = Some((common.hidden as f64).sqrt() as f32);
    arch.head.softcap = config.positive_unless_null("final_logit_softcapping", None);
    arch
}

fn read_wrapped(config: &Config<'_>) -> Arch {
    let empty = serde_json::Map::new();
    let text = config.object("text_config").unwrap_or_else(|| {
        config.fault("`text_config` is missing");
        Config::new(&empty)
    });
    let mut arch = read(&text);
    config.adopt("text_config", &text);
    arch.prefixes = &["language_model.model.", "model.language_model.", "model."];
    arch.ends = config.ids_or("eos_token_id", arch.ends.first().copied());
    arch
}
