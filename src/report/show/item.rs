//! One item: everything that is known of it, its texts whole, its further tables below.

use serde_json::{Map, Value, json};

use super::{Answered, Entry, letter, list::address};
use crate::{
    record::{self, ItemKey, Table as Detail},
    report::{
        csv_cell,
        table::{Cell, Column, Look, Shape, Table, styled},
        text::{self, Charset},
    },
};

/// Texts that are shown first, whole.
const TEXTS: [&str; 3] = ["prompt", "gold", "output"];
/// Columns of detail tables that hold pieces of text, whose spaces matter.
const TOKENS: [&str; 3] = ["token", "text", "piece"];
/// Significant digits of a number for people; files have them all.
const DIGITS: i32 = 6;
/// Space before a value.
const INDENT: usize = 2;

/// The whole item in a terminal, of each run in its turn.
pub fn terminal(entry: &Entry<'_>, models: &[String], look: &Look) -> String {
    let mut out = String::new();
    for (run, answer) in entry.answers.iter().enumerate() {
        if run > 0 {
            out.push('\n');
        }
        let mut title = format!("{}  {}", address(entry, true), answer.worth().word());
        if models.len() > 1 {
            title = format!("{}  {}   {title}", letter(run), models[run]);
        }
        let title = text::words(&title, look.charset);
        styled(
            &mut out,
            &text::wrap(&title, look.width, INDENT).join("\n"),
            anstyle::Style::new().bold(),
            look,
        );
        out.push('\n');
        answer.fields(&mut out, look);
        for detail in &answer.task.details {
            let table = answer.detail(detail);
            if !table.rows.is_empty() {
                out.push_str(&format!("\n {}\n", text::words(detail.name, look.charset)));
                out.push_str(&table.terminal(look));
            }
        }
    }
    out
}

/// For scripts: the lines of `items.jsonl` with the rows of the further tables.
pub fn json(entry: &Entry<'_>, runs: &[&str]) -> Value {
    let answer = |(answer, run): (&Answered<'_>, &&str)| {
        let ItemKey { item, repeat, group, cluster, content } = &*answer.row.key;
        let mut json = json!({
            "run_id": run, "task": answer.task.name, "kind": answer.task.kind, "item": item, "repeat": repeat,
            "group": group, "cluster": cluster, "content_sha256": content.to_string(),
            "result": answer.worth().word(),
        });
        match &answer.row.cells {
            Ok(cells) => {
                let cells = answer.task.table.columns.iter().zip(cells);
                json["cells"] = cells.map(|(name, cell)| ((*name).to_owned(), json!(cell))).collect();
            }
            Err(failure) => json["error"] = json!(failure),
        }
        let details = answer.task.details.iter().map(|detail| {
            let rows = answer.rows(detail).map(|cells| {
                let row =
                    detail.columns.iter().zip(cells).map(|(name, cell)| ((*name).to_owned(), json!(cell)));
                Value::Object(row.collect::<Map<_, _>>())
            });
            (detail.name.to_owned(), rows.collect::<Value>())
        });
        json["details"] = details.collect::<Value>();
        json
    };
    entry.answers.iter().zip(runs).map(answer).collect()
}

impl Answered<'_> {
    /// Everything but the details: texts first, then what else the row says, one a line.
    fn fields(&self, out: &mut String, look: &Look) {
        let mut fields: Vec<(&str, String)> = Vec::new();
        let key = &self.row.key;
        let mut words = |name: &'static str, words: Option<&str>| {
            fields.extend(words.map(|words| (name, text::visible(words, look.charset).into_owned())));
        };
        words("task", Some(&self.task.name));
        words("kind", Some(self.task.kind));
        words("group", key.group.as_deref());
        words("cluster", key.cluster.as_deref());
        let (mut texts, mut others) = (Vec::new(), Vec::new());
        match &self.row.cells {
            Ok(cells) => {
                for (name, cell) in self.task.table.columns.iter().zip(cells) {
                    let place = TEXTS.iter().position(|text| text == name);
                    match (place, cell) {
                        (_, record::Cell::Missing) => {}
                        (Some(place), _) => texts.push((place, (*name, shown(cell, look.charset)))),
                        (None, _) => others.push((*name, shown(cell, look.charset))),
                    }
                }
            }
            Err(failure) => {
                others.push(("error", text::visible(&failure.message, look.charset).into_owned()));
            }
        }
        texts.sort_by_key(|(place, _)| *place);
        fields.extend(texts.into_iter().map(|(_, field)| field).chain(others));
        let column = fields.iter().map(|(name, _)| text::width(name)).max().unwrap_or(0);
        let indent = INDENT + column + 2;
        for (name, value) in fields {
            out.push_str(&format!("{:INDENT$}{name:column$}  ", ""));
            // A line break of the text is one here too, behind its mark.
            let mut lines = Vec::new();
            for line in value.split_inclusive(look.charset.pick("⏎", "\\n")) {
                lines.extend(text::fold(line, look.width.saturating_sub(indent).max(1), 0));
            }
            out.push_str(&lines.join(&format!("\n{:indent$}", "")));
            out.push('\n');
        }
    }

    /// The rows of a further table that speak of this item.
    fn rows<'d>(&'d self, detail: &'d Detail) -> impl Iterator<Item = &'d Vec<record::Cell>> {
        let own = |row: &&record::Row| *row.key == *self.row.key;
        detail.rows.iter().filter(own).filter_map(|row| row.cells.as_ref().ok())
    }

    fn detail(&self, detail: &Detail) -> Table {
        let rows: Vec<&Vec<record::Cell>> = self.rows(detail).collect();
        let is_number =
            |at: usize| rows.iter().all(|row| row.get(at).is_none_or(|cell| cell.text().is_none()));
        let columns = detail.columns.iter().enumerate().map(|(at, name)| {
            Column::new(*name, name, if is_number(at) { Shape::Right } else { Shape::Left })
        });
        let columns: Vec<Column> = columns.collect();
        let row = |cells: &&Vec<record::Cell>| {
            let cell = |(name, cell): (&&str, &record::Cell)| match cell {
                record::Cell::Missing => Cell::Empty,
                record::Cell::Text(token) if TOKENS.contains(name) => Cell::Token(token.clone()),
                other => Cell::Text(plain(other)),
            };
            detail.columns.iter().zip(*cells).map(cell).collect()
        };
        let rows = rows.iter().map(row).collect();
        Table { columns, rows }
    }
}

/// A value on one line.
fn shown(cell: &record::Cell, charset: Charset) -> String {
    text::visible(&plain(cell), charset).into_owned()
}

/// A value as it is, numbers with as many digits as tell something.
fn plain(cell: &record::Cell) -> String {
    match cell {
        record::Cell::Missing => String::new(),
        record::Cell::Flag(flag) => if *flag { "yes" } else { "no" }.into(),
        record::Cell::Count(count) => count.to_string(),
        record::Cell::Number(number) => short(*number),
        record::Cell::Text(text) => text.clone(),
        record::Cell::List(cells) => format!("[{}]", cells.iter().map(quoted).collect::<Vec<_>>().join(", ")),
    }
}

/// Within a list, where texts could hold what separates them.
fn quoted(cell: &record::Cell) -> String {
    cell.text().map_or_else(|| plain(cell), |text| format!("{text:?}"))
}

fn short(number: f64) -> String {
    let exact = csv_cell::number(number);
    if exact.len() <= 8 {
        return exact;
    }
    if !(1e-4..1e7).contains(&number.abs()) {
        return format!("{number:.2e}");
    }
    let before = libm::floor(libm::log10(number.abs())) as i32 + 1;
    let decimals = usize::try_from(DIGITS - before).unwrap_or(0);
    format!("{number:.decimals$}")
}
