//! EXAONE 4 (LG AI Research 2025): norms after each step, windows with a rotation on three of four layers.

use super::{
    Family,
    arch::{Arch, Attention, Feed, Layer},
    keys::{Sizes, at, rms, windows},
};
use crate::engine::local::{config::Config, kernel::Activation};

pub(super) const FAMILY: Family = Family { name: "exaone4", read };

const SIZES: Sizes = Sizes {
    hidden: 4096,
    layers: 32,
    queries: 32,
    keys: Some(32),
    dim: None,
    mlp: 16384,
    vocabulary: 102_400,
    context: 2048,
};

fn read(config: &Config<'_>) -> Arch {
    config.aside(&["sliding_window_pattern"]);
    let common = SIZES.read(config, rms(config, "rms_norm_eps", 1e-5));
    let activation = common.activation(Activation::Silu);
    let window = config.size_unless_null("sliding_window", Some(4096));
    // The pattern is a number, or a word with a letter for each layer: L for local.
    let local = |layer: usize| match config.text("sliding_window_pattern") {
        Some(word) if !config.has("layer_types") => word.as_bytes()[layer % word.len().max(1)] == b'L',
        Some(_) => false,
        None => !(layer + 1).is_multiple_of(config.size_or("sliding_window_pattern", 4)),
    };
    let windows = if window.is_some() {
        windows(config, common.layers, window, local)
    } else {
        vec![None; common.layers]
    };
    common.arch(vec![common.rotary(10_000.0)], false, (Some(0), Some(2)), |layer| Layer {
        wiring: common.post_norms(layer),
        attention: Attention {
            norms: Some(common.head_norms(layer)),
            rotary: (window.is_none() || windows[layer].is_some()).then_some(0),
            window: windows[layer],
            ..common.attention(layer)
        },
        feed: Feed::Dense(common.gated_mlp(at(layer, "mlp"), common.mlp, activation)),
        residual: None,
    })
}
