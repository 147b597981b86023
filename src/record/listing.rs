//! The runs of a results folder at a glance: of each only what its `run.json` says in its first lines, so that a thousand
//! are listed at once, and a damaged one is listed like any other.

use std::{collections::BTreeMap, fs, io, path::Path};

use serde::{Deserialize, de::IgnoredAny};

use super::{
    Status,
    folder::{RUN, StoreError, is_named, is_shard},
    inside, journal,
};
use crate::{plan::Shard, value::Digest};

/// Folders of comparisons lie beside those of runs.
const COMPARISON: &str = "compare.json";

/// A folder that holds a run.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The folder's name.
    pub folder: String,
    /// The shortest of its names that no other run of the list has: what commands take.
    pub name: String,
    /// What it says of its run, or why it says nothing.
    pub run: Result<Brief, String>,
}

/// The first lines of a run.
#[derive(Clone, Debug)]
pub struct Brief {
    /// When it began, UTC.
    pub started: String,
    /// The model's name in tables.
    pub model: String,
    /// The commit of the model's repository.
    pub revision: Option<String>,
    /// The suite's name.
    pub suite: String,
    /// Items that were planned.
    pub items: usize,
    /// The piece of its plan that it asks, where it asks only one.
    pub shard: Option<Shard>,
    /// How far it came.
    pub state: State,
}

/// How far a run came, as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Sealed, with the digest of its answers.
    Complete(Option<Digest>),
    /// Stopped early; it can be taken up again.
    Interrupted,
    /// Its process is gone without a word; it can be taken up again.
    Crashed,
    /// A process writes to it.
    Running,
}

impl State {
    /// In a word.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Complete(_) => "complete",
            Self::Interrupted => "interrupted",
            Self::Crashed => "crashed",
            Self::Running => "running",
        }
    }
}

/// Lists the runs of a results folder, newest first. A folder that is not there holds none.
pub fn list(results: &Path) -> Result<Vec<Listed>, StoreError> {
    let failed = || StoreError::io("read", results);
    let entries = match fs::read_dir(results) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed()(error)),
    };
    let mut listed = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed())?;
        let folder = entry.file_name().to_string_lossy().into_owned();
        // `latest` is a link to one of the others.
        if !entry.file_type().is_ok_and(|kind| kind.is_dir()) || folder.starts_with('.') {
            continue;
        }
        let path = entry.path();
        if !path.join(RUN).exists() && path.join(COMPARISON).exists() {
            continue;
        }
        listed.push(Listed { name: folder.clone(), folder, run: brief(&path) });
    }
    let begun = |listed: &Listed| listed.run.as_ref().map_or_else(|_| stamp(&listed.folder), Brief::stamp);
    listed.sort_by_cached_key(|listed| std::cmp::Reverse((begun(listed), listed.folder.clone())));
    shorten(&mut listed);
    Ok(listed)
}

impl Brief {
    /// When it began, as the names of folders have it.
    fn stamp(&self) -> String {
        self.started.chars().filter(char::is_ascii_alphanumeric).collect()
    }
}

/// The time in a folder's name, where it begins with one.
fn stamp(folder: &str) -> String {
    let first = folder.split('-').next().unwrap_or_default();
    if is_stamp(first) { first.to_owned() } else { String::new() }
}

fn is_stamp(part: &str) -> bool {
    let digits = |range: std::ops::Range<usize>| {
        part.get(range).is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    part.len() == 16 && digits(0..8) && digits(9..15) && part.ends_with('Z')
}

/// Gives each its shortest name: the last part of its id, else the time, else all of it.
fn shorten(listed: &mut [Listed]) {
    let mut taken: BTreeMap<&str, usize> = BTreeMap::new();
    // A part that a whole run shares with its shards means the run.
    let whole = listed.iter().filter(|run| !is_shard(&run.folder));
    for part in whole.flat_map(|run| run.folder.split('-')).filter(|part| part.len() >= 6) {
        *taken.entry(part).or_default() += 1;
    }
    // A name also stands for every part that begins with it.
    let alone = |name: &str| {
        let stands_for = taken.range(name..).take_while(|(part, _)| part.starts_with(name));
        stands_for.map(|(_, count)| count).sum::<usize>() == 1
    };
    let folders: Vec<&String> = listed.iter().map(|run| &run.folder).collect();
    let names: Vec<Option<String>> = listed
        .iter()
        .map(|run| {
            let mut parts = run.folder.split('-');
            let time = parts.next().filter(|part| is_stamp(part))?;
            let plan = parts.rfind(|part| part.len() >= 6).filter(|part| part.len() == 6);
            if is_shard(&run.folder) {
                let end = &run.folder[run.folder.rfind(plan?)?..];
                let named = folders.iter().filter(|folder| is_named(folder, end)).count();
                return (named == 1).then(|| end.to_owned());
            }
            plan.filter(|part| alone(part))
                .or_else(|| Some(time).filter(|part| alone(part)))
                .map(str::to_owned)
        })
        .collect();
    for (run, name) in listed.iter_mut().zip(names) {
        run.name = name.unwrap_or_else(|| run.folder.clone());
    }
}

/// What is read of `run.json`; all else in it is passed over.
#[derive(Deserialize)]
struct File {
    format: String,
    status: Status,
    suite: Suite,
    model: Model,
    time: Time,
    answers_sha256: Option<Digest>,
    #[serde(default)]
    shard: Option<Shard>,
    #[serde(default, rename = "metrics")]
    _metrics: IgnoredAny,
}

#[derive(Deserialize)]
struct Suite {
    name: String,
    items: usize,
}

#[derive(Deserialize)]
struct Model {
    name: String,
    revision: Option<String>,
}

#[derive(Deserialize)]
struct Time {
    started: String,
}

fn brief(folder: &Path) -> Result<Brief, String> {
    let text = match inside::bytes(&folder.join(RUN)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(format!("it has no {RUN}: no run, or one that ended as it began"));
        }
        Err(error) => return Err(format!("{RUN} cannot be read: {error}")),
    };
    let file: File =
        serde_json::from_slice(&text).map_err(|error| format!("{RUN} cannot be read: {error}"))?;
    if !file.format.starts_with("yardstick.run/") {
        return Err(format!("{RUN} is of another format, `{}`", file.format));
    }
    let state = match file.status {
        Status::Complete => State::Complete(file.answers_sha256),
        Status::Interrupted => State::Interrupted,
        Status::Running if journal::is_open(folder) => State::Running,
        Status::Running => State::Crashed,
    };
    Ok(Brief {
        started: file.time.started,
        model: file.model.name,
        revision: file.model.revision,
        suite: file.suite.name,
        items: file.suite.items,
        shard: file.shard,
        state,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results(runs: &[(&str, &str)]) -> tempfile::TempDir {
        let results = tempfile::tempdir().unwrap();
        for (folder, run) in runs {
            fs::create_dir(results.path().join(folder)).unwrap();
            fs::write(results.path().join(folder).join(RUN), run).unwrap();
        }
        results
    }

    fn run(status: &str, started: &str) -> String {
        format!(
            r#"{{"format": "yardstick.run/1", "status": "{status}", "suite": {{"name": "s", "items": 3, "tasks": 1}},
            "model": {{"name": "m", "revision": null}}, "time": {{"started": "{started}"}}, "answers_sha256": null,
            "metrics": [{{"value": 1}}], "something": "new"}}"#
        )
    }

    #[test]
    fn newest_first_each_with_its_shortest_name() {
        let complete = run("complete", "2026-01-01T00:00:00Z");
        let later = run("interrupted", "2026-01-02T00:00:00Z");
        let results = results(&[
            ("20260101T000000Z-m-s-abcdef", &complete),
            ("20260102T000000Z-m-s-123456", &later),
            ("20260102T000000Z-m-s-123456-2", &later),
            ("example", &complete),
            ("20260101T000000Z-m-s-abcdef-shard-2-of-2", &later),
            ("20260101T000000Z-m-s-abcdef-shard-1-of-2", &later),
            ("20260101T000000Z-m-s-abcdef-shard-1-of-2-2", &later),
        ]);
        fs::create_dir(results.path().join("compare-x")).unwrap();
        fs::write(results.path().join("compare-x").join(COMPARISON), "{}").unwrap();
        fs::create_dir(results.path().join("20260103T000000Z-m-s-fedcba")).unwrap();
        let listed = list(results.path()).unwrap();
        let names: Vec<_> = listed.iter().map(|run| (run.name.as_str(), run.run.is_ok())).collect();
        let expected = [
            ("fedcba", false),
            ("20260102T000000Z-m-s-123456-2", true),
            ("20260102T000000Z-m-s-123456", true),
            ("abcdef-shard-2-of-2", true),
            ("abcdef-shard-1-of-2-2", true),
            ("abcdef-shard-1-of-2", true),
            ("example", true),
            ("abcdef", true),
        ];
        assert_eq!(names, expected);
        for run in &listed {
            assert!(run.run.is_err() || super::super::folder::find(results.path(), &run.name).is_ok());
        }
        assert!(list(&results.path().join("nowhere")).unwrap().is_empty());
    }

    #[test]
    fn a_run_whose_process_is_gone_has_crashed() {
        let results = results(&[("one", &run("running", "2026-01-01T00:00:00Z"))]);
        let state = || list(results.path()).unwrap()[0].run.clone().unwrap().state;
        assert_eq!(state(), State::Crashed);
        let open = journal::Journal::open(&results.path().join("one")).unwrap();
        assert_eq!(state(), State::Running);
        drop(open);
        assert_eq!(state(), State::Crashed);
    }

    #[test]
    fn what_is_wrong_with_a_folder_is_said() {
        let whole = run("complete", "2026-01-01T00:00:00Z");
        let other = whole.replace("yardstick.run/1", "someone.else/1");
        let results = results(&[("cut", &whole[..100]), ("other", &other)]);
        let listed = list(results.path()).unwrap();
        let reasons: Vec<_> = listed.into_iter().map(|run| run.run.unwrap_err()).collect();
        assert!(reasons[0].contains("someone.else/1") && reasons[1].contains("line 2"), "{reasons:?}");
    }
}
