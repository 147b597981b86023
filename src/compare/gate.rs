//! What sets runs apart besides their answers, said before any number.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Contents, Matched, letter};
use crate::record::{Provenance, Record, Status};

/// Something that differs between runs, or is missing in one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Caution {
    /// What follows from it.
    pub weight: Weight,
    /// The task that it concerns; all without one.
    pub task: Option<String>,
    /// The sides that it concerns, by their numbers.
    pub sides: Vec<usize>,
    /// In words, such as `number format: f32 (A), bf16 (B)`.
    pub text: String,
}

/// What follows from a caution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// Nothing of it is compared.
    Refused,
    /// Some items or tasks are left out.
    LeftOut,
    /// The numbers stand; a reader must know it to read them right.
    Notice,
}

/// Why runs cannot be compared at all.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// There is nothing to compare with.
    #[error("a comparison takes at least two runs; {0} given")]
    TooFew(usize),
    /// The baseline is none of them.
    #[error("the baseline is run {number}, but there are only {runs}")]
    NoBaseline {
        /// The number asked for, from 1.
        number: usize,
        /// How many runs there are.
        runs: usize,
    },
    /// A margin that is no difference.
    #[error("a margin is a number above 0, such as 0.02; {0} is not")]
    Margin(f64),
    /// A margin of nothing.
    #[error("a margin is given for `{metric}`, but no number is called that; there are {known}")]
    NoSuchMetric {
        /// The name that was given.
        metric: String,
        /// Those that there are.
        known: String,
    },
    /// No two runs share anything.
    #[error("the runs have nothing in common that could be compared: {0}")]
    NothingShared(String),
}

/// How the rows of one task were paired, for each pair of sides.
pub(super) struct Shared {
    pub(super) task: String,
    /// Which runs have it.
    pub(super) sides: Vec<usize>,
    /// The kinds that the runs say it is.
    pub(super) kinds: BTreeSet<&'static str>,
    pub(super) pairs: Vec<([usize; 2], Matched)>,
}

/// All cautions, the gravest first.
pub(super) fn cautions(records: &[Record], shared: &[Shared], contents: Contents) -> Vec<Caution> {
    let mut cautions = provenance(records);
    cautions.extend(tasks(records, shared));
    cautions.extend(items(shared, contents));
    cautions.sort_by_key(|caution| caution.weight);
    cautions
}

/// Why nothing is left to compare, if nothing is.
pub(super) fn refusal(records: &[Record], shared: &[Shared]) -> Option<Refusal> {
    if shared.iter().flat_map(|task| &task.pairs).any(|(_, matched)| matched.paired > 0) {
        return None;
    }
    let all = || shared.iter().flat_map(|task| &task.pairs).map(|(_, matched)| matched);
    let count = |of: fn(&Matched) -> usize| all().map(of).sum::<usize>();
    let why = if shared.iter().all(|task| task.pairs.is_empty()) {
        let names = records.iter().enumerate().map(|(side, record)| {
            let names: Vec<&str> = record.tasks.iter().map(|task| task.name.as_str()).collect();
            format!("{} has {}", letter(side), few(&names))
        });
        format!("no task has the same name in two of them; {}", names.collect::<Vec<_>>().join(", "))
    } else if count(|matched| matched.other_content) > 0 {
        "every item that they share by its id asked something else, such as another prompt template or other data".into()
    } else if count(|matched| matched.failed) > 0 {
        "no item was answered in two of them".into()
    } else {
        "their items have other ids".into()
    };
    Some(Refusal::NothingShared(why))
}

/// What the runs themselves say.
fn provenance(records: &[Record]) -> Vec<Caution> {
    let mut cautions = Vec::new();
    let all: Vec<usize> = (0..records.len()).collect();
    let mut notice = |sides: &[usize], text: String| {
        cautions.push(Caution { weight: Weight::Notice, task: None, sides: sides.to_vec(), text });
    };
    for sides in alike(records, |record| Some(&record.run.run_id)) {
        notice(&sides, format!("{} are the same run", letters(&sides)));
    }
    for sides in alike(records, |record| record.run.answers_sha256.as_ref()) {
        let runs: BTreeSet<&String> = sides.iter().map(|side| &records[*side].run.run_id).collect();
        if runs.len() > 1 {
            notice(&sides, format!("{} have the same answers, byte for byte", letters(&sides)));
        }
    }
    let files = |record: &Record| serde_json::to_string(&record.run.model.files).unwrap_or_default();
    for sides in alike(records, |record| (!record.run.model.files.is_empty()).then(|| files(record))) {
        let text = "are the same model: what is compared is how it was asked or computed";
        notice(&sides, format!("{} {text}", letters(&sides)));
    }
    // What an imported run does not say is not known.
    let told: [(&str, fn(&Record) -> Option<String>); 6] = [
        ("number format", |record| record.run.model.dtype.clone()),
        ("device", |record| Some(record.run.engine.as_ref()?.device.clone())),
        ("kernels", |record| {
            Some(record.run.engine.as_ref()?.kernels.clone().unwrap_or_else(|| "none".into()))
        }),
        ("program", |record| Some(program(record))),
        ("suite", |record| Some(record.run.suite.name.clone())),
        ("seed", |record| Some(record.run.seed.0.to_string())),
    ];
    for (what, of) in told {
        let said = records.iter().map(|record| of(record).unwrap_or_else(|| "not known".into()));
        let said: Vec<String> = said.collect();
        if said.iter().any(|other| *other != said[0]) {
            notice(&all, format!("{what}: {}", by_side(&said)));
        }
    }
    let specs = records.iter().filter_map(|record| record.run.suite.resolved_sha256).collect::<BTreeSet<_>>();
    if specs.len() > 1 {
        notice(
            &all,
            "the specs differ, by more than the items that are left out where they ask something else".into(),
        );
    }
    for (side, record) in records.iter().enumerate() {
        let letter = letter(side);
        let (taken, available) = record.tasks.iter().fold((0, 0), |(taken, available), task| {
            (taken + task.items.taken, available + task.items.available)
        });
        if taken < available {
            notice(&[side], format!("{letter} was asked {taken} of {available} items"));
        }
        match record.run.status {
            Status::Complete => {}
            Status::Interrupted => {
                notice(&[side], format!("{letter} was interrupted: it holds what was answered"));
            }
            Status::Running => {
                notice(&[side], format!("{letter} is not finished: it holds what was answered"));
            }
        }
        let failed: usize = record.run.errors.values().sum();
        if failed > 0 {
            notice(&[side], format!("{letter} has {failed} items without an answer"));
        }
        if record.run.skipped > 0 {
            notice(&[side], format!("{letter} leaves {} items out that are too long", record.run.skipped));
        }
    }
    cautions
}

/// Tasks that only some runs have, or that are not the same.
fn tasks(records: &[Record], shared: &[Shared]) -> Vec<Caution> {
    let of = |task: &Shared, weight, text| Caution {
        weight,
        task: Some(task.task.clone()),
        sides: task.sides.clone(),
        text,
    };
    let mut cautions = Vec::new();
    for task in shared {
        if task.sides.len() < records.len() {
            let (weight, have) = match task.sides.as_slice() {
                [one] => (Weight::Refused, format!("only {} has it", letter(*one))),
                several => (Weight::LeftOut, format!("only {} have it", letters(several))),
            };
            cautions.push(of(task, weight, have));
        }
        if task.kinds.len() > 1 {
            let kinds: Vec<&str> = task.kinds.iter().copied().collect();
            cautions.push(of(
                task,
                Weight::Notice,
                format!("it is of different kinds: {}", kinds.join(", ")),
            ));
        }
        for (sides, matched) in &task.pairs {
            if matched.paired == 0 && matched.other_content > 0 {
                let text = format!(
                    "every item of {} asked something else than in {}, such as another prompt template",
                    letter(sides[1]),
                    letter(sides[0])
                );
                cautions.push(Caution { sides: sides.to_vec(), ..of(task, Weight::Refused, text) });
            }
        }
    }
    cautions
}

/// Items that are left out, over all tasks.
fn items(shared: &[Shared], contents: Contents) -> Vec<Caution> {
    let sides: BTreeSet<[usize; 2]> =
        shared.iter().flat_map(|task| task.pairs.iter().map(|(sides, _)| *sides)).collect();
    let mut cautions = Vec::new();
    for sides in sides {
        let of_pair = || {
            let pairs = shared.iter().flat_map(|task| &task.pairs);
            pairs.filter(move |(own, _)| *own == sides).map(|(_, matched)| matched)
        };
        let sum = |of: fn(&Matched) -> usize| of_pair().map(of).sum::<usize>();
        let [first, second] = sides.map(letter);
        let both = sum(|matched| matched.paired + matched.other_content + matched.failed);
        // Where all of a task's items differ, the task itself says so.
        let other = of_pair().filter(|matched| matched.paired > 0).map(|matched| matched.other_content).sum();
        let lost = [
            (other, format!("{other} of {both} items asked something else in {second} than in {first}")),
            (sum(|m| m.only_first), format!("{} items are only in {first}", sum(|m| m.only_first))),
            (sum(|m| m.only_second), format!("{} items are only in {second}", sum(|m| m.only_second))),
            (
                sum(|m| m.failed),
                format!("{} of {both} items have no answer in {first} or {second}", sum(|m| m.failed)),
            ),
            (sum(|m| m.doubled), format!("{} rows repeat an item of their own run", sum(|m| m.doubled))),
        ];
        let lost = lost.into_iter().filter(|(count, _)| *count > 0);
        cautions.extend(lost.map(|(_, text)| Caution {
            weight: Weight::LeftOut,
            task: None,
            sides: sides.to_vec(),
            text: format!("{text}: left out"),
        }));
    }
    if contents == Contents::Any {
        let text = "items are paired by their ids alone, whatever they asked".into();
        cautions.push(Caution { weight: Weight::Notice, task: None, sides: Vec::new(), text });
    }
    cautions
}

/// Groups of sides that say the same of something.
fn alike<'a, T: PartialEq>(records: &'a [Record], of: impl Fn(&'a Record) -> Option<T>) -> Vec<Vec<usize>> {
    let mut groups = Vec::<(T, Vec<usize>)>::new();
    for (side, said) in records.iter().enumerate().filter_map(|(side, record)| Some((side, of(record)?))) {
        match groups.iter_mut().find(|(own, _)| *own == said) {
            Some((_, sides)) => sides.push(side),
            None => groups.push((said, vec![side])),
        }
    }
    groups.into_iter().map(|(_, sides)| sides).filter(|sides| sides.len() > 1).collect()
}

/// `f32 (A, C), bf16 (B)`.
fn by_side(said: &[String]) -> String {
    let mut groups = Vec::<(&String, Vec<String>)>::new();
    for (side, said) in said.iter().enumerate() {
        match groups.iter_mut().find(|(own, _)| *own == said) {
            Some((_, sides)) => sides.push(letter(side)),
            None => groups.push((said, vec![letter(side)])),
        }
    }
    let groups = groups.into_iter().map(|(said, sides)| format!("{said} ({})", sides.join(", ")));
    groups.collect::<Vec<_>>().join(", ")
}

/// `A and B`, `A, B and C`.
fn letters(sides: &[usize]) -> String {
    let letters: Vec<String> = sides.iter().map(|side| letter(*side)).collect();
    match letters.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        _ => letters.concat(),
    }
}

/// The first few of a list.
fn few(names: &[&str]) -> String {
    const SHOWN: usize = 5;
    match names.len() {
        0 => "none".into(),
        count if count > SHOWN => format!("{} and {} more", names[..SHOWN].join(", "), count - SHOWN),
        _ => names.join(", "),
    }
}

/// What asked the model.
fn program(record: &Record) -> String {
    match &record.run.origin {
        Provenance::Asked => format!("{} {}", record.run.program.name, record.run.program.version),
        Provenance::Imported(imported) => imported.source(),
    }
}
