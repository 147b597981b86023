//! A comparison as a table for a paper: a row a number, a column a model, bold only where the corrected test says so.

use super::tables::{at_most, digits_of};
use crate::{
    compare::{Comparison, Decision, Pair, Subject},
    metric::words,
    record::{Better, intern},
    report::{
        digits::Digits,
        quantity::many,
        summary::{model, percent},
        table::{Caption, Cell, Column, Shape, Table},
    },
    stats::Estimate,
};

/// The floating table.
pub fn latex(comparison: &Comparison) -> String {
    let table = table(comparison);
    let subjects = &comparison.subjects;
    let strong = |row: usize, key: &str| {
        let side = (0..comparison.sides.len()).find(|side| key == value_key(*side));
        side.is_some_and(|side| is_shown_better(&subjects[row], side))
    };
    let letters: String = comparison.sides.iter().map(|side| side.letter.to_lowercase()).collect();
    table.latex(&Caption { words: caption(comparison), label: format!("compare-{letters}") }, &strong)
}

/// Whether some test shows it better and none shows it worse.
fn is_shown_better(subject: &Subject, side: usize) -> bool {
    let outcome = |pair: &Pair| {
        let [first, second] = pair.sides;
        match pair.verdict.decision {
            Decision::ABetter | Decision::ABetterWithinMargin => Some((first, second)),
            Decision::BBetter | Decision::BBetterWithinMargin => Some((second, first)),
            _ => None,
        }
    };
    let shown: Vec<(usize, usize)> = subject.pairs.iter().filter_map(outcome).collect();
    shown.iter().any(|(better, _)| *better == side) && !shown.iter().any(|(_, worse)| *worse == side)
}

fn value_key(side: usize) -> &'static str {
    intern(&format!("value_{side}"))
}

fn table(comparison: &Comparison) -> Table {
    let subjects = &comparison.subjects;
    let groups = subjects.iter().any(|subject| subject.group.is_some());
    let mut columns = vec![Column::new("task", "task", Shape::Name)];
    columns.extend(groups.then(|| Column::new("group", "group", Shape::Left)));
    columns.push(Column::new("metric", "metric", Shape::Left));
    for (place, side) in comparison.sides.iter().enumerate() {
        columns.push(Column::new(side.run.model.name.clone(), value_key(place), Shape::Point));
        columns.push(Column::new("", "ci", Shape::Interval));
    }
    let two = comparison.sides.len() == 2;
    if two {
        columns.push(Column::new("Δ", "difference", Shape::Point));
        columns.push(Column::new("", "ci", Shape::Interval));
        columns.push(Column::new("n", "n", Shape::Right));
        columns.push(Column::new("p", "p", Shape::Right));
    }
    let row = |subject: &Subject| {
        let mut row: Vec<Cell> = vec![subject.task.as_str().into()];
        row.extend(groups.then(|| subject.group.as_deref().map_or(Cell::Empty, Cell::from)));
        row.push(metric(subject));
        // Of two, what both have in common; of more, each on its own items.
        let found = subject.pairs.first().and_then(|pair| pair.outcome.found()).filter(|_| two);
        for side in 0..comparison.sides.len() {
            let paired = found.and_then(|found| {
                let place = subject.pairs[0].sides.iter().position(|own| *own == side)?;
                Some(&found.values[place])
            });
            let own = paired.or(subject.values[side].as_ref());
            let digits = own.map_or(Digits::Fixed(3), |own| Digits::of_estimate(own, subject.unit));
            row.extend(own.map_or([Cell::Empty, Cell::Empty], |own| number(own, digits)));
        }
        if two {
            let difference = found.map(|found| number(&found.difference, digits_of(found, subject)));
            row.extend(difference.unwrap_or([Cell::Unknown(String::new()), Cell::Empty]));
            row.push(Cell::count(subject.pairs.first().map_or(0, |pair| pair.matched.paired)));
            let p = found.and_then(|found| found.test?.adjusted);
            row.push(p.map_or(Cell::Empty, |adjusted| Cell::Text(words::p(adjusted.p))));
        }
        row
    };
    Table { rows: subjects.iter().map(row).collect(), columns }
}

/// An arrow stands where less is better.
fn metric(subject: &Subject) -> Cell {
    match subject.better {
        Some(Better::Lower) => Cell::Text(format!("{} (less is better)", subject.metric)),
        _ => subject.metric.as_str().into(),
    }
}

fn number(estimate: &Estimate, digits: Digits) -> [Cell; 2] {
    let value =
        estimate.value.map_or_else(|why| Cell::Unknown(why.to_string()), |value| Cell::Number(value, digits));
    let interval = estimate.interval.map_or(Cell::Empty, |interval| Cell::Interval {
        low: interval.low,
        high: interval.high,
        digits,
    });
    [value, interval]
}

fn caption(comparison: &Comparison) -> String {
    let models = comparison.sides.iter().map(|side| {
        let run = &side.run;
        let name = model(&run.model.name, run.model.revision.as_deref());
        run.model.dtype.as_ref().map_or_else(|| name.clone(), |dtype| format!("{name} ({dtype})"))
    });
    let models = models.collect::<Vec<_>>().join(", ");
    let found = || comparison.pairs().filter_map(|(_, pair)| pair.outcome.found());
    let mut tests: Vec<&str> = Vec::new();
    let mut intervals: Vec<&str> = Vec::new();
    for found in found() {
        let test = found.test.map(|test| words::test(test.hypothesis));
        tests.extend(test.filter(|test| !tests.contains(test)));
        let estimates = found.values.iter().chain([&found.difference]);
        for method in estimates.filter_map(|estimate| Some(words::method(estimate.interval.ok()?.method))) {
            if !intervals.contains(&method) {
                intervals.push(method);
            }
        }
    }
    let paired: Vec<usize> = comparison.pairs().map(|(_, pair)| pair.matched.paired).collect();
    let n = match (paired.iter().min(), paired.iter().max()) {
        (Some(least), Some(most)) if least == most => many(*most, "paired item"),
        (Some(least), Some(most)) => format!("{least} to {} a row", many(*most, "paired item")),
        _ => "no items".into(),
    };
    format!(
        "{models}. In brackets {} intervals ({}); {n}. p: {}, corrected by {} over {}. Bold: shown to be better than another model (corrected p at most {}) and worse than none. For ratios, Δ is the second over the first.",
        percent(comparison.level),
        intervals.join(", "),
        tests.join(", "),
        comparison.correction.name(),
        many(comparison.questions.differences, "test"),
        at_most(comparison),
    )
}
