//! Results of other programs, in and out: what the tests of `import` and `export` share.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
};

use serde_json::Value as Json;

/// A folder for runs.
pub(crate) struct Results(tempfile::TempDir);

/// What the program did.
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs the program without anything of the environment that changes how it looks.
pub(crate) fn yardstick(arguments: &[&str]) -> Done {
    let mut command = Command::new(env!("CARGO_BIN_EXE_yardstick"));
    command.args(arguments).env("LC_ALL", "C.UTF-8").env("COLUMNS", "100").env_remove("FORCE_COLOR");
    let output = command.stdin(Stdio::null()).output().unwrap();
    Done {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Imports a path.
pub(crate) fn import(results: &Results, path: &str, more: &[&str]) -> Done {
    yardstick(&[&["import", path, "--out", results.path()], more].concat())
}

impl Results {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &str {
        self.0.path().to_str().unwrap()
    }

    /// The run folders, by name.
    pub(crate) fn runs(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.0.path()).unwrap().map(|entry| entry.unwrap());
        let folders = entries.filter(|entry| entry.file_type().unwrap().is_dir());
        let mut runs: Vec<PathBuf> = folders.map(|entry| entry.path()).collect();
        runs.sort();
        runs
    }

    /// A file of the one run whose name has a part.
    pub(crate) fn text(&self, part: &str, file: &str) -> String {
        let runs = self.runs();
        let mut named = runs.iter().filter(|run| run.file_name().unwrap().to_str().unwrap().contains(part));
        let run = named.next().unwrap_or_else(|| panic!("no {part} among {runs:?}"));
        assert!(named.next().is_none(), "{part} is several of {runs:?}");
        fs::read_to_string(run.join(file)).unwrap()
    }

    pub(crate) fn json(&self, part: &str, file: &str) -> Json {
        serde_json::from_str(&self.text(part, file)).unwrap()
    }

    pub(crate) fn lines(&self, part: &str, file: &str) -> Vec<Json> {
        self.text(part, file).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// What `report` shows of a run.
    pub(crate) fn report(&self, run: &std::path::Path, more: &[&str]) -> String {
        let done = yardstick(&[&["report", run.to_str().unwrap(), "--out", self.path()], more].concat());
        assert_eq!(done.code, 0, "{}", done.stderr);
        done.stdout
    }
}
