//! `details.jsonl`: the rows of further tables, such as the tokens of a text, one line an item and table, with every digit.

use std::{io::Write, sync::Arc};

use crate::record::{Record, Row, TaskRecord, saved::DetailLine};

/// Writes all further tables of all tasks.
pub fn write(mut out: impl Write, record: &Record) -> std::io::Result<()> {
    for task in &record.tasks {
        for table in &task.details {
            // Rows of one item stand together and share their key.
            for rows in
                table.rows.chunk_by(|one, next| Arc::ptr_eq(&one.key, &next.key) || one.key == next.key)
            {
                serde_json::to_writer(&mut out, &line(task, table.name, rows))?;
                out.write_all(b"\n")?;
            }
        }
    }
    out.flush()
}

fn line(task: &TaskRecord, table: &str, rows: &[Row]) -> DetailLine {
    let key = &rows[0].key;
    DetailLine {
        table: table.to_owned(),
        task: task.name.clone(),
        item: key.item.clone(),
        group: key.group.clone(),
        repeat: key.repeat,
        rows: rows.iter().filter_map(|row| row.cells.clone().ok()).collect(),
    }
}
