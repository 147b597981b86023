//! What can be known of a checkpoint without its weights, with everything that keeps it from running here.

use serde_json::{Map, Value};

use super::{
    available::Available,
    checkpoint::{Checkpoint, CheckpointError, Description, object, said_by},
    files::Files,
    needs::{LESS, Needs},
    tokens::{Facts, Tokens},
    weights::Weights,
};

/// A checkpoint, looked at.
#[derive(Debug)]
pub struct Inspection {
    /// As its config has it.
    pub family: Option<String>,
    /// What is known of it where all of it fits together.
    pub description: Option<Description>,
    /// Number formats of the tensors in its files.
    pub dtypes: Vec<String>,
    /// Bytes of the files with the weights.
    pub file_bytes: u64,
    /// Everything that keeps it from running.
    pub faults: Vec<CheckpointError>,
}

/// A tokenizer and the memory at hand, which take longer to look at.
#[derive(Debug)]
pub struct Rest {
    /// Where it can be used.
    pub tokenizer: Option<Facts>,
    /// Bytes that the machine can give, where it says so.
    pub available: Option<u64>,
    /// What of both keeps the checkpoint from running.
    pub faults: Vec<CheckpointError>,
}

impl Inspection {
    /// Looks at the config and the headers of the weights.
    pub fn of(files: &Files) -> Self {
        let family = || {
            let (values, _) = said(files)?;
            Some(values.get("model_type")?.as_str()?.to_owned())
        };
        match Checkpoint::look(files.clone()) {
            Ok(checkpoint) => {
                let description = checkpoint.description();
                Self {
                    family: Some(description.family.to_owned()),
                    dtypes: description.dtypes.clone(),
                    file_bytes: description.file_bytes,
                    description: Some(description),
                    faults: Vec::new(),
                }
            }
            Err(faults) => {
                let weights = Weights::open(files).ok();
                Self {
                    family: family(),
                    description: None,
                    dtypes: weights.as_ref().map(Weights::dtypes).unwrap_or_default(),
                    file_bytes: weights.map_or(0, |weights| weights.bytes(files)),
                    faults,
                }
            }
        }
    }

    /// Looks at the tokenizer too, and at the memory of this machine.
    pub fn rest(&self, files: &Files) -> Rest {
        let mut faults = Vec::new();
        let tokens = || match Checkpoint::look(files.clone()) {
            Ok(checkpoint) => Some(checkpoint.tokenizer()),
            // Where other things are wrong, it is still worth knowing whether this is.
            Err(_) if files.has("tokenizer.json") => {
                let (values, file) = said(files)?;
                let interface = said_by(&files.place(), &file, &values).ok()?.architecture.interface();
                let opened = Tokens::open(files, None, &interface, &interface.ends);
                Some(opened.map_err(|fault| CheckpointError::Tokens { place: files.place(), fault }))
            }
            Err(_) => None,
        };
        let tokenizer = match tokens() {
            None => None,
            Some(Ok(tokens)) => Some(tokens.facts()),
            Some(Err(fault)) => {
                faults.push(fault);
                None
            }
        };
        let available = Available::here();
        let needed = self.description.as_ref().map(|description| description.memory);
        if let (Some(needed), Some(available)) = (needed, available)
            && needed > available.bytes
        {
            let needs = Needs { weights: needed, batch: 0 };
            let (place, remedy) = (files.place(), LESS.to_owned());
            faults.push(CheckpointError::Memory { place, needs, batch_tokens: 0, available, remedy });
        }
        Rest { tokenizer, available: available.map(|available| available.bytes), faults }
    }
}

/// The config, or what amounts to it, and the file that it is in.
fn said(files: &Files) -> Option<(Map<String, Value>, String)> {
    match Checkpoint::whole(files).ok()? {
        Some(file) => Some((Checkpoint::translated(files, &file).ok()?.0, file)),
        None => Some((object(files, "config.json").ok()??, "config.json".to_owned())),
    }
}

impl CheckpointError {
    /// What can be done about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Folder { .. } => "name a folder that is there and may be read",
            Self::Absent { wanted, .. } if wanted.contains("tokenizer") => {
                "write it with transformers: `AutoTokenizer.from_pretrained(folder).save_pretrained(folder)`"
            }
            Self::Absent { .. } => "copy or download the whole checkpoint",
            Self::Read { .. } => "check its permissions",
            Self::Json { .. } => "download the file again",
            Self::Family { .. } => "serve it with vLLM, TGI or llama.cpp, or take a model of another family",
            Self::Config { .. } => {
                "take a checkpoint that transformers can load, with weights in a plain format"
            }
            Self::Tensors { .. } => "take config and weights from the same checkpoint",
            Self::Several { .. } => "name one of the files",
            Self::NotQuantized { .. } => "leave `weights: quantized` out",
            Self::Weights { .. } => "download the weights again",
            Self::Tokens { .. } => "take the tokenizer of the same checkpoint",
            Self::Threads(_) => "allow the program more threads",
            Self::Memory { .. } => LESS,
        }
    }
}
