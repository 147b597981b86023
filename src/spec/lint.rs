//! What can be wrong with texts and lists of items, whatever their kind.

use super::{
    finding::{Finding, Findings},
    place::{Place, Sources},
};

/// Collects findings about one task.
#[derive(Debug)]
pub struct Linter<'a> {
    findings: &'a mut Findings,
    sources: &'a Sources,
    task: Place,
}

impl<'a> Linter<'a> {
    /// Looks at a task whose name stands at a place.
    pub fn new(findings: &'a mut Findings, sources: &'a Sources, task: Place) -> Self {
        Self { findings, sources, task }
    }

    /// Where the task's name stands.
    pub fn task(&self) -> Place {
        self.task
    }

    /// Takes a finding in.
    pub fn tell(&mut self, finding: Finding) {
        self.findings.add(finding);
    }
}
