//! OLMo (Groeneveld et al. 2024): Llama with norms that have no weights, and cut queries, keys and values.

use super::{
    Family,
    arch::{Arch, Around, Attention, Feed, Layer, Wiring},
    keys::{Sizes, at},
    tensors::NormAt,
};
use crate::engine::local::{
    config::Config,
    kernel::{Activation, Norm},
};

pub(super) const FAMILY: Family = Family { name: "olmo", read };

pub(super) const SIZES: Sizes = Sizes {
    hidden: 4096,
    layers: 32,
    queries: 32,
    keys: None,
    dim: None,
    mlp: 11008,
    vocabulary: 50304,
    context: 2048,
};

fn read(config: &Config<'_>) -> Arch {
    let mut common = SIZES.read(config, Norm::Layer { eps: 1e-5 });
    common.qkv_bias = config.flag_or("attention_bias", false);
    common.output_bias = common.qkv_bias;
    let activation = common.activation(Activation::Silu);
    let clip = config.positive_unless_null("clip_qkv", None);
    let norm = || NormAt::bare(common.norm, common.hidden);
    let mut arch = common.arch(vec![common.rotary(10_000.0)], false, (None, Some(50279)), |layer| Layer {
        wiring: Wiring::Serial { attention: Around::Before(norm()), feed: Around::Before(norm()) },
        attention: Attention { clip, ..common.attention(layer) },
        feed: Feed::Dense(common.gated_mlp(at(layer, "mlp"), common.mlp, activation)),
        residual: None,
    });
    arch.norm = Some(norm());
    arch
}
