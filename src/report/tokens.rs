//! A text as the model reads it: token by token.

use serde_json::{Value, json};

use super::{
    digits::Digits,
    quantity::many,
    table::{Cell, Column, Look, Shape, Table},
    text,
};
use crate::plan::Token;

/// What stands where a token holds only a part of a character.
const PART: char = '\u{fffd}';

/// The tokens of a text, one a row.
pub fn table(tokens: &[Token]) -> Table {
    let mut table = Table::new(vec![
        Column::new("index", "index", Shape::Right),
        Column::new("id", "id", Shape::Right),
        Column::new("token", "token", Shape::Left),
        Column::new("bytes", "bytes", Shape::Right).droppable(0),
    ]);
    table.rows.extend(tokens.iter().enumerate().map(|(at, token)| {
        vec![
            Cell::Number(at as f64, Digits::Fixed(0)),
            Cell::Number(f64::from(token.id), Digits::Fixed(0)),
            Cell::Token(token.text.clone()),
            // How many bytes a part of a character has, its text does not say.
            if token.text.contains(PART) { Cell::Empty } else { Cell::count(token.text.len()) },
        ]
    }));
    table
}

/// The whole view in a terminal: counts, the pieces on one line, then the table.
pub fn terminal(model: &str, given: &str, tokens: &[Token], look: &Look) -> String {
    let charset = look.charset;
    let mut out = String::new();
    let counts = format!(
        "{} · {} · {}",
        many(tokens.len(), "token"),
        many(given.chars().count(), "character"),
        many(given.len(), "byte"),
    );
    let header = text::words(&format!("{model}   {counts}"), charset).into_owned();
    let pieces: Vec<_> = tokens.iter().map(|token| text::token(&token.text, charset)).collect();
    for line in
        text::wrap(&header, look.width, 2).into_iter().chain(text::fold(&pieces.join("|"), look.width, 0))
    {
        out.push_str(&line);
        out.push('\n');
    }
    out.push('\n');
    out.push_str(&table(tokens).terminal(look));
    if tokens.iter().any(|token| token.text.contains(PART)) && !given.contains(PART) {
        let note = format!("\n {} stands for a part of a character\n", text::token("\u{fffd}", charset));
        out.push_str(&note);
    }
    out
}

/// For scripts.
pub fn json(model: &str, given: &str, tokens: &[Token]) -> Value {
    json!({ "model": model, "text": given, "tokens": table(tokens).json() })
}
