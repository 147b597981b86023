//! A table as GitHub's Markdown, and the escapes that keep a model's words from becoming markup.

use super::{Cell, Shape, Table};
use crate::report::text::{self, Charset};

impl Table {
    /// The lines of the table, each with its end; pictures are left out, reasons stand in their cells.
    pub fn markdown(&self) -> String {
        let columns: Vec<usize> =
            (0..self.columns.len()).filter(|at| !self.columns[*at].is_picture()).collect();
        let mut out = String::new();
        let mut line = |cells: &mut dyn Iterator<Item = String>| {
            out.push('|');
            for cell in cells {
                out.extend([" ", &cell, " |"]);
            }
            out.push('\n');
        };
        line(&mut columns.iter().map(|at| escaped(&self.columns[*at].title)));
        line(&mut columns.iter().map(|at| match self.columns[*at].shape {
            Shape::Right | Shape::Point => "---:".to_owned(),
            _ => "---".to_owned(),
        }));
        for row in &self.rows {
            line(&mut columns.iter().map(|at| cell(&row[*at])));
        }
        out
    }
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Empty | Cell::Strip(_) | Cell::Bar(_) => String::new(),
        Cell::Text(words) => escaped(words),
        // A bar would end the cell even inside of code.
        Cell::Token(token) => code(&text::token(token, Charset::Unicode)).replace('|', "\\|"),
        Cell::Number(number, digits) => digits.show(*number),
        Cell::Interval { low, high, digits } => format!("[{}, {}]", digits.show(*low), digits.show(*high)),
        Cell::Unknown(reason) => format!("— ({})", escaped(reason)),
    }
}

/// Words that stay words: visible on one line, with every character escaped that could begin markup.
pub fn escaped(words: &str) -> String {
    let shown = text::visible(words, Charset::Unicode);
    let mut out = String::with_capacity(shown.len() + 8);
    let mut before = ' ';
    let mut chars = shown.chars().peekable();
    while let Some(c) = chars.next() {
        let marks = match c {
            // At the start of a line they make lists.
            '-' | '+' | '=' => out.is_empty(),
            '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '#' => true,
            // Within a name it is no emphasis, and names are read in the raw file too.
            '_' => !(before.is_alphanumeric() && chars.peek().is_some_and(|next| next.is_alphanumeric())),
            _ => false,
        };
        if marks {
            out.push('\\');
        }
        out.push(c);
        before = c;
    }
    out
}

/// Shown text as code, whatever backticks it holds.
pub fn code(shown: &str) -> String {
    let longest = shown.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let edge = if shown.starts_with(['`', ' ']) || shown.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{edge}{shown}{edge}{fence}")
}
