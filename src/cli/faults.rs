//! A run that is broken at every single step it makes on disk (no room once, a full disk, a kill, a power failure), and
//! gone on with: it ends with the bytes of an undisturbed one.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::mpsc,
};

use clap::Parser;

use super::{
    Cli, Shell,
    exit::Exit,
    out::Out,
    progress::{Progress, listener},
};
use crate::record::{
    disk::{
        UNFINISHED,
        faults::{self, Ended, Fault},
    },
    journal::ANSWERS,
};

const SPEC: &str = "
benchmark: small
model: mock
tasks:
  - cloze: pairs
    allow: [few-items]
    items:
      - [The sky is, blue, green]
      - [The grass is, green, blue]
      - [The sun is, bright, dark]
  - next_token: one
    prompt: The capital of France is
    top_k: 3
";

/// A folder with the spec, and a place for results in it.
struct Home(tempfile::TempDir);

/// How a command ended, and what it said on stderr.
struct Said {
    exit: Exit,
    text: String,
}

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        fs::write(home.spec(), SPEC).unwrap();
        home
    }

    fn spec(&self) -> PathBuf {
        self.0.path().join("small.yaml")
    }

    fn results(&self) -> PathBuf {
        self.0.path().join("results")
    }

    /// The run again, or for the first time: the same command does both.
    fn run(&self) -> Said {
        let (spec, results) = (self.spec(), self.results());
        said(&["run", spec.to_str().unwrap(), "--out", results.to_str().unwrap(), "--continue"])
    }

    /// What a power failure left of it, elsewhere.
    fn after_power_failure(&self, ended: &Ended) -> Self {
        let after = Self(tempfile::tempdir().unwrap());
        ended.after_power_failure(self.0.path(), after.0.path());
        after
    }

    fn broken_by(&self, fault: Fault) -> (Said, Ended) {
        faults::begin(self.0.path(), fault);
        let said = self.run();
        (said, faults::end())
    }

    /// The files of the run that is complete, with its name taken out of them. Where the last step of all failed there are
    /// two, with the same files.
    fn sealed(&self) -> BTreeMap<PathBuf, String> {
        let folders = fs::read_dir(self.results()).unwrap().map(|entry| entry.unwrap().path());
        let complete = |folder: &PathBuf| {
            !folder.is_symlink()
                && fs::read_to_string(folder.join("run.json")).is_ok_and(|run| run.contains("\"complete\""))
        };
        let mut sealed: Vec<BTreeMap<PathBuf, String>> = folders
            .filter(complete)
            .map(|folder| {
                let mut files = BTreeMap::new();
                read(&folder, &folder, folder.file_name().unwrap().to_str().unwrap(), &mut files);
                files
            })
            .collect();
        sealed.dedup();
        let [files] = sealed.as_slice() else { panic!("{} different runs", sealed.len()) };
        assert!(files.len() >= 8 && files.contains_key(Path::new(ANSWERS)), "{:?}", files.keys());
        files.clone()
    }
}

fn read(root: &Path, folder: &Path, id: &str, files: &mut BTreeMap<PathBuf, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let inside = path.strip_prefix(root).unwrap().to_owned();
        assert!(!inside.to_string_lossy().contains(UNFINISHED), "{} is left over", path.display());
        match inside.to_str().unwrap() {
            _ if path.is_dir() => read(root, &path, id, files),
            // These say when it ran.
            "run.json" | "summary.md" | "report.html" => {}
            _ => drop(files.insert(inside, fs::read_to_string(&path).unwrap().replace(id, "ID"))),
        }
    }
}

fn said(arguments: &[&str]) -> Said {
    let (sender, lines) = mpsc::channel();
    let out = Out::nowhere();
    let listener = listener(Progress::None, 0, out.err_look, false);
    let mut shell = Shell { out, err: Box::new(Heard(sender)), listener, quiet: 0 };
    let cli = Cli::try_parse_from([&["yardstick"], arguments].concat()).unwrap();
    let exit = cli.command.run(&mut shell);
    drop(shell);
    let text: Vec<u8> = lines.into_iter().flatten().collect();
    Said { exit, text: String::from_utf8(text).unwrap() }
}

struct Heard(mpsc::Sender<Vec<u8>>);

impl std::io::Write for Heard {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.send(bytes.to_vec()).unwrap();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The steps of an undisturbed run, and what it leaves.
fn undisturbed() -> (usize, BTreeMap<PathBuf, String>) {
    let home = Home::new();
    let (said, ended) = home.broken_by(Fault::Never);
    assert_eq!(said.exit, Exit::Success, "{}", said.text);
    (ended.steps, home.sealed())
}

/// At every step, the fault is told, and the same command goes on to the bytes of an undisturbed run.
fn is_told_and_gone_on_from(fault: fn(usize) -> Fault) {
    let (steps, whole) = undisturbed();
    for step in 0..steps {
        let home = Home::new();
        let (said, _) = home.broken_by(fault(step));
        assert_eq!(said.exit, Exit::Results, "step {step}: {}", said.text);
        assert!(said.text.contains("no space left"), "step {step}: {}", said.text);
        let again = home.run();
        assert_eq!(again.exit, Exit::Success, "step {step}: {}", again.text);
        assert_eq!(home.sealed(), whole, "step {step}");
    }
}

#[test]
fn a_step_that_fails_once_is_told_and_gone_on_from() {
    is_told_and_gone_on_from(Fault::Once);
}

#[test]
fn a_run_that_ends_at_any_step_is_gone_on_with() {
    is_told_and_gone_on_from(Fault::From);
}

#[test]
fn a_power_failure_at_any_step_leaves_what_can_be_gone_on_with() {
    let (steps, whole) = undisturbed();
    for step in 0..steps {
        let home = Home::new();
        let (_, ended) = home.broken_by(Fault::From(step));
        let after = home.after_power_failure(&ended);
        let again = after.run();
        assert_eq!(again.exit, Exit::Success, "step {step}: {}", again.text);
        assert_eq!(after.sealed(), whole, "step {step}");
    }
}

#[test]
fn a_sealed_run_survives_a_power_failure_as_it_is() {
    let home = Home::new();
    let (said, ended) = home.broken_by(Fault::Never);
    assert_eq!(said.exit, Exit::Success, "{}", said.text);
    assert_eq!(home.after_power_failure(&ended).sealed(), home.sealed());
}
