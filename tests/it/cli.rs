//! The command line as a user and a script meet it, on the mock engine: files, exit codes, streams.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

const SUITE: &str = "specs/notebook.suite.yaml";

/// The program, in the repository, without anything of the environment that changes how it looks.
pub(super) fn yardstick(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_yardstick"));
    command.args(arguments).env("LC_ALL", "C.UTF-8").env("COLUMNS", "100").env_remove("FORCE_COLOR");
    command.stdin(Stdio::null());
    command
}

pub(super) fn output(arguments: &[&str]) -> Output {
    yardstick(arguments).output().unwrap()
}

fn code(arguments: &[&str]) -> i32 {
    output(arguments).status.code().unwrap()
}

pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A place for results, and the one run in it.
pub(super) struct Results(pub(super) tempfile::TempDir);

impl Results {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }
    pub(super) fn path(&self) -> &str {
        self.0.path().to_str().unwrap()
    }
    pub(super) fn runs(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.0.path()).unwrap().map(|entry| entry.unwrap());
        entries.filter(|entry| entry.file_type().unwrap().is_dir()).map(|entry| entry.path()).collect()
    }
    pub(super) fn run(&self) -> PathBuf {
        let runs = self.runs();
        assert_eq!(runs.len(), 1, "{runs:?}");
        runs.into_iter().next().unwrap()
    }
}

pub(super) fn json(path: &Path) -> serde_json::Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

pub(super) fn spec(folder: &Path, text: &str) -> String {
    let path = folder.join("spec.yaml");
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

const ONE: &str = "benchmark: one\nmodel: mock\ntasks:\n  - cloze: pair\n    allow: [few-items]\n    items:\n      - [The sky is, blue, green]\n";

#[test]
fn a_run_leaves_its_files_and_says_where() {
    let results = Results::new();
    let ran = output(&["run", SUITE, "--model", "mock", "--out", results.path()]);
    assert_eq!(ran.status.code(), Some(0), "{}", text(&ran.stderr));
    let run = results.run();
    let files = [
        "answers.jsonl",
        "items.csv",
        "items.jsonl",
        "metrics.csv",
        "next_tokens.csv",
        "resolved.json",
        "run.json",
        "summary.md",
    ];
    for file in files {
        assert!(fs::metadata(run.join(file)).unwrap().len() > 0, "{file}");
    }
    assert!(
        run.join("spec/notebook.suite.yaml").is_file() && run.join("spec/data/opposites.jsonl").is_file()
    );
    assert!(text(&ran.stdout).contains(run.file_name().unwrap().to_str().unwrap()));
    let record = json(&run.join("run.json"));
    assert_eq!(record["format"], "yardstick.run/1");
    assert_eq!(record["status"], "complete");
    let answers = yardstick::value::Digest::of(fs::read(run.join("answers.jsonl")).unwrap());
    assert_eq!(record["answers_sha256"], answers.to_string());
    assert_eq!(fs::read_link(results.0.path().join("latest")).unwrap(), run.file_name().unwrap());
}

#[test]
fn two_runs_give_the_same_answers_and_items_byte_for_byte() {
    let (first, second) = (Results::new(), Results::new());
    output(&[
        "run",
        SUITE,
        "--model",
        "mock",
        "--threads",
        "1",
        "--batch-tokens",
        "1",
        "--out",
        first.path(),
    ]);
    output(&["run", SUITE, "--model", "mock", "--threads", "2", "--out", second.path()]);
    for file in ["answers.jsonl", "items.jsonl", "resolved.json"] {
        let (one, other) =
            (fs::read(first.run().join(file)).unwrap(), fs::read(second.run().join(file)).unwrap());
        assert!(!one.is_empty() && one == other, "{file}");
    }
}

#[test]
fn an_interrupted_run_is_finished_with_the_bytes_of_an_undisturbed_one() {
    let results = Results::new();
    output(&["run", SUITE, "--model", "mock", "--out", results.path()]);
    let run = results.run();
    let whole = fs::read(run.join("answers.jsonl")).unwrap();
    for cut in [0, 1, whole.len() / 3, whole.len() - 1] {
        fs::write(run.join("answers.jsonl"), &whole[..cut]).unwrap();
        let record =
            fs::read_to_string(run.join("run.json")).unwrap().replace("\"complete\"", "\"interrupted\"");
        fs::write(run.join("run.json"), record).unwrap();
        let resumed = output(&["run", "--resume", run.to_str().unwrap(), "--out", results.path()]);
        assert_eq!(resumed.status.code(), Some(0), "{}", text(&resumed.stderr));
        assert_eq!(fs::read(run.join("answers.jsonl")).unwrap(), whole, "cut at {cut}");
    }
    let again = output(&["run", "--resume", run.to_str().unwrap(), "--out", results.path()]);
    assert_eq!(again.status.code(), Some(2));
    assert!(text(&again.stderr).contains("is complete"));
}

#[test]
fn a_run_is_not_taken_up_with_other_specs() {
    let results = Results::new();
    output(&["run", SUITE, "--model", "mock", "--out", results.path()]);
    let run = results.run();
    let record = fs::read_to_string(run.join("run.json")).unwrap().replace("\"complete\"", "\"interrupted\"");
    fs::write(run.join("run.json"), record).unwrap();
    let spec = run.join("spec/notebook/part-3-cloze.yaml");
    fs::write(&spec, fs::read_to_string(&spec).unwrap().replace("Paris", "Lyon")).unwrap();
    let resumed = output(&["run", "--resume", run.to_str().unwrap(), "--out", results.path()]);
    assert_eq!(resumed.status.code(), Some(8));
    let said = text(&resumed.stderr);
    assert!(said.contains("spec/notebook/part-3-cloze.yaml was edited"), "{said}");
}

#[test]
fn a_report_rebuilds_what_was_deleted() {
    let results = Results::new();
    let ran = output(&["run", SUITE, "--model", "mock", "--out", results.path()]);
    let run = results.run();
    let kept = ["answers.jsonl", "run.json"];
    let files = || -> BTreeMap<PathBuf, Vec<u8>> {
        let paths = fs::read_dir(&run).unwrap().map(|entry| entry.unwrap().path());
        paths.filter(|path| path.is_file()).map(|path| (path.clone(), fs::read(path).unwrap())).collect()
    };
    let before = files();
    let derived = before.keys().filter(|path| !kept.iter().any(|name| path.ends_with(name)));
    assert!(derived.clone().count() >= 6, "{:?}", before.keys());
    derived.for_each(|path| fs::remove_file(path).unwrap());
    let id = run.file_name().unwrap().to_str().unwrap().rsplit('-').next().unwrap().to_owned();
    let shown = output(&["report", &id, "--out", results.path()]);
    assert!(shown.status.success(), "{}", text(&shown.stderr));
    assert_eq!(text(&shown.stdout), text(&ran.stdout));
    let after = files();
    assert_eq!(after.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
    for (path, before) in before.iter().filter(|(path, _)| !path.ends_with("run.json")) {
        assert!(after[path] == *before, "{}", path.display());
    }
}

#[test]
fn a_report_is_not_rebuilt_from_other_specs() {
    let results = Results::new();
    output(&["run", SUITE, "--model", "mock", "--out", results.path()]);
    let run = results.run();
    let before = fs::read(run.join("items.csv")).unwrap();
    let spec = run.join("spec/notebook/part-3-cloze.yaml");
    fs::write(&spec, fs::read_to_string(&spec).unwrap().replace("Paris", "Lyon")).unwrap();
    let shown = output(&["report", "--out", results.path()]);
    assert_eq!(shown.status.code(), Some(8));
    assert!(text(&shown.stderr).contains("nothing is rebuilt"), "{}", text(&shown.stderr));
    assert_eq!(fs::read(run.join("items.csv")).unwrap(), before);
}

#[test]
fn a_plan_is_not_held_against_what_models_are_expected_to_do() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("one.yaml"), ONE).unwrap();
    let suite = "suite: two\nbenchmarks: one.yaml\nmodels: [mock, {id: other, engine: mock}]\nexpect: [\"other:one/pair.accuracy < mock:one/pair.accuracy\"]\n";
    let suite = spec(home.path(), suite);
    assert_eq!(code(&["run", &suite, "--dry-run"]), 0);
    // Both are the same model: neither is better.
    assert_eq!(code(&["run", &suite, "--out", home.path().join("results").to_str().unwrap()]), 5);
}

#[test]
fn several_models_are_compared_without_being_asked() {
    let home = tempfile::tempdir().unwrap();
    let one = ONE.replace("model: mock\n", "margin: 0.2\n");
    let items = "      - [The sky is, blue, green]\n      - [Grass is, green, blue]\n      - [Snow is, white, black]\n";
    let one = one.replace("      - [The sky is, blue, green]\n", items);
    fs::write(home.path().join("one.yaml"), one).unwrap();
    let suite = |compare: &str| {
        let models = "models: [mock, {id: other, engine: mock}]";
        spec(home.path(), &format!("suite: two\nbenchmarks: one.yaml\n{models}\ncompare: {compare}\n"))
    };
    let results = Results::new();
    let ran = output(&["run", &suite("{baseline: other, correction: bh}"), "--out", results.path()]);
    assert!(ran.status.success(), "{}", text(&ran.stderr));
    let compared = |path: &PathBuf| path.join("compare.json").is_file();
    let folder = results.runs().into_iter().find(compared).unwrap();
    let found = json(&folder.join("compare.json"));
    assert_eq!(found["correction"], "benjamini_hochberg");
    let pair = &found["subjects"][0]["pairs"][0];
    assert_eq!(pair["sides"], serde_json::json!([1, 0]));
    let found = &pair["outcome"]["found"];
    assert_eq!((&found["equivalence"]["margin"], &pair["matched"]["paired"]), (&0.2.into(), &3.into()));
    let missing = output(&["run", &suite("{baseline: third}"), "--out", results.path()]);
    assert_eq!(missing.status.code(), Some(3));
    let message = text(&missing.stderr);
    assert!(message.contains("`third`, which is none of the models: mock, other"), "{message}");
}

#[test]
fn exit_codes_tell_whose_fault_it_is() {
    let home = tempfile::tempdir().unwrap();
    let results = Results::new();
    let one = spec(home.path(), ONE);
    assert_eq!(code(&["run", &one, "--out", results.path()]), 0);
    assert_eq!(code(&["--help"]), 0);
    assert_eq!(code(&["run"]), 2);
    assert_eq!(code(&["run", "missing.yaml", "--out", results.path()]), 3);
    assert_eq!(code(&["run", &one, "--only", "other/*", "--out", results.path()]), 4);
    let strict = ["run", &one, "--set", "expect=[accuracy.high < 0.1]", "--out", results.path()];
    assert_eq!(code(&strict), 5);
    assert_eq!(code(&["run", &one, "--model", "no/such-folder/at-all", "--out", results.path()]), 7);
    assert_eq!(code(&["run", &one, "--out", "/proc/nowhere"]), 8);
    assert_eq!(code(&["report", "nothing", "--out", results.path()]), 8);
}

#[test]
fn a_dry_run_shows_the_plan_and_leaves_nothing() {
    let home = tempfile::tempdir().unwrap();
    let results = home.path().join("results");
    let shown = output(&["run", SUITE, "--model", "mock", "--dry-run", "--out", results.to_str().unwrap()]);
    assert!(shown.status.success(), "{}", text(&shown.stderr));
    let shown = text(&shown.stdout);
    assert!(shown.contains("The·capital·of·France·is│·Paris"), "{shown}");
    assert!(shown.contains("18 tasks") && shown.contains(" items"), "{shown}");
    assert!(!results.exists());
}

#[test]
fn stdout_is_for_results_and_programs_can_read_them() {
    let home = tempfile::tempdir().unwrap();
    let results = Results::new();
    let one = spec(home.path(), ONE);
    let ran = output(&["run", &one, "--format", "json", "--out", results.path()]);
    let record: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(record["metrics"][0]["metric"], "accuracy");
    assert_eq!(record["metrics"][0]["ci"]["method"], "wilson");
    assert!(!ran.stdout.contains(&0x1b) && !ran.stderr.contains(&0x1b), "no colour codes in pipes");
    let quiet = output(&["run", &one, "-q", "--out", results.path()]);
    assert_eq!(text(&quiet.stderr), "");
    let csv = output(&["next", "The", "--model", "mock", "--format", "csv", "--top-k", "3"]);
    assert_eq!(csv::Reader::from_reader(csv.stdout.as_slice()).records().map(Result::unwrap).count(), 3);
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = yardstick(&["next", "The", "--model", "mock", "--top-k", "200"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), text(&ended.stderr).as_str()), (Some(0), ""));
}

#[cfg(unix)]
#[test]
fn ctrl_c_saves_and_says_how_to_resume() {
    let home = tempfile::tempdir().unwrap();
    let results = Results::new();
    let item =
        |n| format!("{{\"prompt\": \"Number {n} is\", \"correct\": \"even\", \"incorrect\": \"odd\"}}");
    let items = (0..20_000).map(item).collect::<Vec<_>>().join("\n");
    fs::write(home.path().join("many.jsonl"), items).unwrap();
    let many =
        spec(home.path(), "benchmark: many\nmodel: mock\ntasks:\n  - cloze: pairs\n    data: many.jsonl\n");
    let undisturbed = Results::new();
    assert_eq!(code(&["run", &many, "--out", undisturbed.path()]), 0);
    let whole = fs::read(undisturbed.run().join("answers.jsonl")).unwrap();
    let child = yardstick(&["run", &many, "--out", results.path()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Once some answers are kept, the interruption falls into the work.
    let kept = || {
        results
            .runs()
            .first()
            .and_then(|run| fs::metadata(run.join("answers.jsonl")).ok())
            .map_or(0, |file| file.len())
    };
    while kept() < 100_000 {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let ended = child.wait_with_output().unwrap();
    assert!(sent.success());
    assert_eq!(ended.status.code(), Some(130), "{}", text(&ended.stderr));
    assert!(text(&ended.stdout).contains("yardstick run --resume"), "{}", text(&ended.stdout));
    let run = results.run();
    assert_eq!(json(&run.join("run.json"))["status"], "interrupted");
    let resumed = output(&["run", "--resume", run.to_str().unwrap(), "--out", results.path()]);
    assert_eq!(resumed.status.code(), Some(0), "{}", text(&resumed.stderr));
    let answers = fs::read(run.join("answers.jsonl")).unwrap();
    assert!(text(&answers).lines().count() == 40_000 && answers == whole);
}

#[test]
fn an_answer_that_is_another_one_when_asked_alone_ends_the_run_with_code_9() {
    let results = Results::new();
    let ran = output(&["run", SUITE, "--model", "mock", "--out", results.path(), "--verify=5"]);
    assert_eq!(ran.status.code(), Some(0), "{}", text(&ran.stderr));
    assert!(text(&ran.stderr).contains("verified: 5 of "), "{}", text(&ran.stderr));
    let run = results.run();
    let whole = fs::read_to_string(run.join("answers.jsonl")).unwrap();
    // What a model would leave that answered otherwise among many: a whole line with another log-probability, and the
    // last line not yet written.
    let (place, line) = whole
        .lines()
        .enumerate()
        .find(|(_, line)| line.contains("\"logprobs\":["))
        .expect("something is scored");
    let mut value: serde_json::Value = serde_json::from_str(line).unwrap();
    value.as_object_mut().unwrap().remove("check");
    let logprob = &mut value["answer"]["scored"]["logprobs"][0];
    *logprob = serde_json::json!(logprob.as_f64().unwrap() - 0.25);
    let mut body = value.to_string();
    let check = yardstick::value::Digest::of(&body).short(8);
    body.pop();
    let mut lines: Vec<&str> = whole.lines().collect();
    let other = format!("{body},\"check\":\"{check}\"}}");
    lines[place] = &other;
    lines.pop();
    fs::write(run.join("answers.jsonl"), lines.join("\n") + "\n").unwrap();
    let record = fs::read_to_string(run.join("run.json")).unwrap().replace("\"complete\"", "\"interrupted\"");
    fs::write(run.join("run.json"), record).unwrap();
    let all = "--verify=100000";
    let resumed = output(&["run", "--resume", run.to_str().unwrap(), "--out", results.path(), all]);
    let said = text(&resumed.stderr);
    assert_eq!(resumed.status.code(), Some(9), "{said}");
    assert!(said.contains(&format!("request {} has another answer", place + 1)), "{said}");
}

#[test]
fn items_that_lie_on_the_hub_are_checked_and_refused_before_any_work() {
    let results = Results::new();
    let spec = spec(
        results.0.path(),
        "
benchmark: b
model: mock
tasks:
  - choice: far
    data: {hub: allenai/ai2_arc, config: ARC-Easy, split: test}
    k: 5
  - next_token: near
    prompt: The
",
    );
    let checked = output(&["check", &spec]);
    assert_eq!(checked.status.code(), Some(0), "{checked:?}");
    assert!(text(&checked.stdout).contains("warning[not-yet]"), "{checked:?}");
    let ran = output(&["run", &spec, "--out", results.path()]);
    assert_eq!(ran.status.code(), Some(3), "{ran:?}");
    assert!(text(&ran.stderr).contains("need one: b/far"), "{ran:?}");
    assert!(results.runs().is_empty());
    assert_eq!(code(&["run", &spec, "--only", "*/near", "--out", results.path()]), 0);
}

#[test]
fn every_number_has_an_interval_or_a_reason() {
    let results = Results::new();
    let out = ["--model", "mock", "--format", "csv", "-q", "--out", results.path()];
    let examples = fs::read_dir("specs").unwrap().map(|entry| entry.unwrap().path());
    for example in examples.filter(|path| path.extension().is_some_and(|ending| ending == "yaml")) {
        let ran = output(&[&["run", example.to_str().unwrap()], &out[..]].concat());
        let mut metrics = csv::Reader::from_reader(ran.stdout.as_slice());
        let rows: Vec<BTreeMap<String, String>> = metrics.deserialize().collect::<Result<_, _>>().unwrap();
        assert!(!rows.is_empty(), "{example:?}: {}", text(&ran.stderr));
        for row in rows {
            let there = |columns: &[&str]| columns.iter().all(|column| !row[*column].is_empty());
            let interval = there(&["value", "ci_low", "ci_high", "ci_level", "ci_method"]);
            assert!(interval != there(&["note"]), "{example:?}: {row:?}");
        }
    }
}
