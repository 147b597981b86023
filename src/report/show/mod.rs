//! Items of saved runs, one by one: which they are, what was asked, what came, and what it was worth. Of several runs of
//! the same items, side by side.

mod item;
mod list;

pub use item::{json as item_json, terminal as item};
pub use list::{MOST, letter, table, terminal};

use std::collections::BTreeMap;

use crate::{
    plan::Failure,
    record::{Cell, ItemKey, Record, Row, TaskRecord},
    spec,
};

/// An item in each of the runs that are looked at.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// What it is, the same in all of them.
    pub key: &'a ItemKey,
    /// What came in each run, in the order of the runs; at least one.
    pub answers: Vec<Answered<'a>>,
}

/// An item in a run.
#[derive(Clone, Copy, Debug)]
pub struct Answered<'a> {
    /// The task that it belongs to.
    pub task: &'a TaskRecord,
    /// Its row.
    pub row: &'a Row,
}

/// What an answer was worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Worth {
    /// Right.
    Right,
    /// Wrong.
    Wrong,
    /// Partly right, such as one of two equal answers.
    Partly(f64),
    /// There is no answer.
    Failed,
    /// It is too long, and left out as the spec says.
    Skipped,
    /// Nothing is right or wrong about it.
    Unmarked,
}

/// Which items are looked at, and in which order.
#[derive(Clone, Debug, Default)]
pub struct Wanted<'a> {
    /// Tasks whose name fits one of these; all without any.
    pub tasks: &'a [String],
    /// Of this group.
    pub group: Option<&'a str>,
    /// Whose answer is worth this, in every run.
    pub worth: Option<Worth>,
    /// Which only this run has right.
    pub only_right: Option<usize>,
    /// That hold this text in what was asked, what is right or what came; in any letters.
    pub text: Option<&'a str>,
    /// In this order.
    pub sort: Sort,
}

/// An order of items.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Sort {
    /// As they were planned
    #[default]
    Plan,
    /// The lowest margin first: the surest mistakes
    Margin,
    /// The lowest score first
    Score,
}

/// The items that all runs have, with the same content, as the first run has them; and how many of it the others have not.
pub fn shared<'a>(runs: &'a [Record]) -> (Vec<Entry<'a>>, usize) {
    let [first, others @ ..] = runs else { return (Vec::new(), 0) };
    let rows = |run: &'a Record| {
        run.tasks.iter().flat_map(|task| task.table.rows.iter().map(move |row| Answered { task, row }))
    };
    let name = |answer: &Answered<'a>| {
        let ItemKey { item, repeat, group, content, .. } = &*answer.row.key;
        (answer.task.name.as_str(), item.as_str(), group.as_deref(), *repeat, *content)
    };
    let others: Vec<BTreeMap<_, _>> =
        others.iter().map(|run| rows(run).map(|answer| (name(&answer), answer)).collect()).collect();
    let mut missing = 0;
    let entry = |answer: Answered<'a>| {
        let mut answers = vec![answer];
        for other in &others {
            let Some(found) = other.get(&name(&answer)) else {
                missing += 1;
                return None;
            };
            answers.push(*found);
        }
        Some(Entry { key: &answer.row.key, answers })
    };
    let entries = rows(first).filter_map(entry).collect();
    (entries, missing)
}

/// Those that are wanted, in the order that is wanted.
pub fn select<'a>(mut entries: Vec<Entry<'a>>, wanted: &Wanted<'_>) -> Vec<Entry<'a>> {
    entries.retain(|entry| wanted.holds(entry));
    let column = match wanted.sort {
        Sort::Plan => return entries,
        Sort::Margin => "margin",
        Sort::Score => "score",
    };
    // What has no such number comes last.
    let by = |entry: &Entry<'_>| entry.answers.last().and_then(|answer| answer.number(column));
    entries.sort_by(|a, b| match (by(a), by(b)) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    });
    entries
}

/// How many items this run alone has right.
pub fn only_right(entries: &[Entry<'_>], run: usize) -> usize {
    let wanted = Wanted { only_right: Some(run), ..Wanted::default() };
    entries.iter().filter(|entry| wanted.holds(entry)).count()
}

/// The items with an id: `task/item`, `task/group/item/repeat` as in `items.jsonl`, or as little of it as names them.
pub fn named<'a>(entries: &[Entry<'a>], id: &str) -> Vec<Entry<'a>> {
    entries.iter().filter(|entry| entry.is_named(id)).cloned().collect()
}

impl Wanted<'_> {
    fn holds(&self, entry: &Entry<'_>) -> bool {
        let task = &entry.task().name;
        let right = |answer: &Answered<'_>| answer.worth() == Worth::Right;
        (self.tasks.is_empty() || self.tasks.iter().any(|pattern| spec::names_task(pattern, task)))
            && self.group.is_none_or(|group| entry.key.group.as_deref() == Some(group))
            && self.worth.is_none_or(|worth| entry.answers.iter().all(|answer| answer.worth() == worth))
            && self.only_right.is_none_or(|only| {
                entry.answers.iter().enumerate().all(|(at, answer)| right(answer) == (at == only))
            })
            && self.text.is_none_or(|text| entry.answers.iter().any(|answer| answer.says(text)))
    }
}

impl<'a> Entry<'a> {
    /// Its task, as the first run has it.
    pub fn task(&self) -> &'a TaskRecord {
        self.answers[0].task
    }

    fn is_named(&self, id: &str) -> bool {
        let ItemKey { item, repeat, group, .. } = self.key;
        let task = &self.task().name;
        let short = task.rsplit('/').next().unwrap_or(task);
        let rest = |id: &str| {
            let tail = |rest: &str| rest == item || rest == format!("{item}/{repeat}");
            tail(id)
                || group.as_deref().is_some_and(|group| {
                    id.strip_prefix(group).and_then(|rest| rest.strip_prefix('/')).is_some_and(tail)
                })
        };
        rest(id)
            || [task.as_str(), short]
                .iter()
                .any(|task| id.strip_prefix(task).and_then(|rest| rest.strip_prefix('/')).is_some_and(rest))
    }
}

impl<'a> Answered<'a> {
    /// A cell, where the item has an answer and its task such a column.
    pub fn cell(&self, column: &str) -> Option<&'a Cell> {
        self.row.cells.as_ref().ok()?.get(self.task.table.column(column)?)
    }

    /// A number.
    pub fn number(&self, column: &str) -> Option<f64> {
        self.cell(column)?.number()
    }

    /// Words.
    pub fn text(&self, column: &str) -> Option<&'a str> {
        self.cell(column)?.text()
    }

    /// What it was worth.
    pub fn worth(&self) -> Worth {
        match self.number("correct") {
            _ if self.row.cells.as_ref().is_err_and(Failure::is_skip) => Worth::Skipped,
            _ if self.row.cells.is_err() => Worth::Failed,
            Some(1.0) => Worth::Right,
            Some(0.0) => Worth::Wrong,
            Some(part) => Worth::Partly(part),
            None => Worth::Unmarked,
        }
    }

    fn says(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let columns = ["prompt", "gold", "output"].iter().filter_map(|column| self.text(column));
        columns.into_iter().any(|words| words.to_lowercase().contains(&text))
    }
}

impl Worth {
    /// In a word.
    pub fn word(self) -> String {
        match self {
            Self::Right => "right".into(),
            Self::Wrong => "wrong".into(),
            Self::Partly(part) => format!("{} right", (part * 1e3).round() / 1e3),
            Self::Failed => "no answer".into(),
            Self::Skipped => "left out".into(),
            Self::Unmarked => String::new(),
        }
    }
}
