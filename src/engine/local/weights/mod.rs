//! The tensors of a checkpoint: which file holds which, of what shape and number format, and their elements.

mod elements;
pub mod gguf;
mod index;
mod pickle;
mod safetensors;
mod unpickle;

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use super::{
    files::{Files, Handle},
    kernel::Format,
};
use elements::Order;
use gguf::Metadata;

pub use elements::{Elements, Layout};
pub(super) use index::shards;

/// All tensors of a checkpoint, not yet read.
#[derive(Debug)]
pub struct Weights {
    tensors: BTreeMap<String, Tensor>,
    /// The files that hold them, and the index where there is one.
    pub files: Vec<String>,
}

/// Where a tensor is.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Rows first.
    pub shape: Vec<usize>,
    /// Of each element.
    pub dtype: Dtype,
    file: String,
    place: Place,
    /// What is added to each element of a vector.
    plus: Option<f32>,
}

#[derive(Clone, Debug, PartialEq)]
enum Place {
    /// Row after row.
    Bytes(Range<u64>, Order),
    /// In these bytes, with these strides in elements.
    Strided(Range<u64>, Vec<usize>),
}

/// The number format of a tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dtype {
    /// One that is read.
    Read(Format),
    /// One that is not, by its name.
    Other(String),
}

/// Why tensors cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// The folder holds nothing of the kind.
    #[error("no weights; looked for {}", WEIGHTS.join(", "))]
    Absent,
    /// The system refused.
    #[error("`{file}` cannot be read: {source}")]
    Read {
        /// Within the checkpoint.
        file: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not what its name says, or not all there.
    #[error("`{file}` {fault}")]
    File {
        /// Within the checkpoint.
        file: String,
        /// As the end of a sentence.
        fault: String,
    },
    /// The index names files that are not there.
    #[error("`{index}` names files that are missing: {}", files.join(", "))]
    Shards {
        /// Within the checkpoint.
        index: String,
        /// All that are missing.
        files: Vec<String>,
    },
    /// A tensor with NaN or infinite elements.
    #[error(
        "tensor `{tensor}` holds numbers that are not finite; the file is damaged, or its training had diverged"
    )]
    NotFinite {
        /// Its name.
        tensor: String,
    },
}

/// What is looked for, in this order.
pub const WEIGHTS: [&str; 4] = [
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
];

impl Weights {
    /// Reads the headers.
    pub fn open(files: &Files) -> Result<Self, WeightsError> {
        let name = WEIGHTS.into_iter().find(|name| files.has(name)).ok_or(WeightsError::Absent)?;
        let mut weights = Self { tensors: BTreeMap::new(), files: Vec::new() };
        if has_extension(name, "json") {
            for shard in index::there(files, name)? {
                weights.add(files, shard)?;
            }
            weights.files.push(name.to_owned());
        } else {
            weights.add(files, name.to_owned())?;
        }
        Ok(weights)
    }

    /// Reads the header of a GGUF file, or of all that it is one part of, and what it says beside the tensors.
    pub fn open_gguf(files: &Files, file: &str) -> Result<(Self, Metadata), WeightsError> {
        let (metadata, tensors, files) = gguf::open(files, file)?;
        Ok((Self { tensors, files }, metadata))
    }

    /// Gives tensors other names, and their elements another order; one may become several.
    pub(super) fn rename(&mut self, rename: impl Fn(String, Tensor) -> Vec<(String, Tensor)>) {
        let tensors = std::mem::take(&mut self.tensors).into_iter();
        self.tensors = tensors.flat_map(|(name, tensor)| rename(name, tensor)).collect();
    }

    /// A tensor by its name.
    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.tensors.get(name)
    }

    /// All names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// The number formats of all tensors.
    pub fn dtypes(&self) -> Vec<String> {
        let names: BTreeSet<&str> = self.tensors.values().map(|tensor| tensor.dtype.name()).collect();
        names.into_iter().map(str::to_owned).collect()
    }

    /// Bytes of the files.
    pub fn bytes(&self, files: &Files) -> u64 {
        self.files.iter().filter_map(|file| files.len(file).ok()).sum()
    }

    /// The elements of a tensor that is there, as the columns of a matrix of this layout; where it holds the matrices of all
    /// experts, one's.
    ///
    /// # Panics
    /// If there is no such tensor or expert, or its format is not read.
    pub fn elements(
        &self,
        files: &Files,
        name: &str,
        layout: Layout,
        expert: Option<usize>,
    ) -> Result<Elements, WeightsError> {
        let (tensor, format, handle) = self.find(files, name)?;
        match expert {
            None => Elements::open(handle, name, tensor, format, layout),
            Some(expert) => Elements::open(handle, name, &tensor.of_expert(expert, format), format, layout),
        }
    }

    /// All elements of a tensor that is there, row after row.
    ///
    /// # Panics
    /// If there is no such tensor, or its format is not read.
    pub fn floats(&self, files: &Files, name: &str) -> Result<Vec<f32>, WeightsError> {
        let (tensor, format, handle) = self.find(files, name)?;
        let floats = tensor.floats(&handle, format);
        floats.map_err(|source| WeightsError::Read { file: tensor.file.clone(), source })
    }

    fn find(&self, files: &Files, name: &str) -> Result<(&Tensor, Format, Handle), WeightsError> {
        let tensor = &self.tensors[name];
        let Dtype::Read(format) = tensor.dtype else {
            panic!("tensor `{name}` holds {}", tensor.dtype.name())
        };
        let handle = files.open(&tensor.file);
        let handle = handle.map_err(|source| WeightsError::Read { file: tensor.file.clone(), source })?;
        Ok((tensor, format, handle))
    }

    fn add(&mut self, files: &Files, file: String) -> Result<(), WeightsError> {
        let tensors = if has_extension(&file, "safetensors") {
            safetensors::tensors(files, &file)?
        } else {
            pickle::tensors(files, &file)?
        };
        self.tensors.extend(tensors);
        self.files.push(file);
        Ok(())
    }
}

/// Whether a file is named like one of GGUF.
pub(super) fn is_gguf(name: &str) -> bool {
    has_extension(name, "gguf")
}

fn has_extension(name: &str, extension: &str) -> bool {
    std::path::Path::new(name).extension().is_some_and(|own| own == extension)
}

impl Tensor {
    /// How many elements it has.
    pub fn elements(&self) -> u64 {
        self.shape.iter().map(|len| *len as u64).product()
    }
}

impl Tensor {
    /// Bytes of its elements in the file.
    pub fn bytes(&self) -> u64 {
        self.dtype.bytes(self.elements()).unwrap_or_default()
    }
}

impl Dtype {
    /// As in messages and the record.
    pub fn name(&self) -> &str {
        match self {
            Self::Read(format) => format.name(),
            Self::Other(name) => name,
        }
    }

    /// Formats that are read, for messages.
    pub fn read() -> String {
        Format::ALL.map(Format::name).join(", ")
    }

    /// The bytes of so many elements, where they are whole blocks of a format that is read.
    fn bytes(&self, elements: u64) -> Option<u64> {
        let Self::Read(format) = self else { return None };
        let (size, bytes) = format.block();
        elements.is_multiple_of(size as u64).then(|| (elements / size as u64).checked_mul(bytes as u64))?
    }
}
