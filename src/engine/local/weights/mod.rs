//! The tensors of a checkpoint: which file holds which, of what shape and number format, and their elements.

mod pickle;
mod safetensors;
mod unpickle;

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use serde_json::Value;

use super::{files::Files, kernel};

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
}

#[derive(Clone, Debug, PartialEq)]
enum Place {
    /// In the file as it lies.
    Bytes(Range<u64>),
    /// In some bytes of the file, with these strides in elements.
    Strided(Range<u64>, Vec<usize>),
}

/// Number formats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dtype {
    /// IEEE, 64 bits.
    F64,
    /// IEEE, 32 bits.
    F32,
    /// IEEE, 16 bits.
    F16,
    /// The upper half of an f32.
    Bf16,
    /// One that is not read.
    Other(String),
}

/// The elements of a tensor, row after row, as the file has them.
pub struct Elements {
    dtype: Dtype,
    bytes: Cow<'static, [u8]>,
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
            for shard in shards(files, name)? {
                weights.add(files, shard)?;
            }
            weights.files.push(name.to_owned());
        } else {
            weights.add(files, name.to_owned())?;
        }
        Ok(weights)
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

    /// The elements of a tensor that is there.
    pub fn read(&self, files: &Files, name: &str) -> Result<Elements, WeightsError> {
        let tensor = &self.tensors[name];
        let (Place::Bytes(range) | Place::Strided(range, _)) = &tensor.place;
        let bytes = files
            .part(&tensor.file, range.clone())
            .map_err(|source| WeightsError::Read { file: tensor.file.clone(), source })?;
        let bytes = match &tensor.place {
            Place::Bytes(_) => bytes,
            Place::Strided(_, strides) => in_rows(&bytes, tensor, strides).into(),
        };
        Ok(Elements { dtype: tensor.dtype.clone(), bytes })
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

fn has_extension(name: &str, extension: &str) -> bool {
    std::path::Path::new(name).extension().is_some_and(|own| own == extension)
}

/// The elements of a strided tensor, row after row.
fn in_rows(bytes: &[u8], tensor: &Tensor, strides: &[usize]) -> Vec<u8> {
    let size = tensor.dtype.bytes().unwrap_or(1) as usize;
    let mut starts = vec![0];
    for (len, stride) in tensor.shape.iter().zip(strides) {
        starts = starts.iter().flat_map(|start| (0..*len).map(move |at| start + at * stride)).collect();
    }
    starts.iter().flat_map(|start| &bytes[start * size..][..size]).copied().collect()
}

/// The files that an index names, which must all be in the same folder.
fn shards(files: &Files, index: &str) -> Result<Vec<String>, WeightsError> {
    let fault = |fault: String| WeightsError::File { file: index.to_owned(), fault };
    let text = files.read(index).map_err(|source| WeightsError::Read { file: index.to_owned(), source })?;
    let json: Value =
        serde_json::from_slice(&text).map_err(|error| fault(format!("is not valid JSON: {error}")))?;
    let map = json.get("weight_map").and_then(Value::as_object);
    let map = map.ok_or_else(|| fault("has no object `weight_map`".into()))?;
    let mut shards = BTreeSet::new();
    for (tensor, shard) in map {
        // Nothing but a plain name, so that a checkpoint never reaches out of its folder.
        let plain = shard.as_str().filter(|name| {
            !name.contains(['/', '\\', '\0'])
                && (has_extension(name, "safetensors") || has_extension(name, "bin"))
        });
        let shard = plain
            .ok_or_else(|| fault(format!("names {shard} for `{tensor}`; a file beside it is allowed")))?;
        shards.insert(shard.to_owned());
    }
    let (there, missing): (Vec<String>, Vec<String>) = shards.into_iter().partition(|shard| files.has(shard));
    if missing.is_empty() {
        Ok(there)
    } else {
        Err(WeightsError::Shards { index: index.to_owned(), files: missing })
    }
}

impl Tensor {
    /// How many elements it has.
    pub fn elements(&self) -> u64 {
        self.shape.iter().map(|len| *len as u64).product()
    }
}

impl Dtype {
    /// Formats that are read.
    pub const READ: &'static str = "f32, f16, bf16, f64";

    /// As in messages and the record.
    pub fn name(&self) -> &str {
        match self {
            Self::F64 => "f64",
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
            Self::Other(name) => name,
        }
    }

    fn bytes(&self) -> Option<u64> {
        match self {
            Self::F64 => Some(8),
            Self::F32 => Some(4),
            Self::F16 | Self::Bf16 => Some(2),
            Self::Other(_) => None,
        }
    }
}

impl Elements {
    /// All of them as f32.
    pub fn floats(&self) -> Vec<f32> {
        match self.dtype {
            Dtype::F64 => self.bytes.as_chunks().0.iter().copied().map(f64_at).collect(),
            Dtype::F32 => self.bytes.as_chunks().0.iter().copied().map(f32_at).collect(),
            Dtype::F16 => self.bytes.as_chunks().0.iter().copied().map(f16_at).collect(),
            Dtype::Bf16 | Dtype::Other(_) => self.bytes.as_chunks().0.iter().copied().map(bf16_at).collect(),
        }
    }

    /// Copies columns of a matrix into those of a panel, beginning at the element `start`: element `(p, j)` of the result
    /// lies `p · row_stride + j · column_stride` after it.
    pub fn fill(
        &self,
        panel: &mut [[f32; 32]],
        to: Range<usize>,
        start: usize,
        row_stride: usize,
        column_stride: usize,
    ) {
        let strides = (row_stride, column_stride);
        match self.dtype {
            Dtype::F64 => self.fill_as(panel, to, start, strides, f64_at),
            Dtype::F32 => self.fill_as(panel, to, start, strides, f32_at),
            Dtype::F16 => self.fill_as(panel, to, start, strides, f16_at),
            Dtype::Bf16 | Dtype::Other(_) => self.fill_as(panel, to, start, strides, bf16_at),
        }
    }

    fn fill_as<const BYTES: usize>(
        &self,
        panel: &mut [[f32; 32]],
        to: Range<usize>,
        start: usize,
        (row_stride, column_stride): (usize, usize),
        widen: impl Fn([u8; BYTES]) -> f32,
    ) {
        kernel::fill(panel, to, &self.bytes.as_chunks().0[start..], row_stride, column_stride, widen);
    }
}

fn f64_at(bytes: [u8; 8]) -> f32 {
    f64::from_le_bytes(bytes) as f32
}

fn f32_at(bytes: [u8; 4]) -> f32 {
    f32::from_le_bytes(bytes)
}

fn f16_at(bytes: [u8; 2]) -> f32 {
    half::f16::from_le_bytes(bytes).to_f32()
}

fn bf16_at(bytes: [u8; 2]) -> f32 {
    half::bf16::from_le_bytes(bytes).to_f32()
}
