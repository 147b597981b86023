//! Granite 3 with a mixture of experts, whose matrices lie in one tensor.

use super::{
    Family,
    arch::{Arch, Attention, Bend, Feed, Layer, Mlp, Weights},
    granite::Multipliers,
    keys::{at, rms},
    llama::SIZES,
    tensors::{Linear, Source},
};
use crate::engine::local::{config::Config, kernel::Activation};

pub(super) const FAMILY: Family = Family { name: "granitemoe", read };

fn read(config: &Config<'_>) -> Arch {
    let mut common = SIZES.read(config, rms(config, "rms_norm_eps", 1e-6));
    common.qkv_bias = config.flag_or("attention_bias", false);
    common.output_bias = common.qkv_bias;
    let activation = common.activation(Activation::Silu);
    let by = Multipliers::read(config);
    let (hidden, mlp) = (common.hidden, common.mlp);
    let (count, chosen) = (config.size_or("num_local_experts", 8), config.size_or("num_experts_per_tok", 2));
    let part = |layer, name: &str, inputs, outputs, expert| {
        let weight = at(layer, &format!("block_sparse_moe.{name}.weight"));
        Linear::of(inputs, Source { weight, bias: None, outputs, expert: Some((expert, count)) })
    };
    by.apply(common.arch(vec![common.rotary(10_000.0)], false, (Some(1), Some(2)), |layer| Layer {
        wiring: common.pre_norms(layer),
        attention: Attention { scale: by.attention, ..common.attention(layer) },
        feed: Feed::Experts(common.experts(
            at(layer, "block_sparse_moe.router.layer"),
            (count, chosen),
            Weights::OfChosen,
            |expert| Mlp {
                up: part(layer, "input_linear", hidden, 2 * mlp, expert),
                bend: Bend::Gated(activation),
                down: part(layer, "output_linear", mlp, hidden, expert),
            },
        )),
        residual: Some(by.residual),
    }))
}
