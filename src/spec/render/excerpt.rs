//! The lines around a place, read again where the file was not kept, and cut where they are very long.

use std::{
    borrow::Cow,
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    ops::Range,
    path::Path,
};

use crate::spec::place::{Body, Place, Source, Sources};

/// Bytes of a line that are shown whole.
const WHOLE: usize = 1000;
/// Bytes before, within and after a place that are shown of a longer one.
const CUT: [usize; 3] = [80, 240, 80];
/// Bytes of lines between two places that are shown as one piece.
const TOGETHER: usize = 4000;
/// A place of more lines is shown by its first one.
const LINES: usize = 8;

/// Where a place is, as people count: from 1, columns in characters; the end is the first column behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) line: u64,
    pub(super) column: u64,
    pub(super) end_line: u64,
    pub(super) end_column: u64,
}

/// Lines of a source with the places in them.
#[derive(Debug)]
pub(super) struct Piece<'a> {
    pub(super) source: &'a Source,
    /// Of the first place; nothing where there is nothing to show.
    pub(super) spot: Option<Spot>,
    /// The number of the first line of the text.
    pub(super) line: u64,
    pub(super) text: String,
    /// The number of the label, and where in the text it stands.
    pub(super) marks: Vec<(usize, Range<usize>)>,
}

/// Line and column of a place; nothing of words of the command line, of an empty file, and of one that is gone.
pub(super) fn spot(place: Place, sources: &Sources) -> Option<Spot> {
    let bytes = Bytes::of(sources.get(place.source))?;
    let end = place.start + u64::from(place.len);
    let column = 1 + bytes.characters_before(place.start).ok()?;
    let within = bytes.read(place.start..end).ok()?;
    let line = u64::from(place.line);
    let breaks = within.iter().filter(|byte| **byte == b'\n').count() as u64;
    let last = within.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let end_column = if breaks == 0 { column + characters(last) } else { 1 + characters(last) };
    Some(Spot { line, column, end_line: line + breaks, end_column })
}

/// What is to be shown of places: those close together in one piece, the others each by itself.
pub(super) fn pieces<'a>(places: &[Place], sources: &'a Sources) -> Vec<Piece<'a>> {
    let mut pieces = Vec::new();
    let mut start = 0;
    while start < places.len() {
        let source = places[start].source;
        let count = places[start..].iter().take_while(|place| place.source == source).count();
        let marks: Vec<(usize, Place)> = (start..start + count).map(|index| (index, places[index])).collect();
        match together(&marks, sources) {
            Some(piece) => pieces.push(piece),
            None => pieces.extend(marks.into_iter().map(|(index, place)| alone(index, place, sources))),
        }
        start += count;
    }
    pieces
}

/// All the lines from the first place to the last, if they are few and short.
fn together<'a>(marks: &[(usize, Place)], sources: &'a Sources) -> Option<Piece<'a>> {
    let (_, first) = *marks.first()?;
    let source = sources.get(first.source);
    let Body::Text(text) = &source.body else { return None };
    let start = marks.iter().map(|(_, place)| place.range().start).min()?.min(text.len());
    let end = marks.iter().map(|(_, place)| place.range().end).max()?.min(text.len());
    if end - start > TOGETHER {
        return None;
    }
    let begin = text.get(..start)?.rfind('\n').map_or(0, |at| at + 1);
    let finish = text.get(end..)?.find('\n').map_or(text.len(), |at| end + at);
    let shown = &text[begin..finish];
    let many =
        |(_, place): &(usize, Place)| text.get(place.range()).is_none_or(|t| t.lines().count() > LINES);
    if shown.is_empty() || shown.lines().any(|line| line.len() > WHOLE) || marks.iter().any(many) {
        return None;
    }
    let line = marks.iter().map(|(_, place)| place.line).min()?;
    let marks = marks.iter().map(|(index, place)| {
        let range = place.range();
        (*index, range.start - begin..range.end - begin)
    });
    let marks = marks.collect();
    Some(Piece { source, spot: spot(first, sources), line: line.into(), text: shown.to_owned(), marks })
}

/// The line of one place, or what is around the place where the line is long.
fn alone(index: usize, place: Place, sources: &Sources) -> Piece<'_> {
    let source = sources.get(place.source);
    let spot = spot(place, sources);
    let (text, range) = around(place, source).unwrap_or_default();
    let marks = if text.is_empty() { Vec::new() } else { vec![(index, range)] };
    Piece { source, spot, line: place.line.into(), text, marks }
}

fn around(place: Place, source: &Source) -> Option<(String, Range<usize>)> {
    let bytes = Bytes::of(source)?;
    let read = |from: u64, count: usize| bytes.read(from..from + count as u64).ok();
    let front =
        read(place.start.saturating_sub(WHOLE as u64), WHOLE.min(usize::try_from(place.start).ok()?))?;
    let (front, mut cut_front) = match front.iter().rposition(|byte| *byte == b'\n') {
        Some(at) => (&front[at + 1..], false),
        None => (&front[..], place.start > WHOLE as u64),
    };
    let rest = read(place.start, 2 * WHOLE)?;
    let length = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
    let mut cut_back = length == rest.len() && length == 2 * WHOLE;
    let rest = &rest[..length];
    let (within, back) = rest.split_at(length.min(place.len as usize));
    let (mut front, mut within, mut back) =
        (String::from_utf8_lossy(front), String::from_utf8_lossy(within), String::from_utf8_lossy(back));
    if cut_front || cut_back || front.len() + within.len() + back.len() > WHOLE {
        let [most_front, most_within, most_back] = CUT;
        cut_front |= front.len() > most_front;
        cut_back |= within.len() > most_within || back.len() > most_back;
        front = tail(&front, most_front).to_owned().into();
        back = if within.len() > most_within {
            Cow::Borrowed("")
        } else {
            head(&back, most_back).to_owned().into()
        };
        within = head(&within, most_within).to_owned().into();
    }
    let front = format!("{}{front}", if cut_front { "…" } else { "" });
    let range = front.len()..front.len() + within.len();
    Some((format!("{front}{within}{back}{}", if cut_back { "…" } else { "" }), range))
}

fn head(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

fn tail(text: &str, most: usize) -> &str {
    &text[text.ceil_char_boundary(text.len().saturating_sub(most))..]
}

/// Characters of UTF-8: all bytes but those that continue one.
fn characters(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count() as u64
}

/// The bytes of a source, in memory or on disk.
enum Bytes<'a> {
    Here(&'a [u8]),
    There(&'a Path),
}

impl<'a> Bytes<'a> {
    fn of(source: &'a Source) -> Option<Self> {
        match &source.body {
            Body::Text(text) if text.is_empty() => None,
            Body::Text(text) => Some(Self::Here(text.as_bytes())),
            Body::Words(_) => None,
            Body::Data(path) => Some(Self::There(path)),
        }
    }

    /// Those of a range that are there.
    fn read(&self, range: Range<u64>) -> io::Result<Cow<'a, [u8]>> {
        match self {
            Self::Here(bytes) => {
                let clip = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
                Ok(Cow::Borrowed(&bytes[clip(range.start)..clip(range.end)]))
            }
            Self::There(path) => {
                let mut file = File::open(path)?;
                file.seek(SeekFrom::Start(range.start))?;
                let mut bytes = Vec::new();
                file.take(range.end - range.start).read_to_end(&mut bytes)?;
                Ok(Cow::Owned(bytes))
            }
        }
    }

    /// How many characters of its line stand before a point. The line may be as long as the file, so it is counted in parts.
    fn characters_before(&self, point: u64) -> io::Result<u64> {
        const PART: u64 = 1 << 20;
        let (mut end, mut count) = (point, 0);
        while end > 0 {
            let begin = end.saturating_sub(PART);
            let bytes = self.read(begin..end)?;
            if let Some(at) = bytes.iter().rposition(|byte| *byte == b'\n') {
                return Ok(count + characters(&bytes[at + 1..]));
            }
            count += characters(&bytes);
            end = begin;
        }
        Ok(count)
    }
}
