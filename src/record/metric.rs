//! A metric as data: which columns of a table a number is made of, and how. It lies in the run folder beside the number,
//! so that a saved run can be measured, compared and shown without the spec that it came from.

use std::num::NonZeroUsize;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Better, Column, Unit, table::named};
use crate::{
    stats::{bootstrap, confusion::ClassScore},
    value::{Level, Margin, Seed},
};

/// A number to be made from a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Metric {
    /// Such as `accuracy`.
    pub name: String,
    /// How it is made.
    pub formula: Formula,
    /// The rows it is made from: those of a group, or all.
    pub group: Option<String>,
    /// Of these, those that have a text in a column.
    pub within: Option<Within>,
    /// What the part of the task is called that it speaks of, where that is not the group.
    pub part: Option<String>,
    /// What it counts.
    pub unit: Unit,
    /// Which direction is good, where one is.
    pub better: Option<Better>,
    /// What guessing gives.
    pub chance: Option<f64>,
    /// What the number can be at all; intervals end there.
    pub range: Range,
    /// Whether the summary shows it.
    pub headline: bool,
}

/// A condition on rows: they have a text in a column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Within {
    /// The column.
    #[serde(deserialize_with = "named")]
    pub column: Column,
    /// The text.
    pub text: String,
}

/// What a number can be at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Range {
    /// Its smallest value, where there is one.
    pub least: Option<f64>,
    /// Its largest value, where there is one.
    pub most: Option<f64>,
}

/// How a number is made from columns. Rows that failed or lack a cell are left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Formula {
    /// The share of rows that are right: 1, 0, or between for a tie.
    Proportion(#[serde(deserialize_with = "named")] Column),
    /// The mean.
    Mean(#[serde(deserialize_with = "named")] Column),
    /// e to the mean of natural logarithms.
    GeometricMean(#[serde(deserialize_with = "named")] Column),
    /// The middle value.
    Median(#[serde(deserialize_with = "named")] Column),
    /// e to the middle one of natural logarithms.
    GeometricMedian(#[serde(deserialize_with = "named")] Column),
    /// The sum: counted, not estimated.
    Total(#[serde(deserialize_with = "named")] Column),
    /// e to Σ numerator / Σ denominator: nats and tokens give a perplexity.
    ExpRatio {
        /// Such as the nats of a text.
        #[serde(deserialize_with = "named")]
        numerator: Column,
        /// Such as its tokens.
        #[serde(deserialize_with = "named")]
        denominator: Column,
    },
    /// Σ nats / Σ bytes, in bits.
    BitsPer {
        /// The column of nats.
        #[serde(deserialize_with = "named")]
        nats: Column,
        /// The column of what they are shared among.
        #[serde(deserialize_with = "named")]
        bytes: Column,
    },
    /// [`Formula::ExpRatio`] of the metric's group, or of all rows outside of the baseline, over that of the baseline.
    GroupRatio {
        /// Such as the nats of a text.
        #[serde(deserialize_with = "named")]
        numerator: Column,
        /// Such as its tokens.
        #[serde(deserialize_with = "named")]
        denominator: Column,
        /// The group that is divided by.
        baseline: String,
    },
    /// The geometric mean of the metric's group, or of all rows outside of the baseline, over that of the baseline; from
    /// natural logarithms.
    MeanRatio {
        /// Such as log-probabilities.
        #[serde(deserialize_with = "named")]
        logarithms: Column,
        /// The group that is divided by.
        baseline: String,
    },
    /// The mean of the metric's group minus that of another, over the items that both have (same id, same repeat, or the
    /// other's only one); without a group, over all that lie outside of the other. Such as `accuracy_minus_OTHER`.
    Difference {
        /// What is compared.
        #[serde(deserialize_with = "named")]
        column: Column,
        /// The group that is taken away.
        from: String,
    },
    /// The standard deviation of the means of the repeats, such as the orders of solved examples: apart from how items
    /// differ.
    RepeatSpread(#[serde(deserialize_with = "named")] Column),
    /// A score of the table of gold classes against predicted ones, both texts. A missing prediction is "no label"; a row
    /// without a gold class is left out.
    Classes {
        /// The column of what is right.
        #[serde(deserialize_with = "named")]
        gold: Column,
        /// The column of what was said.
        #[serde(deserialize_with = "named")]
        predicted: Column,
        /// Such as the F1 of a class.
        score: ClassScore,
    },
    /// The calibration error of answers, whose confidence lies between 0 and 1.
    Calibration {
        /// The probability of the answer that was given.
        #[serde(deserialize_with = "named")]
        confidence: Column,
        /// 1 where it is right.
        #[serde(deserialize_with = "named")]
        correct: Column,
    },
    /// The calibration error that a perfectly calibrated model shows with the same confidences, and its range.
    CalibrationFloor {
        /// The probability of the answer that was given.
        #[serde(deserialize_with = "named")]
        confidence: Column,
        /// 1 where it is right.
        #[serde(deserialize_with = "named")]
        correct: Column,
    },
    /// Distinct n-grams over all n-grams of texts. Tokens lie between white space; a cell that holds a list of texts holds
    /// tokens.
    Distinct {
        /// What was written.
        #[serde(deserialize_with = "named")]
        text: Column,
        /// The length of an n-gram.
        n: NonZeroUsize,
    },
    /// The share of items that get the same text every time they are asked; those answered once are left out.
    AllSame(#[serde(deserialize_with = "named")] Column),
    /// The share of pairs of texts of one item that are the same, and its mean over items.
    Agreement(#[serde(deserialize_with = "named")] Column),
    /// The probability that one of `k` answers to an item is right, and its mean over items; those with fewer answers are left
    /// out.
    PassAt {
        /// 1 where an answer is right.
        #[serde(deserialize_with = "named")]
        correct: Column,
        /// How many answers are tried.
        k: NonZeroUsize,
    },
    /// The share of the metric's group, or of all rows outside of the baseline, less that of the baseline, which are other
    /// items; a score from −1 to 1.
    GroupDifference {
        /// 1 where a row is right.
        #[serde(deserialize_with = "named")]
        column: Column,
        /// The group that is compared with.
        baseline: String,
    },
    /// A property of the model that nothing was sampled for.
    Exact(f64),
}

/// How the metrics of one task are made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Settings {
    /// `benchmark/task`, which keys what is drawn at random.
    pub task: String,
    /// How often intervals hold the truth.
    pub level: Level,
    /// Which intervals are asked for.
    pub intervals: Intervals,
    /// Where random draws begin.
    pub seed: Seed,
    /// A difference between two runs that is too small to matter.
    #[serde(default)]
    pub margin: Option<Margin>,
}

/// Which intervals are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
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

impl Settings {
    /// What holds where nothing is said: 95 %, and the interval that suits each number.
    pub fn of(task: impl Into<String>) -> Self {
        Self {
            task: task.into(),
            level: Level::DEFAULT,
            intervals: Intervals::Auto,
            seed: Seed::default(),
            margin: None,
        }
    }
}

impl Range {
    /// With both ends.
    pub const fn between(least: f64, most: f64) -> Self {
        Self { least: Some(least), most: Some(most) }
    }

    /// The nearest value that can be.
    pub fn clamp(self, value: f64) -> f64 {
        let value = self.least.map_or(value, |least| value.max(least));
        self.most.map_or(value, |most| value.min(most))
    }
}

impl Metric {
    /// A metric over all rows, without a direction, without chance, and not in the summary. A difference of proportions
    /// counts in [`Unit::Difference`].
    pub fn new(name: impl Into<String>, formula: Formula, unit: Unit) -> Self {
        let difference = matches!(formula, Formula::Difference { .. });
        let unit = if difference && unit == Unit::Proportion { Unit::Difference } else { unit };
        let range = match unit {
            Unit::Proportion => Range::between(0.0, 1.0),
            Unit::Difference => Range::between(-1.0, 1.0),
            _ if difference => Range::default(),
            Unit::BitsPerByte | Unit::Perplexity | Unit::Ratio | Unit::Count => {
                Range { least: Some(0.0), most: None }
            }
            Unit::Nats | Unit::Score => Range::default(),
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
        Self { within: Some(Within { column, text: text.into() }), ..self }
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
        Self { range: Range { least: Some(least), ..self.range }, ..self }
    }

    /// The group that is taken away, where it is a difference.
    pub fn difference_from(&self) -> Option<String> {
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
