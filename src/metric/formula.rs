//! The formulas, and what each makes of a table.

mod calibration;
mod classes;
mod groups;
mod texts;

use std::collections::BTreeMap;

use super::{
    Formula, Intervals, Metric, Settings, Within,
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
            Some(Within { column, text }) => self.rows.within(group, column, text),
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
