//! The numbers that transformers gives for the dequantised weights of each file.

use std::{fs, path::PathBuf};

use yardstick::{
    engine::local::{Checkpoint, Files, Form, Local, Origin},
    plan::{Answers, Ask, Decoding, FirstToken, Windows},
};

use super::{
    super::{answers, data, golden_families, ids, json, options},
    words,
};

/// Each golden file: the model, and the numbers beside it.
pub(super) fn models() -> Option<Vec<(PathBuf, serde_json::Value)>> {
    let families = data("families")?;
    let mut models = Vec::new();
    for folder in fs::read_dir(families).unwrap().map(|entry| entry.unwrap().path()) {
        if !folder.file_name().unwrap().to_str().unwrap().starts_with("gguf-") {
            continue;
        }
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.extension().is_some_and(|end| end == "gguf") {
                let golden = json(&path.with_extension("golden.json"));
                models.push((path, golden));
            }
        }
    }
    models.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(models.len() >= 13, "{models:?}");
    Some(models)
}

#[test]
fn dequantised_models_agree_with_transformers() {
    let Some(models) = models() else { return };
    for (path, golden) in models {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let folder = tempfile::tempdir().unwrap();
        fs::copy(&path, folder.path().join(&name)).unwrap();
        // A tokenizer beside the file wins, and its words are ids.
        words(
            &folder.path().join("tokenizer.json"),
            golden["sequences"][0]["last_logits"].as_array().unwrap().len(),
        );
        if let Err(fault) = golden_families::check(folder.path(), &golden, &name) {
            panic!("{name}: {fault}");
        }
    }
}

fn some_answers(path: &std::path::Path, form: Form, sequences: &[Vec<u32>]) -> (Answers, String, u64) {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(path, folder.path().join("model.gguf")).unwrap();
    words(&folder.path().join("tokenizer.json"), 320);
    let checkpoint = Checkpoint::open(Files::Folder(folder.path().to_owned())).unwrap();
    let checkpoint = checkpoint.with_weights(form).unwrap();
    let origin = Origin { source: "a test".into(), revision: None };
    let mut model = Local::load("model", origin, &checkpoint, options(64, 2)).unwrap();
    let mut ask = Ask::default();
    for ids in sequences {
        let text = golden_families::text(ids);
        if ids.len() > 1 {
            ask.score_text(&text, FirstToken::Skip, Windows::default());
        }
        ask.rank(&text, 20, &[]);
        ask.generate(&text, Decoding::Greedy, 9, &[]);
    }
    let dtype = yardstick::engine::Engine::card(&model).dtype.clone();
    (answers(&mut model, &ask.into_requests()), dtype.unwrap(), checkpoint.description().memory)
}

#[test]
fn quantized_weights_give_the_same_answers_to_the_bit() {
    let Some(models) = models() else { return };
    for (path, golden) in models {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if !name.contains("-Q") {
            let opened = Checkpoint::open(Files::Gguf {
                folder: path.parent().unwrap().to_owned(),
                file: name.clone(),
            });
            let error = opened.unwrap().with_weights(Form::Quantized).err().unwrap().to_string();
            assert!(error.contains("no quantized weights (f"), "{error}");
            continue;
        }
        let sequences = golden["sequences"].as_array().unwrap();
        let sequences: Vec<Vec<u32>> = sequences.iter().map(|sequence| ids(&sequence["ids"])).collect();
        let (widened, dtype, all) = some_answers(&path, Form::Widened, &sequences);
        let (quantized, same_dtype, less) = some_answers(&path, Form::Quantized, &sequences);
        let texts = |answers: &Answers| format!("{:?}", answers.iter().collect::<Vec<_>>());
        assert!(texts(&widened) == texts(&quantized), "{name}");
        assert!(widened.iter().all(Result::is_ok), "{name}");
        assert!(dtype.starts_with("f32 (weights q") && dtype == same_dtype, "{dtype}");
        assert!(less < all / 2, "{name}: {less} bytes of {all}");
    }
}
