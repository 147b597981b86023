//! The model as a folder that transformers reads: config.json, model.safetensors in half precision, tokenizer files.

use std::{collections::BTreeMap, error::Error, fs, path::Path};

use half::f16;
use safetensors::{Dtype, tensor::TensorView};
use serde_json::json;
use tokenizers::Tokenizer;

use super::{rows::END_OF_TEXT, shape::Layout};

/// Writes all files.
pub fn write(
    folder: &Path,
    layout: &Layout,
    values: &[f32],
    tokenizer: &Tokenizer,
) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join("model.safetensors"), weights(layout, values)?)?;
    fs::write(folder.join("tokenizer.json"), tokenizer.to_string(true).map_err(|error| error.to_string())?)?;
    let shape = layout.shape;
    let end_of_text = tokenizer.token_to_id(END_OF_TEXT);
    let config = json!({
        "architectures": ["GPT2LMHeadModel"],
        "model_type": "gpt2",
        "vocab_size": shape.vocabulary,
        "n_positions": shape.context,
        "n_ctx": shape.context,
        "n_embd": shape.width,
        "n_layer": shape.layers,
        "n_head": shape.heads,
        "n_inner": null,
        "activation_function": "gelu_new",
        "layer_norm_epsilon": 1e-5,
        "initializer_range": 0.02,
        "embd_pdrop": 0.0,
        "resid_pdrop": 0.0,
        "attn_pdrop": 0.0,
        "scale_attn_weights": true,
        "tie_word_embeddings": true,
        "bos_token_id": end_of_text,
        "eos_token_id": end_of_text,
        "torch_dtype": "float16",
    });
    let tokenizer_config = json!({
        "tokenizer_class": "GPT2TokenizerFast",
        "model_max_length": shape.context,
        "bos_token": END_OF_TEXT,
        "eos_token": END_OF_TEXT,
        "unk_token": END_OF_TEXT,
        "add_prefix_space": false,
    });
    for (name, value) in [("config.json", config), ("tokenizer_config.json", tokenizer_config)] {
        fs::write(folder.join(name), serde_json::to_string_pretty(&value)? + "\n")?;
    }
    Ok(())
}

/// The tensors in half precision, as a safetensors file.
pub fn weights(layout: &Layout, values: &[f32]) -> Result<Vec<u8>, safetensors::SafeTensorError> {
    let halves: Vec<u8> = values.iter().flat_map(|value| f16::from_f32(*value).to_le_bytes()).collect();
    let mut tensors = BTreeMap::new();
    for tensor in &layout.tensors {
        let range = tensor.range();
        let view =
            TensorView::new(Dtype::F16, tensor.shape.clone(), &halves[2 * range.start..2 * range.end])?;
        tensors.insert(format!("transformer.{}", tensor.name), view);
    }
    // Older versions of transformers refuse a file that does not say so.
    let format = [("format".to_owned(), "pt".to_owned())].into_iter().collect();
    safetensors::serialize(tensors, Some(format))
}
