//! `cloze`: is the correct ending more probable than each incorrect one?

use std::{collections::BTreeSet, sync::Arc};

use schemars::{Schema, SchemaGenerator, json_schema};

use super::{
    endings::{self, Ending, Normalization, decided, highest},
    labels::Part,
    lint,
    parts::Chances,
    planned::{Judge, Verdict, item_key},
};
use crate::{
    metric::{Formula, Metric},
    plan::{Answers, Ask, Failure},
    record::{Better, Cell, Column, ItemKey, Row, Table, Unit},
    spec::{
        Content, Counted, Draw, Finding, Item, Items, Kind, Linter, Node, OneOrMore, Reader, Reported, Short,
        Text, Value, join, keys,
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
        let accuracy = self.normalization.iter().map(|normalization| normalization.named("accuracy"));
        let metrics: Vec<String> = accuracy.chain(FURTHER.map(str::to_owned)).collect();
        let metrics: Vec<&str> = metrics.iter().map(String::as_str).collect();
        let groups: BTreeSet<&str> = self.items.iter().filter_map(|item| item.group.as_deref()).collect();
        let mut all = Reported::whole(&metrics);
        all.extend(groups.into_iter().flat_map(|group| Reported::part(group, &metrics)));
        all
    }
    fn lint(&self, linter: &mut Linter<'_>) {
        linter.data(&self.items);
        lint::endings(&self.items, &self.join, linter);
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
        let normalizations = self.normalization.to_vec();
        Box::new(move |answers| verdict(&asked, &normalizations, answers))
    }
}

/// What is reported besides accuracy.
const FURTHER: [&str; 4] = ["first_token_accuracy", "p_correct", "margin", "ratio"];

/// What each row says; `correct` under every further normalization follows.
const COLUMNS: [Column; 17] = [
    "correct",
    "score",
    "logprob_correct",
    "logprob_incorrect",
    "margin",
    "p_correct",
    "rank",
    "n_tokens",
    "prompt",
    "gold",
    "output",
    "p_incorrect",
    "p_first_correct",
    "p_first_incorrect",
    "first_token_correct",
    "endings",
    "straddles",
];

/// One item's questions.
struct Asked {
    key: Arc<ItemKey>,
    prompt: String,
    /// The correct one first.
    endings: Vec<Ending>,
}

impl Asked {
    fn new(item: &Item<Endings>, between: &str, pmi: bool, ask: &mut Ask) -> Self {
        let written = item.prompt.as_deref().unwrap_or_default();
        let mut endings = Vec::new();
        for ending in std::iter::once(&item.correct).chain(item.incorrect.iter()) {
            let (prompt, text) = join(written, ending, between);
            endings.push(Ending::ask(&prompt, text, ending, pmi.then_some(""), ask));
        }
        let prompt = written.trim_end().to_owned();
        let texts: Vec<&str> = endings.iter().map(|ending| ending.text.as_str()).collect();
        let content = Digest::of_json(&("cloze", &prompt, texts));
        Self { key: item_key(item, item.group.as_deref(), content), prompt, endings }
    }

    fn cells(&self, normalizations: &[Normalization], answers: &Answers) -> Result<Vec<Cell>, Failure> {
        let given = endings::given(&self.endings, answers)?;
        let totals: Vec<f64> = given.iter().map(|scored| scored.total()).collect();
        let rival = 1 + highest(&totals[1..]);
        let firsts: Option<Vec<f64>> =
            given.iter().map(|scored| scored.logprobs.first().copied().map(f64::from)).collect();
        let p_first = |place: fn(&[f64]) -> f64| firsts.as_deref().map(|firsts| libm::exp(place(firsts)));
        let mut decisions = Vec::new();
        let (mut rank, mut chosen) = (1, 0);
        for (place, normalization) in normalizations.iter().enumerate() {
            let scores = endings::scores(*normalization, &self.endings, &given, answers)?;
            if place == 0 {
                chosen = highest(&scores);
                rank += scores[1..].iter().filter(|score| **score > scores[0]).count();
            }
            decisions.push(first_decided(&scores));
        }
        let mut cells: Vec<Cell> = vec![
            decisions[0].into(),
            decisions[0].into(),
            totals[0].into(),
            totals[rival].into(),
            (totals[0] - totals[rival]).into(),
            libm::exp(totals[0]).into(),
            rank.into(),
            given[0].logprobs.len().into(),
            self.prompt.as_str().into(),
            self.endings[0].text.as_str().into(),
            self.endings[chosen].text.as_str().into(),
            libm::exp(totals[rival]).into(),
            p_first(|firsts| firsts[0]).into(),
            p_first(|firsts| firsts[1 + highest(&firsts[1..])]).into(),
            firsts.as_deref().map(first_decided).into(),
            self.endings.len().into(),
            given.iter().any(|scored| scored.straddles).into(),
        ];
        cells.extend(decisions.into_iter().skip(1).map(Cell::from));
        Ok(cells)
    }
}

fn verdict(asked: &[Asked], normalizations: &[Normalization], answers: &Answers) -> Verdict {
    let mut columns = COLUMNS.to_vec();
    columns.extend(normalizations.iter().skip(1).map(|normalization| normalization.column()));
    let mut table = Table::new("items", columns);
    table.rows = asked
        .iter()
        .map(|item| Row { key: item.key.clone(), cells: item.cells(normalizations, answers) })
        .collect();
    let chance = |item: &'_ Asked| 1.0 / item.endings.len() as f64;
    let chances = Chances::of(asked.iter().map(|item| (None, item.key.group.as_deref(), chance(item))));
    let groups: BTreeSet<&str> = asked.iter().filter_map(|item| item.key.group.as_deref()).collect();
    let parts = std::iter::once(None).chain(groups.into_iter().map(Some));
    let metrics = parts
        .flat_map(|part| metrics(normalizations, chances.get(Part { way: None, items: part }), part))
        .collect();
    let notes = endings::notes(&table);
    Verdict { table, details: Vec::new(), metrics, notes }
}

/// Whether the first score is the highest.
fn first_decided(scores: &[f64]) -> f64 {
    decided(scores[0], scores[1 + highest(&scores[1..])])
}

fn metrics(normalizations: &[Normalization], chance: Option<f64>, group: Option<&str>) -> Vec<Metric> {
    let mut metrics: Vec<Metric> = normalizations
        .iter()
        .enumerate()
        .map(|(place, normalization)| {
            let column = if place == 0 { "correct" } else { normalization.column() };
            let name = normalization.named("accuracy");
            let metric = Metric::new(name, Formula::Proportion(column), Unit::Proportion);
            Metric { chance, ..metric.better(Better::Higher).headline() }
        })
        .collect();
    let first_token =
        Metric::new("first_token_accuracy", Formula::Proportion("first_token_correct"), Unit::Proportion);
    metrics.extend([
        Metric { chance, ..first_token.better(Better::Higher) },
        Metric::new("p_correct", Formula::Mean("p_correct"), Unit::Proportion).better(Better::Higher),
        Metric::new("margin", Formula::Mean("margin"), Unit::Nats).better(Better::Higher),
        Metric::new("ratio", Formula::GeometricMean("margin"), Unit::Ratio).better(Better::Higher),
    ]);
    match group {
        Some(group) => metrics.into_iter().map(|metric| metric.of_group(group)).collect(),
        None => metrics,
    }
}
