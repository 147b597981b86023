//! Reading: what every type of the spec goes through. A value that cannot be read is told at once, and reading goes on
//! with the next one, so that one pass finds everything.

use std::{
    collections::BTreeMap,
    io::Read as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    finding::{Finding, Findings},
    node::{Node, Value},
    place::{Body, Place, Source, Sources},
    text::Text,
    yaml,
};
use crate::value::Digest;

/// A spec larger than this is refused; many items belong in a data file.
const SPEC_BYTES: u64 = 16 << 20;

/// A type that a value of a spec can be.
pub trait Read: Sized + JsonSchema {
    /// The value, or `None` after saying what is wrong with it.
    fn read(node: &Node, reader: &mut Reader) -> Option<Self>;

    /// What it means that the key is not there; `None` where the key is needed.
    fn absent() -> Option<Self> {
        None
    }
}

/// What reading needs and gathers.
#[derive(Debug, Default)]
pub struct Reader {
    /// Everything that was read.
    pub sources: Sources,
    /// Everything that was noticed.
    pub findings: Findings,
    /// The files behind the sources, for the record.
    pub files: Vec<FileRead>,
    /// The columns of the data file that is being read.
    pub(super) columns: Vec<String>,
}

/// A file that a suite was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileRead {
    /// As it was given.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// Its content.
    pub sha256: Digest,
}

impl Reader {
    /// Takes a finding in, and gives the nothing that takes the value's place.
    pub fn tell<T>(&mut self, finding: Finding) -> Option<T> {
        self.findings.add(finding);
        None
    }

    /// Says that something else was needed.
    pub fn expected<T>(&mut self, node: &Node, what: &str) -> Option<T> {
        let message = match &node.value {
            Value::Nothing => format!("{what} is needed here, and there is nothing"),
            _ => format!("{what} is needed here, not {}", node.what()),
        };
        let finding = Finding::error("type", node.at, message);
        self.tell(match &node.value {
            Value::Nothing if what.contains("text") => {
                finding.help("if the word `null` is meant, put it in quotes")
            }
            _ => finding,
        })
    }

    /// Says that a value lies outside what is allowed.
    pub fn refuse<T>(&mut self, at: Place, message: impl Into<String>) -> Option<T> {
        self.tell(Finding::error("value", at, message))
    }

    /// Reads a spec file into a tree.
    pub fn file(&mut self, path: &Path) -> Option<Node> {
        let name = shown(path);
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        let mut source = Source { name: name.clone(), folder, body: Body::Text(Arc::from("")) };
        self.findings.scope(name.clone());
        let bytes = match bytes(path) {
            Ok(bytes) => bytes,
            Err((message, help)) => {
                let at = Place::start_of(self.sources.add(source));
                return self.tell(Finding::error("file", at, message).help(help));
            }
        };
        self.note(FileRead { path: name, bytes: bytes.len() as u64, sha256: Digest::of(&bytes) });
        let sound = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let fault = fault(sound, bytes.len() - sound.len());
        // Up to the first fault, the lossy text has the file's own bytes.
        let shown = if utf16(&bytes) { &[] } else { sound };
        source.body = Body::Text(String::from_utf8_lossy(shown).into());
        let id = self.sources.add(source);
        if let Some(Fault { at, message, help }) = fault {
            let line = 1 + sound[..at].iter().filter(|byte| **byte == b'\n').count() as u32;
            let at = Place { source: id, line, start: at as u64, len: 1 };
            return self.tell(Finding::error("encoding", at, message).help(help));
        }
        let text = self.sources.text(id).map(Arc::<str>::from)?;
        yaml::parse(id, &text, &mut self.findings)
    }

    /// Reads words of the command line as YAML.
    pub fn words(&mut self, name: &str, text: &str) -> Option<Node> {
        let body = Body::Words(text.into());
        let id = self.sources.add(Source { name: name.to_owned(), folder: PathBuf::new(), body });
        self.findings.scope(name);
        yaml::parse(id, text, &mut self.findings)
    }

    /// Remembers a file for the record, once.
    pub fn note(&mut self, file: FileRead) {
        if !self.files.contains(&file) {
            self.files.push(file);
        }
    }
}

/// A path as people write it.
pub(super) fn shown(path: &Path) -> String {
    let text = path.to_string_lossy();
    text.strip_prefix("./").unwrap_or(&text).to_owned()
}

/// The bytes of a spec, or what is wrong with the file and what to do.
fn bytes(path: &Path) -> Result<Vec<u8>, (String, String)> {
    let unread = |error: std::io::Error| {
        (
            format!("{} cannot be read: {error}", path.display()),
            "check the path and its permissions".to_owned(),
        )
    };
    let data = path.metadata().map_err(unread)?;
    // A run's folder keeps a copy, and its path is written down as text.
    if path.to_str().is_none() {
        let message = format!("{} cannot be kept: its name is not UTF-8", path.display());
        return Err((message, "rename it, or the folder that it is in".to_owned()));
    }
    if !data.is_file() {
        return Err((format!("{} is not a file", path.display()), "name a YAML file".to_owned()));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path).and_then(|f| f.take(SPEC_BYTES + 1).read_to_end(&mut bytes)).map_err(unread)?;
    if bytes.len() as u64 > SPEC_BYTES {
        let message = format!("the file is larger than {} MB, which no spec is", SPEC_BYTES >> 20);
        return Err((message, "put the items in a data file, and name it with `data:`".to_owned()));
    }
    Ok(bytes)
}

/// What makes bytes no text.
struct Fault {
    at: usize,
    message: String,
    help: &'static str,
}

fn utf16(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff")
}

/// Looks for the first byte that no text holds. Bytes are counted from the beginning of the file.
fn fault(bytes: &[u8], skipped: usize) -> Option<Fault> {
    if utf16(bytes) {
        return Some(Fault { at: 0, message: "the file is UTF-16".to_owned(), help: "save it as UTF-8" });
    }
    if let Err(error) = std::str::from_utf8(bytes) {
        let at = error.valid_up_to();
        let message = format!("byte {} (0x{:02x}) is not UTF-8", at + skipped, bytes[at]);
        return Some(Fault { at, message, help: "save the file as UTF-8" });
    }
    let at = bytes.iter().position(|byte| *byte == 0)?;
    let message = format!("byte {} is NUL, which no text holds", at + skipped);
    Some(Fault { at, message, help: "write the file anew, as UTF-8 text" })
}

/// The entries of a mapping, taken out one by one; whatever is left is unknown.
#[derive(Debug)]
pub struct Fields<'a> {
    /// Where the mapping begins.
    pub at: Place,
    entries: Vec<(&'a Text, Option<&'a Node>)>,
}

impl<'a> Fields<'a> {
    /// The entries of a node; `None` if it is no mapping.
    pub fn of(node: &'a Node) -> Option<Self> {
        match &node.value {
            Value::Map(entries) => {
                let entries = entries.iter().map(|(key, value)| (key, Some(value))).collect();
                Some(Self { at: node.at, entries })
            }
            Value::Nothing | Value::Bare(_) | Value::Text(_) | Value::List(_) => None,
        }
    }

    /// Takes the first entry.
    pub fn first(&mut self) -> Option<(&'a Text, &'a Node)> {
        let (key, value) = self.entries.first_mut()?;
        Some((key, value.take()?))
    }

    /// Lays other entries over these.
    pub fn cover(&mut self, over: &'a [(Text, Node)]) {
        for (key, value) in over {
            match self.entries.iter_mut().find(|(name, _)| *name == key) {
                Some(entry) => *entry = (key, Some(value)),
                None => self.entries.push((key, Some(value))),
            }
        }
    }

    /// Takes the value of a key.
    pub fn take(&mut self, key: &str) -> Option<&'a Node> {
        self.entries.iter_mut().find(|(name, _)| name.as_str() == key)?.1.take()
    }

    /// Takes every entry that is left, but not those of some keys.
    pub fn others(&mut self, known: &[&str]) -> Vec<(&'a Text, &'a Node)> {
        let others = self.entries.iter_mut().filter(|(key, _)| !known.contains(&key.as_str()));
        others.filter_map(|(key, value)| Some((*key, value.take()?))).collect()
    }

    /// Reads the value of a key, or says that it is missing.
    pub fn read<T: Read>(&mut self, key: &str, default: Option<T>, reader: &mut Reader) -> Option<T> {
        match self.take(key) {
            Some(node) => T::read(node, reader),
            None => default.or_else(T::absent).or_else(|| self.missing(key, reader)),
        }
    }

    /// Says that a key is missing: in a spec, or in a row of a data file.
    pub fn missing<T>(&self, key: &str, reader: &mut Reader) -> Option<T> {
        if reader.sources.is_data(self.at) {
            let columns: Vec<&str> = reader.columns.iter().map(String::as_str).collect();
            let finding = Finding::error("no-such-column", self.at, format!("there is no column `{key}`"))
                .choices(key, "the columns", &columns);
            let help = finding.help.as_deref().unwrap_or("the file has no columns").to_owned();
            let help = format!("{help}; say which one it is: `map: {{{key}: …}}`");
            return reader.tell(Finding { fix: None, ..finding.help(help) });
        }
        let at = self.entries.first().map_or(self.at, |(key, _)| key.at);
        reader.tell(Finding::error("missing-key", at, format!("`{key}` is missing")))
    }

    /// Says which keys are not known. A data file may have more columns than are needed.
    pub fn finish(self, known: &[&str], reader: &mut Reader) {
        if reader.sources.is_data(self.at) {
            return;
        }
        for (key, _) in self.entries.iter().filter(|(_, value)| value.is_some()) {
            let finding = Finding::error("unknown-key", key.at, format!("there is no `{key}` here"));
            reader.findings.add(finding.choices(key, "what may stand here", known));
        }
    }
}

/// A list of values by name, in the order written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named<T>(pub Vec<(Text, T)>);

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Named<T> {
    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&T> {
        self.0.iter().find(|(key, _)| key.as_str() == name).map(|(_, value)| value)
    }
}

impl<T: Serialize> Serialize for Named<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

impl<T: JsonSchema> JsonSchema for Named<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("NamedBy{}", T::schema_name()).into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        <BTreeMap<String, T>>::json_schema(generator)
    }
}

impl<T: Read> Read for Named<T> {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let Value::Map(entries) = &node.value else { return reader.expected(node, "a mapping of names") };
        let mut read = Vec::with_capacity(entries.len());
        for (name, value) in entries {
            read.push(T::read(value, reader).map(|value| (name.clone(), value)));
        }
        read.into_iter().collect::<Option<_>>().map(Self)
    }
}
