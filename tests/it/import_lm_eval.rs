//! Files of lm-evaluation-harness, as its version 0.4 writes them (`loggers/evaluation_tracker.py`, `evaluator.py`): read
//! item by item, counted anew, and held against its totals.

use std::{fs, path::Path};

use serde_json::{Value as Json, json};

use super::foreign::{Results, import, yardstick};

const DATE: &str = "2025-05-20T12-55-21.381080";

/// A line as the harness writes it; numbers within answers are texts.
fn line(id: usize, filter: &str, answers: Json, metrics: &[(&str, Json)]) -> Json {
    let scored = answers[0].is_array();
    let arguments: serde_json::Map<String, Json> = answers
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
        .map(|(number, _)| {
            let ending = if scored { json!(format!(" ending {number}")) } else { json!({"until": ["\n"]}) };
            (format!("gen_args_{number}"), json!({ "arg_0": format!("Question {id}:"), "arg_1": ending }))
        })
        .collect();
    let mut line = json!({
        "doc_id": id, "doc": { "question": id }, "target": "1", "arguments": arguments,
        "resps": answers.as_array().unwrap().iter().map(|answer| json!([answer])).collect::<Json>(),
        "filtered_resps": answers, "filter": filter,
        "metrics": metrics.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        "doc_hash": format!("d{id}"), "prompt_hash": format!("p{id}"), "target_hash": "t",
    });
    for (name, value) in metrics {
        line[*name] = value.clone();
    }
    line
}

fn lines(lines: &[Json]) -> String {
    lines.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n") + "\n"
}

/// Four kinds of tasks in a folder, as the harness leaves it.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("openai-community__gpt2");
    fs::create_dir(&model).unwrap();
    let put = |name: &str, text: String| fs::write(model.join(name), text).unwrap();
    let choice = |id, right: f64, norm: f64| {
        let answers = json!([["-12.5", "False"], ["-10.25", "True"], ["-11.0", "False"], ["-30.0", "False"]]);
        line(id, "none", answers, &[("acc", json!(right)), ("acc_norm", json!(norm))])
    };
    let tasks = [choice(0, 1.0, 0.0), choice(1, 1.0, 1.0), choice(2, 0.0, 1.0)];
    put(&format!("samples_arc_easy_{DATE}.jsonl"), lines(&tasks));
    let written =
        |id: usize, filter, right: f64| line(id, filter, json!(["42"]), &[("exact_match", json!(right))]);
    let tasks = [
        written(0, "strict-match", 0.0),
        written(1, "strict-match", 1.0),
        written(0, "flexible-extract", 1.0),
        written(1, "flexible-extract", 1.0),
    ];
    put(&format!("samples_gsm8k_{DATE}.jsonl"), lines(&tasks));
    let text = |id, nats: f64, words: u32, bytes: u32| {
        let pairs = [
            ("word_perplexity", json!([nats, words])),
            ("byte_perplexity", json!([nats, bytes])),
            ("bits_per_byte", json!([nats, bytes])),
        ];
        line(id, "none", json!([nats.to_string()]), &pairs)
    };
    put(&format!("samples_wikitext_{DATE}.jsonl"), lines(&[text(0, -10.0, 5, 20), text(1, -20.0, 7, 30)]));
    let classes = |id, gold: u32, said: u32| {
        let answers = json!([["-1.0", "True"], ["-2.0", "False"]]);
        line(
            id,
            "none",
            answers,
            &[("f1", json!([gold, said])), ("acc", json!(f64::from(u8::from(gold == said))))],
        )
    };
    let tasks = [classes(0, 1, 1), classes(1, 1, 0), classes(2, 0, 0), classes(3, 0, 1), classes(4, 1, 1)];
    // Python writes what is no number as a word, which is no JSON.
    let broken = classes(5, 0, 0).to_string().replace("\"acc\":1.0", "\"acc\":NaN");
    put(&format!("samples_cola_{DATE}.jsonl"), lines(&tasks) + &broken + "\n");
    put(
        &format!("results_{DATE}.json"),
        json!({
            "results": {
                "arc_easy": { "alias": "arc_easy", "acc,none": 2.0 / 3.0, "acc_stderr,none": 0.33, "acc_norm,none": "0.6666666666666666" },
                "gsm8k": { "exact_match,strict-match": 0.5, "exact_match,flexible-extract": 1.0 },
                "wikitext": { "word_perplexity,none": 12.182_493_960_703_473, "word_perplexity_stderr,none": "N/A" },
                "cola": { "f1,none": 0.9 },
                "mmlu": { "acc,none": 0.25 }, "hellaswag": { "acc,none": 0.3 },
            },
            "group_subtasks": { "mmlu": ["mmlu_anatomy", "mmlu_astronomy"] },
            "configs": { "arc_easy": { "output_type": "multiple_choice" } },
            "versions": { "arc_easy": 1.0 }, "n-shot": { "arc_easy": 5 },
            "higher_is_better": { "wikitext": { "word_perplexity": false }, "arc_easy": { "acc": true } },
            "n-samples": { "arc_easy": { "original": 2376, "effective": 3 } },
            "config": {
                "model": "hf", "model_args": "pretrained=openai-community/gpt2,dtype=float32",
                "model_dtype": "torch.float32", "model_sha": "607a30d783dfa663caf39e06633721c8d4cfcd7e",
                "model_num_parameters": 124_439_808,
            },
            "date": 1_747_745_700.25, "lm_eval_version": "0.4.8", "max_length": 1024,
            "model_name": "openai-community/gpt2", "total_evaluation_time_seconds": "31.5",
        })
        .to_string(),
    );
    folder
}

fn number(run: &Json, task: &str, group: Option<&str>, name: &str) -> f64 {
    let mut metrics = run["metrics"].as_array().unwrap().iter();
    let found = metrics.find(|metric| {
        metric["task"] == task && metric["metric"] == name && metric["group"].as_str() == group
    });
    found.and_then(|metric| metric["value"].as_f64()).unwrap_or_else(|| panic!("{task} {group:?} {name}"))
}

fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
}

fn run_of(folder: &Path) -> (Results, String, String) {
    let results = Results::new();
    let done = import(&results, folder.to_str().unwrap(), &["--format", "lm-eval"]);
    assert_eq!(done.code, 0, "{}{}", done.stdout, done.stderr);
    (results, done.stdout, done.stderr)
}

#[test]
fn every_kind_of_metric_comes_to_the_number_of_the_harness() {
    let folder = folder();
    let (results, stdout, stderr) = run_of(folder.path());
    let run = results.json("gpt2", "run.json");
    close(number(&run, "arc_easy", None, "acc"), 2.0 / 3.0);
    close(number(&run, "arc_easy", None, "acc_norm"), 2.0 / 3.0);
    close(number(&run, "gsm8k", Some("strict-match"), "exact_match"), 0.5);
    close(number(&run, "gsm8k", Some("flexible-extract"), "exact_match"), 1.0);
    // exp(30 / 12), exp(30 / 50) and 30 / (50 ln 2)
    close(number(&run, "wikitext", None, "word_perplexity"), 12.182_493_960_703_473);
    close(number(&run, "wikitext", None, "byte_perplexity"), 1.822_118_800_390_509);
    close(number(&run, "wikitext", None, "bits_per_byte"), 0.865_617_024_533_378);
    // sklearn.metrics.f1_score([1, 1, 0, 0, 1, 0], [1, 0, 0, 1, 1, 0])
    close(number(&run, "cola", None, "f1"), 2.0 / 3.0);
    assert_eq!(run["model"]["revision"], "607a30d783dfa663caf39e06633721c8d4cfcd7e");
    assert_eq!(
        (&run["model"]["dtype"], &run["model"]["parameters"]),
        (&json!("float32"), &json!(124_439_808))
    );
    let origin = &run["origin"]["imported"];
    assert_eq!((&origin["tool"], &origin["version"]), (&json!("lm-evaluation-harness"), &json!("0.4.8")));
    assert_eq!(origin["files"].as_array().unwrap().len(), 5);
    assert_eq!(run["host"], Json::Null);
    for part in ["hellaswag: there are only totals of it", "mmlu: the mean of a group of 2"] {
        assert!(stdout.contains(part), "{part} is not in\n{stdout}");
    }
    // Its totals say 0.9, its items 2/3.
    assert!(stderr.contains("`f1,none` is 0.9 in the results"), "{stderr}");
    assert!(!stderr.contains("acc_norm,none"), "a total that is a text is read: {stderr}");
}

#[test]
fn rows_have_what_was_asked_and_what_came() {
    let folder = folder();
    let (results, ..) = run_of(folder.path());
    let rows = results.lines("gpt2", "items.jsonl");
    let of = |task: &str| rows.iter().filter(move |row| row["task"] == task).collect::<Vec<_>>();
    let arc = of("arc_easy");
    assert_eq!(
        (&arc[0]["item"], &arc[0]["correct"], &arc[0]["prompt"]),
        (&json!("0"), &json!(1.0), &json!("Question 0:"))
    );
    assert_eq!(arc[0]["logprobs"], json!([-12.5, -10.25, -11.0, -30.0]));
    assert_ne!(arc[0]["content_sha256"], arc[1]["content_sha256"]);
    let gsm = of("gsm8k");
    assert_eq!((&gsm[0]["group"], &gsm[0]["output"]), (&json!("strict-match"), &json!("42")));
    // What is no number is missing, and the item still counts for the other metric.
    assert_eq!((&of("cola")[5]["correct"], &of("cola")[5]["error"]), (&Json::Null, &Json::Null));
    let metrics = results.json("gpt2", "run.json");
    let chance =
        metrics["metrics"].as_array().unwrap().iter().find(|metric| metric["metric"] == "acc").unwrap();
    assert_eq!(chance["chance"], 0.25);
}

#[test]
fn damaged_files_are_refused_with_their_lines() {
    let folder = folder();
    let path = folder.path().join("openai-community__gpt2").join(format!("samples_arc_easy_{DATE}.jsonl"));
    let text = fs::read_to_string(&path).unwrap();
    let first = text.lines().next().unwrap();
    fs::write(&path, format!("{text}{first}\n[1]\n{{\"doc\": 1}}\n{}", &first[..40])).unwrap();
    let results = Results::new();
    let done = import(&results, folder.path().to_str().unwrap(), &["--format", "lm-eval"]);
    assert_eq!(done.code, 3);
    for part in
        ["stands on lines 1 and 4", "line 5: it is no JSON object", "line 6: it has no doc_id", "line 7: "]
    {
        assert!(done.stderr.contains(part), "{part} is not in\n{}", done.stderr);
    }
    assert!(results.runs().is_empty());
}

#[test]
fn without_totals_the_model_is_the_folder_or_what_is_said() {
    let folder = folder();
    fs::remove_file(folder.path().join("openai-community__gpt2").join(format!("results_{DATE}.json")))
        .unwrap();
    let (results, stdout, _) = run_of(folder.path());
    let run = results.json("gpt2", "run.json");
    assert_eq!(run["model"]["name"], "openai-community/gpt2");
    assert_eq!(run["model"]["parameters"], Json::Null);
    assert!(stdout.contains("model, versions and directions are not known"), "{stdout}");
    let empty = tempfile::tempdir().unwrap();
    let done = import(&Results::new(), empty.path().to_str().unwrap(), &["--format", "lm-eval"]);
    assert_eq!(done.code, 3);
    assert!(done.stderr.contains("--log_samples"), "{}", done.stderr);
}

#[test]
fn what_is_exported_comes_back_with_the_same_numbers() {
    let folder = folder();
    let (results, ..) = run_of(folder.path());
    let out = tempfile::tempdir().unwrap();
    let to = out.path().to_str().unwrap();
    let run = results.runs().remove(0);
    let done = yardstick(&["export", "lm-eval", run.to_str().unwrap(), "-o", to]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let (again, ..) = run_of(out.path());
    let numbers = |results: &Results| {
        let mut run = results.json("gpt2", "run.json");
        run["metrics"].take()
    };
    assert_eq!(numbers(&again), numbers(&results));
    let files: Vec<_> = fs::read_dir(out.path().join("openai-community__gpt2")).unwrap().collect();
    assert_eq!(files.len(), 5);
}
