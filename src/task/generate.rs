//! `generate`: the model writes an answer; with `labels` it is a classification.

use std::num::NonZeroU32;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{decoding::Decoding, lint, pair};
use crate::spec::{
    Content, Counted, Draw, Items, Kind, Linter, Node, OneOrMore, Read, Reader, Reported, Short, Text, keys,
};

keys! {
    /// The model writes an answer; with `labels`, a classification.
    pub struct Generate {
        /// The prompt, with `{{ input }}`, up to where `{{ target }}` stands.
        template: Option<Text>,
        /// Solved examples put first.
        shots: Items<Exercise> = Items::none(),
        /// How many of them; a list is a sweep.
        k: OneOrMore<u32> = OneOrMore::one(0),
        /// The possible answers; they make it a classification.
        labels: Vec<Text> = Vec::new(),
        /// When an answer is right: `exact`, `contains`, `number`, or a regular expression.
        matching ("match"): Match = Match::Exact,
        /// The longest answer, in tokens.
        max_tokens: NonZeroU32 = NonZeroU32::new(32).expect("32 is not zero"),
        /// Texts that end an answer.
        stop: Vec<Text> = Vec::new(),
        /// How tokens are chosen; `greedy` if nothing is said.
        decoding: Decoding = Decoding::GREEDY,
    } with {
        /// What is asked.
        items: Items<Exercise>,
    }
}

keys! {
    /// An input and its right answer: `[input, target]`, or a mapping.
    pub struct Exercise short {
        /// What is asked about.
        input: Text,
        /// What is right.
        target: Text,
    }
}

impl Short for Exercise {
    const FORM: &'static str = "[input, target], or a mapping";
    fn short(node: &Node, reader: &mut Reader) -> Option<Self> {
        let [input, target] = pair::two(node, Self::FORM, reader)?;
        Some(Self { input, target })
    }
    fn short_schemas(generator: &mut SchemaGenerator) -> Vec<Schema> {
        vec![pair::two_texts(generator)]
    }
}

impl Content for Exercise {
    fn title(&self) -> &str {
        &self.input
    }
    fn texts(&self) -> Vec<&Text> {
        vec![&self.input, &self.target]
    }
}

/// When an answer is right.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Match {
    /// It is the target, white space at its ends aside.
    Exact,
    /// It holds the target.
    Contains,
    /// Its last number is the target's.
    Number,
    /// What the first group of a regular expression finds in it is the target.
    Regex(Text),
}

impl Read for Match {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let Some(text) = node.text() else {
            return reader.expected(node, "`exact`, `contains`, `number` or a regular expression, a text,");
        };
        Some(match text.as_str() {
            "exact" => Self::Exact,
            "contains" => Self::Contains,
            "number" => Self::Number,
            _ => Self::Regex(text),
        })
    }
}

impl JsonSchema for Match {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Match".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "enum": ["exact", "contains", "number"] }, { "type": "string" }] })
    }
}

impl Kind for Generate {
    fn select(&mut self, draw: &Draw<'_>) {
        self.items.select(draw);
    }
    fn items(&self) -> Counted {
        Counted::of(&self.items)
    }
    fn metrics(&self) -> Vec<Reported> {
        if self.labels.is_empty() {
            return Reported::whole(&["exact_match"]);
        }
        let mut all = Reported::whole(&["accuracy", "macro_f1", "no_label"]);
        for label in &self.labels {
            all.extend(Reported::part(label, &["precision", "recall", "f1"]));
        }
        all
    }
    fn lint(&self, linter: &mut Linter<'_>) {
        linter.data(&self.items);
        linter.data(&self.shots);
        lint::repeats(&self.items, linter, |item| (item.input.as_str(), item.target.as_str()));
        lint::shown(&self.items, &self.shots, linter, |item| item.input.as_str());
        lint::shots(&self.shots, self.k.iter().copied().max(), linter);
        for item in self.items.iter().chain(self.shots.iter()) {
            lint::filled(&item.target, "target", linter);
        }
        if !self.labels.is_empty() {
            lint::labels(
                &self.labels,
                self.items.iter().chain(self.shots.iter()).map(|item| &item.target),
                linter,
            );
        }
        if let (Some(template), Some(first)) = (&self.template, self.items.first()) {
            let item = lint::blanks([("input", first.input.as_str()), ("target", first.target.as_str())]);
            lint::Blanks { item, needed: &["input", "target"], answer: "target" }.check(template, linter);
        }
    }
    fn lint_selection(&self, linter: &mut Linter<'_>) {
        lint::few_items(self.items.len(), linter);
        lint::classes(&self.labels, self.items.iter().map(|item| &item.target), linter);
    }
}
