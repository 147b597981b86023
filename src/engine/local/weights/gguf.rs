//! GGUF: a header of typed values and the places of tensors, then the tensors. Every count, length and place is checked against
//! the file before anything is made of its size, so that a damaged or hostile header is an error and takes no memory to speak of.
//!
//! Source: the specification in the ggml repository (`docs/gguf.md`), versions 2 and 3.

mod read;

use std::collections::BTreeMap;

use super::{Dtype, Files, Format, Order, Place, Tensor, WeightsError};

use read::Bytes;

/// What a header says beside the tensors.
#[derive(Debug, Default)]
pub struct Metadata(BTreeMap<String, Value>);

/// A value of the header.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A whole number from 0 on.
    Unsigned(u64),
    /// A whole number of a signed type.
    Signed(i64),
    /// A number.
    Float(f64),
    /// Yes or no.
    Flag(bool),
    /// A text.
    Text(String),
    /// Texts.
    Texts(Vec<String>),
    /// Whole numbers that fit 32 bits with their sign.
    Integers(Vec<i32>),
    /// Numbers.
    Floats(Vec<f32>),
    /// Values of a sort that no model is described by.
    Others {
        /// How many.
        count: u64,
    },
}

impl Metadata {
    /// A value that is there.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    /// A text.
    pub fn text(&self, key: &str) -> Option<&str> {
        if let Value::Text(text) = self.get(key)? { Some(text) } else { None }
    }

    /// A whole number from 0 on.
    pub fn unsigned(&self, key: &str) -> Option<u64> {
        match *self.get(key)? {
            Value::Unsigned(number) => Some(number),
            Value::Signed(number) => number.try_into().ok(),
            _ => None,
        }
    }

    /// Yes or no.
    pub fn flag(&self, key: &str) -> Option<bool> {
        if let Value::Flag(flag) = *self.get(key)? { Some(flag) } else { None }
    }

    /// Texts.
    pub fn texts(&self, key: &str) -> Option<&[String]> {
        if let Value::Texts(texts) = self.get(key)? { Some(texts) } else { None }
    }

    /// Numbers.
    pub fn floats(&self, key: &str) -> Option<&[f32]> {
        if let Value::Floats(floats) = self.get(key)? { Some(floats) } else { None }
    }

    /// Whole numbers.
    pub fn integers(&self, key: &str) -> Option<&[i32]> {
        if let Value::Integers(integers) = self.get(key)? { Some(integers) } else { None }
    }
}

/// What tensors begin at multiples of, where the file does not say.
const ALIGNMENT: u64 = 32;
/// Dimensions that a tensor may have.
const DIMENSIONS: u32 = 4;

/// The files that a model is split over, in order, where the name is that of one of them (`NAME-00002-of-00003.gguf`); else
/// the file alone.
pub fn parts(file: &str) -> Vec<String> {
    let named = || {
        let (stem, end) = file.rsplit_once('.')?;
        let (stem, count) = stem.rsplit_once("-of-")?;
        let (stem, number) = stem.rsplit_once('-')?;
        let digits = |text: &str| text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit());
        let (number, count) = (digits(number) && digits(count))
            .then(|| Some((number.parse().ok()?, count.parse().ok()?)))??;
        let names = |number: u32| format!("{stem}-{number:05}-of-{count:05}.{end}");
        (1..=count).contains(&number).then(|| (1..=count).map(names).collect())
    };
    named().unwrap_or_else(|| vec![file.to_owned()])
}

/// Reads the headers of all parts and checks them against one another: what is said beside the tensors, which file holds
/// which, and the files.
pub(super) fn open(
    files: &Files,
    file: &str,
) -> Result<(Metadata, BTreeMap<String, Tensor>, Vec<String>), WeightsError> {
    let wrong = |file: &str, fault: String| WeightsError::File { file: file.to_owned(), fault };
    let names = parts(file);
    let missing: Vec<String> = names.iter().filter(|name| !files.has(name)).cloned().collect();
    if !missing.is_empty() && names.len() > 1 {
        return Err(WeightsError::Shards { index: file.to_owned(), files: missing });
    }
    let (metadata, mut tensors) = open_part(files, &names[0])?;
    let count = metadata.unsigned("split.count").unwrap_or(1).max(1);
    if count != names.len() as u64 {
        let fault = if count == 1 {
            format!(
                "is a whole model by its header, and one of {} parts by its name; give it another name",
                names.len()
            )
        } else {
            format!(
                "is one of {count} parts by its `split.count`, and not by its name; they are called `NAME-00001-of-{count:05}.gguf`"
            )
        };
        return Err(wrong(&names[0], fault));
    }
    for (number, name) in names.iter().enumerate().skip(1) {
        let (own, more) = open_part(files, name)?;
        if own.unsigned("split.no") != Some(number as u64) {
            let given = own.unsigned("split.no").map_or("no number".to_owned(), |given| given.to_string());
            return Err(wrong(name, format!("has {given} as `split.no`; by its name it is {number}")));
        }
        for (tensor, place) in more {
            if tensors.insert(tensor.clone(), place).is_some() {
                return Err(wrong(name, format!("has tensor `{tensor}`, which another part has too")));
            }
        }
    }
    let all = metadata.unsigned("split.tensors.count");
    if let Some(all) = all.filter(|all| *all != tensors.len() as u64) {
        let fault = format!("says that all parts have {all} tensors; they have {}", tensors.len());
        return Err(wrong(&names[0], fault));
    }
    Ok((metadata, tensors, names))
}

/// Reads the header and checks it against itself and the file.
fn open_part(files: &Files, file: &str) -> Result<(Metadata, BTreeMap<String, Tensor>), WeightsError> {
    let cannot_read = |source| WeightsError::Read { file: file.to_owned(), source };
    let len = files.len(file).map_err(cannot_read)?;
    let reader = files.reader(file).map_err(cannot_read)?;
    header(Bytes::new(reader, len), file).map_err(|fault| match fault {
        read::Fault::Read(source) => cannot_read(source),
        read::Fault::Wrong(fault) => WeightsError::File { file: file.to_owned(), fault },
    })
}

fn header(mut bytes: Bytes, file: &str) -> Result<(Metadata, BTreeMap<String, Tensor>), read::Fault> {
    if bytes.len() < 24 {
        return Err(format!("has {} bytes, too few for GGUF; is the download complete?", bytes.len()).into());
    }
    if bytes.take::<4>()? != *b"GGUF" {
        return Err("does not begin with `GGUF`, so it is no GGUF file".to_owned().into());
    }
    match bytes.u32()? {
        2 | 3 => {}
        version if version.swap_bytes() <= 3 => {
            return Err("is written for big-endian machines; little-endian files are read".to_owned().into());
        }
        version => {
            return Err(format!("is GGUF of version {version}; versions 2 and 3 are read").into());
        }
    }
    let (tensor_count, value_count) = (bytes.u64()?, bytes.u64()?);
    // The shortest value: a length, a type, a byte. The shortest tensor: a length, no dimensions, a type, a place.
    bytes.fits("values", value_count, 8 + 4 + 1)?;
    bytes.fits("tensors", tensor_count, 8 + 4 + 4 + 8)?;

    let mut values = BTreeMap::new();
    for _ in 0..value_count {
        let key = bytes.text("a key")?;
        let value = bytes.value(&key)?;
        if values.insert(key.clone(), value).is_some() {
            return Err(format!("has two values called `{key}`").into());
        }
    }
    let metadata = Metadata(values);
    let alignment = alignment(&metadata)?;
    let mut listed = Vec::new();
    for _ in 0..tensor_count {
        listed.push(entry(&mut bytes)?);
    }
    let data = bytes.at().next_multiple_of(alignment);
    let tensors = place(file, listed, data, alignment, bytes.len())?;
    Ok((metadata, tensors))
}

fn alignment(metadata: &Metadata) -> Result<u64, String> {
    const KEY: &str = "general.alignment";
    match metadata.get(KEY) {
        None => Ok(ALIGNMENT),
        Some(Value::Unsigned(alignment)) if alignment.is_power_of_two() && *alignment <= 1 << 20 => {
            Ok(*alignment)
        }
        Some(other) => Err(format!("has `{KEY}` {other:?}; a power of two up to 2^20 is allowed")),
    }
}

/// A tensor as the header lists it.
struct Entry {
    name: String,
    /// The innermost first.
    shape: Vec<u64>,
    kind: u32,
    offset: u64,
}

fn entry(bytes: &mut Bytes) -> Result<Entry, read::Fault> {
    let name = bytes.text("a tensor's name")?;
    let dimensions = bytes.u32()?;
    if dimensions > DIMENSIONS {
        return Err(format!(
            "gives tensor `{name}` {dimensions} dimensions; at most {DIMENSIONS} are allowed"
        )
        .into());
    }
    let shape = (0..dimensions).map(|_| bytes.u64()).collect::<Result<_, _>>()?;
    Ok(Entry { name, shape, kind: bytes.u32()?, offset: bytes.u64()? })
}

/// Tensors lie within the file, each at a place of its own.
fn place(
    file: &str,
    mut listed: Vec<Entry>,
    data: u64,
    alignment: u64,
    len: u64,
) -> Result<BTreeMap<String, Tensor>, String> {
    listed.sort_by_key(|a| a.offset);
    let mut free = data;
    let mut tensors = BTreeMap::new();
    for Entry { name, shape, kind, offset } in listed {
        if !offset.is_multiple_of(alignment) {
            return Err(format!(
                "puts tensor `{name}` at byte {offset} of its data, which is no multiple of {alignment}"
            ));
        }
        let dtype = dtype(kind);
        let bytes = size(&dtype, &shape)
            .map_err(|why| format!("gives tensor `{name}` shape {:?} of {}, {why}", shape, dtype.name()))?;
        let end = data.checked_add(offset).and_then(|start| start.checked_add(bytes));
        let end = end.filter(|end| *end <= len).ok_or_else(|| {
            format!(
                "puts tensor `{name}`, {bytes} bytes, at byte {offset} of its data, which has {}; is the download complete?",
                len.saturating_sub(data)
            )
        })?;
        let start = data + offset;
        if start < free {
            return Err(format!("puts tensor `{name}` where another one lies"));
        }
        free = end;
        let shape = shape.iter().rev().map(|len| *len as usize).collect();
        let place = Place::Bytes(start..end, Order::Same);
        let tensor = Tensor { shape, dtype, file: file.to_owned(), place, plus: None };
        if tensors.insert(name.clone(), tensor).is_some() {
            return Err(format!("has two tensors called `{name}`"));
        }
    }
    Ok(tensors)
}

/// The bytes that a tensor takes; 0 of a type whose size is not known here.
fn size(dtype: &Dtype, shape: &[u64]) -> Result<u64, &'static str> {
    let elements = shape.iter().try_fold(1_u64, |product, len| product.checked_mul(*len));
    let elements = elements.filter(|elements| usize::try_from(*elements).is_ok());
    let elements = elements.ok_or("more elements than any machine holds")?;
    let Dtype::Read(format) = dtype else { return Ok(0) };
    let block = format.block().0 as u64;
    if !shape.first().is_none_or(|row| row.is_multiple_of(block)) {
        return Err("whose rows are no whole blocks");
    }
    dtype.bytes(elements).ok_or("more bytes than any machine holds")
}

/// ggml's numbers of types.
fn dtype(kind: u32) -> Dtype {
    /// Types that are not read, by their names.
    const OTHERS: [(u32, &str); 25] = [
        (9, "q8_1"),
        (10, "q2_k"),
        (11, "q3_k"),
        (15, "q8_k"),
        (16, "iq2_xxs"),
        (17, "iq2_xs"),
        (18, "iq3_xxs"),
        (19, "iq1_s"),
        (20, "iq4_nl"),
        (21, "iq3_s"),
        (22, "iq2_s"),
        (23, "iq4_xs"),
        (24, "i8"),
        (25, "i16"),
        (26, "i32"),
        (27, "i64"),
        (29, "iq1_m"),
        (31, "q4_0_4_4"),
        (32, "q4_0_4_8"),
        (33, "q4_0_8_8"),
        (34, "tq1_0"),
        (35, "tq2_0"),
        (36, "iq4_nl_4_4"),
        (39, "mxfp4"),
        (40, "nvfp4"),
    ];
    Dtype::Read(match kind {
        0 => Format::F32,
        1 => Format::F16,
        2 => Format::Q4_0,
        3 => Format::Q4_1,
        6 => Format::Q5_0,
        7 => Format::Q5_1,
        8 => Format::Q8_0,
        12 => Format::Q4K,
        13 => Format::Q5K,
        14 => Format::Q6K,
        28 => Format::F64,
        30 => Format::Bf16,
        other => {
            let name = OTHERS.iter().find(|(kind, _)| *kind == other).map(|(_, name)| (*name).to_owned());
            return Dtype::Other(name.unwrap_or_else(|| format!("ggml's type {other}")));
        }
    })
}
