//! Models that are one GGUF file: held against transformers on the same numbers, and files that cannot be.

mod experts;
mod files;
mod golden;
mod tokenizers;

use std::{collections::BTreeMap, path::Path};

use serde_json::json;

/// A value of a header.
#[derive(Clone, Debug)]
pub(super) enum Value {
    U32(u32),
    F32(f32),
    Bool(bool),
    Text(String),
    Texts(Vec<String>),
    Ints(Vec<i32>),
    Floats(Vec<f32>),
}

/// A GGUF file that is being made.
#[derive(Clone, Debug, Default)]
pub(super) struct Made {
    pub(super) values: Vec<(String, Value)>,
    /// Name, shape with the innermost first, ggml's type, bytes.
    pub(super) tensors: Vec<(String, Vec<u64>, u32, Vec<u8>)>,
}

impl Made {
    pub(super) fn put(&mut self, key: &str, value: Value) {
        self.values.retain(|(own, _)| own != key);
        self.values.push((key.to_owned(), value));
    }

    pub(super) fn tensor(&mut self, name: &str, shape: &[u64], numbers: impl Iterator<Item = f32>) {
        let bytes = numbers.flat_map(f32::to_le_bytes).collect();
        self.tensors.push((name.to_owned(), shape.to_vec(), 0, bytes));
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut out = b"GGUF\x03\0\0\0".to_vec();
        let text = |out: &mut Vec<u8>, text: &str| {
            out.extend((text.len() as u64).to_le_bytes());
            out.extend(text.as_bytes());
        };
        let array = |out: &mut Vec<u8>, kind: u32, len: usize| {
            out.extend(9_u32.to_le_bytes());
            out.extend(kind.to_le_bytes());
            out.extend((len as u64).to_le_bytes());
        };
        out.extend((self.tensors.len() as u64).to_le_bytes());
        out.extend((self.values.len() as u64).to_le_bytes());
        for (key, value) in &self.values {
            text(&mut out, key);
            match value {
                Value::U32(number) => out.extend([4_u32.to_le_bytes(), number.to_le_bytes()].concat()),
                Value::F32(number) => out.extend([6_u32.to_le_bytes(), number.to_le_bytes()].concat()),
                Value::Bool(flag) => {
                    out.extend(7_u32.to_le_bytes());
                    out.push((*flag).into());
                }
                Value::Text(value) => {
                    out.extend(8_u32.to_le_bytes());
                    text(&mut out, value);
                }
                Value::Texts(texts) => {
                    array(&mut out, 8, texts.len());
                    texts.iter().for_each(|value| text(&mut out, value));
                }
                Value::Ints(numbers) => {
                    array(&mut out, 5, numbers.len());
                    out.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
                }
                Value::Floats(numbers) => {
                    array(&mut out, 6, numbers.len());
                    out.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
                }
            }
        }
        let mut offset = 0_u64;
        for (name, shape, kind, bytes) in &self.tensors {
            text(&mut out, name);
            out.extend((shape.len() as u32).to_le_bytes());
            out.extend(shape.iter().flat_map(|len| len.to_le_bytes()));
            out.extend(kind.to_le_bytes());
            out.extend(offset.to_le_bytes());
            offset += (bytes.len() as u64).next_multiple_of(32);
        }
        for (.., bytes) in &self.tensors {
            out.resize(out.len().next_multiple_of(32), 0);
            out.extend(bytes);
        }
        out
    }
}

/// A tiny Llama: 4 tokens and what a header needs.
pub(super) fn llama() -> Made {
    let mut made = Made::default();
    let u32s = [
        ("llama.embedding_length", 32),
        ("llama.block_count", 1),
        ("llama.feed_forward_length", 32),
        ("llama.attention.head_count", 2),
        ("llama.context_length", 64),
        ("tokenizer.ggml.bos_token_id", 1),
    ];
    made.put("general.architecture", Value::Text("llama".into()));
    for (key, number) in u32s {
        made.put(key, Value::U32(number));
    }
    made.put("llama.attention.layer_norm_rms_epsilon", Value::F32(1e-5));
    let tokens = ["<unk>", "<s>", "▁", "a", "b", "ab", "▁ab", "<0x0A>"];
    made.put("tokenizer.ggml.model", Value::Text("llama".into()));
    made.put("tokenizer.ggml.tokens", Value::Texts(tokens.map(str::to_owned).to_vec()));
    made.put("tokenizer.ggml.scores", Value::Floats(vec![0.0, 0.0, -5.0, -3.0, -4.0, -1.0, -2.0, 0.0]));
    made.put("tokenizer.ggml.token_type", Value::Ints(vec![2, 3, 1, 1, 1, 1, 1, 6]));
    let mut seed = 1_u32;
    let mut numbers = move |len: usize| -> Vec<f32> {
        let mut next = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f32::from((seed >> 16) as u16) / 65536.0 - 0.5
        };
        (0..len).map(|_| next()).collect()
    };
    let matrices = ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"];
    made.tensor("token_embd.weight", &[32, 8], numbers(256).into_iter());
    made.tensor("output_norm.weight", &[32], numbers(32).into_iter());
    for name in matrices {
        made.tensor(&format!("blk.0.{name}.weight"), &[32, 32], numbers(1024).into_iter());
    }
    for name in ["attn_norm", "ffn_norm"] {
        made.tensor(&format!("blk.0.{name}.weight"), &[32], numbers(32).into_iter());
    }
    made
}

/// A tokenizer whose words are ids.
pub(super) fn words(path: &Path, count: usize) {
    let vocabulary: BTreeMap<String, usize> = (0..count).map(|id| (format!("t{id}"), id)).collect();
    let tokenizer = json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
        "pre_tokenizer": { "type": "WhitespaceSplit" }, "post_processor": null, "decoder": null,
        "model": { "type": "WordLevel", "vocab": vocabulary, "unk_token": "t0" },
    });
    std::fs::write(path, tokenizer.to_string()).unwrap();
}
