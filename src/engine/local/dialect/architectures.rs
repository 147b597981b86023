//! The architectures: their keys and tensors by the names of their families.

use super::keys::Keys;

/// An architecture as GGUF names it.
pub(super) struct Architecture {
    /// `general.architecture`.
    pub(super) name: &'static str,
    /// `model_type` of transformers.
    pub(super) family: &'static str,
    /// Whether it is one with experts.
    pub(super) experts: bool,
    /// Reads what only it and its like have.
    pub(super) read: fn(&mut Keys<'_>),
    /// Tensors of the whole model.
    outer: &'static [(&'static str, &'static str)],
    /// Before a layer's number.
    layers: &'static str,
    /// Tensors of a layer.
    inner: &'static [&'static [(&'static str, &'static str)]],
    /// What is done to a tensor of a layer, or to a norm of the whole model.
    change: fn(&str) -> Change,
}

/// What becomes of a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Nothing.
    None,
    /// Rows and columns change places.
    Transposed,
    /// The halves of each head of the queries, which lie interleaved, are put one after the other.
    Queries,
    /// So with the keys.
    Keys,
    /// Each number is one less.
    LessOne,
    /// A vector is a matrix of one row.
    Row,
}

impl Architecture {
    /// The family's name of a tensor; one that it does not know keeps its own. Where the tensor holds the matrices of all
    /// experts, `*` stands for the expert's number.
    pub(super) fn rename(&self, name: &str) -> (String, Change) {
        let renamed = || {
            let (stem, end) = name.rsplit_once('.')?;
            let find = |names: &[(&str, &'static str)], own: &str| {
                names.iter().find(|(known, _)| *known == own).map(|(_, family)| *family)
            };
            if let Some(family) = find(self.outer, stem) {
                return Some((format!("{family}.{end}"), (self.change)(stem)));
            }
            let (layer, own) = stem.strip_prefix("blk.")?.split_once('.')?;
            let family = self.inner.iter().find_map(|names| find(names, own))?;
            let change = match (self.change)(own) {
                Change::Transposed if end != "weight" => Change::None,
                change => change,
            };
            Some((format!("{}.{layer}.{family}.{end}", self.layers), change))
        };
        renamed().unwrap_or_else(|| (name.to_owned(), Change::None))
    }
}

const OUTER: &[(&str, &str)] =
    &[("token_embd", "model.embed_tokens"), ("output_norm", "model.norm"), ("output", "lm_head")];
const OUTER_GPT2: &[(&str, &str)] = &[
    ("token_embd", "transformer.wte"),
    ("position_embd", "transformer.wpe"),
    ("output_norm", "transformer.ln_f"),
    ("output", "lm_head"),
];
const ATTENTION: &[(&str, &str)] = &[
    ("attn_q", "self_attn.q_proj"),
    ("attn_k", "self_attn.k_proj"),
    ("attn_v", "self_attn.v_proj"),
    ("attn_output", "self_attn.o_proj"),
    ("attn_q_norm", "self_attn.q_norm"),
    ("attn_k_norm", "self_attn.k_norm"),
];
const ATTENTION_FUSED: &[(&str, &str)] =
    &[("attn_qkv", "self_attn.qkv_proj"), ("attn_output", "self_attn.o_proj")];
const GATED: &[(&str, &str)] =
    &[("ffn_gate", "mlp.gate_proj"), ("ffn_up", "mlp.up_proj"), ("ffn_down", "mlp.down_proj")];
const GATED_FUSED: &[(&str, &str)] = &[("ffn_up", "mlp.gate_up_proj"), ("ffn_down", "mlp.down_proj")];
const PLAIN: &[(&str, &str)] = &[("ffn_up", "mlp.c_fc"), ("ffn_down", "mlp.c_proj")];
const EXPERTS: &[(&str, &str)] = &[
    ("ffn_gate_inp", "mlp.gate"),
    ("ffn_gate_exps", "mlp.experts.*.gate_proj"),
    ("ffn_up_exps", "mlp.experts.*.up_proj"),
    ("ffn_down_exps", "mlp.experts.*.down_proj"),
];
const SHARED: &[(&str, &str)] = &[
    ("ffn_gate_inp_shexp", "mlp.shared_expert_gate"),
    ("ffn_gate_shexp", "mlp.shared_expert.gate_proj"),
    ("ffn_up_shexp", "mlp.shared_expert.up_proj"),
    ("ffn_down_shexp", "mlp.shared_expert.down_proj"),
];
const EXPERTS_MIXTRAL: &[(&str, &str)] = &[
    ("ffn_gate_inp", "block_sparse_moe.gate"),
    ("ffn_gate_exps", "block_sparse_moe.experts.*.w1"),
    ("ffn_up_exps", "block_sparse_moe.experts.*.w3"),
    ("ffn_down_exps", "block_sparse_moe.experts.*.w2"),
];
const NORMS_BEFORE: &[(&str, &str)] =
    &[("attn_norm", "input_layernorm"), ("ffn_norm", "post_attention_layernorm")];
const NORMS_AFTER: &[(&str, &str)] =
    &[("post_attention_norm", "post_attention_layernorm"), ("post_ffw_norm", "post_feedforward_layernorm")];
const NORMS_AROUND: &[(&str, &str)] = &[
    ("attn_norm", "input_layernorm"),
    ("post_attention_norm", "post_attention_layernorm"),
    ("ffn_norm", "pre_feedforward_layernorm"),
    ("post_ffw_norm", "post_feedforward_layernorm"),
];
const GPT2: &[(&str, &str)] = &[
    ("attn_norm", "ln_1"),
    ("attn_qkv", "attn.c_attn"),
    ("attn_output", "attn.c_proj"),
    ("ffn_norm", "ln_2"),
    ("ffn_up", "mlp.c_fc"),
    ("ffn_down", "mlp.c_proj"),
];

/// All of them.
pub(super) const ARCHITECTURES: &[Architecture] = &[
    Architecture {
        name: "gpt2",
        family: "gpt2",
        experts: false,
        read: gpt2,
        outer: OUTER_GPT2,
        layers: "transformer.h",
        inner: &[GPT2],
        change: conv1d,
    },
    of_llama("llama", "llama", llama, &[NORMS_BEFORE, ATTENTION, GATED], interleaved),
    of_llama("qwen2", "qwen2", llama_like, &[NORMS_BEFORE, ATTENTION, GATED], none),
    of_llama("qwen3", "qwen3", llama_like, &[NORMS_BEFORE, ATTENTION, GATED], none),
    of_llama("gemma", "gemma", llama_like, &[NORMS_BEFORE, ATTENTION, GATED], less_one),
    of_llama("gemma2", "gemma2", gemma2, &[NORMS_AROUND, ATTENTION, GATED], less_one),
    of_llama("gemma3", "gemma3_text", gemma3, &[NORMS_AROUND, ATTENTION, GATED], less_one),
    of_llama("phi3", "phi3", phi3, &[NORMS_BEFORE, ATTENTION_FUSED, GATED_FUSED], none),
    of_llama("olmo2", "olmo2", llama_like, &[NORMS_AFTER, ATTENTION, GATED], none),
    of_llama("starcoder2", "starcoder2", starcoder2, &[NORMS_BEFORE, ATTENTION, PLAIN], none),
    of_llama("stablelm", "stablelm", stablelm, &[NORMS_BEFORE, ATTENTION, GATED], none),
    of_llama("granite", "granite", granite, &[NORMS_BEFORE, ATTENTION, GATED], interleaved),
    with_experts(of_llama(
        "llama",
        "mixtral",
        mixtral,
        &[NORMS_BEFORE, ATTENTION, EXPERTS_MIXTRAL],
        interleaved,
    )),
    with_experts(of_llama(
        "qwen2moe",
        "qwen2_moe",
        qwen2_moe,
        &[NORMS_BEFORE, ATTENTION, EXPERTS, SHARED],
        row,
    )),
    with_experts(of_llama(
        "qwen3moe",
        "qwen3_moe",
        qwen3_moe,
        &[NORMS_BEFORE, ATTENTION, EXPERTS, GATED],
        none,
    )),
    with_experts(of_llama("olmoe", "olmoe", olmoe, &[NORMS_BEFORE, ATTENTION, EXPERTS], none)),
];

const fn with_experts(architecture: Architecture) -> Architecture {
    Architecture { experts: true, ..architecture }
}

const fn of_llama(
    name: &'static str,
    family: &'static str,
    read: fn(&mut Keys<'_>),
    inner: &'static [&'static [(&'static str, &'static str)]],
    change: fn(&str) -> Change,
) -> Architecture {
    Architecture { name, family, experts: false, read, outer: OUTER, layers: "model.layers", inner, change }
}

fn none(_: &str) -> Change {
    Change::None
}

/// llama.cpp rotates neighbours where transformers rotates halves, and its converter moves the rows to suit.
fn interleaved(own: &str) -> Change {
    match own {
        "attn_q" => Change::Queries,
        "attn_k" => Change::Keys,
        _ => Change::None,
    }
}

/// Gemma's norms multiply by a number that is one more than what its checkpoints hold; GGUF holds that number.
fn less_one(own: &str) -> Change {
    if own.ends_with("norm") { Change::LessOne } else { Change::None }
}

/// GPT-2's own matrices have their inputs first, GGUF's their outputs.
fn conv1d(own: &str) -> Change {
    match own {
        "attn_qkv" | "attn_output" | "ffn_up" | "ffn_down" => Change::Transposed,
        _ => Change::None,
    }
}

/// The gate of the expert that all tokens are given to has lost its second dimension.
fn row(own: &str) -> Change {
    if own == "ffn_gate_inp_shexp" { Change::Row } else { Change::None }
}

fn gpt2(keys: &mut Keys<'_>) {
    keys.size("embedding_length", "n_embd");
    keys.size("block_count", "n_layer");
    keys.size("feed_forward_length", "n_inner");
    keys.size("attention.head_count", "n_head");
    keys.size("context_length", "n_positions");
    keys.float("attention.layer_norm_epsilon", "layer_norm_epsilon");
}

fn llama_like(keys: &mut Keys<'_>) {
    keys.heads();
    keys.rotation(false);
    keys.float("attention.layer_norm_rms_epsilon", "rms_norm_eps");
}

fn llama(keys: &mut Keys<'_>) {
    llama_like(keys);
    let (of_queries, of_output) = (keys.has("blk.0.attn_q.bias"), keys.has("blk.0.attn_output.bias"));
    if of_queries != of_output {
        keys.fault("only some of the projections of attention have a bias; all or none have in this family");
    }
    keys.put("attention_bias", of_queries);
    let of_mlp = keys.has("blk.0.ffn_up.bias");
    keys.put("mlp_bias", of_mlp);
}

fn mixtral(keys: &mut Keys<'_>) {
    llama_like(keys);
    keys.mixture(true);
}

fn qwen2_moe(keys: &mut Keys<'_>) {
    llama_like(keys);
    keys.mixture(false);
    keys.size("expert_feed_forward_length", "moe_intermediate_size");
    keys.size("expert_shared_feed_forward_length", "shared_expert_intermediate_size");
}

fn qwen3_moe(keys: &mut Keys<'_>) {
    llama_like(keys);
    keys.mixture(true);
    keys.size("expert_feed_forward_length", "moe_intermediate_size");
}

fn olmoe(keys: &mut Keys<'_>) {
    llama_like(keys);
    keys.mixture(false);
}

fn gemma2(keys: &mut Keys<'_>) {
    llama_like(keys);
    keys.size("attention.sliding_window", "sliding_window");
    keys.float("attn_logit_softcapping", "attn_logit_softcapping");
    keys.float("final_logit_softcapping", "final_logit_softcapping");
    query_scale(keys, 46);
}

fn gemma3(keys: &mut Keys<'_>) {
    llama_like(keys);
    keys.size("attention.sliding_window", "sliding_window");
    let base = keys.number("rope.freq_base_swa").unwrap_or(10_000.0);
    keys.put("rope_local_base_freq", base);
    keys.put("sliding_window_pattern", 6);
    keys.put("attn_logit_softcapping", serde_json::Value::Null);
    let cap = keys.number("final_logit_softcapping");
    keys.put("final_logit_softcapping", cap);
    query_scale(keys, 62);
}

/// No key has the scale of the queries: it is that of a head's size, but for the largest model of the family, which is
/// known by its layers.
fn query_scale(keys: &mut Keys<'_>, layers_of_largest: u64) {
    let (Some(hidden), Some(heads)) = (keys.whole("embedding_length"), keys.whole("attention.head_count"))
    else {
        return;
    };
    let largest = keys.whole("block_count") == Some(layers_of_largest);
    let dim = if largest { Some(hidden / heads.max(1)) } else { keys.head_dim() };
    keys.put("query_pre_attn_scalar", dim);
}

fn phi3(keys: &mut Keys<'_>) {
    keys.heads();
    keys.rotation(true);
    keys.float("attention.layer_norm_rms_epsilon", "rms_norm_eps");
    let window = keys.whole("attention.sliding_window").filter(|window| *window > 0);
    keys.put("sliding_window", window);
}

fn starcoder2(keys: &mut Keys<'_>) {
    keys.heads();
    keys.rotation(false);
    keys.float("attention.layer_norm_epsilon", "norm_epsilon");
    // Files of llama.cpp leave out the window that all released models have.
    let window = keys.whole("attention.sliding_window").unwrap_or(4096);
    keys.put("sliding_window", window);
}

fn stablelm(keys: &mut Keys<'_>) {
    keys.heads();
    keys.rotation(true);
    keys.float("attention.layer_norm_epsilon", "layer_norm_eps");
    let bias = keys.has("blk.0.attn_q.bias");
    keys.put("use_qkv_bias", bias);
    if keys.has("blk.0.attn_q_norm.weight") || !keys.has("blk.0.ffn_norm.weight") {
        keys.fault("StableLM 2 of 12B, with its norms of queries and keys, is not read from GGUF");
    }
}

fn granite(keys: &mut Keys<'_>) {
    llama(keys);
    keys.optional_float("embedding_scale", "embedding_multiplier");
    keys.optional_float("residual_scale", "residual_multiplier");
    keys.optional_float("attention.scale", "attention_multiplier");
    keys.optional_float("logit_scale", "logits_scaling");
}
