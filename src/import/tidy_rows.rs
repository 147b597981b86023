//! Rows of a table, sorted into models, runs and tasks, and what is measured of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{Foreign, Options};
use crate::{
    metric::{Formula, Metric},
    plan::Failure,
    record::{Better, Cell, Column, Imported, ItemKey, Row, SourceFile, Table, Taken, Unit},
};

/// The task of a table that names none.
const TASK: &str = "items";

/// One row of the table.
pub(super) struct Answer {
    pub(super) model: String,
    pub(super) run: Option<String>,
    pub(super) task: Option<String>,
    pub(super) key: ItemKey,
    pub(super) correct: Option<Result<f64, Failure>>,
    pub(super) score: Option<Result<f64, Failure>>,
    /// Columns that are kept as they are.
    pub(super) kept: Vec<Cell>,
}

/// All rows of a table.
pub(super) struct Rows {
    kept: Vec<Column>,
    has_correct: bool,
    has_score: bool,
    /// Models and their runs, as they first appear.
    runs: Vec<Of>,
    places: BTreeMap<(String, Option<String>), usize>,
}

/// The rows of a model's run, by task, as tasks first appear.
struct Of {
    model: String,
    run: Option<String>,
    tasks: Vec<(String, Vec<Answer>)>,
    places: BTreeMap<String, usize>,
}

/// What the score of a task is.
#[derive(Clone, Copy, PartialEq)]
enum Score {
    /// Right or wrong in every row of every model.
    Share,
    /// Any number.
    Number,
}

impl Rows {
    pub(super) fn new(kept: Vec<Column>, (has_correct, has_score): (bool, bool)) -> Self {
        Self { kept, has_correct, has_score, runs: Vec::new(), places: BTreeMap::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    pub(super) fn push(&mut self, answer: Answer) {
        let runs = &mut self.runs;
        let place = *self.places.entry((answer.model.clone(), answer.run.clone())).or_insert_with(|| {
            runs.push(Of {
                model: answer.model.clone(),
                run: answer.run.clone(),
                tasks: Vec::new(),
                places: BTreeMap::new(),
            });
            runs.len() - 1
        });
        let of = &mut runs[place];
        let name = answer.task.clone().unwrap_or_else(|| TASK.to_owned());
        let tasks = &mut of.tasks;
        let place = *of.places.entry(name.clone()).or_insert_with(|| {
            tasks.push((name, Vec::new()));
            tasks.len() - 1
        });
        tasks[place].1.push(answer);
    }

    /// One record a model and run.
    pub(super) fn records(self, stem: &str, file: &SourceFile, options: &Options) -> Vec<Foreign> {
        let shares = self.shares();
        let Self { kept, has_correct, has_score, runs, .. } = self;
        let several = runs.iter().any(|of| of.run.is_some());
        let record = |of: Of| {
            let tasks = of.tasks.into_iter().map(|(name, rows)| {
                let score =
                    has_score.then(|| if shares.contains(&name) { Score::Share } else { Score::Number });
                task(&name, rows, &kept, Shown { correct: has_correct, score }, options)
            });
            let name = options.name.clone().unwrap_or_else(|| stem.to_owned());
            Foreign {
                card: super::named(&of.model, "csv"),
                suite: match &of.run {
                    Some(run) if several => format!("{name}-{run}"),
                    _ => name,
                },
                tasks: tasks.collect(),
                imported: Imported {
                    tool: None,
                    version: None,
                    format: "csv".into(),
                    files: vec![file.clone()],
                    run: of.run,
                    asked: None,
                    left_out: Vec::new(),
                },
            }
        };
        runs.into_iter().map(record).collect()
    }

    /// The tasks whose scores are all 0 or 1, whoever answered: models are compared by one metric.
    fn shares(&self) -> BTreeSet<String> {
        let mut all = BTreeMap::<&String, bool>::new();
        for (name, rows) in self.runs.iter().flat_map(|of| &of.tasks) {
            let mut scores = rows.iter().filter_map(|row| row.score.as_ref()?.as_ref().ok());
            #[expect(clippy::float_cmp, reason = "0 and 1 are exact")]
            let shares = scores.all(|score| *score == 0.0 || *score == 1.0);
            *all.entry(name).or_insert(true) &= shares;
        }
        all.into_iter().filter(|(_, shares)| *shares).map(|(name, _)| name.clone()).collect()
    }
}

/// The columns of numbers of a task.
#[derive(Clone, Copy)]
struct Shown {
    correct: bool,
    score: Option<Score>,
}

fn task(
    name: &str,
    rows: Vec<Answer>,
    kept: &[Column],
    shown: Shown,
    options: &Options,
) -> crate::record::TaskRecord {
    // Scores of right and wrong are what other tables call `correct`, so that wrong items are found as everywhere.
    let is_correct = shown.score == Some(Score::Share) && !shown.correct && !options.lower_is_better;
    let score: Column = if is_correct { "correct" } else { "score" };
    let mut columns = Vec::new();
    columns.extend(shown.correct.then_some("correct"));
    columns.extend(shown.score.map(|_| score));
    columns.extend(kept);
    let groups = groups(&rows);
    let mut table = Table::new("items", columns);
    let mut items = BTreeSet::new();
    for row in rows {
        items.insert(row.key.item.clone());
        let numbers: Vec<Result<f64, Failure>> = [row.correct, row.score].into_iter().flatten().collect();
        let cells = match numbers.iter().find_map(|number| number.as_ref().err()) {
            // One number of two is enough to have been answered.
            Some(failure) if numbers.iter().all(Result::is_err) => Err(failure.clone()),
            _ => {
                let numbers =
                    numbers.into_iter().map(|number| number.ok().map_or(Cell::Missing, Cell::Number));
                Ok(numbers.chain(row.kept).collect())
            }
        };
        table.rows.push(Row { key: Arc::new(row.key), cells });
    }
    let mut metrics = Vec::new();
    if shown.correct {
        let accuracy = Metric::new("accuracy", Formula::Proportion("correct"), Unit::Proportion);
        metrics.extend(by_group(accuracy.better(Better::Higher), &groups));
    }
    if let Some(kind) = shown.score {
        let default = if is_correct { "accuracy" } else { "score" };
        let named = options.metric.clone().unwrap_or_else(|| default.to_owned());
        let metric = match kind {
            Score::Share => Metric::new(named, Formula::Proportion(score), Unit::Proportion),
            Score::Number => Metric::new(named, Formula::Mean(score), Unit::Score),
        };
        let better = if options.lower_is_better { Better::Lower } else { Better::Higher };
        metrics.extend(by_group(metric.better(better), &groups));
    }
    let items = Taken { taken: items.len(), available: items.len() };
    super::task(name, "scores", table, metrics, items, Vec::new())
}

/// The groups of a task, as they first appear.
fn groups(rows: &[Answer]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let groups = rows.iter().filter_map(|row| row.key.group.as_ref());
    groups.filter(|group| seen.insert(*group)).cloned().collect()
}

/// A metric over all rows, then over those of each group.
fn by_group(metric: Metric, groups: &[String]) -> Vec<Metric> {
    let of_groups = groups.iter().map(|group| metric.clone().of_group(group.clone()).headline());
    std::iter::once(metric.clone().headline()).chain(of_groups).collect()
}
