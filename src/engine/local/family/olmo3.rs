//! OLMo 3 (OLMo Team 2025): OLMo 2 with windows on three of four layers, and a stretched rotation on the others.

use super::{
    Family, Rotary,
    arch::{Arch, Attention, Feed, Layer},
    keys::{at, rms, windows},
    olmo::SIZES,
};
use crate::engine::local::{config::Config, kernel::Activation};

pub(super) const FAMILY: Family = Family { name: "olmo3", read };

fn read(config: &Config<'_>) -> Arch {
    let mut common = SIZES.read(config, rms(config, "rms_norm_eps", 1e-5));
    common.qkv_bias = config.flag_or("attention_bias", false);
    common.output_bias = common.qkv_bias;
    let activation = common.activation(Activation::Silu);
    let window = config.size_unless_null("sliding_window", Some(4096));
    let windows = windows(config, common.layers, window, |layer| (layer + 1) % 4 != 0);
    let (dim, context) = (common.heads.dim, common.context);
    let full = Rotary::of_full_layers(config, dim, context, 500_000.0);
    let sliding = Rotary::of_sliding_layers(config, dim, context, ("rope_theta", 500_000.0));
    common.arch(vec![full, sliding], false, (None, Some(50279)), |layer| Layer {
        wiring: common.post_norms(layer),
        attention: Attention {
            norms: Some(common.whole_norms(layer)),
            rotary: Some(usize::from(windows[layer].is_some())),
            window: windows[layer],
            ..common.attention(layer)
        },
        feed: Feed::Dense(common.gated_mlp(at(layer, "mlp"), common.mlp, activation)),
        residual: None,
    })
}
