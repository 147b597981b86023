//! Mixtures of experts: checkpoints of transformers are put into GGUF as llama.cpp's converter does it, and must give
//! transformers' numbers.

use std::{collections::BTreeMap, fs};

use safetensors::{Dtype, SafeTensors};
use serde_json::Value as Json;
use yardstick::engine::local::{Checkpoint, Files};

use super::{
    super::{data, golden_families, json},
    Made, Value, words,
};

/// A family with experts, and GGUF's words for it.
struct Kind {
    folder: &'static str,
    architecture: &'static str,
    /// Keys of the config that only it has.
    keys: &'static [(&'static str, &'static str)],
    /// Before the names of an expert's matrices.
    experts: &'static str,
    /// Gate, up, down.
    matrices: [&'static str; 3],
    router: &'static str,
    /// Whether llama.cpp rotates neighbours.
    interleaved: bool,
}

const KINDS: [Kind; 4] = [
    Kind {
        folder: "mixtral",
        architecture: "llama",
        keys: &[],
        experts: "block_sparse_moe.experts",
        matrices: ["w1", "w3", "w2"],
        router: "block_sparse_moe.gate",
        interleaved: true,
    },
    Kind {
        folder: "qwen2_moe",
        architecture: "qwen2moe",
        keys: &[
            ("expert_feed_forward_length", "moe_intermediate_size"),
            ("expert_shared_feed_forward_length", "shared_expert_intermediate_size"),
        ],
        experts: "mlp.experts",
        matrices: ["gate_proj", "up_proj", "down_proj"],
        router: "mlp.gate",
        interleaved: false,
    },
    Kind {
        folder: "qwen3_moe",
        architecture: "qwen3moe",
        keys: &[
            ("expert_feed_forward_length", "moe_intermediate_size"),
            ("attention.key_length", "head_dim"),
        ],
        experts: "mlp.experts",
        matrices: ["gate_proj", "up_proj", "down_proj"],
        router: "mlp.gate",
        interleaved: false,
    },
    Kind {
        folder: "olmoe",
        architecture: "olmoe",
        keys: &[],
        experts: "mlp.experts",
        matrices: ["gate_proj", "up_proj", "down_proj"],
        router: "mlp.gate",
        interleaved: false,
    },
];

/// Tensors that keep their elements.
const NAMES: [(&str, &str); 14] = [
    ("input_layernorm", "attn_norm"),
    ("post_attention_layernorm", "ffn_norm"),
    ("self_attn.q_proj", "attn_q"),
    ("self_attn.k_proj", "attn_k"),
    ("self_attn.v_proj", "attn_v"),
    ("self_attn.o_proj", "attn_output"),
    ("self_attn.q_norm", "attn_q_norm"),
    ("self_attn.k_norm", "attn_k_norm"),
    ("mlp.gate_proj", "ffn_gate"),
    ("mlp.up_proj", "ffn_up"),
    ("mlp.down_proj", "ffn_down"),
    ("mlp.shared_expert.gate_proj", "ffn_gate_shexp"),
    ("mlp.shared_expert.up_proj", "ffn_up_shexp"),
    ("mlp.shared_expert.down_proj", "ffn_down_shexp"),
];

/// Shape with the rows first, and elements.
type Tensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

fn read(bytes: &[u8]) -> Tensors {
    let tensors = SafeTensors::deserialize(bytes).unwrap();
    let numbers = |dtype: Dtype, data: &[u8]| -> Vec<f32> {
        match dtype {
            Dtype::F32 => data.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect(),
            Dtype::BF16 => {
                data.as_chunks().0.iter().map(|bytes| half::bf16::from_le_bytes(*bytes).to_f32()).collect()
            }
            other => panic!("{other:?}"),
        }
    };
    tensors
        .iter()
        .map(|(name, view)| (name.to_owned(), (view.shape().to_vec(), numbers(view.dtype(), view.data()))))
        .collect()
}

/// The rows of each head, its halves interleaved.
fn interleave(numbers: &[f32], rows: usize, heads: usize) -> Vec<f32> {
    let (width, dim) = (numbers.len() / rows, rows / heads);
    let rows = (0..rows).map(|row| row / dim * dim + row % dim % 2 * (dim / 2) + row % dim / 2);
    rows.flat_map(|row| &numbers[row * width..][..width]).copied().collect()
}

fn convert(kind: &Kind, config: &Json, tensors: &Tensors) -> Made {
    let mut made = Made::default();
    made.put("general.architecture", Value::Text(kind.architecture.into()));
    let number = |key: &str| config[key].as_u64().unwrap_or_else(|| panic!("{key}")) as u32;
    let own = |key: &str| format!("{}.{key}", kind.architecture);
    let experts = if config["num_experts"].is_null() { "num_local_experts" } else { "num_experts" };
    let common = [
        ("embedding_length", "hidden_size"),
        ("block_count", "num_hidden_layers"),
        ("feed_forward_length", "intermediate_size"),
        ("attention.head_count", "num_attention_heads"),
        ("attention.head_count_kv", "num_key_value_heads"),
        ("context_length", "max_position_embeddings"),
        ("expert_count", experts),
        ("expert_used_count", "num_experts_per_tok"),
    ];
    for (key, of_config) in common.iter().chain(kind.keys) {
        made.put(&own(key), Value::U32(number(of_config)));
    }
    let float = |value: &Json| Value::F32(value.as_f64().unwrap() as f32);
    made.put(&own("attention.layer_norm_rms_epsilon"), float(&config["rms_norm_eps"]));
    made.put(&own("rope.freq_base"), float(&config["rope_parameters"]["rope_theta"]));
    made.put("tokenizer.ggml.bos_token_id", Value::U32(number("bos_token_id")));
    made.put("tokenizer.ggml.eos_token_id", Value::U32(number("eos_token_id")));

    let mut put = |name: &str, shape: &[usize], numbers: Vec<f32>| {
        let shape: Vec<u64> = shape.iter().rev().map(|len| *len as u64).collect();
        made.tensor(name, &shape, numbers.into_iter());
    };
    for (own, name) in
        [("model.embed_tokens", "token_embd"), ("model.norm", "output_norm"), ("lm_head", "output")]
    {
        let (shape, numbers) = &tensors[&format!("{own}.weight")];
        put(&format!("{name}.weight"), shape, numbers.clone());
    }
    for layer in 0..number("num_hidden_layers") {
        let get = |name: &str| tensors.get(&format!("model.layers.{layer}.{name}"));
        for (own, name) in NAMES {
            for end in ["weight", "bias"] {
                let Some((shape, numbers)) = get(&format!("{own}.{end}")) else { continue };
                let heads = match name {
                    "attn_q" => number("num_attention_heads"),
                    "attn_k" => number("num_key_value_heads"),
                    _ => 0,
                } as usize;
                let numbers = if kind.interleaved && heads > 0 {
                    interleave(numbers, shape[0], heads)
                } else {
                    numbers.clone()
                };
                put(&format!("blk.{layer}.{name}.{end}"), shape, numbers);
            }
        }
        if let Some((_, numbers)) = get("mlp.shared_expert_gate.weight") {
            put(&format!("blk.{layer}.ffn_gate_inp_shexp.weight"), &[numbers.len()], numbers.clone());
        }
        let Some((shape, numbers)) = get(&format!("{}.weight", kind.router)) else { continue };
        put(&format!("blk.{layer}.ffn_gate_inp.weight"), shape, numbers.clone());
        for (matrix, name) in kind.matrices.iter().zip(["gate", "up", "down"]) {
            let of = |expert: u32| get(&format!("{}.{expert}.{matrix}.weight", kind.experts)).unwrap();
            let all = (0..number(experts)).flat_map(|expert| of(expert).1.clone()).collect();
            let shape = [&[number(experts) as usize], of(0).0.as_slice()].concat();
            put(&format!("blk.{layer}.ffn_{name}_exps.weight"), &shape, all);
        }
    }
    made
}

#[test]
fn experts_give_the_numbers_of_transformers() {
    let Some(families) = data("families") else { return };
    for kind in KINDS {
        let from = families.join(kind.folder);
        let tensors = read(&fs::read(from.join("model.safetensors")).unwrap());
        let made = convert(&kind, &json(&from.join("config.json")), &tensors);
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("model.gguf"), made.bytes()).unwrap();
        words(&folder.path().join("tokenizer.json"), tensors["lm_head.weight"].0[0]);
        if let Err(fault) =
            golden_families::check(folder.path(), &json(&from.join("golden.json")), kind.folder)
        {
            panic!("{}: {fault}", kind.folder);
        }
    }
}

#[test]
fn experts_that_cannot_be_are_refused() {
    let Some(families) = data("families") else { return };
    let [mixtral, ..] = KINDS;
    let from = families.join(mixtral.folder);
    let tensors = read(&fs::read(from.join("model.safetensors")).unwrap());
    let whole = || convert(&mixtral, &json(&from.join("config.json")), &tensors);
    let says = |made: Made, parts: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("model.gguf"), made.bytes()).unwrap();
        words(&folder.path().join("tokenizer.json"), 257);
        let message = Checkpoint::open(Files::Folder(folder.path().to_owned())).err().unwrap().to_string();
        for part in parts {
            assert!(message.contains(part), "`{part}` is not in:\n{message}");
        }
    };
    let with = |key: &str, value: u32| {
        let mut made = whole();
        made.put(key, Value::U32(value));
        made
    };
    says(with("llama.expert_count", 3), &["missing", "block_sparse_moe.experts.0.w1"]);
    says(with("llama.expert_used_count", 9), &["9 experts are chosen", "of 4"]);
    says(with("llama.expert_gating_func", 2), &["`llama.expert_gating_func` is 2; 1 is read"]);
    let mut other = with("phi3.expert_count", 4);
    other.put("general.architecture", Value::Text("phi3".into()));
    says(other, &["`phi3.expert_count` is 4", "are read only without experts"]);
    // Two of four bits: a format that is not read, said once.
    let mut other = whole();
    for tensor in other.tensors.iter_mut().filter(|tensor| tensor.0.contains("_exps")) {
        tensor.2 = 10;
    }
    says(other, &["24 tensors hold q2_k; "]);
}
