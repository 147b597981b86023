//! One table, several writers: whatever is shown to people or handed to scripts is filled in once, so that no two outputs
//! can disagree.

mod data;
mod latex;
mod markdown;
mod terminal;

use super::{digits::Digits, interval::Strip, text::Charset};

pub use latex::Caption;
pub use markdown::{code, escaped};
pub(super) use terminal::styled;

/// What the reader sees with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Columns of the terminal.
    pub width: usize,
    /// What it can show.
    pub charset: Charset,
    /// Whether it shows colours; they never carry anything that the characters do not.
    pub colour: bool,
}

/// Columns and rows.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// From left to right.
    pub columns: Vec<Column>,
    /// One cell for each column.
    pub rows: Vec<Vec<Cell>>,
}

/// A column.
#[derive(Clone, Debug)]
pub struct Column {
    /// For people.
    pub title: String,
    /// For scripts.
    pub key: &'static str,
    /// How its cells stand below each other.
    pub shape: Shape,
    /// What happens to it when the terminal is narrow.
    pub keep: Keep,
}

/// How cells stand below each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// Words.
    Left,
    /// A name: like words, and a repetition of the row above is left blank in the terminal.
    Name,
    /// Whole numbers.
    Right,
    /// Numbers, by their decimal points.
    Point,
    /// Ranges; files give them two columns, the key with `_low` and `_high`.
    Interval,
    /// Intervals drawn on an axis: they take the room that is left, and files do without them. The title says what the
    /// left, the middle and the right mean, with `|` between; without one the ends of the axis stand there.
    Strip {
        /// What the left and the right edge stand for.
        axis: (f64, f64),
    },
    /// Bars, likewise.
    Bar {
        /// What a bar of full length stands for.
        full: f64,
    },
}

/// What happens to a column when the terminal is narrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// It stays; words are cut.
    Always,
    /// It is left out; of several the one with the lowest number first.
    Droppable(u8),
}

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Does not apply.
    Empty,
    /// Words, as they are; the writers make them safe to show.
    Text(String),
    /// A token, as it is: its spaces are marked where people read it.
    Token(String),
    /// A number.
    Number(f64, Digits),
    /// A range.
    Interval {
        /// Its lower end.
        low: f64,
        /// Its upper end.
        high: f64,
        /// How its ends are written.
        digits: Digits,
    },
    /// Not known, for a reason.
    Unknown(String),
    /// An interval, drawn.
    Strip(Strip),
    /// An amount, drawn.
    Bar(f64),
}

impl Table {
    /// A table without rows.
    pub fn new(columns: Vec<Column>) -> Self {
        Self { columns, rows: Vec::new() }
    }

    /// Leaves out the columns in which no row has anything.
    pub(super) fn drop_empty(&mut self) {
        let filled: Vec<bool> = (0..self.columns.len())
            .map(|at| self.rows.iter().any(|row| row[at] != Cell::Empty && row[at] != Cell::from("")))
            .collect();
        let mut keep = filled.iter();
        self.columns.retain(|_| *keep.next().unwrap_or(&true));
        for row in &mut self.rows {
            let mut keep = filled.iter();
            row.retain(|_| *keep.next().unwrap_or(&true));
        }
    }
}

impl Column {
    /// A column that is never left out.
    pub fn new(title: impl Into<String>, key: &'static str, shape: Shape) -> Self {
        Self { title: title.into(), key, shape, keep: Keep::Always }
    }

    /// The same column, which may be left out; the lowest number goes first.
    #[must_use]
    pub fn droppable(self, order: u8) -> Self {
        Self { keep: Keep::Droppable(order), ..self }
    }

    fn is_picture(&self) -> bool {
        matches!(self.shape, Shape::Strip { .. } | Shape::Bar { .. })
    }
}

impl Cell {
    /// A whole number in groups of three.
    pub fn count(count: usize) -> Self {
        Self::Number(count as f64, Digits::Grouped)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
