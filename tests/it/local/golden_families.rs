//! Tiny decoders of each family with random weights, in both spellings of their configs.

use std::{fs, path::Path};

use serde_json::Value;
use yardstick::{
    engine::local::{Checkpoint, Files, Local, Origin},
    plan::{Decoding, FirstToken, Windows},
};

use super::{Ask, Largest, answers, data, floats, ids, json, open, options};

/// What transformers in f32 and in f64 differ by at most, by the data's README; 1.8e-5 was measured.
const LOGPROBS: f64 = 3e-5;
/// Twice what was measured, of sums and of logits, which transformers in f32 and in f64 differ by too (6e-5).
const SUMS: f64 = 6e-5;

#[test]
fn every_family_agrees_with_transformers_in_both_spellings() {
    let Some(families) = data("families") else { return };
    let mut names: Vec<String> = fs::read_dir(&families)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| families.join(name).is_dir())
        .filter(|name| !name.starts_with("gguf"))
        .collect();
    names.sort_unstable();
    assert!(names.len() >= 70, "{names:?}");
    let mut faults = Vec::new();
    for name in names {
        let folder = families.join(&name);
        let copy = tempfile::tempdir().unwrap();
        for spelling in ["config.json", "config.legacy.json"] {
            link(&folder, copy.path(), spelling);
            let name = format!("{name} {spelling}");
            let golden = json(&folder.join("golden.json"));
            if let Err(fault) = check(copy.path(), &golden, &name) {
                faults.push(format!("{name}: {fault}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Rows of experts, of rotations and of windows go together in other ways; none may show.
#[test]
fn batches_and_threads_do_not_show_in_any_family() {
    let Some(families) = data("families") else { return };
    let names = [
        "mixtral",
        "qwen2_moe",
        "deepseek_v2",
        "gpt_oss",
        "granitemoe",
        "gemma3_text",
        "phi3-longrope",
        "bloom",
        "falcon-rw-12heads",
        "stablelm2-12b-style",
        "opt-350m-style",
    ];
    for name in names {
        let folder = families.join(name);
        let golden = json(&folder.join("golden.json"));
        let mut ask = Ask::default();
        for sequence in golden["sequences"].as_array().unwrap() {
            let text = text(&ids(&sequence["ids"]));
            ask.score_text(&text, FirstToken::Skip, Windows::default());
            ask.rank(&text, 257, &[]);
            ask.generate(&text, Decoding::Greedy, 12, &[]);
        }
        let requests = ask.into_requests();
        let answered = |batch_tokens, threads| {
            let answers = answers(&mut open(folder.clone(), options(batch_tokens, threads)), &requests);
            answers.iter().map(|answer| format!("{answer:?}")).collect::<Vec<_>>()
        };
        let alone = answered(1, 1);
        for (batch_tokens, threads) in [(100, 1), (4096, 2)] {
            assert_eq!(alone, answered(batch_tokens, threads), "{name} {batch_tokens} {threads}");
        }
    }
}

/// The folder with one of its configs as `config.json`.
fn link(folder: &Path, copy: &Path, spelling: &str) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if !name.starts_with("config") {
            fs::copy(&path, copy.join(name)).unwrap();
        }
    }
    fs::copy(folder.join(spelling), copy.join("config.json")).unwrap();
    // The texts of the data go on after an end of text.
    fs::write(copy.join("generation_config.json"), r#"{"eos_token_id": null}"#).unwrap();
}

pub(super) fn check(folder: &Path, golden: &Value, name: &str) -> Result<(), String> {
    let checkpoint = Checkpoint::open(Files::Folder(folder.to_owned())).map_err(|fault| fault.to_string())?;
    let unread = checkpoint.description().unread;
    if !unread.is_empty() {
        return Err(format!("keys of the config are not read: {}", unread.join(", ")));
    }
    let origin = Origin { source: "a test".into(), revision: None };
    let model = Local::load("model", origin, &checkpoint, options(64, 1));
    let mut model = model.map_err(|fault| fault.to_string())?;
    let (mut logprobs, mut sums) = (Largest::default(), Largest::default());
    let mut ask = Ask::default();
    let mut cases = Vec::new();
    for sequence in golden["sequences"].as_array().unwrap() {
        let ids = ids(&sequence["ids"]);
        let text = text(&ids);
        let scored = (ids.len() > 1).then(|| ask.score_text(&text, FirstToken::Skip, Windows::default()));
        let ranked = ask.rank(&text, 257, &[]);
        // Rotations that depend on the length would make a prefix another text.
        let by_length = ["dynamic", "longrope", "phi4-mini"].iter().any(|part| name.contains(part));
        let places =
            (0..ids.len()).filter(|_| !by_length).map(|end| ask.rank(&self::text(&ids[..=end]), 1, &[]));
        let places: Vec<_> = places.collect();
        cases.push((sequence, scored, ranked, places));
    }
    let prompt = ids(&golden["greedy"]["prompt_ids"]);
    let right = ids(&golden["greedy"]["ids"]);
    let written = ask.generate(&text(&prompt), Decoding::Greedy, right.len() as u32, &[]);

    let answers = answers(&mut model, &ask.into_requests());
    for (sequence, scored, ranked, places) in cases {
        if let Some(ticket) = scored {
            let scored = answers.get(ticket).unwrap();
            logprobs.compare(&scored.logprobs, &floats(&sequence["next_logprob"]));
            sums.add(scored.total() - sequence["sum_logprob"].as_f64().unwrap());
        }
        let last_logits = floats(&sequence["last_logits"]);
        let log_sums = floats(&sequence["logsumexp"]);
        for token in &answers.get(ranked).unwrap().top {
            let right = last_logits[token.id as usize] - log_sums[log_sums.len() - 1];
            // A log-probability is a logit less the log-sum, each of which may be off.
            sums.add(f64::from(token.logprob) - right);
        }
        let best = places.iter().map(|ticket| answers.get(*ticket).unwrap().top[0].id);
        if !places.is_empty() {
            let best: Vec<u32> = best.collect();
            if best != ids(&sequence["argmax"]) {
                return Err(format!("the best tokens are {best:?}"));
            }
        }
    }
    let measured = format!("log-probabilities {:.1e}, sums and logits {:.1e}", logprobs.0, sums.0);
    println!("{name}: {measured}");
    if answers.get(written).unwrap().ids != right {
        return Err(format!("another text is written; {measured}"));
    }
    if logprobs.0 < LOGPROBS && sums.0 < SUMS { Ok(()) } else { Err(measured) }
}

/// The families' tokenizer has the ids for words.
pub(super) fn text(ids: &[u32]) -> String {
    ids.iter().map(|id| format!("t{id}")).collect::<Vec<_>>().join(" ")
}
