//! Findings as people and programs read them.

mod excerpt;
mod human;
mod machine;
mod plain;

use std::collections::BTreeMap;

pub use human::{Look, counts, human};
pub use machine::{github, json};

use super::{
    finding::{Finding, Findings},
    place::Sources,
};

/// The findings from the first file to the last, and in each from top to bottom.
fn ordered<'a>(findings: &'a Findings, sources: &Sources) -> Vec<&'a Finding> {
    // A file may be read for several tasks, each time under a number of its own.
    let mut ranks = BTreeMap::new();
    for (rank, source) in sources.iter().enumerate() {
        ranks.entry(source.name.as_str()).or_insert(rank);
    }
    let mut list: Vec<&Finding> = findings.iter().collect();
    list.sort_by_key(|finding| {
        let at = finding.at();
        (ranks.get(sources.get(at.source).name.as_str()), at.line, at.start)
    });
    list
}
