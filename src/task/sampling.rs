//! `sampling`: decoding strategies compared: how varied, how repetitive, how reproducible is the text?

use std::num::NonZeroU32;

use schemars::{Schema, SchemaGenerator, json_schema};

use super::next_token::{Prompt, lint_prompts};
use crate::{
    spec::{Counted, Draw, Items, Kind, Linter, Node, OneOrMore, Reader, Reported, Short, keys},
    value::NonEmpty,
};

keys! {
    /// Decoding strategies: how varied, how repetitive, how reproducible is the text?
    pub struct Sampling {
        /// The strategies; a list of values makes a grid.
        strategies: NonEmpty<Decoding>,
        /// How long, in tokens.
        max_tokens: NonZeroU32 = NonZeroU32::new(40).expect("40 is not zero"),
        /// How often each seed is run: is the text the same?
        repeats: NonZeroU32 = NonZeroU32::new(2).expect("2 is not zero"),
        /// The seeds: how much does the text vary?
        seeds: Vec<u64> = vec![0],
    } with {
        /// The texts to continue.
        prompts: Items<Prompt>,
    }
}

keys! {
    /// How tokens are chosen: `greedy`, or a mapping; a list of values makes a grid.
    pub struct Decoding short {
        /// Above 1 flattens the distribution, below 1 sharpens it.
        temperature: Option<OneOrMore<f64>>,
        /// Only the so many most probable tokens.
        top_k: Option<OneOrMore<NonZeroU32>>,
        /// Only the most probable tokens that make up this much.
        top_p: Option<OneOrMore<f64>>,
        /// Only tokens at least this probable, relative to the best.
        min_p: Option<OneOrMore<f64>>,
    }
}

impl Decoding {
    /// Always the most probable token.
    pub const GREEDY: Self = Self { temperature: None, top_k: None, top_p: None, min_p: None };

    /// The names of its strategies, one a combination of values.
    pub fn names(&self) -> Vec<String> {
        fn axis<T: ToString>(name: &str, values: Option<&OneOrMore<T>>) -> Vec<String> {
            values.into_iter().flat_map(|v| v.iter()).map(|v| format!("{name}={}", v.to_string())).collect()
        }
        let axes = [
            axis("temperature", self.temperature.as_ref()),
            axis("top_k", self.top_k.as_ref()),
            axis("top_p", self.top_p.as_ref()),
            axis("min_p", self.min_p.as_ref()),
        ];
        let mut names = vec![String::new()];
        for values in axes.into_iter().filter(|values| !values.is_empty()) {
            names = names
                .iter()
                .flat_map(|name| {
                    let gap = if name.is_empty() { "" } else { "," };
                    values.iter().map(move |value| format!("{name}{gap}{value}"))
                })
                .collect();
        }
        if names == [""] { vec!["greedy".to_owned()] } else { names }
    }
}

impl Short for Decoding {
    const FORM: &'static str = "`greedy`, or a mapping such as {top_p: 0.9}";
    fn short(node: &Node, reader: &mut Reader) -> Option<Self> {
        match node.text() {
            Some(text) if text.as_str() == "greedy" => Some(Self::GREEDY),
            Some(text) => reader
                .refuse(text.at, format!("`{text}` is no way to choose tokens; expected {}", Self::FORM)),
            None => reader.expected(node, Self::FORM),
        }
    }
    fn short_schemas(_: &mut SchemaGenerator) -> Vec<Schema> {
        vec![json_schema!({ "const": "greedy" })]
    }
}

impl Kind for Sampling {
    fn select(&mut self, draw: &Draw<'_>) {
        self.prompts.select(draw);
    }
    fn items(&self) -> Counted {
        Counted::of(&self.prompts)
    }
    fn metrics(&self) -> Vec<Reported> {
        let metrics = ["reproducible", "distinct_texts", "distinct_1", "distinct_2", "repetition", "length"];
        let names = self.strategies.iter().flat_map(Decoding::names);
        names.flat_map(|name| Reported::part(&name, &metrics)).collect()
    }
    fn lint(&self, linter: &mut Linter<'_>) {
        lint_prompts(&self.prompts, linter);
    }
}
