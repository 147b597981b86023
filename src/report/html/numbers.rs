//! The numbers: those of the headline as a table, all of them in words.

use maud::{Markup, html};

use super::{
    page::Section,
    shown::{Foreign, plain},
};
use crate::{
    metric::words,
    record::{Better, Measure, Record, TaskRecord},
    report::{
        quantity::many,
        summary::{self, Names},
    },
};

pub(super) fn section(record: &Record, plots: &Markup) -> Option<Section> {
    let [shares, others] = summary::tables(record);
    let all: usize = record.tasks.iter().map(|task| task.measures.len()).sum();
    (all > 0).then(|| {
        let names = Names::of(&record.tasks);
        let body = html! {
            (plots)
            @if !shares.rows.is_empty() { (shares.html("Shares: what part of the items")) }
            @if !others.rows.is_empty() { (others.html("Other numbers")) }
            p.muted {
                "An interval holds the true value in so many of a hundred repetitions with other items of the same sort. "
                "Whether two numbers of this page differ is not read off their intervals: where that was tested, it is said above."
            }
            details {
                summary { "All " (many(all, "number")) ", in words" }
                @for task in &record.tasks { (in_words(names.of_task(task), task)) }
            }
        };
        Section::new("metrics", "Metrics", body)
    })
}

/// Every number of a task, with how its interval was made.
fn in_words(name: &str, task: &TaskRecord) -> Markup {
    let caption = format!("{name} ({})", task.kind);
    html! {
        div.scroll tabindex="0" role="region" aria-label=(plain(&caption)) {
            table {
                caption { (Foreign(&caption)) }
                thead { tr { th scope="col" { "metric" } th scope="col" { "of" } th scope="col" { "number" } th scope="col" { "better" } } }
                tbody {
                    @for measure in &task.measures {
                        tr {
                            th scope="row" { (Foreign(&measure.metric)) }
                            td { (Foreign(measure.group.as_deref().unwrap_or("the whole task"))) }
                            td { (words::number(measure)) @if let Some(test) = tested(measure) { "; " (test) } }
                            td { (better(measure)) }
                        }
                    }
                }
            }
        }
    }
}

fn better(measure: &Measure) -> &'static str {
    match measure.better {
        Some(Better::Higher) => "higher",
        Some(Better::Lower) => "lower",
        None => "",
    }
}

/// Such as `p = 0.0312 (exact binomial, one-sided)`.
fn tested(measure: &Measure) -> Option<String> {
    let test = measure.test?;
    let p = words::p_is(test.deciding_p());
    let corrected =
        if test.adjusted.is_some_and(|adjusted| adjusted.family_size > 1) { ", corrected" } else { "" };
    Some(format!("{p} ({}{corrected})", words::test(test.hypothesis)))
}
