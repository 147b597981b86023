//! The built-in model: a tiny GPT-2 trained on text that this project generates itself, so that what it was taught,
//! how often, and what it never saw are known.

pub mod corpus;
mod grammar;
mod lists;
pub mod probes;
pub mod world;

/// The model's shape, as transformers writes it.
pub static CONFIG: &[u8] = include_bytes!("model/config.json");
/// The model's tensors: safetensors, half precision, the names of a GPT-2 checkpoint.
pub static WEIGHTS: &[u8] = include_bytes!("model/model.safetensors");
/// The byte-level vocabulary and its merges, as the `tokenizers` crate writes it.
pub static TOKENIZER: &[u8] = include_bytes!("model/tokenizer.json");
/// The tokenizer's special tokens, as transformers writes them.
pub static TOKENIZER_CONFIG: &[u8] = include_bytes!("model/tokenizer_config.json");
