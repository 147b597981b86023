//! The formulas, and what each makes of a table.

mod calibration;
mod classes;
mod groups;
mod texts;

use std::{collections::BTreeMap, num::NonZeroUsize};

use super::{
    ClassScore, Intervals, Metric, Settings,
    rows::{Part, Rows, Selected},
};
use crate::{
    random::Key,
    record::Column,
    stats::{
        Clusters, Estimate, Undefined,
        bootstrap::{self, Bootstrap, Statistic},
        influence::{Quotient, Scale},
        mean, median,
        proportion::{self, Ends},
        ratio::Documents,
        spread, sum,
    },
};

/// How a number is made from columns. Rows that failed or lack a cell are left out.
#[derive(Clone, Debug, PartialEq)]
pub enum Formula {
    /// The share of rows that are right: 1, 0, or between for a tie.
    Proportion(Column),
    /// The mean.
    Mean(Column),
    /// e to the mean of natural logarithms.
    GeometricMean(Column),
    /// The middle value.
    Median(Column),
    /// e to the middle one of natural logarithms.
    GeometricMedian(Column),
    /// The sum: counted, not estimated.
    Total(Column),
    /// e to Σ numerator / Σ denominator: nats and tokens give a perplexity.
    ExpRatio {
        /// Such as the nats of a text.
        numerator: Column,
        /// Such as its tokens.
        denominator: Column,
    },
    /// Σ nats / Σ bytes, in bits.
    BitsPer {
        /// The column of nats.
        nats: Column,
        /// The column of what they are shared among.
        bytes: Column,
    },
    /// [`Formula::ExpRatio`] of the metric's group, or of all rows outside of the baseline, over that of the baseline.
    GroupRatio {
        /// Such as the nats of a text.
        numerator: Column,
        /// Such as its tokens.
        denominator: Column,
        /// The group that is divided by.
        baseline: String,
    },
    /// The geometric mean of the metric's group, or of all rows outside of the baseline, over that of the baseline; from
    /// natural logarithms.
    MeanRatio {
        /// Such as log-probabilities.
        logarithms: Column,
        /// The group that is divided by.
        baseline: String,
    },
    /// The mean of the metric's group minus that of another, over the items that both have (same id, same repeat, or the
    /// other's only one); without a group, over all that lie outside of the other. Such as `accuracy_minus_OTHER`.
    Difference {
        /// What is compared.
        column: Column,
        /// The group that is taken away.
        from: String,
    },
    /// The standard deviation of the means of the repeats, such as the orders of solved examples: apart from how items
    /// differ.
    RepeatSpread(Column),
    /// A score of the table of gold classes against predicted ones, both texts. A missing prediction is "no label"; a row
    /// without a gold class is left out.
    Classes {
        /// The column of what is right.
        gold: Column,
        /// The column of what was said.
        predicted: Column,
        /// Such as the F1 of a class.
        score: ClassScore,
    },
    /// The calibration error of answers, whose confidence lies between 0 and 1.
    Calibration {
        /// The probability of the answer that was given.
        confidence: Column,
        /// 1 where it is right.
        correct: Column,
    },
    /// The calibration error that a perfectly calibrated model shows with the same confidences, and its range.
    CalibrationFloor {
        /// The probability of the answer that was given.
        confidence: Column,
        /// 1 where it is right.
        correct: Column,
    },
    /// Distinct n-grams over all n-grams of texts. Tokens lie between white space; a cell that holds a list of texts holds
    /// tokens.
    Distinct {
        /// What was written.
        text: Column,
        /// The length of an n-gram.
        n: NonZeroUsize,
    },
    /// The share of items that get the same text every time they are asked; those answered once are left out.
    AllSame(Column),
    /// The share of pairs of texts of one item that are the same, and its mean over items.
    Agreement(Column),
    /// The probability that one of `k` answers to an item is right, and its mean over items; those with fewer answers are left
    /// out.
    PassAt {
        /// 1 where an answer is right.
        correct: Column,
        /// How many answers are tried.
        k: NonZeroUsize,
    },
    /// The share of the metric's group, or of all rows outside of the baseline, less that of the baseline, which are other
    /// items; a score from −1 to 1.
    GroupDifference {
        /// 1 where a row is right.
        column: Column,
        /// The group that is compared with.
        baseline: String,
    },
    /// A property of the model that nothing was sampled for.
    Exact(f64),
}

/// A metric about to be made.
pub(super) struct Evaluation<'a> {
    pub(super) metric: &'a Metric,
    pub(super) rows: &'a Rows<'a>,
    pub(super) settings: &'a Settings,
}

impl Evaluation<'_> {
    pub(super) fn estimate(&self) -> Estimate {
        let nothing = |why| Estimate::undefined(why, &Clusters::apart(0));
        match &self.metric.formula {
            Formula::Exact(value) => Ok(Estimate::exact(*value, self.rows.answered(self.part()))),
            Formula::Proportion(column) => self.of_column(column, Self::proportion),
            Formula::Mean(column) => self.of_column(column, |own, x, c| own.mean(x, c, Scale::Plain)),
            Formula::GeometricMean(column) => self.of_column(column, |own, x, c| own.mean(x, c, Scale::Exp)),
            Formula::Median(column) => self.of_column(column, |own, x, c| own.median(x, c, Scale::Plain)),
            Formula::GeometricMedian(column) => {
                self.of_column(column, |own, x, c| own.median(x, c, Scale::Exp))
            }
            Formula::RepeatSpread(column) => self.repeat_spread(column),
            Formula::Total(column) => self.of_column(column, |_, x, _| total(x)),
            Formula::ExpRatio { numerator, denominator } => self.ratio([numerator, denominator], Scale::Exp),
            Formula::BitsPer { nats, bytes } => self.ratio([nats, bytes], Scale::Bits),
            Formula::GroupRatio { numerator, denominator, baseline } => {
                self.group_ratio([numerator, denominator], baseline)
            }
            Formula::MeanRatio { logarithms, baseline } => self.group_ratio([*logarithms], baseline),
            Formula::Difference { column, from } => self.difference(column, from),
            Formula::Classes { gold, predicted, score } => self.classes(gold, predicted, score),
            Formula::Calibration { confidence, correct } => self.calibration(confidence, correct),
            Formula::CalibrationFloor { confidence, correct } => self.calibration_floor(confidence, correct),
            Formula::Distinct { text, n } => self.distinct(text, *n),
            Formula::AllSame(text) => self.all_same(text),
            Formula::Agreement(text) => self.agreement(text),
            Formula::PassAt { correct, k } => self.pass_at(correct, *k),
            Formula::GroupDifference { column, baseline } => self.group_difference(column, baseline),
        }
        .unwrap_or_else(nothing)
    }

    fn of_column(
        &self,
        column: Column,
        make: impl FnOnce(&Self, &[f64], &Clusters) -> Estimate,
    ) -> Result<Estimate, Undefined> {
        let Selected { columns: [values], rows } = self.rows.select(self.part(), [column])?;
        Ok(make(self, &values, &self.rows.clusters(rows)))
    }

    fn proportion(&self, values: &[f64], clusters: &Clusters) -> Estimate {
        let estimate = proportion::estimate(values, clusters, self.settings.level, self.ends());
        self.resampled(estimate, clusters, Scale::Plain, || Quotient::mean(values, clusters))
    }

    fn mean(&self, values: &[f64], clusters: &Clusters, scale: Scale) -> Estimate {
        let estimate = mean::estimate(values, clusters, self.settings.level, scale);
        self.resampled(estimate, clusters, scale, || Quotient::mean(values, clusters))
    }

    fn median(&self, values: &[f64], clusters: &Clusters, scale: Scale) -> Estimate {
        let estimate = median::estimate(values, clusters, self.settings.level).carried(scale);
        self.resampled(estimate, clusters, scale, || bootstrap::Median::new(values, clusters))
    }

    fn ratio(&self, columns: [Column; 2], scale: Scale) -> Result<Estimate, Undefined> {
        let Selected { columns: [above, below], rows } = self.rows.select(self.part(), columns)?;
        let clusters = self.rows.clusters(rows);
        let documents = Documents::new(&above, &below, clusters.clone());
        let estimate = documents.estimate(self.settings.level, scale);
        Ok(self.resampled(estimate, &clusters, scale, || documents.quotient().clone()))
    }

    fn repeat_spread(&self, column: Column) -> Result<Estimate, Undefined> {
        let Selected { columns: [values], rows } = self.rows.select(self.part(), [column])?;
        let mut repeats = BTreeMap::<u32, Vec<f64>>::new();
        for (row, value) in rows.into_iter().zip(values) {
            repeats.entry(self.rows.repeat(row)).or_default().push(value);
        }
        let mean = |values: Vec<f64>| sum(values.iter().copied()) / values.len() as f64;
        let means: Vec<f64> = repeats.into_values().map(mean).collect();
        Ok(spread::estimate(&means, self.settings.level))
    }

    /// Which interval a share gets that is not resampled.
    fn ends(&self) -> Ends {
        match self.settings.intervals {
            Intervals::Auto | Intervals::Bootstrap { .. } => Ends::Wilson,
            Intervals::ClopperPearson => Ends::ClopperPearson,
            Intervals::T => Ends::T,
        }
    }

    pub(super) fn part(&self) -> Part<'_> {
        self.part_of(self.metric.group.as_deref())
    }

    /// The rows of a group, or of all, that the metric looks at.
    pub(super) fn part_of<'b>(&'b self, group: Option<&'b str>) -> Part<'b> {
        match &self.metric.within {
            Some((column, text)) => self.rows.within(group, column, text),
            None => group.map_or(Part::All, Part::Group),
        }
    }

    /// The estimate with the interval of a bootstrap, if one is asked for.
    pub(super) fn resampled<S: Statistic>(
        &self,
        estimate: Estimate,
        clusters: &Clusters,
        scale: Scale,
        statistic: impl FnOnce() -> S,
    ) -> Estimate {
        let Intervals::Bootstrap { resamples, kind } = self.settings.intervals else { return estimate };
        if estimate.value.is_err() {
            return estimate;
        }
        let bootstrap = Bootstrap { resamples, kind, key: self.key(&self.metric.name, "bootstrap") };
        let interval =
            clusters.spread().and_then(|()| bootstrap.interval(&statistic(), self.settings.level, scale));
        Estimate { interval, ..estimate }
    }

    /// What is drawn for a purpose of a metric, or of a column.
    fn key(&self, name: &str, purpose: &str) -> Key {
        let group = self.metric.part().unwrap_or_default();
        Key::new(self.settings.seed, &format!("{}/{name}/{group}/{purpose}", self.settings.task))
    }
}

fn total(values: &[f64]) -> Estimate {
    if values.is_empty() {
        return Estimate::undefined(Undefined::NoItems, &Clusters::apart(0));
    }
    Estimate::exact(sum(values.iter().copied()), values.len())
}

#[cfg(test)]
mod tests;
