//! Commands on saved runs, `runs`, `show` and `score`, on runs that the mock made.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::cli::{Results, json, output, spec, text, yardstick};

/// Right or wrong, with a group, with a repeat, without either; and one answer that steers a terminal and begins a formula.
const SPEC: &str = r#"
benchmark: facts
model: mock
tasks:
  - cloze: capitals
    allow: [few-items]
    items:
      - {id: france, prompt: The capital of France is, correct: Paris, incorrect: Lyon}
      - {id: japan, prompt: The capital of Japan is, correct: Tokyo, incorrect: Osaka}
      - {id: cuba, prompt: The capital of Cuba is, correct: Havana, incorrect: Kingston}
      - {id: kenya, prompt: The capital of Kenya is, correct: Nairobi, incorrect: Mombasa}
      - {id: odd, prompt: "=2+2 is \u202E \u001B[2J", correct: "four", incorrect: "five\nsix"}
  - perplexity: texts
    allow: [few-items]
    groups:
      news: ["The cabinet met.", "Prices rose."]
      fiction: ["Once upon a time."]
"#;

/// One run of the mock.
fn measured() -> (Results, PathBuf) {
    let results = Results::new();
    let home = tempfile::tempdir().unwrap();
    let spec = spec(home.path(), SPEC);
    let ran = output(&["run", &spec, "-q", "--out", results.path()]);
    assert_eq!(ran.status.code(), Some(0), "{}", text(&ran.stderr));
    let run = results.run();
    (results, run)
}

/// The same run by another model, which is right where the first is wrong, of some items.
pub(super) fn other(results: &Results, run: &Path, flipped: &[&str]) -> PathBuf {
    let copy = results.0.path().join("20990101T000000Z-other-facts-0123ab");
    fs::create_dir(&copy).unwrap();
    for entry in fs::read_dir(run).unwrap().map(|entry| entry.unwrap()) {
        if entry.file_type().unwrap().is_file() {
            fs::copy(entry.path(), copy.join(entry.file_name())).unwrap();
        }
    }
    let items = fs::read_to_string(run.join("items.jsonl")).unwrap();
    let line = |line: &str| {
        let mut json: serde_json::Value = serde_json::from_str(line).unwrap();
        if flipped.contains(&json["item"].as_str().unwrap()) {
            json["correct"] = (1.0 - json["correct"].as_f64().unwrap()).into();
        }
        json.to_string() + "\n"
    };
    fs::write(copy.join("items.jsonl"), items.lines().map(line).collect::<String>()).unwrap();
    let mut record = json(&copy.join("run.json"));
    record["run_id"] = copy.file_name().unwrap().to_str().unwrap().into();
    record["model"]["name"] = "other".into();
    fs::write(copy.join("run.json"), record.to_string()).unwrap();
    copy
}

/// What a command says, at a width.
pub(super) fn said(arguments: &[&str], columns: &str) -> String {
    let output = yardstick(arguments).env("COLUMNS", columns).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    text(&output.stdout)
}

/// Without what differs from run to run: the time and the folder's name.
fn settled(said: &str, run: &Path) -> String {
    let record = json(&run.join("run.json"));
    let started = record["time"]["started"].as_str().unwrap();
    let shown = started.trim_end_matches('Z').replacen('T', " ", 1);
    said.replace(&shown, "2026-11-24 01:12:03")
}

#[test]
fn runs_lists_whatever_lies_there() {
    let (results, run) = measured();
    other(&results, &run, &[]);
    let interrupted = results.0.path().join("20990102T000000Z-other-facts-4567cd");
    fs::create_dir(&interrupted).unwrap();
    let record = fs::read_to_string(run.join("run.json")).unwrap();
    fs::write(interrupted.join("run.json"), record.replace("\"complete\"", "\"interrupted\"")).unwrap();
    let damaged = results.0.path().join("20990103T000000Z-other-facts-89abef");
    fs::create_dir(&damaged).unwrap();
    fs::write(damaged.join("run.json"), &record[..40]).unwrap();
    let listed = said(&["runs", "--out", results.path()], "100");
    insta::assert_snapshot!(settled(&listed, &run));
    insta::assert_snapshot!(settled(&said(&["runs", "--out", results.path(), "--ascii"], "80"), &run));
    let listed = said(&["runs", "--out", results.path(), "--format", "json"], "80");
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed[0]["status"], "damaged");
    assert!(listed[0]["reason"].as_str().unwrap().contains("cannot be read"), "{listed}");
    let resume = listed.as_array().unwrap().iter().find(|run| run["status"] == "interrupted").unwrap();
    assert!(resume["resume"].as_str().unwrap().starts_with("yardstick run --resume "));
    let newest = said(&["runs", "--out", results.path(), "--format", "csv", "--limit", "1"], "80");
    assert_eq!(newest.lines().count(), 2);
    let nothing = output(&["runs", "--out", results.0.path().join("none").to_str().unwrap()]);
    assert!(nothing.status.success() && text(&nothing.stderr).contains("no runs in"));
}

#[test]
fn a_thousand_runs_are_listed_at_once() {
    let (results, run) = measured();
    let record = fs::read_to_string(run.join("run.json")).unwrap();
    for at in 0..1000 {
        let folder = results.0.path().join(format!("20270101T{:06}Z-mock-facts-{:06x}", at, at * 977));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("run.json"), &record).unwrap();
    }
    let before = std::time::Instant::now();
    let listed = said(&["runs", "--out", results.path(), "--format", "csv"], "80");
    assert_eq!(listed.lines().count(), 1002);
    // Fifty times what it takes on the machine where this was written, unoptimised.
    assert!(before.elapsed().as_secs() < 20, "{:?}", before.elapsed());
}

#[test]
fn show_lists_items_with_what_they_were_worth() {
    let (results, _) = measured();
    let show = |arguments: &[&str], columns: &str| {
        said(&[&["show", "latest", "--out", results.path()], arguments].concat(), columns)
    };
    insta::assert_snapshot!(show(&[], "80"));
    insta::assert_snapshot!(show(&["--task", "capitals", "--sort", "margin"], "120"));
    insta::assert_snapshot!(show(&["--ascii", "--wrong"], "80"));
    let items = |arguments: &[&str]| {
        let listed = show(&[arguments, &["--format", "json"]].concat(), "80");
        let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
        listed.as_array().unwrap().clone()
    };
    let all = items(&["--task", "capitals"]);
    let (right, wrong) =
        (items(&["--task", "capitals", "--right"]), items(&["--task", "facts/cap*", "--wrong"]));
    assert_eq!((all.len(), right.len() + wrong.len()), (5, 5));
    assert!(wrong.iter().all(|item| item["margin"].as_f64().unwrap() < 0.0));
    let margins = items(&["--task", "capitals", "--sort", "margin"]);
    let margins: Vec<f64> = margins.iter().map(|item| item["margin"].as_f64().unwrap()).collect();
    assert!(margins.is_sorted(), "{margins:?}");
    assert_eq!(items(&["--grep", "TOKYO"])[0]["item"], "japan");
    assert_eq!(items(&["--group", "news"]).len(), 2);
    let csv = show(&["--format", "csv"], "80");
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    assert_eq!(rows.records().map(Result::unwrap).count(), 8);
    assert!(csv.contains(",'=2+2"), "a formula is disarmed: {csv}");
    let nothing = output(&["show", "--grep", "nowhere", "--out", results.path()]);
    assert_eq!(nothing.status.code(), Some(4));
}

#[test]
fn show_tells_all_of_one_item() {
    let (results, _) = measured();
    let show = |item: &str, arguments: &[&str]| {
        said(&[&["show", "latest", item, "--out", results.path()], arguments].concat(), "80")
    };
    insta::assert_snapshot!(show("france", &[]));
    let hostile = show("odd", &[]);
    assert!(hostile.contains("⟨U+202E⟩") && hostile.contains("⟨U+001B⟩"), "{hostile}");
    assert!(!hostile.contains('\u{1b}') && !hostile.contains('\u{202e}'));
    for address in ["capitals/japan", "facts/capitals/japan", "facts/capitals/japan/0", "japan/0"] {
        assert!(show(address, &[]).contains("The capital of Japan is"), "{address}");
    }
    let list: serde_json::Value = serde_json::from_str(&show("japan", &["--format", "json"])).unwrap();
    assert_eq!(list[0][0]["cells"]["gold"], " Tokyo");
    let nothing = output(&["show", "latest", "atlantis", "--out", results.path()]);
    assert_eq!(nothing.status.code(), Some(4));
    assert!(text(&nothing.stderr).contains("`atlantis`"));
}

#[test]
fn what_only_one_of_two_runs_has_right_stands_side_by_side() {
    let (results, run) = measured();
    let other = other(&results, &run, &["japan", "kenya"]);
    let (first, second) = (run.to_str().unwrap(), other.to_str().unwrap());
    let only = |letter: &str| {
        let listed = output(&[
            "show",
            first,
            second,
            "--only-right",
            letter,
            "--format",
            "json",
            "--out",
            results.path(),
        ]);
        let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap_or_default();
        let items = listed.as_array().cloned().unwrap_or_default();
        items.iter().map(|item| item["item"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let both = [only("A"), only("b")];
    let mut flipped = both.concat();
    flipped.sort();
    assert_eq!(flipped, ["japan", "kenya"]);
    insta::assert_snapshot!(said(&["show", first, second, "--task", "capitals"], "100"));
    let wrong = output(&["show", first, second, "--only-right", "C"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(text(&wrong.stderr).contains("from A to B"));
    assert_eq!(output(&["show", first, "--only-right", "A"]).status.code(), Some(2));
    let one = said(&["show", first, second, "japan"], "80");
    assert!(one.contains("A  mock") && one.contains("B  other"), "{one}");
}

#[test]
fn a_saved_run_is_measured_by_other_rules() {
    let (results, run) = measured();
    let id = run.to_str().unwrap();
    let scored =
        output(&["score", id, "--set", "capitals.normalization=[none, byte]", "--out", results.path()]);
    assert_eq!(scored.status.code(), Some(0), "{}", text(&scored.stderr));
    let new = results.runs().into_iter().find(|path| *path != run).unwrap();
    assert!(new.file_name().unwrap().to_str().unwrap().ends_with("-scored"));
    let (before, after) = (json(&run.join("run.json")), json(&new.join("run.json")));
    assert_eq!(after["scored_from"]["run_id"], before["run_id"]);
    assert_eq!(after["scored_from"]["answers_sha256"], before["answers_sha256"]);
    assert_eq!(after["answers_sha256"], before["answers_sha256"], "the same requests, the same answers");
    let metrics = |record: &serde_json::Value| {
        let all = record["metrics"].as_array().unwrap();
        all.iter().map(|number| number["metric"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert!(metrics(&after).contains(&"accuracy_byte".to_owned()), "{:?}", metrics(&after));
    assert!(!metrics(&before).contains(&"accuracy_byte".to_owned()));
    // What was written is a run like any other.
    let shown = output(&["report", new.to_str().unwrap(), "--format", "csv"]);
    assert_eq!(text(&shown.stdout), fs::read_to_string(new.join("metrics.csv")).unwrap());
    let unmet = output(&["score", id, "--set", "capitals.expect=[accuracy > 1]", "--out", results.path()]);
    assert_eq!(unmet.status.code(), Some(5), "{}", text(&unmet.stderr));
}

#[test]
fn what_was_never_asked_is_listed_and_refused() {
    let (results, run) = measured();
    let home = tempfile::tempdir().unwrap();
    let changed = spec(home.path(), &SPEC.replace("Osaka", "Kyoto"));
    let refused = output(&["score", run.to_str().unwrap(), "--spec", &changed, "--out", results.path()]);
    assert_eq!(refused.status.code(), Some(3));
    let said = text(&refused.stderr);
    assert!(said.contains("1 of 13 requests were never asked") && said.contains(" Kyoto"), "{said}");
    assert_eq!(results.runs().len(), 1, "nothing is written");
}
