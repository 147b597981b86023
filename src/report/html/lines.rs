//! Lines with a mark each: what is as it should be, what is not, and what to know.

use maud::{Markup, html};

use super::shown::Words;
use crate::report::quantity::many;

/// More lines than this are folded.
const MOST_LINES: usize = 6;

/// A line with its mark.
pub(super) struct Line {
    pub(super) mark: Mark,
    /// A part of the page or of the items that it speaks of, and its name.
    pub(super) link: Option<(String, String)>,
    pub(super) text: String,
    /// The rule behind it.
    pub(super) code: Option<String>,
}

#[derive(Clone, Copy)]
pub(super) enum Mark {
    Good,
    Bad,
    Careful,
    Note,
}

/// The first lines, and the others where they are asked for.
pub(super) fn folded(lines: &[Line]) -> Markup {
    let (first, rest) = lines.split_at(if lines.len() > MOST_LINES + 2 { MOST_LINES } else { lines.len() });
    html! {
        (list(first))
        @if !rest.is_empty() { details { summary { (many(rest.len(), "more line")) } (list(rest)) } }
    }
}

fn list(lines: &[Line]) -> Markup {
    html! {
        ul.lines {
            @for line in lines {
                @let (class, mark, spoken) = line.mark.shown();
                li class=(class) {
                    span.mark aria-hidden="true" { (mark) } " " span.spoken { (spoken) ": " }
                    @if let Some((address, name)) = &line.link { a href=(address) { (Words(name)) } ": " }
                    (Words(&line.text))
                    @if let Some(code) = &line.code { " " span.muted { (code) } }
                }
            }
        }
    }
}

impl Mark {
    fn shown(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Good => ("good", "✓", "met"),
            Self::Bad => ("bad", "✗", "not as it should be"),
            Self::Careful => ("careful", "!", "careful"),
            Self::Note => ("note", "·", "note"),
        }
    }
}
