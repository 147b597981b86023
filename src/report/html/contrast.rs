//! Runs against each other: the paired differences as a table whose counts lead to their items.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::{page::Section, shown::Foreign};
use crate::{
    compare::{Comparison, Contrast, Decision, Found, Pair, Subject},
    metric::words,
    record::{Measure, Unit},
    report::{
        digits::{Digits, grouped},
        figures::link::items,
        quantity::many,
    },
};

/// Two of the runs.
struct Two<'a> {
    /// What tables call them, and what they are.
    letters: [&'a str; 2],
    models: [&'a str; 2],
    /// The numbers that both have.
    found: Vec<(&'a Subject, &'a Pair, &'a Found)>,
    /// Those that could not be compared.
    apart: Vec<(&'a Subject, &'a Pair)>,
}

/// The section, with its figures.
pub(super) fn section(comparison: &Comparison, plots: &Markup) -> Section {
    let mut pairs: BTreeMap<[usize; 2], Vec<(&Subject, &Pair)>> = BTreeMap::new();
    for (subject, pair) in comparison.pairs() {
        pairs.entry(pair.sides).or_default().push((subject, pair));
    }
    let one = pairs.len() == 1;
    let body = html! {
        (plots)
        @for (sides, numbers) in &pairs {
            @let two = Two::new(comparison, *sides, numbers);
            @if !one { h3 { (Foreign(two.models[1])) " against " (Foreign(two.models[0])) } }
            (two.shown())
        }
        p.muted {
            "A star marks what the test, corrected for all others, shows. Each number is made on the items that both answered, and the differences of single items decide: whether the two "
            "intervals of the runs overlap is no test, as it forgets that both answered the same items."
        }
    };
    Section::new("comparison", "Comparison", body)
}

impl<'a> Two<'a> {
    fn new(comparison: &'a Comparison, sides: [usize; 2], numbers: &[(&'a Subject, &'a Pair)]) -> Self {
        let letters = sides.map(|side| comparison.sides[side].letter.as_str());
        let models = sides.map(|side| comparison.sides[side].run.model.name.as_str());
        let found =
            numbers.iter().filter_map(|(subject, pair)| Some((*subject, *pair, pair.outcome.found()?)));
        let apart = numbers.iter().copied().filter(|(_, pair)| pair.outcome.found().is_none());
        Self { letters, models, found: found.collect(), apart: apart.collect() }
    }

    fn shown(&self) -> Markup {
        html! {
            (self.table())
            @if !self.apart.is_empty() {
                details {
                    summary { (many(self.apart.len(), "number")) " that could not be compared" }
                    ul { @for (subject, pair) in &self.apart { li { (Foreign(&subject.name())) ": " (Foreign(&pair.verdict.words)) } } }
                }
            }
        }
    }

    fn table(&self) -> Markup {
        let [first, second] = self.letters;
        let counts = self.found.iter().any(|(_, _, found)| found.counts.is_some());
        let parts = self.found.iter().any(|(subject, ..)| subject.group.is_some());
        let caption = format!("What sets {second} apart from {first}, on the items that both answered");
        html! {
            div.scroll tabindex="0" role="region" aria-label=(caption) {
                table {
                    caption { (caption) }
                    thead { tr {
                        th scope="col" { "task" }
                        @if parts { th scope="col" { "part" } }
                        th scope="col" { "metric" }
                        th.num scope="col" { (first) } th.num scope="col" { (second) }
                        th.num scope="col" { "difference" } th.num scope="col" { "interval" } th.num scope="col" { "p" }
                        @if counts {
                            th.num scope="col" { "both" } th.num scope="col" { "only " (first) }
                            th.num scope="col" { "only " (second) } th.num scope="col" { "neither" }
                        }
                        th.num scope="col" { "n" }
                        th scope="col" { "verdict" }
                    } }
                    tbody {
                        @for (subject, pair, found) in &self.found {
                            tr {
                                th scope="row" { (Foreign(&subject.task)) }
                                @if parts { td { (Foreign(subject.group.as_deref().unwrap_or_default())) } }
                                td { (Foreign(&subject.metric)) }
                                (numbers(subject, pair, found))
                                @if counts { (self.counts(subject, found)) }
                                td.num { (grouped(pair.matched.paired)) }
                                td { (decided(pair.verdict.decision, self.letters)) }
                            }
                        }
                    }
                }
            }
        }
    }

    /// How often which was right, each number a link to its items.
    fn counts(&self, subject: &Subject, found: &Found) -> Markup {
        let Some(counts) = found.counts else { return html! { td {} td {} td {} td {} } };
        let link = |result: &str| {
            let mut state = vec![("task", subject.task.as_str())];
            state.extend(subject.group.as_deref().map(|part| ("group", part)));
            state.extend([("ok", result), ("a", self.models[0]), ("b", self.models[1])]);
            items(state)
        };
        let fields = [
            ("11", counts.both),
            ("10", counts.only_first),
            ("01", counts.only_second),
            ("00", counts.neither),
        ];
        html! {
            @for (result, count) in fields {
                td.num { a href=(link(result)) { (grouped(usize::try_from(count).unwrap_or(usize::MAX))) } }
            }
        }
    }
}

/// Both numbers, what sets them apart, and the p that decides.
fn numbers(subject: &Subject, pair: &Pair, found: &Found) -> Markup {
    let measure = difference(subject, found);
    let (digits, own) = (Digits::of(&measure), |side: usize| {
        let estimate = found.values[side].clone();
        let measure = Measure { unit: subject.unit, estimate, ..difference(subject, found) };
        measure.estimate.value.map_or_else(|why| why.to_string(), |value| Digits::of(&measure).show(value))
    });
    let signed = |number: f64| {
        let shown = digits.show(number);
        if number > 0.0 && !is_ratio(found) { format!("+{shown}") } else { shown }
    };
    let p = found.test.map(|test| {
        let p = test.adjusted.map_or(test.p, |adjusted| adjusted.p);
        format!("{}{}", words::p(p), if pair.verdict.decision.found() { " *" } else { "" })
    });
    html! {
        td.num { (own(0)) }
        td.num { (own(1)) }
        td.num { (found.difference.value.map_or_else(|why| why.to_string(), signed)) @if is_ratio(found) { " ×" } }
        td.num {
            @match found.difference.interval {
                Ok(interval) => { "[" (signed(interval.low)) ", " (signed(interval.high)) "]" }
                Err(why) => { span.muted { (why) } }
            }
        }
        td.num { (p.unwrap_or_default()) }
    }
}

/// The difference as a number of its own.
fn difference(subject: &Subject, found: &Found) -> Measure {
    let unit = match subject.unit {
        _ if is_ratio(found) => Unit::Ratio,
        Unit::Proportion => Unit::Difference,
        unit => unit,
    };
    Measure {
        metric: subject.metric.clone(),
        group: subject.group.clone(),
        unit,
        better: subject.better,
        chance: None,
        headline: subject.headline,
        estimate: found.difference.clone(),
        difference_from: None,
        test: None,
    }
}

fn is_ratio(found: &Found) -> bool {
    matches!(found.contrast, Contrast::Ratio | Contrast::MedianRatio)
}

/// A decision in a few words.
fn decided(decision: Decision, [first, second]: [&str; 2]) -> String {
    match decision {
        Decision::ABetter => format!("{first} is better"),
        Decision::BBetter => format!("{second} is better"),
        Decision::ABetterWithinMargin => format!("{first} is better, within the margin"),
        Decision::BBetterWithinMargin => format!("{second} is better, within the margin"),
        Decision::AHigher => format!("{first} is higher"),
        Decision::BHigher => format!("{second} is higher"),
        Decision::Equivalent => "equivalent within the margin".into(),
        Decision::NotDecided => "not decided".into(),
        Decision::CannotDecide => "cannot decide".into(),
        Decision::NotComparable => "not comparable".into(),
    }
}
