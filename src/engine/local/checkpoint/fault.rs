//! Why a checkpoint cannot be run, in words that say what to do.

use crate::engine::local::{available::Available, needs::Needs, tokens::TokensError, weights::WeightsError};

/// Why a checkpoint cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// Not a folder.
    #[error("{place}: {fault}")]
    Folder {
        /// As given.
        place: String,
        /// What the system said.
        fault: std::io::Error,
    },
    /// A file is not there.
    #[error("{place} has no {wanted}; found: {found}")]
    Absent {
        /// The folder.
        place: String,
        /// What it lacks.
        wanted: String,
        /// What it has.
        found: String,
    },
    /// A file cannot be read.
    #[error("{place}: `{file}` cannot be read: {fault}")]
    Read {
        /// The folder.
        place: String,
        /// Within it.
        file: String,
        /// What the system said.
        fault: std::io::Error,
    },
    /// A file that should hold an object in JSON does not.
    #[error("{place}: `{file}` is not a JSON object: {fault}")]
    Json {
        /// The folder.
        place: String,
        /// Within it.
        file: String,
        /// What and where.
        fault: String,
    },
    /// The decoder does not know the architecture.
    #[error(
        "{place}: `{file}` says `{key}: {family}`, which is not run here; these are: {}. A server such as vLLM, TGI or llama.cpp may run it",
        known.join(", ")
    )]
    Family {
        /// The folder.
        place: String,
        /// Within it.
        file: String,
        /// What names the architecture there.
        key: &'static str,
        /// As the file has it.
        family: String,
        /// Those that are run.
        known: Vec<&'static str>,
    },
    /// One file is a model, and there are several.
    #[error(
        "{place} holds several models: {}. Name one by its path, as in `{place}/{}`, or of a repository as `owner/name:{}`",
        enumerate(files), files[0], files[0]
    )]
    Several {
        /// The folder.
        place: String,
        /// All of them, two at least.
        files: Vec<String>,
    },
    /// Values of the config that cannot be.
    #[error("{place}: `{file}` cannot be used:\n{}", list(faults))]
    Config {
        /// The folder.
        place: String,
        /// Within it.
        file: String,
        /// All of them.
        faults: Vec<String>,
    },
    /// Tensors that are missing or other than the config says.
    #[error("{place}: the weights do not fit `{file}`:\n{}", list(faults))]
    Tensors {
        /// The folder.
        place: String,
        /// What says how they should be.
        file: String,
        /// All of them.
        faults: Vec<String>,
    },
    /// Nothing can be kept quantized.
    #[error(
        "{place} has no quantized weights ({dtypes}), so `weights: quantized` means nothing; leave it out"
    )]
    NotQuantized {
        /// The folder.
        place: String,
        /// Formats that it has.
        dtypes: String,
    },
    /// The weights cannot be read.
    #[error("{place}: {fault}")]
    Weights {
        /// The folder.
        place: String,
        /// What is wrong.
        fault: WeightsError,
    },
    /// The tokenizer cannot be used.
    #[error("{place}: {fault}")]
    Tokens {
        /// The folder.
        place: String,
        /// What is wrong.
        fault: TokensError,
    },
    /// The system gives no threads.
    #[error("no threads to compute with: {0}")]
    Threads(#[source] rayon::ThreadPoolBuildError),
    /// The machine is too small.
    #[error("{place} needs {}; {available}; {remedy}", needs.words(*batch_tokens))]
    Memory {
        /// The folder.
        place: String,
        /// What it takes.
        needs: Needs,
        /// How many tokens are computed at once; nothing is counted for them where there are none.
        batch_tokens: usize,
        /// What there is.
        available: Available,
        /// What makes it fit.
        remedy: String,
    },
}

/// Findings of one sort that are listed.
const LISTED: usize = 8;

/// Names, the first of them where there are many.
pub(super) fn enumerate(names: &[String]) -> String {
    let shown = names.iter().take(LISTED).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match names.len() {
        0 => "nothing".into(),
        count if count > LISTED => format!("{shown} and {} more", count - LISTED),
        _ => shown,
    }
}

fn list(faults: &[String]) -> String {
    let shown: Vec<String> = faults.iter().take(LISTED).map(|fault| format!("  - {fault}")).collect();
    let more =
        if faults.len() > LISTED { format!("\n  and {} more", faults.len() - LISTED) } else { String::new() };
    shown.join("\n") + &more
}
