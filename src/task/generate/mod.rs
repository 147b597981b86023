//! `generate`: the model writes an answer; with `labels` it is a classification.

mod labels;
mod matching;
mod run;

pub use matching::{Match, Normalize};

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroU32,
};

use schemars::{Schema, SchemaGenerator, json_schema};

use super::{
    decoding::{Combination, Decoding},
    lint,
    planned::reported,
    prompt::{SEPARATOR, blanks},
    shots::Selection,
};
use crate::{
    plan,
    spec::{
        Content, Counted, Draw, Finding, Items, Kind, Linter, Node, OneOrMore, Read, Reader, Reported, Short,
        Text, Value, keys,
    },
    value::Seed,
};
use matching::Rule;

/// The prompt where a spec gives none.
const TEMPLATE: &str = "{{ input }} {{ target }}";

keys! {
    /// The model writes an answer; with `labels`, a classification.
    pub struct Generate {
        /// The prompt, with `{{ input }}`, up to where `{{ target }}` stands; the input alone where none is given.
        template: Option<Text>,
        /// A text before everything else.
        instruction: Option<Text>,
        /// Solved examples put first.
        shots: Items<Exercise> = Items::none(),
        /// How many of them; a list is a sweep.
        k: OneOrMore<u32> = OneOrMore::one(0),
        /// Which of them an item sees; `balanced` by their targets.
        selection: Selection = Selection::Fixed,
        /// What stands between them.
        separator: String = SEPARATOR.to_owned(),
        /// The possible answers; they make it a classification. The label that an answer begins with counts, or else the
        /// only one that it holds, as whole words in capital or small letters.
        labels: Vec<Text> = Vec::new(),
        /// When an answer is right: `exact`, `contains`, `number` (the last one), or a regular expression, of which the
        /// first group is compared, or looked for a label.
        matching ("match"): Match = Match::Exact,
        /// What an answer and a target may differ in, applied in this order: `case`, `punctuation`, `articles`,
        /// `white_space`. White space at their ends never counts.
        normalize: Vec<Normalize> = Vec::new(),
        /// The longest answer, in tokens.
        max_tokens: NonZeroU32 = NonZeroU32::new(32).expect("32 is not zero"),
        /// Texts that end an answer.
        stop: Vec<Text> = Vec::new(),
        /// How tokens are chosen; `greedy` if nothing is said.
        decoding: Decoding = Decoding::GREEDY,
        /// How many answers are drawn for each item, where tokens are drawn.
        samples: NonZeroU32 = NonZeroU32::MIN,
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
        /// What is right; a list where several answers are. Solved examples show the first.
        target: OneOrMore<Text>,
        /// A part of the task that is also reported by itself.
        group: Option<Text>,
    }
}

impl Short for Exercise {
    const FORM: &'static str = "[input, target], [input, [target, …]], or a mapping";
    fn short(node: &Node, reader: &mut Reader) -> Option<Self> {
        let Value::List(entries) = &node.value else { return reader.expected(node, Self::FORM) };
        if let [input, target] = entries.as_slice() {
            let (input, target) = (Text::read(input, reader), OneOrMore::read(target, reader));
            return Some(Self { input: input?, target: target?, group: None });
        }
        let message = format!("{} texts where {} is expected", entries.len(), Self::FORM);
        let finding = Finding::error("type", node.at, message);
        reader.tell(if entries.len() > 2 {
            finding.help("a text with a comma in it needs quotes inside [ ]")
        } else {
            finding
        })
    }
    fn short_schemas(generator: &mut SchemaGenerator) -> Vec<Schema> {
        let (input, target) =
            (generator.subschema_for::<Text>(), generator.subschema_for::<OneOrMore<Text>>());
        vec![json_schema!({ "type": "array", "items": [input, target], "minItems": 2, "maxItems": 2 })]
    }
}

impl Content for Exercise {
    fn title(&self) -> &str {
        &self.input
    }
    fn texts(&self) -> Vec<&Text> {
        std::iter::once(&self.input).chain(self.target.iter()).collect()
    }
}

impl Exercise {
    /// What a template fills in.
    fn blanks(&self) -> serde_json::Map<String, serde_json::Value> {
        blanks([("input", &self.input)])
    }
}

impl Generate {
    /// How answers are held against targets.
    fn rule(&self) -> Rule {
        Rule { matching: self.matching.clone(), normalize: self.normalize.clone() }
    }

    /// How tokens are chosen: a grid is refused when the spec is checked.
    fn combination(&self) -> Combination {
        self.decoding.single().unwrap_or_default()
    }

    /// Several strategies, and several answers where there is but one.
    fn lint_decoding(&self, linter: &mut Linter<'_>) {
        let strategies = self.decoding.combinations();
        if strategies.len() > 1 {
            let message = format!("`decoding` names {} strategies", strategies.len());
            let finding = Finding::error("value", linter.task(), message);
            linter.tell(finding.help("take one; a `sampling` task compares several"));
        }
        let drawn = |one: &Combination| matches!(one.decoding(Seed(0)), plan::Decoding::Sampled(_));
        if self.samples.get() > 1 && !strategies.iter().any(drawn) {
            let message = format!("{} answers are asked for, and all would be the same", self.samples);
            let finding = Finding::error("value", linter.task(), message);
            linter.tell(
                finding.help("draw tokens, as `decoding: {temperature: 0.8}` does, or leave out `samples`"),
            );
        }
    }

    /// How many solved examples come first, in each part of the task.
    fn ks(&self) -> BTreeSet<u32> {
        self.k.iter().copied().collect()
    }

    /// A part's name, where there are several.
    fn part(&self, k: u32) -> Option<String> {
        (self.ks().len() > 1).then(|| format!("k={k}"))
    }

    /// Targets of which nothing is left to compare.
    fn lint_targets(&self, linter: &mut Linter<'_>) {
        let rule = self.rule();
        for target in self.items.iter().flat_map(|item| item.target.iter()) {
            if target.is_empty() || rule.target(target).is_some() {
                continue;
            }
            let message = match self.matching {
                Match::Number => format!("there is no number in the target `{target}`"),
                Match::Exact | Match::Contains | Match::Regex(_) => {
                    format!("nothing is left of the target `{target}`")
                }
            };
            let finding = Finding::error("value", target.at, message);
            linter.tell(finding.help("no answer could be right; change the target, `match` or `normalize`"));
        }
    }

    /// What cannot stand beside labels, and labels that read the same.
    fn lint_labels(&self, linter: &mut Linter<'_>) {
        let all = self.items.iter().chain(self.shots.iter());
        lint::labels(&self.labels, all.clone().flat_map(|item| item.target.iter()), linter);
        for item in all {
            if let [first, second, ..] = &item.target[..] {
                let finding = Finding::error("value", second.at, "a second label is right for one item");
                let finding = finding.label("second").also(first.at, "first");
                linter.tell(finding.help("a classification has one right label for each item"));
            }
        }
        let mut seen = BTreeMap::<String, &Text>::new();
        for label in &self.labels {
            if let Some(first) = seen.insert(labels::folded(label), label).filter(|first| *first != label) {
                let message =
                    format!("the labels `{first}` and `{label}` differ in their letters' case alone");
                let finding = Finding::error("same-answer", label.at, message).also(first.at, "first");
                linter.tell(finding.help("labels are found in capital or small letters alike; rename one"));
            }
        }
        let needless = match self.matching {
            Match::Exact | Match::Regex(_) => None,
            Match::Contains | Match::Number => Some(format!("`match: {}`", self.matching.word())),
        };
        let needless = needless.or_else(|| (!self.normalize.is_empty()).then(|| "`normalize`".to_owned()));
        if let Some(key) = needless {
            let message = format!("{key} says nothing beside `labels`");
            let finding = Finding::error("value", linter.task(), message);
            linter.tell(finding.help(
                "labels are found as whole words, in capital or small letters; a regular expression may say where",
            ));
        }
    }
}

impl Kind for Generate {
    fn select(&mut self, draw: &Draw<'_>) {
        self.items.select(draw);
    }
    fn items(&self) -> Counted {
        Counted::of(&self.items).with_shots(&self.shots)
    }
    fn metrics(&self) -> Vec<Reported> {
        reported(&self.measured())
    }
    fn lint(&self, linter: &mut Linter<'_>) {
        linter.data(&self.items);
        linter.data(&self.shots);
        lint::repeats(&self.items, linter, |item| {
            let mut targets: Vec<&str> = item.target.iter().map(Text::as_str).collect();
            targets.sort_unstable();
            (item.input.as_str(), targets)
        });
        lint::shown(&self.items, &self.shots, linter, |item| item.input.as_str());
        lint::shots(&self.items, &self.shots, self.k.iter().copied().max(), self.selection, linter);
        for target in self.items.iter().chain(self.shots.iter()).flat_map(|item| item.target.iter()) {
            lint::filled(target, "target", linter);
        }
        if self.labels.is_empty() {
            self.lint_targets(linter);
        } else {
            self.lint_labels(linter);
        }
        self.lint_decoding(linter);
        for stop in self.stop.iter().filter(|stop| stop.is_empty()) {
            let finding = Finding::error("empty-text", stop.at, "a stop text is empty");
            linter.tell(finding.help("it would end every answer before it begins; leave it out"));
        }
        if let (Some(template), Some(first)) = (&self.template, self.items.first()) {
            let mut item = first.blanks();
            item.insert("target".to_owned(), first.target.first().as_str().into());
            lint::Blanks { item, needed: &["input", "target"], answer: "target" }.check(template, linter);
        }
    }
    fn lint_selection(&self, linter: &mut Linter<'_>) {
        lint::few_items(self.items.len(), linter);
        lint::classes(&self.labels, self.items.iter().map(|item| item.target.first()), linter);
    }
}
