//! Items without an answer: which sorts there are, and what was left out on purpose.

use std::collections::BTreeMap;

use super::{Mark, Names, Remark, many, name};
use crate::{plan::FailureKind, record::TaskRecord};

/// Items without an answer: for each sort how many, and the first of them.
pub(super) fn failures(tasks: &[TaskRecord], short: &Names) -> Vec<Remark> {
    let mut sorts: BTreeMap<FailureKind, (usize, String)> = BTreeMap::new();
    for task in tasks {
        for row in &task.table.rows {
            let Err(failure) = &row.cells else { continue };
            let first = || (0, format!("{} {}: {}", short.of_task(task), row.key.item, failure.message));
            sorts.entry(failure.kind).or_insert_with(first).0 += 1;
        }
    }
    let remark = |(kind, (count, first)): (FailureKind, (usize, String))| {
        let items = many(count, "item");
        if kind == FailureKind::Skipped {
            return Remark { mark: Mark::Note, text: format!("{items} left out, such as {first}") };
        }
        let why = name(&kind).replace('_', " ");
        Remark { mark: Mark::Bad, text: format!("{items} without an answer ({why}), such as {first}") }
    };
    sorts.into_iter().map(remark).collect()
}
