//! Families of decoders as data: what a `config.json` says in each family's own words, in the terms of the one decoder.

mod arch;
mod tensors;
mod rope;
mod keys;
mod arcee;
mod bloom;
mod cohere;
mod deepseek_v2;
mod ernie4_5;
mod exaone4;
mod falcon;
mod gemma;
mod gemma2;
mod gemma3;
mod glm4;
mod gpt2;
mod gpt_bigcode;
mod gpt_neo;
mod gpt_neox;
mod gpt_oss;
mod gptj;
mod granite;
mod granitemoe;
mod helium;
mod llama;
mod mistral;
mod mixtral;
mod mpt;
mod nemotron;
mod olmo;
mod olmo2;
mod olmo3;
mod olmoe;
mod opt;
mod phi;
mod phi3;
mod qwen2;
mod qwen2_moe;
mod qwen3;
mod qwen3_moe;
mod seed_oss;
mod smollm3;
mod stablelm;
mod starcoder2;

pub use arch::*;
pub use keys::MOST_EXPERTS;
pub use rope::Rotary;
pub use tensors::{Linear, NormAt, Scale, Source, Stretch, Table, Wanted};

use super::{config::Config, kernel::Activation};

/// A family that the decoder runs.
pub struct Family {
    /// `model_type` in `config.json`.
    pub name: &'static str,
    /// Reads the family's keys; faults stay in the config.
    pub read: fn(&Config<'_>) -> Arch,
}

/// All of them.
pub const FAMILIES: &[Family] = &[
    arcee::FAMILY,
    bloom::FAMILY,
    cohere::FAMILY,
    cohere::SECOND,
    deepseek_v2::FAMILY,
    ernie4_5::FAMILY,
    exaone4::FAMILY,
    falcon::FAMILY,
    gemma::FAMILY,
    gemma2::FAMILY,
    gemma3::FAMILY,
    gemma3::WRAPPED,
    glm4::FAMILY,
    gpt2::FAMILY,
    gpt_bigcode::FAMILY,
    gpt_neo::FAMILY,
    gpt_neox::FAMILY,
    gpt_oss::FAMILY,
    gptj::FAMILY,
    gptj::CODEGEN,
    granite::FAMILY,
    granitemoe::FAMILY,
    helium::FAMILY,
    llama::FAMILY,
    mistral::FAMILY,
    mixtral::FAMILY,
    mpt::FAMILY,
    nemotron::FAMILY,
    olmo::FAMILY,
    olmo2::FAMILY,
    olmo3::FAMILY,
    olmoe::FAMILY,
    opt::FAMILY,
    phi::FAMILY,
    phi3::FAMILY,
    qwen2::FAMILY,
    qwen2_moe::FAMILY,
    qwen3::FAMILY,
    qwen3_moe::FAMILY,
    seed_oss::FAMILY,
    smollm3::FAMILY,
    stablelm::FAMILY,
    starcoder2::FAMILY,
];

/// Activations by the names of transformers.
const ACTIVATIONS: &[(&str, Activation)] = &[
    ("gelu", Activation::Gelu),
    ("gelu_python", Activation::Gelu),
    ("gelu_new", Activation::GeluTanh),
    ("gelu_fast", Activation::GeluTanh),
    ("gelu_accurate", Activation::GeluTanh),
    ("gelu_pytorch_tanh", Activation::GeluTanh),
    ("gelu_python_tanh", Activation::GeluTanh),
    ("quick_gelu", Activation::QuickGelu),
    ("silu", Activation::Silu),
    ("swish", Activation::Silu),
    ("relu", Activation::Relu),
    ("relu2", Activation::ReluSquared),
];
