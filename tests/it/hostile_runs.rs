//! Run folders that somebody edited: commands say what is wrong with them, and touch nothing outside.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::{Value, json};

use super::cli::{json as read, output, text};

/// A results folder with a copy of the example run, and a file beside it that is nobody's business.
struct Place(tempfile::TempDir);

const SECRET: &str = "the secret";

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        copy(Path::new("results/example"), &place.run());
        fs::write(place.0.path().join("secret.yaml"), SECRET).unwrap();
        place
    }
    fn results(&self) -> PathBuf {
        self.0.path().join("results")
    }
    fn run(&self) -> PathBuf {
        self.results().join("example")
    }
    fn edit(&self, change: impl FnOnce(&mut Value)) {
        let path = self.run().join("run.json");
        let mut run = read(&path);
        change(&mut run);
        fs::write(path, run.to_string()).unwrap();
    }
    /// What a command on the run says when it fails.
    #[track_caller]
    fn refused(&self, command: &[&str]) -> String {
        let ran = self.ran(command);
        assert_ne!(ran.status.code(), Some(0), "{command:?} did not fail: {}", text(&ran.stdout));
        let said = text(&ran.stderr);
        assert!(!said.contains("panicked"), "{said}");
        said
    }
    /// A command, with the run's folder, that of results and one outside put in.
    fn ran(&self, command: &[&str]) -> Output {
        let put = |word: &&str| match *word {
            "RUN" => self.run(),
            "RESULTS" => self.results(),
            "OUTSIDE" => self.0.path().join("outside"),
            other => other.into(),
        };
        let words: Vec<PathBuf> = command.iter().map(put).collect();
        output(&words.iter().map(|word| word.to_str().unwrap()).collect::<Vec<_>>())
    }
    /// The names of everything beside the results folder.
    fn outside(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()) {
        let copied = to.join(entry.file_name().unwrap());
        if entry.is_dir() {
            copy(&entry, &copied);
        } else {
            fs::copy(&entry, &copied).unwrap();
        }
    }
}

#[track_caller]
fn says(said: &str, words: &[&str]) {
    for words in words {
        assert!(said.contains(words), "`{words}` is missing in\n{said}");
    }
}

#[test]
fn a_path_that_leads_out_is_not_followed() {
    let up = "../../../secret.yaml";
    let edits: [(fn(&mut Value, &str), &str); 4] = [
        (|run, path| run["suite"]["files"][0]["path"] = json!(path), "leads out of the run's folder"),
        (|run, path| run["command"]["specs"][0] = json!(path), "leads out of the run's folder"),
        (|run, path| run["run_id"] = json!(path), "no name of a file"),
        (
            |run, path| run["tasks"][0]["details"] = json!([{ "name": path, "columns": [] }]),
            "no name of a file",
        ),
    ];
    for (edit, why) in edits {
        for path in [up, "/etc/passwd", ".."] {
            let place = Place::new();
            place.edit(|run| edit(run, path));
            for command in [
                &["show", "RUN"][..],
                &["export", "lm-eval", "RUN", "-o", "OUTSIDE"],
                &["export", "eee", "RUN", "-o", "OUTSIDE"],
                &["compare", "RUN", "RUN", "--out", "RESULTS"],
            ] {
                says(&place.refused(command), &["run.json cannot be read", why, path, "line 1 column"]);
            }
            assert_eq!(place.outside(), ["results", "secret.yaml"]);
        }
    }
}

#[test]
fn a_model_named_after_a_folder_is_exported_into_one_of_its_own() {
    for name in ["..", ".", "../../up", "/abs", ""] {
        let place = Place::new();
        place.edit(|run| run["model"]["name"] = json!(name));
        let said = place.ran(&["export", "lm-eval", "RUN", "-o", "OUTSIDE"]);
        assert_eq!(said.status.code(), Some(0), "{}", text(&said.stderr));
        assert_eq!(place.outside(), ["outside", "results", "secret.yaml"]);
        let inside: Vec<_> = fs::read_dir(place.0.path().join("outside")).unwrap().collect();
        assert_eq!(inside.len(), 1, "{name}: {inside:?}");
        assert!(inside[0].as_ref().unwrap().path().is_dir());
    }
}

#[test]
fn names_that_stand_for_two_things_are_refused() {
    let edits: [(fn(&mut Value), &str); 3] = [
        (
            |run| {
                let columns = run["tasks"][0]["columns"].as_array_mut().unwrap();
                columns.push(columns[0].clone());
            },
            "has two columns `correct` in its table `items`",
        ),
        (
            |run| {
                let tasks = run["tasks"].as_array_mut().unwrap();
                tasks.push(tasks[0].clone());
            },
            "two tasks are called",
        ),
        (
            |run| {
                run["tasks"][0]["details"] =
                    json!([{ "name": "t", "columns": [] }, { "name": "t", "columns": [] }]);
            },
            "has two tables `t`",
        ),
    ];
    for (edit, why) in edits {
        let place = Place::new();
        place.edit(edit);
        says(&place.refused(&["show", "RUN"]), &["run.json cannot be read", why]);
    }
}

#[test]
fn damaged_rows_are_named_by_file_and_line() {
    let place = Place::new();
    let items = place.run().join("items.jsonl");
    let whole = fs::read_to_string(&items).unwrap();
    let third = whole.lines().nth(2).unwrap();
    let cases = [
        (third[..40].to_owned(), "EOF"),
        (third.replace("\"task\":\"", "\"task\":\"no-such-"), "run.json knows no task `no-such-"),
        (third.replace("\"item\":", "\"other\":"), "missing field `item`"),
        ("null".into(), "an item with its task"),
        ("\u{0}".into(), "expected value"),
    ];
    for (line, why) in cases {
        fs::write(&items, whole.replace(third, &line)).unwrap();
        says(&place.refused(&["show", "RUN"]), &["items.jsonl cannot be read: line 3", why]);
    }
}

#[test]
fn numbers_whose_columns_are_gone_are_undefined_and_not_made_up() {
    let place = Place::new();
    place.edit(|run| {
        for task in run["tasks"].as_array_mut().unwrap() {
            task["columns"].as_array_mut().unwrap().clear();
        }
    });
    let said = place.ran(&["show", "RUN", "--format", "json"]);
    assert_eq!(said.status.code(), Some(0), "{}", text(&said.stderr));
    let said = place.ran(&["export", "markdown", "RUN"]);
    assert_eq!(said.status.code(), Some(0), "{}", text(&said.stderr));
    says(&text(&said.stdout), &["— (the table has no such column)"]);
}

#[test]
#[cfg(unix)]
fn nothing_in_a_run_folder_is_waited_for() {
    for name in ["run.json", "items.jsonl", "answers.jsonl"] {
        let place = Place::new();
        let path = place.run().join(name);
        fs::remove_file(&path).unwrap();
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        let command: &[&str] = match name {
            "answers.jsonl" => &["report", "RUN"],
            _ => &["show", "RUN"],
        };
        let words = if name == "run.json" { "there is no run" } else { "it is not a file" };
        says(&place.refused(command), &[words]);
        // A list of runs names it among the others.
        let said = place.ran(&["runs", "--out", "RESULTS"]);
        assert_eq!(said.status.code(), Some(0));
    }
}

#[test]
#[cfg(unix)]
fn links_in_a_run_folder_change_and_show_nothing_elsewhere() {
    use std::os::unix::fs::symlink;
    let place = Place::new();
    let secret = place.0.path().join("secret.yaml");

    // A page shows the run's own copies of specs only.
    let spec = place.run().join("spec/cloze.yaml");
    fs::copy(&spec, place.0.path().join("kept.yaml")).unwrap();
    fs::remove_file(&spec).unwrap();
    symlink("../../../kept.yaml", &spec).unwrap();
    let said = place.ran(&["report", "RUN"]);
    assert_eq!(said.status.code(), Some(0), "{}", text(&said.stderr));
    let page = fs::read_to_string(place.run().join("report.html")).unwrap();
    assert!(!page.contains("  - cloze: "), "the page shows a file from elsewhere");

    // Files are put in the place of links, and not written through them.
    let items = place.run().join("items.jsonl");
    fs::remove_file(&items).unwrap();
    symlink(&secret, &items).unwrap();
    assert_eq!(place.ran(&["report", "RUN"]).status.code(), Some(0));
    assert!(!items.is_symlink());

    // Answers are appended, which a link would take elsewhere.
    let answers = place.run().join("answers.jsonl");
    fs::remove_file(&answers).unwrap();
    symlink(&secret, &answers).unwrap();
    place.edit(|run| run["status"] = json!("interrupted"));
    let said = place.refused(&["run", "--resume", "RUN", "-q"]);
    says(&said, &["answers.jsonl", "it is a link", "put the file itself there"]);
    assert_eq!(fs::read_to_string(secret).unwrap(), SECRET);
}

#[test]
#[cfg(unix)]
fn latest_that_leads_nowhere_and_a_folder_that_is_a_file() {
    use std::os::unix::fs::symlink;
    let place = Place::new();
    let results = place.results();
    fs::remove_dir_all(place.run()).unwrap();
    for target in ["latest", "gone", "../secret.yaml"] {
        let latest = results.join("latest");
        symlink(target, &latest).unwrap();
        says(
            &place.refused(&["report", "latest", "--out", "RESULTS"]),
            &["there is no run `latest`", "no runs"],
        );
        fs::remove_file(latest).unwrap();
    }
    fs::write(place.run(), "a file").unwrap();
    says(&place.refused(&["report", "RUN", "--out", "RESULTS"]), &["there is no run"]);
    says(&place.refused(&["runs", "--out", "RUN"]), &["cannot read", "Not a directory"]);
    assert_eq!(place.ran(&["runs", "--out", "RESULTS"]).status.code(), Some(0));
}

#[test]
#[cfg(unix)]
fn what_never_ends_is_not_imported() {
    let place = Place::new();
    let zero = place.0.path().join("zero.csv");
    std::os::unix::fs::symlink("/dev/zero", &zero).unwrap();
    let pipe = place.0.path().join("pipe.csv");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [zero, pipe] {
        let said = place.refused(&["import", path.to_str().unwrap(), "--out", "RESULTS"]);
        says(&said, &["cannot be read: it is not a file"]);
    }
}
