//! `cloze`: is the correct ending more probable than each incorrect one?

use std::{cmp::Ordering, collections::BTreeSet, sync::Arc};

use schemars::{Schema, SchemaGenerator, json_schema};

use super::{
    lint,
    planned::{Judge, Verdict, item_key},
};
use crate::{
    metric::{Formula, Metric},
    plan::{Answers, Ask, Failure, Scored, Ticket},
    record::{Better, Cell, Column, ItemKey, Row, Table, Unit},
    spec::{
        Content, Counted, Draw, Finding, Item, Items, Kind, Linter, Node, OneOrMore, Reader, Reported, Short,
        Text, Value, join, keys, words,
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

words! {
    /// How texts of different lengths are compared.
    pub enum Normalization {
        /// The sum of the log-probabilities, as it is.
        None = "none",
        /// Divided by the number of tokens.
        Token = "token",
        /// Divided by the number of bytes.
        Byte = "byte",
        /// Less the log-probability of the ending without the prompt.
        Pmi = "pmi",
    }
}

impl Normalization {
    /// The name of a metric under this normalization: `accuracy`, `accuracy_byte`.
    pub fn named(self, metric: &str) -> String {
        match self {
            Self::None => metric.to_owned(),
            Self::Token | Self::Byte | Self::Pmi => format!("{metric}_{}", self.word()),
        }
    }

    /// The column of what is right under it, where it is not the first one of a task.
    fn column(self) -> Column {
        match self {
            Self::None => "correct_none",
            Self::Token => "correct_token",
            Self::Byte => "correct_byte",
            Self::Pmi => "correct_pmi",
        }
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
        match (correct, incorrect) {
            (Some(correct), Some(incorrect)) => {
                Some(Self { prompt, correct, incorrect: OneOrMore(incorrect), group: None })
            }
            _ => {
                let message = format!("{} where {} is expected", count(entries.len()), Self::FORM);
                reader.tell(Finding::error("type", node.at, message))
            }
        }
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

struct Ending {
    /// As scored: with the white space that joins it to the prompt.
    text: String,
    /// Bytes as the author wrote it, white space before it left out.
    bytes: usize,
    given: Ticket<Scored>,
    /// Without the prompt.
    alone: Option<Ticket<Scored>>,
}

impl Asked {
    fn new(item: &Item<Endings>, between: &str, pmi: bool, ask: &mut Ask) -> Self {
        let written = item.prompt.as_deref().unwrap_or_default();
        let mut endings = Vec::new();
        for ending in std::iter::once(&item.correct).chain(item.incorrect.iter()) {
            let (prompt, text) = join(written, ending, between);
            let given = ask.score(&prompt, &text);
            let alone = pmi.then(|| ask.score("", &text));
            endings.push(Ending { bytes: ending.trim_start().len().max(1), given, alone, text });
        }
        let prompt = written.trim_end().to_owned();
        let texts: Vec<&str> = endings.iter().map(|ending| ending.text.as_str()).collect();
        let content = Digest::of_json(&("cloze", &prompt, texts));
        Self { key: item_key(item, item.group.as_deref(), content), prompt, endings }
    }

    fn cells(&self, normalizations: &[Normalization], answers: &Answers) -> Result<Vec<Cell>, Failure> {
        let given: Vec<&Scored> =
            self.endings.iter().map(|ending| answers.get(ending.given)).collect::<Result<_, _>>()?;
        let totals: Vec<f64> = given.iter().map(|scored| scored.total()).collect();
        let rival = 1 + highest(&totals[1..]);
        let firsts: Option<Vec<f64>> =
            given.iter().map(|scored| scored.logprobs.first().copied().map(f64::from)).collect();
        let p_first = |place: fn(&[f64]) -> f64| firsts.as_deref().map(|firsts| libm::exp(place(firsts)));
        let mut decisions = Vec::new();
        let (mut rank, mut chosen) = (1, 0);
        for (place, normalization) in normalizations.iter().enumerate() {
            let scores = self.scores(*normalization, &given, answers)?;
            if place == 0 {
                chosen = highest(&scores);
                rank += scores[1..].iter().filter(|score| **score > scores[0]).count();
            }
            decisions.push(decided(&scores));
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
            firsts.as_deref().map(decided).into(),
            self.endings.len().into(),
            given.iter().any(|scored| scored.straddles).into(),
        ];
        cells.extend(decisions.into_iter().skip(1).map(Cell::from));
        Ok(cells)
    }

    /// One score an ending, the higher the better.
    fn scores(
        &self,
        normalization: Normalization,
        given: &[&Scored],
        answers: &Answers,
    ) -> Result<Vec<f64>, Failure> {
        let score = |(ending, scored): (&Ending, &&Scored)| {
            let total = scored.total();
            Ok(match (normalization, ending.alone) {
                (Normalization::Token, _) => total / scored.logprobs.len().max(1) as f64,
                (Normalization::Byte, _) => total / ending.bytes as f64,
                (Normalization::Pmi, Some(alone)) => total - answers.get(alone)?.total(),
                (Normalization::None | Normalization::Pmi, _) => total,
            })
        };
        self.endings.iter().zip(given).map(score).collect()
    }
}

/// 1 where the first score is the highest, a half where another equals it, else 0.
fn decided(scores: &[f64]) -> f64 {
    let rival = scores[1 + highest(&scores[1..])];
    match scores[0].total_cmp(&rival) {
        Ordering::Greater => 1.0,
        Ordering::Equal => 0.5,
        Ordering::Less => 0.0,
    }
}

/// The place of the highest score, the first of equal ones.
fn highest(scores: &[f64]) -> usize {
    (1..scores.len()).fold(0, |best, place| if scores[place] > scores[best] { place } else { best })
}

fn verdict(asked: &[Asked], normalizations: &[Normalization], answers: &Answers) -> Verdict {
    let mut columns = COLUMNS.to_vec();
    columns.extend(normalizations.iter().skip(1).map(|normalization| normalization.column()));
    let mut table = Table::new("items", columns);
    table.rows = asked
        .iter()
        .map(|item| Row { key: item.key.clone(), cells: item.cells(normalizations, answers) })
        .collect();
    let chance = asked.iter().map(|item| 1.0 / item.endings.len() as f64).sum::<f64>() / asked.len() as f64;
    let groups: BTreeSet<&str> = asked.iter().filter_map(|item| item.key.group.as_deref()).collect();
    let mut metrics = metrics(normalizations, chance, None);
    metrics.extend(groups.into_iter().flat_map(|group| self::metrics(normalizations, chance, Some(group))));
    let ties = table.numbers("correct").filter(|(_, correct)| *correct > 0.0 && *correct < 1.0).count();
    let straddling = table.numbers("straddles").filter(|(_, straddles)| *straddles > 0.0).count();
    let mut notes = Vec::new();
    if ties > 0 {
        notes.push(format!("{} scored exactly alike: a tie counts half", items(ties)));
    }
    if straddling > 0 {
        notes.push(format!(
            "{}: a token begins in the prompt and ends in an ending; it is scored",
            items(straddling)
        ));
    }
    Verdict { table, details: Vec::new(), metrics, notes }
}

fn items(count: usize) -> String {
    if count == 1 { "1 item".to_owned() } else { format!("{count} items") }
}

fn metrics(normalizations: &[Normalization], chance: f64, group: Option<&str>) -> Vec<Metric> {
    let mut metrics: Vec<Metric> = normalizations
        .iter()
        .enumerate()
        .map(|(place, normalization)| {
            let column = if place == 0 { "correct" } else { normalization.column() };
            let name = normalization.named("accuracy");
            Metric::new(name, Formula::Proportion(column), Unit::Proportion)
                .better(Better::Higher)
                .chance(chance)
                .headline()
        })
        .collect();
    metrics.extend([
        Metric::new("first_token_accuracy", Formula::Proportion("first_token_correct"), Unit::Proportion)
            .better(Better::Higher)
            .chance(chance),
        Metric::new("p_correct", Formula::Mean("p_correct"), Unit::Proportion).better(Better::Higher),
        Metric::new("margin", Formula::Mean("margin"), Unit::Nats).better(Better::Higher),
        Metric::new("ratio", Formula::GeometricMean("margin"), Unit::Ratio).better(Better::Higher),
    ]);
    match group {
        Some(group) => metrics.into_iter().map(|metric| metric.of_group(group)).collect(),
        None => metrics,
    }
}
