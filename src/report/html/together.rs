//! The page of a comparison: what to know first, who is better at what, each run's own numbers, and the items with all
//! models side by side.

use maud::{Markup, html};

use super::{
    browser, contrast,
    items::Items,
    lines::{Line, Mark, folded},
    page::{Page, Section},
    plots::Plots,
    provenance,
    shown::Foreign,
};
use crate::{
    compare::{Caution, Comparison, Pair, Side, Subject, Weight},
    record::{Measure, Record},
    report::{
        digits::Digits,
        figures::{self, Topic, link::items},
        quantity::many,
        summary,
    },
};

/// The page of a comparison of these records, in the order of its sides. Beyond `limit` bytes of items, those that matter
/// most are kept, and a sample of the rest.
pub fn compare_page(comparison: &Comparison, records: &[Record], limit: u64) -> String {
    let comparison = &named(comparison);
    let labels: Vec<String> = comparison.sides.iter().map(|side| side.run.model.name.clone()).collect();
    let all: Vec<&Record> = records.iter().collect();
    let items = Items::new(labels.clone(), &all).blocks(limit);
    let mut plots = Plots::new(figures::of_comparison(comparison));
    let mut sections: Vec<Section> = Vec::new();
    sections.extend(first(comparison));
    sections.push(contrast::section(comparison, &plots.take(Topic::Comparison)));
    sections.push(Section::new(
        "metrics",
        "Metrics",
        html! { (plots.take(Topic::Metrics)) (own(comparison)) },
    ));
    sections.extend(plots.sections());
    sections.extend(browser::section(&all, &items));
    sections.push(provenance::of_several(comparison));
    let title = match labels.as_slice() {
        [first, second] => format!("{second} against {first}"),
        several => format!("{} side by side", many(several.len(), "run")),
    };
    Page { title: &title, header: header(comparison), sections, items }.write()
}

/// The comparison with another name for each run: its model, and more where two runs have the same one.
fn named(comparison: &Comparison) -> Comparison {
    let mut named = comparison.clone();
    let precise = |side: &Side| {
        let model = &side.run.model;
        model.dtype.as_ref().map_or_else(|| model.name.clone(), |dtype| format!("{} {dtype}", model.name))
    };
    let is_alone = |name: &dyn Fn(&Side) -> String, side: &Side| {
        comparison.sides.iter().filter(|other| name(other) == name(side)).count() == 1
    };
    for (side, own) in named.sides.iter_mut().zip(&comparison.sides) {
        if !is_alone(&|side| side.run.model.name.clone(), own) {
            let more = if is_alone(&precise, own) {
                precise(own)
            } else {
                format!("{} ({})", precise(own), own.letter)
            };
            side.run.model.name = more;
        }
    }
    named
}

/// A line for each run.
fn header(comparison: &Comparison) -> Markup {
    html! {
        @for side in &comparison.sides {
            p.facts {
                strong { (side.letter) " " (Foreign(&summary::model(&side.run.model.name, side.run.model.revision.as_deref()))) }
                @if let Some(dtype) = &side.run.model.dtype { " · " (Foreign(dtype)) }
                @if let Some(engine) = &side.run.engine { " · " (engine.device) }
                " · suite " (Foreign(&side.run.suite.name))
                " · " (many(side.run.suite.items, "item")) " · " span.muted { "run " code { (Foreign(&side.run.run_id)) } }
            }
        }
    }
}

/// What sets the runs apart, and what the numbers come to.
fn first(comparison: &Comparison) -> Option<Section> {
    let caution = |caution: &Caution| Line {
        mark: match caution.weight {
            Weight::Refused => Mark::Bad,
            Weight::LeftOut | Weight::Notice => Mark::Careful,
        },
        link: caution.task.as_ref().map(|task| (items([("task", task.as_str())]), task.clone())),
        text: caution.text.clone(),
        code: None,
    };
    let verdict = |(subject, pair): &(&Subject, &Pair)| Line {
        mark: if pair.verdict.decision.found() { Mark::Good } else { Mark::Note },
        link: Some((items([("task", subject.task.as_str())]), subject.task.clone())),
        text: pair.verdict.words.clone(),
        code: None,
    };
    let (found, open): (Vec<_>, Vec<_>) =
        comparison.pairs().partition(|(_, pair)| pair.verdict.decision.found());
    let blocks = [
        ("Before any number", comparison.cautions.iter().map(caution).collect::<Vec<_>>()),
        ("Shown to differ", found.iter().map(verdict).collect()),
        ("Open", open.iter().map(verdict).collect()),
    ];
    let blocks: Vec<(&str, Vec<Line>)> = blocks.into_iter().filter(|(_, lines)| !lines.is_empty()).collect();
    (!blocks.is_empty()).then(|| {
        let body = html! {
            p {
                (many(comparison.pairs().count(), "comparison")) ": " (found.len()) " shown to differ, " (open.len()) " open; "
                (many(comparison.questions.differences, "test")) ", corrected by " (comparison.correction.name()) "."
            }
            @for (title, lines) in &blocks { h3 { (title) } (folded(lines)) }
        };
        Section::new("first", "What to know first", body)
    })
}

/// Each run's own numbers, on all of its items, with the places that the tests leave it.
fn own(comparison: &Comparison) -> Markup {
    let parts = comparison.subjects.iter().any(|subject| subject.group.is_some());
    let caption = "Each run's own numbers, on all of its items";
    html! {
        div.scroll tabindex="0" role="region" aria-label=(caption) {
            table {
                caption { (caption) }
                thead { tr {
                    th scope="col" { "task" }
                    @if parts { th scope="col" { "part" } }
                    th scope="col" { "metric" }
                    @for side in &comparison.sides { th.num scope="col" { (side.letter) " " (Foreign(&side.run.model.name)) } }
                } }
                tbody {
                    @for subject in &comparison.subjects {
                        tr {
                            th scope="row" { (Foreign(&subject.task)) }
                            @if parts { td { (Foreign(subject.group.as_deref().unwrap_or_default())) } }
                            td { (Foreign(&subject.metric)) }
                            @for side in 0..comparison.sides.len() { td.num { (number(subject, side)) } }
                        }
                    }
                }
            }
        }
    }
}

fn number(subject: &Subject, side: usize) -> Markup {
    let Some(estimate) = subject.values.get(side).cloned().flatten() else {
        return html! { span.muted { "—" } };
    };
    let measure = Measure {
        metric: subject.metric.clone(),
        group: subject.group.clone(),
        unit: subject.unit,
        better: subject.better,
        chance: subject.chance,
        headline: subject.headline,
        estimate,
        difference_from: None,
        test: None,
    };
    let digits = Digits::of(&measure);
    let rank = subject.ranks.iter().find(|rank| rank.side == side);
    html! {
        @match measure.estimate.value {
            Ok(value) => (digits.show(value)),
            Err(why) => span.muted { (why) },
        }
        @if let Ok(interval) = measure.estimate.interval { " [" (digits.show(interval.low)) ", " (digits.show(interval.high)) "]" }
        @if let Some(rank) = rank {
            " " span.muted { "place " (rank.best) @if rank.worst != rank.best { "–" (rank.worst) } }
        }
    }
}
