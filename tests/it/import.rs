//! Foreign result files become run folders: by columns in any order, with every fault named, and with numbers that other
//! programs find as well.

use std::{fs, path::Path};

use serde_json::Value as Json;

use super::foreign::{Results, import};

/// A table in a folder of its own, and its path.
fn table(bytes: impl AsRef<[u8]>) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scores.csv");
    fs::write(&path, bytes).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

/// Imports a table that is in order.
fn imported(bytes: impl AsRef<[u8]>, more: &[&str]) -> Results {
    let (_folder, path) = table(bytes);
    let results = Results::new();
    let done = import(&results, &path, more);
    assert!(matches!(done.code, 0 | 6), "{}", done.stderr);
    results
}

/// What is said of a table that is not.
fn refused(bytes: impl AsRef<[u8]>) -> String {
    let (_folder, path) = table(bytes);
    let results = Results::new();
    let done = import(&results, &path, &[]);
    assert_eq!(done.code, 3, "{}", done.stderr);
    assert!(results.runs().is_empty(), "nothing is imported of a table with faults");
    done.stderr
}

fn metric<'a>(run: &'a Json, task: &str, group: Option<&str>, name: &str) -> &'a Json {
    let metrics = run["metrics"].as_array().unwrap();
    let found = metrics.iter().find(|metric| {
        metric["task"] == task && metric["metric"] == name && metric["group"].as_str() == group
    });
    found.unwrap_or_else(|| panic!("no {task} {group:?} {name} in {metrics:?}"))
}

fn close(value: &Json, expected: f64) {
    let value = value.as_f64().unwrap_or_else(|| panic!("{value} is no number"));
    assert!((value - expected).abs() < 1e-9, "{value} is not {expected}");
}

#[test]
fn right_and_wrong_is_an_accuracy_with_wilsons_interval() {
    let mut csv = String::from("item,score,model\n");
    for item in 0..10 {
        csv += &format!("q{item},{},a\n", u8::from(item < 7));
        csv += &format!("q{item},{},b\n", u8::from(item < 4));
    }
    let results = imported(&csv, &[]);
    assert_eq!(results.runs().len(), 2);
    let run = results.json("-a-", "run.json");
    assert_eq!(run["origin"]["imported"]["format"], "csv");
    assert_eq!(run["model"]["parameters"], Json::Null);
    let accuracy = metric(&run, "items", None, "accuracy");
    close(&accuracy["value"], 0.7);
    // statsmodels.stats.proportion.proportion_confint(7, 10, method="wilson")
    close(&accuracy["ci"]["low"], 0.396_778_147_461_145_37);
    close(&accuracy["ci"]["high"], 0.892_208_732_593_698_9);
    assert_eq!(accuracy["higher_is_better"], true);
}

#[test]
fn other_scores_are_a_mean_with_students_interval() {
    let csv = "model,item,score\na,1,0.5\na,2,1.25\na,3,-2\na,4,3e-1\n";
    let run = imported(csv, &["--metric", "loss", "--lower-is-better"]).json("-a-", "run.json");
    let mean = metric(&run, "items", None, "loss");
    // scipy.stats.t.interval(0.95, 3, loc=mean, scale=sem) of [0.5, 1.25, -2, 0.3]
    close(&mean["value"], 0.0125);
    close(&mean["ci"]["low"], -2.219_352_377_153_960_9);
    close(&mean["ci"]["high"], 2.244_352_377_153_961);
    assert_eq!(mean["higher_is_better"], false);
}

#[test]
fn scores_of_one_model_decide_for_all() {
    let csv = "model,item,score\na,1,1\na,2,0\nb,1,0.5\nb,2,1\n";
    let results = imported(csv, &[]);
    close(&metric(&results.json("-a-", "run.json"), "items", None, "score")["value"], 0.5);
    close(&metric(&results.json("-b-", "run.json"), "items", None, "score")["value"], 0.75);
}

#[test]
fn runs_tasks_groups_repeats_and_other_columns_are_kept() {
    let csv = "\u{feff}note,repeat,model,run,task,group,item,correct,score,cluster\r\n\
               \"=1+1\",0,m,one,t,g,1,1,0.5,c\r\n\
               two,1,m,one,t,g,1,FALSE,0.25,c\r\n\
               three,0.0,m,one,t,h,2,1,1,d\r\n\
               four,0,m,two,u,,x,0,2,\r\n";
    let results = imported(csv, &[]);
    let run = results.json("scores-one", "run.json");
    assert_eq!(run["origin"]["imported"]["run"], "one");
    close(&metric(&run, "t", None, "accuracy")["value"], 2.0 / 3.0);
    close(&metric(&run, "t", Some("g"), "accuracy")["value"], 0.5);
    close(&metric(&run, "t", Some("h"), "score")["value"], 1.0);
    let items = results.lines("scores-one", "items.jsonl");
    assert_eq!((items[1]["repeat"].as_u64(), items[1]["cluster"].as_str()), (Some(1), Some("c")));
    // As it is where nothing runs it, behind an apostrophe in a table.
    assert_eq!(items[0]["note"], "=1+1");
    assert!(results.text("scores-one", "items.csv").contains(",'=1+1"));
    close(&metric(&results.json("scores-two", "run.json"), "u", None, "score")["value"], 2.0);
}

#[test]
fn a_missing_score_is_a_failed_row_with_its_reason() {
    let csv = "model,item,score,error\na,1,1,\na,2,,timeout\na,3,NA,\na,4,nan,\na,5,-inf,\na,6,1e999,\n";
    let (_folder, path) = table(csv);
    let results = Results::new();
    let done = import(&results, &path, &[]);
    assert_eq!(done.code, 6, "{}", done.stderr);
    assert!(done.stdout.contains("5 without a number"), "{}", done.stdout);
    let items = results.lines("-a-", "items.jsonl");
    assert_eq!(items.len(), 6);
    assert_eq!(items[1]["error"]["message"], "timeout");
    assert_eq!(items[2]["error"]["kind"], "no_score");
    assert_eq!(items[4]["error"]["kind"], "not_finite");
    assert_eq!(metric(&results.json("-a-", "run.json"), "items", None, "accuracy")["n"], 1);
}

#[test]
fn all_faults_are_told_at_once_with_line_column_and_remedy() {
    let said = refused("model,item,score,repeat\na,1,good,0\na,2,1,-1\na,,1,0\na,4,1\na,5,1,0\na,5,0,0\n");
    // Long lines are broken where the terminal ends.
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "scores.csv:2:",
        "column `score`: a number such as 0.5",
        "`good`",
        "column `repeat`: a whole number from 0; `-1` is given",
        "column `item`: an item has an id",
        "3 cells, where the heading has 4",
        "stands on lines 6 and 7",
        "number answers to the same item in a column `repeat`",
    ] {
        assert!(said.contains(part), "{part} is not in\n{said}");
    }
}

#[test]
fn hostile_tables_are_refused_in_words() {
    for (bytes, part) in [
        (&b""[..], "no column `model`"),
        (b"model,item,score\n", "a heading and no rows"),
        (b"model,item,score,score\na,1,1,1\n", "two columns are called `score`"),
        (b"model,item,,score\na,1,,1\n", "column 3 has no name"),
        (b"Model,item,score\na,1,1\n", "is `Model` what is meant?"),
        (b"model;item;score\na;1;1\n", "cells lie between commas"),
        (b"model,item,score\na,caf\xe9,1\n", "line 2 is not UTF-8"),
        (b"model,item,score\na,\"1,1\n", "2 cells, where the heading has 3"),
        (b"model,item,score\n,1,1\n", "a model has a name"),
        (b"model,item,correct\na,1,2\n", "1 or 0, true or false"),
    ] {
        let said = refused(bytes);
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(part), "{part} is not in\n{said}");
        assert!(!said.contains('\u{1b}') && !said.contains('\0'));
    }
}

#[test]
fn names_neither_steer_a_terminal_nor_become_formulas() {
    let csv =
        "model,item,score,task,group,=x\n\"=cmd|' /C calc'!A0\",\"\u{1b}[2J\",1,\"+t\",\"@g\u{0}\",-1\n";
    let results = imported(csv, &[]);
    let run = results.runs().remove(0);
    for file in ["items.csv", "metrics.csv"] {
        let mut rows = csv::ReaderBuilder::new().has_headers(false).from_path(run.join(file)).unwrap();
        for cell in rows.records().flat_map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>())
        {
            let number = cell.parse::<f64>().is_ok();
            assert!(number || !cell.starts_with(['=', '+', '-', '@']), "{file}: {cell}");
        }
    }
    let shown = results.report(&run, &[]);
    assert!(!shown.contains('\u{1b}') && !shown.contains('\0'), "{shown:?}");
    assert!(shown.contains("imported from a table"));
}

#[test]
fn report_makes_an_imported_run_anew_from_its_rows() {
    let results = imported("model,item,score\na,1,1\na,2,0\na,3,1\n", &[]);
    let run = results.runs().remove(0);
    let derived = ["run.json", "items.jsonl", "items.csv", "metrics.csv", "summary.md"];
    let before = derived.map(|file| fs::read_to_string(run.join(file)).unwrap());
    for file in ["items.csv", "metrics.csv", "summary.md"] {
        fs::remove_file(run.join(file)).unwrap();
    }
    let shown = results.report(&run, &["--format", "md"]);
    assert!(shown.contains("| items | scores | accuracy |"), "{shown}");
    assert_eq!(derived.map(|file| fs::read_to_string(run.join(file)).unwrap()), before);
}

#[test]
fn what_cannot_be_read_is_said() {
    let results = Results::new();
    let done = import(&results, "no/such.csv", &[]);
    assert_eq!(done.code, 3);
    assert!(done.stderr.contains("such.csv cannot be read"), "{}", done.stderr);
    let done = import(&results, "no/such.xlsx", &[]);
    assert_eq!(done.code, 2);
    assert!(done.stderr.contains("--format"), "{}", done.stderr);
    assert!(!Path::new("no").exists());
}
