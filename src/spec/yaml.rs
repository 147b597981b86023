//! YAML text to a tree. The only file that names the YAML crate.

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, SeqAccess, Visitor},
};
use serde_yaml::{DuplicateKeyPolicy, Error, Location, Spanned, options::MergeKeyPolicy};

use super::{
    finding::{Finding, Findings},
    node::{Node, Value},
    place::{Place, SourceId},
    text::Text,
};

/// Nested deeper than any honest spec.
const DEPTH: usize = 32;
/// Values in one file; more belong in a data file.
const NODES: usize = 1_000_000;

/// Reads one document. Repeated keys are told, and the first of them kept.
pub(super) fn parse(source: SourceId, text: &str, findings: &mut Findings) -> Option<Node> {
    let options = serde_yaml::options! {
        strict_booleans: true,
        reject_unsupported_tags: true,
        with_snippet: false,
        non_finite_float_policy: serde_yaml::options::NonFiniteFloatPolicy::PassThrough,
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::Merge,
        alias_limits: serde_yaml::alias_limits! { max_total_replayed_events: 200_000 },
        budget: serde_yaml::budget! {
            max_depth: DEPTH,
            max_nodes: NODES,
            max_events: 4 * NODES,
            enforce_alias_anchor_ratio: false,
        },
    };
    match serde_yaml::from_str_with_options::<Spanned<Raw>>(text, options) {
        Ok(raw) => Some(Tree { source, text, findings }.node(raw)),
        Err(error) => {
            findings.add(explain(&error, source, text));
            None
        }
    }
}

/// A value as the YAML crate hands it over.
enum Raw {
    Nothing,
    Bare,
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Shape;
        impl<'de> Visitor<'de> for Shape {
            type Value = Raw;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a value")
            }
            fn visit_unit<E: de::Error>(self) -> Result<Raw, E> {
                Ok(Raw::Nothing)
            }
            fn visit_bool<E: de::Error>(self, _: bool) -> Result<Raw, E> {
                Ok(Raw::Bare)
            }
            fn visit_i64<E: de::Error>(self, _: i64) -> Result<Raw, E> {
                Ok(Raw::Bare)
            }
            fn visit_u64<E: de::Error>(self, _: u64) -> Result<Raw, E> {
                Ok(Raw::Bare)
            }
            fn visit_i128<E: de::Error>(self, _: i128) -> Result<Raw, E> {
                Ok(Raw::Bare)
            }
            fn visit_u128<E: de::Error>(self, _: u128) -> Result<Raw, E> {
                Ok(Raw::Bare)
            }
            fn visit_f64<E: de::Error>(self, _: f64) -> Result<Raw, E> {
                Ok(Raw::Bare)
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Raw, E> {
                Ok(Raw::Text(text.to_owned()))
            }
            fn visit_string<E: de::Error>(self, text: String) -> Result<Raw, E> {
                Ok(Raw::Text(text))
            }
            fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Raw, S::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = list.next_element()? {
                    entries.push(entry);
                }
                Ok(Raw::List(entries))
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Raw, M::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Raw::Map(entries))
            }
            fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Raw, D::Error> {
                Raw::deserialize(inner)
            }
            fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<Raw, D::Error> {
                Raw::deserialize(inner)
            }
        }
        deserializer.deserialize_any(Shape)
    }
}

/// Turns what was handed over into nodes with places.
struct Tree<'a> {
    source: SourceId,
    text: &'a str,
    findings: &'a mut Findings,
}

impl Tree<'_> {
    fn node(&mut self, raw: Spanned<Raw>) -> Node {
        let at = place(self.source, self.text, &raw.defined);
        let value = match raw.value {
            Raw::Nothing => Value::Nothing,
            Raw::Bare => Value::Bare(self.text.get(at.range()).unwrap_or_default().to_owned()),
            Raw::Text(text) => Value::Text(text),
            Raw::List(entries) => Value::List(entries.into_iter().map(|entry| self.node(entry)).collect()),
            Raw::Map(entries) => Value::Map(self.entries(entries)),
        };
        Node::new(at, value)
    }

    fn entries(&mut self, raw: Vec<(Spanned<String>, Spanned<Raw>)>) -> Vec<(Text, Node)> {
        let mut first = std::collections::BTreeMap::<String, Place>::new();
        let mut entries = Vec::with_capacity(raw.len());
        for (key, value) in raw {
            let at = place(self.source, self.text, &key.defined);
            if let Some(before) = first.get(&key.value) {
                let message = format!("`{}` is given twice", key.value);
                self.findings
                    .add(Finding::error("duplicate-key", at, message).label("again").also(*before, "first"));
                continue;
            }
            first.insert(key.value.clone(), at);
            entries.push((Text::new(key.value, at), self.node(value)));
        }
        entries
    }
}

/// Bytes of a location; a scan error knows its line and column only. A block text's place ends with its last line.
fn place(source: SourceId, text: &str, location: &Location) -> Place {
    let line = u32::try_from(location.line()).unwrap_or(u32::MAX).max(1);
    let span = location.span();
    let start = span.byte_offset().map_or_else(
        || {
            let before: usize = text.split_inclusive('\n').take(line as usize - 1).map(str::len).sum();
            let column = usize::try_from(location.column().saturating_sub(1)).unwrap_or(usize::MAX);
            before + text[before..].chars().take(column).map(char::len_utf8).sum::<usize>()
        },
        |offset| usize::try_from(offset).unwrap_or(usize::MAX),
    );
    let start = start.min(text.len());
    let len = span.byte_len().map_or(0, |len| usize::try_from(len).unwrap_or(usize::MAX));
    let end = start.saturating_add(len).min(text.len());
    let len = text.get(start..end).map_or(0, |written| written.trim_end().len());
    Place { source, line, start: start as u64, len: u32::try_from(len).unwrap_or(u32::MAX) }
}

/// A structural error in our words.
fn explain(error: &Error, source: SourceId, text: &str) -> Finding {
    let at =
        error.location().map_or_else(|| Place::start_of(source), |location| place(source, text, &location));
    let error = error.without_snippet();
    let finding = |message: &str| Finding::error("yaml", at, message);
    match error {
        Error::Eof { .. } => {
            return finding("the file is empty").help("begin with `benchmark: name` or `suite: name`");
        }
        Error::MultipleDocuments { .. } => {
            // The parser tells of its first value.
            let dashes = text.get(..at.range().start).and_then(|before| before.rfind("\n---"));
            let at = dashes.map_or(at, |dashes| {
                let lines = text[dashes + 1..at.range().start].matches('\n').count();
                Place { line: at.line - lines as u32, start: dashes as u64 + 1, len: 3, ..at }
            });
            return Finding::error("yaml", at, "a second document begins here")
                .help("one file holds one benchmark or suite; leave out the `---`");
        }
        Error::Budget { .. } => {
            let message =
                format!("the file has more than {NODES} values, or nests them deeper than {DEPTH} levels");
            return finding(&message).help("put many items in a data file, and name it with `data:`");
        }
        _ => {}
    }
    let message = error.render_with_formatter(&serde_yaml::UserMessageFormatter);
    let message = message.lines().next().unwrap_or_default().split(" at line ").next().unwrap_or_default();
    let says = |words: &str| message.contains(words);
    let start = at.range().start;
    let behind = || text.get(..start).unwrap_or_default().trim_end_matches(' ');
    let line = text.get(start - column(text, start)..).unwrap_or_default().lines().next().unwrap_or_default();
    if says("too large or too complex") {
        finding("aliases that unfold into too many values")
            .help("aliases of aliases multiply; write the values out, or in a data file")
    } else if says("Recursive reference") || says("recursive references") {
        finding("an alias inside the very value that it stands for").help("write the value out")
    } else if says("recursion limit") {
        finding(&format!("brackets nested deeper than {DEPTH} levels")).help("close them")
    } else if says("expected string scalar") && behind().ends_with('{') {
        let at = Place { start: at.start - 1, len: 2, ..at };
        Finding::error("yaml", at, "`{{` begins a mapping here, not a text")
            .help("put the text in quotes: \"{{ … }}\"")
    } else if says("expected string scalar") {
        finding("a key is a plain text")
            .help("if this is meant as a text and not as a mapping, put it in quotes")
    } else if line.trim_start_matches(' ').starts_with('\t') || says("tab") {
        finding(message).help("indent with spaces: YAML takes no tabs there")
    } else if says("mapping values are not allowed") || says("simple key") {
        finding(message).help("a text with `: ` in it needs quotes")
    } else if says("unsupported tag") {
        finding(message).help("tags have no meaning in a spec; a text that begins with `!` needs quotes")
    } else if says("unclosed quote") {
        finding(message)
            .help("close it with the same quote; within '…' an apostrophe is written twice: 'it''s'")
    } else if let Some(comment) = comment_in_brackets(at, text) {
        let hidden = Finding::error("yaml", comment, "a comment hides the end of this list or mapping");
        hidden.label("not read").help("` #` begins a comment: a text with it needs quotes")
    } else {
        finding(message)
    }
}

/// How many bytes of its line stand before a byte.
fn column(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    before.len() - before.rfind('\n').map_or(0, |line| line + 1)
}

/// A comment that hides the end of a list from the parser, which then stumbles at its beginning or over the next line.
fn comment_in_brackets(at: Place, text: &str) -> Option<Place> {
    let start = at.range().start;
    let this = start - column(text, start);
    let last = text.get(..this)?.trim_end().rfind('\n').map_or(0, |line| line + 1);
    [this, last].into_iter().find_map(|begin| {
        let line = text[begin..].lines().next().unwrap_or_default();
        let hash = line.find(" #").filter(|hash| {
            line[..*hash].matches(['[', '{']).count() > line[..*hash].matches([']', '}']).count()
        })?;
        let lines = text[begin.min(start)..begin.max(start)].matches('\n').count() as u32;
        Some(Place {
            line: at.line - lines,
            start: (begin + hash + 1) as u64,
            len: (line.len() - hash - 1) as u32,
            ..at
        })
    })
}
