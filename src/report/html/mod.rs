//! `report.html`: one file with everything in it, which can be mailed. It loads nothing, and what a model wrote cannot run.
//! The same run gives the same bytes.

mod shown;
mod table;
mod page;
mod items;
mod lines;
mod first;
mod numbers;
mod plots;
mod browser;
mod provenance;
mod contrast;
mod together;

pub use together::compare_page;

use maud::{Markup, html};

use self::{
    items::Items,
    page::{Page, Section},
    plots::Plots,
    shown::{Foreign, Words, plain},
};
use super::{
    digits::grouped,
    figures::{self, Topic},
    quantity::many,
    summary,
};
use crate::record::{Provenance, Record, Run, Status};

/// So many bytes of items a page holds, unless more is asked for.
pub const LIMIT: u64 = 32 << 20;

/// A spec as it was read.
#[derive(Clone, Debug)]
pub struct SpecText {
    /// Within `spec/`.
    pub path: String,
    /// Its content.
    pub text: String,
}

/// The page of one run. Beyond `limit` bytes of items, those that matter most are kept, and a sample of the rest.
pub fn run_page(record: &Record, specs: &[SpecText], limit: u64) -> String {
    let run = &record.run;
    let records = [record];
    let items = Items::new(vec![run.model.name.clone()], &records).blocks(limit);
    let mut plots = Plots::new(
        figures::of_record(record).into_iter().chain(record.tasks.iter().flat_map(figures::of_task)),
    );
    let mut sections: Vec<Section> = Vec::new();
    sections.extend(first::faults(record));
    sections.extend(numbers::section(record, &plots.take(Topic::Metrics)));
    sections.extend(first::section(record));
    sections.extend(plots.sections());
    sections.extend(browser::section(&records, &items));
    sections.push(provenance::section(record, specs));
    let title = run.suite.title.as_deref().unwrap_or(&run.suite.name);
    Page { title, header: header(run), sections, items }.write()
}

/// Who was measured, on what, and when.
fn header(run: &Run) -> Markup {
    let model = summary::model(&run.model.name, run.model.revision.as_deref());
    let time = run.time.as_ref();
    let finished = time.map(|time| time.finished.as_deref().unwrap_or(&time.started));
    html! {
        p.facts {
            strong { (Foreign(&model)) }
            @if let Some(dtype) = &run.model.dtype { " · " (Foreign(dtype)) }
            @if let Some(engine) = &run.engine { " · " (engine.device) }
            " · " (many(run.suite.tasks, "task")) " · " (many(run.suite.items, "item"))
            @if let Provenance::Imported(imported) = &run.origin { " · imported from " (Foreign(&imported.source())) }
            @else { " · seed " (run.seed.0) }
            @if let Some(finished) = finished { " · " (day(finished)) }
        }
        p.facts.muted {
            "run " code { (Foreign(&run.run_id)) }
            @if let Some(digest) = &run.answers_sha256 { " · answers " code { (digest.to_string()[..12]) } }
        }
        @if run.status != Status::Complete {
            p.warning { strong { "This run is not complete." } " What follows is what was answered so far." }
        }
    }
}

/// `2026-11-24 20:26 UTC` of `2026-11-24T20:26:26Z`; as it is where it is written otherwise.
fn day(time: &str) -> Markup {
    let (Some(day), Some("T"), Some(minute)) = (time.get(..10), time.get(10..11), time.get(11..16)) else {
        return html! { (Foreign(time)) };
    };
    html! { time datetime=(plain(time)) { (Words(day)) " " (Words(minute)) " UTC" } }
}

/// `All 1,060 items`, or which of them.
fn extent(shown: usize, total: usize) -> String {
    if shown == total {
        format!("All {}.", many(total, "item"))
    } else {
        format!(
            "Showing {} of {}: as many of the wrong and disputed ones as fit, and a random sample of the others; all are in items.jsonl.",
            grouped(shown),
            many(total, "item")
        )
    }
}
