//! PyTorch's own format, a pickle in a zip, through candle, which runs none of the code that a pickle can hold.

use std::collections::BTreeMap;

use candle_core::{DType, pickle::PthTensors};

use super::{Dtype, Elements, Files, Place, Tensor, WeightsError};

/// What the pickle says.
pub(super) fn tensors(files: &Files, file: &str) -> Result<BTreeMap<String, Tensor>, WeightsError> {
    let infos = open(files, file)?;
    let tensors = infos.tensor_infos().iter().map(|(name, info)| {
        let dtype = match info.dtype {
            DType::F64 => Dtype::F64,
            DType::F32 => Dtype::F32,
            DType::F16 => Dtype::F16,
            DType::BF16 => Dtype::Bf16,
            other => Dtype::Other(format!("{other:?}")),
        };
        let shape = info.layout.dims().to_vec();
        (name.clone(), Tensor { shape, dtype, file: file.to_owned(), place: Place::Pickled })
    });
    Ok(tensors.collect())
}

/// The elements of one tensor, widened to f32.
pub(super) fn read(files: &Files, file: &str, name: &str) -> Result<Elements, WeightsError> {
    let fault = |fault: String| WeightsError::File { file: file.to_owned(), fault };
    let unread = |error: candle_core::Error| fault(format!("does not give tensor `{name}`: {error}"));
    let tensor = open(files, file)?.get(name).map_err(unread)?;
    let tensor = tensor.ok_or_else(|| fault(format!("lost tensor `{name}` while it was read")))?;
    let floats = tensor
        .flatten_all()
        .and_then(|tensor| tensor.to_dtype(DType::F32))
        .and_then(|tensor| tensor.to_vec1::<f32>())
        .map_err(unread)?;
    let bytes: Vec<u8> = floats.into_iter().flat_map(f32::to_le_bytes).collect();
    Ok(Elements { dtype: Dtype::F32, bytes: bytes.into() })
}

fn open(files: &Files, file: &str) -> Result<PthTensors, WeightsError> {
    let fault = |fault: String| WeightsError::File { file: file.to_owned(), fault };
    let path =
        files.path(file).ok_or_else(|| fault("is a pickle inside the program, which is not read".into()))?;
    PthTensors::new(path, None).map_err(|error| {
        fault(format!("is not a readable PyTorch file (a zip, as written since PyTorch 1.6): {error}"))
    })
}
