//! One table, several writers.

use yardstick::report::{
    digits::Digits,
    interval::Strip,
    table::{Cell, Column, Shape, Table},
    text::Charset,
};

use super::fixture::look;

fn table() -> Table {
    let mut table = Table::new(vec![
        Column::new("task", "task", Shape::Name),
        Column::new("token", "token", Shape::Left),
        Column::new("value", "value", Shape::Point),
        Column::new("95% CI", "ci", Shape::Interval),
        Column::new("n", "n", Shape::Right).droppable(2),
        Column::new("", "picture", Shape::Strip { axis: (0.0, 1.0) }).droppable(1),
    ]);
    let strip = |low, value, high| Cell::Strip(Strip { low, value, high, reference: Some(0.5) });
    table.rows.push(vec![
        "a|b*_c_".into(),
        Cell::Token(" =x`|".into()),
        Cell::Number(0.742, Digits::Fixed(3)),
        Cell::Interval { low: 0.657, high: 0.812, digits: Digits::Fixed(3) },
        Cell::count(1_060),
        strip(0.657, 0.742, 0.812),
    ]);
    table.rows.push(vec![
        "a|b*_c_".into(),
        Cell::Token("\u{1b}[2J".into()),
        Cell::Number(24.1, Digits::Fixed(1)),
        Cell::Unknown("one item: its spread is not known".into()),
        Cell::count(1),
        Cell::Empty,
    ]);
    table
}

#[test]
fn in_a_terminal() {
    insta::assert_snapshot!(table().terminal(&look(80, Charset::Unicode)));
}

#[test]
fn narrow_terminals_lose_the_picture_then_n() {
    insta::assert_snapshot!(table().terminal(&look(50, Charset::Unicode)));
    insta::assert_snapshot!(table().terminal(&look(40, Charset::Unicode)));
    insta::assert_snapshot!(table().terminal(&look(20, Charset::Unicode)));
}

#[test]
fn in_markdown() {
    insta::assert_snapshot!(table().markdown());
}

#[test]
fn as_data() {
    insta::assert_snapshot!(String::from_utf8(table().csv().unwrap()).unwrap());
    insta::assert_snapshot!(table().json());
}
