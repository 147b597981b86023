//! Models in this process, on the CPU: the built-in one, checkpoints of Hugging Face's layout, and GGUF files.
//!
//! ```text
//! Files ──open──▶ Checkpoint ──load──▶ Local ──answer──▶ a forest of texts ──▶ Model
//! ```
//!
//! A checkpoint is looked at before any weight is read, so that what is wrong with it is said at once, and a dry run knows
//! its size. Answers are the same to the bit for any batch, order and number of threads.

pub mod hub;
pub mod kernel;
pub mod files;
pub mod config;
pub mod family;
pub mod weights;
mod dialect;
pub mod architecture;
pub mod tokens;
pub mod checkpoint;
pub mod memory;
pub mod inspect;
pub mod decoder;
pub mod recurrent;
mod model;
mod available;
mod needs;
mod load;
mod windows;
mod fit;
mod score;
mod rank;
mod generate;
mod forest;
mod answer;
mod read;
mod write;
#[cfg(test)]
mod exact;

use std::{
    num::NonZeroUsize,
    sync::atomic::{AtomicU64, Ordering},
};

use rayon::{ThreadPool, ThreadPoolBuilder};

use super::{Card, Each, Engine};
use crate::{
    plan::{Request, Tokenizer},
    reference,
};

pub use architecture::families;
pub use checkpoint::{Checkpoint, CheckpointError, Description, Form};
pub use files::Files;
pub use tokens::{Cut, Tokens, TokensError};
pub use weights::WeightsError;

use available::Available;
use model::Model;
use needs::Room;

/// A model in memory.
pub struct Local {
    card: Card,
    tokens: Tokens,
    model: Model,
    pool: ThreadPool,
    batch_tokens: usize,
    room: Room,
    /// Whether what texts begin with is read once; without it, everything is slower and nothing else.
    sharing: bool,
    work: Work,
}

/// What was done, counted in tokens.
#[derive(Debug, Default)]
pub struct Work {
    asked: AtomicU64,
    read: AtomicU64,
}

impl Work {
    /// What would be read if every request were alone.
    pub fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }

    /// What was read.
    pub fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    fn add(&self, asked: usize, read: usize) {
        self.asked.fetch_add(asked as u64, Ordering::Relaxed);
        self.read.fetch_add(read as u64, Ordering::Relaxed);
    }
}

/// How much is done at once; none of it changes an answer.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Tokens that are read together. More are faster up to about a thousand, and take more memory.
    pub batch_tokens: NonZeroUsize,
    /// All that the machine has, where none are given.
    pub threads: Option<NonZeroUsize>,
}

/// Where a model comes from, for the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Such as `openai-community/gpt2`; a folder's name, never its path.
    pub source: String,
    /// The commit of the repository that the files come from.
    pub revision: Option<String>,
}

/// The name of the built-in model.
pub const REFERENCE: &str = "reference";

impl Default for Options {
    fn default() -> Self {
        Self { batch_tokens: NonZeroUsize::new(1024).expect("1024 is not 0"), threads: None }
    }
}

impl Local {
    /// Reads the weights of a checkpoint; `name` is the one in tables.
    pub fn load(
        name: &str,
        origin: Origin,
        checkpoint: &Checkpoint,
        options: Options,
    ) -> Result<Self, CheckpointError> {
        let room = checkpoint.check_memory(options.batch_tokens.get(), Available::here())?;
        // Of itself, the pool would ask the environment.
        let all = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let threads = options.threads.map_or_else(all, NonZeroUsize::get);
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().map_err(CheckpointError::Threads)?;
        // Three things to wait for, none of which needs another.
        let (model, tokens, files) = std::thread::scope(|scope| {
            let tokens = scope.spawn(|| checkpoint.tokenizer());
            let files = scope.spawn(|| checkpoint.hash());
            let model = pool.install(|| load::load(checkpoint));
            (model, join(tokens), join(files))
        });
        let (model, tokens, files) = (model?, tokens?, files?);
        let description = checkpoint.description();
        let card = Card {
            name: name.to_owned(),
            engine: "local".to_owned(),
            source: origin.source,
            revision: origin.revision,
            files,
            family: Some(description.family.to_owned()),
            dtype: Some(checkpoint.dtype()),
            parameters: Some(description.parameters),
            vocabulary: Some(description.vocabulary),
            context: description.context,
            begins_with: tokens.begins_with(),
        };
        Ok(Self {
            card,
            tokens,
            model,
            pool,
            batch_tokens: options.batch_tokens.get(),
            room,
            sharing: true,
            work: Work::default(),
        })
    }

    /// What was done so far.
    pub fn work(&self) -> &Work {
        &self.work
    }

    /// The built-in model.
    pub fn reference(options: Options) -> Result<Self, CheckpointError> {
        let origin = Origin { source: "built in".to_owned(), revision: None };
        Self::load(REFERENCE, origin, &Checkpoint::reference()?, options)
    }
}

impl Files {
    /// The built-in model's.
    pub fn reference() -> Self {
        static FILES: [(&str, &[u8]); 4] = [
            ("config.json", reference::CONFIG),
            ("model.safetensors", reference::WEIGHTS),
            ("tokenizer.json", reference::TOKENIZER),
            ("tokenizer_config.json", reference::TOKENIZER_CONFIG),
        ];
        Self::Program(&FILES)
    }
}

impl Checkpoint {
    /// The built-in model's.
    pub fn reference() -> Result<Self, CheckpointError> {
        Self::open(Files::reference())
    }
}

impl Engine for Local {
    fn card(&self) -> &Card {
        &self.card
    }

    fn tokenizer(&self) -> &dyn Tokenizer {
        &self.tokens
    }

    fn answer(&mut self, requests: &[Request], each: Each<'_>) {
        answer::answer(self, requests, each);
    }
}

fn join<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
