//! A run's numbers as tables for a paper, each with a caption that says how they were made.

use super::{
    summary::{Summary, model},
    table::Caption,
};
use crate::{
    metric::words,
    record::{Measure, Record, Unit},
};

/// The shares, then all other numbers of the summary.
pub fn summary(record: &Record) -> String {
    let summary = Summary::new(record, None);
    let mut out = String::new();
    for (table, shares) in [(&summary.shares, true), (&summary.numbers, false)] {
        if table.rows.is_empty() {
            continue;
        }
        if !out.is_empty() {
            out.push('\n');
        }
        let caption = Caption { words: caption(record, shares), label: label(record, shares) };
        out.push_str(&table.latex(&caption, &|_, _| false));
    }
    out
}

fn caption(record: &Record, shares: bool) -> String {
    let run = &record.run;
    let counted = |measure: &&Measure| measure.headline && (measure.unit == Unit::Proportion) == shares;
    let measures = record.tasks.iter().flat_map(|task| &task.measures).filter(counted);
    let mut methods: Vec<String> = Vec::new();
    for interval in measures.filter_map(|measure| measure.estimate.interval.ok()) {
        let method = words::made(interval);
        if !methods.contains(&method) {
            methods.push(method);
        }
    }
    let methods = if methods.is_empty() { "none".into() } else { methods.join(", ") };
    format!(
        "{} ({}) on suite {}, seed {}. Intervals: {methods}; n is the number of items.",
        model(&run.model.name, run.model.revision.as_deref()),
        run.model.dtype.as_deref().unwrap_or("number format not known"),
        run.suite.name,
        run.seed.0,
    )
}

fn label(record: &Record, shares: bool) -> String {
    format!(
        "{}-{}-{}",
        record.run.suite.name,
        record.run.model.name,
        if shares { "shares" } else { "numbers" }
    )
}
