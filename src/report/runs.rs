//! The runs of a results folder: one line each, with how it ended and where it can be taken up again.

use super::{
    summary::{Mark, Remark, model},
    table::{Cell, Column, Look, Shape, Table},
    terminal::push_remark,
};
use crate::record::listing::{Brief, Listed, State};

/// Digits of a digest that tell two results apart.
const DIGEST: usize = 8;
/// Runs whose way on is spelled out.
const MOST_LINES: usize = 20;

/// For people.
pub fn terminal(runs: &[Listed], look: &Look) -> String {
    let mut parts = COLUMNS;
    // Which piece a shard is has no column of its own here: most runs are whole.
    parts[STATUS].4 = |run| {
        let shard = run.run.as_ref().ok().and_then(|brief| brief.shard);
        let shard = shard.map_or_else(String::new, |shard| format!(", shard {shard}"));
        Cell::Text(format!("{}{shard}", status(run)))
    };
    let mut out = table(runs, &parts[1..8]).terminal(look);
    let remarks = remarks(runs);
    if !remarks.is_empty() {
        out.push('\n');
    }
    for remark in &remarks {
        push_remark(&mut out, remark, look);
    }
    out
}

/// As Markdown.
pub fn markdown(runs: &[Listed]) -> String {
    table(runs, &COLUMNS[1..]).markdown()
}

/// For scripts: every column, the whole digest.
pub fn files(runs: &[Listed]) -> Table {
    table(runs, &COLUMNS)
}

/// A column: its title, its key, its shape, in which order it is left out, and what stands in it.
type Part = (&'static str, &'static str, Shape, Option<u8>, fn(&Listed) -> Cell);

/// People see those from the second to the eighth.
const COLUMNS: [Part; 13] = [
    ("folder", "run_id", Shape::Left, None, |run| run.folder.as_str().into()),
    ("id", "name", Shape::Left, None, |run| run.name.as_str().into()),
    ("started (UTC)", "started", Shape::Left, Some(1), |run| of(run, |brief| when(&brief.started))),
    ("model", "model", Shape::Left, None, |run| {
        of(run, |brief| Cell::Text(model(&brief.model, brief.revision.as_deref())))
    }),
    ("suite", "suite", Shape::Left, None, |run| of(run, |brief| brief.suite.as_str().into())),
    ("items", "items", Shape::Right, Some(2), |run| of(run, |brief| Cell::count(brief.items))),
    ("status", "status", Shape::Left, None, |run| status(run).into()),
    ("digest", "digest_short", Shape::Left, Some(0), |run| {
        of(run, |brief| match &brief.state {
            State::Complete(Some(digest)) => Cell::Text(digest.short(DIGEST)),
            _ => Cell::Empty,
        })
    }),
    ("reason", "reason", Shape::Left, None, |run| match &run.run {
        Ok(_) => Cell::Empty,
        Err(reason) => reason.as_str().into(),
    }),
    ("resume", "resume", Shape::Left, None, |run| resume(run).map_or(Cell::Empty, Cell::Text)),
    ("revision", "revision", Shape::Left, None, |run| {
        of(run, |brief| brief.revision.as_deref().map_or(Cell::Empty, Cell::from))
    }),
    ("answers", "answers_sha256", Shape::Left, None, |run| {
        of(run, |brief| match &brief.state {
            State::Complete(Some(digest)) => Cell::Text(digest.to_string()),
            _ => Cell::Empty,
        })
    }),
    ("shard", "shard", Shape::Left, None, |run| {
        of(run, |brief| brief.shard.map_or(Cell::Empty, |shard| Cell::Text(shard.to_string())))
    }),
];
/// Where the status stands among them.
const STATUS: usize = 6;

fn table(runs: &[Listed], parts: &[Part]) -> Table {
    let column = |(title, key, shape, drop, _): &Part| {
        let column = Column::new(*title, key, *shape);
        drop.map_or(column.clone(), |order| column.droppable(order))
    };
    let rows = runs.iter().map(|run| parts.iter().map(|(.., cell)| cell(run)).collect());
    Table { columns: parts.iter().map(column).collect(), rows: rows.collect() }
}

fn status(run: &Listed) -> &'static str {
    run.run.as_ref().map_or("damaged", |brief| brief.state.name())
}

fn of(run: &Listed, cell: impl FnOnce(&Brief) -> Cell) -> Cell {
    run.run.as_ref().map_or(Cell::Empty, cell)
}

/// `2026-11-24 01:12:03`.
fn when(started: &str) -> Cell {
    Cell::Text(started.trim_end_matches('Z').replacen('T', " ", 1))
}

/// What goes on with a run that is not complete.
fn resume(run: &Listed) -> Option<String> {
    let brief = run.run.as_ref().ok()?;
    let open = matches!(brief.state, State::Interrupted | State::Crashed);
    open.then(|| format!("yardstick run --resume {}", run.name))
}

fn remarks(runs: &[Listed]) -> Vec<Remark> {
    let remark = |run: &Listed| match &run.run {
        Err(reason) => {
            Some(Remark { mark: Mark::Warning, text: format!("{} is damaged: {reason}", run.folder) })
        }
        Ok(_) => Some(Remark { mark: Mark::Next, text: resume(run)? }),
    };
    let mut remarks: Vec<Remark> = runs.iter().filter_map(remark).collect();
    if let more @ 1.. = remarks.len().saturating_sub(MOST_LINES) {
        remarks.truncate(MOST_LINES);
        let text = format!("{more} more: --format csv has the reason or the command of each");
        remarks.push(Remark { mark: Mark::Note, text });
    }
    remarks
}
