//! `cloze`: is the correct ending more probable than each incorrect one?

use std::sync::Arc;

use schemars::{Schema, SchemaGenerator, json_schema};

use super::{
    endings::{self, Ending, Normalization, Posed, decided},
    lint,
    parts::{Chances, Part, groups, measured},
    planned::{Judge, Verdict, item_key, reported},
};
use crate::{
    metric::{Formula, Metric},
    plan::{Answers, Ask, Failure},
    record::{Better, Cell, Column, ItemKey, Row, Table, Unit},
    spec::{
        Content, Counted, Draw, Finding, Item, Items, Kind, Linter, Node, OneOrMore, Place, Reader, Reported,
        Severity, Short, Text, Value, join, keys,
    },
    value::{Digest, NonEmpty},
};

keys! {
    /// Is the correct ending more probable than each incorrect one?
    pub struct Cloze {
        /// What is put between a prompt and an ending, unless there is white space already.
        join: String = " ".to_owned(),
        /// How endings of different lengths are compared; several may be reported.
        normalization: OneOrMore<Normalization> = OneOrMore::one(Normalization::None),
    } with {
        /// The items.
        items: Items<Endings>,
    }
}

keys! {
    /// A prompt with its endings: `[prompt, correct, incorrect, …]`, `[correct, incorrect]` for whole texts, or a mapping.
    pub struct Endings short {
        /// The text before the endings; whole texts are compared where there is none.
        prompt: Option<Text>,
        /// The right ending.
        correct: Text,
        /// One or more wrong ones.
        incorrect: OneOrMore<Text>,
        /// A part of the task that is also reported by itself.
        group: Option<Text>,
    }
}

impl Short for Endings {
    const FORM: &'static str = "[prompt, correct, incorrect, …], [correct, incorrect], or a mapping";

    fn short(node: &Node, reader: &mut Reader) -> Option<Self> {
        let Value::List(entries) = &node.value else { return reader.expected(node, Self::FORM) };
        let texts: Vec<_> =
            entries.iter().map(|entry| <Text as crate::spec::Read>::read(entry, reader)).collect();
        let mut texts = texts.into_iter().collect::<Option<Vec<_>>>()?.into_iter();
        let prompt = if entries.len() > 2 { texts.next() } else { None };
        let (correct, incorrect) = (texts.next(), NonEmpty::new(texts.collect()));
        if let (Some(correct), Some(incorrect)) = (correct, incorrect) {
            return Some(Self { prompt, correct, incorrect: OneOrMore(incorrect), group: None });
        }
        let message = format!("{} where {} is expected", count(entries.len()), Self::FORM);
        reader.tell(Finding::error("type", node.at, message))
    }

    fn short_schemas(generator: &mut SchemaGenerator) -> Vec<Schema> {
        let text = generator.subschema_for::<Text>();
        vec![json_schema!({ "type": "array", "items": text, "minItems": 2 })]
    }
}

fn count(texts: usize) -> String {
    match texts {
        0 => "no text".to_owned(),
        1 => "one text".to_owned(),
        n => format!("{n} texts"),
    }
}

impl Content for Endings {
    fn title(&self) -> &str {
        self.prompt.as_ref().unwrap_or(&self.correct)
    }
    fn texts(&self) -> Vec<&Text> {
        self.prompt.iter().chain([&self.correct]).chain(self.incorrect.iter()).collect()
    }
}

impl Kind for Cloze {
    fn select(&mut self, draw: &Draw<'_>) {
        self.items.select(draw);
    }
    fn items(&self) -> Counted {
        Counted::of(&self.items)
    }
    fn metrics(&self) -> Vec<Reported> {
        reported(&self.measured(|_| None))
    }
    fn lint(&self, linter: &mut Linter<'_>) {
        linter.data(&self.items);
        lint::endings(&self.items, &self.join, linter);
        lint::words("normalization", self.normalization.iter().map(|one| one.word()), linter);
        if self.normalization.contains(&Normalization::Pmi) {
            let whole: Vec<Place> =
                self.items.iter().filter(|item| item.prompt.is_none()).map(|item| item.at).collect();
            let message = format!("{} without a prompt, and `pmi` takes it away", lint::items(whole.len()));
            let help = "the difference is 0 for every text; give prompts, or leave `pmi` out";
            linter.tell_of(Severity::Error, "value", &whole, message, help);
        }
    }
    fn lint_selection(&self, linter: &mut Linter<'_>) {
        lint::few_items(self.items.len(), linter);
    }
}

impl Cloze {
    /// Asks for every ending after its prompt, and without it where pmi needs that.
    pub(super) fn ask(&self, ask: &mut Ask) -> Judge {
        let pmi = self.normalization.contains(&Normalization::Pmi);
        let asked: Vec<Asked> =
            self.items.iter().map(|item| Asked::new(item, &self.join, pmi, ask)).collect();
        let chance = |item: &'_ Asked| 1.0 / item.posed.endings.len() as f64;
        let chances = Chances::of(asked.iter().map(|item| (None, item.key.group.as_deref(), chance(item))));
        let metrics = self.measured(|part| chances.get(part));
        let normalizations = self.normalization.to_vec();
        Box::new(move |answers| verdict(&asked, &normalizations, metrics, answers))
    }

    /// Every number, of the whole task and of its groups, each with how often a guess is right.
    fn measured(&self, chance: impl Fn(Part<'_>) -> Option<f64>) -> Vec<Metric> {
        let groups = groups(self.items.iter().map(|item| item.group.as_ref()));
        measured(&[], &groups, |part| metrics(&self.normalization, chance(part)))
    }
}

/// What each row says besides what all endings have.
const OWN: [Column; 5] =
    ["p_incorrect", "p_first_correct", "p_first_incorrect", "first_token_correct", "item_group"];

/// One item's questions.
struct Asked {
    key: Arc<ItemKey>,
    /// The correct ending first.
    posed: Posed,
}

impl Asked {
    fn new(item: &Item<Endings>, between: &str, pmi: bool, ask: &mut Ask) -> Self {
        let written = item.prompt.as_deref().unwrap_or_default();
        let all = std::iter::once(&item.correct).chain(item.incorrect.iter());
        let texts = all.map(|ending| (join(written, ending, between).1, ending.as_str()));
        let prompt = written.trim_end().to_owned();
        let endings = Ending::ask_all(&prompt, texts, pmi.then_some(""), ask);
        let texts: Vec<&str> = endings.iter().map(|ending| ending.text.as_str()).collect();
        let content = Digest::of_json(&("cloze", &prompt, texts));
        let posed = Posed { prompt, endings, right: vec![0] };
        Self { key: item_key(item, item.group.as_deref(), 0, content), posed }
    }

    fn cells(&self, normalizations: &[Normalization], answers: &Answers) -> Result<Vec<Cell>, Failure> {
        let compared = self.posed.compared(normalizations, answers)?;
        let firsts: Option<Vec<f64>> =
            compared.given.iter().map(|scored| scored.logprobs.first().copied().map(f64::from)).collect();
        let firsts = firsts.as_deref();
        let p_first = |right| firsts.map(|firsts| libm::exp(firsts[self.posed.best(firsts, right)]));
        let own = vec![
            compared.p_incorrect().into(),
            p_first(true).into(),
            p_first(false).into(),
            firsts.map(|firsts| decided(firsts, &self.posed.right)).into(),
            self.key.group.as_deref().into(),
        ];
        Ok(self.posed.cells(&compared, own))
    }
}

fn verdict(
    asked: &[Asked],
    normalizations: &[Normalization],
    metrics: Vec<Metric>,
    answers: &Answers,
) -> Verdict {
    let row = |item: &Asked| Row { key: item.key.clone(), cells: item.cells(normalizations, answers) };
    let rows = asked.iter().map(row).collect();
    let table = Table { rows, ..Table::new("items", endings::columns(&OWN, normalizations)) };
    let notes = endings::notes(&table);
    Verdict { table, details: Vec::new(), metrics, notes }
}

/// What is reported of every part.
fn metrics(normalizations: &[Normalization], chance: Option<f64>) -> Vec<Metric> {
    let first_token =
        Metric::new("first_token_accuracy", Formula::Proportion("first_token_correct"), Unit::Proportion);
    let mut metrics = endings::accuracies(normalizations, chance);
    metrics.extend([
        Metric { chance, ..first_token.better(Better::Higher) },
        Metric::new("p_correct", Formula::Mean("p_correct"), Unit::Proportion).better(Better::Higher),
        Metric::new("margin", Formula::Mean("margin"), Unit::Nats).better(Better::Higher),
        Metric::new("ratio", Formula::GeometricMean("margin"), Unit::Ratio).better(Better::Higher),
    ]);
    metrics
}
