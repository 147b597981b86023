//! A saved run as a record, its numbers made anew from its rows: the one path by which runs, ours or imported, come to be
//! compared and shown.

use std::path::Path;

use super::evaluate;
use crate::record::{
    Record, Remark, Table, TaskRecord,
    folder::{self, RUN, StoreError},
    intern,
    saved::{self, Definition, Saved},
};

/// Reads a run folder; further tables such as tokens only where `with_details`.
pub fn read(folder: &Path, with_details: bool) -> Result<Record, StoreError> {
    let Saved { run, tasks, expectations, remarks } = saved::read(folder)?;
    folder::whole(folder, &run)?;
    let Some(tasks) = tasks else {
        let reason = "it does not say how its numbers are made: it is from an older version; \
                      `yardstick report` makes it anew, where the run has its answers";
        return Err(StoreError::Damaged { path: folder.join(RUN), reason: reason.into() });
    };
    let tables = saved::tables(folder, &tasks)?;
    let details = if with_details { saved::details(folder, &tasks)? } else { vec![Vec::new(); tasks.len()] };
    let tasks = tasks.into_iter().zip(tables).zip(details);
    let tasks = tasks
        .map(|((definition, table), details)| {
            let own = remarks.iter().filter(|careful| careful.task == definition.task);
            let remarks = own.map(|careful| careful.remark.clone()).collect();
            task(definition, table, details, remarks)
        })
        .collect();
    Ok(Record { run, tasks, expectations })
}

fn task(definition: Definition, table: Table, details: Vec<Table>, remarks: Vec<Remark>) -> TaskRecord {
    let Definition { task, kind, items, settings, metrics, notes, .. } = definition;
    let measures = evaluate(&metrics, &table, &settings);
    let kind = intern(&kind);
    TaskRecord { name: task, kind, table, details, measures, notes, remarks, metrics, settings, items }
}
