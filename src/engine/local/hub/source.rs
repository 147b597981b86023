//! What a model's name on the command line or in a spec stands for.

use std::{
    collections::BTreeSet,
    fmt, fs,
    path::{Path, PathBuf},
};

use thiserror::Error;

use super::{Environment, cache, environment::at_home, files};

/// A model by the place it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The built-in model.
    Reference,
    /// A folder with a checkpoint.
    Folder(PathBuf),
    /// A file with a whole model.
    File(PathBuf),
    /// A repository of the hub.
    Repository(Repository),
}

impl Source {
    /// The name of the built-in model.
    pub const REFERENCE: &str = "reference";

    /// Understands a name: `reference`, then a path that exists (from `base`, with `~` for the home folder), then a
    /// repository `owner/name` or an old short name such as `gpt2`, both with an optional `@revision` and an optional
    /// `:file.gguf`.
    pub fn parse(name: &str, base: &Path, environment: &Environment) -> Result<Self, SourceError> {
        if name == Self::REFERENCE {
            return Ok(Self::Reference);
        }
        if name.trim().is_empty() {
            return Err(SourceError::Empty);
        }
        let path = base.join(at_home(PathBuf::from(name), environment.home.as_deref()));
        if path.is_dir() {
            return Ok(Self::Folder(path));
        }
        if path.is_file() {
            return Ok(Self::File(path));
        }
        let (whole, file) = match name.rsplit_once(':') {
            Some((whole, file)) if files::is_gguf(file) => (whole, Some(file)),
            _ => (name, None),
        };
        let (id, revision) = match whole.split_once('@') {
            Some((id, revision)) => (id, Some(revision)),
            None => (whole, None),
        };
        if name.starts_with("http://") || name.starts_with("https://") {
            return Err(SourceError::Address { name: name.to_owned() });
        }
        if is_path(id) {
            return Err(SourceError::NoSuchPath {
                name: name.to_owned(),
                near: Near(near_path(&path)),
                path,
            });
        }
        if !id.contains('/') && !is_known(id, environment) {
            let mut candidates = near_path(&path);
            candidates.extend(near(id, RENAMED.iter().map(|(short, _)| *short).chain([Self::REFERENCE])));
            candidates.extend(near_repositories(id, environment));
            return Err(SourceError::Unknown { name: name.to_owned(), path, near: Near(candidates) });
        }
        Ok(Self::Repository(Repository { file: file.map(str::to_owned), ..Repository::new(id, revision)? }))
    }
}

/// A repository of models on the hub, at a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    id: String,
    revision: Option<String>,
    /// One of its files, which is a whole model.
    file: Option<String>,
}

impl Repository {
    /// Checks the names by the hub's rules; an old short name becomes the repository it now means.
    pub fn new(id: &str, revision: Option<&str>) -> Result<Self, SourceError> {
        if !id.split('/').all(is_part) || id.matches('/').count() > 1 || id.contains("--") {
            return Err(SourceError::Repository { id: id.to_owned() });
        }
        let fits = |part: &str| !part.is_empty() && !part.starts_with('.');
        if let Some(revision) = revision
            && (!revision.split('/').all(fits)
                || revision.contains("..")
                || !revision.chars().all(|c| c.is_ascii_alphanumeric() || "._-+=/".contains(c)))
        {
            return Err(SourceError::Revision { id: id.to_owned(), revision: revision.to_owned() });
        }
        let id = RENAMED.iter().find(|(short, _)| *short == id).map_or(id, |(_, id)| id);
        Ok(Self { id: id.to_owned(), revision: revision.map(str::to_owned), file: None })
    }

    /// Such as `openai-community/gpt2`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// A branch, a tag or a commit.
    pub fn revision(&self) -> &str {
        self.revision.as_deref().unwrap_or("main")
    }

    /// The same repository at another revision, by the rules of [`Repository::new`].
    pub fn at(self, revision: &str) -> Result<Self, SourceError> {
        Ok(Self { file: self.file, ..Self::new(&self.id, Some(revision))? })
    }

    /// The GGUF file that is meant, where one is named.
    pub fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }

    /// The id and the old short names that Python may have cached it under.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let old = RENAMED.iter().filter(|(_, id)| *id == self.id).map(|(short, _)| *short);
        std::iter::once(self.id.as_str()).chain(old)
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)?;
        self.revision.iter().try_for_each(|revision| write!(f, "@{revision}"))?;
        self.file.iter().try_for_each(|file| write!(f, ":{file}"))
    }
}

/// Language models that the hub once kept without an owner, as they are still named in most tutorials, and where they are now.
const RENAMED: [(&str, &str); 6] = [
    ("distilgpt2", "distilbert/distilgpt2"),
    ("gpt2", "openai-community/gpt2"),
    ("gpt2-large", "openai-community/gpt2-large"),
    ("gpt2-medium", "openai-community/gpt2-medium"),
    ("gpt2-xl", "openai-community/gpt2-xl"),
    ("openai-gpt", "openai-community/openai-gpt"),
];

/// Whether a name without an owner is an old short name, or one that the cache holds.
fn is_known(id: &str, environment: &Environment) -> bool {
    RENAMED.iter().any(|(short, _)| *short == id)
        || environment.cache.as_deref().is_some_and(|cache| cache::ids(cache).iter().any(|known| known == id))
}

/// Whether a name can only be meant as a path.
fn is_path(name: &str) -> bool {
    const FILES: [&str; 6] = ["gguf", "safetensors", "bin", "json", "pt", "pth"];
    name.starts_with(['.', '/', '~'])
        || name.ends_with('/')
        || name.contains('\\')
        || name.matches('/').count() > 1
        || Path::new(name)
            .extension()
            .is_some_and(|end| FILES.iter().any(|file| end.eq_ignore_ascii_case(file)))
}

/// Whether a text can be the owner or the name of a repository.
fn is_part(part: &str) -> bool {
    !part.is_empty()
        && part.len() <= 96
        && !part.contains("..")
        && !part.starts_with(['-', '.'])
        && !part.ends_with(['-', '.'])
        && part.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}

/// Entries of the same folder that resemble the last part of a path, as they would be written there.
fn near_path(path: &Path) -> Vec<String> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Vec::new() };
    let entries: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    near(&name.to_string_lossy(), entries.iter().map(String::as_str))
        .into_iter()
        .map(|name| folder.join(name).display().to_string())
        .collect()
}

/// Repositories of the cache that resemble a name, with or without its owner.
pub(super) fn near_repositories(id: &str, environment: &Environment) -> Vec<String> {
    let Some(cache) = environment.cache.as_deref() else { return Vec::new() };
    let name = |id: &str| id.rsplit('/').next().unwrap_or_default().to_owned();
    let ids = cache::ids(cache);
    let same_name = ids.iter().filter(|known| *known != id && name(known) == name(id));
    let mut near_ids: Vec<String> = same_name.cloned().collect();
    near_ids.extend(near(id, ids.iter().filter(|known| *known != id).map(String::as_str)));
    near_ids
}

/// The few candidates that a word was likely meant to be, nearest first.
fn near<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut ranked: Vec<(usize, &str)> = candidates
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 5)
        .collect();
    ranked.sort_unstable();
    ranked.into_iter().map(|(_, candidate)| candidate.to_owned()).collect()
}

/// Names that may have been meant; prints as a question, or as nothing.
#[derive(Debug, PartialEq, Eq)]
pub struct Near(pub(super) Vec<String>);

impl fmt::Display for Near {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut seen = BTreeSet::new();
        let names: Vec<String> =
            self.0.iter().filter(|name| seen.insert(*name)).map(|name| format!("`{name}`")).collect();
        match names.as_slice() {
            [] => Ok(()),
            names => write!(f, "; did you mean {}?", names[..names.len().min(3)].join(" or ")),
        }
    }
}

/// Why a name stands for no model.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SourceError {
    /// Nothing was given.
    #[error(
        "a model has no name: give `reference`, a folder, or a repository such as `openai-community/gpt2`"
    )]
    Empty,
    /// A path that leads nowhere.
    #[error("the model `{name}` is a path, and there is nothing at {}{near}", path.display())]
    NoSuchPath {
        /// As given.
        name: String,
        /// Where it was looked for.
        path: PathBuf,
        /// What is there.
        near: Near,
    },
    /// An address instead of a repository.
    #[error(
        "the model `{name}` is an address; give the repository as `owner/name`, and another server than \
         {} by HF_ENDPOINT",
        Environment::ENDPOINT
    )]
    Address {
        /// As given.
        name: String,
    },
    /// A word that is nothing known.
    #[error(
        "there is no model `{name}`: it is no file or folder ({}), no short name of the hub, and not in the cache{near}\n\
         a model is `reference`, a folder, a GGUF file, or a repository as `owner/name`, `owner/name@revision` or `owner/name:file.gguf`", path.display()
    )]
    Unknown {
        /// As given.
        name: String,
        /// Where it was looked for.
        path: PathBuf,
        /// What is known.
        near: Near,
    },
    /// A name that no repository can have.
    #[error(
        "`{id}` cannot name a repository: it is `owner/name`, of letters, digits and `.`, `_`, `-`, \
         without `--` and `..`, not beginning or ending with `-` or `.`"
    )]
    Repository {
        /// As given.
        id: String,
    },
    /// A revision that cannot be.
    #[error(
        "`{revision}` cannot be a revision of `{id}`: it is a branch, a tag or a commit, such as `main` or `607a30d`, \
         of letters, digits and `.`, `_`, `-`, `+`, `=`, `/`"
    )]
    Revision {
        /// Of this repository.
        id: String,
        /// As given.
        revision: String,
    },
}

#[cfg(test)]
#[path = "source_tests.rs"]
mod tests;
