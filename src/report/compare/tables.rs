//! The tables of a comparison: shares, ratios and all other numbers apart, each on an axis of its own.

use crate::{
    compare::{Comparison, Contrast, Found, Outcome, Pair, Subject},
    metric::words,
    record::{Better, Unit},
    report::{
        digits::Digits,
        interval::Strip,
        summary::{Names, percent},
        table::{Cell, Column, Shape, Table},
    },
    stats::{Estimate, Interval},
};

/// What the axis of a picture holds: so many times what half of its rows reach. What goes beyond runs off it.
const AXIS: f64 = 3.0;

/// Numbers that share an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Shares,
    Ratios,
    Others,
}

impl Sort {
    fn of(subject: &Subject, pair: &Pair) -> Self {
        match (pair.outcome.found().map(|found| found.contrast), subject.unit) {
            (Some(Contrast::Ratio | Contrast::MedianRatio), _) => Self::Ratios,
            (Some(Contrast::Difference), Unit::Proportion | Unit::Difference) => Self::Shares,
            (None, Unit::Proportion | Unit::Difference) => Self::Shares,
            (None, Unit::Perplexity | Unit::Ratio) => Self::Ratios,
            _ => Self::Others,
        }
    }
}

/// Where a report has more than two runs, what each run reached, then what sets them apart.
pub(super) fn all(comparison: &Comparison) -> Vec<Table> {
    let mut tables = Vec::new();
    if comparison.sides.len() > 2 {
        tables.push(values(comparison));
    }
    for sort in [Sort::Shares, Sort::Ratios, Sort::Others] {
        let pairs: Vec<(&Subject, &Pair)> =
            comparison.pairs().filter(|(subject, pair)| Sort::of(subject, pair) == sort).collect();
        if !pairs.is_empty() {
            tables.push(contrasts(comparison, &pairs, sort));
        }
    }
    tables
}

/// Every run's own numbers, one row each, with the places that the tests leave it.
fn values(comparison: &Comparison) -> Table {
    let subjects = &comparison.subjects;
    let groups = subjects.iter().any(|subject| subject.group.is_some());
    let ranked = subjects.iter().any(|subject| !subject.ranks.is_empty());
    let shares = subjects.iter().any(|subject| subject.unit == Unit::Proportion);
    let mut columns = vec![Column::new("task", "task", Shape::Name)];
    columns.extend(groups.then(|| Column::new("group", "group", Shape::Name)));
    columns.extend([
        Column::new("metric", "metric", Shape::Name),
        Column::new("", "side", Shape::Left),
        Column::new("model", "model", Shape::Left).droppable(3),
        Column::new("value", "value", Shape::Point),
        Column::new(format!("{} CI", percent(comparison.level)), "ci", Shape::Interval),
        Column::new("n", "n", Shape::Right).droppable(0),
    ]);
    columns
        .extend(shares.then(|| Column::new("", "picture", Shape::Strip { axis: (0.0, 1.0) }).droppable(2)));
    columns.extend(ranked.then(|| Column::new("rank", "rank", Shape::Left)));
    let names = short_names(comparison);
    let mut table = Table::new(columns);
    for subject in subjects {
        for (place, (side, estimate)) in comparison.sides.iter().zip(&subject.values).enumerate() {
            let Some(estimate) = estimate else { continue };
            let digits = Digits::of_estimate(estimate, subject.unit);
            let mut row: Vec<Cell> = vec![names.shorten(&subject.task).into()];
            row.extend(groups.then(|| subject.group.as_deref().map_or(Cell::Empty, Cell::from)));
            row.extend([
                subject.metric.as_str().into(),
                side.letter.as_str().into(),
                side.run.model.name.as_str().into(),
                value(estimate, digits),
                interval(estimate, digits),
                Cell::count(estimate.n),
            ]);
            row.extend(shares.then(|| own_strip(subject, estimate)));
            let rank = subject.ranks.iter().find(|rank| rank.side == place);
            row.extend(ranked.then(|| rank.map_or(Cell::Empty, |rank| Cell::Text(rank.to_string()))));
            table.rows.push(row);
        }
    }
    table
}

/// What sets two runs apart, one row a pair and number.
fn contrasts(comparison: &Comparison, pairs: &[(&Subject, &Pair)], sort: Sort) -> Table {
    let two = comparison.sides.len() == 2;
    let any = |holds: fn(&Subject) -> bool| pairs.iter().any(|(subject, _)| holds(subject));
    let groups = any(|subject| subject.group.is_some());
    let first = pairs[0].0;
    let one_metric = pairs.iter().all(|(subject, _)| subject.metric == first.metric);
    let counted = pairs.iter().any(|(_, pair)| found(pair).is_some_and(|found| found.counts.is_some()));
    let axis = (sort != Sort::Others || one_metric).then(|| axis(pairs)).flatten();
    let [a, b] = if two {
        pairs[0].1.sides.map(|side| comparison.sides[side].letter.as_str())
    } else {
        ["1st", "2nd"]
    };
    let title = match (sort, two) {
        (Sort::Ratios, true) => format!("{b} / {a}"),
        (Sort::Ratios, false) => "ratio".into(),
        (_, true) => format!("{b} - {a}"),
        (_, false) => "2nd - 1st".into(),
    };
    let mut columns = vec![Column::new("task", "task", Shape::Name)];
    columns.extend(groups.then(|| Column::new("group", "group", Shape::Left)));
    columns.extend((!one_metric).then(|| Column::new("metric", "metric", Shape::Left)));
    columns.extend((!two).then(|| Column::new("pair", "pair", Shape::Left)));
    columns.extend([
        Column::new(a, "value_a", Shape::Point),
        Column::new(b, "value_b", Shape::Point),
        Column::new(title, "difference", Shape::Point),
        Column::new(format!("{} CI", percent(comparison.level)), "ci", Shape::Interval).droppable(2),
    ]);
    columns.extend(axis.map(|axis| {
        let title = directions(pairs, sort, [a, b]);
        Column::new(title, "picture", Shape::Strip { axis: (-axis, axis) }).droppable(3)
    }));
    columns.extend(counted.then(|| Column::new(flips(comparison), "flips", Shape::Right).droppable(4)));
    columns.extend([
        Column::new("n", "n", Shape::Right).droppable(0),
        Column::new("p", "p", Shape::Right).droppable(1),
        Column::new(format!("p {}", short(comparison)), "p_adjusted", Shape::Right),
    ]);
    let task_names = short_names(comparison);
    let row = |(subject, pair): &(&Subject, &Pair)| {
        let mut row: Vec<Cell> = vec![task_names.shorten(&subject.task).into()];
        row.extend(groups.then(|| subject.group.as_deref().map_or(Cell::Empty, Cell::from)));
        row.extend((!one_metric).then(|| Cell::from(subject.metric.as_str())));
        row.extend((!two).then(|| Cell::Text(names(comparison, pair, " → "))));
        match &pair.outcome {
            Outcome::Found(found) => {
                let digits = found.values.each_ref().map(|own| Digits::of_estimate(own, subject.unit));
                row.push(value(&found.values[0], digits[0]));
                row.push(value(&found.values[1], digits[1]));
                let digits = digits_of(found, subject);
                row.push(value(&found.difference, digits));
                row.push(interval(&found.difference, digits));
                row.extend(axis.map(|_| strip(found)));
                row.extend(counted.then(|| {
                    found.counts.map_or(Cell::Empty, |counts| {
                        Cell::Text(format!("{}:{}", counts.only_first, counts.only_second))
                    })
                }));
                row.push(Cell::count(pair.matched.paired));
                row.push(found.test.map_or(Cell::Empty, |test| Cell::Text(words::p(test.p))));
                row.push(Cell::Text(starred(found, comparison)));
            }
            Outcome::Incomparable(why) => {
                row.extend([Cell::Empty, Cell::Empty, Cell::Unknown(why.words.clone()), Cell::Empty]);
                row.extend(axis.map(|_| Cell::Empty));
                row.extend(counted.then_some(Cell::Empty));
                row.extend([Cell::count(pair.matched.paired), Cell::Empty, Cell::Empty]);
            }
        }
        row
    };
    Table { rows: pairs.iter().map(row).collect(), columns }
}

/// Tasks without the benchmark that they all share.
fn short_names(comparison: &Comparison) -> Names {
    Names::of_names(comparison.subjects.iter().map(|subject| subject.task.as_str()))
}

/// What the column of the items that only one got right is called.
pub(super) fn flips(comparison: &Comparison) -> String {
    match comparison.pairs().next() {
        Some((_, pair)) if comparison.sides.len() == 2 => {
            format!("{}:{}", names(comparison, pair, ">"), turned(comparison, pair))
        }
        _ => "1st:2nd".into(),
    }
}

fn turned(comparison: &Comparison, pair: &Pair) -> String {
    let [first, second] = pair.sides.map(|side| comparison.sides[side].letter.as_str());
    format!("{second}>{first}")
}

/// `A → B`.
pub(super) fn names(comparison: &Comparison, pair: &Pair, between: &str) -> String {
    let [first, second] = pair.sides.map(|side| comparison.sides[side].letter.as_str());
    format!("{first}{between}{second}")
}

/// The p that allows for the other tests, with a star where it decides; no other p ever has one.
pub(super) fn starred(found: &Found, comparison: &Comparison) -> String {
    let Some(adjusted) = found.test.and_then(|test| test.adjusted) else { return String::new() };
    let star = if adjusted.p <= alpha(comparison) { "*" } else { " " };
    format!("{}{star}", words::p(adjusted.p))
}

/// How often a verdict may be wrong; what rounding puts on top of it is no part of it.
fn alpha(comparison: &Comparison) -> f64 {
    (1.0 - comparison.level.get()) * (1.0 + 1e-9)
}

/// The same in words: `0.05`.
pub(super) fn at_most(comparison: &Comparison) -> String {
    ((1e6 * (1.0 - comparison.level.get())).round() / 1e6).to_string()
}

pub(super) fn digits_of(found: &Found, subject: &Subject) -> Digits {
    let is_ratio = matches!(found.contrast, Contrast::Ratio | Contrast::MedianRatio);
    let unit = match (is_ratio, subject.unit) {
        (true, _) => Unit::Ratio,
        (_, Unit::Proportion) => Unit::Difference,
        (_, unit) => unit,
    };
    let digits = Digits::of_estimate(&found.difference, unit);
    if is_ratio { digits } else { digits.signed() }
}

fn found(pair: &Pair) -> Option<&Found> {
    pair.outcome.found()
}

/// The correction in a word: `Holm`, `BH`.
fn short(comparison: &Comparison) -> &'static str {
    match comparison.correction {
        crate::compare::Correction::Holm => "Holm",
        crate::compare::Correction::BenjaminiHochberg => "BH",
    }
}

/// What the left, the middle and the right of the picture mean.
fn directions(pairs: &[(&Subject, &Pair)], sort: Sort, [first, second]: [&str; 2]) -> String {
    let agree = if sort == Sort::Ratios { "1" } else { "0" };
    let all = |better: Option<Better>| pairs.iter().all(|(subject, _)| subject.better == better);
    if all(Some(Better::Higher)) {
        format!("{first} better|{agree}|{second} better")
    } else if all(Some(Better::Lower)) {
        format!("{second} better|{agree}|{first} better")
    } else {
        format!("{second} lower|{agree}|{second} higher")
    }
}

/// Where the ends of an interval lie in the picture; of ratios, their logarithms.
fn placed(found: &Found) -> Option<[f64; 3]> {
    let Interval { low, high, .. } = found.difference.interval.ok()?;
    let ends = [low, found.difference.value.ok()?, high];
    match found.contrast {
        Contrast::Difference | Contrast::MedianDifference => Some(ends),
        Contrast::Ratio | Contrast::MedianRatio => {
            ends.iter().all(|end| *end > 0.0).then(|| ends.map(libm::log))
        }
    }
}

fn axis(pairs: &[(&Subject, &Pair)]) -> Option<f64> {
    let reach = |pair: &Pair| placed(found(pair)?).map(|[low, _, high]| low.abs().max(high.abs()));
    let mut reaches: Vec<f64> = pairs.iter().filter_map(|(_, pair)| reach(pair)).collect();
    reaches.sort_by(f64::total_cmp);
    let (middle, most) = (*reaches.get(reaches.len() / 2)?, *reaches.last()?);
    let axis = most.min(AXIS * middle);
    Some(if axis > 0.0 {
        axis
    } else if most > 0.0 {
        most
    } else {
        1.0
    })
}

/// An interval on the axis of its table, whose middle stands for no difference.
fn strip(found: &Found) -> Cell {
    placed(found).map_or(Cell::Empty, |[low, value, high]| {
        Cell::Strip(Strip { low, value, high, reference: Some(0.0) })
    })
}

fn own_strip(subject: &Subject, estimate: &Estimate) -> Cell {
    match (estimate.value, estimate.interval) {
        (Ok(value), Ok(Interval { low, high, .. })) if subject.unit == Unit::Proportion => {
            Cell::Strip(Strip { low, value, high, reference: subject.chance })
        }
        _ => Cell::Empty,
    }
}

fn value(estimate: &Estimate, digits: Digits) -> Cell {
    match estimate.value {
        Ok(value) => Cell::Number(value, digits),
        Err(reason) => Cell::Unknown(reason.to_string()),
    }
}

fn interval(estimate: &Estimate, digits: Digits) -> Cell {
    match estimate.interval {
        Ok(Interval { low, high, .. }) => Cell::Interval { low, high, digits },
        Err(reason) => Cell::Unknown(reason.to_string()),
    }
}
