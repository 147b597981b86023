//! Mamba and Mamba-2 as candle-transformers computes them, one token at a time, against our own numbers.

#![expect(clippy::disallowed_types, reason = "candle takes tensors in a map of this type")]

use std::{collections::HashMap, path::Path};

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::{mamba, mamba2};
use yardstick::plan::{FirstToken, Windows};

use super::{Ask, Largest, answers, data, floats, ids, json, open, options};

/// Four times what was measured; candle's own distance to transformers is shown.
const LOGPROBS: f64 = 2e-5;
/// What candle's mamba has for the state.
const STATE: usize = 16;

#[test]
fn mamba_is_what_candle_computes() {
    let Some(families) = data("families") else { return };
    let (config, mut tensors) = read(&families.join("mamba"));
    let size = |key: &str| config[key].as_u64().unwrap() as usize;
    let (layers, rank, state) = (size("num_hidden_layers"), size("time_step_rank"), size("state_size"));
    // Values that take nothing in and give nothing out make up for the size that is fixed there.
    for layer in 0..layers {
        let name = |part: &str| format!("backbone.layers.{layer}.mixer.{part}");
        let pad = |tensor: &Tensor, dim| tensor.pad_with_zeros(dim, 0, STATE - state).unwrap();
        let decay = pad(&tensors[&name("A_log")], 1);
        let select = &tensors[&name("x_proj.weight")];
        let part = |first, len| select.narrow(0, first, len).unwrap();
        let (b, c) = (pad(&part(rank, state), 0), pad(&part(rank + state, state), 0));
        let select = Tensor::cat(&[&part(0, rank), &b, &c], 0).unwrap();
        tensors.insert(name("A_log"), decay);
        tensors.insert(name("x_proj.weight"), select);
    }
    let table = tensors["backbone.embeddings.weight"].clone();
    tensors.insert("backbone.embedding.weight".into(), table);
    let config = mamba::Config {
        d_model: size("hidden_size"),
        n_layer: layers,
        vocab_size: size("vocab_size"),
        pad_vocab_size_multiple: 1,
    };
    let weights = VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu);
    let model = mamba::Model::new(&config, weights.pp("backbone")).unwrap();
    compare(&families.join("mamba"), |tokens| {
        let mut state = mamba::State::new(1, &config, DType::F32, &Device::Cpu).unwrap();
        tokens.iter().map(|token| row(&model.forward(token, &mut state).unwrap())).collect()
    });
}

#[test]
fn mamba2_is_what_candle_computes() {
    let Some(families) = data("families") else { return };
    let (config, mut tensors) = read(&families.join("mamba2"));
    let size = |key: &str| config[key].as_u64().unwrap() as usize;
    let vocabulary = size("vocab_size");
    // The head is the embedding there; with both in one table, its second half is the head.
    let table =
        Tensor::cat(&[&tensors["backbone.embeddings.weight"], &tensors["lm_head.weight"]], 0).unwrap();
    tensors.insert("backbone.embeddings.weight".into(), table);
    let config = mamba2::Config {
        d_model: size("hidden_size"),
        n_layer: size("num_hidden_layers"),
        vocab_size: 2 * vocabulary,
        d_state: size("state_size"),
        expand: size("expand"),
        headdim: size("head_dim"),
        ngroups: size("n_groups"),
        pad_vocab_size_multiple: 1,
    };
    let weights = VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu);
    let model = mamba2::Model::new(&config, weights.pp("backbone")).unwrap();
    compare(&families.join("mamba2"), |tokens| {
        let mut state = mamba2::State::new(1, &config, DType::F32, &Device::Cpu).unwrap();
        let rows = tokens.iter().map(|token| row(&model.forward(token, &mut state).unwrap()));
        rows.map(|row| row[vocabulary..].to_vec()).collect()
    });
}

fn read(folder: &Path) -> (serde_json::Value, HashMap<String, Tensor>) {
    let tensors = candle_core::safetensors::load(folder.join("model.safetensors"), &Device::Cpu).unwrap();
    (json(&folder.join("config.json")), tensors)
}

fn row(logits: &Tensor) -> Vec<f32> {
    logits.flatten_all().unwrap().to_vec1().unwrap()
}

/// The log-probabilities of every sequence of the golden numbers; `logits` gives those after each token.
fn compare(folder: &Path, logits: impl Fn(&[Tensor]) -> Vec<Vec<f32>>) {
    let golden = json(&folder.join("golden.json"));
    let mut ours = open(folder.to_owned(), options(64, 1));
    let (mut apart, mut from_golden) = (Largest::default(), Largest::default());
    for sequence in golden["sequences"].as_array().unwrap() {
        let ids = ids(&sequence["ids"]);
        if ids.len() < 2 {
            continue;
        }
        let tokens: Vec<Tensor> = ids.iter().map(|id| Tensor::new(&[*id], &Device::Cpu).unwrap()).collect();
        let theirs: Vec<f64> = logits(&tokens)
            .iter()
            .zip(&ids[1..])
            .map(|(row, next)| {
                let sum: f64 = row.iter().map(|logit| f64::from(*logit).exp()).sum();
                f64::from(row[*next as usize]) - sum.ln()
            })
            .collect();
        let text = ids.iter().map(|id| format!("t{id}")).collect::<Vec<_>>().join(" ");
        let mut ask = Ask::default();
        let ticket = ask.score_text(&text, FirstToken::Skip, Windows::default());
        let answers = answers(&mut ours, &ask.into_requests());
        apart.compare(&answers.get(ticket).unwrap().logprobs, &theirs);
        for (right, theirs) in floats(&sequence["next_logprob"]).iter().zip(&theirs) {
            from_golden.add(right - theirs);
        }
    }
    println!("candle is {:.1e} from ours and {:.1e} from transformers", apart.0, from_golden.0);
    assert!(apart.0 < LOGPROBS, "{:.1e}", apart.0);
}
