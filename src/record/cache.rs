//! What can be answered without asking again: there is no second copy of answers, so that this is the run folders themselves.
//! How much they hold, and what of them is of no more use.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rayon::prelude::*;

use super::{
    Run, Status, disk,
    folder::{self, RUN, StoreError},
    journal::{self, ANSWERS},
};
use crate::value::Digest;

/// Begins the name of a folder that is being removed.
const REMOVED: &str = ".removed-";
/// Begins the names of files that are being written, by this version and by older ones.
const UNFINISHED: [&str; 2] = [disk::UNFINISHED, ".tmp"];
/// A file that somebody may still be writing is younger.
const ABANDONED: Duration = Duration::from_hours(1);

/// A run with answers.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Its folder.
    pub folder: PathBuf,
    /// What it says of itself.
    pub run: Run,
    /// The digest of its model.
    pub model: Digest,
    /// Requests that it answers.
    pub answers: usize,
    /// Of all its files.
    pub bytes: u64,
    /// When it ended, or when a later run took answers from it; since 1970.
    pub used: Duration,
}

/// All runs of one model.
#[derive(Clone, Debug)]
pub struct OfModel<'a> {
    /// Its name in the latest of them.
    pub name: &'a str,
    /// Its digest.
    pub digest: Digest,
    /// How many.
    pub runs: usize,
    /// Requests that they answer, each run by itself.
    pub answers: usize,
    /// Of their files.
    pub bytes: u64,
    /// When the last was used, since 1970.
    pub used: Duration,
}

/// Something of no more use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// What.
    pub path: PathBuf,
    /// How much it takes.
    pub bytes: u64,
    /// Why it can go.
    pub why: Why,
}

/// Why something can go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// A crash left it half written, or half removed.
    Unfinished,
    /// It was not finished, and this run of the same plan was.
    Superseded(String),
    /// It was asked for: by its model, or by its age.
    Chosen,
}

/// Reads the runs of a results folder, newest first. What is no run with answers is passed over.
pub fn inventory(results: &Path) -> Result<Vec<Kept>, StoreError> {
    let folders = folders(results)?;
    let mut kept: Vec<Kept> = folders.par_iter().filter_map(|folder| look(folder)).collect();
    kept.sort_by(|one, other| (other.used, &other.folder).cmp(&(one.used, &one.folder)));
    // A run whose answers were taken is used as long as the one that took them.
    let mut used: BTreeMap<String, Duration> = BTreeMap::new();
    for taker in &kept {
        let from = taker.run.reused.iter().map(|reused| &reused.run_id);
        for id in from.chain(taker.run.parts.iter().map(|part| &part.run_id)) {
            let last = used.entry(id.clone()).or_default();
            *last = taker.used.max(*last);
        }
    }
    for run in &mut kept {
        run.used = run.used.max(used.get(&run.run.run_id).copied().unwrap_or_default());
    }
    Ok(kept)
}

/// The folders that hold a run; links lead elsewhere and are not followed.
fn folders(results: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let entries = match fs::read_dir(results) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(StoreError::io("read", results)(source)),
    };
    let mut folders = Vec::new();
    for entry in entries {
        let entry = entry.map_err(StoreError::io("read", results))?;
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if !hidden && is_run(&entry.path()) {
            folders.push(entry.path());
        }
    }
    folders.sort();
    Ok(folders)
}

/// Whether this is a folder of ours, and no link to one.
fn is_run(folder: &Path) -> bool {
    let kind = |path: &Path| fs::symlink_metadata(path).map(|metadata| metadata.file_type());
    kind(folder).is_ok_and(|kind| kind.is_dir()) && kind(&folder.join(RUN)).is_ok_and(|kind| kind.is_file())
}

fn look(folder: &Path) -> Option<Kept> {
    let run = folder::read_run(folder).ok().filter(|run| run.format.starts_with("yardstick.run/"))?;
    let model = run.model_digest?;
    let time = run.time.as_ref()?;
    let used = humantime::parse_rfc3339(time.finished.as_ref().unwrap_or(&time.started)).ok()?;
    let answers = journal::read(folder)
        .map_or(0, |recovered| recovered.outcomes.values().filter(|outcome| outcome.is_ok()).count());
    let used = used.duration_since(UNIX_EPOCH).unwrap_or_default();
    Some(Kept { folder: folder.to_owned(), run, model, answers, bytes: size(folder), used })
}

/// Of the files in a folder, or of one file.
fn size(path: &Path) -> u64 {
    let Ok(metadata) = fs::symlink_metadata(path) else { return 0 };
    if !metadata.is_dir() {
        return metadata.len();
    }
    let entries = fs::read_dir(path).into_iter().flatten().filter_map(Result::ok);
    entries.map(|entry| size(&entry.path())).sum()
}

/// Adds up runs by their model, the last used first.
pub fn by_model(kept: &[Kept]) -> Vec<OfModel<'_>> {
    let mut models: BTreeMap<Digest, OfModel<'_>> = BTreeMap::new();
    for run in kept {
        let (name, digest) = (run.run.model.name.as_str(), run.model);
        let empty = OfModel { name, digest, runs: 0, answers: 0, bytes: 0, used: run.used };
        let model = models.entry(digest).or_insert(empty);
        model.runs += 1;
        model.answers += run.answers;
        model.bytes += run.bytes;
        model.used = model.used.max(run.used);
    }
    let mut models: Vec<OfModel<'_>> = models.into_values().collect();
    models.sort_by_key(|model| (std::cmp::Reverse(model.used), model.digest));
    models
}

/// What nobody misses: what a crash left half written, and runs that were not finished and whose plan another run finished.
pub fn leftovers(results: &Path, kept: &[Kept], now: Duration) -> Result<Vec<Removal>, StoreError> {
    let mut removals = Vec::new();
    let entries = fs::read_dir(results).into_iter().flatten().filter_map(Result::ok);
    let removed = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(REMOVED));
    for entry in removed.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
        removals.push(Removal { bytes: size(&entry.path()), path: entry.path(), why: Why::Unfinished });
    }
    for folder in folders(results)? {
        if !is_busy(&folder, now) {
            unfinished(&folder, now, &mut removals);
        }
    }
    for run in kept.iter().filter(|run| run.run.status != Status::Complete && !is_busy(&run.folder, now)) {
        if let Some(by) = kept.iter().find(|other| supersedes(other, run)) {
            let why = Why::Superseded(by.run.run_id.clone());
            // The folder goes with all that is in it.
            removals.retain(|removal| !removal.path.starts_with(&run.folder));
            removals.push(Removal { path: run.folder.clone(), bytes: run.bytes, why });
        }
    }
    removals.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(removals)
}

/// Whether a run has all that another one has not finished, undamaged.
fn supersedes(other: &Kept, run: &Kept) -> bool {
    let sealed = |other: &Kept| {
        let digest = fs::read(other.folder.join(ANSWERS)).ok().map(Digest::of);
        digest.is_some() && digest == other.run.answers_sha256
    };
    other.run.status == Status::Complete
        && other.model == run.model
        && run.run.suite.plan_sha256.is_some()
        && other.run.suite.plan_sha256 == run.run.suite.plan_sha256
        && (other.run.shard.is_none() || other.run.shard == run.run.shard)
        && sealed(other)
}

/// Files in a run's folder that were never finished.
fn unfinished(folder: &Path, now: Duration, removals: &mut Vec<Removal>) {
    for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        let Ok(metadata) = entry.metadata() else { continue };
        if metadata.is_dir() {
            unfinished(&entry.path(), now, removals);
        } else if metadata.is_file() && is_unfinished(&entry.file_name()) && is_abandoned(&metadata, now) {
            removals.push(Removal { path: entry.path(), bytes: metadata.len(), why: Why::Unfinished });
        }
    }
}

fn is_unfinished(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    UNFINISHED.iter().any(|begin| {
        name.strip_prefix(begin)
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    })
}

fn is_abandoned(metadata: &fs::Metadata, now: Duration) -> bool {
    let changed = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    changed.is_some_and(|changed| changed + ABANDONED < now)
}

/// Whether a process may be at work on a run: it has the journal open, or has not come to open it.
fn is_busy(folder: &Path, now: Duration) -> bool {
    match fs::symlink_metadata(folder.join(ANSWERS)) {
        Ok(_) => journal::is_open(folder),
        Err(_) => !fs::symlink_metadata(folder).is_ok_and(|metadata| is_abandoned(&metadata, now)),
    }
}

/// Whole runs: of a model, of those last used before a time, or of both.
pub fn chosen(kept: &[Kept], model: Option<&str>, before: Option<Duration>, now: Duration) -> Vec<Removal> {
    let wanted = kept.iter().filter(|run| {
        let card = &run.run.model;
        model.is_none_or(|model| {
            [&card.name, &card.source, &run.run.command.model].iter().any(|name| *name == model)
        }) && before.is_none_or(|before| run.used < before)
            && !is_busy(&run.folder, now)
    });
    wanted.map(|run| Removal { path: run.folder.clone(), bytes: run.bytes, why: Why::Chosen }).collect()
}

/// Removes something of a results folder. Says no where a process has come to work on it since.
pub fn remove(results: &Path, removal: &Removal, now: Duration) -> Result<bool, StoreError> {
    let path = &removal.path;
    let failed = || StoreError::io("remove", path);
    if removal.why == Why::Unfinished {
        let metadata = fs::symlink_metadata(path).map_err(failed())?;
        let removed = if metadata.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        return removed.map(|()| true).map_err(failed());
    }
    if !is_run(path) || is_busy(path, now) {
        return Ok(false);
    }
    // Nobody takes the run up meanwhile; under its new name it is no run any more, should this end half way.
    let lock = fs::File::open(path.join(ANSWERS)).ok();
    if lock.as_ref().is_some_and(|file| file.try_lock().is_err()) {
        return Ok(false);
    }
    let Some(name) = path.file_name() else { return Ok(false) };
    let mut hidden = std::ffi::OsString::from(REMOVED);
    hidden.push(name);
    let gone = results.join(hidden);
    fs::rename(path, &gone).map_err(failed())?;
    fs::remove_dir_all(&gone).map_err(failed())?;
    Ok(true)
}

/// A time since 1970 as one of the system.
pub fn time(since: Duration) -> SystemTime {
    UNIX_EPOCH + since
}
