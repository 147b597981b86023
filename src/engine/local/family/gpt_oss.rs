//! gpt-oss (OpenAI 2025): experts with biases and a cut gate, windows on every other layer, attention sinks.

use super::{
    Family,
    arch::{Arch, Attention, Bend, Feed, Layer, Mlp, Weights},
    keys::{Sizes, at, rms, windows},
    tensors::{Linear, Source, Stretch},
};
use crate::engine::local::config::Config;

pub(super) const FAMILY: Family = Family { name: "gpt_oss", read };

const SIZES: Sizes = Sizes {
    hidden: 2880,
    layers: 36,
    queries: 64,
    keys: Some(8),
    dim: Some(64),
    mlp: 2880,
    vocabulary: 201_088,
    context: 131_072,
};

fn read(config: &Config<'_>) -> Arch {
    config.aside(&["hidden_act"]);
    let mut common = SIZES.read(config, rms(config, "rms_norm_eps", 1e-5));
    common.qkv_bias = config.flag_or("attention_bias", true);
    common.output_bias = common.qkv_bias;
    let (hidden, mlp) = (common.hidden, common.mlp);
    let window = config.size_unless_null("sliding_window", Some(128));
    let windows = windows(config, common.layers, window, |layer| layer % 2 == 0);
    let (count, chosen) =
        (config.size_or("num_local_experts", 128), config.size_or("num_experts_per_tok", 4));
    let bend = Bend::Clamped {
        alpha: config.positive_or("swiglu_alpha", 1.702) as f32,
        limit: config.positive_or("swiglu_limit", 7.0) as f32,
    };
    let part = |layer, name: &str, inputs, outputs, expert| {
        let weight = at(layer, &format!("mlp.experts.{name}"));
        let bias = Some(format!("{weight}_bias"));
        Linear::of(inputs, Source { weight, bias, outputs, expert: Some((expert, count)) }).inputs_first()
    };
    // Gate and values lie by turns.
    let turns = [0, 1].map(|start| Stretch { start, step: 2, len: mlp });
    if !config.has("rope_scaling") && !config.has("rope_parameters") {
        config.fault("`rope_scaling` is missing");
    }
    common.arch(vec![common.rotary(150_000.0)], false, (None, None), |layer| Layer {
        wiring: common.pre_norms(layer),
        attention: Attention {
            window: windows[layer],
            sinks: Some(at(layer, "self_attn.sinks")),
            ..common.attention(layer)
        },
        feed: Feed::Experts({
            let router = at(layer, "mlp.router");
            let mut experts = common.experts(&router, (count, chosen), Weights::OfChosen, |expert| Mlp {
                up: part(layer, "gate_up_proj", hidden, 2 * mlp, expert).ordered(turns.to_vec()),
                bend,
                down: part(layer, "down_proj", mlp, hidden, expert),
            });
            experts.router = Linear::new(router, hidden, count, true);
            experts
        }),
        residual: None,
    })
}
