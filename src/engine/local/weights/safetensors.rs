//! The safetensors format: eight bytes that say how long the header is, a header in JSON, then the tensors. Read without
//! mapping the file, so that a file which shrinks meanwhile is an error and not the end of the process.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{Dtype, Files, Format, Order, Place, Tensor, WeightsError};

/// Headers beyond this are refused, as by the format's own library.
const LONGEST_HEADER: u64 = 100_000_000;

#[derive(Deserialize)]
struct Entry {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: [u64; 2],
}

/// What the header says, checked against itself and the file.
pub(super) fn tensors(files: &Files, file: &str) -> Result<BTreeMap<String, Tensor>, WeightsError> {
    let fault = |fault: String| WeightsError::File { file: file.to_owned(), fault };
    let cannot_read = |source| WeightsError::Read { file: file.to_owned(), source };
    let len = files.len(file).map_err(cannot_read)?;
    if len < 8 {
        return Err(fault(format!(
            "has {len} bytes, too few for a safetensors file; is the download complete?"
        )));
    }
    let first = files.part(file, 0..8).map_err(cannot_read)?;
    let header = u64::from_le_bytes(first.as_ref().try_into().expect("eight bytes were read"));
    if header > LONGEST_HEADER {
        return Err(fault(format!(
            "says that its header has {header} bytes; at most {LONGEST_HEADER} are allowed, so it is no safetensors file"
        )));
    }
    let data = 8 + header;
    if data > len {
        return Err(fault(format!(
            "says that its header ends at byte {data}, but has {len}; is the download complete?"
        )));
    }
    let text = files.part(file, 8..data).map_err(cannot_read)?;
    let entries: BTreeMap<String, Value> = serde_json::from_slice(&text)
        .map_err(|error| fault(format!("has a header that is not valid JSON: {error}")))?;

    let mut tensors = BTreeMap::new();
    for (name, entry) in entries {
        if name == "__metadata__" {
            continue;
        }
        let entry: Entry = serde_json::from_value(entry).map_err(|error| {
            fault(format!("describes tensor `{name}` in a way that is not understood: {error}"))
        })?;
        let tensor = tensor(file, &name, &entry, data, len).map_err(fault)?;
        tensors.insert(name, tensor);
    }
    in_line(&tensors, data, len).map_err(fault)?;
    Ok(tensors)
}

fn tensor(file: &str, name: &str, entry: &Entry, data: u64, len: u64) -> Result<Tensor, String> {
    let dtype = match entry.dtype.as_str() {
        "F64" => Dtype::Read(Format::F64),
        "F32" => Dtype::Read(Format::F32),
        "F16" => Dtype::Read(Format::F16),
        "BF16" => Dtype::Read(Format::Bf16),
        other => Dtype::Other(other.to_owned()),
    };
    let [begin, end] = entry.data_offsets;
    if begin > end || end > len - data {
        return Err(format!(
            "puts tensor `{name}` at bytes {begin} to {end} of its data, which has {}; is the download complete?",
            len - data
        ));
    }
    let elements = entry.shape.iter().try_fold(1_u64, |product, len| product.checked_mul(*len));
    let bytes = elements.and_then(|elements| dtype.bytes(elements));
    if matches!(dtype, Dtype::Read(_)) && bytes != Some(end - begin) {
        return Err(format!(
            "gives tensor `{name}` {} bytes, which is not what shape {:?} of {} takes",
            end - begin,
            entry.shape,
            dtype.name()
        ));
    }
    if elements.is_none() {
        return Err(format!(
            "gives tensor `{name}` shape {:?}, more elements than any machine holds",
            entry.shape
        ));
    }
    let shape = entry.shape.iter().map(|len| usize::try_from(*len).map_err(|error| error.to_string()));
    let shape = shape.collect::<Result<_, _>>()?;
    Ok(Tensor {
        shape,
        dtype,
        file: file.to_owned(),
        place: Place::Bytes(data + begin..data + end, Order::Same),
        plus: None,
    })
}

/// Tensors lie one after the other and fill the file; anything else is damage or a trick.
fn in_line(tensors: &BTreeMap<String, Tensor>, data: u64, len: u64) -> Result<(), String> {
    let mut places: Vec<(u64, u64, &str)> = tensors
        .iter()
        .filter_map(|(name, tensor)| match &tensor.place {
            Place::Bytes(range, _) => Some((range.start, range.end, name.as_str())),
            Place::Strided(..) => None,
        })
        .collect();
    places.sort_unstable();
    let mut free = data;
    for (begin, end, name) in places {
        if begin < free {
            return Err(format!("puts tensor `{name}` where another one lies"));
        }
        if begin > free {
            return Err(format!("leaves {} bytes before tensor `{name}` that belong to none", begin - free));
        }
        free = end;
    }
    if free < len {
        return Err(format!("has {} bytes after its last tensor that belong to none", len - free));
    }
    Ok(())
}
