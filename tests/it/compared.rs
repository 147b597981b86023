//! `compare` on saved runs: files, streams, exit codes.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    cli::{Results, json, output, spec, text},
    runs::{other, said},
};

/// A run of the mock on many pairs, and one that is right wherever the mock is wrong as well.
fn pair() -> (Results, PathBuf, PathBuf) {
    let results = Results::new();
    let home = tempfile::tempdir().unwrap();
    let item = |n: usize| format!("      - [It is {n:03}, odd, even]\n");
    let items: String = (0..120).map(item).collect();
    let spec = spec(
        home.path(),
        &format!("benchmark: many\nmodel: mock\ntasks:\n  - cloze: pairs\n    items:\n{items}"),
    );
    let ran = output(&["run", &spec, "-q", "--out", results.path()]);
    assert_eq!(ran.status.code(), Some(0), "{}", text(&ran.stderr));
    let run = results.run();
    let lines = fs::read_to_string(run.join("items.jsonl")).unwrap();
    let items = lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let wrong: Vec<String> = items
        .filter(|item| item["correct"] == 0.0)
        .map(|item| item["item"].as_str().unwrap().to_owned())
        .collect();
    assert!(wrong.len() >= 10, "{}", wrong.len());
    let better = other(&results, &run, &wrong.iter().map(String::as_str).collect::<Vec<_>>());
    (results, run, better)
}

/// The folders of comparisons.
fn comparisons(results: &Results) -> Vec<PathBuf> {
    let is_one = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with("compare-");
    results.runs().into_iter().filter(is_one).collect()
}

fn named(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_comparison_leaves_its_files_and_says_what_it_comes_to() {
    let (results, run, better) = pair();
    let shown = said(&["compare", named(&run), named(&better), "--out", results.path()], "100");
    assert!(shown.contains("B is better in 1") && shown.contains("--only-right B"), "{shown}");
    let [folder] = comparisons(&results).try_into().unwrap();
    for file in ["comparisons.csv", "compare.json", "summary.md", "table.tex"] {
        assert!(fs::metadata(folder.join(file)).unwrap().len() > 0, "{file}");
    }
    assert!(shown.contains(folder.file_name().unwrap().to_str().unwrap()));
    let record = json(&folder.join("compare.json"));
    assert_eq!(record["format"], "yardstick.compare/1");
    assert_eq!(record["subjects"][0]["pairs"][0]["verdict"]["decision"], "b_better");
    let schema: serde_json::Value =
        serde_json::from_str(&fs::read_to_string("schemas/compare.schema.json").unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<String> = validator.iter_errors(&record).map(|error| error.to_string()).collect();
    assert!(faults.is_empty(), "{faults:?}");
    // The same comparison again is the same file, and runs are still listed without it.
    let again = output(&["compare", named(&run), named(&better), "--format", "json", "--no-save"]);
    assert_eq!(text(&again.stdout), fs::read_to_string(folder.join("compare.json")).unwrap());
    assert_eq!(comparisons(&results).len(), 1);
    let listed = said(&["runs", "--format", "csv", "--out", results.path()], "80");
    assert_eq!(listed.lines().count(), 3, "{listed}");
}

#[test]
fn a_gate_fails_by_the_corrected_test() {
    let (results, run, better) = pair();
    let code = |first: &Path, second: &Path, more: &[&str]| {
        let arguments = ["compare", named(first), named(second), "--no-save", "--out", results.path()];
        output(&[&arguments, more].concat()).status.code()
    };
    assert_eq!(code(&run, &better, &["--fail-on", "regression"]), Some(0));
    assert_eq!(code(&better, &run, &["--fail-on", "regression"]), Some(5));
    assert_eq!(code(&run, &better, &["--fail-on", "not-better"]), Some(0));
    assert_eq!(code(&run, &run, &["--fail-on", "not-better"]), Some(5));
    assert_eq!(code(&run, &better, &["--fail-on", "not-equivalent"]), Some(2), "there is no margin");
    assert_eq!(code(&run, &better, &["--fail-on", "not-equivalent", "--margin", "0.02"]), Some(0));
    assert_eq!(code(&run, &better, &["--baseline", "B", "--fail-on", "regression"]), Some(5));
}

#[test]
fn what_cannot_be_compared_has_its_code_and_its_reason() {
    let (results, run, better) = pair();
    assert_eq!(output(&["compare", named(&run), "--out", results.path()]).status.code(), Some(2));
    assert_eq!(output(&["compare", named(&run), "nowhere", "--out", results.path()]).status.code(), Some(8));
    // The same ids, other contents.
    let items = fs::read_to_string(better.join("items.jsonl")).unwrap();
    let line = |line: &str| {
        let mut json: serde_json::Value = serde_json::from_str(line).unwrap();
        json["content_sha256"] = "00".repeat(32).into();
        json.to_string() + "\n"
    };
    fs::write(better.join("items.jsonl"), items.lines().map(line).collect::<String>()).unwrap();
    let refused = output(&["compare", named(&run), named(&better), "--out", results.path()]);
    assert_eq!(refused.status.code(), Some(10), "{}", text(&refused.stderr));
    assert!(text(&refused.stderr).contains("asked something else"), "{}", text(&refused.stderr));
    assert!(comparisons(&results).is_empty());
}

#[test]
fn tasks_and_numbers_are_chosen() {
    let (results, run, better) = pair();
    let compare = |more: &[&str]| {
        let arguments =
            ["compare", named(&run), named(&better), "--no-save", "--format", "csv", "--out", results.path()];
        output(&[&arguments, more].concat())
    };
    let metrics = |more: &[&str]| {
        let csv = compare(more).stdout;
        let mut rows = csv::Reader::from_reader(csv.as_slice());
        rows.records().map(|row| row.unwrap()[3].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(metrics(&["--metric", "margin"]), ["margin"]);
    assert!(metrics(&["--metric", "all"]).len() > metrics(&[]).len());
    assert_eq!(metrics(&["--task", "many/*"]), metrics(&[]));
    assert_eq!(compare(&["--task", "other"]).status.code(), Some(4));
    let unknown = compare(&["--metric", "beauty"]);
    assert_eq!(unknown.status.code(), Some(4));
    assert!(text(&unknown.stderr).contains("there are accuracy"), "{}", text(&unknown.stderr));
    let latex = output(&["compare", named(&run), named(&better), "--no-save", "--format", "latex"]);
    assert!(text(&latex.stdout).contains("\\toprule"));
    let report = output(&["report", named(&run), "--format", "latex"]);
    assert!(text(&report.stdout).contains("{\\scriptsize ["), "{}", text(&report.stdout));
}

#[test]
fn pilot_runs_say_how_many_items_it_takes() {
    let (results, run, better) = pair();
    let power = |more: &[&str]| {
        let arguments = ["power", "--out", results.path(), "--format", "json", "--from", named(&run)];
        let planned = output(&[&arguments, more].concat());
        assert_eq!(planned.status.code(), Some(0), "{}", text(&planned.stderr));
        serde_json::from_slice::<serde_json::Value>(&planned.stdout).unwrap()
    };
    let lines = fs::read_to_string(run.join("items.jsonl")).unwrap();
    let wrong = lines.lines().filter(|line| line.contains("\"correct\":0")).count() as f64;
    let pairs = &power(&[named(&better)])[0];
    // All items on which the two differ are those that the first has wrong.
    assert!((pairs["discordant"].as_f64().unwrap() - wrong / 120.0).abs() < 1e-12, "{pairs}");
    assert_eq!(pairs["difference"], pairs["discordant"]);
    assert!(pairs["items"].as_u64().unwrap() < 120 && pairs["power"].as_f64().unwrap() >= 0.8);
    assert!(pairs["curve"].as_array().unwrap().len() > 20);
    let share = &power(&["--task", "pairs"])[0];
    assert_eq!((&share["items"], &share["method"]), (&120.into(), &"wilson".into()));
}
