//! Mistral (Jiang et al. 2023): Llama with a window over all layers.

use super::{
    Family,
    arch::{Arch, Attention, Feed, Layer},
    keys::{Sizes, at, rms, windows},
};
use crate::engine::local::{config::Config, kernel::Activation};

pub(super) const FAMILY: Family = Family { name: "mistral", read };

pub(super) const SIZES: Sizes = Sizes {
    hidden: 4096,
    layers: 32,
    queries: 32,
    keys: Some(8),
    dim: None,
    mlp: 14336,
    vocabulary: 32000,
    context: 131_072,
};

fn read(config: &Config<'_>) -> Arch {
    let common = SIZES.read(config, rms(config, "rms_norm_eps", 1e-6));
    let activation = common.activation(Activation::Silu);
    // None where it is null, and not where it is left out.
    let window = config.size_unless_null("sliding_window", Some(4096));
    let windows = windows(config, common.layers, window, |_| true);
    common.arch(vec![common.rotary(10_000.0)], false, (Some(1), Some(2)), |layer| Layer {
        wiring: common.pre_norms(layer),
        attention: Attention { window: windows[layer], ..common.attention(layer) },
        feed: Feed::Dense(common.gated_mlp(at(layer, "mlp"), common.mlp, activation)),
        residual: None,
    })
}
