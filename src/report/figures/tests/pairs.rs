//! Figures of two models, and of what so many items can show.

use proptest::prelude::*;
use roxmltree::Document;

use super::{
    super::{
        checks::{all, number, sound, words},
        paired, power, scale,
    },
    fixture::HOSTILE,
    label,
};

fn sides() -> paired::Sides<'static> {
    paired::Sides { letters: ["A", "B"], models: ["gpt2", HOSTILE[7]] }
}

fn line(task: &str, (low, value, high): (f64, f64, f64), p: Option<(f64, bool)>) -> paired::Line<'_> {
    paired::Line {
        task,
        part: Some("a & b"),
        metric: "accuracy",
        value,
        interval: Some((low, high, "Newcombe, paired 95%".into())),
        digits: crate::report::digits::Digits::Fixed(3),
        n: 120,
        counts: Some(paired::Counts { both: 73, only_first: 16, only_second: 25, neither: 6 }),
        p,
        verdict: "Not decided.",
    }
}

const AXIS: paired::Axis<'_> = paired::Axis {
    id: "differences",
    title: "Differences of shares",
    says: "difference of shares",
    steps: scale::Steps::Add,
    equal: 0.0,
    corrected: "Holm over 2 tests",
};

#[test]
fn a_star_is_by_the_corrected_p_alone() {
    let lines = [
        line("b/one", (0.005, 0.036, 0.067), Some((0.068, false))),
        line("b/two", (0.141, 0.266, 0.391), Some((0.0004, true))),
    ];
    let figure = paired::differences(sides(), AXIS, &lines).unwrap();
    sound(&figure);
    let document = Document::parse(&figure.svg).unwrap();
    let texts: Vec<String> = all(&document, "text", "").map(words).collect();
    let starred: Vec<&String> = texts.iter().filter(|text| text.ends_with('*')).collect();
    assert_eq!(starred, ["0.000400 *"]);
    assert!(texts.contains(&"+0.036 [+0.005, +0.067]".to_owned()), "{texts:?}");
    // The interval of the first excludes no difference, and its line stays clear of it.
    let zero = number(all(&document, "line", "axis").last().unwrap(), "x1");
    let ends: Vec<f64> = all(&document, "line", "quiet").map(|node| number(node, "x1")).collect();
    assert_eq!(ends.len(), 3);
    assert!(ends.iter().all(|x| *x > zero + 2.0), "{ends:?} against {zero}");
    let links: Vec<&str> = all(&document, "a", "").filter_map(|node| node.attribute("href")).collect();
    assert_eq!(links.len(), 4);
    assert!(
        links[0].starts_with("#/items?task=b/one&group=a%20%26%20b&ok=10&a=gpt2&b=a%20very"),
        "{}",
        links[0]
    );
    assert!(paired::differences(sides(), AXIS, &[]).is_none());
}

#[test]
fn the_fields_of_two_by_two_lead_to_their_items() {
    let figure = paired::two_by_two(sides(), &line("b/one", (0.0, 0.1, 0.2), None)).unwrap();
    sound(&figure);
    let document = Document::parse(&figure.svg).unwrap();
    let fields: Vec<(String, String)> = all(&document, "a", "")
        .map(|node| {
            let href = node.attribute("href").unwrap().to_owned();
            let count =
                node.children().find(|child| child.has_tag_name(("http://www.w3.org/2000/svg", "text")));
            (href.split("ok=").nth(1).unwrap()[..2].to_owned(), words(count.unwrap()))
        })
        .collect();
    let expected = [("11", "73"), ("10", "16"), ("01", "25"), ("00", "6")];
    assert_eq!(fields, expected.map(|(ok, count)| (ok.to_owned(), count.to_owned())));
}

#[test]
fn a_power_curve_marks_what_is_enough() {
    let pairs = crate::stats::power::PlannedPairs::new(0.2, 0.05).unwrap();
    let plan = power::Plan { name: "b/one accuracy", pairs, says: "a difference", items: 120, alpha: 0.05 };
    let figure = power::figure(&plan).unwrap();
    sound(&figure);
    let enough = pairs.items(crate::stats::power::Goal { alpha: 0.05, power: 0.8 }).unwrap();
    assert!(figure.caption.contains(&format!("{enough} would find it")), "{}", figure.caption);
    let none = crate::stats::power::PlannedPairs::new(0.2, 0.0).unwrap();
    assert!(power::figure(&power::Plan { pairs: none, ..plan }).is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_difference_breaks_its_axis(
        lines in prop::collection::vec((label(), -1.0_f64..1.0, 0.0_f64..0.5, 0.0_f64..0.5, any::<bool>()), 1..9),
    ) {
        let lines: Vec<paired::Line<'_>> = lines
            .iter()
            .map(|(task, value, down, up, decided)| {
                line(task, (value - down, *value, value + up), Some((0.01, *decided)))
            })
            .collect();
        sound(&paired::differences(sides(), AXIS, &lines).unwrap());
    }
}
