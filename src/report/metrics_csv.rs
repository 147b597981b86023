//! `metrics.csv`: tidy, one row a number. Names and numbers only, and names no spreadsheet runs; missing is empty, with the
//! reason in `note`.

use std::io::Write;

use super::{
    csv_cell::{self, number},
    name,
};
use crate::record::{Better, Measure, Record, TaskRecord};

/// The columns, for good: new ones are only ever appended.
pub const COLUMNS: [&str; 33] = [
    "run_id",
    "batch",
    "suite",
    "task",
    "kind",
    "group",
    "model",
    "revision",
    "dtype",
    "device",
    "metric",
    "unit",
    "higher_is_better",
    "value",
    "ci_low",
    "ci_high",
    "ci_level",
    "ci_method",
    "std_error",
    "n",
    "clusters",
    "successes",
    "chance",
    "repeats",
    "seed",
    "spec_sha256",
    "digest",
    "note",
    "test",
    "p_value",
    "p_adjusted",
    "family_size",
    "difference_from",
];

/// Writes every number of every task.
pub fn write(out: impl Write, record: &Record) -> csv::Result<()> {
    let mut out = csv::Writer::from_writer(out);
    out.write_record(COLUMNS)?;
    for task in &record.tasks {
        let repeats = task.table.rows.iter().map(|row| row.key.repeat).max().map_or(0, |last| last + 1);
        for measure in &task.measures {
            out.write_record(row(record, task, measure, repeats))?;
        }
    }
    out.flush()?;
    Ok(())
}

fn row(record: &Record, task: &TaskRecord, measure: &Measure, repeats: u32) -> [String; 33] {
    let run = &record.run;
    let estimate = &measure.estimate;
    let interval = estimate.interval.ok();
    let adjusted = measure.test.and_then(|test| test.adjusted);
    let optional = |value: Option<f64>| value.map(number).unwrap_or_default();
    [
        run.run_id.clone(),
        String::new(),
        named(&run.suite.name),
        named(&task.name),
        named(task.kind),
        named(measure.group.as_deref().unwrap_or_default()),
        named(&run.model.name),
        named(run.model.revision.as_deref().unwrap_or_default()),
        named(run.model.dtype.as_deref().unwrap_or_default()),
        run.engine.as_ref().map(|engine| engine.device.clone()).unwrap_or_default(),
        named(&measure.metric),
        name(&measure.unit),
        match measure.better {
            Some(Better::Higher) => "1".into(),
            Some(Better::Lower) => "0".into(),
            None => String::new(),
        },
        optional(estimate.value.ok()),
        optional(interval.map(|interval| interval.low)),
        optional(interval.map(|interval| interval.high)),
        optional(interval.map(|interval| interval.level.get())),
        interval.map(|interval| name(&interval.method)).unwrap_or_default(),
        optional(estimate.std_error),
        estimate.n.to_string(),
        estimate.clusters.map(|clusters| clusters.to_string()).unwrap_or_default(),
        optional(estimate.successes),
        optional(measure.chance),
        repeats.to_string(),
        run.seed.0.to_string(),
        run.suite.resolved_sha256.map(|digest| digest.to_string()).unwrap_or_default(),
        run.answers_sha256.map(|digest| digest.to_string()).unwrap_or_default(),
        estimate.value.err().or(estimate.interval.err()).map(|reason| name(&reason)).unwrap_or_default(),
        measure.test.map(|test| test.hypothesis.name().to_owned()).unwrap_or_default(),
        optional(measure.test.map(|test| test.p)),
        optional(adjusted.map(|adjusted| adjusted.p)),
        adjusted.map(|adjusted| adjusted.family_size.to_string()).unwrap_or_default(),
        named(measure.difference_from.as_deref().unwrap_or_default()),
    ]
}

/// Names of imported results are whatever somebody wrote.
fn named(name: &str) -> String {
    csv_cell::text(name).content.into_owned()
}
