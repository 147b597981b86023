//! StableLM (Bellagente et al. 2024): layer norms, a part of each head rotated, optionally side by side.

use super::{
    Family,
    arch::{Arch, Attention, Feed, Layer, QkNorms, Wiring},
    keys::{Sizes, at, layer_norm},
    tensors::{NormAt, Scale},
};
use crate::engine::local::{config::Config, kernel::Activation};

pub(super) const FAMILY: Family = Family { name: "stablelm", read };

const SIZES: Sizes = Sizes {
    hidden: 2560,
    layers: 32,
    queries: 32,
    keys: Some(32),
    dim: None,
    mlp: 6912,
    vocabulary: 50304,
    context: 4096,
};

fn read(config: &Config<'_>) -> Arch {
    let mut common = SIZES.read(config, layer_norm(config, "layer_norm_eps", 1e-5));
    common.qkv_bias = config.flag_or("use_qkv_bias", false);
    common.norm_bias = true;
    let activation = common.activation(Activation::Silu);
    let parallel = config.flag_or("use_parallel_residual", false);
    let normed = config.flag_or("qk_layernorm", false);
    let heads = common.heads;
    // A norm of its own for each head.
    let norm = |layer, name, count: usize| {
        let names = (0..count).map(|head| at(layer, &format!("self_attn.{name}.norms.{head}.weight")));
        NormAt { weight: Scale::Each(names.collect()), ..NormAt::bare(common.norm, count * heads.dim) }
    };
    let norms = |layer| QkNorms {
        queries: norm(layer, "q_layernorm", heads.queries),
        keys: norm(layer, "k_layernorm", heads.keys),
        whole: false,
    };
    let rotary = common.partial_rotary(10_000.0, 0.25);
    common.arch(vec![rotary], false, (Some(0), Some(0)), |layer| Layer {
        wiring: if parallel {
            Wiring::Parallel { attention: common.norm(at(layer, "input_layernorm")), feed: None }
        } else {
            common.pre_norms(layer)
        },
        attention: Attention { norms: normed.then(|| norms(layer)), ..common.attention(layer) },
        feed: Feed::Dense(common.gated_mlp(at(layer, "mlp"), common.mlp, activation)),
        residual: None,
    })
}
