//! A run folder read back says what the run said: the same rows, the same numbers, the same bytes when written again.

use std::{fs, path::PathBuf, process::Command};

use yardstick::{
    metric::saved,
    record::{Record, folder::StoreError},
    report::{details_jsonl, items_jsonl, run_json::RunFile},
};

/// The notebook's suite on the mock engine.
fn measured(results: &std::path::Path) -> PathBuf {
    let mut command = Command::new(env!("CARGO_BIN_EXE_yardstick"));
    command.args(["run", "specs/notebook.suite.yaml", "--model", "mock", "-qq", "--out"]).arg(results);
    // The suite expects of the built-in model what the mock cannot know; the folder is whole all the same.
    command.output().unwrap();
    fs::canonicalize(results.join("latest")).unwrap()
}

fn json(record: &Record) -> serde_json::Value {
    serde_json::to_value(RunFile::new(record)).unwrap()
}

#[test]
fn rows_and_numbers_come_back() {
    let results = tempfile::tempdir().unwrap();
    let folder = measured(results.path());
    let file = |name: &str| fs::read(folder.join(name)).unwrap();
    let record = saved::read(&folder, true).unwrap();
    assert!(record.tasks.len() > 5);
    let (mut items, mut details) = (Vec::new(), Vec::new());
    items_jsonl::write(&mut items, &record).unwrap();
    details_jsonl::write(&mut details, &record).unwrap();
    assert!(items == file("items.jsonl"), "items.jsonl is another one");
    assert!(details == file("details.jsonl"), "details.jsonl is another one");
    // Every number is made anew from the rows.
    let written: serde_json::Value = serde_json::from_slice(&file("run.json")).unwrap();
    assert_eq!(json(&record), written);
    assert!(saved::read(&folder, false).unwrap().tasks.iter().all(|task| task.details.is_empty()));
}

#[test]
fn what_was_edited_by_hand_is_named() {
    let results = tempfile::tempdir().unwrap();
    let folder = measured(results.path());
    let items = fs::read_to_string(folder.join("items.jsonl")).unwrap();
    let reads = |text: &str| {
        fs::write(folder.join("items.jsonl"), text).unwrap();
        saved::read(&folder, false)
    };
    let says = |text: &str, words: &str| match reads(text) {
        Err(StoreError::Damaged { reason, .. }) => assert!(reason.contains(words), "{reason}"),
        other => panic!("{other:?}"),
    };
    let second = items.lines().nth(1).unwrap();
    says(&items.replacen(second, "{\"task\":", 1), "line 2: EOF");
    says(&items.replacen("\"task\":\"", "\"task\":\"no-such-", 1), "run.json knows no task `no-such-");
    says(&items.replacen("\"content_sha256\"", "\"content\"", 1), "missing field `content_sha256`");
    // What the definitions do not name is passed over.
    assert!(reads(&items.replacen("\"repeat\":0", "\"repeat\":0,\"note\":[1]", 1)).is_ok());
    let run = fs::read_to_string(folder.join("run.json")).unwrap();
    fs::write(folder.join("run.json"), run.replacen("\"tasks\": [", "\"tosks\": [", 1)).unwrap();
    says(&items, "older version");
}
