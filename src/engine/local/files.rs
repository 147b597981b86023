//! The files of a checkpoint: a folder, or bytes in the program.

use std::{
    borrow::Cow,
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom},
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
    /// In this program: names and contents.
    Program(&'static [(&'static str, &'static [u8])]),
}

/// Reads anywhere.
pub trait ReadSeek: Read + Seek {}
impl<T: Read + Seek> ReadSeek for T {}

/// Bytes that are hashed at a time.
const PIECE: usize = 1 << 20;

impl Files {
    /// For messages.
    pub fn place(&self) -> String {
        match self {
            Self::Folder(folder) => folder.display().to_string(),
            Self::Program(_) => "the built-in model".into(),
        }
    }

    /// The names of all files, sorted.
    pub fn names(&self) -> io::Result<Vec<String>> {
        let mut names: Vec<String> = match self {
            Self::Folder(folder) => std::fs::read_dir(folder)?
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
            Self::Folder(folder) => folder.join(name).is_file(),
            Self::Program(_) => self.embedded(name).is_some(),
        }
    }

    /// Reads a file in any order.
    pub fn reader(&self, name: &str) -> io::Result<Box<dyn ReadSeek>> {
        Ok(match self {
            Self::Folder(folder) => Box::new(BufReader::new(File::open(folder.join(name))?)),
            Self::Program(_) => Box::new(io::Cursor::new(self.program(name)?)),
        })
    }

    /// The size in bytes.
    pub fn len(&self, name: &str) -> io::Result<u64> {
        match self {
            Self::Folder(folder) => Ok(std::fs::metadata(folder.join(name))?.len()),
            Self::Program(_) => Ok(self.program(name)?.len() as u64),
        }
    }

    /// The whole file.
    pub fn read(&self, name: &str) -> io::Result<Cow<'static, [u8]>> {
        self.part(name, 0..self.len(name)?)
    }

    /// Some bytes of a file; fewer are an error.
    pub fn part(&self, name: &str, range: Range<u64>) -> io::Result<Cow<'static, [u8]>> {
        let len = usize::try_from(range.end - range.start).map_err(io::Error::other)?;
        match self {
            Self::Folder(folder) => {
                let mut file = File::open(folder.join(name))?;
                file.seek(SeekFrom::Start(range.start))?;
                let mut bytes = vec![0; len];
                file.read_exact(&mut bytes)?;
                Ok(bytes.into())
            }
            Self::Program(_) => {
                let start = usize::try_from(range.start).map_err(io::Error::other)?;
                let part = self.program(name)?.get(start..).and_then(|rest| rest.get(..len));
                Ok(part.ok_or(io::ErrorKind::UnexpectedEof)?.into())
            }
        }
    }

    /// The file's size and digest, for the record.
    pub fn hash(&self, name: &str) -> io::Result<ModelFile> {
        let (bytes, sha256) = match self {
            Self::Folder(folder) => hash(&folder.join(name))?,
            Self::Program(_) => (self.len(name)?, Digest::of(self.program(name)?)),
        };
        Ok(ModelFile { name: name.to_owned(), bytes, sha256 })
    }

    fn embedded(&self, name: &str) -> Option<&'static [u8]> {
        match self {
            Self::Folder(_) => None,
            Self::Program(files) => files.iter().find(|(own, _)| *own == name).map(|(_, bytes)| *bytes),
        }
    }

    fn program(&self, name: &str) -> io::Result<&'static [u8]> {
        self.embedded(name).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
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
