//! What a run survives: kills, signals, a full disk, other processes, damage and changes between begin and resume. On the
//! built-in model, through the program.

#![expect(clippy::print_stdout, reason = "a test says what it measured, and what it left out")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use crate::cli::{Results, json, output, spec, text, yardstick};

const ANSWERS: &str = "answers.jsonl";
#[cfg(feature = "local")]
const MODEL: &str = "src/reference/model";

/// Enough questions of two sorts to be killed in the middle of.
fn questions(folder: &Path, model: &str) -> String {
    let capitals =
        [("France", "Paris"), ("Japan", "Tokyo"), ("Italy", "Rome"), ("Egypt", "Cairo"), ("Norway", "Oslo")];
    let mut text = format!("benchmark: questions\nmodel: {model}\ntasks:\n");
    text += "  - cloze: capitals\n    allow: [few-items]\n    items:\n";
    for (place, capital) in capitals {
        text += &format!("      - [The capital of {place} is, {capital}, London, Madrid]\n");
    }
    text += "  - generate: written\n    allow: [few-items]\n    max_tokens: 12\n    items:\n";
    for (place, capital) in capitals {
        text += &format!("      - {{input: The capital of {place} is, target: {capital}}}\n");
    }
    spec(folder, &text)
}

/// Many quick questions.
fn many(folder: &Path, items: usize) -> String {
    let item =
        |n| format!("{{\"prompt\": \"Number {n} is\", \"correct\": \"even\", \"incorrect\": \"odd\"}}\n");
    fs::write(folder.join("many.jsonl"), (0..items).map(item).collect::<String>()).unwrap();
    spec(folder, "benchmark: many\nmodel: mock\ntasks:\n  - cloze: pairs\n    data: many.jsonl\n")
}

fn started(command: &mut Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// The answers of every run that is complete; all the same.
fn sealed(results: &Results) -> Vec<u8> {
    let complete = results
        .runs()
        .into_iter()
        .filter(|run| fs::read_to_string(run.join("run.json")).is_ok_and(|run| run.contains("\"complete\"")));
    let mut answers: Vec<Vec<u8>> = complete.map(|run| fs::read(run.join(ANSWERS)).unwrap()).collect();
    answers.dedup();
    assert_eq!(answers.len(), 1, "runs that differ, or none");
    answers.remove(0)
}

/// Waits until a run has kept so many bytes of answers.
fn until_kept(results: &Results, bytes: u64) -> PathBuf {
    let patience = Instant::now();
    loop {
        let kept = |run: &PathBuf| fs::metadata(run.join(ANSWERS)).is_ok_and(|file| file.len() >= bytes);
        if let Some(run) = results.runs().into_iter().find(kept) {
            return run;
        }
        assert!(patience.elapsed() < Duration::from_mins(1), "nothing is kept");
        sleep(Duration::from_millis(1));
    }
}

fn interrupted(run: &Path) {
    let record = fs::read_to_string(run.join("run.json")).unwrap().replace("\"complete\"", "\"interrupted\"");
    fs::write(run.join("run.json"), record).unwrap();
}

#[cfg(all(unix, feature = "local"))]
#[test]
fn two_hundred_kills_at_any_moment_change_no_byte() {
    use std::os::unix::process::ExitStatusExt;
    let home = tempfile::tempdir().unwrap();
    let questions = questions(home.path(), "reference");
    let undisturbed = Results::new();
    let start = Instant::now();
    let whole = output(&["run", &questions, "--out", undisturbed.path()]);
    let takes = start.elapsed();
    assert!(whole.status.success(), "{}", text(&whole.stderr));
    let whole = sealed(&undisturbed);
    // Moments spread evenly over a run, by a fixed multiplier (Knuth's MMIX).
    let mut state = 20_261_201_u64;
    let mut moment = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        takes.mul_f64((state >> 40) as f64 / (1u64 << 24) as f64)
    };
    let (mut kills, mut ends) = (0, 0);
    let mut results = Results::new();
    let run = |results: &Results| {
        started(&mut yardstick(&["run", &questions, "--out", results.path(), "--continue"]))
    };
    while kills < 200 {
        let mut child = run(&results);
        sleep(moment());
        child.kill().unwrap();
        let ended = child.wait_with_output().unwrap();
        if ended.status.signal() == Some(9) {
            kills += 1;
            continue;
        }
        assert!(ended.status.success(), "after {kills} kills: {}", text(&ended.stderr));
        assert_eq!(sealed(&results), whole, "after {kills} kills");
        ends += 1;
        results = Results::new();
    }
    let last = run(&results).wait_with_output().unwrap();
    assert!(last.status.success(), "{}", text(&last.stderr));
    assert_eq!(sealed(&results), whole);
    println!("{kills} kills; {} runs ended, each with the bytes of the undisturbed one", ends + 1);
}

#[cfg(unix)]
fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

#[cfg(unix)]
#[test]
fn sigterm_seals_what_is_answered_and_ends_with_143() {
    let home = tempfile::tempdir().unwrap();
    let many = many(home.path(), 20_000);
    let results = Results::new();
    let child = started(&mut yardstick(&["run", &many, "--out", results.path()]));
    let run = until_kept(&results, 50_000);
    signal(&child, "-TERM");
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(143), "{}", text(&ended.stderr));
    // A report of what there is, and how to go on.
    assert!(text(&ended.stdout).contains("yardstick run --resume"), "{}", text(&ended.stdout));
    assert!(text(&ended.stdout).contains("interrupted"), "{}", text(&ended.stdout));
    let record = json(&run.join("run.json"));
    assert_eq!(record["status"], "interrupted");
    let missing = record["errors"]["not_reached"].as_u64().unwrap();
    let items = fs::read_to_string(run.join("items.jsonl")).unwrap();
    let unanswered = items.lines().filter(|line| line.contains("\"not_reached\"")).count();
    assert!(missing > 0 && missing == unanswered as u64 && items.lines().count() == 20_000);
    for file in ["metrics.csv", "items.csv", "summary.md", "report.html"] {
        assert!(run.join(file).is_file(), "{file}");
    }
}

#[cfg(unix)]
#[test]
fn a_second_signal_ends_at_once_and_loses_nothing() {
    let home = tempfile::tempdir().unwrap();
    let many = many(home.path(), 20_000);
    let results = Results::new();
    let child = started(&mut yardstick(&["run", &many, "--out", results.path()]));
    let run = until_kept(&results, 50_000);
    signal(&child, "-INT");
    signal(&child, "-TERM");
    let ended = child.wait_with_output().unwrap();
    // The signals may be met in either order.
    assert!(matches!(ended.status.code(), Some(130 | 143)), "{:?}", ended.status);
    let whole = Results::new();
    assert!(output(&["run", &many, "--out", whole.path()]).status.success());
    let resumed = output(&["run", "--resume", run.to_str().unwrap()]);
    assert!(resumed.status.success(), "{}", text(&resumed.stderr));
    assert_eq!(sealed(&results), sealed(&whole));
}

#[cfg(unix)]
#[test]
fn a_run_under_nohup_outlives_its_terminal() {
    let home = tempfile::tempdir().unwrap();
    let many = many(home.path(), 5_000);
    let results = Results::new();
    let child = started(
        Command::new("sh")
            .args(["-c", "trap '' HUP; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_yardstick")])
            .args(["run", &many, "--out", results.path()]),
    );
    until_kept(&results, 10_000);
    signal(&child, "-HUP");
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{}", text(&ended.stderr));
}

#[test]
fn runs_that_begin_in_the_same_moment_do_not_meet() {
    let home = tempfile::tempdir().unwrap();
    let questions = questions(home.path(), "mock");
    let results = Results::new();
    let run = |_| started(&mut yardstick(&["run", &questions, "--out", results.path(), "-q"]));
    let children: Vec<Child> = (0..6).map(run).collect();
    for child in children {
        let ended = child.wait_with_output().unwrap();
        assert!(ended.status.success(), "{}", text(&ended.stderr));
    }
    assert_eq!(results.runs().len(), 6);
    sealed(&results);
    let latest = fs::canonicalize(results.0.path().join("latest")).unwrap();
    assert_eq!(json(&latest.join("run.json"))["status"], "complete");
}

#[test]
fn what_another_process_writes_is_left_to_it() {
    let home = tempfile::tempdir().unwrap();
    let questions = questions(home.path(), "mock");
    let results = Results::new();
    assert!(output(&["run", &questions, "--out", results.path()]).status.success());
    let run = results.run();
    interrupted(&run);
    let journal = fs::File::open(run.join(ANSWERS)).unwrap();
    journal.lock().unwrap();
    let refused = output(&["run", "--resume", run.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(8));
    assert!(text(&refused.stderr).contains("being written by another process"), "{}", text(&refused.stderr));
    // What is being written is not what anybody else goes on with.
    let other = output(&["run", &questions, "--out", results.path(), "--continue"]);
    assert!(other.status.success() && results.runs().len() == 2);
}

#[test]
fn the_same_command_goes_on_or_says_how() {
    let home = tempfile::tempdir().unwrap();
    let questions = questions(home.path(), "mock");
    let results = Results::new();
    assert!(output(&["run", &questions, "--out", results.path()]).status.success());
    let run = results.run();
    let whole = fs::read(run.join(ANSWERS)).unwrap();
    interrupted(&run);
    fs::write(run.join(ANSWERS), &whole[..whole.len() / 2]).unwrap();
    // Nobody can be asked here: a new run, and a word on the old one.
    let anew = output(&["run", &questions, "--out", results.path()]);
    assert!(anew.status.success() && results.runs().len() == 2);
    let said = text(&anew.stderr);
    assert!(said.contains("did not end") && said.contains("--continue"), "{said}");
    let on = output(&["run", &questions, "--out", results.path(), "--continue"]);
    assert!(on.status.success() && results.runs().len() == 2, "{}", text(&on.stderr));
    assert_eq!(json(&run.join("run.json"))["resumed"], 1);
    assert_eq!(fs::read(run.join(ANSWERS)).unwrap(), whole);
    // With a comment more it is another spec, though it asks the same.
    interrupted(&run);
    fs::write(&questions, fs::read_to_string(&questions).unwrap() + "# more\n").unwrap();
    let other = output(&["run", &questions, "--out", results.path(), "--continue"]);
    assert!(other.status.success() && results.runs().len() == 3);
}

#[cfg(feature = "local")]
#[test]
fn a_damaged_line_is_named_and_only_it_is_asked_again_even_of_a_sealed_run() {
    let home = tempfile::tempdir().unwrap();
    let questions = questions(home.path(), "reference");
    let results = Results::new();
    assert!(output(&["run", &questions, "--out", results.path()]).status.success());
    let run = results.run();
    let whole = fs::read_to_string(run.join(ANSWERS)).unwrap();
    let mut lines: Vec<String> = whole.lines().map(str::to_owned).collect();
    lines[4] = lines[4].replacen("\"ids\":[", "\"ids\":[1", 1);
    fs::write(run.join(ANSWERS), lines.join("\n") + "\n").unwrap();
    let resumed = output(&["run", "--resume", run.to_str().unwrap()]);
    assert!(resumed.status.success(), "{}", text(&resumed.stderr));
    let said = text(&resumed.stderr);
    assert!(said.contains("line 5 of answers.jsonl is damaged; its request is asked again"), "{said}");
    assert_eq!(fs::read_to_string(run.join(ANSWERS)).unwrap(), whole);
}

#[cfg(feature = "local")]
#[test]
fn what_changed_since_a_run_began_is_named() {
    let home = tempfile::tempdir().unwrap();
    let model = home.path().join("model");
    fs::create_dir(&model).unwrap();
    for entry in fs::read_dir(MODEL).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file())
    {
        fs::copy(&entry, model.join(entry.file_name().unwrap())).unwrap();
    }
    let questions = questions(home.path(), model.to_str().unwrap());
    let results = Results::new();
    let ran = output(&["run", &questions, "--out", results.path()]);
    assert!(ran.status.success(), "{}", text(&ran.stderr));
    let run = results.run();
    interrupted(&run);
    let refused = |part: &str| {
        let refused = output(&["run", "--resume", run.to_str().unwrap()]);
        assert_eq!(refused.status.code(), Some(8), "{part}: {}", text(&refused.stderr));
        let said = text(&refused.stderr);
        assert!(said.contains(part) && said.contains("start a new run"), "{part}: {said}");
    };
    let changed = |file: &Path, change: &dyn Fn(&mut Vec<u8>), part: &str| {
        let before = fs::read(file).unwrap();
        let mut after = before.clone();
        change(&mut after);
        fs::write(file, after).unwrap();
        refused(part);
        fs::write(file, before).unwrap();
    };
    // The last byte belongs to a weight.
    let last = |bytes: &mut Vec<u8>| *bytes.last_mut().unwrap() ^= 1;
    changed(&model.join("model.safetensors"), &last, "the model's model.safetensors is another file");
    let space = |bytes: &mut Vec<u8>| bytes.push(b'\n');
    changed(&model.join("tokenizer.json"), &space, "the model's tokenizer.json is another file");
    let edit = |from: &'static str, to: &'static str| {
        move |bytes: &mut Vec<u8>| {
            *bytes = String::from_utf8(bytes.clone()).unwrap().replace(from, to).into_bytes();
        }
    };
    changed(&run.join("spec/spec.yaml"), &edit("Norway", "Sweden"), "spec/spec.yaml was edited");
    changed(
        &run.join("run.json"),
        &edit("\"set\": []", "\"set\": [\"questions/written.max_tokens=3\"]"),
        "run.json was edited",
    );
    let resumed = output(&["run", "--resume", run.to_str().unwrap()]);
    assert!(resumed.status.success(), "{}", text(&resumed.stderr));
}

/// A file system of a few pages, where this machine lets one be mounted: full at any size, and gone on with once there
/// is room.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_and_gone_on_from_once_there_is_room() {
    let home = tempfile::tempdir().unwrap();
    let questions = questions(home.path(), "mock");
    let undisturbed = Results::new();
    assert!(output(&["run", &questions, "--out", undisturbed.path()]).status.success());
    let whole = sealed(&undisturbed);
    let script = r#"
        mount -t tmpfs -o size="$2"k tmpfs "$1" || exit 77
        set +e
        "$4" run "$3" --out "$1" --continue; echo "first $?" >&2
        mount -o remount,size=64m "$1"
        "$4" run "$3" --out "$1" --continue; echo "then $?" >&2
        cp -r "$1"/. "$5"
    "#;
    let mut full = 0;
    for size in [4, 16, 24, 36, 52, 76, 100, 140, 4000] {
        let (small, kept) = (tempfile::tempdir().unwrap(), Results::new());
        let ran = Command::new("unshare")
            .args([
                "--mount",
                "sh",
                "-c",
                script,
                "sh",
                small.path().to_str().unwrap(),
                &size.to_string(),
                &questions,
            ])
            .args([env!("CARGO_BIN_EXE_yardstick"), kept.path()])
            .env("LC_ALL", "C.UTF-8")
            .output();
        let Ok(ran) = ran else { return println!("SKIPPED: no `unshare` here") };
        let said = text(&ran.stderr);
        if !said.contains("first ") {
            return println!("SKIPPED: no file system can be mounted here: {said}");
        }
        if said.contains("first 8") {
            full += 1;
            assert!(said.contains("No space left on device"), "{size}k: {said}");
        } else {
            assert!(said.contains("first 0"), "{size}k: {said}");
        }
        assert!(said.contains("then 0"), "{size}k: {said}");
        assert_eq!(sealed(&kept), whole, "{size}k");
    }
    assert!((1..9).contains(&full), "{full} of 9 sizes were too small");
}
