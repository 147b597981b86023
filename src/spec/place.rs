//! Where something was written: a source and a range of its bytes.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// A range of bytes in a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, or the words of the command line.
    pub source: SourceId,
    /// Counted from 1.
    pub line: u32,
    /// The first byte.
    pub start: u64,
    /// How many bytes; a place may be a mere point.
    pub len: u32,
}

/// The number of a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceId(u32);

/// Something that was read.
#[derive(Clone, Debug)]
pub struct Source {
    /// As it was given: a path, or `--set seed=3`.
    pub name: String,
    /// Paths inside it start from here.
    pub folder: PathBuf,
    /// What is in it.
    pub body: Body,
}

/// What a source holds.
#[derive(Clone, Debug)]
pub enum Body {
    /// A spec.
    Text(Arc<str>),
    /// Words of the command line.
    Words(Arc<str>),
    /// A data file, which may be too large to keep: lines are read again when a finding shows them.
    Data(PathBuf),
}

/// Everything that was read, in order.
#[derive(Clone, Debug, Default)]
pub struct Sources(Vec<Source>);

impl Sources {
    /// Takes a source in.
    pub fn add(&mut self, source: Source) -> SourceId {
        self.0.push(source);
        SourceId(u32::try_from(self.0.len() - 1).expect("fewer than 2^32 files are read"))
    }

    /// The source with a number.
    pub fn get(&self, id: SourceId) -> &Source {
        &self.0[id.0 as usize]
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        self.0.iter()
    }

    /// The folder that paths written in a source start from.
    pub fn folder(&self, id: SourceId) -> &Path {
        &self.get(id).folder
    }

    /// Whether a place lies in a data file.
    pub fn is_data(&self, place: Place) -> bool {
        matches!(self.get(place.source).body, Body::Data(_))
    }

    /// The bytes at a place of a spec, as they stand in the file; nothing for a data file.
    pub fn written(&self, place: Place) -> Option<&str> {
        self.text(place.source)?.get(place.range())
    }

    /// The `|` or `>` with which a text of a spec begins that is written as a block; nothing for other texts.
    pub fn block(&self, place: Place) -> Option<Place> {
        let before = self.text(place.source)?.get(..place.range().start)?;
        let above = before.trim_end_matches(' ').strip_suffix('\n')?.trim_end();
        let begin = above.rfind('\n').map_or(0, |at| at + 1);
        let line = above[begin..].split(" #").next().unwrap_or_default().trim_end();
        let head = line.trim_end_matches(['-', '+', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
        let sign = head.strip_suffix(['|', '>'])?;
        let start = begin + sign.len();
        let lines = before[start..].matches('\n').count();
        sign.ends_with([' ', '\t']).then(|| Place {
            line: place.line.saturating_sub(u32::try_from(lines).unwrap_or(u32::MAX)),
            start: start as u64,
            len: u32::try_from(line.len() - sign.len()).unwrap_or(u32::MAX),
            ..place
        })
    }

    /// The text of a spec.
    pub fn text(&self, id: SourceId) -> Option<&str> {
        match &self.get(id).body {
            Body::Text(text) | Body::Words(text) => Some(text),
            Body::Data(_) => None,
        }
    }
}

impl Place {
    /// The first bytes of a source.
    pub fn start_of(source: SourceId) -> Self {
        Self { source, line: 1, start: 0, len: 0 }
    }

    /// As a range of a text that is held in memory.
    pub fn range(self) -> std::ops::Range<usize> {
        let start = usize::try_from(self.start).unwrap_or(usize::MAX);
        start..start.saturating_add(self.len as usize)
    }
}
