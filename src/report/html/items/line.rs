//! One line an item, with what every model said to it.

use std::io::Write as _;

use serde_json::Value;

use super::{Detail, Entry, Items, name};
use crate::{
    record::{Cell, Row},
    report,
};

/// Characters of a text that the page keeps.
const LONGEST: usize = 4_000;
/// Rows of a table of tokens that the page keeps of one item.
const MOST_ROWS: usize = 4_000;

impl<'a> Items<'a> {
    /// The lines of some items, each an array with one entry a model: null where it does not have the item, a text that
    /// says why there is no answer, or its cells, then its tables column by column.
    pub(super) fn lines(&self, places: &[usize]) -> Vec<u8> {
        let mut lines = Vec::with_capacity(places.len() * 512);
        for place in places {
            let entry = &self.entries[*place];
            let models: Vec<Value> =
                (0..self.models.len()).map(|record| self.answer(entry, record)).collect();
            serde_json::to_writer(&mut lines, &models).expect("plain data has a JSON form");
            lines.write_all(b"\n").expect("memory takes all that is written");
        }
        // The line after the last one would be an item more.
        lines.pop();
        lines
    }

    fn answer(&self, entry: &Entry<'a>, record: usize) -> Value {
        let (Some(part), Some(row)) = (&self.tasks[entry.task].of[record], entry.rows[record]) else {
            return Value::Null;
        };
        match &row.cells {
            Err(failure) => Value::String(cut(&format!(
                "{}: {}",
                report::name(&failure.kind).replace('_', " "),
                failure.message
            ))),
            Ok(cells) => {
                let cells: Value = cells.iter().map(value).collect();
                let details = part.details.iter().map(|detail| detail.columns(row));
                std::iter::once(cells).chain(details).collect()
            }
        }
    }
}

impl Detail<'_> {
    /// The rows of an item, column by column: alike values pack better.
    fn columns(&self, row: &Row) -> Value {
        let rows: Vec<&Vec<Cell>> = match self.rows.get(&name(&row.key)) {
            Some(places) => places
                .iter()
                .filter_map(|place| self.table.rows[*place].cells.as_ref().ok())
                .take(MOST_ROWS)
                .collect(),
            None => Vec::new(),
        };
        let column =
            |at: usize| rows.iter().map(|cells| cells.get(at).map_or(Value::Null, value)).collect::<Value>();
        (0..self.table.columns.len()).map(column).collect()
    }
}

fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Missing => Value::Null,
        Cell::Flag(flag) => Value::Bool(*flag),
        Cell::Count(count) => Value::from(*count),
        Cell::Number(number) => rounded(*number),
        Cell::Text(text) => Value::String(cut(text)),
        Cell::List(list) => list.iter().map(value).collect(),
    }
}

/// Six significant digits: every digit is in `items.jsonl`.
pub(super) fn rounded(number: f64) -> Value {
    let short: f64 = format!("{number:.5e}").parse().unwrap_or(number);
    if short.fract() == 0.0 && short.abs() < 1e6 { Value::from(short as i64) } else { Value::from(short) }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        None => text.to_owned(),
        Some((end, _)) => {
            let more = report::quantity::many(text[end..].chars().count(), "more character");
            format!("{}… ({more} in items.jsonl)", &text[..end])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_six_digits_and_texts_four_thousand_characters() {
        let shown =
            [1.0, 0.0, -0.333_333_333, 1e-12, 123_456_789.0, 5e9].map(|number| rounded(number).to_string());
        assert_eq!(shown, ["1", "0", "-0.333333", "1e-12", "123457000.0", "5000000000.0"]);
        assert_eq!(cut(&"é".repeat(LONGEST)).chars().count(), LONGEST);
        assert!(cut(&"é".repeat(LONGEST + 3)).ends_with("é… (3 more characters in items.jsonl)"));
    }
}
