//! A checkpoint, looked at but not loaded: what it is, whether all of it is there, and what it would take to run it.

mod fault;

use serde_json::{Map, Value};

use crate::engine::ModelFile;

use super::{
    config::Config,
    dialect,
    family::{Arch, FAMILIES, Position},
    files::Files,
    kernel::{Block, Format, Packed, Storage},
    tokens::{self, Tokens},
    weights::{Dtype, WEIGHTS, Weights, WeightsError, gguf::Metadata, is_gguf},
};

pub use fault::CheckpointError;
use fault::enumerate;

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
    /// What the header of a GGUF file says; of other files it is in files beside them.
    header: Option<Metadata>,
    form: Form,
}

/// How quantized weights lie in memory. The answers are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Form {
    /// As the numbers that they stand for.
    #[default]
    Widened,
    /// In the blocks of the file, which are widened in every product anew: less memory, more time.
    Quantized,
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

/// More layers than any model has.
const MOST_LAYERS: usize = 10_000;
const CONFIG: &str = "config.json";

impl Checkpoint {
    /// Looks at everything but the weights themselves, in a folder of one model.
    pub fn open(files: Files) -> Result<Self, CheckpointError> {
        let place = files.place();
        let found = files.names().map_err(|fault| CheckpointError::Folder { place: place.clone(), fault })?;
        if !WEIGHTS.iter().any(|name| files.has(name)) {
            let whole: Vec<String> = found.iter().filter(|name| is_gguf(name)).cloned().collect();
            match whole.as_slice() {
                [] => {}
                [file] => return Self::open_gguf(files, file),
                _ => return Err(CheckpointError::Several { place, files: whole }),
            }
        }
        let absent = |wanted: &str| CheckpointError::Absent {
            place: place.clone(),
            wanted: wanted.to_owned(),
            found: enumerate(&found),
        };
        let values = object(&files, CONFIG)?.ok_or_else(|| absent("`config.json`"))?;
        let arch = arch(&place, CONFIG, &values)?;
        let weights = Weights::open(&files).map_err(|fault| match fault {
            WeightsError::Absent => absent(&format!("weights ({})", WEIGHTS.join(", "))),
            fault => CheckpointError::Weights { place: place.clone(), fault },
        })?;
        if !files.has(tokens::FILE) {
            return Err(absent("`tokenizer.json`"));
        }
        Self::fit(files, CONFIG, arch, weights, None)
    }

    /// Looks at a model that is one GGUF file of a folder.
    pub fn open_gguf(files: Files, file: &str) -> Result<Self, CheckpointError> {
        let place = files.place();
        let cannot = |fault| CheckpointError::Weights { place: place.clone(), fault };
        let (mut weights, header) = Weights::open_gguf(&files, file).map_err(cannot)?;
        let values = dialect::translate(&header, &mut weights, &files).map_err(|fault| match fault {
            dialect::Fault::Architecture(family) => CheckpointError::Family {
                place: place.clone(),
                file: file.to_owned(),
                key: "general.architecture",
                family,
                known: dialect::names(),
            },
            dialect::Fault::Values(faults) => {
                CheckpointError::Config { place: place.clone(), file: file.to_owned(), faults }
            }
            dialect::Fault::Weights(fault) => cannot(fault),
        })?;
        let arch = arch(&place, file, &values)?;
        Self::fit(files, file, arch, weights, Some(header))
    }

    fn fit(
        files: Files,
        file: &str,
        (family, arch): (&'static str, Arch),
        weights: Weights,
        header: Option<Metadata>,
    ) -> Result<Self, CheckpointError> {
        let prefix = prefix(&arch, &weights);
        let faults = faults(&arch, prefix, &weights);
        if !faults.is_empty() {
            return Err(CheckpointError::Tensors { place: files.place(), file: file.to_owned(), faults });
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
        Ok(Self { files, family, arch, weights, prefix, ends, header, form: Form::default() })
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
            memory_per_token: arch.layers as u64 * Block::bytes(arch.heads).div_ceil(Block::POSITIONS as u64),
            context: arch.context,
            vocabulary: arch.vocabulary,
        }
    }

    /// What is computed with, for the record; and on what, where that is less than the weights once were.
    pub(super) fn dtype(&self) -> String {
        let quantized = Format::ALL.into_iter().filter(|format| format.is_quantized()).map(Format::name);
        let dtypes = self.description().dtypes;
        let own: Vec<&str> = quantized.filter(|name| dtypes.iter().any(|own| own == name)).collect();
        if own.is_empty() { "f32".to_owned() } else { format!("f32 (weights {})", own.join(", ")) }
    }

    /// The tokenizer, which can cut texts without the model.
    pub fn tokenizer(&self) -> Result<Tokens, CheckpointError> {
        Tokens::open(&self.files, self.header.as_ref(), &self.arch, &self.ends)
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

    /// The same checkpoint with another form of its weights in memory.
    pub fn with_weights(mut self, form: Form) -> Result<Self, CheckpointError> {
        let tensors = self.arch.tensors(self.prefix);
        let quantized = tensors.iter().any(|wanted| self.is_quantized(&wanted.name));
        if form == Form::Quantized && !quantized {
            let dtypes = self.description().dtypes.join(", ");
            return Err(CheckpointError::NotQuantized { place: self.files.place(), dtypes });
        }
        self.form = form;
        Ok(self)
    }

    /// Whether a matrix of these tensors stays as its file has it.
    pub(super) fn keeps<'a>(&self, mut tensors: impl Iterator<Item = &'a str>) -> bool {
        self.form == Form::Quantized && tensors.any(|name| self.is_quantized(name))
    }

    fn is_quantized(&self, tensor: &str) -> bool {
        let format = self.weights.get(tensor).map(|tensor| &tensor.dtype);
        matches!(format, Some(Dtype::Read(format)) if format.is_quantized())
    }

    /// How a matrix lies in memory that is made of these tensors.
    pub(super) fn storage<'a>(&self, mut tensors: impl Iterator<Item = &'a str>) -> Storage {
        let bf16 =
            |name| self.weights.get(name).is_some_and(|tensor| tensor.dtype == Dtype::Read(Format::Bf16));
        if tensors.all(bf16) { Storage::Bf16 } else { Storage::F32 }
    }

    /// The bytes of the weights as they lie in memory.
    fn memory(&self) -> u64 {
        let (arch, prefix) = (&self.arch, self.prefix);
        let packed = |inputs: usize, outputs: usize, names: &[String]| {
            if self.keeps(names.iter().map(String::as_str)) {
                let tensors = names.iter().filter_map(|name| self.weights.get(name));
                return tensors.map(super::weights::Tensor::bytes).sum();
            }
            let storage = self.storage(names.iter().map(String::as_str));
            Packed::bytes(storage, inputs as u64, outputs as u64)
        };
        let projections = |layer| {
            [
                arch.qkv(prefix, layer),
                arch.output(prefix, layer),
                arch.up(prefix, layer),
                arch.down(prefix, layer),
            ]
        };
        let layers = (0..arch.layers).flat_map(projections).map(|projection| {
            let names: Vec<String> =
                projection.parts.iter().map(|(name, _)| format!("{name}.weight")).collect();
            let outputs = projection.parts.iter().map(|(_, outputs)| outputs).sum();
            packed(projection.inputs, outputs, &names)
        });
        let positions = match arch.position {
            Position::Learned => 4 * arch.context as u64 * arch.hidden as u64,
            Position::Rotary(_) => 0,
        };
        let embedding = format!("{prefix}{}.weight", arch.names.embedding);
        let head = (!arch.tied).then(|| format!("{}.weight", arch.names.head));
        let tables = [embedding].into_iter().chain(head);
        let tables = tables.map(|name| packed(arch.hidden, arch.vocabulary, &[name]));
        layers.chain(tables).sum::<u64>() + positions
    }

    fn deciding_files(&self) -> Vec<String> {
        let of_model: &[&str] = if self.header.is_some() { &[] } else { &[CONFIG] };
        let of_tokens: &[&str] = if self.header.is_some() && !self.files.has(tokens::FILE) {
            &[]
        } else {
            &["special_tokens_map.json", tokens::FILE, "tokenizer_config.json"]
        };
        let texts = [of_model, of_tokens, &["generation_config.json"]].concat();
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

fn arch(
    place: &str,
    file: &str,
    values: &Map<String, Value>,
) -> Result<(&'static str, Arch), CheckpointError> {
    let config = Config::new(values);
    let name = config.text("model_type").unwrap_or("nothing");
    let family = FAMILIES.iter().find(|family| family.name == name);
    let family = family.ok_or_else(|| CheckpointError::Family {
        place: place.to_owned(),
        file: file.to_owned(),
        key: "model_type",
        family: name.to_owned(),
        known: FAMILIES.iter().map(|family| family.name).collect(),
    })?;
    let arch = (family.read)(&config);
    if arch.layers > MOST_LAYERS {
        config.fault(format!("{} layers; at most {MOST_LAYERS} are allowed", arch.layers));
    }
    if let Some(quantization) = values.get("quantization_config").filter(|value| !value.is_null()) {
        let method = quantization.get("quant_method").and_then(Value::as_str).unwrap_or("an unknown method");
        config.fault(format!(
            "the weights are quantized with {method}; plain ones ({}) are read",
            Dtype::read()
        ));
    }
    let faults = config.faults();
    if faults.is_empty() {
        Ok((family.name, arch))
    } else {
        Err(CheckpointError::Config { place: place.to_owned(), file: file.to_owned(), faults })
    }
}

/// What stands before the names of this checkpoint's tensors.
fn prefix(arch: &Arch, weights: &Weights) -> &'static str {
    let prefixes = arch.names.prefixes;
    let fits = |prefix: &&&str| weights.get(&format!("{prefix}{}.weight", arch.names.embedding)).is_some();
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
                    faults.push(format!("tensor `{}` holds {name}; {} are read", wanted.name, Dtype::read()));
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
