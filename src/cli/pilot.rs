//! Earlier runs in place of assumptions: how high shares are, on how many items two runs differ, and how widely.

use std::path::Path;

use super::{Shell, exit::Exit, power::Asked};
use crate::{
    compare::{Comparison, Contrast, Found, Options},
    metric::saved,
    record::{Measure, Record, TaskRecord, folder},
    report::power::{Given, Question},
    spec,
    stats::{
        Hypothesis,
        power::{self, Goal},
    },
    value::Level,
};

/// What pilot runs show of every task: one run its shares, more of them what sets each apart from the first.
pub(super) fn from(
    results: &Path,
    runs: &[String],
    task: Option<&str>,
    level: Level,
    goal: Goal,
    shell: &mut Shell,
) -> Result<Vec<Asked>, Exit> {
    let read = |run: &String| folder::find(results, run).and_then(|folder| saved::read(&folder, false));
    let mut records: Vec<Record> =
        runs.iter().map(read).collect::<Result<_, _>>().map_err(|error| shell.fail(Exit::Results, error))?;
    if let Some(pattern) = task {
        for record in &mut records {
            record.tasks.retain(|task| spec::names_task(pattern, &task.name));
        }
        if records.iter().all(|record| record.tasks.is_empty()) {
            return Err(shell.fail(Exit::Nothing, format!("the runs have no task `{pattern}`")));
        }
    }
    let [record] = records.as_slice() else {
        let comparison = Comparison::new(&records, &Options { level, ..Options::default() })
            .map_err(|refusal| shell.fail(Exit::Incomparable, refusal))?;
        return Ok(compared(&comparison, goal));
    };
    let numbers = record.tasks.iter().flat_map(|task| task.measures.iter().map(move |own| (task, own)));
    let shares = numbers.filter(|(_, measure)| measure.headline && measure.estimate.successes.is_some());
    let asked = shares.filter_map(|(task, measure)| {
        Some(Asked {
            source: Some(name(task, measure)),
            question: Question::Share { near: measure.estimate.value.ok()?, level },
            seen: Some(Given::Items(measure.estimate.n as u64)),
        })
    });
    Ok(asked.collect())
}

fn compared(comparison: &Comparison, goal: Goal) -> Vec<Asked> {
    let asked = comparison.pairs().filter_map(|(subject, pair)| {
        let found = pair.outcome.found()?;
        let [first, second] = pair.sides.map(|side| &comparison.sides[side].run.model.name);
        let size = found.difference.value.ok()?.abs();
        Some(Asked {
            source: Some(format!("{}, {first} and {second}", subject.name())),
            question: question(found, goal)?,
            seen: (size > 0.0).then_some(Given::Size(size)),
        })
    });
    asked.collect()
}

/// What decides how many items it takes; none for ratios, whose spread has no scale of its own.
fn question(found: &Found, goal: Goal) -> Option<Question> {
    if found.contrast != Contrast::Difference {
        return None;
    }
    let difference = &found.difference;
    // Where items hang together, what each adds is told by the spread of the difference alone.
    if let (Some(counts), None) = (found.counts, difference.clusters) {
        let differing = counts.only_first + counts.only_second;
        let discordant = power::discordant_share(differing, difference.n as u64).ok()?;
        return Some(Question::Pairs { discordant, goal });
    }
    let deviation = difference.std_error? * (difference.n as f64).sqrt();
    (deviation > 0.0).then_some(Question::Means { deviation, goal })
}

/// What one task of an earlier run found.
pub(super) fn run(
    results: &Path,
    run: &str,
    task: &str,
    level: Level,
    goal: Goal,
    shell: &mut Shell,
) -> Result<Vec<Asked>, Exit> {
    let record = folder::find(results, run).and_then(|folder| saved::read(&folder, false));
    let record = record.map_err(|error| shell.fail(Exit::Results, error))?;
    let named = |of: &&TaskRecord| of.name == task || of.name.rsplit('/').next() == Some(task);
    if !record.tasks.iter().any(|of| named(&of)) {
        let names: Vec<&str> = record.tasks.iter().map(|of| of.name.as_str()).collect();
        let message = format!("the run has no task `{task}`; it has {}", names.join(", "));
        return Err(shell.fail(Exit::Nothing, message));
    }
    let numbers =
        record.tasks.iter().filter(named).flat_map(|of| of.measures.iter().map(move |own| (of, own)));
    let asked = numbers.filter_map(|(of, measure)| {
        let question = of_measure(measure, level, goal)?;
        Some(Asked { source: Some(name(of, measure)), question, seen: None })
    });
    Ok(asked.collect())
}

fn name(task: &TaskRecord, measure: &Measure) -> String {
    let group = measure.group.as_ref().map(|group| format!(" of {group}")).unwrap_or_default();
    let from = measure.difference_from.as_ref().map(|from| format!(" minus {from}")).unwrap_or_default();
    format!("{} {}{group}{from}", task.name, measure.compared())
}

fn of_measure(measure: &Measure, level: Level, goal: Goal) -> Option<Question> {
    let estimate = &measure.estimate;
    if measure.difference_from.is_none() {
        estimate.successes?;
        return Some(Question::Share { near: estimate.value.ok()?, level });
    }
    if let Hypothesis::McnemarMidP { only_first, only_second } = measure.test.as_ref()?.hypothesis {
        let discordant = power::discordant_share(only_first + only_second, estimate.n as u64).ok()?;
        return Some(Question::Pairs { discordant, goal });
    }
    let units = estimate.clusters.unwrap_or(estimate.n) as f64;
    Some(Question::Means { deviation: estimate.std_error? * units.sqrt(), goal })
}
