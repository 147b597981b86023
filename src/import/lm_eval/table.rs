//! The samples of a task as rows, and its metrics as formulas over them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    results::Results,
    samples::{Sample, Value},
};
use crate::{
    metric::{ClassScore, Formula, Metric},
    plan::{Failure, FailureKind},
    record::{Cell, Column, ItemKey, Row, Table, Taken, TaskRecord, Unit, intern},
};

/// Names that rows have for other things.
const TAKEN: [&str; 16] = [
    "key",
    "task",
    "kind",
    "item",
    "repeat",
    "group",
    "cluster",
    "error",
    "model",
    "run_id",
    "truncated",
    "prompt",
    "gold",
    "output",
    "choices",
    "logprobs",
];
/// Metrics of choices among endings, which guessing gets right in one of so many cases.
const OF_CHOICE: [&str; 3] = ["acc", "acc_norm", "acc_bytes"];

/// What a metric is over all items.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Shape {
    /// Right or wrong.
    Share,
    /// Numbers, with a mean.
    Mean,
    /// Log-probabilities, whose negative mean is raised to e.
    Logarithms,
    /// A log-probability and what it is shared among.
    Per(Column),
    /// A gold class and a predicted one.
    Classes,
}

/// A column, and how its cells come from a value.
struct Made {
    column: Column,
    metric: String,
    cell: fn(&Value) -> Cell,
}

/// The task, and what of it is left out.
pub(super) fn task(name: &str, samples: Vec<Sample>, results: &Results) -> (TaskRecord, Vec<String>) {
    let (shapes, left_out) = shapes(&samples);
    let primary = primary(&shapes);
    let filters = filters(&samples);
    let grouped = filters.iter().any(|filter| filter != "none");
    let kind = results.kind(name).map_or("lm_eval", intern);
    let chance = chance(&samples, results.kind(name));
    let mut made: Vec<Made> = Vec::new();
    let mut metrics = Vec::new();
    for (metric, shape) in &shapes {
        let column = column(metric, primary.as_deref());
        let (formula, unit) = formula(metric, *shape, column);
        for one in columns(metric, *shape, column) {
            if !made.iter().any(|known| known.column == one.column) {
                made.push(one);
            }
        }
        let mut whole = Metric::new(metric, formula, unit).headline();
        whole.better = results.better(name, metric);
        whole.chance = chance.filter(|_| OF_CHOICE.contains(&metric.as_str()));
        if grouped {
            metrics.extend(filters.iter().map(|filter| whole.clone().of_group(filter.clone())));
        } else {
            metrics.push(whole);
        }
    }
    let texts = Texts::of(&samples);
    let columns = made.iter().map(|made| made.column).chain(texts.columns()).collect();
    let mut table = Table::new("items", columns);
    let mut items = BTreeSet::new();
    for sample in samples {
        items.insert(sample.item.clone());
        let numbers: Vec<Cell> = made
            .iter()
            .map(|made| sample.values.get(&made.metric).map_or(Cell::Missing, made.cell))
            .collect();
        let key = ItemKey {
            item: sample.item.clone(),
            repeat: 0,
            group: grouped.then(|| sample.filter.clone()),
            cluster: None,
            content: sample.content,
        };
        let cells = if !numbers.is_empty() && numbers.iter().all(|cell| *cell == Cell::Missing) {
            Err(reason(&sample))
        } else {
            Ok(numbers.into_iter().chain(texts.cells(sample)).collect())
        };
        table.rows.push(Row { key: Arc::new(key), cells });
    }
    let taken = items.len();
    let items = Taken { taken, available: results.available(name).unwrap_or(taken).max(taken) };
    (super::super::task(name, kind, table, metrics, items, results.notes(name)), left_out)
}

/// The filters, as they first appear.
fn filters(samples: &[Sample]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    samples.iter().map(|sample| &sample.filter).filter(|filter| seen.insert(*filter)).cloned().collect()
}

/// The metrics that can be made, in the order of their names, and those that cannot.
fn shapes(samples: &[Sample]) -> (Vec<(String, Shape)>, Vec<String>) {
    let mut values = BTreeMap::<&String, Vec<&Value>>::new();
    for (name, value) in samples.iter().flat_map(|sample| &sample.values) {
        values.entry(name).or_default().push(value);
    }
    let (mut shapes, mut left_out) = (Vec::new(), Vec::new());
    for (name, values) in values {
        match shape(name, &values) {
            Some(shape) => shapes.push((name.clone(), shape)),
            None => left_out.push(format!("`{name}`: what it is made of is no number an item")),
        }
    }
    (shapes, left_out)
}

#[expect(clippy::float_cmp, reason = "0 and 1 are exact")]
fn shape(name: &str, values: &[&Value]) -> Option<Shape> {
    let there = || values.iter().filter(|value| !matches!(value, Value::None(_)));
    if there().all(|value| matches!(value, Value::Number(_))) {
        let is_share =
            |value: &&&Value| matches!(value, Value::Number(number) if *number == 0.0 || *number == 1.0);
        return Some(match name {
            "perplexity" => Shape::Logarithms,
            _ if there().all(|value| is_share(&value)) => Shape::Share,
            _ => Shape::Mean,
        });
    }
    if !there().all(|value| matches!(value, Value::Pair(..))) {
        return None;
    }
    match name {
        "word_perplexity" => Some(Shape::Per("words")),
        "byte_perplexity" | "bits_per_byte" => Some(Shape::Per("bytes")),
        "token_perplexity" => Some(Shape::Per("tokens")),
        "f1" | "mcc" => Some(Shape::Classes),
        _ => None,
    }
}

/// The metric whose items are right or wrong: those that people look for.
fn primary(shapes: &[(String, Shape)]) -> Option<String> {
    let shares = || shapes.iter().filter(|(_, shape)| *shape == Shape::Share).map(|(name, _)| name);
    let first = ["acc", "exact_match"].iter().find_map(|name| shares().find(|share| share == name));
    first.or_else(|| shares().next()).cloned()
}

fn column(metric: &str, primary: Option<&str>) -> Column {
    if primary == Some(metric) {
        "correct"
    } else if TAKEN.contains(&metric) || metric == "correct" || metric == "nll" {
        intern(&format!("{metric}_score"))
    } else {
        intern(metric)
    }
}

fn formula(metric: &str, shape: Shape, column: Column) -> (Formula, Unit) {
    match shape {
        Shape::Share => (Formula::Proportion(column), Unit::Proportion),
        Shape::Mean => (Formula::Mean(column), Unit::Score),
        Shape::Logarithms => (Formula::GeometricMean("nll"), Unit::Perplexity),
        Shape::Per(bytes) if metric == "bits_per_byte" => {
            (Formula::BitsPer { nats: "nll", bytes }, Unit::BitsPerByte)
        }
        Shape::Per(denominator) => (Formula::ExpRatio { numerator: "nll", denominator }, Unit::Perplexity),
        Shape::Classes => {
            // scikit-learn's F1 of two classes is that of class 1.
            let score = if metric == "mcc" { ClassScore::Mcc } else { ClassScore::F1("1".into()) };
            (Formula::Classes { gold: "gold_class", predicted: "predicted_class", score }, Unit::Score)
        }
    }
}

fn columns(metric: &str, shape: Shape, column: Column) -> Vec<Made> {
    let made = |column, cell| Made { column, metric: metric.to_owned(), cell };
    let number: fn(&Value) -> Cell = |value| match value {
        Value::Number(number) => Cell::Number(*number),
        _ => Cell::Missing,
    };
    match shape {
        Shape::Share | Shape::Mean => vec![made(column, number)],
        Shape::Logarithms => vec![made("nll", |value| match value {
            Value::Number(logprob) => Cell::Number(-logprob),
            _ => Cell::Missing,
        })],
        Shape::Per(denominator) => vec![
            made("nll", |value| match value {
                Value::Pair(logprob, _) => Cell::Number(-logprob),
                _ => Cell::Missing,
            }),
            made(denominator, |value| match value {
                Value::Pair(_, count) => Cell::Number(*count),
                _ => Cell::Missing,
            }),
        ],
        Shape::Classes => vec![
            made("gold_class", |value| match value {
                Value::Pair(gold, _) => Cell::Text(gold.to_string()),
                _ => Cell::Missing,
            }),
            made("predicted_class", |value| match value {
                Value::Pair(_, predicted) => Cell::Text(predicted.to_string()),
                _ => Cell::Missing,
            }),
        ],
    }
}

/// What guessing among the endings gives, over all items.
fn chance(samples: &[Sample], kind: Option<&str>) -> Option<f64> {
    let choice = kind.is_none_or(|kind| kind == "multiple_choice");
    // The endings alone are scored too where mutual information is asked for: then they count twice.
    let plain = |sample: &Sample| sample.choices.len() > 1 && !sample.values.contains_key("acc_mutual_info");
    if samples.is_empty() || !choice || !samples.iter().all(plain) {
        return None;
    }
    let sum: f64 = samples.iter().map(|sample| 1.0 / sample.choices.len() as f64).sum();
    Some(sum / samples.len() as f64)
}

/// Why an item has no number.
fn reason(sample: &Sample) -> Failure {
    let said = sample.values.values().find_map(|value| match value {
        Value::None(failure) => Some(failure.clone()),
        _ => None,
    });
    said.unwrap_or_else(|| Failure::new(FailureKind::NoScore, "the file has no number for this item"))
}

/// The texts that any sample of a task has.
struct Texts {
    prompt: bool,
    gold: bool,
    choices: bool,
    logprobs: bool,
    output: bool,
}

impl Texts {
    fn of(samples: &[Sample]) -> Self {
        let any = |has: fn(&Sample) -> bool| samples.iter().any(has);
        Self {
            prompt: any(|sample| sample.prompt.is_some()),
            gold: any(|sample| sample.target.is_some()),
            choices: any(|sample| !sample.choices.is_empty()),
            logprobs: any(|sample| !sample.logprobs.is_empty()),
            output: any(|sample| sample.output.is_some()),
        }
    }

    fn columns(&self) -> impl Iterator<Item = Column> {
        let Self { prompt, gold, choices, logprobs, output } = *self;
        let all = [
            (prompt, "prompt"),
            (gold, "gold"),
            (choices, "choices"),
            (logprobs, "logprobs"),
            (output, "output"),
        ];
        all.into_iter().filter(|(there, _)| *there).map(|(_, column)| column)
    }

    fn cells(&self, sample: Sample) -> impl Iterator<Item = Cell> {
        let Self { prompt, gold, choices, logprobs, output } = *self;
        let list = |empty: bool, cell: Cell| if empty { Cell::Missing } else { cell };
        let all = [
            (prompt, sample.prompt.into()),
            (gold, sample.target.into()),
            (choices, list(sample.choices.is_empty(), sample.choices.into())),
            (logprobs, list(sample.logprobs.is_empty(), sample.logprobs.into())),
            (output, sample.output.into()),
        ];
        all.into_iter().filter(|(there, _)| *there).map(|(_, cell)| cell)
    }
}
