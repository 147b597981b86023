//! A checkpoint, looked at but not loaded: what it is, whether all of it is there, and what it would take to run it.

mod fault;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::engine::ModelFile;

use super::{
    architecture::{Architecture, Interface, families},
    config::{self, Config},
    dialect,
    files::Files,
    kernel::{Format, Packed, Storage},
    tokens::{self, Tokens},
    weights::{
        Dtype, WEIGHTS, Weights, WeightsError,
        gguf::{Metadata, parts},
        is_gguf,
    },
};

pub use fault::CheckpointError;
use fault::enumerate;

/// A checkpoint whose parts fit together. No weights have been read.
pub struct Checkpoint {
    pub(super) files: Files,
    pub(super) family: &'static str,
    pub(super) architecture: Architecture,
    pub(super) weights: Weights,
    /// Ids that end a generated text.
    pub(super) ends: Vec<u32>,
    /// What the header of a GGUF file says; of other files it is in files beside them.
    header: Option<Metadata>,
    form: Form,
    unread: Vec<String>,
}

/// How quantized weights lie in memory. The answers are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Form {
    /// As the numbers that they stand for.
    #[default]
    Widened,
    /// In the blocks of the file, which are widened in every product anew: of a Llama of 135 million weights in q8_0 the
    /// whole process takes 225 MB instead of 612.
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
    /// The longest sequence, in tokens, where there is a longest: a state-space model reads on without end.
    pub context: Option<usize>,
    /// Rows of the embedding.
    pub vocabulary: usize,
    /// Keys of the config that are not read here. Where a model's own code computes something else by them, its answers
    /// differ.
    pub unread: Vec<String>,
}

/// What a config says, by one of the families.
pub(super) struct Said {
    family: &'static str,
    pub(super) architecture: Architecture,
    unread: Vec<String>,
}

/// More layers than any model has.
pub(super) const MOST_LAYERS: usize = 10_000;
const CONFIG: &str = "config.json";

impl Checkpoint {
    /// Looks at everything but the weights themselves, up to the first sort of fault.
    pub fn open(files: Files) -> Result<Self, CheckpointError> {
        Self::look(files).map_err(|mut faults| faults.swap_remove(0))
    }

    /// Looks at everything but the weights themselves and the tokenizer's own file; at least one fault, or none.
    pub(super) fn look(files: Files) -> Result<Self, Vec<CheckpointError>> {
        if let Some(file) = Self::whole(&files).map_err(|fault| vec![fault])? {
            return Self::look_into(files, &file).map_err(|fault| vec![fault]);
        }
        let place = files.place();
        let found =
            files.names().map_err(|fault| vec![CheckpointError::Folder { place: place.clone(), fault }])?;
        let absent = |wanted: &str| CheckpointError::Absent {
            place: place.clone(),
            wanted: wanted.to_owned(),
            found: enumerate(&found),
        };
        let mut faults = Vec::new();
        let values = object(&files, CONFIG);
        let values =
            noted(values.and_then(|values| values.ok_or_else(|| absent("`config.json`"))), &mut faults);
        let said = values.and_then(|values| noted(said_by(&place, CONFIG, &values), &mut faults));
        let weights = Weights::open(&files).map_err(|fault| match fault {
            WeightsError::Absent => absent(&format!("weights ({})", WEIGHTS.join(", "))),
            fault => CheckpointError::Weights { place: place.clone(), fault },
        });
        let weights = noted(weights, &mut faults);
        if !files.has(tokens::FILE) {
            faults.push(absent("`tokenizer.json`"));
        }
        let (Some(said), Some(weights)) = (said, weights) else { return Err(faults) };
        match Self::fit(files, CONFIG, said, weights, None) {
            Ok(checkpoint) if faults.is_empty() => Ok(checkpoint),
            Ok(_) => Err(faults),
            Err(fault) => {
                faults.push(fault);
                Err(faults)
            }
        }
    }

    /// The GGUF file that is the model, where there are no files of another sort.
    pub(super) fn whole(files: &Files) -> Result<Option<String>, CheckpointError> {
        if let Files::Gguf { file, .. } = files {
            return Ok(Some(file.clone()));
        }
        if WEIGHTS.iter().any(|name| files.has(name)) {
            return Ok(None);
        }
        let names = files.names().unwrap_or_default();
        let firsts = names.into_iter().filter(|name| is_gguf(name)).map(|name| parts(&name).swap_remove(0));
        // Names are sorted, and those of the parts of a model begin alike.
        let mut whole: Vec<String> = firsts.collect();
        whole.dedup();
        match whole.len() {
            0 | 1 => Ok(whole.pop()),
            _ => Err(CheckpointError::Several { place: files.place(), files: whole }),
        }
    }

    /// The header of a GGUF file, as a config and weights.
    pub(super) fn translated(
        files: &Files,
        file: &str,
    ) -> Result<(Map<String, Value>, Weights, Metadata), CheckpointError> {
        let place = files.place();
        let cannot = |fault| CheckpointError::Weights { place: place.clone(), fault };
        let (mut weights, header) = Weights::open_gguf(files, file).map_err(cannot)?;
        let values = dialect::translate(&header, &mut weights, files).map_err(|fault| match fault {
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
        Ok((values, weights, header))
    }

    fn look_into(files: Files, file: &str) -> Result<Self, CheckpointError> {
        let (values, weights, header) = Self::translated(&files, file)?;
        // What a header says of other things is under keys that are not asked for.
        let said = Said { unread: Vec::new(), ..said_by(&files.place(), file, &values)? };
        Self::fit(files, file, said, weights, Some(header))
    }

    fn fit(
        files: Files,
        file: &str,
        Said { family, mut architecture, unread }: Said,
        weights: Weights,
        header: Option<Metadata>,
    ) -> Result<Self, CheckpointError> {
        architecture.find_names(&weights);
        let misfits = misfits(&architecture, &weights);
        if !misfits.is_empty() {
            let (place, file) = (files.place(), file.to_owned());
            return Err(CheckpointError::Tensors { place, file, faults: misfits });
        }
        // How a text ends is a matter of decoding, where transformers lets this file win.
        let decoding = object(&files, "generation_config.json")?;
        let by_config = architecture.interface().ends;
        let ends = match decoding {
            None => by_config,
            Some(values) => {
                let own = Config::new(&values).ids_or("eos_token_id", u32::MAX);
                if own == [u32::MAX] { by_config } else { own }
            }
        };
        Ok(Self { files, family, architecture, weights, ends, header, form: Form::default(), unread })
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
            unread: self.unread.clone(),
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
        Tokens::open(&self.files, self.header.as_ref(), &self.architecture.interface(), &self.ends)
            .map_err(|fault| CheckpointError::Tokens { place: self.files.place(), fault })
    }

    /// All files that decide the answers, by name.
    pub(super) fn hash(&self) -> Result<Vec<ModelFile>, CheckpointError> {
        let read = |file: String| {
            let place = self.files.place();
            // Weights may have any size.
            let sized =
                if self.weights.files.contains(&file) { Ok(0) } else { self.files.len_of_text(&file) };
            sized.and_then(|_| self.files.hash(&file)).map_err(|fault| CheckpointError::Read {
                place,
                file,
                fault,
            })
        };
        self.deciding_files().into_iter().map(read).collect()
    }

    /// The same checkpoint with another form of its weights in memory.
    pub fn with_weights(mut self, form: Form) -> Result<Self, CheckpointError> {
        if form == Form::Quantized && !self.has_quantized() {
            let dtypes = self.description().dtypes.join(", ");
            return Err(CheckpointError::NotQuantized { place: self.files.place(), dtypes });
        }
        self.form = form;
        Ok(self)
    }

    /// How quantized weights lie in memory.
    pub(super) fn form(&self) -> Form {
        self.form
    }

    /// Whether there are any.
    pub(super) fn has_quantized(&self) -> bool {
        self.architecture.tensors().iter().any(|wanted| self.is_quantized(&wanted.name))
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
        self.architecture.memory(&|inputs, outputs, names| {
            if self.keeps(names.iter().map(String::as_str)) {
                let tensors = names.iter().filter_map(|name| self.weights.get(name));
                return tensors.map(super::weights::Tensor::bytes).sum();
            }
            let storage = self.storage(names.iter().map(String::as_str));
            Packed::bytes(storage, inputs as u64, outputs as u64)
        })
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

pub(super) fn said_by(place: &str, file: &str, values: &Map<String, Value>) -> Result<Said, CheckpointError> {
    let config = Config::new(values);
    let read = Architecture::read(&config, values);
    let (family, architecture) = read.ok_or_else(|| CheckpointError::Family {
        place: place.to_owned(),
        file: file.to_owned(),
        key: "model_type",
        known: families(),
        family: config.text("model_type").unwrap_or("nothing").to_owned(),
    })?;
    if architecture.layers() > MOST_LAYERS {
        config.fault(format!("{} layers; at most {MOST_LAYERS} are allowed", architecture.layers()));
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
        Ok(Said { family, architecture, unread: config.unread() })
    } else {
        Err(CheckpointError::Config { place: place.to_owned(), file: file.to_owned(), faults })
    }
}

/// The value, or nothing and one fault more.
fn noted<T>(result: Result<T, CheckpointError>, faults: &mut Vec<CheckpointError>) -> Option<T> {
    result.map_err(|fault| faults.push(fault)).ok()
}

/// Everything that the model needs and the files do not have as it should be.
fn misfits(architecture: &Architecture, weights: &Weights) -> Vec<String> {
    let (mut missing, mut faults) = (Vec::new(), Vec::new());
    // By their number format.
    let mut unread: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for wanted in architecture.tensors() {
        match weights.get(&wanted.name) {
            None => missing.push(wanted.name),
            Some(tensor) if tensor.shape != wanted.shape => faults.push(format!(
                "tensor `{}` has shape {:?}; the config makes it {:?}",
                wanted.name, tensor.shape, wanted.shape
            )),
            Some(tensor) => {
                if let Dtype::Other(name) = &tensor.dtype {
                    unread.entry(name).or_default().push(wanted.name);
                }
            }
        }
    }
    for (name, tensors) in unread {
        let tensors = match tensors.as_slice() {
            [tensor] => format!("tensor `{tensor}` holds"),
            all => format!("{} tensors hold", all.len()),
        };
        faults.push(format!("{tensors} {name}; {} are read", Dtype::read()));
    }
    if !missing.is_empty() {
        let names: Vec<String> = weights.names().map(str::to_owned).collect();
        faults.push(format!("missing: {}; the files hold: {}", enumerate(&missing), enumerate(&names)));
    }
    faults
}
