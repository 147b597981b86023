//! Rows with named columns: the waist between tasks and metrics.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{SeqAccess, Visitor},
};

use crate::{plan::Failure, value::Digest};

/// Rows with named columns.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Table {
    /// Such as `items` or `tokens`; names the file.
    pub name: &'static str,
    /// In the order of the cells.
    pub columns: Vec<Column>,
    /// In plan order.
    pub rows: Vec<Row>,
}

/// A column's name.
pub type Column = &'static str;

/// How many tokens of a prompt were cut out to fit the context: in the tables of tasks that cut prompts.
pub const DROPPED: Column = "dropped_tokens";

/// A name that was read from a file, as one of the program's own: kept once, for good. Files name few columns and kinds.
pub fn intern(name: &str) -> &'static str {
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return known;
    }
    let kept: &'static str = Box::leak(name.into());
    names.insert(kept);
    kept
}

/// Reads a name that lives as long as the program.
pub(super) fn named<'de, D: Deserializer<'de>>(from: D) -> Result<&'static str, D::Error> {
    String::deserialize(from).map(|name| intern(&name))
}

/// What a row speaks of: an item, and which time it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ItemKey {
    /// The item's id, unique within its task.
    pub item: String,
    /// The number of the repeat, from 0.
    pub repeat: u32,
    /// The part of the task that it belongs to, such as a domain.
    pub group: Option<String>,
    /// Items with the same cluster hang together, such as those that share a subject.
    pub cluster: Option<String>,
    /// What was asked and what was right: rows of two runs are compared only where this agrees.
    pub content: Digest,
}

/// One row.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// What it speaks of; shared with the rows of further tables.
    pub key: Arc<ItemKey>,
    /// One per column, or why there are none.
    pub cells: Result<Vec<Cell>, Failure>,
}

/// One value.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum Cell {
    /// Does not apply to this row.
    Missing,
    /// Yes or no.
    Flag(bool),
    /// How many.
    Count(u64),
    /// A finite number.
    Number(f64),
    /// Words.
    Text(String),
    /// Several values, such as the tokens of a text.
    List(Vec<Cell>),
}

impl Cell {
    /// The cell as a number, flags as 0 and 1; `None` for words, lists and what is missing.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Flag(flag) => Some(f64::from(u8::from(*flag))),
            Self::Count(count) => Some(*count as f64),
            Self::Number(number) => Some(*number),
            Self::Missing | Self::Text(_) | Self::List(_) => None,
        }
    }

    /// The words of the cell, if it holds any.
    pub fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Cell;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("null, a flag, a number, a text or a list of these")
            }
            fn visit_unit<E>(self) -> Result<Cell, E> {
                Ok(Cell::Missing)
            }
            fn visit_bool<E>(self, flag: bool) -> Result<Cell, E> {
                Ok(Cell::Flag(flag))
            }
            fn visit_u64<E>(self, count: u64) -> Result<Cell, E> {
                Ok(Cell::Count(count))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Cell, E> {
                Ok(Cell::Number(number as f64))
            }
            fn visit_f64<E>(self, number: f64) -> Result<Cell, E> {
                Ok(Cell::Number(number))
            }
            fn visit_str<E>(self, text: &str) -> Result<Cell, E> {
                Ok(text.into())
            }
            fn visit_string<E>(self, text: String) -> Result<Cell, E> {
                Ok(Cell::Text(text))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut cells: A) -> Result<Cell, A::Error> {
                let mut list = Vec::new();
                while let Some(cell) = cells.next_element()? {
                    list.push(cell);
                }
                Ok(Cell::List(list))
            }
        }
        deserializer.deserialize_any(Read)
    }
}

impl From<f64> for Cell {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}
impl From<f32> for Cell {
    fn from(number: f32) -> Self {
        Self::Number(f64::from(number))
    }
}
impl From<bool> for Cell {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}
impl From<usize> for Cell {
    fn from(count: usize) -> Self {
        Self::Count(count as u64)
    }
}
impl From<u32> for Cell {
    fn from(count: u32) -> Self {
        Self::Count(u64::from(count))
    }
}
impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Missing, Into::into)
    }
}
impl<T: Into<Cell>> From<Vec<T>> for Cell {
    fn from(list: Vec<T>) -> Self {
        Self::List(list.into_iter().map(Into::into).collect())
    }
}

impl Table {
    /// A table without rows.
    pub fn new(name: &'static str, columns: Vec<Column>) -> Self {
        Self { name, columns, rows: Vec::new() }
    }

    /// Takes a column out.
    pub fn remove(&mut self, name: &str) {
        let Some(place) = self.column(name) else { return };
        self.columns.remove(place);
        for cells in self.rows.iter_mut().filter_map(|row| row.cells.as_mut().ok()) {
            cells.remove(place);
        }
    }

    /// The place of a column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| *column == name)
    }

    /// The answered rows' keys and values of a column, rows without a number left out.
    pub fn numbers<'a>(&'a self, column: &str) -> impl Iterator<Item = (&'a ItemKey, f64)> + 'a {
        let place = self.column(column);
        self.rows
            .iter()
            .filter_map(move |row| Some((&*row.key, row.cells.as_ref().ok()?.get(place?)?.number()?)))
    }
}
