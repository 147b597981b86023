//! The files of a checkpoint: a folder, or bytes in the program.

use std::{
    borrow::Cow,
    fs::File,
    io::{self, BufReader, Read, Seek},
    ops::Range,
    path::{Path, PathBuf},
};

use crate::{
    engine::ModelFile,
    value::{Digest, Hasher},
};

/// Where a checkpoint's files are.
#[derive(Clone, Debug)]
pub enum Files {
    /// In a folder.
    Folder(PathBuf),
    /// One GGUF file of a folder, and what lies beside it.
    Gguf {
        /// Where it is.
        folder: PathBuf,
        /// Its name.
        file: String,
    },
    /// In this program: names and contents.
    Program(&'static [(&'static str, &'static [u8])]),
}

/// Reads anywhere.
pub trait ReadSeek: Read + Seek {}
impl<T: Read + Seek> ReadSeek for T {}

/// Bytes that are hashed at a time.
const PIECE: usize = 1 << 20;
/// Longer than any config, index or tokenizer; the largest tokenizers have a tenth of it.
const LONGEST_TEXT: u64 = 256 << 20;

impl Files {
    /// For messages.
    pub fn place(&self) -> String {
        match self {
            Self::Folder(folder) => folder.display().to_string(),
            Self::Gguf { folder, file } => folder.join(file).display().to_string(),
            Self::Program(_) => "the built-in model".into(),
        }
    }

    /// The names of all files, sorted.
    pub fn names(&self) -> io::Result<Vec<String>> {
        let mut names: Vec<String> = match self {
            Self::Folder(folder) | Self::Gguf { folder, .. } => std::fs::read_dir(folder)?
                .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
                .collect::<io::Result<_>>()?,
            Self::Program(files) => files.iter().map(|(name, _)| (*name).to_owned()).collect(),
        };
        names.sort_unstable();
        Ok(names)
    }

    /// Whether there is a file of this name.
    pub fn has(&self, name: &str) -> bool {
        match self {
            Self::Folder(folder) | Self::Gguf { folder, .. } => folder.join(name).is_file(),
            Self::Program(_) => self.embedded(name).is_some(),
        }
    }

    /// Opens a file for reads at any place, by several threads at once.
    pub fn open(&self, name: &str) -> io::Result<Handle> {
        Ok(match self {
            Self::Folder(folder) | Self::Gguf { folder, .. } => Handle::File(File::open(folder.join(name))?),
            Self::Program(_) => Handle::Program(self.program(name)?),
        })
    }

    /// Reads a file in any order.
    pub fn reader(&self, name: &str) -> io::Result<Box<dyn ReadSeek>> {
        Ok(match self {
            Self::Folder(folder) | Self::Gguf { folder, .. } => {
                Box::new(BufReader::new(File::open(folder.join(name))?))
            }
            Self::Program(_) => Box::new(io::Cursor::new(self.program(name)?)),
        })
    }

    /// The size in bytes.
    pub fn len(&self, name: &str) -> io::Result<u64> {
        match self {
            Self::Folder(folder) | Self::Gguf { folder, .. } => {
                Ok(std::fs::metadata(folder.join(name))?.len())
            }
            Self::Program(_) => Ok(self.program(name)?.len() as u64),
        }
    }

    /// The whole file, which is a text and no weights.
    pub fn read(&self, name: &str) -> io::Result<Cow<'static, [u8]>> {
        self.part(name, 0..self.len_of_text(name)?)
    }

    /// The size in bytes of a file that is a text and no weights.
    pub fn len_of_text(&self, name: &str) -> io::Result<u64> {
        let len = self.len(name)?;
        if len > LONGEST_TEXT {
            let most = LONGEST_TEXT >> 20;
            return Err(io::Error::other(format!("it has {len} bytes, and at most {most} MB are allowed")));
        }
        Ok(len)
    }

    /// Some bytes of a file; fewer are an error.
    pub fn part(&self, name: &str, range: Range<u64>) -> io::Result<Cow<'static, [u8]>> {
        let len = usize::try_from(range.end - range.start).map_err(io::Error::other)?;
        match self.open(name)? {
            Handle::Program(bytes) => Ok(part(bytes, range.start, len)?.into()),
            handle @ Handle::File(_) => {
                let mut bytes = vec![0; len];
                handle.read(range.start, &mut bytes)?;
                Ok(bytes.into())
            }
        }
    }

    /// The file's size and digest, for the record.
    pub fn hash(&self, name: &str) -> io::Result<ModelFile> {
        let (bytes, sha256) = match self {
            Self::Folder(folder) | Self::Gguf { folder, .. } => hash(&folder.join(name))?,
            Self::Program(_) => (self.len(name)?, Digest::of(self.program(name)?)),
        };
        Ok(ModelFile { name: name.to_owned(), bytes, sha256 })
    }

    fn embedded(&self, name: &str) -> Option<&'static [u8]> {
        match self {
            Self::Folder(_) | Self::Gguf { .. } => None,
            Self::Program(files) => files.iter().find(|(own, _)| *own == name).map(|(_, bytes)| *bytes),
        }
    }

    fn program(&self, name: &str) -> io::Result<&'static [u8]> {
        self.embedded(name).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// An open file of a checkpoint.
pub enum Handle {
    /// On the disk.
    File(File),
    /// In this program.
    Program(&'static [u8]),
}

impl Handle {
    /// Reads from a byte on until `out` is full; fewer bytes are an error.
    pub fn read(&self, start: u64, out: &mut [u8]) -> io::Result<()> {
        match self {
            Self::File(file) => read_at(file, start, out),
            Self::Program(bytes) => {
                out.copy_from_slice(part(bytes, start, out.len())?);
                Ok(())
            }
        }
    }
}

fn part(bytes: &'static [u8], start: u64, len: usize) -> io::Result<&'static [u8]> {
    let start = usize::try_from(start).map_err(io::Error::other)?;
    let part = bytes.get(start..).and_then(|rest| rest.get(..len));
    part.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

#[cfg(unix)]
fn read_at(file: &File, start: u64, out: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, out, start)
}

#[cfg(windows)]
fn read_at(file: &File, mut start: u64, mut out: &mut [u8]) -> io::Result<()> {
    while !out.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, out, start)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => (start, out) = (start + read as u64, &mut out[read..]),
        }
    }
    Ok(())
}

fn hash(path: &Path) -> io::Result<(u64, Digest)> {
    let mut file = File::open(path)?;
    let mut hasher = Hasher::default();
    let mut piece = vec![0; PIECE];
    let mut bytes = 0;
    loop {
        let read = file.read(&mut piece)?;
        if read == 0 {
            return Ok((bytes, hasher.finish()));
        }
        io::Write::write_all(&mut hasher, &piece[..read])?;
        bytes += read as u64;
    }
}
