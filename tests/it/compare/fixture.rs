//! Runs made by hand: tables of a few items, measured as any run's are.

use yardstick::{
    compare::{Comparison, Found, Options, Pair},
    metric::{Formula, Metric, Settings, evaluate},
    plan::{Failure, FailureKind},
    record::{Better, Cell, Column, ItemKey, Record, Row, Table, Taken, TaskRecord, Unit},
    value::{Digest, Seed},
};

use crate::report::fixture;

/// A run of a model that is called so.
pub(super) fn record(model: &str, tasks: Vec<TaskRecord>) -> Record {
    let mut run = fixture::run();
    run.run_id = format!("20261124T011203Z-{model}-suite-7f3a9c");
    run.model.name = model.into();
    run.model_digest = Some(Digest::of(model));
    run.answers_sha256 = Some(Digest::of([model, "answers"].concat()));
    run.errors.clear();
    Record { run, tasks, expectations: vec![] }
}

/// A task with its numbers.
pub(super) fn task(
    name: &str,
    columns: &[Column],
    metrics: Vec<Metric>,
    rows: Vec<(ItemKey, Vec<Cell>)>,
) -> TaskRecord {
    let mut table = Table::new("items", columns.to_vec());
    table.rows = rows.into_iter().map(|(key, cells)| Row { key: key.into(), cells: Ok(cells) }).collect();
    let settings = Settings { seed: Seed(1), ..Settings::of(name) };
    let measures = evaluate(&metrics, &table, &settings);
    let items = Taken { taken: table.rows.len(), available: table.rows.len() };
    TaskRecord {
        name: name.into(),
        kind: "cloze",
        table,
        details: vec![],
        measures,
        notes: vec![],
        remarks: vec![],
        metrics,
        settings,
        items,
    }
}

/// The same task with its numbers made anew, after its rows were changed.
pub(super) fn measured(task: TaskRecord) -> TaskRecord {
    let measures = evaluate(&task.metrics, &task.table, &task.settings);
    TaskRecord { measures, ..task }
}

/// The item of a number.
pub(super) fn key(item: usize) -> ItemKey {
    let item = format!("i{item:04}");
    ItemKey { content: Digest::of(&item), item, repeat: 0, group: None, cluster: None }
}

pub(super) fn accuracy() -> Metric {
    Metric::new("accuracy", Formula::Proportion("correct"), Unit::Proportion)
        .better(Better::Higher)
        .headline()
}

/// A task whose items are right (`1`) or wrong (`0`).
pub(super) fn shares(name: &str, right: &str) -> TaskRecord {
    let rows = right.bytes().enumerate().map(|(item, right)| (key(item), vec![(right == b'1').into()]));
    task(name, &["correct"], vec![accuracy()], rows.collect())
}

/// A task whose items have a score, higher better.
pub(super) fn scores(name: &str, values: &[f64]) -> TaskRecord {
    let metric = Metric::new("score", Formula::Mean("score"), Unit::Score).better(Better::Higher).headline();
    let rows = values.iter().enumerate().map(|(item, value)| (key(item), vec![(*value).into()]));
    task(name, &["score"], vec![metric], rows.collect())
}

/// An item that could not be answered.
pub(super) fn failed(mut row: Row) -> Row {
    row.cells = Err(Failure::new(FailureKind::TooLong, "too long"));
    row
}

pub(super) fn compared(records: &[Record]) -> Comparison {
    Comparison::new(records, &Options::default()).unwrap()
}

/// The only pair of the only number of two runs of one task.
pub(super) fn pair(first: TaskRecord, second: TaskRecord, options: &Options) -> Pair {
    let records = [record("one", vec![first]), record("two", vec![second])];
    let mut comparison = Comparison::new(&records, options).unwrap();
    assert_eq!((comparison.subjects.len(), comparison.subjects[0].pairs.len()), (1, 1));
    comparison.subjects.remove(0).pairs.remove(0)
}

pub(super) fn found(pair: &Pair) -> &Found {
    pair.outcome.found().unwrap()
}

#[track_caller]
pub(super) fn close(found: f64, wanted: f64) {
    assert!((found - wanted).abs() <= 1e-9 * wanted.abs().max(1.0), "{found} is not {wanted}");
}

#[track_caller]
pub(super) fn ends(estimate: &yardstick::stats::Estimate, value: f64, low: f64, high: f64) {
    let interval = estimate.interval.unwrap();
    close(estimate.value.unwrap(), value);
    close(interval.low, low);
    close(interval.high, high);
}
