//! Opening a model by its name.

use std::{
    num::NonZeroUsize,
    time::{Duration, Instant},
};

use super::{Shell, exit::Exit};
use crate::{
    engine::{Engine, mock::Mock},
    spec::{EngineKind, Model},
};

/// How answers are computed; none of this changes them.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct EngineOptions {
    /// Threads; all cores without it
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Tokens computed at once: more is faster, and takes more memory
    #[arg(long, value_name = "N", default_value = "2048")]
    batch_tokens: NonZeroUsize,
}

/// A model that is ready to answer.
pub(super) struct Opened {
    pub(super) engine: Box<dyn Engine>,
    pub(super) load: Duration,
    pub(super) threads: usize,
    pub(super) batch_tokens: usize,
    /// The instruction set of the kernels, where there are some.
    pub(super) kernels: Option<String>,
}

/// Opens a model that a spec or the command line names.
pub(super) fn open(model: &Model, options: &EngineOptions, shell: &mut Shell) -> Result<Opened, Exit> {
    let start = Instant::now();
    let threads = options.threads.map_or_else(
        || std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
        NonZeroUsize::get,
    );
    let name = model.source().as_str();
    let (engine, kernels): (Box<dyn Engine>, Option<String>) = match model.engine {
        EngineKind::Mock => (Box::new(Mock::default()), None),
        EngineKind::Local if name == "mock" => (Box::new(Mock::default()), None),
        EngineKind::Local => return Err(shell.fail(Exit::Model, "not here yet")),
        EngineKind::Openai => {
            let message = format!("`{}` is behind a server, which this version does not ask yet", model.id);
            return Err(shell.fail(Exit::Model, format!("{message}; run a model in this process")));
        }
    };
    let batch_tokens = options.batch_tokens.get();
    Ok(Opened { engine, load: start.elapsed(), threads, batch_tokens, kernels })
}

/// Opens a model by its name alone.
pub(super) fn open_named(name: &str, options: &EngineOptions, shell: &mut Shell) -> Result<Opened, Exit> {
    let mut reader = crate::spec::Reader::default();
    let node = reader.words("--model", "''").expect("two quotes are YAML");
    open(&Model::named(crate::spec::Text::new(name, node.at)), options, shell)
}
