//! Earlier runs in place of assumptions: how high shares are, on how many items two runs differ, and how widely.

use std::{fs, path::Path};

use serde::Deserialize;

use super::{Shell, exit::Exit, power::Asked};
use crate::{
    compare::{Comparison, Contrast, Found, Options},
    metric::saved,
    record::{Record, folder},
    report::power::{Given, Question},
    spec,
    stats::power::{self, Goal},
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
        let group = measure.group.as_ref().map(|group| format!(" of {group}")).unwrap_or_default();
        Some(Asked {
            source: Some(format!("{} {}{group}", task.name, measure.metric)),
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

/// What of a run's numbers is looked at.
#[derive(Deserialize)]
struct Numbers {
    metrics: Vec<Number>,
}

#[derive(Deserialize)]
struct Number {
    task: String,
    group: Option<String>,
    metric: String,
    value: Option<f64>,
    std_error: Option<f64>,
    n: usize,
    clusters: Option<usize>,
    successes: Option<f64>,
    difference_from: Option<String>,
    test: Option<Tested>,
}

#[derive(Deserialize)]
struct Tested {
    discordant: Option<[u64; 2]>,
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
    let folder = folder::find(results, run).map_err(|error| shell.fail(Exit::Results, error))?;
    let path = folder.join(folder::RUN);
    let numbers: Numbers = fs::read_to_string(&path)
        .map_err(|error| error.to_string())
        .and_then(|text| serde_json::from_str(&text).map_err(|error| error.to_string()))
        .map_err(|error| shell.fail(Exit::Results, format!("{}: {error}", path.display())))?;
    let named = |name: &str| name == task || name.rsplit('/').next() == Some(task);
    let mut tasks: Vec<&str> = numbers.metrics.iter().map(|number| number.task.as_str()).collect();
    tasks.dedup();
    if !tasks.iter().any(|name| named(name)) {
        let message = format!("the run has no task `{task}`; it has {}", tasks.join(", "));
        return Err(shell.fail(Exit::Nothing, message));
    }
    let of_task = numbers.metrics.iter().filter(|number| named(&number.task));
    let asked = of_task.filter_map(|number| {
        Some(Asked { source: Some(number.name()), question: number.question(level, goal)?, seen: None })
    });
    Ok(asked.collect())
}

impl Number {
    fn name(&self) -> String {
        let group = self.group.as_ref().map(|group| format!(" of {group}")).unwrap_or_default();
        let from = self.difference_from.as_ref().map(|from| format!(" minus {from}")).unwrap_or_default();
        format!("{} {}{group}{from}", self.task, self.metric)
    }

    fn question(&self, level: Level, goal: Goal) -> Option<Question> {
        if self.difference_from.is_none() {
            self.successes?;
            return Some(Question::Share { near: self.value?, level });
        }
        if let Some([first, second]) = self.test.as_ref()?.discordant {
            let discordant = power::discordant_share(first + second, self.n as u64).ok()?;
            return Some(Question::Pairs { discordant, goal });
        }
        let units = self.clusters.unwrap_or(self.n) as f64;
        Some(Question::Means { deviation: self.std_error? * units.sqrt(), goal })
    }
}
