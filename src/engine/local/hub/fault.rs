//! What can go wrong between us and the hub, each with its remedy.

use std::{fmt, io, path::PathBuf, time::Duration};

use thiserror::Error;

use super::Near;

/// Why a model could not be downloaded. No text of it holds a token.
#[derive(Debug, Error)]
pub enum DownloadError {
    /// `HF_ENDPOINT` is no address.
    #[error(
        "HF_ENDPOINT must be an address such as https://huggingface.co, without user name and query{given}"
    )]
    Endpoint {
        /// What it is, where that may be shown.
        given: Said,
    },
    /// The token cannot be sent.
    #[error("the token from {from} cannot be used: {why}")]
    Token {
        /// Where the token was found.
        from: String,
        /// What is wrong with it.
        why: String,
    },
    /// The proxy cannot be used.
    #[error("HTTPS_PROXY, HTTP_PROXY or ALL_PROXY must be an address such as http://proxy:3128")]
    Proxy,
    /// The certificates cannot be read.
    #[error("SSL_CERT_FILE names {}, which has no certificates: {why}", path.display())]
    Certificates {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// 404.
    #[error(
        "there is no repository `{id}` at {host}{near}\na private one shows itself only to a token that may read it (HF_TOKEN)"
    )]
    NoSuchRepository {
        /// The repository.
        id: String,
        /// The server.
        host: String,
        /// What may have been meant.
        near: Near,
    },
    /// The repository is there, the branch, tag or commit is not.
    #[error("`{id}` has no revision `{revision}` at {host}; give a branch, a tag or a full commit")]
    NoSuchRevision {
        /// The repository.
        id: String,
        /// As given.
        revision: String,
        /// The server.
        host: String,
    },
    /// 401 without a token: the hub does not say which.
    #[error(
        "`{id}` does not exist at {host}, or is private or gated\ncheck the name; if it is right, accept its terms at {page} and set HF_TOKEN to a token that may read it"
    )]
    Closed {
        /// The repository.
        id: String,
        /// The server.
        host: String,
        /// Where the terms are accepted.
        page: String,
    },
    /// Gated, and nobody asked to enter.
    #[error("`{id}` is gated: accept its terms at {page}, then set HF_TOKEN to a token of that account")]
    Gated {
        /// The repository.
        id: String,
        /// Where the terms are accepted.
        page: String,
    },
    /// 403: the token is known, and not let in.
    #[error(
        "the token from {from} may not read `{id}`{said}\naccept its terms at {page} with the account of the token (some \
         authors decide by hand), and allow a fine-grained token to read gated repositories"
    )]
    NotLetIn {
        /// Where the token was found.
        from: String,
        /// The repository.
        id: String,
        /// Where the terms are accepted.
        page: String,
        /// The server's words.
        said: Said,
    },
    /// 401 in spite of a token.
    #[error(
        "{host} refuses the token from {from}{said}\nreplace it by a valid one, or remove it if the model is public"
    )]
    TokenRefused {
        /// The server.
        host: String,
        /// Where the token was found.
        from: String,
        /// The server's words.
        said: Said,
    },
    /// Nothing there that can be read.
    #[error(
        "`{id}` has no weights that can be read: neither model.safetensors nor pytorch_model.bin, whole or with an index, nor a file of GGUF\n\
         it has {}",
        listed(has)
    )]
    NoWeights {
        /// The repository.
        id: String,
        /// Files that look like weights, else all files.
        has: Vec<String>,
    },
    /// One file is a model, and there are several.
    #[error("`{id}` holds several models: {}\nname one of them, as in `{id}:{}`", listed(files), files[0])]
    Several {
        /// The repository.
        id: String,
        /// All of them, two at least.
        files: Vec<String>,
    },
    /// The GGUF file that is named is not there.
    #[error("`{id}` has no `{file}`; it has {}", listed(has))]
    NoFile {
        /// The repository.
        id: String,
        /// As given.
        file: String,
        /// What is there.
        has: Vec<String>,
    },
    /// Weights without what makes them a model.
    #[error(
        "`{id}` has weights but no {file}; it has {}\n{}", listed(has),
        if file == "tokenizer.json" {
            "have transformers write one: AutoTokenizer.from_pretrained(…).save_pretrained(FOLDER), and give a folder with \
             all files as the model"
        } else {
            "it may be an adapter or a part of another model: give the whole model"
        }
    )]
    Lacks {
        /// The repository.
        id: String,
        /// What is not there.
        file: String,
        /// What is.
        has: Vec<String>,
    },
    /// No connection, or none that speaks.
    #[error(
        "{host} cannot be reached: {why}\ncheck the network, a proxy (HTTPS_PROXY) and HF_ENDPOINT; with HF_HUB_OFFLINE=1 only the cache is used"
    )]
    Unreachable {
        /// The server.
        host: String,
        /// What the system said.
        why: String,
    },
    /// The server cannot be trusted.
    #[error(
        "the connection to {host} is not safe: {why}\nwhere a proxy reads along, name its certificates in SSL_CERT_FILE; HF_ENDPOINT must not say https for a plain http server"
    )]
    Tls {
        /// The server.
        host: String,
        /// What the library said.
        why: String,
    },
    /// 5xx and 429, again and again.
    #[error("{host} cannot serve now: status {status}{said}; try again later")]
    Busy {
        /// The server.
        host: String,
        /// Of HTTP.
        status: u16,
        /// The server's words.
        said: Said,
    },
    /// Any other status.
    #[error("{host} refuses {file} of `{id}`: status {status}{said}")]
    Refused {
        /// The server.
        host: String,
        /// The repository.
        id: String,
        /// What was asked for.
        file: String,
        /// Of HTTP.
        status: u16,
        /// The server's words.
        said: Said,
    },
    /// The server speaks another language.
    #[error("{host} does not answer as a model hub: {why}; check HF_ENDPOINT")]
    NotAHub {
        /// The server.
        host: String,
        /// What it did.
        why: String,
    },
    /// The body ended early, or was not as long as announced.
    #[error("the download of `{file}` broke off {}: {why}; start it again to go on from there", reached(*bytes, *size))]
    Broken {
        /// The file.
        file: String,
        /// What has arrived.
        bytes: u64,
        /// What was announced.
        size: Option<u64>,
        /// What happened.
        why: String,
    },
    /// The content is not what the server promised.
    #[error(
        "`{file}` arrived damaged: its SHA-256 is {found}, not {promised}; try again, and if it stays so, tell the owner of the server"
    )]
    Damaged {
        /// The file.
        file: String,
        /// By the server.
        promised: String,
        /// Of the bytes that came.
        found: String,
    },
    /// Files of two versions.
    #[error("`{id}` changed during the download: the {what} of `{file}` was {was} and is {is}; start again")]
    Changed {
        /// The repository.
        id: String,
        /// The file that showed it.
        file: String,
        /// `commit`, `etag` or `size`.
        what: &'static str,
        /// Before.
        was: String,
        /// Now.
        is: String,
    },
    /// Named by a list or an index, but not served.
    #[error("`{id}` names a file `{file}` that {host} does not have; the repository is incomplete")]
    Missing {
        /// The repository.
        id: String,
        /// The file.
        file: String,
        /// The server.
        host: String,
    },
    /// An index that names no shards.
    #[error("the index `{file}` of `{id}` lists no weights: {why}")]
    Index {
        /// The repository.
        id: String,
        /// The index.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// No space left.
    #[error("the disk is full: {} could not be written; make room, or name a cache on another disk by HF_HOME", path.display())]
    DiskFull {
        /// The file.
        path: PathBuf,
    },
    /// Read-only, or another user's.
    #[error("{} cannot be written ({source}); name a cache of your own by HF_HOME", path.display())]
    NotWritable {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Any other fault of the disk.
    #[error("{} cannot be used: {source}", path.display())]
    Disk {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The listener said so.
    #[error("the download was stopped; start it again to go on from there")]
    Stopped,
}

impl DownloadError {
    pub(super) fn disk(path: impl Into<PathBuf>, source: io::Error) -> Self {
        use io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
        let path = path.into();
        match source.kind() {
            StorageFull | QuotaExceeded => Self::DiskFull { path },
            PermissionDenied | ReadOnlyFilesystem => Self::NotWritable { path, source },
            _ => Self::Disk { path, source },
        }
    }
}

/// What ends an attempt.
#[derive(Debug)]
pub(super) enum Setback {
    /// Another attempt may succeed.
    Passing {
        fault: Box<DownloadError>,
        /// When the server wants to be asked again.
        after: Option<Duration>,
        /// How many bytes of the file have arrived in all.
        reached: u64,
    },
    /// It may not.
    Final(DownloadError),
}

impl Setback {
    /// To be tried again after the usual pause.
    pub(super) fn passing(fault: DownloadError, reached: u64) -> Self {
        Self::Passing { fault: Box::new(fault), after: None, reached }
    }
}

impl From<DownloadError> for Setback {
    fn from(fault: DownloadError) -> Self {
        Self::Final(fault)
    }
}

/// Foreign words that follow a message, or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said(pub(super) Option<String>);

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|words| write!(f, " (“{words}”)"))
    }
}

fn listed(names: &[String]) -> String {
    const MOST: usize = 8;
    let list = names.iter().take(MOST).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match names.len() {
        0 => "no file at all".to_owned(),
        count if count > MOST => format!("{list} and {} more", count - MOST),
        _ => list,
    }
}

fn reached(bytes: u64, size: Option<u64>) -> String {
    match size {
        Some(size) => format!("after {bytes} of {size} bytes"),
        None => format!("after {bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_of_the_disk_have_their_own_remedies() {
        use io::ErrorKind::{
            NotADirectory, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull,
        };
        let text = |kind: io::ErrorKind| DownloadError::disk("/cache/file", kind.into()).to_string();
        for kind in [StorageFull, QuotaExceeded] {
            assert!(text(kind).contains("/cache/file could not be written; make room"), "{}", text(kind));
        }
        for kind in [PermissionDenied, ReadOnlyFilesystem] {
            assert!(text(kind).contains("a cache of your own"), "{}", text(kind));
        }
        assert_eq!(text(NotADirectory), "/cache/file cannot be used: not a directory");
    }
}
