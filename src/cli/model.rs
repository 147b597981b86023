//! From a model's name to something that answers, in two steps: found (what it is, how it cuts texts), then loaded.

#[cfg(feature = "local")]
use std::path::Path;
use std::{
    num::NonZeroUsize,
    time::{Duration, Instant},
};

#[cfg(feature = "local")]
use super::progress::Event;
use super::{Shell, exit::Exit};
#[cfg(feature = "local")]
use crate::report::models;
use crate::{
    engine::{Engine, mock::Mock},
    plan::Tokenizer,
    spec::{EngineKind, Model, WeightsForm},
};

#[cfg(feature = "local")]
use crate::engine::local::{
    Checkpoint, Description, Files, Form, Local, Options, Origin, Tokens,
    hub::{self, Environment, Repository, Source},
    kernel,
};

/// How answers are computed; none of this changes them.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct EngineOptions {
    /// Threads; all cores without it
    #[arg(long, value_name = "N", value_parser = threads)]
    threads: Option<NonZeroUsize>,
    /// Tokens computed at once: more is faster up to about a thousand, and takes more memory
    #[arg(long, value_name = "N", default_value = "1024")]
    batch_tokens: NonZeroUsize,
    /// How quantized weights of a GGUF file lie in memory: `dequantized` is faster, `quantized` takes less memory; as the
    /// spec says without it
    #[arg(long, value_name = "FORM")]
    weights: Option<Weights>,
}

/// More threads than this help no machine, and too many stop it.
const MOST_THREADS: usize = 1024;

fn threads(text: &str) -> Result<NonZeroUsize, String> {
    let threads: NonZeroUsize = text.parse().map_err(|error| format!("{error}"))?;
    if threads.get() > MOST_THREADS {
        return Err(format!("at most {MOST_THREADS} threads"));
    }
    Ok(threads)
}

/// Refuses a number of threads in the environment that would stop the machine; what is no number is not read.
pub(super) fn check_environment() -> Result<(), String> {
    const NAME: &str = "RAYON_NUM_THREADS";
    match std::env::var_os(NAME).and_then(|text| text.to_str()?.parse::<usize>().ok()) {
        Some(threads) if threads > MOST_THREADS => Err(format!(
            "{NAME} is {threads}, and at most {MOST_THREADS} threads are allowed; unset it, or lower it"
        )),
        _ => Ok(()),
    }
}

/// [`WeightsForm`] on the command line.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Weights {
    Dequantized,
    Quantized,
}

impl EngineOptions {
    pub(super) fn threads(&self) -> usize {
        let all = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        self.threads.map_or_else(all, NonZeroUsize::get)
    }
}

/// A model as the command line or a spec names it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    /// In tables.
    name: &'a str,
    /// Where it is.
    source: &'a str,
    revision: Option<&'a str>,
    engine: EngineKind,
    weights: WeightsForm,
}

impl<'a> Wanted<'a> {
    pub(super) fn named(name: &'a str) -> Self {
        let weights = WeightsForm::Dequantized;
        Self { name, source: name, revision: None, engine: EngineKind::Local, weights }
    }

    pub(super) fn of(model: &'a Model) -> Self {
        Self {
            name: &model.id,
            source: model.source(),
            revision: model.revision.as_deref(),
            engine: model.engine,
            weights: model.weights,
        }
    }
}

/// A model that is found: it can cut texts, and be loaded.
pub(super) enum Found {
    Mock(Box<Mock>),
    #[cfg(feature = "local")]
    Local(Box<FoundLocal>),
}

/// A checkpoint whose files are all there.
#[cfg(feature = "local")]
pub(super) struct FoundLocal {
    name: String,
    origin: Origin,
    checkpoint: Checkpoint,
    tokens: Tokens,
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

/// Finds a model, and fetches it where it is not on this machine.
pub(super) fn find(wanted: Wanted<'_>, shell: &mut Shell) -> Result<Found, Exit> {
    match wanted.engine {
        EngineKind::Mock => Ok(Found::Mock(Box::default())),
        EngineKind::Local if wanted.source == "mock" => Ok(Found::Mock(Box::default())),
        EngineKind::Local => local(wanted, shell),
        EngineKind::Openai => {
            let message = format!("`{}` is behind a server, and this version asks none yet", wanted.name);
            Err(shell.fail(Exit::Model, format!("{message}; name a model that runs in this process")))
        }
    }
}

/// The files of a model, and where they come from.
#[cfg(feature = "local")]
pub(super) struct Located {
    pub(super) files: Files,
    pub(super) origin: Origin,
}

/// Understands a model's name; `open` gives the folder of a repository.
#[cfg(feature = "local")]
pub(super) fn locate(
    source: &str,
    revision: Option<&str>,
    environment: &Environment,
    shell: &mut Shell,
    open: impl FnOnce(&Repository, &Environment, &mut Shell) -> Result<hub::Snapshot, Exit>,
) -> Result<Located, Exit> {
    let here = Path::new("");
    let source = Source::parse(source, here, environment).map_err(|error| shell.fail(Exit::Model, error))?;
    match source {
        Source::Reference => {
            let origin = Origin { source: "built in".into(), revision: None };
            Ok(Located { files: Files::reference(), origin })
        }
        Source::Folder(folder) => {
            let source = last(&folder).unwrap_or_else(|| folder.display().to_string());
            Ok(Located { files: Files::Folder(folder), origin: Origin { source, revision: None } })
        }
        Source::File(path) => {
            let gguf = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("gguf"));
            let (true, Some(folder), Some(file)) = (gguf, path.parent(), last(&path)) else {
                let message = format!(
                    "{} is a file, and this version runs files of GGUF, and folders with a config.json",
                    path.display()
                );
                return Err(shell.fail(Exit::Model, message));
            };
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            let files = Files::Gguf { folder: folder.to_owned(), file: file.clone() };
            Ok(Located { files, origin: Origin { source: file, revision: None } })
        }
        Source::Repository(repository) => {
            let repository = match revision {
                Some(revision) => repository.at(revision).map_err(|error| shell.fail(Exit::Model, error))?,
                None => repository,
            };
            let snapshot = open(&repository, environment, shell)?;
            let revision = Some(snapshot.commit.to_string());
            let origin = Origin { source: repository.id().to_owned(), revision };
            let folder = snapshot.folder;
            let files = match repository.file() {
                Some(file) => Files::Gguf { folder, file: file.to_owned() },
                None => Files::Folder(folder),
            };
            Ok(Located { files, origin })
        }
    }
}

#[cfg(feature = "local")]
fn local(wanted: Wanted<'_>, shell: &mut Shell) -> Result<Found, Exit> {
    let environment = Environment::from_lookup(|name| std::env::var_os(name));
    let Located { files, origin } = locate(wanted.source, wanted.revision, &environment, shell, fetch)?;
    let form = match wanted.weights {
        WeightsForm::Dequantized => Form::Widened,
        WeightsForm::Quantized => Form::Quantized,
    };
    let checkpoint = Checkpoint::open(files).and_then(|checkpoint| checkpoint.with_weights(form));
    let looked = checkpoint.and_then(|checkpoint| Ok((checkpoint.tokenizer()?, checkpoint)));
    let (tokens, checkpoint) = looked.map_err(|error| shell.fail(Exit::Model, error))?;
    Ok(Found::Local(Box::new(FoundLocal { name: short(wanted.name), origin, checkpoint, tokens })))
}

/// The name of a model in tables: of a path its last part, of anything else all of it.
#[cfg(feature = "local")]
fn short(name: &str) -> String {
    last(Path::new(name)).unwrap_or_else(|| name.to_owned())
}

/// The last part of a path that exists.
#[cfg(feature = "local")]
fn last(path: &Path) -> Option<String> {
    // A snapshot of the cache holds links to files of other names.
    let path = if path.is_dir() { path.canonicalize().ok()? } else { path.to_owned() };
    path.exists().then(|| Some(path.file_name()?.to_str()?.to_owned()))?
}

#[cfg(feature = "local")]
fn fetch(
    repository: &Repository,
    environment: &Environment,
    shell: &mut Shell,
) -> Result<hub::Snapshot, Exit> {
    let mut size = None;
    let listener = &mut shell.listener;
    let opened = hub::open(repository, environment, &mut |event| {
        match event {
            hub::Event::Begins { file, bytes, held } => {
                size = bytes;
                listener.hear(&Event::Downloading { file, done: held, total: bytes });
            }
            hub::Event::Reached { file, bytes } => {
                listener.hear(&Event::Downloading { file, done: bytes, total: size });
            }
            hub::Event::Done { file } => {
                listener.hear(&Event::Downloaded { file, bytes: size.unwrap_or_default() });
            }
            hub::Event::Waits { why, .. } => listener.hear(&Event::Warning(why)),
        }
        if super::interrupt::asked().is_some() {
            std::ops::ControlFlow::Break(())
        } else {
            std::ops::ControlFlow::Continue(())
        }
    });
    opened.map_err(|error| {
        let exit = super::interrupt::asked().unwrap_or(Exit::Model);
        shell.fail(exit, error)
    })
}

#[cfg(not(feature = "local"))]
fn local(wanted: Wanted<'_>, shell: &mut Shell) -> Result<Found, Exit> {
    let message = format!(
        "this build of yardstick cannot run `{}`: it was built without the feature `local`",
        wanted.name
    );
    Err(shell.fail(Exit::Model, message))
}

impl Found {
    pub(super) fn tokenizer(&self) -> &dyn Tokenizer {
        match self {
            Self::Mock(mock) => mock.as_ref(),
            #[cfg(feature = "local")]
            Self::Local(local) => &local.tokens,
        }
    }

    /// Its name, and the commit of its files.
    pub(super) fn title(&self) -> (&str, Option<&str>) {
        match self {
            Self::Mock(_) => ("mock", None),
            #[cfg(feature = "local")]
            Self::Local(local) => (&local.name, local.origin.revision.as_deref()),
        }
    }

    /// Bytes that its weights take in memory, what is computed at once, and texts that are written, with their tokens in the
    /// end.
    pub(super) fn memory(&self, written: Vec<usize>, options: &EngineOptions) -> Option<u64> {
        match self {
            Self::Mock(_) => None,
            #[cfg(feature = "local")]
            Self::Local(local) => {
                let batch = options.batch_tokens.get();
                let texts = local.checkpoint.needs_of_texts(written, batch);
                Some(local.checkpoint.needs(batch).total().saturating_add(texts))
            }
        }
    }

    /// About how long it takes to read so many tokens: two operations a weight and token (Kaplan et al. 2020, §2.1), at
    /// four fifths of the speed of a matrix product that is timed on the spot.
    pub(super) fn time(&self, tokens: usize, threads: usize) -> Option<Duration> {
        match self {
            Self::Mock(_) => None,
            #[cfg(feature = "local")]
            Self::Local(local) => {
                let operations = 2.0 * local.checkpoint.description().parameters as f64 * tokens as f64;
                Some(Duration::from_secs_f64(operations / (speed_of_a_product() * 0.8 * threads as f64)))
            }
        }
    }

    /// Reads the weights.
    pub(super) fn load(self, options: &EngineOptions, shell: &mut Shell) -> Result<Opened, Exit> {
        let start = Instant::now();
        let (engine, kernels): (Box<dyn Engine>, _) = match self {
            Self::Mock(mock) => (mock, None),
            #[cfg(feature = "local")]
            Self::Local(found) => {
                let FoundLocal { name, origin, mut checkpoint, .. } = *found;
                if let Some(weights) = options.weights {
                    let form = match weights {
                        Weights::Dequantized => Form::Widened,
                        Weights::Quantized => Form::Quantized,
                    };
                    let changed = checkpoint.with_weights(form);
                    checkpoint = changed.map_err(|error| shell.fail(Exit::Model, error))?;
                }
                let Description { file_bytes: bytes, unread, .. } = checkpoint.description();
                if !unread.is_empty() {
                    shell.listener.hear(&Event::Warning(&models::unread(&name, &unread)));
                }
                shell.listener.hear(&Event::Loading { name: &name, bytes });
                let options = Options { batch_tokens: options.batch_tokens, threads: options.threads };
                let local = Local::load(&name, origin, &checkpoint, options)
                    .map_err(|error| shell.fail(Exit::Model, error))?;
                shell.listener.hear(&Event::Loaded { name: &name, bytes });
                (Box::new(local), Some(kernel::Isa::best().name().to_owned()))
            }
        };
        Ok(Opened {
            engine,
            load: start.elapsed(),
            threads: options.threads(),
            batch_tokens: options.batch_tokens.get(),
            kernels,
        })
    }
}

/// Operations a second of one thread.
#[cfg(feature = "local")]
fn speed_of_a_product() -> f64 {
    const SIZE: usize = 256;
    /// Of which the fastest counts: the first ones find the processor asleep.
    const TIMES: usize = 40;
    let data = vec![1.0; SIZE * SIZE];
    let packed = kernel::Packed::pack(SIZE, SIZE, &data, SIZE, 1);
    let mut out = vec![0.0; SIZE * SIZE];
    let product = || {
        let start = Instant::now();
        kernel::gemm(kernel::View::dense(&data, SIZE), &packed, &mut out, kernel::Sum::Store);
        start.elapsed().as_secs_f64()
    };
    let all = || std::iter::repeat_with(product).take(TIMES).fold(f64::MAX, f64::min);
    // A pool of one, as other threads would have to be woken for each product.
    let fastest = match rayon::ThreadPoolBuilder::new().num_threads(1).build() {
        Ok(pool) => pool.install(all),
        Err(_) => all(),
    };
    2.0 * (SIZE * SIZE * SIZE) as f64 / fastest
}
