//! SmolLM3 (Bakouch et al. 2025): Llama without a rotation on every fourth layer.

use super::{
    Family,
    arch::{Arch, Attention, Feed, Layer},
    keys::{Sizes, at, rms, windows},
};
use crate::engine::local::{config::Config, kernel::Activation};

pub(super) const FAMILY: Family = Family { name: "smollm3", read };

const SIZES: Sizes = Sizes {
    hidden: 2048,
    layers: 36,
    queries: 16,
    keys: Some(4),
    dim: None,
    mlp: 11008,
    vocabulary: 128_256,
    context: 32768,
};

fn read(config: &Config<'_>) -> Arch {
    let mut common = SIZES.read(config, rms(config, "rms_norm_eps", 1e-6));
    common.qkv_bias = config.flag_or("attention_bias", false);
    common.output_bias = common.qkv_bias;
    common.mlp_bias = config.flag_or("mlp_bias", false);
    let activation = common.activation(Activation::Silu);
    let interval = config.size_or("no_rope_layer_interval", 4);
    let rotated = config.counts("no_rope_layers").map_or_else(
        || (0..common.layers).map(|layer| (layer + 1) % interval != 0).collect::<Vec<_>>(),
        // 1 is for a rotation, against the name.
        |list| list.iter().map(|rotated| *rotated != 0).collect(),
    );
    if rotated.len() < common.layers {
        config.fault(format!("`no_rope_layers` has {} layers of {}", rotated.len(), common.layers));
    }
    let rotates = |layer: usize| rotated.get(layer).copied().unwrap_or(true);
    let slides = config.flag_or("use_sliding_window", false);
    let window = if slides { config.optional_size("sliding_window") } else { None };
    let windows = windows(config, common.layers, window, |layer| !rotates(layer));
    common.arch(vec![common.rotary(2e6)], true, (Some(128_000), Some(128_001)), |layer| Layer {
        wiring: common.pre_norms(layer),
        attention: Attention {
            rotary: rotates(layer).then_some(0),
            window: windows[layer],
            ..common.attention(layer)
        },
        feed: Feed::Dense(common.gated_mlp(at(layer, "mlp"), common.mlp, activation)),
        residual: None,
    })
}
