//! An input and its label: the items of several kinds.

use schemars::{Schema, SchemaGenerator, json_schema};

use super::lint;
use crate::spec::{Content, Finding, Item, Items, Linter, Node, Read as _, Reader, Short, Text, Value, keys};

keys! {
    /// An input and its label: `[input, label]`, or a mapping.
    pub struct Pair short {
        /// What is asked about.
        input: Text,
        /// What is right.
        label: Text,
    }
}

impl Short for Pair {
    const FORM: &'static str = "[input, label], or a mapping";
    fn short(node: &Node, reader: &mut Reader) -> Option<Self> {
        let [input, label] = two(node, Self::FORM, reader)?;
        Some(Self { input, label })
    }
    fn short_schemas(generator: &mut SchemaGenerator) -> Vec<Schema> {
        vec![two_texts(generator)]
    }
}

impl Content for Pair {
    fn title(&self) -> &str {
        &self.input
    }
    fn texts(&self) -> Vec<&Text> {
        vec![&self.input, &self.label]
    }
}

/// What can be wrong with items, solved examples and labels.
pub(super) fn lint(items: &Items<Pair>, shots: &Items<Pair>, labels: &[Text], linter: &mut Linter<'_>) {
    linter.data(items);
    linter.data(shots);
    lint::repeats(items, linter, |item| (item.input.as_str(), item.label.as_str()));
    lint::shown(items, shots, linter, |item| item.input.as_str());
    lint::labels(labels, items.iter().chain(shots.iter()).map(|item| &item.label), linter);
}

/// What can be wrong with a template over inputs and labels.
pub(super) fn lint_template(template: &Text, items: &[Item<Pair>], linter: &mut Linter<'_>) {
    let Some(first) = items.first() else { return };
    let item = lint::blanks([("input", first.input.as_str()), ("label", first.label.as_str())]);
    lint::Blanks { item, needed: &["input", "label"], answer: "label" }.check(template, linter);
}

/// A list of exactly two texts.
pub(super) fn two(node: &Node, form: &str, reader: &mut Reader) -> Option<[Text; 2]> {
    let Value::List(entries) = &node.value else { return reader.expected(node, form) };
    if let [first, second] = entries.as_slice() {
        let (first, second) = (Text::read(first, reader), Text::read(second, reader));
        return Some([first?, second?]);
    }
    let finding =
        Finding::error("type", node.at, format!("{} texts where {form} is expected", entries.len()));
    reader.tell(if entries.len() > 2 {
        finding.help("a text with a comma in it needs quotes inside [ ]")
    } else {
        finding
    })
}

pub(super) fn two_texts(generator: &mut SchemaGenerator) -> Schema {
    let text = generator.subschema_for::<Text>();
    json_schema!({ "type": "array", "items": text, "minItems": 2, "maxItems": 2 })
}
