//! What can be wrong with texts and lists of items, whatever their kind: how they are written, and which characters they hold.

mod character;
mod written;

pub(super) use written::lint as lint_written;

use super::{
    finding::{Finding, Findings, Severity},
    item::{Content, Items},
    place::{Place, Sources},
    settings::{LongPrompts, Settings},
    text::Text,
};
use crate::value::Level;

/// Collects findings about one task.
#[derive(Debug)]
pub struct Linter<'a> {
    findings: &'a mut Findings,
    sources: &'a Sources,
    task: Place,
    settings: &'a Settings,
}

impl<'a> Linter<'a> {
    /// Looks at a task whose name stands at a place, with its settings.
    pub fn new(
        findings: &'a mut Findings,
        sources: &'a Sources,
        task: Place,
        settings: &'a Settings,
    ) -> Self {
        Self { findings, sources, task, settings }
    }

    /// Where the task's name stands.
    pub fn task(&self) -> Place {
        self.task
    }

    /// How often the task's intervals hold the truth.
    pub fn level(&self) -> Level {
        self.settings.confidence.level
    }

    /// What becomes of prompts that are too long.
    pub fn long_prompts(&self) -> LongPrompts {
        self.settings.long_prompts
    }

    /// What places speak of.
    pub fn sources(&self) -> &'a Sources {
        self.sources
    }

    /// Takes a finding in.
    pub fn tell(&mut self, finding: Finding) {
        self.findings.add(finding);
    }

    /// An error where the author can mend it. A row of a data file may be another's, and published as it is: a warning.
    pub fn fault(&self, code: &'static str, at: Place, message: impl Into<String>) -> Finding {
        if self.sources.is_data(at) {
            Finding::warning(code, at, message)
        } else {
            Finding::error(code, at, message)
        }
    }

    /// One thing that is so of many items, told once: at the first of them, with a few more.
    pub fn tell_of(
        &mut self,
        severity: Severity,
        code: &'static str,
        places: &[Place],
        message: String,
        help: &str,
    ) {
        const SHOWN: usize = 3;
        let Some((first, others)) = places.split_first() else { return };
        let mut finding = Finding { severity, ..Finding::warning(code, *first, message) }.help(help);
        for place in others.iter().take(SHOWN - 1) {
            finding = finding.also(*place, "here too");
        }
        self.tell(finding);
    }

    /// Looks for odd characters in items of a data file; those in a spec are looked at with the rest of it.
    pub fn data<C: Content>(&mut self, items: &Items<C>) {
        if items.are_written() {
            return;
        }
        for text in items.iter().flat_map(|item| item.texts()) {
            if let Some(finding) = character::odd(text, None) {
                self.tell(finding);
            }
        }
    }

    /// The place of a part of a text as its author wrote it; of the whole text where that cannot be told.
    pub fn part(&self, text: &Text, part: &str) -> Place {
        let written = self.sources.written(text.at).unwrap_or_default();
        match written.match_indices(part).map(|(at, _)| at).find(|at| is_word(written, *at, part)) {
            Some(at) => inside(text.at, written, at..at + part.len()),
            None => text.at,
        }
    }
}

/// Whether a part is not just a piece of a longer name.
fn is_word(text: &str, at: usize, part: &str) -> bool {
    let joins = |c: char| c.is_alphanumeric() || c == '_';
    !text[..at].ends_with(joins) && !text[at + part.len()..].starts_with(joins)
}

/// The place of a range of what is written at a place.
fn inside(at: Place, written: &str, range: std::ops::Range<usize>) -> Place {
    let lines = written[..range.start].matches('\n').count();
    Place {
        line: at.line + u32::try_from(lines).unwrap_or(u32::MAX),
        start: at.start + range.start as u64,
        len: u32::try_from(range.len()).unwrap_or(u32::MAX),
        ..at
    }
}
