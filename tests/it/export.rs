//! Runs in the files of other programs, read back by other readers.

use std::fs;

use super::foreign::{Results, yardstick};

const SPEC: &str = "benchmark: gate\nmodel: mock\ntasks:\n  - cloze: pair\n    allow: [few-items]\n    expect: [accuracy > 1, accuracy <= 1]\n    items:\n      - [The sky is, blue, green]\n      - [Grass is, green, blue]\n";

/// A run of the mock whose one expectation fails, with `--junit`, and what was written.
fn ran() -> (Results, String) {
    let results = Results::new();
    let folder = tempfile::tempdir().unwrap();
    let (spec, junit) = (folder.path().join("spec.yaml"), folder.path().join("deep/junit.xml"));
    fs::write(&spec, SPEC).unwrap();
    let (spec, path) = (spec.to_str().unwrap(), junit.to_str().unwrap());
    let done = yardstick(&["run", spec, "--out", results.path(), "--junit", path]);
    assert_eq!(done.code, 5, "{}", done.stderr);
    let xml = fs::read_to_string(junit).unwrap();
    (results, xml)
}

#[test]
fn an_expectation_is_a_test_case() {
    let (results, xml) = ran();
    let read = roxmltree::Document::parse(&xml).unwrap();
    let root = read.root_element();
    let counts = ["tests", "failures", "errors"].map(|name| root.attribute(name).unwrap());
    assert_eq!(counts, ["2", "1", "0"], "{xml}");
    let suites: Vec<_> = root.children().filter(|node| node.has_tag_name("testsuite")).collect();
    assert_eq!(
        suites.iter().map(|suite| suite.attribute("name").unwrap()).collect::<Vec<_>>(),
        ["gate/pair"]
    );
    let failed = read.descendants().find(|node| node.has_tag_name("failure")).unwrap();
    assert_eq!(failed.parent().unwrap().attribute("name"), Some("accuracy > 1"));
    assert!(failed.attribute("message").unwrap().starts_with("accuracy > 1: found "));
    // What was written while it ran is what is exported later.
    let run = results.runs().remove(0);
    assert_eq!(yardstick(&["export", "junit", run.to_str().unwrap()]).stdout, xml);
}

#[test]
fn items_without_a_number_are_an_error_and_names_are_made_safe() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    let long = "x".repeat(3000);
    fs::write(&path, format!("model,item,score,task,error\nm,1,1,\"<t> & \"\"\u{1}\",\nm,2,,\"<t> & \"\"\u{1}\",\"]]>\u{b} {long}\"\n")).unwrap();
    let results = Results::new();
    let done = yardstick(&["import", path.to_str().unwrap(), "--out", results.path()]);
    assert_eq!(done.code, 6, "{}", done.stderr);
    let run = results.runs().remove(0);
    let xml = yardstick(&["export", "junit", run.to_str().unwrap()]).stdout;
    let read = roxmltree::Document::parse(&xml).unwrap();
    let error = read.descendants().find(|node| node.has_tag_name("error")).unwrap();
    assert_eq!(error.attribute("type"), Some("no_score"));
    let message = error.attribute("message").unwrap();
    assert!(message.starts_with("1 of 2 rows without an answer, such as 2: ]]> xxx"), "{message}");
    assert_eq!(message.chars().count(), 1025);
    let suite = read.descendants().find(|node| node.has_tag_name("testsuite")).unwrap();
    assert_eq!(suite.attribute("name"), Some("<t> & \""));
}

#[test]
fn a_run_of_ours_is_written_for_the_harness_and_read_back() {
    let (results, _) = ran();
    let run = results.runs().remove(0);
    let done = yardstick(&["export", "lm-eval", run.to_str().unwrap()]);
    assert_eq!(done.code, 2, "several files need a folder");
    let out = tempfile::tempdir().unwrap();
    let done = yardstick(&["export", "lm-eval", run.to_str().unwrap(), "-o", out.path().to_str().unwrap()]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let back = Results::new();
    let done =
        yardstick(&["import", out.path().to_str().unwrap(), "--format", "lm-eval", "--out", back.path()]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let of = |results: &Results, name: &str| {
        let run = results.json("mock", "run.json");
        let metrics = run["metrics"].as_array().unwrap().clone();
        let found =
            metrics.iter().find(|metric| metric["metric"] == name && metric["task"] == "gate/pair").cloned();
        let found = found.unwrap_or_else(|| panic!("no {name} in {metrics:?}"));
        (found["value"].clone(), found["n"].clone(), found["ci"].clone())
    };
    assert_eq!(of(&back, "acc"), of(&results, "accuracy"));
}

#[test]
fn markdown_is_the_summary() {
    let (results, _) = ran();
    let run = results.runs().remove(0);
    let shown = yardstick(&["export", "markdown", run.to_str().unwrap()]).stdout;
    assert!(shown.contains("| pair"), "{shown}");
    assert_eq!(yardstick(&["export", "markdown", "no-such-run", "--out", results.path()]).code, 8);
}

/// What Every Eval Ever 0.2.1 asks of an aggregate record, in our own words: the keys that must be there, their types and
/// the closed lists of words.
fn every_eval_ever() -> serde_json::Value {
    let text = serde_json::json!({ "type": "string" });
    let texts = serde_json::json!({ "type": "object", "additionalProperties": { "type": "string" } });
    let number = serde_json::json!({ "type": "number" });
    serde_json::json!({
        "type": "object",
        "additionalProperties": false,
        "required": [
            "schema_version", "evaluation_id", "retrieved_timestamp", "source_metadata", "model_info", "eval_library",
            "evaluation_results",
        ],
        "properties": {
            "schema_version": { "const": "0.2.1" },
            "evaluation_id": text, "evaluation_timestamp": text,
            "retrieved_timestamp": { "type": "string", "pattern": "^[0-9]+$" },
            "source_metadata": {
                "required": ["source_type", "source_organization_name", "evaluator_relationship"],
                "properties": {
                    "source_type": { "enum": ["documentation", "evaluation_run"] },
                    "source_organization_name": text,
                    "evaluator_relationship": { "enum": ["first_party", "third_party", "collaborative", "other"] },
                },
            },
            "eval_library": {
                "required": ["name", "version"],
                "properties": { "name": text, "version": text, "additional_details": texts },
            },
            "model_info": {
                "required": ["name", "id"],
                "properties": { "name": text, "id": text, "additional_details": texts },
            },
            "evaluation_results": { "type": "array", "minItems": 1, "items": {
                "required": ["evaluation_name", "source_data", "metric_config", "score_details"],
                "properties": {
                    "evaluation_name": text,
                    "source_data": {
                        "required": ["dataset_name", "source_type"],
                        "properties": { "dataset_name": text, "source_type": { "const": "other" } },
                    },
                    "metric_config": {
                        "required": ["lower_is_better"],
                        "properties": {
                            "lower_is_better": { "type": "boolean" },
                            "score_type": { "enum": ["binary", "continuous", "levels"] },
                            "min_score": number, "max_score": number, "additional_details": texts,
                        },
                        "dependentRequired": { "score_type": ["min_score", "max_score"] },
                    },
                    "score_details": {
                        "required": ["score"],
                        "properties": {
                            "score": number,
                            "uncertainty": { "properties": {
                                "standard_error": { "required": ["value"], "properties": { "value": number } },
                                "confidence_interval": {
                                    "required": ["lower", "upper"],
                                    "properties": {
                                        "lower": number, "upper": number, "method": text,
                                        "confidence_level": { "type": "number", "minimum": 0, "maximum": 1 },
                                    },
                                },
                                "num_samples": { "type": "integer" },
                            } },
                        },
                    },
                },
            } },
        },
    })
}

#[test]
fn a_record_of_every_eval_ever_has_what_it_asks_for() {
    let (results, _) = ran();
    let run = results.runs().remove(0);
    let out = tempfile::tempdir().unwrap();
    let done = yardstick(&["export", "eee", run.to_str().unwrap(), "-o", out.path().to_str().unwrap()]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let path = fs::read_dir(out.path()).unwrap().next().unwrap().unwrap().path();
    let record: serde_json::Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&every_eval_ever()).unwrap();
    let faults: Vec<_> = validator.iter_errors(&record).map(|error| error.to_string()).collect();
    assert!(faults.is_empty(), "{faults:?}");
    let accuracy = record["evaluation_results"].as_array().unwrap().iter();
    let mut accuracy = accuracy.filter(|result| result["evaluation_name"] == "gate/pair/accuracy");
    let score = &accuracy.next().unwrap()["score_details"];
    let ours = results.json("mock", "run.json")["metrics"][0].clone();
    assert_eq!((&score["score"], &score["uncertainty"]["num_samples"]), (&ours["value"], &ours["n"]));
    assert_eq!(score["uncertainty"]["confidence_interval"]["method"], "wilson");
}
