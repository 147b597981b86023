//! What can be answered without asking again, by model; and what can go.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    digits::Digits,
    quantity::{self, many},
    summary::{Mark, Remark},
    table::{Cell, Column, Look, Shape, Table},
    terminal::push_remark,
};
use crate::record::cache::{Kept, OfModel, Removal, Why, by_model, time};

/// Digits of a digest that tell two models apart.
const DIGEST: usize = 8;

/// Runs with answers.
#[derive(Clone, Copy, Debug)]
pub struct Inventory<'a>(pub &'a [Kept]);

impl Inventory<'_> {
    /// For people, with a last line for all.
    pub fn terminal(&self, look: &Look) -> String {
        let mut table = self.table(|bytes| Cell::Text(quantity::bytes(bytes)));
        if table.rows.len() > 1 {
            let all = self.all();
            let bytes = Cell::Text(quantity::bytes(all.bytes));
            let counts = [Cell::count(all.runs), Cell::count(all.answers), bytes];
            let mut row = vec![Cell::from("all"), Cell::Empty];
            row.extend(counts);
            row.push(Cell::Empty);
            table.rows.push(row);
        }
        table.terminal(look)
    }

    /// As Markdown.
    pub fn markdown(&self) -> String {
        self.table(|bytes| Cell::Text(quantity::bytes(bytes))).markdown()
    }

    /// For scripts: whole digests and bytes.
    pub fn files(&self) -> Table {
        let mut table = self.table(|bytes| Cell::Number(bytes as f64, Digits::Grouped));
        for (row, model) in table.rows.iter_mut().zip(by_model(self.0)) {
            row[1] = Cell::Text(model.digest.to_string());
        }
        table
    }

    fn table(&self, bytes: impl Fn(u64) -> Cell) -> Table {
        let columns = vec![
            Column::new("model", "model", Shape::Left),
            Column::new("digest", "model_digest", Shape::Left).droppable(0),
            Column::new("runs", "runs", Shape::Right),
            Column::new("answers", "answers", Shape::Right),
            Column::new("size", "bytes", Shape::Right),
            Column::new("last used (UTC)", "used", Shape::Left).droppable(1),
        ];
        let row = |model: OfModel<'_>| {
            vec![
                Cell::from(model.name),
                Cell::Text(model.digest.short(DIGEST)),
                Cell::count(model.runs),
                Cell::count(model.answers),
                bytes(model.bytes),
                when(model.used),
            ]
        };
        Table { columns, rows: by_model(self.0).into_iter().map(row).collect() }
    }

    /// `34 runs, 12,000 answers, 1.2 GB`.
    pub fn size(&self) -> String {
        let All { runs, answers, bytes } = self.all();
        format!("{}, {}, {}\n", many(runs, "run"), many(answers, "answer"), quantity::bytes(bytes))
    }

    /// The same for scripts.
    pub fn size_table(&self) -> Table {
        let All { runs, answers, bytes } = self.all();
        let columns = ["runs", "answers", "bytes"].map(|name| Column::new(name, name, Shape::Right));
        let bytes = Cell::Number(bytes as f64, Digits::Grouped);
        Table { columns: columns.into(), rows: vec![vec![Cell::count(runs), Cell::count(answers), bytes]] }
    }

    fn all(&self) -> All {
        All {
            runs: self.0.len(),
            answers: self.0.iter().map(|run| run.answers).sum(),
            bytes: self.0.iter().map(|run| run.bytes).sum(),
        }
    }
}

struct All {
    runs: usize,
    answers: usize,
    bytes: u64,
}

fn when(used: Duration) -> Cell {
    let used = humantime::format_rfc3339_seconds(time(used)).to_string();
    Cell::Text(used.trim_end_matches('Z').replacen('T', " ", 1))
}

/// What can go, or has gone.
#[derive(Clone, Copy, Debug)]
pub struct Removals<'a> {
    /// One line each.
    pub removals: &'a [Removal],
    /// Whether they are gone.
    pub done: bool,
}

impl Removals<'_> {
    /// For people.
    pub fn terminal(&self, look: &Look) -> String {
        let mut out = String::new();
        let mut push = |mark, text| push_remark(&mut out, &Remark { mark, text }, look);
        for removal in self.removals {
            let (path, bytes) = (removal.path.display(), quantity::bytes(removal.bytes));
            push(Mark::Note, format!("{path}  {bytes}{}", why(&removal.why)));
        }
        let bytes = quantity::bytes(self.removals.iter().map(|removal| removal.bytes).sum());
        let number = many(self.removals.len(), "entry").replace("entrys", "entries");
        match (self.removals.is_empty(), self.done) {
            (true, _) => push(Mark::Good, "nothing to remove".into()),
            (false, true) => push(Mark::Good, format!("{number} removed, {bytes}")),
            (false, false) => {
                push(
                    Mark::Next,
                    format!("{number}, {bytes}; nothing is removed yet: add --yes to remove them"),
                );
            }
        }
        out
    }

    /// For scripts.
    pub fn json(&self) -> Value {
        let removals = self.removals.iter().map(|removal| {
            let reason = match &removal.why {
                Why::Unfinished => "unfinished",
                Why::Superseded(_) => "superseded",
                Why::Chosen => "chosen",
            };
            let by = if let Why::Superseded(by) = &removal.why { Some(by) } else { None };
            json!({ "path": removal.path, "bytes": removal.bytes, "reason": reason, "superseded_by": by })
        });
        json!({ "removed": self.done, "entries": removals.collect::<Vec<_>>() })
    }
}

fn why(why: &Why) -> String {
    match why {
        Why::Unfinished => ", left half written".into(),
        Why::Superseded(by) => format!(", not finished; {by} has all of it"),
        Why::Chosen => String::new(),
    }
}
