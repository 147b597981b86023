//! A checkpoint, looked at but not loaded: what it is, whether all of it is there, and what it would take to run it.

use serde_json::{Map, Value};

use crate::engine::ModelFile;

use super::{
    config::Config,
    family::{Arch, FAMILIES, Table},
    files::Files,
    kernel::{Block, Packed, Storage},
    tokens::{Tokens, TokensError},
    weights::{Dtype, Weights, WeightsError},
};

/// A checkpoint whose parts fit together. No weights have been read.
pub struct Checkpoint {
    pub(super) files: Files,
    pub(super) family: &'static str,
    pub(super) arch: Arch,
    pub(super) weights: Weights,
    /// Before the tensors' names in this checkpoint.
    pub(super) prefix: &'static str,
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
    /// Bytes that the memory of one token takes while a text is generated.
    pub memory_per_token: u64,
    /// The longest sequence, in tokens.
    pub context: usize,
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
        "{place}: `config.json` says `model_type: {family}`, which is not run here; these are: {}. A server such as vLLM or llama.cpp may run it",
        FAMILIES.iter().map(|family| family.name).collect::<Vec<_>>().join(", ")
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

/// Findings of one sort that are listed.
const LISTED: usize = 8;

impl Checkpoint {
    /// Looks at everything but the weights themselves.
    pub fn open(files: Files) -> Result<Self, CheckpointError> {
        let place = files.place();
        let found = files.names().map_err(|fault| CheckpointError::Folder { place: place.clone(), fault })?;
        let absent = |wanted: &str| CheckpointError::Absent {
            place: place.clone(),
            wanted: wanted.to_owned(),
            found: enumerate(&found),
        };
        let values = object(&files, "config.json")?.ok_or_else(|| absent("`config.json`"))?;
        let (family, arch) = arch(&place, &values)?;
        let weights = Weights::open(&files).map_err(|fault| match fault {
            WeightsError::Absent => absent(&format!("weights ({})", super::weights::WEIGHTS.join(", "))),
            fault => CheckpointError::Weights { place: place.clone(), fault },
        })?;
        if !files.has("tokenizer.json") {
            return Err(absent("`tokenizer.json`"));
        }
        let prefix = prefix(&arch, &weights);
        let faults = faults(&arch, prefix, &weights);
        if !faults.is_empty() {
            return Err(CheckpointError::Tensors { place, faults });
        }
        // How a text ends is a matter of decoding, where transformers lets this file win.
        let decoding = object(&files, "generation_config.json")?;
        let ends = decoding.map_or_else(
            || arch.ends.clone(),
            |values| {
                let own = Config::new(&values).ids_or("eos_token_id", u32::MAX);
                if own == [u32::MAX] { arch.ends.clone() } else { own }
            },
        );
        Ok(Self { files, family, arch, weights, prefix, ends })
    }

    /// What it is and what it takes.
    pub fn description(&self) -> Description {
        let arch = &self.arch;
        let tensors = arch.tensors(self.prefix);
        let used = tensors.iter().filter_map(|wanted| self.weights.get(&wanted.name));
        let mut dtypes: Vec<String> = used.clone().map(|tensor| tensor.dtype.name().to_owned()).collect();
        dtypes.sort_unstable();
        dtypes.dedup();
        Description {
            family: self.family,
            parameters: used.map(super::weights::Tensor::elements).sum(),
            dtypes,
            file_bytes: self.weights.files.iter().filter_map(|file| self.files.len(file).ok()).sum(),
            memory: self.memory(),
            memory_per_token: arch
                .layers
                .iter()
                .map(|layer| Block::bytes(layer.attention.heads).div_ceil(Block::POSITIONS as u64))
                .sum(),
            context: arch.context,
            vocabulary: arch.vocabulary,
        }
    }

    /// The tokenizer, which can cut texts without the model.
    pub fn tokenizer(&self) -> Result<Tokens, CheckpointError> {
        Tokens::open(&self.files, &self.arch, &self.ends)
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
        let (arch, prefix) = (&self.arch, self.prefix);
        let packed = |inputs: usize, outputs: usize, names: &[String]| {
            let storage = self.storage(names.iter().map(String::as_str));
            Packed::bytes(storage, inputs as u64, outputs as u64)
        };
        let linears = arch.linears();
        let linears =
            linears.iter().map(|linear| packed(linear.inputs, linear.outputs(), &linear.weights(prefix)));
        let table =
            |table: &Table, prefix| packed(table.width, table.rows, &[format!("{prefix}{}", table.name)]);
        let positions = arch.embedding.positions.as_ref();
        linears.sum::<u64>()
            + table(&arch.embedding.tokens, prefix)
            + arch.head.table.as_ref().map_or(0, |head| table(head, ""))
            + positions.map_or(0, |own| 4 * own.table.rows as u64 * own.table.width as u64)
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
    serde_json::from_slice(&text).map(Some).map_err(|fault| CheckpointError::Json {
        place: files.place(),
        file: file.to_owned(),
        fault: fault.to_string(),
    })
}

fn arch(place: &str, values: &Map<String, Value>) -> Result<(&'static str, Arch), CheckpointError> {
    let config = Config::new(values);
    let name = config.text("model_type").unwrap_or("nothing");
    let family = FAMILIES.iter().find(|family| family.name == name);
    let family =
        family.ok_or_else(|| CheckpointError::Family { place: place.to_owned(), family: name.to_owned() })?;
    let arch = (family.read)(&config);
    if let Some(quantization) = values.get("quantization_config").filter(|value| !value.is_null()) {
        let method = quantization.get("quant_method").and_then(Value::as_str).unwrap_or("an unknown method");
        config
            .fault(format!("the weights are quantized with {method}; plain ones ({}) are read", Dtype::READ));
    }
    let faults = config.faults();
    if faults.is_empty() {
        Ok((family.name, arch))
    } else {
        Err(CheckpointError::Config { place: place.to_owned(), faults })
    }
}

/// What stands before the names of this checkpoint's tensors.
fn prefix(arch: &Arch, weights: &Weights) -> &'static str {
    let fits = |prefix: &&&str| weights.get(&format!("{prefix}{}", arch.embedding.tokens.name)).is_some();
    let prefixes = arch.prefixes;
    prefixes.iter().find(fits).unwrap_or(&prefixes[0])
}

/// Everything that the decoder needs and the files do not have as it should be.
fn faults(arch: &Arch, prefix: &str, weights: &Weights) -> Vec<String> {
    let (mut missing, mut faults) = (Vec::new(), Vec::new());
    for wanted in arch.tensors(prefix) {
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
