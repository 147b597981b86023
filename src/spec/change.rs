//! Changes to tasks from outside: a suite's overrides and the command line's `--set`.

use std::collections::BTreeSet;

use super::{
    document::Suite, finding::Finding, glob, keys::Keys as _, kind::Kinds, node::Node, reader::Reader,
    settings::Settings, text::Text,
};

/// A key of some tasks and its new value.
#[derive(Debug)]
pub(super) struct Change {
    /// Patterns of task names; all tasks where there are none.
    tasks: Vec<Text>,
    /// All models where there are none.
    pub(super) models: Vec<Text>,
    /// May reach inside: `confidence.level`.
    key: Text,
    value: Node,
    /// Whether a task fitted, and whether one has the key.
    fitted: bool,
    taken: bool,
}

/// All changes, those nearer to the user later.
pub(super) fn gather<T: Kinds>(suite: Option<&Suite>, set: &[String], reader: &mut Reader) -> Vec<Change> {
    let mut changes = Vec::new();
    for over in suite.iter().flat_map(|suite| &suite.file.overrides) {
        for (key, value) in &over.set.0 {
            changes.push(Change {
                tasks: over.tasks.to_vec(),
                models: over.models.clone(),
                key: key.clone(),
                value: value.clone(),
                fitted: false,
                taken: false,
            });
        }
    }
    let keys = all_keys::<T>();
    changes.extend(set.iter().filter_map(|words| command(words, &keys, reader)));
    changes
}

/// Every key that a task can have.
fn all_keys<T: Kinds>() -> BTreeSet<&'static str> {
    T::NAMES.iter().flat_map(|kind| T::keys(kind)).chain(Settings::names()).collect()
}

/// `key=value`, `task.key=value`.
fn command(words: &str, keys: &BTreeSet<&'static str>, reader: &mut Reader) -> Option<Change> {
    let (left, value) = words.split_once('=').unwrap_or((words, ""));
    let value_node = reader.words(&format!("--set {words}"), value);
    let value = value_node?;
    let begins_with_key = |path: &str| keys.contains(path.split('.').next().unwrap_or_default());
    let split = if begins_with_key(left) {
        Some((None, left))
    } else {
        left.match_indices('.')
            .map(|(dot, _)| (Some(&left[..dot]), &left[dot + 1..]))
            .find(|(_, rest)| begins_with_key(rest))
    };
    let Some((task, key)) = split else {
        let key = left.rsplit('.').next().unwrap_or(left);
        let keys: Vec<&str> = keys.iter().copied().collect();
        let finding = Finding::error("unknown-key", value.at, format!("no task has a key `{key}`"));
        return reader.tell(finding.choices(key, "the keys", &keys));
    };
    Some(Change {
        tasks: task.map(|task| Text::new(task, value.at)).into_iter().collect(),
        models: Vec::new(),
        key: Text::new(key, value.at),
        value,
        fitted: false,
        taken: false,
    })
}

impl Change {
    /// Whether it speaks of a task, which has these keys of its own.
    pub(super) fn fits(&mut self, task: &str, keys: &[&str]) -> bool {
        let fits = self.tasks.is_empty() || self.tasks.iter().any(|pattern| glob::names_task(pattern, task));
        let first = self.key.split('.').next().unwrap_or_default();
        let taken = fits && (keys.contains(&first) || Settings::names().contains(&first));
        self.fitted |= fits;
        self.taken |= taken;
        taken
    }

    /// Whether it speaks of a model.
    pub(super) fn fits_model(&self, model: &str) -> bool {
        self.models.is_empty() || self.models.iter().any(|pattern| glob::matches(pattern, model))
    }

    /// Puts the new value over what the task says.
    pub(super) fn apply(&self, task: &Node, over: &mut Vec<(Text, Node)>) {
        let mut path = self.key.split('.');
        let first = path.next().unwrap_or_default();
        let rest: Vec<&str> = path.collect();
        let index = over.iter().position(|(key, _)| key.as_str() == first).unwrap_or_else(|| {
            let own = if rest.is_empty() { None } else { task.get(first) };
            over.push((self.key.with(first), own.unwrap_or(&self.value).clone()));
            over.len() - 1
        });
        over[index].1.set(&rest, self.value.clone());
    }

    /// Says what a change that changes nothing was likely meant to be.
    pub(super) fn unused(&self, tasks: &[String], reader: &mut Reader) {
        let names: Vec<&str> = tasks.iter().map(String::as_str).collect();
        if let (false, Some(pattern)) = (self.fitted, self.tasks.first()) {
            let finding = Finding::error("no-such-task", pattern.at, format!("no task fits `{pattern}`"));
            reader.findings.add(finding.choices(pattern, "the tasks", &names));
        } else if !self.taken && self.fitted {
            let message = format!("none of the tasks that this speaks of has a key `{}`", self.key);
            reader.findings.add(Finding::error("unknown-key", self.key.at, message));
        }
    }
}
