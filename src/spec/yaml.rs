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
    let finding = |message: &str| Finding::error("yaml", at, message);
    match error {
        Error::WithSnippet { error, .. } => explain(error, source, text),
        Error::Eof { .. } => {
            finding("the file is empty").help("begin with `benchmark: name` or `suite: name`")
        }
        Error::MultipleDocuments { .. } => finding("a second document begins here")
            .help("one file holds one benchmark or suite; leave out the `---`"),
        Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => finding("aliases that unfold into too many values")
            .help("aliases of aliases multiply; write the values out, or in a data file"),
        Error::Budget { .. } => finding(&format!(
            "the file is too large to read: at most {NODES} values, nested at most {DEPTH} deep"
        ))
        .help("put many items in a data file, and name it with `data:`"),
        other => {
            let message = other.render_with_formatter(&serde_yaml::UserMessageFormatter);
            let line = message.lines().next().unwrap_or_default();
            let message = line.split(" at line ").next().unwrap_or_default();
            let written = text.lines().nth(at.line as usize - 1).unwrap_or_default();
            let finding = finding(message);
            match remedy(message, written) {
                Some(help) => finding.help(help),
                None => finding,
            }
        }
    }
}

/// What mostly causes a scanner's complaint.
fn remedy(message: &str, line: &str) -> Option<&'static str> {
    let says = |words: &str| message.contains(words);
    if line.trim_start_matches(' ').starts_with('\t') || says("tab") {
        Some("indent with spaces: YAML takes no tabs there")
    } else if (says("unclosed") || says("did not find expected ',' or")) && line.contains(" #") {
        Some("` #` begins a comment: a text with it needs quotes")
    } else if says("mapping values are not allowed") || says("simple key") {
        Some("a text with `: ` in it needs quotes")
    } else if line.contains("{{") && (says("flow") || says("mapping")) {
        Some("a text that begins with `{{` needs quotes")
    } else {
        None
    }
}
