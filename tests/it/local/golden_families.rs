//! Tiny decoders of each family with random weights, in both spellings of their configs.

use std::{fs, path::Path};

use serde_json::Value;
use yardstick::plan::{Decoding, FirstToken, Windows};

use super::{Ask, Largest, answers, data, floats, ids, json, open, options};

/// From the data's README: twice what transformers in f32 and in f64 differ by at most.
const LOGPROBS: f64 = 3e-5;
const SUMS: f64 = 2e-4;

#[test]
fn every_family_agrees_with_transformers_in_both_spellings() {
    let Some(families) = data("families") else { return };
    let mut names: Vec<String> = fs::read_dir(&families)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("gpt2") || name.starts_with("llama") || name.contains("mamba"))
        .collect();
    names.sort_unstable();
    assert!(names.len() >= 15, "{names:?}");
    for name in names {
        let folder = families.join(&name);
        let copy = tempfile::tempdir().unwrap();
        for spelling in ["config.json", "config.legacy.json"] {
            link(&folder, copy.path(), spelling);
            check(copy.path(), &json(&folder.join("golden.json")), &format!("{name} {spelling}"));
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
}

fn check(folder: &Path, golden: &Value, name: &str) {
    let mut model = open(folder.to_owned(), options(64, 1));
    let (mut logprobs, mut sums) = (Largest::default(), Largest::default());
    let mut ask = Ask::default();
    let mut cases = Vec::new();
    for sequence in golden["sequences"].as_array().unwrap() {
        let ids = ids(&sequence["ids"]);
        let text = text(&ids);
        let scored = (ids.len() > 1).then(|| ask.score_text(&text, FirstToken::Skip, Windows::default()));
        let ranked = ask.rank(&text, 257, &[]);
        // Rotations that depend on the length would make a prefix another text.
        let by_length = name.contains("dynamic");
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
            assert_eq!(best.collect::<Vec<_>>(), ids(&sequence["argmax"]), "{name}");
        }
    }
    assert_eq!(answers.get(written).unwrap().ids, right, "{name}");
    println!("{name}: log-probabilities {:.1e}, sums and logits {:.1e}", logprobs.0, sums.0);
    assert!(logprobs.0 < LOGPROBS && sums.0 < SUMS, "{name}: {:.1e} {:.1e}", logprobs.0, sums.0);
}

/// The families' tokenizer has the ids for words.
fn text(ids: &[u32]) -> String {
    ids.iter().map(|id| format!("t{id}")).collect::<Vec<_>>().join(" ")
}
