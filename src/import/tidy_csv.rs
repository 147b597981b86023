//! A tidy table: a heading, then one row an item. `model`, `item` and `score` or `correct` are needed; `run`, `task`,
//! `group`, `repeat`, `cluster` and `error` are understood; all other columns are kept as they are. Columns come in any order.

use std::{collections::BTreeMap, path::Path};

use super::{
    Opened, Options, Reading, Unreadable,
    tidy_rows::{Answer, Rows},
};
use crate::{
    import::csv_cells::{self, is_missing},
    plan::{Failure, FailureKind},
    record::{Cell, Column, intern},
    spec::{Finding, Findings, Place, nearest},
    value::Digest,
};

/// What the columns mean that are understood.
const KNOWN: [&str; 12] = [
    "model", "run", "task", "group", "item", "repeat", "cluster", "score", "correct", "error", "prompt",
    "gold",
];
/// Names that the files of a run have for other things.
const TAKEN: [&str; 6] = ["key", "kind", "content_sha256", "run_id", "truncated", "n"];
/// More columns are mostly a table that was turned on its side.
const MOST_COLUMNS: usize = 1000;
const HEADING: &str = "a table begins with a line of names: model,item,score and, where they apply, run,task,group,repeat,cluster,correct";

/// Reads one table.
pub(super) fn read(path: &Path, options: &Options, reading: &mut Reading) -> Result<(), Unreadable> {
    let opened = super::open(path, &mut reading.sources)?;
    reading.findings.scope(path.display().to_string());
    let tabs = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("tsv"));
    let mut table = Table {
        opened: &opened,
        delimiter: if tabs { b'\t' } else { b',' },
        options,
        findings: &mut reading.findings,
        seen: BTreeMap::new(),
    };
    if let Some(rows) = table.rows() {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        reading.results.extend(rows.records(&stem, &opened.file, options));
    }
    Ok(())
}

/// The places of the columns.
struct Heading {
    places: BTreeMap<&'static str, usize>,
    /// Columns that are kept, under the names that they have in the record.
    kept: Vec<(usize, Column)>,
    width: usize,
}

impl Heading {
    fn cell<'r>(&self, name: &str, record: &'r csv::StringRecord) -> Option<&'r str> {
        record.get(*self.places.get(name)?)
    }

    /// Whether there is a column of right or wrong, and one of scores.
    fn numbers(&self) -> (bool, bool) {
        (self.places.contains_key("correct"), self.places.contains_key("score"))
    }

    /// A cell that may be empty.
    fn some<'r>(&self, name: &str, record: &'r csv::StringRecord) -> Option<&'r str> {
        self.cell(name, record).filter(|cell| !cell.is_empty())
    }
}

/// One table as it is read.
struct Table<'a> {
    opened: &'a Opened,
    delimiter: u8,
    options: &'a Options,
    findings: &'a mut Findings,
    /// The line that each answer was first seen on.
    seen: BTreeMap<Digest, Place>,
}

impl Table<'_> {
    fn rows(&mut self) -> Option<Rows> {
        let bytes = &self.opened.bytes;
        let mut table =
            csv::ReaderBuilder::new().delimiter(self.delimiter).flexible(true).from_reader(bytes.as_slice());
        let heading = match table.headers() {
            Ok(heading) => heading.clone(),
            Err(error) => {
                self.unreadable(&error, 0);
                return None;
            }
        };
        let heading = self.heading(&heading)?;
        let mut rows = Rows::new(heading.kept.iter().map(|(_, name)| *name).collect(), heading.numbers());
        let mut record = csv::StringRecord::new();
        loop {
            let begin = table.position().byte();
            match table.read_record(&mut record) {
                Ok(false) => break,
                Ok(true) => {}
                Err(error) => {
                    self.unreadable(&error, begin);
                    continue;
                }
            }
            let start = record.position().map_or((0, 0), |position| (position.line(), position.byte()));
            let at = self.place(start.0, start.1, table.position().byte());
            if record.len() == heading.width {
                self.row(&heading, &record, at, &mut rows);
            } else {
                let cells =
                    if record.len() == 1 { "1 cell".into() } else { format!("{} cells", record.len()) };
                self.tell(
                    Finding::error("row", at, format!("{cells}, where the heading has {}", heading.width))
                        .help("a cell with a comma or a quote in it is put in quotes: \"one, two\""),
                );
            }
        }
        if rows.is_empty() && !self.findings.failed() {
            let at = Place::start_of(self.opened.source);
            self.tell(Finding::error("rows", at, "the table has a heading and no rows").help(HEADING));
        }
        Some(rows)
    }

    fn heading(&mut self, names: &csv::StringRecord) -> Option<Heading> {
        let at = self.place(1, 0, self.line_end(0));
        let mut heading = Heading { places: BTreeMap::new(), kept: Vec::new(), width: names.len() };
        let mut sound = true;
        let mut wrong = |table: &mut Self, finding: Finding| {
            sound = false;
            table.tell(finding);
        };
        if names.len() > MOST_COLUMNS {
            let message = format!("{} columns, where {MOST_COLUMNS} are read", names.len());
            wrong(
                self,
                Finding::error("columns", at, message).help("one row an item, not one column an item"),
            );
            return None;
        }
        let mut all: Vec<&str> = Vec::new();
        for (place, name) in names.iter().map(str::trim).enumerate() {
            if name.is_empty() {
                let message = format!("column {} has no name", place + 1);
                wrong(
                    self,
                    Finding::error("columns", at, message).help("give it one, or take the column out"),
                );
            } else if all.contains(&name) {
                let message = format!("two columns are called `{name}`");
                wrong(self, Finding::error("columns", at, message).help("one of them needs another name"));
            } else if let Some(known) = KNOWN.iter().find(|known| **known == name) {
                heading.places.insert(known, place);
                if matches!(*known, "prompt" | "gold") {
                    heading.kept.push((place, known));
                }
            } else if TAKEN.contains(&name) {
                let kept = format!("{name}_given");
                let message =
                    format!("the column `{name}` is kept as `{kept}`: files of runs have that name");
                self.findings.add(Finding::warning("renamed", at, message));
                heading.kept.push((place, intern(&kept)));
            } else {
                heading.kept.push((place, intern(name)));
            }
            all.push(name);
        }
        let given = |name: &str| all.contains(&name);
        let mut missing = Vec::new();
        if !given("model") && self.options.model.is_none() {
            missing.push("model");
        }
        if !given("item") {
            missing.push("item");
        }
        if !given("score") && !given("correct") {
            missing.push("score");
        }
        for name in missing {
            let mut help = HEADING.to_owned();
            let other = all.iter().copied().filter(|other| !KNOWN.contains(other)).collect::<Vec<_>>();
            let lower = other.iter().map(|other| other.to_ascii_lowercase()).collect::<Vec<_>>();
            let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
            if let Some(place) =
                nearest(name, &lower).and_then(|word| lower.iter().position(|other| *other == word))
            {
                help = format!("is `{}` what is meant? Rename it to `{name}`. {help}", other[place]);
            } else if all.len() == 1 && all[0].contains([';', '\t']) {
                help = format!("cells lie between commas, in a .tsv file between tabs. {help}");
            } else if name == "model" {
                help = format!("`--model NAME` says it where no column does. {help}");
            }
            let message = format!("the table has no column `{name}`");
            wrong(self, Finding::error("columns", at, message).help(help));
        }
        sound.then_some(heading)
    }

    fn row(&mut self, heading: &Heading, record: &csv::StringRecord, at: Place, rows: &mut Rows) {
        let before = self.findings.len();
        let mut sound = true;
        let mut wrong = |table: &mut Self, name: &str, allowed: &str| {
            sound = false;
            let given = heading.cell(name, record).unwrap_or_default();
            let at = table.cell_place(at, heading.places.get(name).copied().unwrap_or_default());
            let given =
                if given.is_empty() { "the cell is empty".into() } else { format!("`{given}` is given") };
            let message = format!("column `{name}`: {allowed}; {given}");
            table.tell(Finding::error("cell", at, message));
        };
        let model =
            heading.cell("model", record).or(self.options.model.as_deref()).unwrap_or_default().to_owned();
        for (name, empty, allowed) in [
            ("model", model.trim().is_empty(), "a model has a name"),
            ("item", heading.some("item", record).is_none(), "an item has an id, such as its number"),
            (
                "task",
                heading.cell("task", record).is_some_and(|task| task.trim().is_empty()),
                "where there is a column of tasks, every row names one",
            ),
        ] {
            if empty {
                wrong(self, name, allowed);
            }
        }
        let repeat = match heading.some("repeat", record).map(csv_cells::repeat) {
            None => 0,
            Some(Some(repeat)) => repeat,
            Some(None) => {
                wrong(self, "repeat", "a whole number from 0");
                0
            }
        };
        let number =
            |read: fn(&str) -> Result<Result<f64, Failure>, ()>, name| heading.cell(name, record).map(read);
        let correct = match number(csv_cells::correct, "correct") {
            Some(Err(())) => {
                wrong(self, "correct", "1 or 0, true or false, or a share between for a tie");
                None
            }
            Some(Ok(read)) => Some(read),
            None => None,
        };
        let score = match number(csv_cells::score, "score") {
            Some(Err(())) => {
                wrong(self, "score", "a number such as 0.5, 1 or -3.2e-4, or nothing where there is none");
                None
            }
            Some(Ok(read)) => Some(read),
            None => None,
        };
        if !sound {
            debug_assert!(self.findings.len() >= before, "a fault is told");
            return;
        }
        let item = heading.cell("item", record).unwrap_or_default();
        let content = (item, heading.cell("prompt", record), heading.cell("gold", record));
        let reason = heading.some("error", record).filter(|error| !is_missing(error));
        let explained = |read: Result<f64, Failure>| match (read, reason) {
            (Err(_), Some(reason)) => Err(Failure::new(FailureKind::NoScore, reason)),
            (read, _) => read,
        };
        let answer = Answer {
            run: heading.some("run", record).map(str::to_owned),
            task: heading.some("task", record).map(|task| task.trim().to_owned()),
            key: crate::record::ItemKey {
                item: item.to_owned(),
                repeat,
                group: heading.some("group", record).map(str::to_owned),
                cluster: heading.some("cluster", record).map(str::to_owned),
                content: Digest::of_json(&content),
            },
            correct: correct.map(explained),
            score: score.map(explained),
            kept: heading
                .kept
                .iter()
                .map(|(place, _)| {
                    record.get(*place).filter(|cell| !cell.is_empty()).map_or(Cell::Missing, Cell::from)
                })
                .collect(),
            model,
        };
        if self.is_new(&answer, at) {
            rows.push(answer);
        }
    }

    /// Whether it is the first of its key; a second one is told.
    fn is_new(&mut self, answer: &Answer, at: Place) -> bool {
        let Answer { model, run, task, key, .. } = answer;
        let digest = Digest::of_json(&(model, run, task, &key.group, &key.item, key.repeat));
        match self.seen.entry(digest) {
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert(at);
                true
            }
            std::collections::btree_map::Entry::Occupied(first) => {
                let first = *first.get();
                let message = format!(
                    "the item `{}` of `{model}` stands on lines {} and {}: the same model, run, task, group, item and repeat",
                    key.item, first.line, at.line
                );
                self.tell(
                    Finding::error("duplicate", at, message)
                        .also(first, "first here")
                        .help("number answers to the same item in a column `repeat`, from 0; or take one of the lines out"),
                );
                false
            }
        }
    }

    fn tell(&mut self, finding: Finding) {
        self.findings.add(finding);
    }

    fn unreadable(&mut self, error: &csv::Error, begin: u64) {
        let line = error.position().map_or((1, begin), |position| (position.line(), position.byte()));
        let at = self.place(line.0, line.1, line.1);
        let finding = match error.kind() {
            csv::ErrorKind::Utf8 { .. } => {
                Finding::error("encoding", at, format!("line {} is not UTF-8", line.0))
                    .help("save the file as UTF-8; spreadsheets call it \"CSV UTF-8\"")
            }
            other => Finding::error("row", at, format!("line {} cannot be read: {other:?}", line.0)),
        };
        self.tell(finding);
    }

    /// The end of the line that begins at a byte.
    fn line_end(&self, start: usize) -> u64 {
        let rest = self.opened.bytes.get(start..).unwrap_or_default();
        (start + rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len())) as u64
    }

    /// A row: without the end of its last line.
    fn place(&self, line: u64, start: u64, end: u64) -> Place {
        let bytes = self.opened.bytes.get(start as usize..end as usize).unwrap_or_default();
        let body = bytes.trim_ascii_end();
        Place {
            source: self.opened.source,
            line: u32::try_from(line).unwrap_or(u32::MAX),
            start,
            len: u32::try_from(body.len()).unwrap_or(u32::MAX),
        }
    }

    /// A cell of a row, where nothing in the row is quoted; else the row.
    fn cell_place(&self, row: Place, place: usize) -> Place {
        let bytes = self.opened.bytes.get(row.range()).unwrap_or_default();
        if bytes.contains(&b'"') {
            return row;
        }
        let mut start = 0;
        for (at, cell) in bytes.split(|byte| *byte == self.delimiter).enumerate() {
            if at == place {
                let len = u32::try_from(cell.len()).unwrap_or(u32::MAX);
                return Place { start: row.start + start, len, ..row };
            }
            start += cell.len() as u64 + 1;
        }
        row
    }
}
