//! `items.jsonl`: one line an item and repeat, in plan order, with every text and every digit as it is. Nothing in it
//! depends on when or where the run was.

use std::{collections::BTreeMap, io::Write};

use schemars::JsonSchema;
use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::{
    plan::Failure,
    record::{Cell, ItemKey, Record, Row, TaskRecord},
    value::Digest,
};

/// A line of `items.jsonl`; the measured values stand beside these fields, under the names of their columns.
#[derive(Serialize, JsonSchema)]
pub struct Line<'a> {
    /// `task/item/repeat`, with the group after the task where there is one: one line has it.
    key: String,
    /// `benchmark/task`.
    task: &'a str,
    /// The kind of the task.
    kind: &'static str,
    /// The item's id, unique within its task.
    item: &'a str,
    /// The number of the repeat, from 0.
    repeat: u32,
    /// The part of the task that the item belongs to.
    group: Option<&'a str>,
    /// Items with the same cluster hang together.
    cluster: Option<&'a str>,
    /// What was asked and what was right: lines of two runs are compared only where this agrees.
    content_sha256: Digest,
    /// The measured values; all null for an item without an answer.
    #[serde(flatten)]
    #[schemars(with = "BTreeMap<String, Cell>")]
    cells: Cells<'a>,
    /// Why the item has no answer.
    error: Option<&'a Failure>,
}

/// The cells of a row under the names of their columns.
struct Cells<'a> {
    columns: &'a [&'static str],
    row: &'a Row,
}

impl Serialize for Cells<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.columns.len()))?;
        for (at, column) in self.columns.iter().enumerate() {
            let cell = self.row.cells.as_ref().ok().and_then(|cells| cells.get(at));
            map.serialize_entry(column, cell.unwrap_or(&Cell::Missing))?;
        }
        map.end()
    }
}

/// Writes all lines of all tasks.
pub fn write(mut out: impl Write, record: &Record) -> std::io::Result<()> {
    for task in &record.tasks {
        for row in &task.table.rows {
            serde_json::to_writer(&mut out, &line(task, row))?;
            out.write_all(b"\n")?;
        }
    }
    out.flush()
}

fn key(task: &TaskRecord, row: &Row) -> String {
    let ItemKey { item, repeat, group, .. } = &*row.key;
    match group {
        Some(group) => format!("{}/{group}/{item}/{repeat}", task.name),
        None => format!("{}/{item}/{repeat}", task.name),
    }
}

fn line<'a>(task: &'a TaskRecord, row: &'a Row) -> Line<'a> {
    Line {
        key: key(task, row),
        task: &task.name,
        kind: task.kind,
        item: &row.key.item,
        repeat: row.key.repeat,
        group: row.key.group.as_deref(),
        cluster: row.key.cluster.as_deref(),
        content_sha256: row.key.content,
        cells: Cells { columns: &task.table.columns, row },
        error: row.cells.as_ref().err(),
    }
}
