//! What a run leaves behind: plain tables, estimates and provenance, free of task kinds and of report formats.

pub mod cache;
pub mod disk;
pub mod folder;
pub mod journal;
pub mod listing;
pub mod saved;
pub mod shards;
mod inside;
mod metric;
mod run;
mod table;

pub use metric::{Formula, Intervals, Metric, Range, Settings, Within};
pub use run::{
    Command, EngineInfo, FORMAT, Host, Imported, Origin, Part, Program, Provenance, Reused, Run, SourceFile,
    Status, SuiteInfo, Times, Tokens, Workspace,
};
pub use table::{Cell, Column, DROPPED, ItemKey, Row, Table, intern};

use serde::{Deserialize, Serialize};

use crate::stats::{Estimate, Test};

/// Everything that a run measured.
#[derive(Clone, Debug)]
pub struct Record {
    /// Where the numbers come from.
    pub run: Run,
    /// In the order of the suite.
    pub tasks: Vec<TaskRecord>,
    /// What the suite expected, and what came.
    pub expectations: Vec<Expectation>,
}

/// One expectation of a spec, held against the numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Expectation {
    /// The task that states it; the suite without one.
    pub task: Option<String>,
    /// As written.
    pub text: String,
    /// Whether it holds.
    pub outcome: Outcome,
    /// What was found, in words.
    pub found: String,
}

/// Whether an expectation holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It does.
    Pass,
    /// It does not.
    Fail,
    /// The number that it speaks of is not there; counts as not met.
    Undefined,
}

/// One task's rows and numbers.
#[derive(Clone, Debug, Serialize)]
pub struct TaskRecord {
    /// `benchmark/task`.
    pub name: String,
    /// The kind of the task.
    pub kind: &'static str,
    /// One row per item and repeat.
    pub table: Table,
    /// Further tables, such as the tokens behind each item.
    pub details: Vec<Table>,
    /// Every number, headline first.
    pub measures: Vec<Measure>,
    /// What a reader must know to read the numbers right.
    pub notes: Vec<String>,
    /// What to be careful about.
    pub remarks: Vec<Remark>,
    /// How its numbers are made of the rows.
    pub metrics: Vec<Metric>,
    /// What holds for all of them.
    pub settings: Settings,
    /// How many items were asked, and of how many.
    pub items: Taken,
}

/// How many items of a task were asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Taken {
    /// Asked.
    pub taken: usize,
    /// Before a limit or sample.
    pub available: usize,
}

/// Something to be careful about in numbers that are right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Remark {
    /// The rule that found it.
    pub rule: Rule,
    /// In words.
    pub text: String,
}

/// The rules, each with a code that never changes its sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Rule {
    /// The interval holds what guessing gives.
    #[serde(rename = "R001")]
    HoldsChance,
    /// Too few items to see a difference of 0.1 between two models.
    #[serde(rename = "R002")]
    FewItems,
    /// One label is given much more often than it is right.
    #[serde(rename = "R003")]
    OneLabel,
    /// Prompts were cut to fit the context.
    #[serde(rename = "R004")]
    Truncated,
    /// Items that ask the same are counted as independent.
    #[serde(rename = "R005")]
    Duplicates,
    /// Written answers without a text.
    #[serde(rename = "R006")]
    Empty,
    /// Written answers in which nothing was found that could be right or wrong.
    #[serde(rename = "R007")]
    Unparsed,
    /// Not all items were asked.
    #[serde(rename = "R008")]
    Subset,
    /// Items that do not fit the context were left out.
    #[serde(rename = "R009")]
    Skipped,
}

/// A number with its name.
#[derive(Clone, Debug, Serialize)]
pub struct Measure {
    /// Such as `accuracy`.
    pub metric: String,
    /// The part of the task that it speaks of, such as a domain; the whole task without one.
    pub group: Option<String>,
    /// What is counted.
    pub unit: Unit,
    /// Which direction is good, where one is.
    pub better: Option<Better>,
    /// What guessing gives.
    pub chance: Option<f64>,
    /// Whether the summary shows it.
    pub headline: bool,
    /// The number and its interval.
    pub estimate: Estimate,
    /// The part that it is the difference from, where it is one.
    pub difference_from: Option<String>,
    /// Whether it differs from chance or from the baseline, where that was tested.
    pub test: Option<Test>,
}

impl Measure {
    /// What it measures: `accuracy`, where it is the difference `accuracy_minus_OTHER`.
    pub fn compared(&self) -> &str {
        let from = self.difference_from.as_deref().unwrap_or_default();
        let name = self.metric.strip_suffix(from).and_then(|name| name.strip_suffix("_minus_"));
        name.unwrap_or(&self.metric)
    }
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Between 0 and 1.
    Proportion,
    /// Between -1 and 1: one proportion minus another.
    Difference,
    /// Natural logarithms of probabilities.
    Nats,
    /// Binary logarithms of probabilities, per byte.
    BitsPerByte,
    /// An inverse geometric-mean probability.
    Perplexity,
    /// One quantity over another.
    Ratio,
    /// Tokens, words, texts.
    Count,
    /// A score without a unit of its own, such as a correlation.
    Score,
}

/// Which direction is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
}
