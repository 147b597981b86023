//! An input and its label: the items of several kinds, and the solved examples before them.

use schemars::{Schema, SchemaGenerator, json_schema};

use super::{lint, prompt::blanks, shots::Selection};
use crate::spec::{
    Content, Finding, Item, Items, Linter, Node, Place, Read as _, Reader, Severity, Short, Text, Value, keys,
};

keys! {
    /// A solved example: `[input, label]`, or a mapping.
    pub struct Pair short {
        /// What could be asked about.
        input: Text,
        /// What is right.
        label: Text,
    }
}

keys! {
    /// An input and its label: `[input, label]`, or a mapping.
    pub struct Labelled short {
        /// What is asked about.
        input: Text,
        /// What is right.
        label: Text,
        /// A part of the items that is also reported by itself.
        group: Option<Text>,
        /// Solved examples for this item alone, instead of those of the task.
        shots: Vec<Pair> = Vec::new(),
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

impl Short for Labelled {
    const FORM: &'static str = Pair::FORM;
    fn short(node: &Node, reader: &mut Reader) -> Option<Self> {
        let [input, label] = two(node, Self::FORM, reader)?;
        Some(Self { input, label, group: None, shots: Vec::new() })
    }
    fn short_schemas(generator: &mut SchemaGenerator) -> Vec<Schema> {
        vec![two_texts(generator)]
    }
}

impl Content for Labelled {
    fn title(&self) -> &str {
        &self.input
    }
    fn texts(&self) -> Vec<&Text> {
        let shown = self.shots.iter().flat_map(|shot| [&shot.input, &shot.label]);
        [&self.input, &self.label].into_iter().chain(shown).collect()
    }
}

/// What can be wrong with items, solved examples and labels.
pub(super) fn lint(items: &Items<Labelled>, shots: &Items<Pair>, labels: &[Text], linter: &mut Linter<'_>) {
    linter.data(items);
    linter.data(shots);
    lint::repeats(items, linter, |item| (item.input.as_str(), item.label.as_str()));
    let own = items.iter().flat_map(|item| &item.shots).map(|shot| &shot.label);
    let shown = shots.iter().map(|shot| &shot.label).chain(own);
    lint::labels(labels, items.iter().map(|item| &item.label).chain(shown), linter);
}

/// What can be wrong with solved examples of which at most so many are shown.
pub(super) fn lint_shots(
    items: &Items<Labelled>,
    shots: &Items<Pair>,
    most: u32,
    selection: Selection,
    linter: &mut Linter<'_>,
) {
    let places = |is: &dyn Fn(&Labelled) -> bool| -> Vec<Place> {
        items.iter().filter(|item| is(item)).map(|item| item.at).collect()
    };
    let served = items.iter().all(|item| !item.shots.is_empty());
    if !(served && shots.is_empty()) {
        lint::shots(items, shots, Some(most), selection, linter);
    }
    let few = places(&|item| !item.shots.is_empty() && item.shots.len() < most as usize);
    let message =
        format!("{}: fewer solved examples of their own than the {most} asked for", lint::items(few.len()));
    linter.tell_of(Severity::Error, "unused-shots", &few, message, "add some to their `shots`, or lower `k`");
    if most == 0 {
        return;
    }
    let shown = shots.iter().map(|shot| (shot.input.as_str(), shot.at)).collect();
    lint::shown_among(items.iter().map(|item| (item.input.as_str(), item.at)), &shown, linter);
    let own = places(&|item| item.shots.iter().any(|shot| shot.input == item.input));
    let message =
        format!("{}: one of the solved examples of its own is the item itself", lint::items(own.len()));
    linter.tell_of(Severity::Warning, "shot-in-items", &own, message, lint::SHOWN);
}

/// What can be wrong with a template over inputs and labels.
pub(super) fn lint_template(template: &Text, items: &[Item<Labelled>], linter: &mut Linter<'_>) {
    let Some(first) = items.first() else { return };
    let item = blanks([("input", first.input.as_str()), ("label", first.label.as_str())]);
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
