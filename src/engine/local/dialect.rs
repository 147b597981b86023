//! What GGUF says of a model, in the words of transformers: keys become those of a `config.json`, tensors get the names that
//! the family knows, and what conversion did to their order is undone. So the family's own file stays the one place that
//! knows the family.
//!
//! Sources: the tables of names and the converters of llama.cpp (`gguf-py/gguf/constants.py`, `tensor_mapping.py`,
//! `convert_hf_to_gguf.py`), and, for what no key says, what its loader fills in.

mod architectures;
mod keys;

use serde_json::{Map, Value};

use super::{
    files::Files,
    weights::{Dtype, Weights, WeightsError, gguf::Metadata},
};

use architectures::{ARCHITECTURES, Change};
use keys::Keys;

/// Why a file is not understood.
pub(super) enum Fault {
    /// No known architecture.
    Architecture(String),
    /// Values that are missing or cannot be.
    Values(Vec<String>),
    /// Numbers that cannot be read.
    Weights(WeightsError),
}

/// The architectures that are understood, for messages.
pub(super) fn names() -> Vec<&'static str> {
    ARCHITECTURES.iter().map(|architecture| architecture.name).collect()
}

/// The config that a header amounts to; the tensors get the names and the order that the family knows.
pub(super) fn translate(
    metadata: &Metadata,
    weights: &mut Weights,
    files: &Files,
) -> Result<Map<String, Value>, Fault> {
    let name = metadata.text("general.architecture").unwrap_or("nothing");
    let mut keys = Keys::new(name, metadata, weights);
    let experts = keys.experts();
    let known = || ARCHITECTURES.iter().filter(|architecture| architecture.name == name);
    let fitting = known().find(|architecture| architecture.experts == experts.is_some());
    let architecture = fitting.or(known().next()).ok_or_else(|| Fault::Architecture(name.to_owned()))?;
    if architecture.experts != experts.is_some() {
        keys.fault(format!(
            "`{name}.expert_count` is {}; models of this architecture {} experts",
            experts.map_or_else(|| "missing".to_owned(), |count| count.to_string()),
            if architecture.experts { "have" } else { "are read only without" }
        ));
    }
    keys.put("model_type", architecture.family);
    keys.common();
    (architecture.read)(&mut keys);
    for (tensor, key) in FACTORS {
        if weights.get(tensor).is_some_and(|tensor| matches!(tensor.dtype, Dtype::Read(_))) {
            keys.put_factors(key, &weights.floats(files, tensor).map_err(Fault::Weights)?);
        }
    }
    let config = keys.finish().map_err(Fault::Values)?;
    let heads = |key: &str| config.get(key).and_then(Value::as_u64).unwrap_or(1) as usize;
    let (of_queries, of_keys) = (heads("num_attention_heads"), heads("num_key_value_heads"));
    weights.rename(|name, tensor| {
        let (name, change) = architecture.rename(&name);
        if let Some((before, after)) = name.split_once('*') {
            let matrices = tensor.experts(experts.unwrap_or_default()).into_iter().enumerate();
            return matrices.map(|(expert, matrix)| (format!("{before}{expert}{after}"), matrix)).collect();
        }
        let tensor = match change {
            Change::None => tensor,
            Change::Transposed => tensor.transposed(),
            Change::Queries => tensor.interleaved(of_queries),
            Change::Keys => tensor.interleaved(of_keys),
            Change::LessOne => tensor.plus(-1.0),
            Change::Row => tensor.row(),
        };
        vec![(name, tensor)]
    });
    Ok(config)
}

/// Tensors of what each frequency of the rotation is divided by.
const FACTORS: [(&str, &str); 3] = [
    // Llama 3's scaling, whose own numbers the file does not have.
    ("rope_freqs.weight", "factors"),
    ("rope_factors_short.weight", "short_factor"),
    ("rope_factors_long.weight", "long_factor"),
];
