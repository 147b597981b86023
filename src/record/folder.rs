//! A run's folder on disk: made once, written whole files at a time, found again by path, id or part of it.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{Run, disk};
use crate::plan::Shard;

/// The file that describes a run.
pub const RUN: &str = "run.json";

/// Names tried before giving up on a folder for a run.
const TRIES: u32 = 1000;

/// Why results cannot be kept or found.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The system refused.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Another process writes there.
    #[error("{} is being written by another process", .0.display())]
    Locked(PathBuf),
    /// Nothing has that name.
    #[error("there is no run `{name}` in {}; it holds {held}", results.display())]
    NotFound {
        /// What was asked for.
        name: String,
        /// Where it was looked for.
        results: PathBuf,
        /// What is there, in words.
        held: String,
    },
    /// Several have that name.
    #[error("`{name}` could be {}: give more of the id", candidates.join(" or "))]
    Ambiguous {
        /// What was asked for.
        name: String,
        /// What it could mean.
        candidates: Vec<String>,
    },
    /// A run cannot be gone on with: it would ask something else now, or someone else.
    #[error(
        "{} cannot be gone on with; since it began, this has changed:\n  {}\nundo it, or start a new run",
        path.display(),
        changes.join("\n  ")
    )]
    Changed {
        /// Its folder.
        path: PathBuf,
        /// What is different now, in words.
        changes: Vec<String>,
    },
    /// It has answers and no numbers yet.
    #[error(
        "{} is shard {} of {}, and numbers are made of all shards together: \
         merge them first with `yardstick merge {}`",
        folder.display(), shard.index(), shard.of(), folder.display()
    )]
    Shard {
        /// Where.
        folder: PathBuf,
        /// Which piece of its plan.
        shard: Shard,
    },
    /// A file is not what it should be.
    #[error("{} cannot be read: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl StoreError {
    /// An answer of the system, with what was tried and where.
    pub fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io { doing, path, source }
    }
}

/// Makes the folder for a new run under `results`: `id`, or `id-2` and so on when that is taken.
pub fn create(results: &Path, id: &str) -> Result<PathBuf, StoreError> {
    disk::make_folders(results).map_err(StoreError::io("make the folder", results))?;
    for number in 1..TRIES {
        let path = results.join(if number == 1 { id.to_owned() } else { format!("{id}-{number}") });
        match disk::make_folder(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(source) => return Err(StoreError::Io { doing: "make the folder", path, source }),
        }
    }
    Err(StoreError::Damaged { path: results.to_owned(), reason: format!("it holds {TRIES} runs named {id}") })
}

/// Makes sure that runs can be written under `results`.
pub fn probe(results: &Path) -> Result<(), StoreError> {
    disk::make_folders(results).map_err(StoreError::io("make the folder", results))?;
    tempfile::tempfile_in(results).map(drop).map_err(StoreError::io("write to", results))
}

/// Reads what a run's folder says of it.
pub fn read_run(folder: &Path) -> Result<Run, StoreError> {
    let path = folder.join(RUN);
    let text = fs::read_to_string(&path).map_err(StoreError::io("read", &path))?;
    serde_json::from_str(&text).map_err(|error| StoreError::Damaged { path, reason: error.to_string() })
}

/// Refuses a shard, of which no numbers are made.
pub fn whole(folder: &Path, run: &Run) -> Result<(), StoreError> {
    match run.shard {
        Some(shard) => Err(StoreError::Shard { folder: folder.to_owned(), shard }),
        None => Ok(()),
    }
}

/// Finds a run by the path of its folder, by its id, by the start of the id's last part, or as `latest`. A part that a whole
/// run shares with its shards means the run.
pub fn find(results: &Path, name: &str) -> Result<PathBuf, StoreError> {
    let direct = Path::new(name);
    if direct.join(RUN).is_file() {
        return Ok(direct.to_owned());
    }
    let mut ids: Vec<String> = match fs::read_dir(results) {
        Ok(entries) => entries
            .filter_map(Result::ok)
            .filter(|entry| {
                entry.file_type().is_ok_and(|kind| kind.is_dir()) && entry.path().join(RUN).is_file()
            })
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(source) => return Err(StoreError::Io { doing: "read", path: results.to_owned(), source }),
    };
    ids.sort();
    let mut named: Vec<&String> = if name == "latest" {
        ids.last().into_iter().collect()
    } else {
        ids.iter().filter(|id| is_named(id, name)).collect()
    };
    if named.iter().filter(|id| !is_shard(id)).count() == 1 {
        named.retain(|id| !is_shard(id));
    }
    match named.as_slice() {
        [one] => Ok(results.join(one)),
        [] => Err(StoreError::NotFound {
            name: name.to_owned(),
            results: results.to_owned(),
            held: match ids.as_slice() {
                [] => "no runs".into(),
                [.., last] => format!("{} runs, the latest {last}", ids.len()),
            },
        }),
        several => Err(StoreError::Ambiguous {
            name: name.to_owned(),
            candidates: several.iter().map(|id| (*id).clone()).collect(),
        }),
    }
}

/// Whether a folder's name means a run: the whole of it, the start of one of its longer parts, or its end from such a part on.
pub fn is_named(id: &str, name: &str) -> bool {
    let ends = |id: &str| id.strip_suffix(name).is_some_and(|rest| rest.ends_with('-'));
    let starts = |part: &str| part.len() >= 6 && part.starts_with(name);
    id == name || (!name.is_empty() && (id.rsplit('-').any(starts) || (name.contains('-') && ends(id))))
}

/// Whether a folder's name is one that shards have: `…-shard-2-of-4`, with a further number where that was taken.
pub fn is_shard(id: &str) -> bool {
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    id.rsplit_once("-shard-").is_some_and(|(_, rest)| {
        let parts: Vec<&str> = rest.split('-').collect();
        matches!(parts.as_slice(), [index, "of", of, again @ ..]
            if again.len() < 2 && number(index) && number(of) && again.iter().all(|part| number(part)))
    })
}

/// Writes a file as a whole or not at all.
pub fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), StoreError> {
    disk::write_whole(path, |_| Ok(()), write).map(drop).map_err(StoreError::io("write", path))
}

/// Points `latest` at a finished run. A results folder that cannot hold links does without.
pub fn point_latest(results: &Path, run: &Path) {
    let Some(name) = run.file_name() else { return };
    #[cfg(unix)]
    disk::point(&results.join("latest"), name);
    #[cfg(not(unix))]
    let _ = fs::write(results.join("latest.txt"), name.to_string_lossy().as_bytes());
}

/// A text as part of a folder's name: letters, digits, `.`, `_` and `-`, at most 32 of them.
pub fn slug(text: &str) -> String {
    let kept: String = text
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_') { c } else { '-' })
        .take(32)
        .collect();
    let kept = kept.trim_matches(['-', '.']);
    if kept.is_empty() { "model".into() } else { kept.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_name_gets_a_number() {
        let results = tempfile::tempdir().unwrap();
        let first = create(results.path(), "x").unwrap();
        let second = create(results.path(), "x").unwrap();
        assert_eq!((first.file_name().unwrap(), second.file_name().unwrap()), ("x".as_ref(), "x-2".as_ref()));
    }

    #[test]
    fn a_run_is_found_by_id_part_path_and_latest() {
        let results = tempfile::tempdir().unwrap();
        for id in ["20260101T000000Z-m-s-abcdef", "20260102T000000Z-m-s-abc123"] {
            write_whole(&create(results.path(), id).unwrap().join(RUN), |out| out.write_all(b"{}")).unwrap();
        }
        let found = |name: &str| {
            find(results.path(), name).map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        };
        assert!(found("abcd").unwrap().ends_with("abcdef"));
        assert!(found("latest").unwrap().ends_with("abc123"));
        let shards = ["x-shard-2-of-4", "x-shard-2-of-4-2"].map(is_shard);
        let others = ["x", "x-shard-", "shard-2-of-4", "x-shard-a-of-4", "x-shard-2-of-4-2-2"].map(is_shard);
        assert_eq!((shards, others), ([true; 2], [false; 5]));
        assert!(matches!(found("abc"), Err(StoreError::Ambiguous { .. })));
        for shard in ["20260103T000000Z-m-s-abcdef-shard-1-of-2", "20260103T000000Z-m-s-abcdef-shard-2-of-2"]
        {
            write_whole(&create(results.path(), shard).unwrap().join(RUN), |out| out.write_all(b"{}"))
                .unwrap();
        }
        assert!(found("abcd").unwrap().ends_with("s-abcdef"), "the whole run goes before its shards");
        assert!(found("abcdef-shard-2-of-2").unwrap().ends_with("abcdef-shard-2-of-2"));
        assert!(
            found("shard-2-of-2").is_ok() && matches!(found("20260103"), Err(StoreError::Ambiguous { .. }))
        );
        assert!(matches!(found("zzz"), Err(StoreError::NotFound { .. })));
        let path = results.path().join("20260101T000000Z-m-s-abcdef");
        assert_eq!(find(Path::new("nowhere"), path.to_str().unwrap()).unwrap(), path);
    }

    #[test]
    fn a_failed_write_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write_whole(&path, |out| out.write_all(b"old")).unwrap();
        write_whole(&path, |_| Err(io::Error::other("full"))).unwrap_err();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_name_becomes_a_slug() {
        assert_eq!(slug("openai-community/gpt2"), "openai-community-gpt2");
        assert_eq!(slug("../.."), "model");
    }
}
