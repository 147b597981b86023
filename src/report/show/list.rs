//! Items as a list: one line each, for people with their shortest address, for scripts with every column.

use super::{Answered, Entry, Worth};
use crate::{
    compare,
    record::{ItemKey, intern},
    report::{
        digits::{Digits, grouped},
        quantity::many,
        summary::{Mark, Remark},
        table::{Cell, Column, Look, Shape, Table},
        terminal::push_remark,
    },
};

/// Lines of a list in a terminal, where no number is asked for.
pub const MOST: usize = 50;
/// Decimals of a value for people.
const DECIMALS: usize = 3;
/// Columns of numbers, of which people see the first that some item has.
const NUMBERS: [&str; 3] = ["margin", "score", "nll"];

/// The letter of a run, as comparisons call it.
pub fn letter(run: usize) -> String {
    compare::letter(run)
}

/// The list for people: at most so many lines, then what is left out.
pub fn terminal(entries: &[Entry<'_>], models: &[String], limit: usize, look: &Look) -> String {
    let shown = &entries[..entries.len().min(limit)];
    let mut out = short(shown, models.len()).terminal(look);
    out.push('\n');
    let mut note = |text: String| push_remark(&mut out, &Remark { mark: Mark::Note, text }, look);
    for (run, model) in models.iter().enumerate() {
        let worths = || entries.iter().map(|entry| entry.answers[run].worth());
        let right = worths().filter(|worth| *worth == Worth::Right).count();
        let right = if worths().all(|worth| worth == Worth::Unmarked) {
            String::new()
        } else {
            format!(", {} right", grouped(right))
        };
        let name = if models.len() == 1 { String::new() } else { format!("{}  {model}: ", letter(run)) };
        note(format!("{name}{}{right}", many(entries.len(), "item")));
    }
    if let more @ 1.. = entries.len() - shown.len() {
        note(format!("{} more: --limit {} shows all", grouped(more), entries.len()));
    }
    out
}

/// For people: what names an item, what it was worth, and the ends of what was asked.
fn short(entries: &[Entry<'_>], runs: usize) -> Table {
    let number = NUMBERS.into_iter().find(|name| entries.iter().any(|entry| has(entry, name)));
    let titled = |run: usize, title: &str| match runs {
        1 => title.to_owned(),
        _ => format!("{} {title}", letter(run)),
    };
    let mut columns = vec![Column::new("item", "item", Shape::Left)];
    for run in 0..runs {
        let result = if runs == 1 { "result".into() } else { letter(run) };
        columns.push(Column::new(result, "result", Shape::Left));
        columns.extend(number.map(|name| Column::new(titled(run, name), name, Shape::Point).droppable(2)));
        columns.push(Column::new(titled(run, "output"), "output", Shape::Left).droppable(1));
    }
    columns.push(Column::new("gold", "gold", Shape::Left).droppable(0));
    columns.push(Column::new("prompt", "prompt", Shape::Left));
    let repeated = entries.iter().any(|entry| entry.key.repeat > 0);
    let row = |entry: &Entry<'_>| {
        let mut row = vec![Cell::Text(address(entry, repeated))];
        for answer in &entry.answers {
            row.push(Cell::Text(answer.worth().word()));
            row.extend(number.map(|name| cell(answer, name)));
            row.push(text(answer.text("output")));
        }
        row.push(text(entry.answers[0].text("gold")));
        row.push(text(entry.answers[0].text("prompt")));
        row
    };
    let mut table = Table { rows: entries.iter().map(row).collect(), columns };
    table.drop_empty();
    table
}

/// For scripts: every number and every text, one row an item.
pub fn table(entries: &[Entry<'_>], runs: usize) -> Table {
    let mut columns: Vec<Column> =
        ["task", "item", "group", "repeat"].map(|name| Column::new(name, name, Shape::Left)).into();
    let own = ["result", "margin", "score", "nll", "output"];
    for run in 0..runs {
        columns.extend(own.map(|name| {
            let name =
                if runs == 1 { name } else { intern(&format!("{}_{name}", letter(run).to_lowercase())) };
            Column::new(name, name, Shape::Left)
        }));
    }
    columns.extend(["gold", "prompt"].map(|name| Column::new(name, name, Shape::Left)));
    let row = |entry: &Entry<'_>| {
        let ItemKey { item, group, repeat, .. } = entry.key;
        let mut row: Vec<Cell> = vec![entry.task().name.as_str().into(), item.as_str().into()];
        row.extend([text(group.as_deref()), Cell::Number(f64::from(*repeat), Digits::Fixed(0))]);
        for answer in &entry.answers {
            row.push(Cell::Text(answer.worth().word()));
            row.extend(NUMBERS.map(|name| cell(answer, name)));
            row.push(text(answer.text("output")));
        }
        row.extend(["gold", "prompt"].map(|name| text(entry.answers[0].text(name))));
        row
    };
    Table { rows: entries.iter().map(row).collect(), columns }
}

/// What names an item here: without the benchmark, and without the repeat where no item has several.
pub(super) fn address(entry: &Entry<'_>, repeated: bool) -> String {
    let ItemKey { item, group, repeat, .. } = entry.key;
    let task = entry.task().name.as_str();
    let mut parts = vec![task.rsplit('/').next().unwrap_or(task)];
    parts.extend(group.as_deref());
    parts.push(item);
    let address = parts.join("/");
    if repeated { format!("{address}/{repeat}") } else { address }
}

fn has(entry: &Entry<'_>, name: &str) -> bool {
    entry.answers.iter().any(|answer| answer.number(name).is_some())
}

fn cell(answer: &Answered<'_>, name: &str) -> Cell {
    answer.number(name).map_or(Cell::Empty, |number| Cell::Number(number, Digits::Fixed(DECIMALS)))
}

fn text(text: Option<&str>) -> Cell {
    text.map_or(Cell::Empty, Cell::from)
}
