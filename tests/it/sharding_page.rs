//! What `SHARDING.md` tells people to type is typed here, with made-up answers in the place of a model.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use super::{cli::json, shards::SPEC};

/// The fenced blocks of the page, with their language.
fn blocks() -> Vec<(String, String)> {
    let page = fs::read_to_string("SHARDING.md").unwrap();
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            blocks.push((language.to_owned(), block.join("\n")));
        }
    }
    blocks
}

/// Runs a script where `suite.yaml` lies, by a shell that finds the program.
fn sh(script: &str, home: &Path, variables: &[(&str, String)]) {
    let program = Path::new(env!("CARGO_BIN_EXE_yardstick")).parent().unwrap();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let paths = std::iter::once(program.to_owned()).chain(std::env::split_paths(&path));
    let script = script.replace("--model gpt2", "--model mock").replace(" …", "");
    let mut command = Command::new("sh");
    command.arg("-euc").arg(&script).current_dir(home).stdin(Stdio::null());
    command.env("PATH", std::env::join_paths(paths).unwrap()).env("LC_ALL", "C.UTF-8").env("HF_HOME", home);
    command.envs(variables.iter().map(|(name, value)| (name, value.as_str())));
    let ran = command.output().unwrap();
    assert!(ran.status.success(), "{script}\n{}", String::from_utf8_lossy(&ran.stderr));
}

/// A place with a suite.
fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("suite.yaml"), SPEC).unwrap();
    home
}

/// How many shards the merged run is of.
fn parts(results: &Path) -> usize {
    json(&results.join("latest/run.json"))["parts"].as_array().unwrap().len()
}

#[test]
fn the_commands_of_the_page_work_as_they_stand() {
    let scripts: Vec<String> =
        blocks().into_iter().filter(|(language, _)| language == "sh").map(|(_, script)| script).collect();
    let [plain, array, merge] = scripts.as_slice() else { panic!("{scripts:?}") };
    let one = home();
    sh(plain, one.path(), &[]);
    assert_eq!(parts(&one.path().join("results")), 4);
    let two = home();
    assert!(array.contains("#SBATCH --array=1-16\n"));
    for task in 1..=16 {
        sh(array, two.path(), &[("SLURM_ARRAY_TASK_ID", task.to_string())]);
    }
    sh(merge, two.path(), &[]);
    assert_eq!(parts(&two.path().join("results")), 16);
}

#[test]
fn the_job_of_the_page_is_yaml_and_its_pods_are_the_shards() {
    let (_, yaml) = blocks().into_iter().find(|(language, _)| language == "yaml").unwrap();
    let job: yaml_serde::Value = yaml_serde::from_str(&yaml).unwrap();
    let job = serde_json::to_value(job).unwrap();
    assert_eq!((&job["apiVersion"], &job["spec"]["completionMode"]), (&"batch/v1".into(), &"Indexed".into()));
    let pods = job["spec"]["completions"].as_u64().unwrap();
    let container = &job["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(container["command"], serde_json::json!(["sh", "-c"]));
    let home = home();
    let here = home.path().to_str().unwrap();
    let script = container["args"][0]
        .as_str()
        .unwrap()
        .replace("/specs/", "")
        .replace("/results", &format!("{here}/results"));
    for index in 0..pods {
        sh(&script, home.path(), &[("JOB_COMPLETION_INDEX", index.to_string())]);
    }
    let merge = format!("yardstick merge {here}/results --out {here}/results");
    sh(&merge, home.path(), &[]);
    assert_eq!(parts(&home.path().join("results")), usize::try_from(pods).unwrap());
}
