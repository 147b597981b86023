//! What is asked of a model, and how what it wrote is read.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroUsize,
    sync::Arc,
};

use super::{
    Exercise, Generate, TEMPLATE,
    labels::Labels,
    matching::{Match, Rule, token_f1},
};
use crate::{
    metric::{
        ClassScore::{self, F1, Precision, Recall},
        Formula, Metric,
    },
    plan::{self, Answers, Ask, Failure, Generated, Ticket},
    random::Key,
    record::{Better, Cell, Column, ItemKey, Row, Table, Unit},
    spec::{Item, Renderer, Text},
    stats::sum,
    task::{
        labels::part_key,
        parts::measured,
        planned::{About, Judge, Verdict, item_key},
        pool::Pool,
        prompt::{Example, Layout},
    },
    value::{Digest, Seed},
};

/// What each row says.
const COLUMNS: [Column; 12] = [
    "correct",
    "score",
    "n_tokens",
    "finish",
    "prompt",
    "gold",
    "output",
    "predicted",
    "no_label",
    "token_f1",
    "mean_logprob",
    "item_group",
];

/// One item, asked in one way.
struct Asked {
    key: Arc<ItemKey>,
    /// The group of the item.
    group: Option<String>,
    /// The question to the model, or why there is none.
    question: Result<(String, Ticket<Generated>), Failure>,
    /// What is right.
    targets: Vec<String>,
}

/// How answers are read.
enum Reading {
    /// Which label an answer gives, of itself or of what an expression finds in it.
    Label(Labels, Match),
    /// What of it is held against the targets.
    Text(Rule),
}

impl Generate {
    /// Asks for the answers to every item after every number of solved examples.
    pub(in crate::task) fn ask(&self, ask: &mut Ask, about: About<'_>) -> Judge {
        let renderer = Renderer::default();
        let template = self.template.as_deref().unwrap_or(TEMPLATE);
        let layout = Layout::new(&renderer, template, "target")
            .map(|layout| layout.instruction(self.instruction.as_deref()).separator(&self.separator));
        let pool = Pool::new(&self.shots, |shot| (shot.input.to_string(), shot.target.first().to_string()));
        let example = |shot: &Item<Exercise>| Example {
            blanks: shot.blanks(),
            answer: shot.target.first().to_string(),
        };
        let examples: Vec<Example> = self.shots.iter().map(example).collect();
        let ks: Vec<(u32, Option<String>)> = self.ks().into_iter().map(|k| (k, self.part(k))).collect();
        let most = ks.last().map_or(0, |(k, _)| *k);
        let stop: Vec<&str> = self.stop.iter().map(Text::as_str).collect();
        let seeds = Key::new(about.seed, &format!("{}/samples", about.name));
        let decodings: Vec<plan::Decoding> = (0..self.samples.get())
            .map(|sample| self.combination().decoding(Seed(seeds.stream(sample.into()).next_u64())))
            .collect();
        let mut asked = Vec::with_capacity(self.items.len() * ks.len() * decodings.len());
        for item in self.items.iter() {
            let drawn = pool.draw(self.selection, about, &item.id, &item.input.to_string(), most);
            for (k, part) in &ks {
                let shown: Vec<&Example> =
                    drawn.iter().take(*k as usize).map(|place| &examples[*place]).collect();
                let prompt = match &layout {
                    Ok(layout) => layout.pose(&shown, &item.blanks()).map(|posed| posed.opening()),
                    Err(failure) => Err(failure.clone()),
                };
                for (sample, decoding) in (0..).zip(&decodings) {
                    let question = prompt.clone().map(|prompt| {
                        let ticket = ask.generate(&prompt, *decoding, self.max_tokens.get(), &stop);
                        (prompt, ticket)
                    });
                    asked.push(Asked::new(item, part.as_deref(), sample, question));
                }
            }
        }
        let metrics = self.measured();
        let reading = self.reading();
        Box::new(move |answers| verdict(&asked, &reading, metrics, answers))
    }

    fn reading(&self) -> Reading {
        if self.labels.is_empty() {
            Reading::Text(self.rule())
        } else {
            Reading::Label(Labels::new(self.labels.iter().map(Text::as_str)), self.matching.clone())
        }
    }

    /// Every number, of the whole task and of its parts.
    pub(super) fn measured(&self) -> Vec<Metric> {
        let ways: Vec<String> = self.ks().into_iter().filter_map(|k| self.part(k)).collect();
        let mut all = measured(&ways, &self.groups(), |_| self.metrics_of_part());
        // The classes of a part are parts of it.
        for metric in &mut all {
            if let Formula::Classes { score: Precision(label) | Recall(label) | F1(label), .. } =
                &metric.formula
            {
                let name = metric.part().map_or_else(|| label.clone(), |part| format!("{part}.{label}"));
                metric.part = Some(name);
            }
        }
        all
    }

    fn metrics_of_part(&self) -> Vec<Metric> {
        let share = |name: &str, column| {
            Metric::new(name, Formula::Proportion(column), Unit::Proportion).better(Better::Higher)
        };
        let classes = |name: &str, score| {
            let formula = Formula::Classes { gold: "gold", predicted: "predicted", score };
            Metric::new(name, formula, Unit::Proportion).better(Better::Higher)
        };
        let mut metrics = Vec::new();
        if self.labels.is_empty() {
            let name = if self.matching == Match::Exact { "exact_match" } else { "accuracy" };
            metrics.push(share(name, "correct").headline());
            if matches!(self.matching, Match::Exact | Match::Contains) {
                let formula = Formula::Mean("token_f1");
                metrics.push(Metric::new("token_f1", formula, Unit::Proportion).better(Better::Higher));
            }
        } else {
            let chance = 1.0 / self.labels.len() as f64;
            metrics.push(share("accuracy", "correct").chance(chance).headline());
            metrics.push(classes("macro_f1", ClassScore::MacroF1).headline());
            metrics.push(classes("balanced_accuracy", ClassScore::BalancedAccuracy).chance(chance));
            metrics.push(Metric { range: (-1.0, 1.0), unit: Unit::Score, ..classes("mcc", ClassScore::Mcc) });
            metrics.push(share("no_label", "no_label").better(Better::Lower));
            for label in self.labels.iter().map(ToString::to_string) {
                metrics.push(classes("precision", Precision(label.clone())));
                metrics.push(classes("recall", Recall(label.clone())));
                metrics.push(classes("f1", F1(label)));
            }
        }
        metrics.extend(self.tries().into_iter().map(|k| {
            let name = format!("pass@{k}");
            let formula = Formula::PassAt { correct: "correct", k };
            Metric::new(name, formula, Unit::Proportion).better(Better::Higher).headline()
        }));
        metrics.push(Metric::new("length", Formula::Mean("n_tokens"), Unit::Count));
        metrics
    }

    /// Of how many tries pass@k tells (Chen et al. 2021): 1, 10 and 100, as far as there are so many, and all.
    fn tries(&self) -> BTreeSet<NonZeroUsize> {
        let samples = self.samples.get() as usize;
        let tries = [1, 10, 100, samples].into_iter().filter(|k| samples > 1 && *k <= samples);
        tries.filter_map(NonZeroUsize::new).collect()
    }
}

impl Asked {
    fn new(
        item: &Item<Exercise>,
        part: Option<&str>,
        sample: u32,
        question: Result<(String, Ticket<Generated>), Failure>,
    ) -> Self {
        let prompt = question.as_ref().map_or("", |(prompt, _)| prompt);
        let targets: Vec<String> = item.target.iter().map(Text::to_string).collect();
        let content = Digest::of_json(&("generate", prompt, &targets));
        let key = item_key(item, part.or(item.group.as_deref()), content);
        let key = ItemKey { repeat: sample, ..Arc::unwrap_or_clone(key) };
        let group = item.group.as_ref().map(ToString::to_string);
        Self { key: key.into(), group, question, targets }
    }

    fn cells(&self, reading: &Reading, answers: &Answers) -> Result<Vec<Cell>, Failure> {
        let (prompt, ticket) = self.question.as_ref().map_err(Clone::clone)?;
        let written = answers.get(*ticket)?;
        let read = reading.read(&written.text);
        let correct = read.as_ref().is_some_and(|read| reading.is_right(read, &self.targets));
        let (no_label, token_f1) = match reading {
            Reading::Label(..) => (Cell::from(read.is_none()), Cell::Missing),
            Reading::Text(_) => {
                let best =
                    self.targets.iter().map(|target| token_f1(&written.text, target)).fold(0.0, f64::max);
                (Cell::Missing, Cell::from(best))
            }
        };
        let logprobs = written.logprobs.iter().copied().map(f64::from);
        let mean = (!written.logprobs.is_empty()).then(|| sum(logprobs) / written.logprobs.len() as f64);
        Ok(vec![
            correct.into(),
            correct.into(),
            written.ids.len().into(),
            written.finish.word().into(),
            prompt.as_str().into(),
            self.targets.join(" | ").into(),
            written.text.as_str().into(),
            read.into(),
            no_label,
            token_f1,
            mean.into(),
            self.group.as_deref().into(),
        ])
    }
}

impl Reading {
    /// What of an answer is compared: nothing where it has no such thing.
    fn read(&self, answer: &str) -> Option<String> {
        match self {
            Self::Text(rule) => rule.answer(answer),
            Self::Label(labels, matching) => {
                let part = if let Match::Regex(pattern) = matching { pattern.find(answer)? } else { answer };
                labels.find(part).map(str::to_owned)
            }
        }
    }

    fn is_right(&self, read: &str, targets: &[String]) -> bool {
        match self {
            Self::Label(..) => targets.iter().any(|target| target == read),
            Self::Text(rule) => {
                targets.iter().filter_map(|target| rule.target(target)).any(|target| rule.fits(read, &target))
            }
        }
    }

    /// What an answer lacks that could not be read.
    fn lacking(&self) -> &'static str {
        match self {
            Self::Label(..) => "gives no label",
            Self::Text(Rule { matching: Match::Number, .. }) => "has no number",
            Self::Text(Rule { matching: Match::Regex(_), .. }) => {
                "has nothing that the regular expression finds"
            }
            Self::Text(_) => "has nothing left to compare",
        }
    }
}

fn verdict(asked: &[Asked], reading: &Reading, metrics: Vec<Metric>, answers: &Answers) -> Verdict {
    let mut table = Table::new("items", COLUMNS.to_vec());
    table.rows = asked
        .iter()
        .map(|asked| Row { key: asked.key.clone(), cells: asked.cells(reading, answers) })
        .collect();
    let notes = notes(&table, reading);
    let details = match reading {
        Reading::Label(..) => vec![confusion(&table)],
        Reading::Text(_) => Vec::new(),
    };
    Verdict { table, details, metrics, notes }
}

/// Answers that could not be read, and answers that were cut.
fn notes(table: &Table, reading: &Reading) -> Vec<String> {
    let [output, predicted, finish] = ["output", "predicted", "finish"].map(|name| table.column(name));
    let (mut all, mut empty, mut unread, mut cut) = (0, 0, 0, 0);
    for cells in table.rows.iter().filter_map(|row| row.cells.as_ref().ok()) {
        let is = |place: Option<usize>, wanted: fn(&Cell) -> bool| {
            place.and_then(|place| cells.get(place)).is_some_and(wanted)
        };
        all += 1;
        let blank = is(output, |cell| matches!(cell, Cell::Text(text) if text.trim().is_empty()));
        empty += usize::from(blank);
        unread += usize::from(!blank && is(predicted, |cell| *cell == Cell::Missing));
        cut += usize::from(is(finish, |cell| matches!(cell, Cell::Text(word) if word == "length")));
    }
    let note = |count: usize, one: &str, many: &str| {
        (count > 0).then(|| format!("{count} of {all} answers {}", if count == 1 { one } else { many }))
    };
    let lacking = reading.lacking();
    let lack = lacking.replacen("has", "have", 1).replacen("gives", "give", 1);
    [
        note(empty, "is empty", "are empty"),
        note(unread, lacking, &lack),
        note(cut, "ended at `max_tokens`", "ended at `max_tokens`"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// How often each label was taken for which; what never happened is left out.
fn confusion(table: &Table) -> Table {
    let places = (table.column("gold"), table.column("predicted"));
    let mut counts = BTreeMap::<(Option<&str>, &str, Option<&str>), usize>::new();
    for row in &table.rows {
        let Ok(cells) = &row.cells else { continue };
        let text = |place: Option<usize>| match place.and_then(|place| cells.get(place)) {
            Some(Cell::Text(text)) => Some(text.as_str()),
            _ => None,
        };
        if let Some(gold) = text(places.0) {
            *counts.entry((row.key.group.as_deref(), gold, text(places.1))).or_default() += 1;
        }
    }
    let row = |((part, gold, predicted), count): ((Option<&str>, &str, Option<&str>), usize)| Row {
        key: part_key(part.unwrap_or_default(), 0),
        cells: Ok(vec![gold.into(), predicted.into(), count.into()]),
    };
    let rows = counts.into_iter().map(row).collect();
    Table { rows, ..Table::new("confusion", vec!["gold", "predicted", "count"]) }
}
