//! From tasks to requests, and from answers to numbers. Both ways are pure: the same specs give the same plan, the same
//! answers the same record, so that a run can be taken up, rebuilt and split.

use std::sync::Arc;

use super::Task;
use crate::{
    metric::{self, Intervals, Metric},
    plan::{Answers, Ask, FailureKind, Request, Truncation},
    record::{DROPPED, ItemKey, Table, Taken, TaskRecord},
    spec::{
        Confidence, Counted, IntervalMethod, Item, Kinds as _, LongPrompts, Reported, Settings, TaskSpec,
    },
    stats::bootstrap,
    value::{Digest, Level, Seed},
};

/// What the answers of a task mean.
pub(super) type Judge = Box<dyn FnOnce(&Answers) -> Verdict>;

/// What the questions of a task may depend on besides what the spec says of its kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct About<'a> {
    /// `benchmark/task`, which keys what is drawn at random.
    pub(super) name: &'a str,
    /// Where random draws begin.
    pub(super) seed: Seed,
    /// How often intervals hold the truth.
    pub(super) level: Level,
}

impl<'a> About<'a> {
    /// Of a task.
    pub(super) fn of(task: &'a TaskSpec<Task>) -> Self {
        Self { name: &task.name, seed: task.settings.seed, level: task.settings.confidence.level }
    }
}

/// A suite as one model is asked it.
pub struct Plan {
    /// In the order of the suite.
    pub tasks: Vec<Planned>,
    /// Each different request once.
    pub requests: Vec<Request>,
}

/// A task whose questions are asked.
pub struct Planned {
    /// `benchmark/task`.
    pub name: String,
    /// Its kind.
    pub kind: &'static str,
    /// How many items it has, and of how many.
    pub items: Counted,
    /// Its requests' places in the plan, each once; a place may serve several tasks.
    pub requests: Vec<usize>,
    settings: metric::Settings,
    long_prompts: LongPrompts,
    judge: Judge,
}

/// Rows, and the numbers that are to be made of them.
#[derive(Debug)]
pub struct Verdict {
    /// One row per item and repeat.
    pub table: Table,
    /// Further tables, such as tokens.
    pub details: Vec<Table>,
    /// Headline first.
    pub metrics: Vec<Metric>,
    /// What a reader must know to read the numbers right.
    pub notes: Vec<String>,
}

/// Asks every task's questions. Tasks whose items cannot be read yet are named instead.
pub fn plan(tasks: &[&TaskSpec<Task>]) -> Result<Plan, Vec<String>> {
    let mut ask = Ask::default();
    let (mut planned, mut unready) = (Vec::new(), Vec::new());
    for task in tasks {
        let items = task.kind.kind().items();
        if items.unread > 0 {
            unready.push(task.name.clone());
            continue;
        }
        let about = About::of(task);
        let long_prompts = task.settings.long_prompts;
        ask.truncate(truncation(long_prompts));
        let judge = task.kind.ask(&mut ask, about);
        planned.push(Planned {
            name: task.name.clone(),
            kind: task.kind.name(),
            items,
            requests: ask.take_asked(),
            settings: settings(&task.name, &task.settings),
            long_prompts,
            judge,
        });
    }
    if unready.is_empty() { Ok(Plan { tasks: planned, requests: ask.into_requests() }) } else { Err(unready) }
}

impl Planned {
    /// The task's rows and numbers; `context` is the longest sequence that the model reads.
    pub fn judge(self, answers: &Answers, context: Option<usize>) -> TaskRecord {
        let Verdict { mut table, mut details, metrics, mut notes } = (self.judge)(answers);
        match self.long_prompts {
            LongPrompts::Error => table.remove(DROPPED),
            LongPrompts::Skip => {
                table.remove(DROPPED);
                skip(&mut table);
            }
            LongPrompts::TruncateLeft | LongPrompts::TruncateMiddle => {}
        }
        let measures = metric::evaluate(&metrics, &table, &self.settings);
        details.extend(metric::reliability(&metrics, &table, &self.settings));
        notes.extend(metric::cautions(&metrics, &measures, &table, &self.settings));
        let Counted { taken, available, .. } = self.items;
        let case = metric::Case {
            table: &table,
            metrics: &metrics,
            measures: &measures,
            taken,
            available,
            long_prompts: self.long_prompts,
            context,
        };
        let remarks = metric::remarks(&case);
        let notes = metric::best(&measures).into_iter().chain(notes).collect();
        TaskRecord {
            name: self.name,
            kind: self.kind,
            table,
            details,
            measures,
            notes,
            remarks,
            metrics,
            settings: self.settings,
            items: Taken { taken, available },
        }
    }
}

/// How prompts are cut, where they are.
fn truncation(long_prompts: LongPrompts) -> Option<Truncation> {
    match long_prompts {
        LongPrompts::Error | LongPrompts::Skip => None,
        LongPrompts::TruncateLeft => Some(Truncation::Left),
        LongPrompts::TruncateMiddle => Some(Truncation::Middle),
    }
}

/// Rows without an answer because something is too long are left out, which is no error.
fn skip(table: &mut Table) {
    let failures = table.rows.iter_mut().filter_map(|row| row.cells.as_mut().err());
    for failure in failures.filter(|failure| failure.kind == FailureKind::TooLong) {
        failure.kind = FailureKind::Skipped;
    }
}

fn settings(task: &str, said: &Settings) -> metric::Settings {
    let Confidence { level, method, resamples } = said.confidence;
    let resampled = |kind| Intervals::Bootstrap { resamples: resamples.get(), kind };
    let intervals = match method {
        IntervalMethod::Auto | IntervalMethod::Wilson => Intervals::Auto,
        IntervalMethod::Exact => Intervals::ClopperPearson,
        IntervalMethod::T => Intervals::T,
        IntervalMethod::Bootstrap => resampled(bootstrap::Kind::Percentile),
        IntervalMethod::Bca => resampled(bootstrap::Kind::Bca),
    };
    metric::Settings { task: task.to_owned(), level, intervals, seed: said.seed, margin: said.margin }
}

/// What the metrics of a task are called, for expectations.
pub(super) fn reported(metrics: &[Metric]) -> Vec<Reported> {
    let named =
        |metric: &Metric| Reported { part: metric.part().map(str::to_owned), metric: metric.name.clone() };
    metrics.iter().map(named).collect()
}

/// What a row of an item speaks of.
pub(super) fn item_key<C>(item: &Item<C>, group: Option<&str>, repeat: u32, content: Digest) -> Arc<ItemKey> {
    Arc::new(ItemKey {
        item: item.id.clone(),
        repeat,
        group: group.map(str::to_owned),
        cluster: item.cluster.as_ref().map(ToString::to_string),
        content,
    })
}
