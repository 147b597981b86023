//! A table for scripts: CSV and JSON, with every digit and every text as it is.

use serde_json::{Map, Value, json};

use super::{Cell, Column, Shape, Table};
use crate::report::{csv_cell, digits::Digits};

impl Table {
    /// One line a row below a line of names; an interval takes two columns, pictures none.
    pub fn csv(&self) -> csv::Result<Vec<u8>> {
        let mut out = csv::Writer::from_writer(Vec::new());
        for (_, column) in self.data_columns() {
            if column.shape == Shape::Interval {
                out.write_field(format!("{}_low", column.key))?;
                out.write_field(format!("{}_high", column.key))?;
            } else {
                out.write_field(column.key)?;
            }
        }
        out.write_record(None::<&[u8]>)?;
        for row in &self.rows {
            for (at, column) in self.data_columns() {
                match &row[at] {
                    Cell::Interval { low, high, .. } => {
                        out.write_field(csv_cell::number(*low))?;
                        out.write_field(csv_cell::number(*high))?;
                    }
                    _ if column.shape == Shape::Interval => {
                        out.write_field("")?;
                        out.write_field("")?;
                    }
                    Cell::Text(text) | Cell::Token(text) => {
                        out.write_field(csv_cell::text(text).content.as_ref())?;
                    }
                    Cell::Number(number, _) => out.write_field(csv_cell::number(*number))?,
                    Cell::Empty | Cell::Unknown(_) | Cell::Strip(_) | Cell::Bar(_) => out.write_field("")?,
                }
            }
            out.write_record(None::<&[u8]>)?;
        }
        out.into_inner().map_err(|error| error.into_error().into())
    }

    /// A list with one object a row.
    pub fn json(&self) -> Value {
        let row = |row: &Vec<Cell>| {
            let fields = self.data_columns().map(|(at, column)| (column.key.to_owned(), value(&row[at])));
            Value::Object(fields.collect::<Map<_, _>>())
        };
        Value::Array(self.rows.iter().map(row).collect())
    }

    fn data_columns(&self) -> impl Iterator<Item = (usize, &Column)> {
        self.columns.iter().enumerate().filter(|(_, column)| !column.is_picture())
    }
}

fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Empty | Cell::Unknown(_) | Cell::Strip(_) | Cell::Bar(_) => Value::Null,
        Cell::Text(text) | Cell::Token(text) => json!(text),
        Cell::Number(number, Digits::Grouped | Digits::Fixed(0)) if number.fract() == 0.0 => {
            json!(*number as i64)
        }
        Cell::Number(number, _) => json!(number),
        Cell::Interval { low, high, .. } => json!({ "low": low, "high": high }),
    }
}
