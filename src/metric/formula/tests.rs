//! Each formula on a small table.

use std::{num::NonZeroUsize, sync::Arc};

use super::*;
use crate::{
    metric::{ClassScore, evaluate},
    plan::{Failure, FailureKind},
    record::{Cell, ItemKey, Row, Table, Unit},
    stats::Method,
    value::{Digest, Level, Seed},
};

fn row(item: &str, group: &str, correct: bool, nats: f64, tokens: usize) -> Row {
    let (item, group, content) = (item.to_owned(), Some(group.to_owned()), Digest::of(item));
    let key = ItemKey { item, repeat: 0, group, cluster: None, content };
    Row { key: key.into(), cells: Ok(vec![correct.into(), nats.into(), tokens.into()]) }
}

fn example() -> Table {
    let rows = vec![
        row("a", "in", true, 30.0, 10),
        row("b", "in", false, 50.0, 20),
        row("c", "in", true, 25.0, 8),
        row("d", "out", true, 60.0, 12),
        row("e", "out", false, 44.0, 11),
    ];
    Table { rows, ..Table::new("items", vec!["correct", "nats", "tokens"]) }
}

fn make(formula: Formula, group: Option<&str>, intervals: Intervals, table: &Table) -> Estimate {
    let mut metric = Metric::new("metric", formula, Unit::Ratio);
    metric.group = group.map(Into::into);
    let settings =
        Settings { task: "b/t".into(), level: Level::DEFAULT, intervals, seed: Seed(3), margin: None };
    evaluate(&[metric], table, &settings).remove(0).estimate
}

const NATS_BY_TOKENS: [Column; 2] = ["nats", "tokens"];

#[test]
fn each_formula_makes_its_number() {
    let [numerator, denominator] = NATS_BY_TOKENS;
    let ln2 = std::f64::consts::LN_2;
    let cases = [
        (Formula::Proportion("correct"), None, 0.6, Some(Method::Wilson)),
        (Formula::Proportion("correct"), Some("out"), 0.5, Some(Method::Wilson)),
        (Formula::Mean("nats"), None, 41.8, Some(Method::T)),
        (Formula::GeometricMean("tokens"), Some("out"), 11.5_f64.exp(), Some(Method::T)),
        (Formula::Median("nats"), None, 44.0, None),
        (Formula::GeometricMedian("tokens"), Some("out"), 11.5_f64.exp(), None),
        (Formula::Total("tokens"), Some("in"), 38.0, None),
        (
            Formula::ExpRatio { numerator, denominator },
            None,
            (209.0_f64 / 61.0).exp(),
            Some(Method::JackknifeT),
        ),
        (
            Formula::BitsPer { nats: numerator, bytes: denominator },
            None,
            209.0 / 61.0 / ln2,
            Some(Method::JackknifeT),
        ),
        (Formula::Exact(7.0), None, 7.0, None),
    ];
    for (formula, group, value, method) in cases {
        let estimate = make(formula.clone(), group, Intervals::Auto, &example());
        assert!((estimate.value.unwrap() / value - 1.0).abs() < 1e-14, "{formula:?} {estimate:?}");
        assert_eq!(estimate.interval.ok().map(|interval| interval.method), method, "{formula:?}");
    }
}

#[test]
fn a_group_is_divided_by_the_baseline() {
    let [numerator, denominator] = NATS_BY_TOKENS;
    let formula = Formula::GroupRatio { numerator, denominator, baseline: "in".into() };
    let ratio = (104.0_f64 / 23.0 - 105.0 / 38.0).exp();
    for group in [None, Some("out")] {
        let estimate = make(formula.clone(), group, Intervals::Auto, &example());
        assert!((estimate.value.unwrap() / ratio - 1.0).abs() < 1e-14);
        assert_eq!((estimate.n, estimate.interval.unwrap().method), (5, Method::WelchJackknifeT));
    }
    let resampled = Intervals::Bootstrap { resamples: 500, kind: bootstrap::Kind::Percentile };
    let drawn = make(formula.clone(), None, resampled, &example()).interval.unwrap();
    assert!(drawn.low < ratio && ratio < drawn.high);
    let absent = Formula::GroupRatio { numerator, denominator, baseline: "elsewhere".into() };
    assert_eq!(make(absent, None, Intervals::Auto, &example()).value, Err(Undefined::NoItems));
    let mut table = example();
    Arc::make_mut(&mut table.rows[0].key).cluster = Some("book".into());
    Arc::make_mut(&mut table.rows[4].key).cluster = Some("book".into());
    assert_eq!(make(formula, None, Intervals::Auto, &table).interval, Err(Undefined::SharedCluster));
}

#[test]
fn logarithms_of_two_groups_are_compared_as_welch_does() {
    let formula = Formula::MeanRatio { logarithms: "nats", baseline: "in".into() };
    let estimate = make(formula, None, Intervals::Auto, &example());
    // scipy.stats.ttest_ind([60, 44], [30, 50, 25], equal_var=False).confidence_interval()
    let interval = estimate.interval.unwrap();
    assert!((estimate.value.unwrap().ln() - 17.0).abs() < 1e-12);
    assert!(
        (interval.low.ln() + 21.659_261_552_977_632).abs() < 1e-9
            && (interval.high.ln() - 55.659_261_552_977_63).abs() < 1e-9
    );
}

#[test]
fn rows_that_failed_or_lack_a_cell_are_left_out() {
    let mut table = example();
    table.rows[0].cells = Err(Failure::new(FailureKind::TooLong, "9 tokens, at most 8"));
    table.rows[1].cells.as_mut().unwrap()[0] = Cell::Missing;
    assert_eq!(make(Formula::Proportion("correct"), None, Intervals::Auto, &table).n, 3);
    assert_eq!(make(Formula::Mean("nats"), None, Intervals::Auto, &table).n, 4);
    let absent = make(Formula::Mean("margin"), None, Intervals::Auto, &table);
    assert_eq!((absent.value, absent.interval), (Err(Undefined::NoColumn), Err(Undefined::NoColumn)));
    assert_eq!(
        make(Formula::Total("nats"), Some("none"), Intervals::Auto, &table).value,
        Err(Undefined::NoItems)
    );
}

#[test]
fn clusters_and_repeats_are_honoured() {
    let mut table = example();
    for row in &mut table.rows[1..3] {
        Arc::make_mut(&mut row.key).item = "b".into();
    }
    Arc::make_mut(&mut table.rows[4].key).cluster = Some("b".into());
    let method = |formula, intervals| {
        let estimate = make(formula, None, intervals, &table);
        assert_eq!((estimate.n, estimate.clusters), (5, Some(4)));
        estimate.interval.unwrap().method
    };
    assert_eq!(method(Formula::Proportion("correct"), Intervals::Auto), Method::WilsonClustered);
    assert_eq!(method(Formula::Proportion("correct"), Intervals::T), Method::TClustered);
    assert_eq!(
        method(Formula::Proportion("correct"), Intervals::ClopperPearson),
        Method::ClopperPearsonClustered
    );
    assert_eq!(method(Formula::Mean("nats"), Intervals::ClopperPearson), Method::TClustered);
}

#[test]
fn a_bootstrap_is_made_where_it_is_asked_for() {
    let intervals = Intervals::Bootstrap { resamples: 1000, kind: bootstrap::Kind::Bca };
    for formula in [Formula::Proportion("correct"), Formula::Mean("nats"), Formula::Median("nats")] {
        let interval = make(formula.clone(), None, intervals, &example()).interval.unwrap();
        assert_eq!(interval.method, Method::BootstrapBca);
        assert_eq!(make(formula, None, intervals, &example()).interval, Ok(interval));
    }
    let mut one = example();
    one.rows.truncate(1);
    assert_eq!(make(Formula::Mean("nats"), None, intervals, &one).interval, Err(Undefined::OneItem));
    assert_eq!(make(Formula::Exact(1.0), None, intervals, &one).interval, Err(Undefined::Exact));
}

#[test]
fn classes_are_read_from_texts() {
    // Gold and prediction of each item; "-" is no label, and a number is none either.
    let mut table = Table::new("items", vec!["gold", "label"]);
    for (place, (gold, label)) in "aaabbbccc".chars().zip("aabbb-cca".chars()).enumerate() {
        let key = ItemKey {
            item: place.to_string(),
            repeat: 0,
            group: Some("all".into()),
            cluster: None,
            content: Digest::of("x"),
        };
        let label = if label == '-' { Cell::Missing } else { label.to_string().into() };
        table.rows.push(Row { key: key.into(), cells: Ok(vec![gold.to_string().into(), label]) });
    }
    let formula = |score| Formula::Classes { gold: "gold", predicted: "label", score };
    let with = |score, intervals, table: &Table| make(formula(score), Some("all"), intervals, table);
    let recall = with(ClassScore::Recall("b".into()), Intervals::Auto, &table);
    // sklearn.metrics.recall_score(average=None), f1_score(average="macro", labels=["a", "b", "c"])
    assert_eq!((recall.value, recall.successes, recall.n), (Ok(2.0 / 3.0), Some(2.0), 3));
    let macro_f1 = with(ClassScore::MacroF1, Intervals::Auto, &table);
    assert!((macro_f1.value.unwrap() - (2.0 / 3.0 + 2.0 / 3.0 + 0.8) / 3.0).abs() < 1e-15);
    assert_eq!((macro_f1.n, macro_f1.interval.unwrap().method), (9, Method::Wilson));
    let bootstrap = Intervals::Bootstrap { resamples: 500, kind: bootstrap::Kind::Percentile };
    for (intervals, method) in [(Intervals::T, Method::T), (bootstrap, Method::BootstrapPercentile)] {
        assert_eq!(with(ClassScore::MacroF1, intervals, &table).interval.unwrap().method, method);
    }
    Arc::make_mut(&mut table.rows[0].key).cluster = Some("b".into());
    Arc::make_mut(&mut table.rows[4].key).cluster = Some("b".into());
    let clustered = with(ClassScore::Mcc, Intervals::Auto, &table);
    assert_eq!((clustered.clusters, clustered.interval.unwrap().method), (Some(8), Method::WilsonClustered));
    // A row without a gold class is left out.
    table.rows[1].cells.as_mut().unwrap()[0] = Cell::Missing;
    assert_eq!(with(ClassScore::MacroF1, Intervals::Auto, &table).n, 8);
}

/// Rows of (item, group, correct, confidence, text).
fn written(rows: &[(&str, &str, bool, f64, &str)]) -> Table {
    let mut table = Table::new("items", vec!["correct", "confidence", "text"]);
    for (place, (item, group, correct, confidence, text)) in rows.iter().enumerate() {
        let key = ItemKey {
            item: (*item).to_owned(),
            repeat: place as u32,
            group: Some((*group).to_owned()),
            cluster: None,
            content: Digest::of(item),
        };
        let cells = vec![(*correct).into(), (*confidence).into(), (*text).into()];
        table.rows.push(Row { key: key.into(), cells: Ok(cells) });
    }
    table
}

fn repeated() -> Table {
    written(&[
        ("a", "x", true, 0.9, "to be or not"),
        ("a", "x", false, 0.8, "to be or not"),
        ("a", "x", false, 0.7, "to be"),
        ("b", "x", true, 0.6, "yes"),
        ("b", "x", true, 0.6, "yes"),
        ("c", "x", false, 0.2, "once"),
        ("a", "y", true, 0.9, "other"),
        ("d", "y", false, 0.95, "or not to"),
    ])
}

#[test]
fn repeats_of_an_item_are_looked_at_together() {
    let one = |formula| make(formula, None, Intervals::Auto, &repeated());
    // Items c and d were asked once, and a in group y too.
    let same = one(Formula::AllSame("text"));
    assert_eq!((same.value, same.n, same.interval.unwrap().method), (Ok(0.5), 2, Method::Wilson));
    let agreement = one(Formula::Agreement("text"));
    assert_eq!((agreement.value, agreement.n), (Ok(f64::midpoint(1.0 / 3.0, 1.0)), 2));
    let at = |k| one(Formula::PassAt { correct: "correct", k: NonZeroUsize::new(k).unwrap() });
    // 1 of 3, 2 of 2, 0 of 1, 1 of 1, 0 of 1; then only those of two answers and more.
    assert!((at(1).value.unwrap() - (1.0 / 3.0 + 1.0 + 0.0 + 1.0 + 0.0) / 5.0).abs() < 1e-15);
    assert!((at(2).value.unwrap() - f64::midpoint(2.0 / 3.0, 1.0)).abs() < 1e-15);
    assert_eq!(at(4).value, Err(Undefined::TooFewAnswers));
    let once = make(Formula::AllSame("text"), Some("y"), Intervals::Auto, &repeated());
    assert_eq!(once.value, Err(Undefined::TooFewAnswers));
}

#[test]
fn distinct_n_grams_are_counted_over_all_texts() {
    let two = NonZeroUsize::new(2).unwrap();
    let distinct = make(Formula::Distinct { text: "text", n: two }, None, Intervals::Auto, &repeated());
    // to-be be-or or-not not-to of 3 + 3 + 1 + 0 + 0 + 0 + 0 + 2.
    assert_eq!((distinct.value, distinct.n, distinct.clusters), (Ok(4.0 / 9.0), 8, Some(4)));
    assert!(distinct.interval.is_ok_and(|interval| interval.method == Method::JackknifeT));
}

#[test]
fn calibration_stands_beside_what_a_calibrated_model_shows() {
    let error = Formula::Calibration { confidence: "confidence", correct: "correct" };
    let floor = Formula::CalibrationFloor { confidence: "confidence", correct: "correct" };
    let one = |formula| make(formula, Some("x"), Intervals::Auto, &repeated());
    let error = one(error);
    // Bins of 0.9: |1 − 0.9|; 0.8: 0.8; 0.7: 0.7; 0.6: |2 − 1.2|; 0.2: 0.2.
    assert!((error.value.unwrap() - 2.6 / 6.0).abs() < 1e-15);
    assert_eq!(error.interval.unwrap().method, Method::CalibrationComposite);
    let floor = one(floor);
    assert_eq!((floor.n, floor.interval.unwrap().method), (6, Method::SimulatedCalibration));
}

#[test]
fn a_group_is_compared_with_another_of_other_items() {
    let mut table = example();
    let formula = || Formula::GroupDifference { column: "correct", baseline: "in".into() };
    let one = |intervals, table: &Table| {
        let metric = Metric::new("metric", formula(), Unit::Score);
        let settings =
            Settings { task: "b/t".into(), level: Level::DEFAULT, intervals, seed: Seed(3), margin: None };
        evaluate(&[metric], table, &settings).remove(0).estimate
    };
    let difference = one(Intervals::Auto, &table);
    assert!((difference.value.unwrap() - (0.5 - 2.0 / 3.0)).abs() < 1e-15);
    assert_eq!(difference.interval.unwrap().method, Method::NewcombeIndependent);
    assert_eq!(one(Intervals::T, &table).interval.unwrap().method, Method::Welch);
    let drawn = Intervals::Bootstrap { resamples: 500, kind: bootstrap::Kind::Percentile };
    assert_eq!(one(drawn, &table).interval.unwrap().method, Method::BootstrapPercentile);
    for row in [0, 4] {
        Arc::make_mut(&mut table.rows[row].key).cluster = Some("book".into());
    }
    assert_eq!(one(Intervals::Auto, &table).interval, Err(Undefined::SharedCluster));
}
