//! The summary of a run.

use yardstick::{
    record::Status,
    report::{summary::Summary, summary_md, table::Look, terminal, text::Charset},
};

use super::fixture::{look, record};

const FOLDER: &str = "results/20261124T011203Z-gpt2-notebook-7f3a9c";

fn shown(width: usize, charset: Charset) -> String {
    let record = record();
    terminal::summary(&Summary::new(&record, Some(FOLDER)), &look(width, charset))
}

#[test]
fn at_80_columns() {
    insta::assert_snapshot!(shown(80, Charset::Unicode));
}

#[test]
fn at_120_columns() {
    insta::assert_snapshot!(shown(120, Charset::Unicode));
}

#[test]
fn in_ascii() {
    insta::assert_snapshot!(shown(80, Charset::Ascii));
}

#[test]
fn at_50_columns() {
    insta::assert_snapshot!(shown(50, Charset::Unicode));
}

#[test]
fn in_markdown() {
    let record = record();
    insta::assert_snapshot!(summary_md::summary(&Summary::new(&record, Some(FOLDER))));
}

#[test]
fn interrupted() {
    let mut record = record();
    record.run.status = Status::Interrupted;
    let shown = terminal::summary(&Summary::new(&record, Some(FOLDER)), &look(80, Charset::Unicode));
    insta::assert_snapshot!(shown.lines().rev().take(2).collect::<Vec<_>>().join("\n"));
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for width in [50, 64, 80, 100, 120, 200] {
        for charset in [Charset::Unicode, Charset::Ascii] {
            for line in shown(width, charset).lines() {
                let wide = yardstick::report::text::width(line);
                // A path is never cut.
                assert!(wide <= width || line.contains("results/"), "{wide} > {width}: {line}");
            }
        }
    }
}

#[test]
fn colours_add_nothing_but_colours() {
    let record = record();
    let summary = Summary::new(&record, Some(FOLDER));
    let plain = terminal::summary(&summary, &look(80, Charset::Unicode));
    let coloured = terminal::summary(&summary, &Look { colour: true, ..look(80, Charset::Unicode) });
    assert!(coloured.contains('\u{1b}') && !plain.contains('\u{1b}'));
    assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain);
}
