//! Mixtral (Jiang et al. 2024): Mistral with a mixture of experts.

use super::{
    Family,
    arch::{Arch, Attention, Feed, Layer, Weights},
    keys::{at, rms, windows},
    mistral::SIZES,
};
use crate::engine::local::{config::Config, kernel::Activation};

pub(super) const FAMILY: Family = Family { name: "mixtral", read };

fn read(config: &Config<'_>) -> Arch {
    let common = SIZES.read(config, rms(config, "rms_norm_eps", 1e-5));
    let activation = common.activation(Activation::Silu);
    let windows = windows(config, common.layers, config.optional_size("sliding_window"), |_| true);
    let (count, chosen) = (config.size_or("num_local_experts", 8), config.size_or("num_experts_per_tok", 2));
    common.arch(vec![common.rotary(1e6)], false, (Some(1), Some(2)), |layer| Layer {
        wiring: common.pre_norms(layer),
        attention: Attention { window: windows[layer], ..common.attention(layer) },
        feed: Feed::Experts(common.experts(
            at(layer, "block_sparse_moe.gate"),
            (count, chosen),
            Weights::OfChosen,
            |expert| {
                let name = at(layer, &format!("block_sparse_moe.experts.{expert}"));
                common.mlp_of(name, common.mlp, activation, ["w1", "w3", "w2"])
            },
        )),
        residual: None,
    })
}
