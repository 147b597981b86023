//! Reads the cache that Python's `huggingface_hub` keeps, without any network:
//!
//! ```text
//! models--owner--name/refs/main                    the commit that a branch or tag stood for when it was last fetched
//! models--owner--name/snapshots/<commit>/<file>    links into blobs
//! models--owner--name/blobs/<etag>
//! ```

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use thiserror::Error;

use super::{
    Commit, Repository, Snapshot,
    files::{self, Weights},
};
use crate::engine::local::weights::{gguf::parts, shards};

/// What the cache holds of a repository at a revision.
#[derive(Debug)]
pub(super) enum Found {
    /// All that a model needs.
    Complete(Snapshot),
    /// A snapshot without some files.
    Incomplete {
        /// Its folder.
        folder: PathBuf,
        /// What it lacks.
        missing: Vec<String>,
    },
    /// Nothing at this revision.
    Absent,
}

/// Looks a repository up, also under the old short names that Python keeps apart.
pub(super) fn find(cache: &Path, repository: &Repository) -> Result<Found, CacheError> {
    let mut best = Found::Absent;
    for name in repository.names() {
        let folder = folder_of(cache, name);
        let Some(commit) = resolve(&folder, repository)? else { continue };
        let snapshot = folder.join("snapshots").join(commit.as_str());
        let missing = missing(&snapshot, repository.file())?;
        if missing.is_empty() {
            return Ok(Found::Complete(Snapshot {
                folder: snapshot,
                repository: repository.clone(),
                commit,
            }));
        }
        if matches!(best, Found::Absent) {
            best = Found::Incomplete { folder: snapshot, missing };
        }
    }
    Ok(best)
}

/// The commits of a repository that have a snapshot.
pub(super) fn commits(cache: &Path, repository: &Repository) -> Vec<Commit> {
    repository.names().flat_map(|name| snapshots(&folder_of(cache, name)).unwrap_or_default()).collect()
}

/// The repositories of models that the cache holds anything of.
pub(super) fn ids(cache: &Path) -> Vec<String> {
    names_in(cache)
        .unwrap_or_default()
        .iter()
        .filter_map(|folder| Some(folder.strip_prefix("models--")?.replacen("--", "/", 1)))
        .collect()
}

/// A snapshot of the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The repository, such as `openai-community/gpt2`.
    pub id: String,
    /// The commit of the snapshot.
    pub commit: Commit,
    /// Holds its files.
    pub folder: PathBuf,
    /// All its files together.
    pub bytes: u64,
    /// Whether it holds all that a model needs.
    pub complete: bool,
}

/// All snapshots of models, by id and commit. A cache that is not there is empty.
pub fn list(cache: &Path) -> Result<Vec<Entry>, CacheError> {
    let mut entries = Vec::new();
    for id in ids(cache) {
        let folder = folder_of(cache, &id);
        for commit in snapshots(&folder)? {
            let snapshot = folder.join("snapshots").join(commit.as_str());
            let size = |name: &String| fs::metadata(snapshot.join(name)).map_or(0, |file| file.len());
            let bytes = names_in(&snapshot)?.iter().map(size).sum();
            let complete = missing(&snapshot, None).is_ok_and(|missing| missing.is_empty());
            entries.push(Entry { id: id.clone(), commit, folder: snapshot, bytes, complete });
        }
    }
    Ok(entries)
}

fn folder_of(cache: &Path, id: &str) -> PathBuf {
    cache.join(format!("models--{}", id.replace('/', "--")))
}

/// The commit that a revision stands for: a branch or tag of `refs`, a commit, or the beginning of one.
fn resolve(folder: &Path, repository: &Repository) -> Result<Option<Commit>, CacheError> {
    let revision = repository.revision();
    let reference = folder.join("refs").join(revision);
    match fs::read_to_string(&reference) {
        Ok(text) => return Ok(Commit::new(text.trim())),
        Err(error) if !is_absence(&error) => return Err(CacheError::Read { path: reference, source: error }),
        Err(_) => {}
    }
    let fitting: Vec<Commit> =
        snapshots(folder)?.into_iter().filter(|commit| commit.is_meant_by(revision)).collect();
    match fitting.as_slice() {
        [] => Ok(None),
        [commit] => Ok(Some(commit.clone())),
        several => Err(CacheError::Ambiguous {
            repository: repository.to_string(),
            commits: several.iter().map(|commit| format!("`{commit}`")).collect::<Vec<_>>().join(" and "),
        }),
    }
}

/// What a snapshot lacks of a model, or of the GGUF file that is meant.
fn missing(snapshot: &Path, file: Option<&str>) -> Result<Vec<String>, CacheError> {
    // Follows links: a blob that was deleted is missing.
    let lacks = |name: &str| !snapshot.join(name).exists();
    if let Some(file) = file {
        return Ok(parts(file).into_iter().filter(|file| lacks(file)).collect());
    }
    if Weights::choose(|name| !lacks(name)).is_none()
        && names_in(snapshot)?
            .iter()
            .any(|name| files::is_gguf(name) && !parts(name).iter().any(|part| lacks(part)))
    {
        return Ok(Vec::new());
    }
    let mut missing: Vec<String> =
        files::NEEDED.into_iter().filter(|name| lacks(name)).map(str::to_owned).collect();
    match Weights::choose(|name| !lacks(name)) {
        None => missing.push("model.safetensors".to_owned()),
        Some(Weights::Whole(_)) => {}
        Some(Weights::Sharded(index)) => {
            let path = snapshot.join(index);
            let text = fs::read(&path).map_err(|source| CacheError::Read { path: path.clone(), source })?;
            let shards = shards(&text).map_err(|why| CacheError::Index { path, why: format!("it {why}") })?;
            missing.extend(shards.into_iter().filter(|shard| lacks(shard)));
        }
    }
    Ok(missing)
}

fn snapshots(folder: &Path) -> Result<Vec<Commit>, CacheError> {
    Ok(names_in(&folder.join("snapshots"))?.iter().filter_map(|name| Commit::new(name)).collect())
}

/// The names in a folder, sorted; none where there is no folder.
fn names_in(folder: &Path) -> Result<Vec<String>, CacheError> {
    let fault = |source| CacheError::Read { path: folder.to_owned(), source };
    let entries = match fs::read_dir(folder) {
        Err(error) if is_absence(&error) => return Ok(Vec::new()),
        entries => entries.map_err(fault)?,
    };
    let names: io::Result<Vec<_>> = entries.map(|entry| Ok(entry?.file_name())).collect();
    let mut names: Vec<String> =
        names.map_err(fault)?.into_iter().filter_map(|name| name.into_string().ok()).collect();
    names.sort_unstable();
    Ok(names)
}

/// Whether an error says that nothing is there; a branch may be named like the folder of others, as `a` beside `a/b`.
fn is_absence(error: &io::Error) -> bool {
    use io::ErrorKind::{IsADirectory, NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory | IsADirectory)
}

/// Why the cache cannot be used as it is.
#[derive(Debug, Error)]
pub enum CacheError {
    /// The file system refuses.
    #[error("{} of the model cache cannot be read: {source}; check its permissions, or name another cache by HF_HOME", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A short commit that several snapshots begin with.
    #[error("`{repository}` could be {commits} of the cache; write more digits of the commit")]
    Ambiguous {
        /// With the short commit.
        repository: String,
        /// Those that fit.
        commits: String,
    },
    /// An index that names no shards.
    #[error("{} lists no weights: {why}; delete it to fetch it anew", path.display())]
    Index {
        /// The index.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
