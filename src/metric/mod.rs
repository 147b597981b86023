//! Metrics as data: a formula over the columns of a table gives the number, its interval and all that follows from them,
//! so that a saved run can be measured anew without asking the model.

pub mod expect;
mod cautions;
mod difference;
mod formula;
mod reliability;
mod remarks;
mod rows;
pub mod verdict;
pub mod words;
mod best;

pub use crate::stats::confusion::ClassScore;
pub use best::best;
pub use cautions::cautions;
pub use formula::Formula;
pub use reliability::reliability;
pub use remarks::{Case, remarks};

use formula::Evaluation;
use rows::Rows;

use crate::{
    record::{Better, Column, Measure, Table, Unit},
    stats::{Estimate, bootstrap},
    value::{Level, Seed},
};

/// A number to be made from a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// Such as `accuracy`.
    pub name: String,
    /// How it is made.
    pub formula: Formula,
    /// The rows it is made from: those of a group, or all.
    pub group: Option<String>,
    /// Of these, those that have a text in a column.
    pub within: Option<(Column, String)>,
    /// What the part of the task is called that it speaks of, where that is not the group.
    pub part: Option<String>,
    /// What it counts.
    pub unit: Unit,
    /// Which direction is good, where one is.
    pub better: Option<Better>,
    /// What guessing gives.
    pub chance: Option<f64>,
    /// What the number can be at all; intervals end there.
    pub range: (f64, f64),
    /// Whether the summary shows it.
    pub headline: bool,
}

/// How the metrics of one task are made.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// `benchmark/task`, which keys what is drawn at random.
    pub task: String,
    /// How often intervals hold the truth.
    pub level: Level,
    /// Which intervals are asked for.
    pub intervals: Intervals,
    /// Where random draws begin.
    pub seed: Seed,
}

/// Which intervals are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Intervals {
    /// What was measured to hold the truth as often as it says: Wilson for shares, t for means, order statistics for
    /// medians, the jackknife over documents for quotients of sums.
    #[default]
    Auto,
    /// Clopper and Pearson's for shares.
    ClopperPearson,
    /// Student's t for shares as for means.
    T,
    /// The bootstrap wherever something was sampled, but for calibration errors and distinct n-grams, where it fails.
    Bootstrap {
        /// How many replicates are drawn.
        resamples: u32,
        /// How the ends are taken from them.
        kind: bootstrap::Kind,
    },
}

impl Metric {
    /// A metric over all rows, without a direction, without chance, and not in the summary. A difference of proportions
    /// counts in [`Unit::Difference`].
    pub fn new(name: impl Into<String>, formula: Formula, unit: Unit) -> Self {
        let difference = matches!(formula, Formula::Difference { .. });
        let unit = if difference && unit == Unit::Proportion { Unit::Difference } else { unit };
        let range = match unit {
            Unit::Proportion => (0.0, 1.0),
            Unit::Difference => (-1.0, 1.0),
            _ if difference => (f64::NEG_INFINITY, f64::INFINITY),
            Unit::BitsPerByte | Unit::Perplexity | Unit::Ratio | Unit::Count => (0.0, f64::INFINITY),
            Unit::Nats | Unit::Score => (f64::NEG_INFINITY, f64::INFINITY),
        };
        Self {
            name: name.into(),
            formula,
            group: None,
            within: None,
            part: None,
            unit,
            better: None,
            chance: None,
            range,
            headline: false,
        }
    }

    /// Over the rows of a group.
    #[must_use]
    pub fn of_group(self, group: impl Into<String>) -> Self {
        Self { group: Some(group.into()), ..self }
    }

    /// Of these rows, over those that have a text in a column.
    #[must_use]
    pub fn within(self, column: Column, text: impl Into<String>) -> Self {
        Self { within: Some((column, text.into())), ..self }
    }

    /// Reported as a part of the task that is no group of rows by itself, such as a label.
    #[must_use]
    pub fn of_part(self, part: impl Into<String>) -> Self {
        Self { part: Some(part.into()), ..self }
    }

    /// The part of the task that it speaks of; the whole task without one.
    pub fn part(&self) -> Option<&str> {
        self.part.as_deref().or(self.group.as_deref())
    }

    /// With a direction that is good.
    #[must_use]
    pub fn better(self, better: Better) -> Self {
        Self { better: Some(better), ..self }
    }

    /// With what guessing gives.
    #[must_use]
    pub fn chance(self, chance: f64) -> Self {
        Self { chance: Some(chance), ..self }
    }

    /// With a smallest value that its unit does not imply.
    #[must_use]
    pub fn at_least(self, least: f64) -> Self {
        Self { range: (least, self.range.1), ..self }
    }

    /// The group that is taken away, where it is a difference.
    fn difference_from(&self) -> Option<String> {
        match &self.formula {
            Formula::Difference { from, .. } => Some(from.clone()),
            _ => None,
        }
    }

    /// Shown in the summary.
    #[must_use]
    pub fn headline(self) -> Self {
        Self { headline: true, ..self }
    }
}

/// The numbers that the metrics make of a table, in their order.
pub fn evaluate(metrics: &[Metric], table: &Table, settings: &Settings) -> Vec<Measure> {
    let rows = Rows::of(table);
    let measure = |metric: &Metric| {
        let evaluation = Evaluation { metric, rows: &rows, settings };
        Measure {
            metric: metric.name.clone(),
            group: metric.part().map(str::to_owned),
            unit: metric.unit,
            better: metric.better,
            chance: metric.chance,
            headline: metric.headline,
            estimate: within(metric.range, evaluation.estimate()),
            difference_from: metric.difference_from(),
            test: evaluation.test(),
        }
    };
    let mut measures = metrics.iter().map(measure).collect::<Vec<_>>();
    difference::adjust(&mut measures);
    measures
}

/// A t interval knows no bounds; the number has some.
fn within((least, most): (f64, f64), mut estimate: Estimate) -> Estimate {
    if let Ok(interval) = &mut estimate.interval {
        interval.low = interval.low.clamp(least, most);
        interval.high = interval.high.clamp(least, most);
    }
    estimate
}
