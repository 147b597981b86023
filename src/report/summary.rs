//! What a run came to, once, for the terminal and for Markdown: numbers with their intervals, what to know about them,
//! what was expected, and what is missing.

mod unanswered;

use super::{
    cost,
    digits::Digits,
    interval::Strip,
    name,
    next_token::NextTokens,
    quantity::many,
    table::{Cell, Column, Shape, Table},
};
use crate::{
    metric::{verdict, words},
    record::{Expectation, Measure, Outcome, Provenance, Record, Status, TaskRecord, Unit},
    value::Level,
};

/// Rows of one task in the summary; the rest is in `metrics.csv`.
const MOST_ROWS: usize = 24;
/// Prompts of one task whose next tokens are listed.
const MOST_PROMPTS: usize = 8;
/// Lines of one sort; the rest is counted.
const MOST_LINES: usize = 20;

/// The content of a summary.
#[derive(Clone, Debug)]
pub struct Summary<'a> {
    /// The suite's title.
    pub title: Option<&'a str>,
    /// Who was measured, and how.
    pub header: Vec<String>,
    /// Shares, on a common axis.
    pub shares: Table,
    /// All other numbers.
    pub numbers: Table,
    /// Next tokens, by task.
    pub next_tokens: Vec<(String, Vec<NextTokens>)>,
    /// Blocks of remarks, the most general last.
    pub remarks: Vec<Vec<Remark>>,
}

/// A line with its mark.
#[derive(Clone, Debug, PartialEq)]
pub struct Remark {
    /// What sort of line it is.
    pub mark: Mark,
    /// The line.
    pub text: String,
}

/// Sorts of remarks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// As it should be.
    Good,
    /// Not as it should be.
    Bad,
    /// To be careful about.
    Warning,
    /// To know.
    Note,
    /// Where to go on.
    Next,
}

impl<'a> Summary<'a> {
    /// From a record; `folder` is where its files lie.
    pub fn new(record: &'a Record, folder: Option<&str>) -> Self {
        let short = Names::of(&record.tasks);
        let mut notes: Vec<Remark> = Vec::new();
        let shares = table(record, &short, true, MOST_ROWS, &mut notes);
        let numbers = table(record, &short, false, MOST_ROWS, &mut notes);
        let mut next_tokens = Vec::new();
        for task in &record.tasks {
            let mut views = NextTokens::of_task(task);
            if let more @ 1.. = views.len().saturating_sub(MOST_PROMPTS) {
                views.truncate(MOST_PROMPTS);
                let text = format!(
                    "{}: {} more in the tables of the run",
                    short.of_task(task),
                    many(more, "prompt")
                );
                notes.push(Remark { mark: Mark::Note, text });
            }
            if !views.is_empty() {
                next_tokens.push((short.of_task(task).to_owned(), views));
            }
            let said = task.notes.iter().map(|note| format!("{}: {note}", short.of_task(task)));
            notes.extend(said.map(|text| Remark { mark: Mark::Note, text }));
        }
        let warnings = record.run.warnings.iter().cloned();
        let careful = super::remarks::lines(&record.tasks, |task| short.of_task(task));
        let warnings = warnings.chain(careful).map(|text| Remark { mark: Mark::Warning, text }).collect();
        let remarks = vec![
            limited(comparisons(&record.tasks, &short), "comparisons"),
            limited(notes, "notes"),
            limited(warnings, "warnings"),
            expectations(&record.expectations, &short),
            unanswered::failures(&record.tasks, &short),
            end(record, folder),
        ];
        Self {
            title: record.run.suite.title.as_deref(),
            header: header(record),
            shares,
            numbers,
            next_tokens,
            remarks: remarks.into_iter().filter(|block| !block.is_empty()).collect(),
        }
    }
}

/// Every headline number: the shares, and the others.
pub(super) fn tables(record: &Record) -> [Table; 2] {
    let short = Names::of(&record.tasks);
    [true, false].map(|shares| table(record, &short, shares, usize::MAX, &mut Vec::new()))
}

/// Names without the benchmark that they all share.
pub(super) struct Names(usize);

impl Names {
    pub(super) fn of(tasks: &[TaskRecord]) -> Self {
        Self::of_names(tasks.iter().map(|task| task.name.as_str()))
    }

    pub(super) fn of_names<'t>(mut names: impl Iterator<Item = &'t str>) -> Self {
        let Some(first) = names.next() else { return Self(0) };
        let prefix = &first[..first.find('/').map_or(0, |at| at + 1)];
        Self(if names.all(|name| name.starts_with(prefix)) { prefix.len() } else { 0 })
    }

    pub(super) fn of_task<'t>(&self, task: &'t TaskRecord) -> &'t str {
        self.shorten(&task.name)
    }

    /// A name without it.
    pub(super) fn shorten<'t>(&self, name: &'t str) -> &'t str {
        name.get(self.0..).unwrap_or(name)
    }
}

fn header(record: &Record) -> Vec<String> {
    let run = &record.run;
    let mut header = vec![model(&run.model.name, run.model.revision.as_deref())];
    header.extend(run.model.dtype.clone());
    if let Some(engine) = &run.engine {
        header.push(engine.device.clone());
        header.push(many(engine.threads, "thread"));
    }
    header.push(format!("suite {}", run.suite.name));
    header.push(match &run.origin {
        Provenance::Asked => format!("seed {}", run.seed.0),
        Provenance::Imported(imported) => format!("imported from {}", imported.source()),
    });
    header
}

/// `gpt2 @ 607a30d`.
pub fn model(name: &str, revision: Option<&str>) -> String {
    match revision {
        // Commits are known by seven digits; a branch or tag is not cut.
        Some(commit) if commit.len() == 40 && commit.bytes().all(|b| b.is_ascii_hexdigit()) => {
            format!("{name} @ {}", &commit[..7])
        }
        Some(revision) => format!("{name} @ {revision}"),
        None => name.to_owned(),
    }
}

/// The headline numbers that are shares, or those that are not.
fn table(record: &Record, short: &Names, shares: bool, most: usize, notes: &mut Vec<Remark>) -> Table {
    let mut chosen: Vec<(&TaskRecord, &Measure)> = Vec::new();
    for task in &record.tasks {
        let fits = |measure: &&Measure| measure.headline && (measure.unit == Unit::Proportion) == shares;
        let all = task.measures.iter().filter(fits);
        let count = all.clone().count();
        chosen.extend(all.take(most).map(|measure| (task, measure)));
        if count > most {
            let text =
                format!("{}: {} more in metrics.csv", short.of_task(task), many(count - most, "number"));
            notes.push(Remark { mark: Mark::Note, text });
        }
    }
    let levels: Vec<Level> =
        chosen.iter().filter_map(|(_, m)| Some(m.estimate.interval.as_ref().ok()?.level)).collect();
    let level = levels.first().copied().unwrap_or(record.run.level);
    let one_level = levels.iter().all(|other| *other == level);
    let clusters = chosen.iter().any(|(_, m)| m.estimate.clusters.is_some());
    let groups = chosen.iter().any(|(_, m)| m.group.is_some());
    let chance = shares && chosen.iter().any(|(_, m)| m.chance.is_some());
    let tested = || chosen.iter().filter_map(|(_, m)| m.test);
    let corrected = tested().any(|test| test.adjusted.is_some_and(|adjusted| adjusted.family_size > 1));
    let p = Column::new(if corrected { "p, Holm" } else { "p" }, "p", Shape::Right);
    // What of a row is shown, in the order of the columns.
    let parts: [(bool, Column, Show); 12] = [
        (true, Column::new("task", "task", Shape::Name), |part| part.task.into()),
        (groups, Column::new("group", "group", Shape::Left), |part| {
            group(part.measure).map_or(Cell::Empty, Cell::Text)
        }),
        (true, Column::new("kind", "kind", Shape::Name).droppable(1), |part| part.kind.into()),
        (true, Column::new("metric", "metric", Shape::Left), |part| part.measure.compared().into()),
        (true, Column::new("value", "value", Shape::Point), |part| value(part.measure)),
        (
            true,
            Column::new(
                if one_level { format!("{} CI", percent(level)) } else { "CI".into() },
                "ci",
                Shape::Interval,
            ),
            |part| interval(part.measure),
        ),
        (!one_level, Column::new("level", "level", Shape::Right), |part| {
            match &part.measure.estimate.interval {
                Ok(interval) => Cell::Text(percent(interval.level)),
                Err(_) => Cell::Empty,
            }
        }),
        (tested().next().is_some(), p.droppable(2), |part| {
            part.measure.test.map_or(Cell::Empty, |test| Cell::Text(words::p(test.deciding_p())))
        }),
        (true, Column::new("n", "n", Shape::Right).droppable(5), |part| Cell::count(part.measure.estimate.n)),
        (clusters, Column::new("clusters", "clusters", Shape::Right).droppable(3), |part| {
            part.measure.estimate.clusters.map_or(Cell::Empty, Cell::count)
        }),
        (shares, Column::new("", "picture", Shape::Strip { axis: (0.0, 1.0) }).droppable(4), |part| {
            strip(part.measure)
        }),
        (chance, Column::new("vs chance", "chance", Shape::Left).droppable(0), |part| {
            against_chance(part.measure)
        }),
    ];
    let rows = chosen.iter().map(|(task, measure)| {
        let part = Part { task: short.of_task(task), kind: task.kind, measure };
        parts.iter().filter(|(shown, ..)| *shown).map(|(.., cell)| cell(&part)).collect()
    });
    let rows = rows.collect();
    Table {
        rows,
        columns: parts.into_iter().filter(|(shown, ..)| *shown).map(|(_, column, _)| column).collect(),
    }
}

/// One cell of a row.
type Show = fn(&Part<'_>) -> Cell;

/// What a row of the table is made of.
struct Part<'a> {
    task: &'a str,
    kind: &'a str,
    measure: &'a Measure,
}

/// The part of the task; of a difference, `k=4 vs k=0`.
pub(super) fn group(measure: &Measure) -> Option<String> {
    let group = measure.group.as_deref();
    match &measure.difference_from {
        Some(from) => Some(format!("{} vs {from}", group.unwrap_or("others"))),
        None => group.map(str::to_owned),
    }
}

fn value(measure: &Measure) -> Cell {
    match measure.estimate.value {
        Ok(value) => Cell::Number(value, Digits::of(measure)),
        Err(reason) => Cell::Unknown(reason.to_string()),
    }
}

fn interval(measure: &Measure) -> Cell {
    match measure.estimate.interval {
        Ok(interval) => {
            Cell::Interval { low: interval.low, high: interval.high, digits: Digits::of(measure) }
        }
        Err(reason) => Cell::Unknown(reason.to_string()),
    }
}

fn strip(measure: &Measure) -> Cell {
    match (measure.estimate.value, measure.estimate.interval) {
        (Ok(value), Ok(interval)) => {
            Cell::Strip(Strip { low: interval.low, value, high: interval.high, reference: measure.chance })
        }
        // A point without an interval would look like a narrow one.
        _ => Cell::Empty,
    }
}

fn against_chance(measure: &Measure) -> Cell {
    match (measure.chance, measure.estimate.interval) {
        (Some(chance), Ok(interval)) if interval.low > chance => "above".into(),
        (Some(chance), Ok(interval)) if interval.high < chance => "below".into(),
        (Some(_), Ok(_)) => "not decided".into(),
        _ => Cell::Empty,
    }
}

/// `95%`, `99.9%`.
pub(super) fn percent(level: Level) -> String {
    format!("{}%", (level.get() * 1e6).round() / 1e4)
}

/// What the differences of the summary come to.
fn comparisons(tasks: &[TaskRecord], short: &Names) -> Vec<Remark> {
    let measures = tasks.iter().flat_map(|task| task.measures.iter().map(move |measure| (task, measure)));
    let headline = measures.filter(|(_, measure)| measure.headline);
    let verdicts = headline.filter_map(|(task, measure)| Some((task, verdict::verdict(measure)?)));
    verdicts
        .map(|(task, verdict)| Remark {
            mark: Mark::Note,
            text: format!("{}: {}", short.of_task(task), verdict.words),
        })
        .collect()
}

fn expectations(expectations: &[Expectation], short: &Names) -> Vec<Remark> {
    let (met, missed): (Vec<_>, Vec<_>) =
        expectations.iter().partition(|expectation| expectation.outcome == Outcome::Pass);
    let remark = |expectation: &&Expectation| {
        let task =
            expectation.task.as_deref().map_or(String::new(), |task| format!("{}: ", short.shorten(task)));
        let (mark, verdict) = match expectation.outcome {
            Outcome::Pass => (Mark::Good, "found"),
            Outcome::Fail => (Mark::Bad, "not met: found"),
            Outcome::Undefined => (Mark::Bad, "not met:"),
        };
        Remark { mark, text: format!("{task}{}   {verdict} {}", expectation.text, expectation.found) }
    };
    let mut remarks: Vec<Remark> = missed.iter().map(remark).collect();
    if met.len() > MOST_LINES {
        remarks.push(Remark { mark: Mark::Good, text: format!("{} met", many(met.len(), "expectation")) });
    } else {
        remarks.extend(met.iter().map(remark));
    }
    remarks
}

fn end(record: &Record, folder: Option<&str>) -> Vec<Remark> {
    let run = &record.run;
    let rows = || record.tasks.iter().flat_map(|task| &task.table.rows);
    let (items, answered) = (rows().count(), rows().filter(|row| row.cells.is_ok()).count());
    let next = |text: String| Remark { mark: Mark::Next, text };
    if run.status != Status::Complete {
        let resume = run.run_id.rsplit('-').find(|part| part.len() >= 6).unwrap_or(&run.run_id);
        return vec![
            Remark {
                mark: Mark::Warning,
                text: format!(
                    "interrupted: {} of {} are saved",
                    super::digits::grouped(answered),
                    many(items, "item")
                ),
            },
            next(format!("resume with  yardstick run --resume {resume}")),
        ];
    }
    let asked = many(run.suite.items, "item");
    // An item is asked in several ways where a task compares them.
    let asked = if run.suite.items == items { asked } else { format!("{asked}, {}", many(items, "row")) };
    let mut facts = cost::facts(run, asked);
    let errors = items - answered - run.skipped.min(items - answered);
    facts.extend((run.skipped > 0).then(|| format!("{} left out", super::digits::grouped(run.skipped))));
    facts.push(many(errors, "error"));
    let mark = if errors == 0 { Mark::Good } else { Mark::Warning };
    let mut end = vec![Remark { mark, text: facts.join(" · ") }];
    end.extend(folder.map(|folder| next(folder.to_owned())));
    end
}

fn limited(mut remarks: Vec<Remark>, what: &str) -> Vec<Remark> {
    if let more @ 1.. = remarks.len().saturating_sub(MOST_LINES) {
        remarks.truncate(MOST_LINES);
        let text = format!("{} more {what} in the files of the run", super::digits::grouped(more));
        remarks.push(Remark { mark: Mark::Note, text });
    }
    remarks
}
