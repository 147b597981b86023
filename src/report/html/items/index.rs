//! What the browser filters and sorts by, column by column.

use serde::Serialize;
use serde_json::Value;

use super::{CHUNK, Entry, Items, Outcome, Part, cell, line};
use crate::record::Cell;

/// Characters of a prompt that the list shows.
const HEAD: usize = 48;

/// The block that the page reads at once.
#[derive(Serialize)]
pub(super) struct Index<'a> {
    chunk: usize,
    models: &'a [String],
    tasks: Vec<TaskIndex<'a>>,
    groups: Vec<&'a str>,
    /// By item, as are the lists below.
    task: Vec<usize>,
    group: Vec<Option<usize>>,
    id: Vec<&'a str>,
    repeat: Vec<u32>,
    head: Vec<String>,
    /// By model.
    of: Vec<ModelIndex>,
}

/// How the items of a task are read.
#[derive(Serialize)]
struct TaskIndex<'a> {
    name: &'a str,
    kind: &'static str,
    /// By model: the names of the cells, then of the tables with their columns.
    columns: Vec<Option<&'a [&'static str]>>,
    details: Vec<Vec<(&'static str, &'a [&'static str])>>,
}

/// What one model made of the items.
#[derive(Serialize)]
struct ModelIndex {
    /// One character an item.
    ok: String,
    margin: Vec<Option<Value>>,
    score: Vec<Option<Value>>,
    /// How far off the answer is, in nats: the wrong answers' lead over the right one, else what a token cost.
    surprise: Vec<Option<Value>>,
}

impl<'a> Items<'a> {
    pub(super) fn index(&self, chosen: &[usize]) -> Index<'_> {
        let mut groups: Vec<&str> = Vec::new();
        let mut places = std::collections::BTreeMap::new();
        let entries = || chosen.iter().map(|place| &self.entries[*place]);
        let group = entries().map(|entry| {
            let name = entry.key.group.as_deref()?;
            Some(*places.entry(name).or_insert_with(|| {
                groups.push(name);
                groups.len() - 1
            }))
        });
        let group = group.collect();
        Index {
            chunk: CHUNK,
            models: &self.models,
            tasks: self.tasks.iter().map(TaskIndex::new).collect(),
            groups,
            task: entries().map(|entry| entry.task).collect(),
            group,
            id: entries().map(|entry| entry.key.item.as_str()).collect(),
            repeat: entries().map(|entry| entry.key.repeat).collect(),
            head: entries().map(|entry| self.head(entry)).collect(),
            of: (0..self.models.len()).map(|record| self.of(chosen, record)).collect(),
        }
    }

    fn of(&self, chosen: &[usize], record: usize) -> ModelIndex {
        let entries = || chosen.iter().map(|place| &self.entries[*place]);
        let numbers = |number: &dyn Fn(&Part<'_>, &crate::record::Row) -> Option<f64>| {
            entries()
                .map(|entry| {
                    number(self.tasks[entry.task].of[record].as_ref()?, entry.rows[record]?)
                        .map(line::rounded)
                })
                .collect()
        };
        let column = |name: &'static str| {
            move |part: &Part<'_>, row: &crate::record::Row| cell(part, row, name).and_then(Cell::number)
        };
        ModelIndex {
            ok: entries().map(|entry| self.outcome(entry, record).letter()).collect(),
            margin: numbers(&column("margin")),
            score: numbers(&column("score")),
            surprise: numbers(&|part, row| {
                let number = |name| cell(part, row, name).and_then(Cell::number);
                let a_token = || Some(number("nll")? / number("n_tokens").filter(|tokens| *tokens > 0.0)?);
                let lead = number("margin").map(|margin| -margin);
                lead.or_else(a_token).or_else(|| number("mean_logprob").map(|mean| -mean))
            }),
        }
    }

    /// The begin of what was asked, on one line.
    fn head(&self, entry: &Entry<'a>) -> String {
        let text = entry.rows.iter().zip(&self.tasks[entry.task].of).find_map(|(row, part)| {
            let (row, part) = (row.as_ref()?, part.as_ref()?);
            // Whole sentences that are held against each other have an empty prompt.
            let texts = ["prompt", "target", "gold", "output"]
                .into_iter()
                .filter_map(|name| cell(part, row, name)?.text());
            texts.into_iter().find(|text| !text.trim().is_empty())
        });
        let text = text.unwrap_or_default().trim_start();
        let head = text.chars().map(|c| if c == '\n' || c == '\t' { ' ' } else { c });
        let mut head: String = head.take(HEAD).collect();
        if head.len() < text.len() {
            head.push('…');
        }
        head
    }
}

impl<'a> TaskIndex<'a> {
    fn new(task: &'a super::Task<'a>) -> Self {
        let parts = || task.of.iter().map(Option::as_ref);
        Self {
            name: task.name,
            kind: parts().flatten().next().map_or("", |part| part.task.kind),
            columns: parts().map(|part| Some(part?.task.table.columns.as_slice())).collect(),
            details: parts()
                .map(|part| {
                    let details = part.map_or(&[][..], |part| &part.details);
                    details.iter().map(|d| (d.table.name, d.table.columns.as_slice())).collect()
                })
                .collect(),
        }
    }
}

impl Outcome {
    fn letter(self) -> char {
        match self {
            Self::Right => '1',
            Self::Wrong => '0',
            Self::Partly => 'h',
            Self::Unjudged => '-',
            Self::Failed => 'e',
            Self::Absent => '.',
        }
    }
}
