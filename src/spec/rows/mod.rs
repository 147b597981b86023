//! Rows of data files, one at a time: a file may be larger than memory, a row may not.

mod json;

use std::{
    cell::Cell,
    fs::File,
    io::{self, BufRead, BufReader, Read as _, Write as _},
    path::Path,
    rc::Rc,
};

use serde_json::{Map, Value as Json};

use super::{
    data::Cut,
    finding::Finding,
    node::{Node, Value},
    place::{Body, Place, Source, SourceId},
    reader::{FileRead, Reader, shown},
    text::Text,
};
use crate::value::Hasher;

use json::Entry;

/// The longest row. A longer one is mostly a quote that was never closed.
const LONGEST: u64 = 16 << 20;

/// One row of a data file.
pub(super) struct Row {
    pub(super) at: Place,
    pub(super) columns: Map<String, Json>,
}

/// What is to be known of a file to read its rows.
#[derive(Clone, Copy)]
pub(super) struct Layout<'a> {
    pub(super) cut: Cut,
    /// The only column of a file of plain text.
    pub(super) line: &'a str,
    /// The names of the columns of a table without a heading line.
    pub(super) columns: &'a [Text],
    /// The key under which a JSON file has its list.
    pub(super) rows: Option<&'a Text>,
}

/// Reads a file and hands over every row. `None` if the file cannot be read to its end; a row that is wrong is told and
/// left out.
pub(super) fn read(
    path: &Path,
    named: Place,
    layout: Layout<'_>,
    reader: &mut Reader,
    each: &mut dyn FnMut(Row, &mut Reader),
) -> Option<()> {
    let name = shown(path);
    let broken = |error: &io::Error| {
        if error.kind() == io::ErrorKind::FileTooLarge {
            return Finding::error(
                "data",
                named,
                format!("{name} has a row of more than {} MB", LONGEST >> 20),
            )
            .help("a row is one item; is there a quote that is never closed?");
        }
        Finding::error("file", named, format!("{name} cannot be read: {error}"))
            .help("a path in a spec starts from the spec's own folder")
    };
    // Looked at before it is opened: to open a pipe is to wait for somebody who writes to it.
    let opened = path.metadata().and_then(|data| data.is_file().then(|| File::open(path)).transpose());
    let file = match opened {
        Ok(Some(file)) => file,
        Ok(None) => {
            let finding = Finding::error("file", named, format!("{name} is not a file"));
            return reader
                .tell(finding.help("name a file with rows; pipes, devices and folders are not read"));
        }
        Err(error) => return reader.tell(broken(&error)),
    };
    let source = reader.sources.add(Source {
        name: name.clone(),
        folder: path.parent().map(Path::to_path_buf).unwrap_or_default(),
        body: Body::Data(path.to_path_buf()),
    });
    let tally = Tally::default();
    let mut input =
        BufReader::with_capacity(1 << 16, Counted { file, tally: tally.clone(), hasher: Hasher::default() });
    let mut pass = Pass { source, tally, reader, each, layout, sound: true };
    let done = match layout.cut {
        Cut::Jsonl => pass.jsonl(&mut input),
        Cut::Json => pass.json(&mut input),
        Cut::Csv => pass.table(&mut input, b','),
        Cut::Tsv => pass.table(&mut input, b'\t'),
        Cut::Lines => pass.lines(&mut input, layout.line),
        Cut::Text => pass.whole(&mut input, layout.line),
    };
    let sound = pass.sound;
    if let Err(error) = done {
        return reader.tell(broken(&error));
    }
    if !sound {
        return None;
    }
    // The digest is of the whole file, whatever was read of it.
    let counted = input.get_mut();
    counted.tally.0.set(0);
    if let Err(error) = counted.drain() {
        return reader.tell(broken(&error));
    }
    let counted = input.into_inner();
    reader.note(FileRead { path: name, bytes: counted.tally.1.get(), sha256: counted.hasher.finish() });
    Some(())
}

/// Bytes since the last row began, and bytes in all.
#[derive(Clone, Default)]
struct Tally(Rc<Cell<u64>>, Rc<Cell<u64>>);

/// A file that is counted and digested as it is read, and that refuses to give a row without an end.
struct Counted {
    file: File,
    tally: Tally,
    hasher: Hasher,
}

impl io::Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Tally(row, all) = &self.tally;
        if row.get() > LONGEST {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let count = self.file.read(buffer)?;
        row.set(row.get() + count as u64);
        all.set(all.get() + count as u64);
        self.hasher.write_all(&buffer[..count])?;
        Ok(count)
    }
}

impl Counted {
    /// Reads what is left.
    fn drain(&mut self) -> io::Result<()> {
        let mut buffer = vec![0; 1 << 16];
        while self.read(&mut buffer)? > 0 {
            self.tally.0.set(0);
        }
        Ok(())
    }
}

/// One reading of one file.
struct Pass<'a> {
    source: SourceId,
    tally: Tally,
    reader: &'a mut Reader,
    each: &'a mut dyn FnMut(Row, &mut Reader),
    layout: Layout<'a>,
    sound: bool,
}

impl Pass<'_> {
    fn place(&self, line: u64, start: u64, len: usize) -> Place {
        Place {
            source: self.source,
            line: u32::try_from(line).unwrap_or(u32::MAX),
            start,
            len: u32::try_from(len).unwrap_or(u32::MAX),
        }
    }

    fn wrong(&mut self, finding: Finding) {
        self.sound = false;
        self.reader.findings.add(finding);
    }

    fn row(&mut self, at: Place, columns: Map<String, Json>) {
        self.reader.columns = columns.keys().cloned().collect();
        (self.each)(Row { at, columns }, self.reader);
    }

    /// Every line that is not blank, without its end.
    fn each_line(
        &mut self,
        input: &mut impl BufRead,
        take: &mut dyn FnMut(&mut Self, Place, &str),
    ) -> io::Result<()> {
        let (mut line, mut start, mut bytes) = (0, 0, Vec::new());
        loop {
            bytes.clear();
            self.tally.0.set(0);
            let read = input.read_until(b'\n', &mut bytes)?;
            if read == 0 {
                return Ok(());
            }
            line += 1;
            let skipped = if line == 1 && bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
            let body = bytes[skipped..].strip_suffix(b"\n").unwrap_or(&bytes[skipped..]);
            let body = body.strip_suffix(b"\r").unwrap_or(body);
            let at = self.place(line, start + skipped as u64, body.len());
            match std::str::from_utf8(body) {
                Ok(text) if text.trim().is_empty() => {}
                Ok(text) => take(self, at, text),
                Err(error) => {
                    let byte = start + (skipped + error.valid_up_to()) as u64;
                    let at = self.place(line, byte, 1);
                    let finding =
                        Finding::error("encoding", at, format!("byte {byte} of the file is not UTF-8"));
                    self.wrong(finding.help("save the file as UTF-8"));
                }
            }
            start += read as u64;
        }
    }

    fn lines(&mut self, input: &mut impl BufRead, column: &str) -> io::Result<()> {
        self.each_line(input, &mut |pass, at, text| {
            pass.row(at, Map::from_iter([(column.to_owned(), text.into())]));
        })
    }

    fn whole(&mut self, input: &mut impl BufRead, column: &str) -> io::Result<()> {
        let mut bytes = Vec::new();
        input.read_to_end(&mut bytes)?;
        let at = self.place(1, 0, bytes.len());
        match String::from_utf8(bytes) {
            Ok(text) => {
                let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
                self.row(at, Map::from_iter([(column.to_owned(), text.into())]));
            }
            Err(error) => {
                let byte = error.utf8_error().valid_up_to();
                self.wrong(Finding::error("encoding", at, format!("byte {byte} of the file is not UTF-8")));
            }
        }
        Ok(())
    }

    fn jsonl(&mut self, input: &mut impl BufRead) -> io::Result<()> {
        self.each_line(input, &mut |pass, at, text| match serde_json::from_str(text) {
            Ok(Entry::Object(columns)) => pass.row(at, columns),
            Ok(Entry::Other) => {
                pass.wrong(Finding::error("data", at, "the line is no JSON object").label("this line"));
            }
            Err(error) => {
                let not_json = if error.is_data() { "" } else { "the line is not JSON: " };
                let message = format!("{not_json}{}", words(&error));
                let column = error.column().saturating_sub(1).min(text.len().saturating_sub(1));
                let at = Place { start: at.start + column as u64, len: 1, ..at };
                pass.wrong(Finding::error("data", at, message));
            }
        })
    }

    fn table(&mut self, input: &mut impl BufRead, delimiter: u8) -> io::Result<()> {
        let tally = self.tally.clone();
        let given = self.layout.columns;
        let mut table = csv::ReaderBuilder::new();
        let mut table =
            table.delimiter(delimiter).flexible(true).has_headers(given.is_empty()).from_reader(input);
        let heading: Vec<String> = if given.is_empty() {
            match table.headers() {
                Ok(heading) => heading.iter().map(str::to_owned).collect(),
                Err(error) => return self.unreadable(error),
            }
        } else {
            given.iter().map(ToString::to_string).collect()
        };
        let mut names = Vec::<&str>::new();
        for name in heading.iter().map(String::as_str) {
            if names.contains(&name) {
                let at = self.place(1, 0, 0);
                self.wrong(Finding::error("data", at, format!("two columns are called `{name}`")));
            }
            names.push(name);
        }
        let mut record = csv::StringRecord::new();
        loop {
            tally.0.set(0);
            match table.read_record(&mut record) {
                Ok(false) => return Ok(()),
                Ok(true) => {}
                Err(error) => {
                    self.unreadable(error)?;
                    continue;
                }
            }
            let start = record.position().map_or((0, 0), |position| (position.line(), position.byte()));
            let len = table.position().byte().saturating_sub(start.1);
            let at =
                self.place(start.0, start.1, usize::try_from(len).unwrap_or(usize::MAX).saturating_sub(1));
            if record.len() == names.len() {
                let cells = record.iter().map(Json::from);
                self.row(at, names.iter().map(|name| (*name).to_owned()).zip(cells).collect());
            } else {
                let cells = if record.len() == 1 { "1 cell" } else { &format!("{} cells", record.len()) };
                let heading = if given.is_empty() { "the heading has" } else { "`columns` names" };
                let message = format!("{cells}, where {heading} {}", names.len());
                self.wrong(
                    Finding::error("data", at, message)
                        .help("a cell with a comma or a quote in it is put in quotes: \"one, two\""),
                );
            }
        }
    }

    /// What the CSV reader complains of: the file itself, or bytes in a row.
    fn unreadable(&mut self, error: csv::Error) -> io::Result<()> {
        let line = error.position().map_or((1, 0), |position| (position.line(), position.byte()));
        match error.into_kind() {
            csv::ErrorKind::Io(error) => Err(error),
            csv::ErrorKind::Utf8 { .. } => {
                let at = self.place(line.0, line.1, 0);
                self.wrong(
                    Finding::error("encoding", at, "the row is not UTF-8").help("save the file as UTF-8"),
                );
                Ok(())
            }
            other => Err(io::Error::other(format!("{other:?}"))),
        }
    }
}

/// The complaint without the place, which is told apart.
fn words(error: &serde_json::Error) -> String {
    let message = error.to_string();
    message.split(" at line ").next().unwrap_or(&message).to_owned()
}

/// A value of a row as a node.
pub(super) fn node(value: &Json, at: Place) -> Node {
    let value = match value {
        Json::Null => Value::Nothing,
        Json::Bool(yes) => Value::Bare(yes.to_string()),
        Json::Number(number) => Value::Bare(number.to_string()),
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(entries) => Value::List(entries.iter().map(|entry| node(entry, at)).collect()),
        Json::Object(entries) => {
            Value::Map(entries.iter().map(|(key, value)| (Text::new(key, at), node(value, at))).collect())
        }
    };
    Node::new(at, value)
}
