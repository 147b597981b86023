//! Finds the files of a model: what its name means, what the Hugging Face cache holds, and the download of the rest.
//!
//! [`Source::parse`] understands a name; [`open`] gives the folder of a repository, from the cache without any request where
//! it is complete there, else from the hub (feature `hub`). The cache is the one that Python's `huggingface_hub` uses.

#[cfg(feature = "hub")]
mod address;
mod cache;
#[cfg(feature = "hub")]
mod client;
#[cfg(feature = "hub")]
mod download;
mod environment;
#[cfg(feature = "hub")]
mod fault;
mod files;
mod source;
#[cfg(feature = "hub")]
mod store;

use std::{
    fmt,
    ops::ControlFlow,
    path::{Path, PathBuf},
    time::Duration,
};

use thiserror::Error;

#[cfg(feature = "hub")]
pub use self::fault::DownloadError;
pub use self::{
    cache::{CacheError, Entry, list},
    environment::{Environment, Patience, Secret},
    source::{Near, Repository, Source, SourceError},
};

/// The folder of a repository at a revision: from the cache where it is complete there, else fetched into it.
///
/// A branch that the cache knows stays at the commit it was fetched at. Nothing is ever half there under its final name: a
/// download that breaks off goes on where it stopped, the next time.
pub fn open(
    repository: &Repository,
    environment: &Environment,
    listener: Listener<'_>,
) -> Result<Snapshot, OpenError> {
    let cache = environment.cache.as_deref().ok_or(OpenError::NoCache)?;
    match cache::find(cache, repository)? {
        cache::Found::Complete(snapshot) => Ok(snapshot),
        found if environment.offline => Err(absent(
            repository,
            cache,
            found,
            "HF_HUB_OFFLINE forbids to fetch it",
            "unset HF_HUB_OFFLINE",
        )),
        found => fetch(repository, cache, found, environment, listener),
    }
}

/// The folder of a repository at a revision, if the cache holds all of it; nothing is ever fetched.
pub fn look(repository: &Repository, environment: &Environment) -> Result<Snapshot, OpenError> {
    let cache = environment.cache.as_deref().ok_or(OpenError::NoCache)?;
    match cache::find(cache, repository)? {
        cache::Found::Complete(snapshot) => Ok(snapshot),
        found => Err(absent(
            repository,
            cache,
            found,
            "nothing is fetched to look at it",
            "fetch it by using it, as in `yardstick tokens --model NAME TEXT`",
        )),
    }
}

#[cfg(feature = "hub")]
fn fetch(
    repository: &Repository,
    cache: &Path,
    _: cache::Found,
    environment: &Environment,
    listener: Listener<'_>,
) -> Result<Snapshot, OpenError> {
    Ok(download::download(repository, cache, environment, listener)?)
}

#[cfg(not(feature = "hub"))]
fn fetch(
    repository: &Repository,
    cache: &Path,
    found: cache::Found,
    _: &Environment,
    _: Listener<'_>,
) -> Result<Snapshot, OpenError> {
    Err(absent(
        repository,
        cache,
        found,
        "this build of yardstick cannot fetch it",
        "build it with the feature `hub`",
    ))
}

/// What cannot be fetched, and what the cache has of it.
fn absent(
    repository: &Repository,
    cache: &Path,
    found: cache::Found,
    why: &'static str,
    remedy: &'static str,
) -> OpenError {
    let repository_text = repository.to_string();
    if let cache::Found::Incomplete { folder, missing } = found {
        let missing = missing.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        return OpenError::Incomplete { repository: repository_text, folder, missing, why, remedy };
    }
    let held: Vec<String> = cache::commits(cache, repository)
        .iter()
        .map(|commit| format!("`{}@{commit}`", repository.id()))
        .collect();
    let held = match held.as_slice() {
        [] => String::new(),
        held => format!("; the cache does hold {}", held.join(" and ")),
    };
    OpenError::NotCached { repository: repository_text, cache: cache.to_owned(), held, why, remedy }
}

/// A repository's files at one commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Holds the files of the model, and maybe others.
    pub folder: PathBuf,
    /// As it was asked for.
    pub repository: Repository,
    /// What its revision stands for.
    pub commit: Commit,
}

/// The name of a commit: 40 hexadecimal digits on the hub of Hugging Face, any letters and digits elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Commit(String);

impl Commit {
    fn new(text: &str) -> Option<Self> {
        // It becomes the name of a folder.
        let fits = !text.is_empty() && text.len() <= 64 && text.chars().all(|c| c.is_ascii_alphanumeric());
        fits.then(|| Self(text.to_owned()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a revision is this commit or, as short as git allows, its beginning.
    fn is_meant_by(&self, revision: &str) -> bool {
        const SHORTEST: usize = 4;
        revision.len() >= SHORTEST
            && revision.chars().all(|digit| digit.is_ascii_hexdigit())
            && self.0.starts_with(&revision.to_ascii_lowercase())
    }
}

impl fmt::Display for Commit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Hears how a download goes on; `Break` stops it.
pub type Listener<'a> = &'a mut dyn FnMut(Event<'_>) -> ControlFlow<()>;

/// A step of a download.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A file begins, or begins anew after a fault.
    Begins {
        /// Its name.
        file: &'a str,
        /// Its size, where the server says it.
        bytes: Option<u64>,
        /// How much of it an earlier attempt has left.
        held: u64,
    },
    /// So much of the file is there.
    Reached {
        /// Its name.
        file: &'a str,
        /// Counted from its beginning.
        bytes: u64,
    },
    /// The file is complete and checked.
    Done {
        /// Its name.
        file: &'a str,
    },
    /// Nothing moves for now.
    Waits {
        /// For what.
        why: &'a str,
        /// Until the next attempt, where that is known.
        left: Option<Duration>,
    },
}

/// Why a repository cannot be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// No folder to keep models in.
    #[error("there is no folder to keep models in, for HOME is not set: set HF_HOME to a folder")]
    NoCache,
    /// The cache is at fault.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// Not there, and not to be fetched.
    #[error("`{repository}` is not in the cache {}, and {why}{held}\n{remedy}, or copy the model's folder into the cache", cache.display())]
    NotCached {
        /// With its revision.
        repository: String,
        /// Where it was looked for.
        cache: PathBuf,
        /// Other revisions that are there.
        held: String,
        /// Why it is not fetched.
        why: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// Partly there, and the rest not to be fetched.
    #[error("`{repository}` is incomplete in the cache: {} lacks {missing}, and {why}\n{remedy}, or copy what is missing into that folder", folder.display())]
    Incomplete {
        /// With its revision.
        repository: String,
        /// The snapshot.
        folder: PathBuf,
        /// The files it lacks.
        missing: String,
        /// Why they are not fetched.
        why: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// The download failed.
    #[cfg(feature = "hub")]
    #[error(transparent)]
    Download(#[from] DownloadError),
}

#[cfg(all(test, not(feature = "hub")))]
mod tests {
    use super::*;

    #[test]
    fn without_the_feature_the_cache_is_all_there_is() {
        let mut environment = Environment::from_lookup(|_| None);
        environment.cache = Some(PathBuf::from("/nowhere"));
        let repository = Repository::new("gpt2", None).unwrap();
        let error =
            open(&repository, &environment, &mut |_| ControlFlow::Continue(())).unwrap_err().to_string();
        assert!(error.contains("`openai-community/gpt2` is not in the cache /nowhere"), "{error}");
        assert!(error.contains("build it with the feature `hub`"), "{error}");
    }
}
