//! The format of `torch.save`: a zip with a pickle that describes the tensors, and a file for each storage.

use std::{
    collections::BTreeMap,
    io::{Read as _, Seek},
};

use zip::{CompressionMethod, ZipArchive};

use super::{
    Dtype, Files, Format, Order, Place, Tensor, WeightsError,
    unpickle::{Id, Value, Values},
};

/// Pickles beyond this are refused; those of the largest models have a few megabytes.
const LONGEST_PICKLE: u64 = 256 << 20;

/// What the pickle says, checked against the zip.
pub(super) fn tensors(files: &Files, file: &str) -> Result<BTreeMap<String, Tensor>, WeightsError> {
    let fault = |fault: String| WeightsError::File { file: file.to_owned(), fault };
    let reader = files.reader(file).map_err(|source| WeightsError::Read { file: file.to_owned(), source })?;
    let mut zip = ZipArchive::new(reader).map_err(|error| {
        fault(format!("is no zip, as PyTorch writes since 1.6 ({error}); is the download complete?"))
    })?;
    let name = zip
        .file_names()
        .filter_map(Result::ok)
        .find(|name| *name == "data.pkl" || name.ends_with("/data.pkl"));
    let name = name.map(std::borrow::Cow::into_owned).ok_or_else(|| fault("holds no `data.pkl`".into()))?;
    let folder = name.strip_suffix("data.pkl").unwrap_or_default();

    let pickle = read(&mut zip, &name).map_err(fault)?;
    let values = Values::read(&pickle).map_err(|what| fault(format!("has a pickle that {what}")))?;
    let entries = values.entries().ok_or_else(|| fault("is not a dictionary of tensors".into()))?;
    let mut tensors = BTreeMap::new();
    for (key, value) in entries {
        let (Some(name), Some(stored)) = (values.text(*key), stored(&values, *value)) else { continue };
        let tensor = place(&mut zip, file, folder, stored)
            .map_err(|what| fault(format!("describes tensor `{name}` wrongly: {what}")))?;
        tensors.insert(name.to_owned(), tensor);
    }
    Ok(tensors)
}

/// A tensor in the pickle's words.
struct Stored<'a> {
    storage: &'a str,
    /// The file with its elements.
    key: &'a str,
    offset: usize,
    shape: Vec<usize>,
    strides: Vec<usize>,
}

fn read(zip: &mut ZipArchive<impl std::io::Read + Seek>, name: &str) -> Result<Vec<u8>, String> {
    let entry = zip.by_name(name).map_err(|error| format!("does not give `{name}`: {error}"))?;
    let mut bytes = Vec::new();
    entry
        .take(LONGEST_PICKLE + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("does not give `{name}`: {error}"))?;
    if bytes.len() as u64 > LONGEST_PICKLE {
        return Err(format!("has a `{name}` of more than {LONGEST_PICKLE} bytes, which is refused"));
    }
    Ok(bytes)
}

/// `None` where the value is no tensor.
fn stored(values: &Values, id: Id) -> Option<Stored<'_>> {
    let Value::Call(callable, arguments) = values.get(id) else { return None };
    let Value::Global(module, name) = values.get(*callable) else { return None };
    let arguments = values.tuple(*arguments)?;
    match (module.as_str(), name.as_str()) {
        ("torch._utils", "_rebuild_tensor_v2") => {
            let [storage, offset, shape, strides, ..] = arguments else { return None };
            let Value::Persistent(storage) = values.get(*storage) else { return None };
            let [_, kind, key, ..] = values.tuple(*storage)? else { return None };
            let Value::Global(_, kind) = values.get(*kind) else { return None };
            let sizes =
                |id: Id| values.tuple(id)?.iter().map(|size| values.size(*size)).collect::<Option<Vec<_>>>();
            Some(Stored {
                storage: kind,
                key: values.text(*key)?,
                offset: values.size(*offset)?,
                shape: sizes(*shape)?,
                strides: sizes(*strides)?,
            })
        }
        // A parameter is a tensor in one more wrapping; wrappings of wrappings do not occur.
        ("torch._utils", "_rebuild_parameter") => {
            let inner = *arguments.first()?;
            if let Value::Call(callable, _) = values.get(inner)
                && matches!(values.get(*callable), Value::Global(_, name) if name == "_rebuild_tensor_v2")
            {
                stored(values, inner)
            } else {
                None
            }
        }
        _ => None,
    }
}

fn place(
    zip: &mut ZipArchive<impl std::io::Read + Seek>,
    file: &str,
    folder: &str,
    stored: Stored<'_>,
) -> Result<Tensor, String> {
    let Stored { storage, key, offset, shape, strides } = stored;
    // A length of 0 must not hide what the others come to.
    if shape.iter().try_fold(1_usize, |product, len| product.checked_mul((*len).max(1))).is_none() {
        return Err(format!("shape {shape:?} has more elements than any machine holds"));
    }
    let dtype = match storage {
        "DoubleStorage" => Dtype::Read(Format::F64),
        "FloatStorage" => Dtype::Read(Format::F32),
        "HalfStorage" => Dtype::Read(Format::F16),
        "BFloat16Storage" => Dtype::Read(Format::Bf16),
        other => {
            let dtype = Dtype::Other(other.to_owned());
            let place = Place::Bytes(0..0, Order::Same);
            return Ok(Tensor { shape, dtype, file: file.to_owned(), place, plus: None });
        }
    };
    if shape.len() != strides.len() {
        return Err(format!("{} lengths and {} strides", shape.len(), strides.len()));
    }
    // One past the last element.
    let end = shape.iter().zip(&strides).try_fold(1_u64, |end, (len, stride)| {
        let last = (*len as u64).checked_sub(1)?;
        end.checked_add(last.checked_mul(*stride as u64)?)
    });
    let end = if shape.contains(&0) { Some(0) } else { end };
    let entry =
        zip.by_name(&format!("{folder}data/{key}")).map_err(|error| format!("storage `{key}`: {error}"))?;
    if entry.compression() != CompressionMethod::Stored {
        return Err(format!("storage `{key}` is compressed, which PyTorch does not do"));
    }
    let start = entry.data_start().ok_or_else(|| format!("storage `{key}` is nowhere"))?;
    let bytes = |elements: u64| dtype.bytes(elements).filter(|bytes| *bytes <= entry.size());
    let range =
        end.and_then(|end| Some(bytes(offset as u64)?..bytes(end.checked_add(offset as u64)?)?)).ok_or_else(
            || format!("storage `{key}` has {} bytes, fewer than shape {shape:?} takes", entry.size()),
        )?;
    let range = start + range.start..start + range.end;
    let place = if is_dense(&shape, &strides) {
        Place::Bytes(range, Order::Same)
    } else {
        Place::Strided(range, strides)
    };
    Ok(Tensor { shape, dtype, file: file.to_owned(), place, plus: None })
}

/// Whether elements lie row after row without gaps.
fn is_dense(shape: &[usize], strides: &[usize]) -> bool {
    let mut dense = 1;
    shape.iter().zip(strides).rev().all(|(len, stride)| {
        let here = *len == 1 || *stride == dense;
        dense *= len;
        here
    })
}
