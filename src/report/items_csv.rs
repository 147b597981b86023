//! `items.csv`: one row an item and repeat, flat, for spreadsheets, R and pandas. UTF-8 without a mark, `\n`, no comment
//! lines; missing is empty, yes and no are 1 and 0, numbers have their shortest exact form. `items.jsonl` is the lossless one.
//! Detail tables, such as the tokens behind each item, become files of the same make.

use std::{borrow::Cow, io::Write};

use super::{
    csv_cell::{self, Content},
    name,
};
use crate::{
    plan::Failure,
    record::{Record, Row, Table, TaskRecord},
};

/// The columns that every `items.csv` begins with. Columns of the kinds with these names stand here, all others follow.
pub const COLUMNS: [&str; 21] = [
    "run_id",
    "model",
    "task",
    "kind",
    "group",
    "item",
    "repeat",
    "correct",
    "score",
    "logprob_correct",
    "logprob_incorrect",
    "margin",
    "p_correct",
    "rank",
    "n_tokens",
    "finish",
    "prompt",
    "gold",
    "output",
    "truncated",
    "error",
];

/// The first of the kinds' own columns, wherever a kind has it.
const FIRST: &str = "nll";
/// What clustered intervals are made of; the last column, where items have clusters.
const CLUSTER: &str = "cluster";

/// Where a column's cells come from.
#[derive(Clone, Copy)]
enum Source {
    RunId,
    Model,
    Task,
    Kind,
    Group,
    Item,
    Repeat,
    Truncated,
    Error,
    Cluster,
    Cell(Option<usize>),
}

/// Writes all rows of all tasks, in plan order.
pub fn write(out: impl Write, record: &Record) -> csv::Result<()> {
    let names = columns(&record.tasks);
    let mut out = csv::Writer::from_writer(out);
    // Columns that were imported are called as somebody wished.
    out.write_record(names.iter().map(|name| csv_cell::text(name).content.into_owned()))?;
    for task in &record.tasks {
        let sources: Vec<Source> = names.iter().map(|name| source(name, &task.table)).collect();
        for row in &task.table.rows {
            write_row(&mut out, record, task, row, &sources)?;
        }
    }
    out.flush()?;
    Ok(())
}

/// The names of the detail tables, in the order of the tasks.
pub fn detail_names(tasks: &[TaskRecord]) -> Vec<&'static str> {
    let mut names = Vec::new();
    for table in tasks.iter().flat_map(|task| &task.details) {
        if !names.contains(&table.name) {
            names.push(table.name);
        }
    }
    names
}

/// Writes the detail tables of one name, tidy: task, item, group and repeat, then their own columns.
pub fn write_details(out: impl Write, tasks: &[TaskRecord], name: &str) -> csv::Result<()> {
    let tables = || {
        tasks
            .iter()
            .flat_map(|task| task.details.iter().map(move |table| (task, table)))
            .filter(|(_, table)| table.name == name)
    };
    let mut names = vec!["task", "item", "group", "repeat"];
    for (_, table) in tables() {
        extend(&mut names, table);
    }
    let mut out = csv::Writer::from_writer(out);
    out.write_record(&names)?;
    for (task, table) in tables() {
        let places: Vec<Option<usize>> = names[4..].iter().map(|name| table.column(name)).collect();
        // An item without an answer has no details; why, is said in `items.csv`.
        for (row, cells) in table.rows.iter().filter_map(|row| Some((row, row.cells.as_ref().ok()?))) {
            let group = row.key.group.as_deref().unwrap_or("");
            for content in [&task.name, &row.key.item, group, &row.key.repeat.to_string()] {
                out.write_field(csv_cell::text(content).content.as_ref())?;
            }
            for place in &places {
                let cell = place.and_then(|place| cells.get(place));
                out.write_field(
                    cell.map_or(Cow::Borrowed(""), |cell| csv_cell::cell(cell).content).as_ref(),
                )?;
            }
            out.write_record(None::<&[u8]>)?;
        }
    }
    out.flush()?;
    Ok(())
}

/// The names of all columns: the fixed ones, then those of the kinds as they first appear.
fn columns(tasks: &[TaskRecord]) -> Vec<&'static str> {
    let mut names: Vec<&'static str> = COLUMNS.to_vec();
    if tasks.iter().any(|task| task.table.column(FIRST).is_some()) {
        names.push(FIRST);
    }
    for task in tasks {
        extend(&mut names, &task.table);
    }
    let clustered = |task: &TaskRecord| task.table.rows.iter().any(|row| row.key.cluster.is_some());
    if tasks.iter().any(clustered) && !names.contains(&CLUSTER) {
        names.push(CLUSTER);
    }
    names
}

fn extend(names: &mut Vec<&'static str>, table: &Table) {
    for column in &table.columns {
        if !names.contains(column) {
            names.push(column);
        }
    }
}

fn source(name: &str, table: &Table) -> Source {
    match name {
        "run_id" => Source::RunId,
        "model" => Source::Model,
        "task" => Source::Task,
        "kind" => Source::Kind,
        "group" => Source::Group,
        "item" => Source::Item,
        "repeat" => Source::Repeat,
        "truncated" => Source::Truncated,
        "error" => Source::Error,
        CLUSTER => Source::Cluster,
        _ => Source::Cell(table.column(name)),
    }
}

fn write_row<W: Write>(
    out: &mut csv::Writer<W>,
    record: &Record,
    task: &TaskRecord,
    row: &Row,
    sources: &[Source],
) -> csv::Result<()> {
    let contents: Vec<Content<'_>> =
        sources.iter().map(|source| content(*source, record, task, row)).collect();
    let truncated = if contents.iter().any(|content| content.truncated) { "1" } else { "0" };
    for (source, content) in sources.iter().zip(&contents) {
        let field = if let Source::Truncated = source { truncated } else { &content.content };
        out.write_field(field)?;
    }
    out.write_record(None::<&[u8]>)
}

fn content<'a>(source: Source, record: &'a Record, task: &'a TaskRecord, row: &'a Row) -> Content<'a> {
    let key = &row.key;
    match source {
        Source::RunId => csv_cell::text(&record.run.run_id),
        Source::Model => csv_cell::text(&record.run.model.name),
        Source::Task => csv_cell::text(&task.name),
        Source::Kind => csv_cell::text(task.kind),
        Source::Group => csv_cell::text(key.group.as_deref().unwrap_or("")),
        Source::Item => csv_cell::text(&key.item),
        Source::Cluster => csv_cell::text(key.cluster.as_deref().unwrap_or("")),
        Source::Repeat => Content { content: Cow::Owned(key.repeat.to_string()), truncated: false },
        Source::Truncated => csv_cell::text(""),
        Source::Error => match &row.cells {
            Ok(_) => csv_cell::text(""),
            Err(Failure { kind, message }) => {
                Content { content: Cow::Owned(format!("{}: {message}", name(kind))), truncated: false }
            }
        },
        Source::Cell(place) => {
            let cell = place.and_then(|place| row.cells.as_ref().ok()?.get(place));
            cell.map_or_else(|| csv_cell::text(""), csv_cell::cell)
        }
    }
}
