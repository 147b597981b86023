//! `memorization`: is a text more probable than the same thing said otherwise?

use schemars::{Schema, SchemaGenerator};

use super::{lint, pair};
use crate::spec::{
    Content, Counted, Draw, Expectation, Kind, Linter, Named, Node, Reader, Reported, Short, Text, keys,
};

keys! {
    /// Is a text more probable than the same thing said otherwise?
    pub struct Memorization {
        /// The two conditions, by the names that items use; the first is compared with the second.
        conditions: Vec<Text>,
        /// Paired: every item has a prompt, or [prompt, target], for each condition.
        items: Option<Vec<Named<Continuation>>>,
        /// Unpaired: a list of [prompt, target] for each condition.
        groups: Named<Vec<Continuation>> = Named::default(),
        /// When an item counts as likely memorized.
        likely_memorized: Option<Expectation>,
        /// What is put between a prompt and its target, unless there is white space already.
        join: String = " ".to_owned(),
    }
}

keys! {
    /// A prompt and its target: `[prompt, target]`, or a prompt alone where the item names the target.
    pub struct Continuation short {
        /// The text before the target.
        prompt: Text,
        /// What is scored.
        target: Option<Text>,
    }
}

impl Short for Continuation {
    const FORM: &'static str = "a prompt, or [prompt, target]";
    fn short(node: &Node, reader: &mut Reader) -> Option<Self> {
        if let Some(prompt) = node.text() {
            return Some(Self { prompt, target: None });
        }
        let [prompt, target] = pair::two(node, Self::FORM, reader)?;
        Some(Self { prompt, target: Some(target) })
    }
    fn short_schemas(generator: &mut SchemaGenerator) -> Vec<Schema> {
        vec![generator.subschema_for::<Text>(), pair::two_texts(generator)]
    }
}

impl Content for Continuation {
    fn title(&self) -> &str {
        &self.prompt
    }
    fn texts(&self) -> Vec<&Text> {
        std::iter::once(&self.prompt).chain(&self.target).collect()
    }
}

impl Kind for Memorization {
    fn select(&mut self, _: &Draw<'_>) {}
    fn items(&self) -> Counted {
        Counted::default()
    }
    fn metrics(&self) -> Vec<Reported> {
        Reported::whole(&["ratio", "median_ratio", "likely_memorized"])
    }
    fn lint(&self, linter: &mut Linter<'_>) {
        lint::memorization(self, linter);
    }
    fn lint_selection(&self, linter: &mut Linter<'_>) {
        // The share of items that are likely memorized.
        lint::few_items(self.items.as_ref().map_or(0, Vec::len), linter);
    }
}
