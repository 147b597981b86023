//! Spec files on disk: found, read once each, and told apart.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    rc::Rc,
};

use super::{
    file::{BenchmarkFile, SuiteFile},
    finding::Finding,
    glob,
    keys::Keys,
    node::{Node, Value},
    place::{Body, Place, Source},
    reader::{Fields, Reader, shown},
    text::Text,
};

/// A spec file that was read.
#[derive(Clone, Debug)]
pub(super) enum Document {
    Benchmark(Rc<Benchmark>),
    Suite(Rc<Suite>),
}

#[derive(Debug)]
pub(super) struct Benchmark {
    pub(super) name: Text,
    pub(super) file: BenchmarkFile,
    /// As written: what tasks inherit from.
    pub(super) node: Node,
}

#[derive(Debug)]
pub(super) struct Suite {
    pub(super) name: Text,
    pub(super) file: SuiteFile,
    pub(super) node: Node,
}

/// A document, and whether its file was named or found in a folder.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) document: Document,
    pub(super) named: bool,
}

/// Every file is read once, however often it is named.
#[derive(Debug, Default)]
pub(super) struct Shelf(BTreeMap<PathBuf, Option<Document>>);

impl Shelf {
    /// Reads files, and the YAML files of folders.
    pub(super) fn open(&mut self, paths: &[PathBuf], reader: &mut Reader) -> Vec<Found> {
        let mut found = Vec::new();
        for path in paths {
            let named = !path.is_dir();
            let files = if named { vec![path.clone()] } else { below(path, reader) };
            found.extend(
                files
                    .iter()
                    .filter_map(|file| self.read(file, reader))
                    .map(|document| Found { document, named }),
            );
        }
        found
    }

    /// Reads one file.
    fn read(&mut self, path: &Path, reader: &mut Reader) -> Option<Document> {
        let key = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        if let Some(known) = self.0.get(&key) {
            return known.clone();
        }
        let document = reader.file(path).and_then(|node| document(node, reader));
        self.0.insert(key, document.clone());
        document
    }

    /// The benchmarks that a suite names.
    pub(super) fn benchmarks(&mut self, suite: &Suite, reader: &mut Reader) -> Vec<Rc<Benchmark>> {
        let mut benchmarks = Vec::<Rc<Benchmark>>::new();
        for pattern in suite.file.benchmarks.iter() {
            let folder = reader.sources.folder(pattern.at.source).to_path_buf();
            let literal = !pattern.contains(['*', '?']);
            let files = glob::files(&folder, pattern).unwrap_or_default();
            let mut any = false;
            for file in files {
                if literal && !file.is_file() {
                    reader.findings.add(
                        Finding::error("file", pattern.at, format!("{} is not there", shown(&file)))
                            .help("paths start from the folder of this file"),
                    );
                    any = true;
                    continue;
                }
                match self.read(&file, reader) {
                    Some(Document::Benchmark(benchmark)) => {
                        any = true;
                        if !benchmarks.iter().any(|known| Rc::ptr_eq(known, &benchmark)) {
                            benchmarks.push(benchmark);
                        }
                    }
                    // A pattern may fit the suite's own file, or another suite's.
                    Some(Document::Suite(_)) if !literal => {}
                    Some(Document::Suite(other)) => {
                        any = true;
                        reader.findings.add(
                            Finding::error("file", pattern.at, format!("`{pattern}` is a suite"))
                                .also(other.name.at, "here")
                                .help("a suite names benchmarks"),
                        );
                    }
                    None => any = true,
                }
            }
            if !any {
                reader.findings.add(
                    Finding::error("file", pattern.at, format!("no benchmark fits `{pattern}`"))
                        .help("patterns start from the folder of this file"),
                );
            }
        }
        benchmarks
    }
}

/// All YAML files below a folder, sorted.
fn below(folder: &Path, reader: &mut Reader) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        let entries = match std::fs::read_dir(&next) {
            Ok(entries) => entries,
            Err(error) => {
                complain(&next, format!("{} cannot be read: {error}", shown(&next)), reader);
                continue;
            }
        };
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
            // A link to a folder is not followed: it may lead back here.
            if path.is_dir() && !path.is_symlink() && !hidden {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "yaml" || e == "yml") && !hidden {
                files.push(path);
            }
        }
    }
    if files.is_empty() {
        complain(folder, format!("there is no .yaml file in {}", shown(folder)), reader);
    }
    files.sort();
    files
}

fn complain(path: &Path, message: String, reader: &mut Reader) {
    let source = Source { name: shown(path), folder: path.to_path_buf(), body: Body::Text("".into()) };
    let at = Place::start_of(reader.sources.add(source));
    reader.findings.add(Finding::error("file", at, message));
}

/// Tells a benchmark from a suite by its first key.
fn document(node: Node, reader: &mut Reader) -> Option<Document> {
    const FORM: &str = "`benchmark: name` or `suite: name` as its first line";
    if node.value == Value::Nothing {
        let finding = Finding::error("yaml", node.at, "the file is empty");
        return reader.tell(finding.help("begin with `benchmark: name` or `suite: name`"));
    }
    let Some(mut fields) = Fields::of(&node) else { return reader.expected(&node, FORM) };
    let Some((sort, name)) = fields.first() else { return reader.expected(&node, FORM) };
    match sort.as_str() {
        "benchmark" => {
            let name = self::name(name, "a benchmark", reader).or_else(|| name.text())?;
            let (file, bare) = read::<BenchmarkFile>(fields, &node, "tasks", reader)?;
            Some(Document::Benchmark(Rc::new(Benchmark { name, file, node: bare.unwrap_or(node) })))
        }
        "suite" => {
            let name = self::name(name, "a suite", reader).or_else(|| name.text())?;
            let (file, bare) = read::<SuiteFile>(fields, &node, "benchmarks", reader)?;
            Some(Document::Suite(Rc::new(Suite { name, file, node: bare.unwrap_or(node) })))
        }
        other => {
            let later = node.get("benchmark").or_else(|| node.get("suite")).is_some();
            let message = if later {
                format!("the first key is `{other}`, and `benchmark` or `suite` comes later")
            } else {
                format!("a spec begins with `benchmark` or `suite`, not with `{other}`")
            };
            let finding = Finding::error("unknown-key", sort.at, message);
            let finding = finding.choices(other, "the choices", &["benchmark", "suite"]);
            reader.tell(finding)
        }
    }
}

/// The keys of a file. Where one of them cannot be read, all but the one that leads on are left out of it, so that what is
/// wrong behind that one is found too.
fn read<T: Keys>(
    mut fields: Fields<'_>,
    node: &Node,
    leads_on: &str,
    reader: &mut Reader,
) -> Option<(T, Option<Node>)> {
    let file = T::take(&mut fields, reader);
    fields.finish(&T::names(), reader);
    if let Some(file) = file {
        return Some((file, None));
    }
    let Value::Map(entries) = &node.value else { return None };
    let left = entries.iter().filter(|(key, _)| key.as_str() == leads_on).cloned().collect();
    let bare = Node::new(node.at, Value::Map(left));
    let file = T::take(&mut Fields::of(&bare)?, reader)?;
    Some((file, Some(bare)))
}

/// A name: small letters, digits, `_`, `.`, `-`.
pub(super) fn name(node: &Node, whose: &str, reader: &mut Reader) -> Option<Text> {
    let Some(text) = node.text() else {
        return reader.expected(node, &format!("the name of {whose}, a text,"));
    };
    let sound = text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && text.len() <= 64
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_.-".contains(&b));
    let reserved = ["nan", "null", "true", "false"].contains(&text.as_str());
    if sound && !reserved {
        return Some(text);
    }
    let message = format!("`{text}` cannot be the name of {whose}");
    let help = if reserved {
        "programs that read CSV take it for a missing value or a boolean"
    } else {
        "a name has small letters, digits, `_`, `.` and `-`, begins with a letter or digit, and is at most 64 long"
    };
    reader.tell(Finding::error("name", text.at, message).help(help))
}
