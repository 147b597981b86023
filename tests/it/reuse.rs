//! Answers of earlier runs: taken in place of asking, listed, and cleared away.

use std::{
    fs,
    path::Path,
    time::{Duration, SystemTime},
};

use super::{
    cli::{Results, json, output, spec, text},
    shards::{SPEC, assert_same, folders, interrupt, shard, whole},
};

/// Runs a spec and returns what was said on stderr.
fn run(spec: &str, results: &Results, more: &[&str]) -> String {
    let ran = output(&[&["run", spec, "--progress", "plain", "--out", results.path()], more].concat());
    assert_eq!(ran.status.code(), Some(0), "{}", text(&ran.stderr));
    text(&ran.stderr)
}

/// The newest run, of those that begin in the same second the one with the highest number.
fn last(results: &Results, before: &[std::path::PathBuf]) -> std::path::PathBuf {
    folders(results).into_iter().find(|folder| !before.contains(folder)).unwrap()
}

#[test]
fn what_was_answered_is_not_asked_again_and_gives_the_same_bytes() {
    let home = tempfile::tempdir().unwrap();
    let path = spec(home.path(), SPEC);
    let (results, first) = whole(&path);
    let requests = json(&first.join("run.json"))["suite"]["requests"].as_u64().unwrap();
    let said = run(&path, &results, &["--reuse"]);
    let id = first.file_name().unwrap().to_str().unwrap();
    assert!(said.contains(&format!("{requests} of {requests} answers taken from {id}")), "{said}");
    let second = last(&results, std::slice::from_ref(&first));
    assert_same(&first, &second);
    let reused = json(&second.join("run.json"))["reused"].clone();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(reused, serde_json::json!([{ "run_id": id, "version": version, "answers": requests }]));

    // A spec that asks one thing more: only that is asked.
    let more = SPEC.replace("incorrect: Kingston}", "incorrect: [Kingston, Nassau]}");
    fs::write(&path, more).unwrap();
    let before = folders(&results);
    let said = run(&path, &results, &["--reuse=latest"]);
    assert!(said.contains(&format!("{requests} of {} answers taken from", requests + 1)), "{said}");
    let (_fresh, fresh) = whole(&path);
    assert_same(&fresh, &last(&results, &before));
}

#[test]
fn a_run_that_was_stopped_lends_its_sound_answers_and_none_of_its_failures() {
    let home = tempfile::tempdir().unwrap();
    let path = spec(home.path(), SPEC);
    let (results, first) = whole(&path);
    let answers = first.join("answers.jsonl");
    let sealed = fs::read_to_string(&answers).unwrap();
    let lines: Vec<&str> = sealed.split_inclusive('\n').collect();
    // The first line damaged, the second a failure, the last torn.
    let request = &lines[1][12..76];
    let failure = format!(r#"{{"request":"{request}","failure":{{"kind":"engine","message":"m"}}}}"#);
    let check = yardstick::value::Digest::of(&failure).short(8);
    let failure = format!("{},\"check\":\"{check}\"}}\n", &failure[..failure.len() - 1]);
    let written = format!("{}{failure}{}", lines[0].replacen('1', "2", 1), lines[2..].concat());
    fs::write(&answers, &written).unwrap();
    interrupt(&first, written.len() - 3);
    let before = folders(&results);
    let said = run(&path, &results, &["--reuse"]);
    let all = lines.len();
    assert!(said.contains("damaged lines of answers.jsonl are not reused: 1"), "{said}");
    assert!(said.contains(&format!("{} of {all} answers taken", all - 3)), "{said}");
    let again = last(&results, &before);
    assert_eq!(fs::read_to_string(again.join("answers.jsonl")).unwrap(), sealed);
}

#[test]
fn answers_that_were_changed_after_sealing_are_not_taken() {
    let home = tempfile::tempdir().unwrap();
    let path = spec(home.path(), SPEC);
    let (results, first) = whole(&path);
    let answers = first.join("answers.jsonl");
    let sealed = fs::read_to_string(&answers).unwrap();
    let less = sealed.split_inclusive('\n').skip(1).collect::<String>();
    fs::write(&answers, less).unwrap();
    let before = folders(&results);
    let said = run(&path, &results, &[&format!("--reuse={}", first.display())]);
    assert!(
        said.contains("nothing is reused of") && said.contains("is not the file that was sealed"),
        "{said}"
    );
    let again = json(&last(&results, &before).join("run.json"));
    assert_eq!(again["reused"], serde_json::Value::Null);
}

#[test]
#[cfg(feature = "local")]
fn another_models_answers_are_not_even_read() {
    let home = tempfile::tempdir().unwrap();
    let path = spec(home.path(), SPEC);
    let (results, first) = whole(&path);
    // Were it read, this would be told.
    fs::write(first.join("answers.jsonl"), "no answers\n").unwrap();
    let quiet = run(&path, &results, &["--reuse", "--model", "reference"]);
    assert!(!quiet.contains("reused") && !quiet.contains("taken"), "{quiet}");
    let named = run(&path, &results, &[&format!("--reuse={}", first.display()), "--model", "reference"]);
    assert!(named.contains("another model answered it, mock"), "{named}");
    let none = output(&["run", &path, "--reuse=nothing", "--out", results.path()]);
    assert_eq!(none.status.code(), Some(8));
}

#[test]
fn a_shard_begun_anew_takes_what_the_first_try_answered() {
    let home = tempfile::tempdir().unwrap();
    let path = spec(home.path(), SPEC);
    let results = Results::new();
    let first = shard(&path, "1/2", &results, &[]);
    let sealed = fs::read_to_string(first.join("answers.jsonl")).unwrap();
    interrupt(&first, sealed.len() - 1);
    let said = run(&path, &results, &["--shard", "1/2", "--reuse"]);
    let asked = sealed.lines().count();
    assert!(said.contains(&format!("{} of {asked} answers taken from", asked - 1)), "{said}");
    let second = last(&results, std::slice::from_ref(&first));
    assert_eq!(fs::read_to_string(second.join("answers.jsonl")).unwrap(), sealed);
    // The first try is of no more use now.
    let pruned = prune(&results, &["--yes"]);
    assert_eq!(pruned["entries"][0]["path"], first.to_str().unwrap());
    assert_eq!(folders(&results), [second]);
}

fn prune(results: &Results, more: &[&str]) -> serde_json::Value {
    let ran = output(&[&["cache", "prune", "--format", "json", "--out", results.path()], more].concat());
    assert_eq!(ran.status.code(), Some(0), "{}", text(&ran.stderr));
    serde_json::from_slice(&ran.stdout).unwrap()
}

fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| if path.is_dir() { size(&path) } else { fs::symlink_metadata(path).unwrap().len() })
        .sum()
}

#[test]
fn the_cache_is_what_the_run_folders_hold() {
    let home = tempfile::tempdir().unwrap();
    let path = spec(home.path(), SPEC);
    let (results, first) = whole(&path);
    shard(&path, "1/2", &results, &[]);
    fs::create_dir(results.0.path().join("no-run")).unwrap();
    let listed = output(&["cache", "--format", "json", "--out", results.path()]);
    let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    let runs: Vec<_> =
        folders(&results).into_iter().filter(|folder| folder.join("run.json").exists()).collect();
    let answers: usize =
        runs.iter().map(|run| fs::read_to_string(run.join("answers.jsonl")).unwrap().lines().count()).sum();
    let bytes: u64 = runs.iter().map(|run| size(run)).sum();
    let model = &listed[0];
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!((&model["model"], &model["runs"]), (&"mock".into(), &2.into()));
    assert_eq!((&model["answers"], &model["bytes"].as_f64()), (&answers.into(), &Some(bytes as f64)));
    assert_eq!(model["model_digest"], json(&first.join("run.json"))["model_digest"]);
    let human = text(&output(&["cache", "list", "--out", results.path()]).stdout);
    assert!(human.contains("mock") && human.contains("last used"), "{human}");
    let size = text(&output(&["cache", "size", "--out", results.path()]).stdout);
    assert!(size.starts_with(&format!("2 runs, {answers} answers, ")), "{size}");
}

#[test]
fn pruning_removes_leftovers_only_and_only_when_told() {
    let home = tempfile::tempdir().unwrap();
    let path = spec(home.path(), SPEC);
    let (results, first) = whole(&path);
    let now = fs::metadata(first.join("run.json")).unwrap().modified().unwrap();
    let old = now - Duration::from_hours(2);
    let leave = |name: &str, time: Option<SystemTime>| {
        let path = first.join(name);
        let file = fs::File::create(&path).unwrap();
        time.into_iter().for_each(|time| file.set_modified(time).unwrap());
        path
    };
    let [half, older] = [".unfinished-a1B2c3", "spec/.tmpAb12Cd"].map(|name| leave(name, Some(old)));
    let kept = [leave(".unfinished-now123", None), leave("notes.txt", Some(old)), leave(".tmp", Some(old))];
    // A stopped run of a plan that nobody finished stays; one of a plan that was finished goes.
    let alone = home.path().join("alone.yaml");
    fs::write(&alone, SPEC.replace("Kingston", "Nassau")).unwrap();
    run(alone.to_str().unwrap(), &results, &[]);
    let alone = last(&results, std::slice::from_ref(&first));
    interrupt(&alone, 10);
    run(&path, &results, &[]);
    let stopped = last(&results, &[first.clone(), alone.clone()]);
    interrupt(&stopped, 10);
    // What is no run, or a link, is nothing to us.
    let elsewhere = Results::new();
    let other = elsewhere.0.path().join("run");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("run.json"), fs::read(stopped.join("run.json")).unwrap()).unwrap();
    fs::write(other.join("answers.jsonl"), "").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(&other, results.0.path().join("linked")).unwrap();
    fs::create_dir(results.0.path().join("mine")).unwrap();

    let shown = prune(&results, &[]);
    let mut expected = [half.clone(), older.clone(), stopped.clone()];
    expected.sort();
    let paths: Vec<&str> =
        shown["entries"].as_array().unwrap().iter().map(|entry| entry["path"].as_str().unwrap()).collect();
    assert_eq!(paths, expected.iter().map(|path| path.to_str().unwrap()).collect::<Vec<_>>());
    assert_eq!(shown["removed"], false);
    assert!(expected.iter().all(|path| path.exists()));
    let by =
        shown["entries"].as_array().unwrap().iter().find(|entry| entry["reason"] == "superseded").unwrap();
    assert_eq!(by["superseded_by"], first.file_name().unwrap().to_str().unwrap());

    // One that is at work stays.
    let (journal, _) = yardstick::record::journal::Journal::open(&stopped).unwrap();
    assert_eq!(prune(&results, &[])["entries"].as_array().unwrap().len(), 2);
    assert_eq!(prune(&results, &["--model", "mock"])["entries"].as_array().unwrap().len(), 2);
    drop(journal);

    assert_eq!(prune(&results, &["--yes"])["removed"], true);
    assert!(expected.iter().all(|path| !path.exists()) && kept.iter().all(|path| path.exists()));
    assert!(alone.exists() && other.exists() && results.0.path().join("mine").exists());
    assert_eq!(prune(&results, &["--yes"])["entries"], serde_json::json!([]));
}

#[test]
fn whole_runs_go_by_age_and_model() {
    let home = tempfile::tempdir().unwrap();
    let path = spec(home.path(), SPEC);
    let (results, first) = whole(&path);
    run(&path, &results, &[]);
    let second = last(&results, std::slice::from_ref(&first));
    let age = |run: &Path| {
        let mut record = json(&run.join("run.json"));
        record["time"]["finished"] = "2020-01-01T00:00:00Z".into();
        fs::write(run.join("run.json"), record.to_string()).unwrap();
    };
    [&first, &second].into_iter().for_each(|run| age(run));
    let entries = |more: &[&str]| prune(&results, more)["entries"].as_array().unwrap().len();
    assert_eq!([entries(&["--older-than", "30d"]), entries(&["--older-than", "30000d"])], [2, 0]);
    assert_eq!(entries(&["--older-than", "30d", "--model", "gpt2"]), 0);
    // A run whose answers were taken lately is in use.
    run(&path, &results, &[&format!("--reuse={}", first.display())]);
    let gone = prune(&results, &["--older-than", "30d", "--model", "mock", "--yes"]);
    assert_eq!(gone["entries"].as_array().unwrap().len(), 1);
    assert!(first.exists() && !second.exists());
    let latest = fs::read_link(results.0.path().join("latest")).unwrap();
    assert!(results.0.path().join(latest).exists());
    assert_eq!(prune(&results, &["--model", "mock", "--yes"])["entries"].as_array().unwrap().len(), 2);
    assert!(folders(&results).is_empty() && fs::symlink_metadata(results.0.path().join("latest")).is_err());
}
