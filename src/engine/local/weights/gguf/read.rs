//! The values of a GGUF header, in their order, each against the bytes that are left.

use std::io::{self, Read};

use super::Value;
use crate::engine::local::files::ReadSeek;

/// Headers beyond this are refused; those of the largest vocabularies have a tenth of it.
const LONGEST: u64 = 128 << 20;
/// Bytes of a key or a tensor's name; the format allows keys of 65535 and names of 64.
const LONGEST_NAME: u64 = 65_535;

/// A header that is being read.
pub(super) struct Bytes {
    reader: Box<dyn ReadSeek>,
    at: u64,
    /// Of the whole file.
    len: u64,
}

/// Why a header cannot be had.
pub(super) enum Fault {
    /// The system refused.
    Read(io::Error),
    /// As the end of a sentence.
    Wrong(String),
}

impl From<String> for Fault {
    fn from(fault: String) -> Self {
        Self::Wrong(fault)
    }
}

impl Bytes {
    pub(super) fn new(reader: Box<dyn ReadSeek>, len: u64) -> Self {
        Self { reader, at: 0, len }
    }

    /// Bytes that were read.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// Bytes of the whole file.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    pub(super) fn take<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        self.fits("bytes", N as u64, 1)?;
        let mut bytes = [0; N];
        self.reader.read_exact(&mut bytes).map_err(Fault::Read)?;
        self.at += N as u64;
        Ok(bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Fault> {
        self.take().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, Fault> {
        self.take().map(u64::from_le_bytes)
    }

    /// An error if so many things of at least this size are more than is left of a header.
    pub(super) fn fits(&self, what: &str, count: u64, size: u64) -> Result<(), Fault> {
        let left = self.len.min(LONGEST) - self.at;
        if count.checked_mul(size).is_some_and(|bytes| bytes <= left) {
            return Ok(());
        }
        let why = if self.len > LONGEST {
            format!("at most {LONGEST} bytes of header are allowed")
        } else {
            format!("the file has {left} bytes more; is the download complete?")
        };
        Err(Fault::Wrong(format!("says at byte {} that {count} {what} follow, and {why}", self.at)))
    }

    /// A key or a name.
    pub(super) fn text(&mut self, what: &str) -> Result<String, Fault> {
        let text = self.long_text(what)?;
        if text.is_empty() || text.len() as u64 > LONGEST_NAME {
            return Err(format!("has {what} of {} bytes before byte {}", text.len(), self.at).into());
        }
        Ok(text)
    }

    fn long_text(&mut self, what: &str) -> Result<String, Fault> {
        let len = self.u64()?;
        self.fits("bytes of text", len, 1)?;
        let mut bytes = vec![0; len as usize];
        self.reader.read_exact(&mut bytes).map_err(Fault::Read)?;
        self.at += len;
        String::from_utf8(bytes)
            .map_err(|_| format!("has {what} that is not UTF-8, before byte {}", self.at).into())
    }

    /// A value of any type.
    pub(super) fn value(&mut self, key: &str) -> Result<Value, Fault> {
        const ARRAY: u32 = 9;
        match self.u32()? {
            ARRAY => self.array(key),
            kind => self.scalar(key, kind),
        }
    }

    fn scalar(&mut self, key: &str, kind: u32) -> Result<Value, Fault> {
        Ok(match kind {
            0 => Value::Unsigned(self.take().map(u8::from_le_bytes)?.into()),
            1 => Value::Signed(self.take().map(i8::from_le_bytes)?.into()),
            2 => Value::Unsigned(self.take().map(u16::from_le_bytes)?.into()),
            3 => Value::Signed(self.take().map(i16::from_le_bytes)?.into()),
            4 => Value::Unsigned(self.u32()?.into()),
            5 => Value::Signed(self.take().map(i32::from_le_bytes)?.into()),
            6 => Value::Float(self.take().map(f32::from_le_bytes)?.into()),
            7 => match self.take()? {
                [0] => Value::Flag(false),
                [1] => Value::Flag(true),
                [other] => return Err(format!("has `{key}` {other}; a truth value is 0 or 1").into()),
            },
            8 => Value::Text(self.long_text(&format!("a text, `{key}`,"))?),
            10 => Value::Unsigned(self.u64()?),
            11 => Value::Signed(self.take().map(i64::from_le_bytes)?),
            12 => Value::Float(self.take().map(f64::from_le_bytes)?),
            other => return Err(format!("has `{key}` of type {other}, which there is not").into()),
        })
    }

    fn array(&mut self, key: &str) -> Result<Value, Fault> {
        let (kind, count) = (self.u32()?, self.u64()?);
        let size = match kind {
            0 | 1 | 7 => 1,
            2 | 3 => 2,
            4..=6 => 4,
            8 | 10..=12 => 8,
            9 => return Err(format!("has `{key}` of arrays within an array, which no model needs").into()),
            other => {
                return Err(format!("has `{key}` of an array of type {other}, which there is not").into());
            }
        };
        self.fits(&format!("values of `{key}`"), count, size)?;
        Ok(match kind {
            4 => Value::Integers(
                self.many(count, |bytes| i32::try_from(u32::from_le_bytes(bytes)).unwrap_or(i32::MAX))?,
            ),
            5 => Value::Integers(self.many(count, i32::from_le_bytes)?),
            6 => Value::Floats(self.many(count, f32::from_le_bytes)?),
            8 => {
                let what = format!("a text of `{key}`");
                Value::Texts((0..count).map(|_| self.long_text(&what)).collect::<Result<_, _>>()?)
            }
            7 => Value::Integers(self.many(count, |[flag]| i32::from(flag))?),
            _ => {
                let bytes = count * size;
                io::copy(&mut self.reader.by_ref().take(bytes), &mut io::sink()).map_err(Fault::Read)?;
                self.at += bytes;
                Value::Others { count }
            }
        })
    }

    fn many<T, const SIZE: usize>(
        &mut self,
        count: u64,
        of: impl Fn([u8; SIZE]) -> T,
    ) -> Result<Vec<T>, Fault> {
        (0..count).map(|_| self.take().map(&of)).collect()
    }
}
