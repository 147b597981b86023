//! The summary of a run.

use yardstick::{
    metric::{Formula, Intervals, Metric, Settings, evaluate},
    record::{Better, ItemKey, Row, Status, Table, Unit},
    report::{summary::Summary, summary_md, table::Look, terminal, text::Charset},
    value::{Level, Seed},
};

use super::fixture::{key, look, record, task};

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

/// Two ways to ask the same 40 items, of which each is right on some.
fn compared(right: [fn(usize) -> bool; 2]) -> String {
    let mut table = Table::new("items", vec!["correct"]);
    for item in 0..40 {
        for (group, right) in ["zero-shot", "few-shot"].into_iter().zip(right) {
            let key = ItemKey { group: Some(group.into()), ..key(&format!("i{item}"), 0) };
            table.rows.push(Row { key: key.into(), cells: Ok(vec![right(item).into()]) });
        }
    }
    let of = |name, formula| {
        Metric::new(name, formula, Unit::Proportion).of_group("few-shot").better(Better::Higher).headline()
    };
    let gain = Formula::Difference { column: "correct", from: "zero-shot".into() };
    let metrics =
        [of("accuracy", Formula::Proportion("correct")).chance(0.5), of("accuracy_minus_zero-shot", gain)];
    let (task_name, level, intervals) = ("notebook/shots".to_owned(), Level::DEFAULT, Intervals::Auto);
    let settings = Settings { task: task_name, level, intervals, seed: Seed(0), margin: None };
    let mut record = record();
    record.tasks = vec![task("notebook/shots", "icl", evaluate(&metrics, &table, &settings))];
    record.expectations.clear();
    let shown = terminal::summary(&Summary::new(&record, None), &look(90, Charset::Unicode));
    shown.lines().skip(3).take_while(|line| !line.contains("✓")).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_difference_stands_with_its_p_and_in_words() {
    insta::assert_snapshot!(compared([|item| item < 12, |item| item % 4 > 0]));
    insta::assert_snapshot!(compared([|item| item % 3 > 0, |item| item % 4 > 0]));
}
