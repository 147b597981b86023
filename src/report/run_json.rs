//! `run.json`: where the numbers come from, and the numbers.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    record::{
        Better, Expectation, Measure, Record, Run, TaskRecord, Unit,
        saved::{Careful, Definition},
    },
    stats::{Adjusted, Estimate, Hypothesis, Test},
};

/// The whole file.
#[derive(Serialize, JsonSchema)]
pub struct RunFile<'a> {
    /// Where the numbers come from.
    #[serde(flatten)]
    run: &'a Run,
    /// How each task's numbers are made of the rows in `items.jsonl`.
    tasks: Vec<Definition>,
    /// The numbers, by task.
    metrics: Vec<Number<'a>>,
    /// What the suite expected, and what came.
    expectations: &'a [Expectation],
    /// What to be careful about, by task.
    remarks: Vec<Careful>,
}

/// One number.
#[derive(Serialize, JsonSchema)]
pub struct Number<'a> {
    /// `benchmark/task`.
    task: &'a str,
    /// The kind of the task.
    kind: &'a str,
    /// The part of the task that it speaks of; null for the whole task.
    group: Option<&'a str>,
    /// Its name, such as `accuracy`.
    metric: &'a str,
    /// The number, and how sure it is.
    #[serde(flatten)]
    estimate: &'a Estimate,
    /// What guessing gives.
    chance: Option<f64>,
    /// Which direction is good; null where none is.
    higher_is_better: Option<bool>,
    /// What is counted.
    unit: Unit,
    /// The part that it is the difference from, where it is one.
    difference_from: Option<&'a str>,
    /// Whether it differs from chance or from that part, where that was tested.
    test: Option<Tested>,
}

/// A test of a number.
#[derive(Serialize, JsonSchema)]
struct Tested {
    /// Which.
    name: &'static str,
    /// How often chance alone goes as far.
    p: f64,
    /// The p that allows for the other tests of the task.
    adjusted: Option<Adjusted>,
    /// Where items are right or wrong, on how many only this part, and only the other, is right.
    discordant: Option<[u64; 2]>,
}

impl<'a> RunFile<'a> {
    /// From a record.
    pub fn new(record: &'a Record) -> Self {
        let metrics = record
            .tasks
            .iter()
            .flat_map(|task| task.measures.iter().map(move |measure| Number::new(task, measure)));
        let remarks = record.tasks.iter().flat_map(|task| {
            task.remarks.iter().map(move |remark| Careful { task: task.name.clone(), remark: remark.clone() })
        });
        Self {
            run: &record.run,
            tasks: record.tasks.iter().map(Definition::of).collect(),
            metrics: metrics.collect(),
            expectations: &record.expectations,
            remarks: remarks.collect(),
        }
    }
}

impl<'a> Number<'a> {
    fn new(task: &'a TaskRecord, measure: &'a Measure) -> Self {
        Self {
            task: &task.name,
            kind: task.kind,
            group: measure.group.as_deref(),
            metric: &measure.metric,
            estimate: &measure.estimate,
            chance: measure.chance,
            higher_is_better: measure.better.map(|better| better == Better::Higher),
            unit: measure.unit,
            difference_from: measure.difference_from.as_deref(),
            test: measure.test.map(Tested::from),
        }
    }
}

impl From<Test> for Tested {
    fn from(test: Test) -> Self {
        let Test { hypothesis, p, adjusted } = test;
        let discordant = match hypothesis {
            Hypothesis::McnemarMidP { only_first, only_second } => Some([only_first, only_second]),
            _ => None,
        };
        Self { name: hypothesis.name(), p, adjusted, discordant }
    }
}
