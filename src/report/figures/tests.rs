//! Figures of tasks made by hand.

mod fixture;
mod pairs;

use proptest::prelude::*;
use roxmltree::Document;

use super::{
    checks::{all, number, sound, words},
    *,
};
use crate::{
    record::Unit,
    stats::{Clusters, Estimate, Undefined},
};
use fixture::{
    HOSTILE, confused, endings, every, interval, measure, memorized, ranked, shares, task, tokens,
};

fn one(task: &TaskRecord, id: &str) -> Figure {
    let mut figures = of_task(task);
    figures.extend(forest::of_run("model", std::slice::from_ref(task)));
    let found = figures.iter().position(|figure| figure.id.starts_with(id));
    figures.swap_remove(found.unwrap_or_else(|| panic!("no {id}")))
}

/// The numbers of a task twice, as of two models.
fn two_models(task: &TaskRecord) -> Vec<Figure> {
    let of =
        |model| task.measures.iter().map(move |measure| forest::Number { task: &task.name, model, measure });
    forest::figures(&["m", HOSTILE[7]], &of(0).chain(of(1)).collect::<Vec<_>>())
}

#[test]
fn every_figure_is_sound_and_the_same_each_time() {
    let mut ids = Vec::new();
    for task in every().iter().chain([&shares()]) {
        let figures = || [of_task(task), two_models(task)].concat();
        for (figure, again) in figures().iter().zip(figures()) {
            sound(figure);
            assert_eq!(figure.svg, again.svg);
            ids.push(figure.id.clone());
        }
    }
    assert!(ids.len() >= 14, "{ids:?}");
}

#[test]
fn nothing_measured_is_no_figure() {
    for mut task in every() {
        task.table.rows.clear();
        task.measures.clear();
        for table in &mut task.details {
            table.rows.clear();
        }
        assert_eq!(of_task(&task).len(), 0, "{}", task.name);
        assert_eq!(forest::of_run("m", &[task]).len(), 0);
    }
    let why = Undefined::NoItems;
    let mut empty = task("a/b", vec![], vec![]);
    empty.measures = vec![measure(
        "accuracy",
        None,
        Unit::Proportion,
        None,
        Estimate::undefined(why, &Clusters::apart(0)),
    )];
    assert_eq!(forest::of_run("m", &[empty]).len(), 0);
}

#[test]
fn small_figures_look_like_this() {
    for (name, task, id) in [
        ("shares", shares(), "metrics-shares"),
        ("next_tokens", tokens(), "next-tokens"),
        ("confusion", confused(&[("yes", Some("yes"), 3), ("yes", Some("no"), 1)]), "confusion"),
    ] {
        let figure = one(&task, id);
        insta::assert_snapshot!(name, format!("{}\n{}", figure.caption, figure.svg.replace('>', ">\n")));
    }
}

#[test]
fn marks_lie_where_the_numbers_say() {
    let figure = one(&endings(&[(-1.0, -3.0, 1.0), (-5.0, -2.0, 0.0)]), "endings");
    let document = Document::parse(&figure.svg).unwrap();
    // Two ticks of each axis give its scale back.
    let ticks = |upright: bool| -> Vec<(f64, f64)> {
        let places = all(&document, "text", "m").filter(|node| {
            node.attribute("transform").is_none() && (node.attribute("text-anchor") == Some("end")) == upright
        });
        let read = |node| {
            let place = if upright { number(node, "y") - 4.0 } else { number(node, "x") };
            Some((place, words(node).parse::<f64>().ok()?.log10()))
        };
        places.filter_map(read).collect()
    };
    let invert = |ticks: &[(f64, f64)], place: f64| {
        let [first, .., last] = ticks else { panic!("{ticks:?}") };
        first.1 + (place - first.0) / (last.0 - first.0) * (last.1 - first.1)
    };
    // The marks of items are links, those of the legend are none.
    let is_item =
        |node: &roxmltree::Node<'_, '_>| node.parent().is_some_and(|parent| parent.tag_name().name() == "a");
    let right = all(&document, "circle", "c0").find(is_item).unwrap();
    let wrong = all(&document, "polygon", "c1").find(is_item).unwrap();
    let corners: Vec<f64> =
        wrong.attribute("points").unwrap().split([' ', ',']).map(|n| n.parse().unwrap()).collect();
    let square = (f64::midpoint(corners[0], corners[4]), f64::midpoint(corners[1], corners[5]));
    for ((x, y), (wrong, right)) in
        [((number(right, "cx"), number(right, "cy")), (-3.0, -1.0)), (square, (-2.0, -5.0))]
    {
        let nats = |power: f64| power * std::f64::consts::LN_10;
        assert!((nats(invert(&ticks(false), x)) - wrong).abs() < 0.01);
        assert!((nats(invert(&ticks(true), y)) - right).abs() < 0.01);
    }
}

#[test]
fn many_items_are_drawn_by_their_density() {
    let rows: Vec<(f64, f64, f64)> = (0..5_000)
        .map(|i| (-1.0 - f64::from(i % 71), -2.0 - f64::from(i % 67), f64::from(u8::from(i % 5 > 0))))
        .collect();
    let figure = one(&endings(&rows), "endings");
    sound(&figure);
    let document = Document::parse(&figure.svg).unwrap();
    assert_eq!(all(&document, "a", "").count(), scatter::MOST_OUTSTANDING);
    let fields = all(&document, "rect", "quiet").count();
    assert!((500..3_000).contains(&fields), "{fields}");
    assert_eq!(figure.data.rows.len(), 5_000);
}

fn label() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-z_]{1,60}",
        (0..HOSTILE.len()).prop_map(|place| HOSTILE[place].to_owned())
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_label_breaks_a_matrix(cells in prop::collection::vec((label(), prop::option::of(label()), 0_usize..2_000_000), 1..12)) {
        let cells: Vec<(&str, Option<&str>, usize)> =
            cells.iter().map(|(gold, said, count)| (gold.as_str(), said.as_deref(), *count)).collect();
        confusion::figures(&confused(&cells)).iter().for_each(sound);
    }

    #[test]
    fn no_number_breaks_a_forest(
        rows in prop::collection::vec((label(), prop::option::of(label()), 0.0_f64..=1.0, 0.0_f64..=1.0, 0.0_f64..=1.0), 1..9),
        n in 1_usize..10_000_000, unit in 0_usize..3,
    ) {
        let unit = [Unit::Proportion, Unit::Ratio, Unit::Difference][unit];
        let mut all = task("a/b", vec![], vec![]);
        for (metric, group, a, b, share) in &rows {
            let (low, high) = (a.min(*b), a.max(*b));
            let value = low + share * (high - low);
            all.measures.push(measure(metric, group.as_deref(), unit, Some(0.5), interval(value, low, high, n)));
        }
        two_models(&all).iter().for_each(sound);
    }

    #[test]
    fn no_token_breaks_the_bars(rows in prop::collection::vec((label(), -20.0_f64..0.0, any::<bool>()), 1..30)) {
        let rows: Vec<(&str, f64, bool, usize)> =
            rows.iter().enumerate().map(|(place, (token, logprob, watched))| (token.as_str(), *logprob, *watched, place + 1)).collect();
        next_tokens::figures(&ranked(&rows)).iter().for_each(sound);
    }

    #[test]
    fn no_probability_breaks_a_scatter(rows in prop::collection::vec((-900.0_f64..0.0, -900.0_f64..0.0, 0.0_f64..=1.0), 1..40), role in label()) {
        endings::figure(&endings(&rows)).iter().for_each(sound);
        let rows: Vec<(f64, f64, &str, bool)> = rows.iter().map(|(a, b, c)| (*a, *b, role.as_str(), *c > 0.5)).collect();
        memorization::figure(&memorized(&rows)).iter().for_each(sound);
    }
}
