//! DeepSeek-V2 (DeepSeek-AI 2024): keys and values from narrow rows that all heads share, and many small experts.

use super::{
    Family, Rotary,
    arch::{Arch, Attention, Feed, Inputs, Latent, Layer, Shared, Weights},
    keys::{Common, Sizes, at, plain_attention, rms},
    tensors::{Linear, NormAt, Stretch, apart},
};
use crate::engine::local::{
    config::Config,
    kernel::{Activation, Heads, Norm},
};

pub(super) const FAMILY: Family = Family { name: "deepseek_v2", read };

const SIZES: Sizes = Sizes {
    hidden: 4096,
    layers: 32,
    queries: 32,
    keys: None,
    dim: None,
    mlp: 11008,
    vocabulary: 102_400,
    context: 2048,
};

fn read(config: &Config<'_>) -> Arch {
    let mut common = SIZES.read(config, rms(config, "rms_norm_eps", 1e-6));
    common.mlp_bias = config.flag_or("mlp_bias", false);
    let activation = common.activation(Activation::Silu);
    let experts = (config.size_or("n_routed_experts", 64), config.size("num_experts_per_tok"));
    let width = config.size_or("moe_intermediate_size", 1407);
    let shared = config.size_or("n_shared_experts", 2) * width;
    let dense = config.count_or("first_k_dense_replace", 0);
    let weights = Weights::OfAll {
        scale: config.positive_or("routed_scaling_factor", 1.0) as f32,
        groups: groups(config, experts.0),
    };
    let sizes = LatentSizes::read(config);
    let rotary = Rotary::read(config, sizes.turned, common.context, 10_000.0);
    let scale = Rotary::score_factor(config) * sizes.dim().powf(-0.5);
    common.arch(vec![rotary], false, (Some(1), Some(2)), |layer| Layer {
        wiring: common.pre_norms(layer),
        attention: Attention { scale: scale as f32, ..sizes.attention(&common, layer) },
        feed: if layer < dense {
            Feed::Dense(common.gated_mlp(at(layer, "mlp"), common.mlp, activation))
        } else {
            let mut experts = common.experts(at(layer, "mlp.gate"), experts, weights, |expert| {
                common.gated_mlp(at(layer, &format!("mlp.experts.{expert}")), width, activation)
            });
            let mlp = common.gated_mlp(at(layer, "mlp.shared_experts"), shared, activation);
            experts.shared = Some(Shared { mlp, gate: None });
            Feed::Experts(experts)
        },
        residual: None,
    })
}

/// How many groups of experts there are, and how many of them experts are chosen from.
fn groups(config: &Config<'_>, experts: usize) -> Option<(usize, usize)> {
    if !config.word_or("topk_method", false, &[("greedy", false), ("group_limited_greedy", true)]) {
        return None;
    }
    let (groups, best) = (config.size("n_group"), config.size("topk_group"));
    if !experts.is_multiple_of(groups) || best > groups {
        config.fault(format!("{experts} experts cannot be chosen from {best} of {groups} groups"));
    }
    Some((groups, best))
}

/// The sizes of latent attention.
struct LatentSizes {
    /// Of the narrow rows that queries come from.
    query: Option<usize>,
    /// Of the narrow rows that keys and values come from.
    narrow: usize,
    /// Values of a head that are rotated.
    turned: usize,
    /// Those that are not.
    still: usize,
    values: usize,
    bias: bool,
}

impl LatentSizes {
    fn read(config: &Config<'_>) -> Self {
        Self {
            query: config.size_unless_null("q_lora_rank", Some(1536)),
            narrow: config.size_or("kv_lora_rank", 512),
            turned: config.size_or("qk_rope_head_dim", 64),
            still: config.size_or("qk_nope_head_dim", 128),
            values: config.size_or("v_head_dim", 128),
            bias: config.flag_or("attention_bias", false),
        }
    }

    fn dim(&self) -> f64 {
        (self.turned + self.still) as f64
    }

    fn attention(&self, common: &Common<'_>, layer: usize) -> Attention {
        let Self { narrow, turned, still, values, bias, .. } = *self;
        let (hidden, queries, dim) = (common.hidden, common.heads.queries, turned + still);
        let heads = Heads { queries, keys: queries, dim, values };
        let at = |name: &str| at(layer, &format!("self_attn.{name}"));
        // These do not follow the config.
        let norm = |name, width| NormAt::new(Norm::Rms { eps: 1e-6 }, at(name), width, false);
        let whole = |start, len| Stretch { start, step: 1, len };
        // The rotated values, which lie after the others, come first.
        let query_order = (0..queries).flat_map(|head| {
            let mut head_order = apart(head * dim + still, turned, turned);
            head_order.push(whole(head * dim, still));
            head_order
        });
        let (from, query) = match self.query {
            Some(rank) => (rank, at("q_b_proj")),
            None => (hidden, at("q_proj")),
        };
        let down = Linear::new(at("kv_a_proj_with_mqa"), hidden, narrow + turned, bias);
        let up = Linear::new(at("kv_b_proj"), narrow, queries * (still + values), false);
        let keys = (0..queries).map(|head| whole(head * (still + values), still));
        let latent = Latent {
            query_down: self
                .query
                .map(|rank| (Linear::new(at("q_a_proj"), hidden, rank, bias), norm("q_a_layernorm", rank))),
            query: Linear::new(query, from, queries * dim, false).ordered(query_order.collect()),
            down: down.ordered([vec![whole(0, narrow)], apart(narrow, turned, turned)].concat()),
            norm: norm("kv_a_layernorm", narrow),
            up: up.ordered(
                keys.chain((0..queries).map(|head| whole(head * (still + values) + still, values))).collect(),
            ),
            rotated: turned,
        };
        let output = Linear::new(at("o_proj"), queries * values, hidden, bias);
        let unused = Linear::new("", hidden, 0, false);
        Attention { inputs: Inputs::Latent(Box::new(latent)), ..plain_attention(heads, unused, output) }
    }
}
