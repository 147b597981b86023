//! A run in pieces: what `run --shard` leaves and `merge` makes of it is what one run leaves, byte for byte.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use super::{
    cli::{Results, json, output, spec, text},
    shards_refused::refused,
};

/// Several kinds: answers of each sort, a text that is asked twice, a group, a sample.
pub(super) const SPEC: &str = r#"
benchmark: facts
model: mock
seed: 3
tasks:
  - cloze: capitals
    allow: [few-items]
    normalization: [none, byte]
    items:
      - {id: france, prompt: The capital of France is, correct: Paris, incorrect: Lyon}
      - {id: japan, prompt: The capital of Japan is, correct: Tokyo, incorrect: [Osaka, Kyoto]}
      - {id: cuba, prompt: The capital of Cuba is, correct: Havana, incorrect: Kingston}
  - generate: write
    allow: [few-items]
    max_tokens: 8
    items:
      - {input: The capital of France is, target: Paris}
      - {input: "é ✓ one,\ntwo", target: three}
  - perplexity: texts
    allow: [few-items]
    groups:
      news: ["The cabinet met.", "Prices rose."]
      fiction: ["Once upon a time."]
  - next_token: capital
    prompt: The capital of France is
    watch: [Paris, London]
"#;

#[cfg(feature = "local")]
/// A small run with the built-in model, one of whose texts is too long for it.
fn reference() -> String {
    let long = "the cat sat ".repeat(2_000);
    format!(
        "benchmark: facts\nmodel: reference\ntasks:\n  - cloze: capitals\n    allow: [few-items]\n    items:\n      \
         - [The capital of France is, Paris, London]\n      - [\"{long}\", Paris, London]\n      \
         - [The capital of Japan is, Tokyo, Paris]\n"
    )
}

/// Runs a spec as a whole.
pub(super) fn whole(spec: &str) -> (Results, PathBuf) {
    let results = Results::new();
    let ran = output(&["run", spec, "-q", "--out", results.path()]);
    assert!(matches!(ran.status.code(), Some(0 | 5 | 6)), "{}", text(&ran.stderr));
    let run = results.run();
    (results, run)
}

/// Runs a shard of a spec.
pub(super) fn shard(spec: &str, shard: &str, results: &Results, more: &[&str]) -> PathBuf {
    let ran = output(&[&["run", spec, "-q", "--shard", shard, "--out", results.path()], more].concat());
    assert!(matches!(ran.status.code(), Some(0 | 6)), "{}", text(&ran.stderr));
    let slug = format!("-shard-{}", shard.replace('/', "-of-"));
    let mut made = folders(results);
    made.retain(|folder| folder.to_str().unwrap().contains(&slug));
    made.pop().unwrap()
}

pub(super) fn folders(results: &Results) -> Vec<PathBuf> {
    let mut runs = results.runs();
    runs.sort();
    runs
}

/// All shards of a spec.
pub(super) fn shards(spec: &str, of: u32) -> Results {
    let results = Results::new();
    for index in 1..=of {
        shard(spec, &format!("{index}/{of}"), &results, &[]);
    }
    results
}

/// Merges, and returns the run that came of it and how the program ended.
fn merged(results: &Results, names: &[&str]) -> (PathBuf, Option<i32>) {
    let into = Results::new();
    let merged = output(&[&["merge", "-q", "--out", into.path()], names].concat());
    assert!(matches!(merged.status.code(), Some(0 | 5 | 6)), "{}", text(&merged.stderr));
    let (run, kept) = (into.run(), results.0.path().join("merged"));
    fs::rename(&run, &kept).unwrap();
    fs::write(kept.join("name"), run.file_name().unwrap().to_str().unwrap()).unwrap();
    (kept, merged.status.code())
}

/// Every file of a run, its own name and times taken out of those that speak of them.
fn files(run: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut open = vec![run.to_owned()];
    let record = json(&run.join("run.json"));
    let id = record["run_id"].as_str().unwrap();
    while let Some(folder) = open.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let name = path.strip_prefix(run).unwrap().to_str().unwrap().to_owned();
            let mut bytes = fs::read_to_string(&path).unwrap();
            match name.as_str() {
                "name" | "report.html" | "run.json" => continue,
                "items.csv" | "metrics.csv" | "next_tokens.csv" | "token_logprobs.csv" => {
                    bytes = bytes.replace(id, "ID");
                }
                "summary.md" => bytes = timeless(&bytes),
                _ => {}
            }
            files.insert(name, bytes);
        }
    }
    files
}

/// A summary without the line that says how long it took.
fn timeless(summary: &str) -> String {
    summary
        .lines()
        .filter(|line| !line.contains(" tokens · ") && !line.contains(" in 0."))
        .collect::<Vec<_>>()
        .join("\n")
}

pub(super) fn assert_same(run: &Path, other: &Path) {
    let (one, other) = (files(run), files(other));
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    assert!(one.len() >= 7 && one.contains_key("answers.jsonl"), "{:?}", one.keys());
    for (name, bytes) in &one {
        assert!(*bytes == other[name], "{name}:\n{bytes}\n{}", other[name]);
    }
}

/// What `run.json` says that does not depend on when, where and by whom.
fn settled(run: &Path) -> serde_json::Value {
    let mut record = json(&run.join("run.json"));
    let fields = record.as_object_mut().unwrap();
    for field in ["run_id", "time", "parts", "engine", "host", "workspace"] {
        fields.remove(field);
    }
    record
}

#[test]
fn any_number_of_shards_makes_the_run_that_one_machine_makes() {
    let home = tempfile::tempdir().unwrap();
    let spec = spec(home.path(), SPEC);
    let (_results, run) = whole(&spec);
    let requests = json(&run.join("run.json"))["suite"]["requests"].as_u64().unwrap();
    for of in [1, 2, 3, u32::try_from(requests).unwrap() + 7] {
        let results = shards(&spec, of);
        let folders = folders(&results);
        assert_eq!(folders.len(), of as usize);
        let answers = |folder: &PathBuf| fs::read_to_string(folder.join("answers.jsonl")).unwrap();
        let empty = folders.iter().filter(|folder| answers(folder).is_empty()).count();
        assert_eq!(empty > 0, u64::from(of) > requests, "of {of}");
        // A shard is no run with numbers.
        assert!(folders.iter().all(|folder| !folder.join("items.jsonl").exists()));
        let (merged, code) = merged(&results, &[folders[0].to_str().unwrap()]);
        assert_eq!(code, Some(0));
        assert_same(&run, &merged);
        assert_eq!(settled(&run), settled(&merged));
        let parts = json(&merged.join("run.json"))["parts"].clone();
        let named: Vec<_> =
            parts.as_array().unwrap().iter().map(|part| part["shard"]["index"].as_u64().unwrap()).collect();
        assert_eq!(named, (1..=u64::from(of)).collect::<Vec<_>>());
    }
}

#[test]
fn a_suite_of_many_kinds_is_merged_by_the_end_of_its_id() {
    let suite = "specs/notebook.suite.yaml";
    let whole_results = Results::new();
    output(&["run", suite, "--model", "mock", "-q", "--out", whole_results.path()]);
    let results = Results::new();
    for index in ["2/3", "1/3", "3/3"] {
        shard(suite, index, &results, &["--model", "mock"]);
    }
    let plan = json(&folders(&results)[0].join("run.json"))["suite"]["plan_sha256"].as_str().unwrap()[..6]
        .to_owned();
    let made = output(&["merge", &plan, "--out", results.path()]);
    let expected = output(&["run", suite, "--model", "mock", "-q", "--out", whole_results.path()]);
    assert_eq!(made.status.code(), expected.status.code(), "{}", text(&made.stderr));
    // Four now, of which one is whole: the end of the id means that one.
    let merged = folders(&results).into_iter().find(|run| run.join("items.jsonl").exists()).unwrap();
    assert_same(&folders(&whole_results)[0], &merged);
    let latest = fs::read_link(results.0.path().join("latest")).unwrap();
    assert_eq!(Some(latest.as_os_str()), merged.file_name());
    let shown = output(&["report", &plan, "--out", results.path()]);
    assert!(shown.status.success(), "{}", text(&shown.stderr));
}

#[test]
#[cfg(feature = "local")]
fn items_without_an_answer_stay_so() {
    let home = tempfile::tempdir().unwrap();
    let spec = spec(home.path(), &reference());
    let (_results, run) = whole(&spec);
    let results = shards(&spec, 2);
    let (merged, code) = merged(&results, &[results.path()]);
    assert_eq!(code, Some(6));
    assert_same(&run, &merged);
    let record = json(&merged.join("run.json"));
    assert_eq!(record["errors"], serde_json::json!({ "too_long": 1 }));
    assert_eq!(record["errors"], json(&run.join("run.json"))["errors"]);
}

#[test]
fn a_shard_is_taken_up_like_any_run() {
    let home = tempfile::tempdir().unwrap();
    let spec = spec(home.path(), SPEC);
    let (_results, run) = whole(&spec);
    let results = shards(&spec, 2);
    let second = folders(&results).pop().unwrap();
    let sealed = fs::read_to_string(second.join("answers.jsonl")).unwrap();
    interrupt(&second, sealed.len() / 2);
    let refused = output(&["merge", results.path(), "--out", results.path()]);
    assert_eq!(refused.status.code(), Some(8));
    let said = text(&refused.stderr);
    assert!(said.contains(&format!("yardstick run --resume {}", second.display())), "{said}");
    let name = second.file_name().unwrap().to_str().unwrap();
    let end = &name[name.find("-shard-").unwrap() - 6..];
    let listed = text(&output(&["runs", "--out", results.path()]).stdout);
    assert!(
        listed.contains("interrupted, shard 2/2") && listed.contains(&format!("--resume {end}")),
        "{listed}"
    );
    let resumed = output(&["run", "--resume", end, "--out", results.path()]);
    assert_eq!(resumed.status.code(), Some(0), "{}", text(&resumed.stderr));
    assert!(text(&resumed.stdout).contains("shard 2 of 2"), "{}", text(&resumed.stdout));
    assert_eq!(fs::read_to_string(second.join("answers.jsonl")).unwrap(), sealed);
    let (merged, _) = merged(&results, &[second.to_str().unwrap()]);
    assert_same(&run, &merged);
    assert_eq!(json(&merged.join("run.json"))["resumed"], 1);
}

/// Cuts a sealed run off, as if it had been stopped.
pub(super) fn interrupt(run: &Path, at: usize) {
    let answers = fs::read(run.join("answers.jsonl")).unwrap();
    fs::write(run.join("answers.jsonl"), &answers[..at]).unwrap();
    let record = fs::read_to_string(run.join("run.json")).unwrap().replace("\"complete\"", "\"interrupted\"");
    fs::write(run.join("run.json"), record).unwrap();
}

#[test]
fn of_two_folders_of_one_shard_either_will_do_where_they_agree() {
    let home = tempfile::tempdir().unwrap();
    let path = spec(home.path(), SPEC);
    let (_results, run) = whole(&path);
    let results = shards(&path, 2);
    // A job that was started again: the first try did not come to its end.
    let tried = folders(&results)[1].clone();
    shard(&path, "2/2", &results, &[]);
    interrupt(&tried, 3);
    let (made, _) = merged(&results, &[results.path()]);
    assert_same(&run, &made);
    fs::remove_dir_all(made).unwrap();
    // And once more, with the same answers.
    shard(&path, "1/2", &results, &[]);
    let (made, _) = merged(&results, &[results.path()]);
    assert_same(&run, &made);
    fs::remove_dir_all(made).unwrap();
    // With others, it is not to be decided here which are right.
    let again = folders(&results)[1].clone();
    let record = fs::read_to_string(again.join("run.json")).unwrap();
    let sealed = json(&again.join("run.json"))["answers_sha256"].as_str().unwrap().to_owned();
    fs::write(
        again.join("run.json"),
        record
            .replace(&sealed, &sealed.replace(&sealed[..1], if sealed.starts_with('0') { "1" } else { "0" })),
    )
    .unwrap();
    let said = refused(&results, &[results.path()]);
    assert!(said.contains("both shard 1 of 2, with different answers"), "{said}");
}

#[test]
fn a_shard_has_no_numbers_to_show() {
    let home = tempfile::tempdir().unwrap();
    let path = spec(home.path(), SPEC);
    let results = Results::new();
    let ran = output(&["run", &path, "--shard", "1/2", "--format", "json", "--out", results.path()]);
    let said: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!((&said[0]["shard"], &said[0]["of"], &said[0]["failed"]), (&1.into(), &2.into(), &0.into()));
    let one = results.run();
    let one = one.to_str().unwrap();
    for command in ["report", "show", "score", "compare", "export"] {
        let arguments = match command {
            "compare" => vec![command, one, one],
            "export" => vec![command, "junit", one],
            _ => vec![command, one],
        };
        let said = output(&[arguments.as_slice(), &["--out", results.path()]].concat());
        assert_eq!(said.status.code(), Some(8), "{command}");
        let said = text(&said.stderr);
        assert!(said.contains("is shard 1 of 2") && said.contains("yardstick merge"), "{command}: {said}");
    }
    let alone = output(&["merge", one, "--out", results.path()]);
    assert!(text(&alone.stderr).contains("shard 2 of 2 is missing"), "{}", text(&alone.stderr));
    for wrong in ["0/2", "3/2", "1", "a/b", "1/0"] {
        assert_eq!(output(&["run", &path, "--shard", wrong]).status.code(), Some(2), "{wrong}");
    }
    let none = output(&["merge", home.path().to_str().unwrap(), "--out", results.path()]);
    assert!(text(&none.stderr).contains("holds no shards"), "{}", text(&none.stderr));
}
