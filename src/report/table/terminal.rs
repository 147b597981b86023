//! A table in a terminal: fitted to its width, decimal points below each other, reasons for missing numbers beneath.

use std::borrow::Cow;

use anstyle::{AnsiColor, Style};

use super::{Cell, Column, Keep, Look, Shape, Table};
use crate::report::{
    interval::bar,
    text::{self, Charset},
};

const INDENT: usize = 1;
const GAP: usize = 2;
/// A narrower picture says nothing; other columns are left out for one that is easy to read.
const NARROWEST_PICTURE: usize = 12;
const COMFORTABLE_PICTURE: usize = 24;
/// A wider picture says nothing more.
const WIDEST_PICTURE: usize = 64;
/// What stands between the meanings of an axis.
const MEANINGS: char = '|';
/// Names are not cut below this.
const SHORTEST_NAME: usize = 8;
/// Down to this they are before a picture is left out.
const READABLE_NAME: usize = 16;
/// Rows that are named with one reason; the others are counted.
const MOST_NAMED: usize = 6;

const TITLE: Style = Style::new().bold();
const QUIET: Style = Style::new().dimmed();
const PICTURE: Style = AnsiColor::Cyan.on_default();

/// A column with its cells in their final characters, but not yet in their final places.
struct Shown<'a> {
    column: &'a Column,
    at: usize,
    cells: Vec<Cow<'a, str>>,
    width: usize,
}

impl Table {
    /// The lines of the table, each with its end.
    pub fn terminal(&self, look: &Look) -> String {
        let mut columns: Vec<Shown<'_>> =
            self.columns.iter().enumerate().map(|(at, column)| self.shown(column, at, look)).collect();
        fit(&mut columns, look);
        let mut out = String::new();
        let titles = columns.iter().map(|shown| {
            let title = match shown.column.shape {
                Shape::Strip { axis } if shown.column.title.is_empty() => ends(axis, shown.width),
                Shape::Strip { .. } => spread(&text::words(&shown.column.title, look.charset), shown.width),
                _ => text::words(&shown.column.title, look.charset).into_owned(),
            };
            (shown, title, TITLE)
        });
        line(&mut out, titles, look);
        let used = INDENT + columns.iter().map(|shown| shown.width + GAP).sum::<usize>() - GAP;
        let rule = look.charset.pick("─", "-").repeat(used.min(look.width).saturating_sub(INDENT));
        out.push_str(&" ".repeat(INDENT));
        styled(&mut out, &rule, QUIET, look);
        out.push('\n');
        for row in 0..self.rows.len() {
            let cells = columns.iter().map(|shown| match (&self.rows[row][shown.at], shown.column.shape) {
                (Cell::Strip(strip), Shape::Strip { axis }) => {
                    (shown, strip.draw(axis, shown.width, look.charset), PICTURE)
                }
                (Cell::Bar(amount), Shape::Bar { full }) => {
                    (shown, bar(amount / full, shown.width, look.charset), PICTURE)
                }
                _ if shown.repeats(row) => (shown, String::new(), Style::new()),
                _ => (shown, shown.cells[row].as_ref().to_owned(), Style::new()),
            });
            line(&mut out, cells, look);
        }
        self.reasons(&mut out, look);
        out
    }

    fn shown<'a>(&'a self, column: &'a Column, at: usize, look: &Look) -> Shown<'a> {
        let mut cells: Vec<Cow<'a, str>> = self.rows.iter().map(|row| cell(&row[at], look.charset)).collect();
        if column.shape == Shape::Point {
            align(&mut cells);
        }
        let cut = matches!(column.shape, Shape::Left | Shape::Name);
        let most = if cut { (look.width * 35 / 100).max(SHORTEST_NAME) } else { usize::MAX };
        if cut {
            for cell in &mut cells {
                *cell = Cow::Owned(text::clip_middle(cell, most, look.charset).into_owned());
            }
        }
        let title = if column.is_picture() { COMFORTABLE_PICTURE } else { text::width(&column.title) };
        let width = cells.iter().map(|cell| text::width(cell)).max().unwrap_or(0).max(title);
        Shown { column, at, cells, width }
    }

    /// Why numbers are missing: one line a reason, with the rows that it speaks of.
    fn reasons(&self, out: &mut String, look: &Look) {
        let mut reasons: Vec<((&str, &str), Vec<String>)> = Vec::new();
        for row in &self.rows {
            // What is missing first is why the rest is missing too.
            let missing = self.columns.iter().zip(row).find_map(|(column, cell)| match cell {
                Cell::Unknown(reason) => Some((column.title.as_str(), reason.as_str())),
                _ => None,
            });
            let Some(missing) = missing else { continue };
            match reasons.iter_mut().find(|(known, _)| *known == missing) {
                Some((_, rows)) => rows.push(self.name(row)),
                None => reasons.push((missing, vec![self.name(row)])),
            }
        }
        for ((title, reason), rows) in reasons {
            let named = rows.iter().take(MOST_NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
            let more = match rows.len().saturating_sub(MOST_NAMED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let note = format!(" — no {title} of {named}{more} ({reason})");
            for line in text::wrap(&text::words(&note, look.charset), look.width, 3) {
                out.push_str(&line);
                out.push('\n');
            }
        }
    }

    /// What names a row: its words in the columns that are always shown.
    fn name(&self, row: &[Cell]) -> String {
        let words = self.columns.iter().zip(row).filter_map(|(column, cell)| match (column, cell) {
            (Column { keep: Keep::Always, shape: Shape::Left | Shape::Name, .. }, Cell::Text(text)) => {
                Some(text.as_str())
            }
            _ => None,
        });
        words.collect::<Vec<_>>().join(" ")
    }
}

impl Shown<'_> {
    /// Whether its cells can be cut.
    fn is_words(&self) -> bool {
        matches!(self.column.shape, Shape::Left | Shape::Name)
    }

    fn repeats(&self, row: usize) -> bool {
        self.column.shape == Shape::Name && row > 0 && self.cells[row] == self.cells[row - 1]
    }
}

fn cell(cell: &Cell, charset: Charset) -> Cow<'_, str> {
    match cell {
        Cell::Empty | Cell::Strip(_) | Cell::Bar(_) => Cow::Borrowed(""),
        Cell::Text(words) => text::visible(words, charset),
        Cell::Token(token) => text::token(token, charset),
        Cell::Number(number, digits) => Cow::Owned(digits.show(*number)),
        Cell::Interval { low, high, digits } => {
            Cow::Owned(format!("[{}, {}]", digits.show(*low), digits.show(*high)))
        }
        Cell::Unknown(_) => Cow::Borrowed(charset.pick("—", "-")),
    }
}

/// Pads numbers so that their decimal points stand below each other.
fn align(cells: &mut [Cow<'_, str>]) {
    let whole = |cell: &str| cell.find(['.', 'e', '%']).unwrap_or(cell.len());
    let before = cells.iter().map(|cell| whole(cell)).max().unwrap_or(0);
    let after = cells.iter().map(|cell| cell.len() - whole(cell)).max().unwrap_or(0);
    for cell in cells.iter_mut().filter(|cell| !cell.is_empty() && cell.is_ascii()) {
        let (left, right) = (before - whole(cell), after - (cell.len() - whole(cell)));
        *cell = Cow::Owned(format!("{:left$}{cell}{:right$}", "", ""));
    }
}

/// Leaves out what does not fit, then cuts names, then gives pictures the room that is left.
fn fit(columns: &mut Vec<Shown<'_>>, look: &Look) {
    let total = |columns: &[Shown<'_>]| {
        INDENT
            + columns.iter().map(|shown| shown.width).sum::<usize>()
            + GAP * columns.len().saturating_sub(1)
    };
    while total(columns) > look.width {
        let next = columns
            .iter()
            .enumerate()
            .filter_map(|(at, shown)| match shown.column.keep {
                Keep::Droppable(order) => Some((order, at)),
                Keep::Always => None,
            })
            .min();
        let Some((_, at)) = next else { break };
        let over = total(columns) - look.width;
        // Names that stay readable give way to a picture.
        let spare = |shown: &Shown<'_>| shown.width.saturating_sub(READABLE_NAME);
        let names = columns.iter().filter(|shown| shown.is_words()).map(spare).sum::<usize>();
        if columns[at].column.is_picture() && columns[at].width + names >= NARROWEST_PICTURE + over {
            columns[at].width = columns[at].width.saturating_sub(over).max(NARROWEST_PICTURE);
            break;
        }
        columns.remove(at);
    }
    // Names give way a column at a time, always the widest ones, so that none is cut much shorter than another.
    while total(columns) > look.width {
        let widest = columns
            .iter_mut()
            .filter(|shown| shown.is_words() && shown.width > SHORTEST_NAME)
            .max_by_key(|shown| shown.width);
        let Some(shown) = widest else { break };
        shown.width -= 1;
    }
    for shown in columns.iter_mut().filter(|shown| shown.is_words()) {
        for cell in &mut shown.cells {
            *cell = Cow::Owned(text::clip_middle(cell, shown.width, look.charset).into_owned());
        }
    }
    let room = look.width.saturating_sub(total(columns));
    if let Some(picture) = columns.iter_mut().find(|shown| shown.column.is_picture()) {
        picture.width = (picture.width + room).min(WIDEST_PICTURE);
    }
}

/// The two ends of an axis, at the edges of its picture.
fn ends(axis: (f64, f64), width: usize) -> String {
    let (low, high) = (axis.0.to_string(), axis.1.to_string());
    let between = width.saturating_sub(low.len() + high.len());
    format!("{low}{:between$}{high}", "")
}

fn line<'a>(out: &mut String, cells: impl Iterator<Item = (&'a Shown<'a>, String, Style)>, look: &Look) {
    out.push_str(&" ".repeat(INDENT));
    let mut blank = 0;
    for (shown, content, style) in cells {
        let room = shown.width.saturating_sub(text::width(&content));
        let (before, after) = match shown.column.shape {
            Shape::Right | Shape::Point => (room, 0),
            Shape::Left | Shape::Name | Shape::Interval | Shape::Strip { .. } | Shape::Bar { .. } => {
                (0, room)
            }
        };
        let trimmed = content.trim_end();
        if trimmed.is_empty() {
            blank += before;
        } else {
            out.push_str(&" ".repeat(blank + before));
            styled(out, trimmed, style, look);
            blank = 0;
        }
        blank += content.len() - trimmed.len() + after + GAP;
    }
    out.push('\n');
}

/// What the left, the middle and the right of an axis mean, in their places; where they do not fit, the middle alone.
fn spread(title: &str, width: usize) -> String {
    let mut parts = title.split(MEANINGS);
    let (left, middle, right) = (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    );
    // The cell in which the strip draws its reference.
    let at = (width / 2).min(width.saturating_sub(1));
    let before = at.checked_sub(text::width(left));
    let after = width.checked_sub(at + text::width(middle) + text::width(right));
    match (before, after) {
        (Some(before @ 1..), Some(after @ 1..)) => {
            format!("{left}{:before$}{middle}{:after$}{right}", "", "")
        }
        _ => format!("{:at$}{middle}", ""),
    }
}

/// Content in a style, where the look has colours.
pub(in crate::report) fn styled(out: &mut String, content: &str, style: Style, look: &Look) {
    use std::fmt::Write;
    if look.colour {
        write!(out, "{style}{content}{style:#}").expect("a string grows");
    } else {
        out.push_str(content);
    }
}
