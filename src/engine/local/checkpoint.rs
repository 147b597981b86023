//! A checkpoint, looked at but not loaded: what it is, whether all of it is there, and what it would take to run it.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::engine::ModelFile;

use super::{
    architecture::{Architecture, Interface, families},
    config::{self, Config},
    files::Files,
    kernel::{Packed, Storage},
    tokens::{Tokens, TokensError},
    weights::{Dtype, Weights, WeightsError},
};

/// A checkpoint whose parts fit together. No weights have been read.
pub struct Checkpoint {
    pub(super) files: Files,
    pub(super) family: &'static str,
    pub(super) architecture: Architecture,
    pub(super) weights: Weights,
    /// Ids that end a generated text.
    pub(super) ends: Vec<u32>,
}

/// What a checkpoint is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// The family of the architecture, such as `llama`.
    pub family: &'static str,
    /// Weights, those that are used twice counted once.
    pub parameters: u64,
    /// Number formats of the tensors in the files.
    pub dtypes: Vec<String>,
    /// Bytes of the files with the weights.
    pub file_bytes: u64,
    /// Bytes that the weights take in memory.
    pub memory: u64,
    /// The longest sequence, in tokens, where there is a longest: a state-space model reads on without end.
    pub context: Option<usize>,
    /// Rows of the embedding.
    pub vocabulary: usize,
}

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
        "{place}: `config.json` says `model_type: {family}`, which is not run here; these are: {}. A server such as vLLM, TGI or llama.cpp may run it",
        families().join(", ")
    )]
    Family {
        /// The folder.
        place: String,
        /// As the config has it.
        family: String,
    },
    /// Values of the config that cannot be.
    #[error("{place}: `config.json` cannot be used:\n{}", list(faults))]
    Config {
        /// The folder.
        place: String,
        /// All of them.
        faults: Vec<String>,
    },
    /// Tensors that are missing or other than the config says.
    #[error("{place}: the weights do not fit `config.json`:\n{}", list(faults))]
    Tensors {
        /// The folder.
        place: String,
        /// All of them.
        faults: Vec<String>,
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
    #[error(
        "{place} needs {} of memory for its weights, and {} are available; close other programs, or take a smaller model or machine",
        gigabytes(*needed),
        gigabytes(*available)
    )]
    Memory {
        /// The folder.
        place: String,
        /// Bytes.
        needed: u64,
        /// Bytes.
        available: u64,
    },
}

/// More layers than any model has.
const MOST_LAYERS: usize = 10_000;
/// Findings of one sort that are listed.
const LISTED: usize = 8;

impl Checkpoint {
    /// Looks at everything but the weights themselves, up to the first sort of fault.
    pub fn open(files: Files) -> Result<Self, CheckpointError> {
        Self::look(files).map_err(|mut faults| faults.swap_remove(0))
    }

    /// Looks at everything but the weights themselves and the tokenizer's own file; at least one fault, or none.
    pub(super) fn look(files: Files) -> Result<Self, Vec<CheckpointError>> {
        let place = files.place();
        let found =
            files.names().map_err(|fault| vec![CheckpointError::Folder { place: place.clone(), fault }])?;
        let absent = |wanted: &str| CheckpointError::Absent {
            place: place.clone(),
            wanted: wanted.to_owned(),
            found: enumerate(&found),
        };
        let mut faults = Vec::new();
        let values = object(&files, "config.json");
        let values =
            noted(values.and_then(|values| values.ok_or_else(|| absent("`config.json`"))), &mut faults);
        let said = values.and_then(|values| noted(said_by(&place, &values), &mut faults));
        let weights = Weights::open(&files).map_err(|fault| match fault {
            WeightsError::Absent => absent(&format!("weights ({})", super::weights::WEIGHTS.join(", "))),
            fault => CheckpointError::Weights { place: place.clone(), fault },
        });
        let weights = noted(weights, &mut faults);
        if !files.has("tokenizer.json") {
            faults.push(absent("`tokenizer.json`"));
        }
        // How a text ends is a matter of decoding, where transformers lets this file win.
        let decoding = noted(object(&files, "generation_config.json"), &mut faults).flatten();
        let (Some((family, mut architecture)), Some(weights)) = (said, weights) else { return Err(faults) };
        architecture.find_names(&weights);
        let misfits = misfits(&architecture, &weights);
        if !misfits.is_empty() {
            faults.push(CheckpointError::Tensors { place, faults: misfits });
        }
        let by_config = architecture.interface().ends;
        let ends = match decoding {
            None => by_config,
            Some(values) => {
                let own = Config::new(&values).ids_or("eos_token_id", u32::MAX);
                if own == [u32::MAX] { by_config } else { own }
            }
        };
        if faults.is_empty() { Ok(Self { files, family, architecture, weights, ends }) } else { Err(faults) }
    }

    /// What it is and what it takes.
    pub fn description(&self) -> Description {
        let Interface { context, vocabulary, .. } = self.architecture.interface();
        let tensors = self.architecture.tensors();
        let used = tensors.iter().filter_map(|wanted| self.weights.get(&wanted.name));
        let dtypes: BTreeSet<&str> = used.clone().map(|tensor| tensor.dtype.name()).collect();
        Description {
            family: self.family,
            parameters: used.map(super::weights::Tensor::elements).sum(),
            dtypes: dtypes.into_iter().map(str::to_owned).collect(),
            file_bytes: self.weights.bytes(&self.files),
            memory: self.memory(),
            context,
            vocabulary,
        }
    }

    /// The tokenizer, which can cut texts without the model.
    pub fn tokenizer(&self) -> Result<Tokens, CheckpointError> {
        Tokens::open(&self.files, &self.architecture.interface(), &self.ends)
            .map_err(|fault| CheckpointError::Tokens { place: self.files.place(), fault })
    }

    /// All files that decide the answers, by name.
    pub(super) fn hash(&self) -> Result<Vec<ModelFile>, CheckpointError> {
        let read = |file: String| {
            let place = self.files.place();
            self.files.hash(&file).map_err(|fault| CheckpointError::Read { place, file, fault })
        };
        self.deciding_files().into_iter().map(read).collect()
    }

    /// How a matrix lies in memory that is made of these tensors.
    pub(super) fn storage<'a>(&self, mut tensors: impl Iterator<Item = &'a str>) -> Storage {
        let bf16 = |name| self.weights.get(name).is_some_and(|tensor| tensor.dtype == Dtype::Bf16);
        if tensors.all(bf16) { Storage::Bf16 } else { Storage::F32 }
    }

    /// The bytes of the weights as they lie in memory.
    fn memory(&self) -> u64 {
        self.architecture.memory(&|inputs, outputs, names| {
            let storage = self.storage(names.iter().map(String::as_str));
            Packed::bytes(storage, inputs as u64, outputs as u64)
        })
    }

    fn deciding_files(&self) -> Vec<String> {
        let texts = [
            "config.json",
            "generation_config.json",
            "special_tokens_map.json",
            "tokenizer.json",
            "tokenizer_config.json",
        ];
        let mut names: Vec<String> =
            texts.into_iter().filter(|name| self.files.has(name)).map(str::to_owned).collect();
        names.extend(self.weights.files.iter().cloned());
        names.sort_unstable();
        names
    }

    /// An error if the weights would not fit.
    pub(super) fn check_memory(&self, available: u64) -> Result<(), CheckpointError> {
        let needed = self.memory();
        if needed > available {
            return Err(CheckpointError::Memory { place: self.files.place(), needed, available });
        }
        Ok(())
    }
}

/// The bytes that this machine, or the container that the program runs in, can still give; `None` where the system
/// does not say.
pub(super) fn available_memory() -> Option<u64> {
    let memory = sysinfo::MemoryRefreshKind::nothing().with_ram();
    let system =
        sysinfo::System::new_with_specifics(sysinfo::RefreshKind::nothing().with_memory(memory)).ok()?;
    let free = system.available_memory();
    Some(system.cgroup_limits().map_or(free, |limits| free.min(limits.free_memory)))
}

/// A JSON object, or `None` where there is no such file.
pub(super) fn object(files: &Files, file: &str) -> Result<Option<Map<String, Value>>, CheckpointError> {
    if !files.has(file) {
        return Ok(None);
    }
    let text = files.read(file).map_err(|fault| CheckpointError::Read {
        place: files.place(),
        file: file.to_owned(),
        fault,
    })?;
    config::parse(&text).map(Some).map_err(|fault| CheckpointError::Json {
        place: files.place(),
        file: file.to_owned(),
        fault: fault.to_string(),
    })
}

pub(super) fn said_by(
    place: &str,
    values: &Map<String, Value>,
) -> Result<(&'static str, Architecture), CheckpointError> {
    let config = Config::new(values);
    let read = Architecture::read(&config, values);
    let (family, architecture) = read.ok_or_else(|| CheckpointError::Family {
        place: place.to_owned(),
        family: config.text("model_type").unwrap_or("nothing").to_owned(),
    })?;
    if architecture.layers() > MOST_LAYERS {
        config.fault(format!("{} layers; at most {MOST_LAYERS} are allowed", architecture.layers()));
    }
    if let Some(quantization) = values.get("quantization_config").filter(|value| !value.is_null()) {
        let method = quantization.get("quant_method").and_then(Value::as_str).unwrap_or("an unknown method");
        config
            .fault(format!("the weights are quantized with {method}; plain ones ({}) are read", Dtype::READ));
    }
    let faults = config.faults();
    if faults.is_empty() {
        Ok((family, architecture))
    } else {
        Err(CheckpointError::Config { place: place.to_owned(), faults })
    }
}

/// The value, or nothing and one fault more.
fn noted<T>(result: Result<T, CheckpointError>, faults: &mut Vec<CheckpointError>) -> Option<T> {
    result.map_err(|fault| faults.push(fault)).ok()
}

/// Everything that the model needs and the files do not have as it should be.
fn misfits(architecture: &Architecture, weights: &Weights) -> Vec<String> {
    let (mut missing, mut faults) = (Vec::new(), Vec::new());
    for wanted in architecture.tensors() {
        match weights.get(&wanted.name) {
            None => missing.push(wanted.name),
            Some(tensor) if tensor.shape != wanted.shape => faults.push(format!(
                "tensor `{}` has shape {:?}; the config makes it {:?}",
                wanted.name, tensor.shape, wanted.shape
            )),
            Some(tensor) => {
                if let Dtype::Other(name) = &tensor.dtype {
                    faults.push(format!("tensor `{}` holds {name}; {} are read", wanted.name, Dtype::READ));
                }
            }
        }
    }
    if !missing.is_empty() {
        let names: Vec<String> = weights.names().map(str::to_owned).collect();
        faults.push(format!("missing: {}; the files hold: {}", enumerate(&missing), enumerate(&names)));
    }
    faults
}

fn enumerate(names: &[String]) -> String {
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

fn gigabytes(bytes: u64) -> String {
    format!("{:.1} GB", bytes as f64 / 1e9)
}
