//! A run folder read back: its rows, and how its numbers are made of them, without the spec that they came from.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{
    Deserialize, Serialize,
    de::{Deserializer as _, Error as _, IgnoredAny, MapAccess, Visitor},
};

use super::{
    Cell, Column, Expectation, ItemKey, Metric, Remark, Row, Run, Settings, Table, Taken, TaskRecord,
    folder::{RUN, StoreError},
    inside, intern,
};
use crate::{plan::Failure, value::Digest};

/// One line an item and repeat, with every text and every digit.
pub const ITEMS: &str = "items.jsonl";
/// One line an item's rows of a further table, likewise.
pub const DETAILS: &str = "details.jsonl";

/// What `run.json` holds.
#[derive(Clone, Debug, Deserialize)]
pub struct Saved {
    /// Where the numbers come from.
    #[serde(flatten)]
    pub run: Run,
    /// How each task's numbers are made.
    pub tasks: Option<Vec<Definition>>,
    /// What the suite expected, and what came.
    pub expectations: Vec<Expectation>,
    /// What to be careful about, by task.
    pub remarks: Vec<Careful>,
}

/// Something to be careful about in a task.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Careful {
    /// `benchmark/task`.
    pub task: String,
    /// What it is.
    #[serde(flatten)]
    pub remark: Remark,
}

/// How a task's numbers are made of its rows.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Definition {
    /// `benchmark/task`.
    pub task: String,
    /// Its kind.
    pub kind: String,
    /// How many items were asked.
    #[serde(flatten)]
    pub items: Taken,
    /// What holds for all of its numbers.
    pub settings: Settings,
    /// The columns of its rows in `items.jsonl`.
    pub columns: Vec<String>,
    /// Its further tables, whose rows are in `details.jsonl`.
    pub details: Vec<Detail>,
    /// How its numbers are made.
    pub metrics: Vec<Metric>,
    /// What a reader must know to read the numbers right.
    pub notes: Vec<String>,
}

/// A further table of a task.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Detail {
    /// Such as `next_tokens`; also the name of the file that it is written to.
    #[serde(deserialize_with = "inside::name")]
    pub name: String,
    /// Its columns.
    pub columns: Vec<String>,
}

/// A line of `details.jsonl`: the rows of an item in a further table.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DetailLine {
    /// The table.
    pub table: String,
    /// `benchmark/task`.
    pub task: String,
    /// The item's id.
    pub item: String,
    /// The part of the task that it belongs to.
    pub group: Option<String>,
    /// The number of the repeat.
    pub repeat: u32,
    /// The cells of each row, in the order of the table's columns.
    pub rows: Vec<Vec<Cell>>,
}

impl Definition {
    /// Of a task that was judged.
    pub fn of(task: &TaskRecord) -> Self {
        let names = |table: &Table| table.columns.iter().map(ToString::to_string).collect();
        Self {
            task: task.name.clone(),
            kind: task.kind.to_owned(),
            items: task.items,
            settings: task.settings.clone(),
            columns: names(&task.table),
            details: task
                .details
                .iter()
                .map(|table| Detail { name: table.name.to_owned(), columns: names(table) })
                .collect(),
            metrics: task.metrics.clone(),
            notes: task.notes.clone(),
        }
    }
}

/// Reads what a run's folder says of it.
pub fn read(folder: &Path) -> Result<Saved, StoreError> {
    let path = folder.join(RUN);
    let text = inside::bytes(&path).map_err(StoreError::io("read", &path))?;
    let saved: Result<Saved, String> = serde_json::from_slice(&text).map_err(|error| error.to_string());
    let checked = saved.and_then(|saved| saved.check().map(|()| saved));
    checked.map_err(|reason| StoreError::Damaged { path, reason })
}

impl Saved {
    /// Names that rows are told apart by stand for one thing each.
    fn check(&self) -> Result<(), String> {
        let tasks = self.tasks.as_deref().unwrap_or_default();
        if let Some(twice) = repeated(tasks.iter().map(|task| task.task.as_str())) {
            return Err(format!("two tasks are called `{twice}`"));
        }
        for task in tasks {
            let columns = task.details.iter().map(|detail| (detail.name.as_str(), &detail.columns));
            for (table, columns) in columns.chain([("items", &task.columns)]) {
                if let Some(twice) = repeated(columns.iter().map(String::as_str)) {
                    return Err(format!("`{}` has two columns `{twice}` in its table `{table}`", task.task));
                }
            }
            if let Some(twice) = repeated(task.details.iter().map(|detail| detail.name.as_str())) {
                return Err(format!("`{}` has two tables `{twice}`", task.task));
            }
        }
        Ok(())
    }
}

/// The first name that was there before.
fn repeated<'a>(mut names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut seen = BTreeSet::new();
    names.find(|name| !seen.insert(*name))
}

/// Reads the rows of every task, in the order of the tasks.
pub fn tables(folder: &Path, tasks: &[Definition]) -> Result<Vec<Table>, StoreError> {
    let path = folder.join(ITEMS);
    let bytes = inside::bytes(&path).map_err(StoreError::io("read", &path))?;
    let shapes: BTreeMap<&str, Shape> =
        tasks.iter().enumerate().map(|(place, task)| (task.task.as_str(), Shape::of(place, task))).collect();
    let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    let read: Result<Vec<(usize, Row)>, _> = lines
        .par_iter()
        .enumerate()
        .map(|(number, line)| {
            serde_json::Deserializer::from_slice(line)
                .deserialize_map(Line { shapes: &shapes })
                .map_err(|error| damaged(&path, number, &error))
        })
        .collect();
    let mut tables: Vec<Table> = tasks.iter().map(|task| table("items", &task.columns)).collect();
    read?.into_iter().for_each(|(task, row)| tables[task].rows.push(row));
    Ok(tables)
}

/// Reads the further tables of every task, in the order of the tasks; none where the folder has no such file.
pub fn details(folder: &Path, tasks: &[Definition]) -> Result<Vec<Vec<Table>>, StoreError> {
    let mut tables: Vec<Vec<Table>> = tasks
        .iter()
        .map(|task| task.details.iter().map(|detail| table(&detail.name, &detail.columns)).collect())
        .collect();
    let path = folder.join(DETAILS);
    let bytes = match inside::bytes(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(tables),
        Err(error) => return Err(StoreError::io("read", &path)(error)),
    };
    let places: BTreeMap<(&str, &str), (usize, usize)> = tasks
        .iter()
        .enumerate()
        .flat_map(|(place, task)| {
            let named = move |(at, detail)| ((task.task.as_str(), Detail::name(detail)), (place, at));
            task.details.iter().enumerate().map(named)
        })
        .collect();
    let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    let read: Vec<Result<DetailLine, _>> =
        lines.par_iter().map(|line| serde_json::from_slice(line)).collect();
    for (number, line) in read.into_iter().enumerate() {
        let line = line.map_err(|error| damaged(&path, number, &error))?;
        let Some((task, at)) = places.get(&(line.task.as_str(), line.table.as_str())) else { continue };
        let table = &mut tables[*task][*at];
        let DetailLine { item, group, repeat, rows, .. } = line;
        let key = Arc::new(ItemKey { item, repeat, group, cluster: None, content: Digest::of("") });
        for cells in rows {
            if cells.len() != table.columns.len() {
                return Err(damaged(&path, number, &"a row has not as many cells as its table has columns"));
            }
            table.rows.push(Row { key: Arc::clone(&key), cells: Ok(cells) });
        }
    }
    Ok(tables)
}

impl Detail {
    fn name(&self) -> &str {
        &self.name
    }
}

fn table(name: &str, columns: &[String]) -> Table {
    Table::new(intern(name), columns.iter().map(|name| intern(name)).collect())
}

fn damaged(path: &Path, number: usize, reason: &dyn std::fmt::Display) -> StoreError {
    StoreError::Damaged { path: PathBuf::from(path), reason: format!("line {}: {reason}", number + 1) }
}

/// Where the cells of a task's lines belong.
struct Shape {
    task: usize,
    columns: BTreeMap<Column, usize>,
}

impl Shape {
    fn of(task: usize, definition: &Definition) -> Self {
        let columns = definition.columns.iter().enumerate().map(|(place, name)| (intern(name), place));
        Self { task, columns: columns.collect() }
    }
}

/// Reads one line of `items.jsonl`: the place of its task, and its row.
struct Line<'a> {
    shapes: &'a BTreeMap<&'a str, Shape>,
}

impl<'de> Visitor<'de> for Line<'_> {
    type Value = (usize, Row);

    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("an item with its task, its id and its values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut shape: Option<&Shape> = None;
        let (mut item, mut content, mut failure) = (None, None, None::<Failure>);
        let (mut repeat, mut group, mut cluster) = (0, None, None);
        let mut cells = Vec::new();
        while let Some(name) = map.next_key::<std::borrow::Cow<'_, str>>()? {
            match &*name {
                "task" => {
                    let task: String = map.next_value()?;
                    let known = self.shapes.get(task.as_str());
                    let known =
                        known.ok_or_else(|| A::Error::custom(format!("run.json knows no task `{task}`")))?;
                    cells = vec![Cell::Missing; known.columns.len()];
                    shape = Some(known);
                }
                "item" => item = Some(map.next_value()?),
                "repeat" => repeat = map.next_value()?,
                "group" => group = map.next_value()?,
                "cluster" => cluster = map.next_value()?,
                "content_sha256" => content = Some(map.next_value()?),
                "error" => failure = map.next_value()?,
                name => match shape.and_then(|shape| shape.columns.get(name)) {
                    Some(place) => cells[*place] = map.next_value()?,
                    None => drop(map.next_value::<IgnoredAny>()?),
                },
            }
        }
        let shape = shape.ok_or_else(|| A::Error::missing_field("task"))?;
        let item = item.ok_or_else(|| A::Error::missing_field("item"))?;
        let content = content.ok_or_else(|| A::Error::missing_field("content_sha256"))?;
        let key = Arc::new(ItemKey { item, repeat, group, cluster, content });
        Ok((shape.task, Row { key, cells: failure.map_or(Ok(cells), Err) }))
    }
}
