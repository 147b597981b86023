//! What to be careful about, for people: each rule a few times in full, and then only where else.

use std::collections::BTreeMap;

use crate::record::{Remark, TaskRecord};

/// Of one rule, so many remarks are told in full.
const IN_FULL: usize = 2;

/// Lines such as `reviews: n = 24 sees no … [R002]`; `name` is what a task is called.
pub(super) fn lines<'a>(tasks: &'a [TaskRecord], name: impl Fn(&'a TaskRecord) -> &'a str) -> Vec<String> {
    let mut rules = BTreeMap::<String, Vec<(&str, &Remark)>>::new();
    for task in tasks {
        for remark in &task.remarks {
            rules.entry(super::name(&remark.rule)).or_default().push((name(task), remark));
        }
    }
    let mut lines = Vec::new();
    for (code, found) in rules {
        let (told, rest) = found.split_at(found.len().min(IN_FULL));
        lines.extend(told.iter().map(|(task, remark)| format!("{task}: {} [{code}]", remark.text)));
        if !rest.is_empty() {
            let mut tasks: Vec<&str> = rest.iter().map(|(task, _)| *task).collect();
            tasks.dedup();
            let more = super::quantity::many(rest.len(), "more remark");
            lines.push(format!("{more} of this sort, in run.json: {} [{code}]", tasks.join(", ")));
        }
    }
    lines
}
