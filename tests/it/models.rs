//! `yardstick models`: what runs here, what the cache holds, and why a checkpoint does not run.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};

const MODEL: &str = "src/reference/model";
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// The program with a home of its own, or none.
fn models(home: Option<&Path>, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_yardstick"));
    command.arg("models").args(arguments).env_clear().env("LC_ALL", "C.UTF-8").env("COLUMNS", "100");
    if let Some(home) = home {
        command.env("HOME", home);
    }
    command.stdin(Stdio::null()).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[track_caller]
fn stdout(home: Option<&Path>, arguments: &[&str], code: i32) -> String {
    let output = models(home, arguments);
    assert_eq!(output.status.code(), Some(code), "{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

#[track_caller]
fn json_of(home: Option<&Path>, arguments: &[&str], code: i32) -> Value {
    serde_json::from_str(&stdout(home, &[arguments, &["--format", "json"]].concat(), code)).unwrap()
}

/// The built-in model's files as a checkpoint of `folder`.
fn checkpoint(folder: &Path) -> PathBuf {
    fs::create_dir_all(folder).unwrap();
    for entry in fs::read_dir(MODEL).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
        }
    }
    folder.to_owned()
}

fn in_cache(home: &Path, id: &str) -> PathBuf {
    let repository = home.join(".cache/huggingface/hub").join(format!("models--{}", id.replace('/', "--")));
    fs::create_dir_all(repository.join("refs")).unwrap();
    fs::write(repository.join("refs/main"), COMMIT).unwrap();
    checkpoint(&repository.join("snapshots").join(COMMIT))
}

fn edit(folder: &Path, change: impl FnOnce(&mut Value)) {
    let file = folder.join("config.json");
    let mut config: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    change(&mut config);
    fs::write(file, config.to_string()).unwrap();
}

#[test]
fn without_a_home_the_built_in_model_is_all_there_is() {
    let shown = stdout(None, &[], 0);
    for part in
        ["gpt2", "llama", "falcon_mamba, mamba, mamba2", "reference", "yes", "set HF_HOME to a folder"]
    {
        assert!(shown.contains(part), "{part}:\n{shown}");
    }
    let listed = json_of(None, &[], 0);
    assert_eq!(listed["cache"], Value::Null);
    assert_eq!(listed["models"].as_array().unwrap().len(), 1);
    let families = listed["families"].as_array().unwrap();
    assert!(families.contains(&json!({ "family": "mamba2", "kind": "state-space" })));
    assert!(families.contains(&json!({ "family": "llama", "kind": "attention" })));
}

#[test]
fn an_empty_cache_is_no_error() {
    let home = tempfile::tempdir().unwrap();
    let shown = stdout(Some(home.path()), &[], 0);
    assert!(shown.contains("holds no model"), "{shown}");
    assert_eq!(json_of(Some(home.path()), &[], 0)["models"][0]["runs"], true);
}

#[test]
fn the_cache_is_listed_with_what_runs() {
    let home = tempfile::tempdir().unwrap();
    in_cache(home.path(), "someone/good");
    let other = in_cache(home.path(), "someone/other");
    edit(&other, |config| config["model_type"] = json!("bert"));
    let half = in_cache(home.path(), "someone/zhalf");
    fs::remove_file(half.join("model.safetensors")).unwrap();
    let listed = json_of(Some(home.path()), &[], 0);
    let models = listed["models"].as_array().unwrap();
    let names: Vec<_> = models.iter().map(|model| model["model"].as_str().unwrap()).collect();
    assert_eq!(names, ["reference", "someone/good", "someone/other", "someone/zhalf"]);
    let runs: Vec<_> = models.iter().map(|model| model["runs"].as_bool().unwrap()).collect();
    assert_eq!(runs, [true, true, false, false]);
    assert_eq!((&models[1]["family"], &models[2]["family"]), (&json!("gpt2"), &json!("bert")));
    assert_eq!(models[1]["revision"], COMMIT);
    let bytes: u64 = fs::read_dir(MODEL).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
    assert_eq!(models[1]["bytes"], bytes);
    assert!(models[3]["faults"][0]["message"].as_str().unwrap().contains("no weights"));
    let shown = stdout(Some(home.path()), &[], 0);
    assert!(shown.contains("0123456") && !shown.contains(COMMIT), "{shown}");
    let one = json_of(Some(home.path()), &["someone/good"], 0);
    assert_eq!((&one["revision"], &one["runs"]), (&json!(COMMIT), &json!(true)));
    let csv = stdout(Some(home.path()), &["--format", "csv"], 0);
    assert_eq!(csv.lines().next(), Some("model,revision,family,bytes,dtypes,runs"));
}

#[test]
fn one_model_is_told_of_without_its_weights() {
    let one = json_of(None, &["reference"], 0);
    assert_eq!(one["family"], "gpt2");
    let config: Value =
        serde_json::from_slice(&fs::read(Path::new(MODEL).join("config.json")).unwrap()).unwrap();
    assert_eq!((&one["context"], &one["vocabulary"]), (&config["n_positions"], &config["vocab_size"]));
    assert_eq!(one["tokenizer"]["kind"], "BPE");
    assert_eq!(one["tokenizer"]["ends"].as_array().unwrap().len(), 1);
    let shown = stdout(None, &["reference"], 0);
    for part in ["runs here", "yes", "parameters", "memory needed", "context", "begins a text"] {
        assert!(shown.contains(part), "{part}:\n{shown}");
    }
}

#[test]
fn keys_that_are_not_read_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let folder = checkpoint(&folder.path().join("model"));
    let name = folder.to_str().unwrap();
    assert_eq!(json_of(None, &[name], 0)["unread_config_keys"], json!([]));
    edit(&folder, |config| config["value_residual"] = json!(true));
    assert_eq!(json_of(None, &[name], 0)["unread_config_keys"], json!(["value_residual"]));
    assert!(stdout(None, &[name], 0).contains("config.json of"));
    assert!(stdout(None, &[name], 0).contains("not read here: `value_residual`."));
}

#[test]
fn every_reason_is_said_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let damaged = checkpoint(&folder.path().join("damaged"));
    edit(&damaged, |config| {
        config["n_head"] = json!(7);
        config["activation_function"] = json!("gelo");
    });
    fs::write(damaged.join("model.safetensors"), b"not tensors").unwrap();
    fs::write(damaged.join("tokenizer.json"), "{").unwrap();
    let path = damaged.to_str().unwrap();
    let one = json_of(None, &[path], 7);
    assert_eq!((&one["runs"], &one["family"]), (&json!(false), &json!("gpt2")));
    let faults: Vec<String> = one["faults"].as_array().unwrap().iter().map(Value::to_string).collect();
    for (at, parts) in [["n_head", "gelo"], ["model.safetensors", "download"]].iter().enumerate() {
        assert!(parts.iter().all(|part| faults[at].contains(part)), "{faults:?}");
    }
    let shown = stdout(None, &[path], 7);
    assert!(shown.contains("no") && shown.contains("gelo") && shown.contains("→ "), "{shown}");

    fs::remove_file(damaged.join("tokenizer.json")).unwrap();
    fs::write(damaged.join("config.json"), "{").unwrap();
    let one = json_of(None, &[path], 7);
    assert_eq!((one["faults"].as_array().unwrap().len(), &one["family"]), (3, &Value::Null));
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let one = json_of(None, &[empty.to_str().unwrap()], 7);
    assert!(one["faults"].to_string().contains("found: nothing"), "{one}");
}

#[test]
fn a_tokenizer_of_another_model_keeps_it_from_running() {
    let folder = tempfile::tempdir().unwrap();
    let model = checkpoint(folder.path());
    fs::write(model.join("tokenizer.json"), "{}").unwrap();
    let one = json_of(None, &[model.to_str().unwrap()], 7);
    assert_eq!(one["tokenizer"], Value::Null);
    assert!(one["parameters"].as_u64().unwrap() > 0);
    assert!(one["faults"][0]["message"].as_str().unwrap().contains("tokenizer.json"), "{one}");
}

#[test]
fn an_unknown_architecture_is_named_with_what_would_run_it() {
    let folder = tempfile::tempdir().unwrap();
    let model = checkpoint(folder.path());
    edit(&model, |config| config["model_type"] = json!("rwkv\u{1b}[2J"));
    let path = model.to_str().unwrap();
    let one = json_of(None, &[path], 7);
    assert_eq!(one["family"], "rwkv\u{1b}[2J");
    let message = one["faults"][0].to_string();
    for part in ["rwkv", "llama", "vLLM", "llama.cpp"] {
        assert!(message.contains(part), "{message}");
    }
    assert!(!stdout(None, &[path], 7).contains('\u{1b}'));
}

#[test]
fn what_is_not_on_this_machine_is_not_fetched() {
    let home = tempfile::tempdir().unwrap();
    for (name, said) in
        [("someone/nowhere", "nothing is fetched to look at it"), ("./nowhere", "nowhere"), ("a:b", "a:b")]
    {
        let output = models(Some(home.path()), &[name]);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(7), "{error}");
        assert!(error.contains(said), "{error}");
    }
    let output = models(None, &["someone/nowhere"]);
    assert_eq!(output.status.code(), Some(7));
    assert!(text(&output.stderr).contains("HF_HOME"));
}
