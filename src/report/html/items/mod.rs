//! The items of one or several records as the browser of the page reads them: an index that is read at once, and the
//! items themselves in chunks that are read when one is opened or searched.
//!
//! Each part is JSON, packed by gzip and written as base64 into a block that no browser runs: whatever a model wrote, it
//! cannot end the block early.

mod index;
mod line;
mod pack;
mod selection;

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::record::{Cell, ItemKey, Record, Row, TaskRecord};

/// Items in a chunk; known to the page's program by the index.
const CHUNK: usize = 1000;

/// Everything that the browser needs.
#[derive(Clone, Debug)]
pub(super) struct Blocks {
    /// What to filter and to sort by.
    pub(super) index: String,
    /// The items, [`CHUNK`] in each.
    pub(super) chunks: Vec<String>,
    /// How many items are in the page, and of how many.
    pub(super) shown: usize,
    pub(super) total: usize,
}

/// The items of some records, put side by side.
pub(super) struct Items<'a> {
    /// The records' models, as they are called on the page.
    models: Vec<String>,
    tasks: Vec<Task<'a>>,
    entries: Vec<Entry<'a>>,
}

/// A task, as every record has it that has it at all.
struct Task<'a> {
    name: &'a str,
    of: Vec<Option<Part<'a>>>,
}

/// A task of one record.
struct Part<'a> {
    task: &'a TaskRecord,
    correct: Option<usize>,
    details: Vec<Detail<'a>>,
}

/// A table with several rows for an item, such as its tokens.
struct Detail<'a> {
    table: &'a crate::record::Table,
    rows: BTreeMap<Name<'a>, Vec<usize>>,
}

/// What an item is called within its task.
type Name<'a> = (Option<&'a str>, &'a str, u32);

/// An item, and its row in every record.
struct Entry<'a> {
    task: usize,
    key: &'a ItemKey,
    rows: Vec<Option<&'a Row>>,
}

/// What came of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Right,
    Wrong,
    /// Half right, as in a tie.
    Partly,
    /// There is no right and wrong to it.
    Unjudged,
    /// It has no answer.
    Failed,
    /// The record does not have the item.
    Absent,
}

impl<'a> Items<'a> {
    /// Items of the same name and the same content are one item.
    pub(super) fn new(models: Vec<String>, records: &'a [&'a Record]) -> Self {
        let mut items = Self { models, tasks: Vec::new(), entries: Vec::new() };
        let mut names: Vec<&'a str> = Vec::new();
        for task in records.iter().flat_map(|record| &record.tasks) {
            if !names.contains(&task.name.as_str()) {
                names.push(&task.name);
            }
        }
        for name in names {
            let of = |record: &&'a Record| record.tasks.iter().find(|task| task.name == name).map(Part::new);
            let task = Task { name, of: records.iter().map(of).collect() };
            let mut entries = task.entries(items.tasks.len());
            items.entries.append(&mut entries);
            items.tasks.push(task);
        }
        items
    }

    /// All of them as far as `limit` bytes hold them, else those that matter most and a sample of the rest.
    pub(super) fn blocks(&self, limit: u64) -> Blocks {
        let mut chosen: Vec<usize> = (0..self.entries.len()).collect();
        loop {
            let blocks = self.pack(&chosen);
            let size = (blocks.index.len() + blocks.chunks.iter().map(String::len).sum::<usize>()) as u64;
            if size <= limit || chosen.is_empty() {
                return blocks;
            }
            // A little less than what would just fit, as items differ in size.
            let room = (chosen.len() as f64 * (limit as f64 / size as f64) * 0.97) as usize;
            chosen = self.most_telling(room.min(chosen.len() - 1));
        }
    }

    fn pack(&self, chosen: &[usize]) -> Blocks {
        let (index, chunks) = rayon::join(
            || pack::json(&self.index(chosen)),
            || chosen.par_chunks(CHUNK).map(|part| pack::text(&self.lines(part))).collect(),
        );
        Blocks { index, chunks, shown: chosen.len(), total: self.entries.len() }
    }

    fn outcome(&self, entry: &Entry<'a>, record: usize) -> Outcome {
        let (Some(part), Some(row)) = (&self.tasks[entry.task].of[record], entry.rows[record]) else {
            return Outcome::Absent;
        };
        let Ok(cells) = &row.cells else { return Outcome::Failed };
        match part.correct.and_then(|place| cells.get(place)?.number()) {
            Some(1.0) => Outcome::Right,
            Some(0.0) => Outcome::Wrong,
            Some(_) => Outcome::Partly,
            None => Outcome::Unjudged,
        }
    }
}

impl<'a> Task<'a> {
    /// In the order of the first record; what only later ones have follows.
    fn entries(&self, place: usize) -> Vec<Entry<'a>> {
        let rows_of = |part: &Option<Part<'a>>| part.as_ref().map_or(&[][..], |part| &part.task.table.rows);
        if let [only] = self.of.as_slice() {
            let entry = |row: &'a Row| Entry { task: place, key: &row.key, rows: vec![Some(row)] };
            return rows_of(only).iter().map(entry).collect();
        }
        let mut entries: Vec<Entry<'a>> = Vec::new();
        let mut known = BTreeMap::new();
        for (record, part) in self.of.iter().enumerate() {
            for row in rows_of(part) {
                let key: &'a ItemKey = &row.key;
                let at = *known.entry((name(key), key.content.bytes())).or_insert_with(|| {
                    entries.push(Entry { task: place, key, rows: vec![None; self.of.len()] });
                    entries.len() - 1
                });
                entries[at].rows[record].get_or_insert(row);
            }
        }
        entries
    }
}

impl<'a> Part<'a> {
    fn new(task: &'a TaskRecord) -> Self {
        // Other tables speak of parts of the task, not of items.
        let of_items = task.details.iter().filter(|table| table.column("token").is_some());
        Self { task, correct: task.table.column("correct"), details: of_items.map(Detail::new).collect() }
    }
}

impl<'a> Detail<'a> {
    fn new(table: &'a crate::record::Table) -> Self {
        let mut rows: BTreeMap<Name<'a>, Vec<usize>> = BTreeMap::new();
        for (place, row) in table.rows.iter().enumerate() {
            rows.entry(name(&row.key)).or_default().push(place);
        }
        Self { table, rows }
    }
}

fn name(key: &ItemKey) -> Name<'_> {
    (key.group.as_deref(), &key.item, key.repeat)
}

/// The cell of a row under a name.
fn cell<'r>(part: &Part<'_>, row: &'r Row, column: &str) -> Option<&'r Cell> {
    row.cells.as_ref().ok()?.get(part.task.table.column(column)?)
}
