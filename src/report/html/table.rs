//! A table as HTML: what the terminal and the files show, from the same cells.

use maud::{Markup, html};

use super::shown::{Foreign, Token, Words, plain};
use crate::report::table::{Cell, Column, Shape, Table};

impl Table {
    /// With a caption, which screen readers need most; pictures are left out, as figures draw them.
    pub(super) fn html(&self, caption: &str) -> Markup {
        self.first(usize::MAX, caption)
    }

    /// So many rows of it.
    pub(super) fn first(&self, most: usize, caption: &str) -> Markup {
        let drawn = |column: &Column| matches!(column.shape, Shape::Strip { .. } | Shape::Bar { .. });
        let columns = || self.columns.iter().enumerate().filter(|(_, column)| !drawn(column));
        let caption = plain(caption);
        html! {
            div.scroll tabindex="0" role="region" aria-label=(caption) {
                table {
                    caption { (caption) }
                    thead { tr {
                        @for (_, column) in columns() {
                            th scope="col" .num[is_number(column.shape)] { (Words(&column.title)) }
                        }
                    } }
                    tbody {
                        @for row in self.rows.iter().take(most) {
                            tr {
                                @for (place, (at, column)) in columns().enumerate() {
                                    @if place == 0 { th scope="row" { (cell(&row[at])) } }
                                    @else { td .num[is_number(column.shape)] { (cell(&row[at])) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn is_number(shape: Shape) -> bool {
    matches!(shape, Shape::Right | Shape::Point | Shape::Interval)
}

fn cell(cell: &Cell) -> Markup {
    match cell {
        Cell::Empty | Cell::Strip(_) | Cell::Bar(_) => html! {},
        Cell::Text(text) => html! { (Foreign(text)) },
        Cell::Token(token) => html! { code { (Token(token)) } },
        Cell::Number(number, digits) => html! { (digits.show(*number)) },
        Cell::Interval { low, high, digits } => {
            html! { "[" (digits.show(*low)) ", " (digits.show(*high)) "]" }
        }
        Cell::Unknown(why) => html! { span.muted { (why) } },
    }
}
