//! The formulas, and what each makes of a table.

use std::collections::BTreeMap;

use super::{
    Intervals, Metric, Settings,
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
    /// The standard deviation of the means of the repeats, such as the orders of solved examples: apart from how items
    /// differ.
    RepeatSpread(Column),
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
            Formula::Median(column) => self.of_column(column, Self::median),
            Formula::RepeatSpread(column) => self.repeat_spread(column),
            Formula::Total(column) => self.of_column(column, |_, x, _| total(x)),
            Formula::ExpRatio { numerator, denominator } => self.ratio([numerator, denominator], Scale::Exp),
            Formula::BitsPer { nats, bytes } => self.ratio([nats, bytes], Scale::Bits),
            Formula::GroupRatio { numerator, denominator, baseline } => {
                self.group_ratio([numerator, denominator], baseline)
            }
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
        let wilson = |ends| proportion::estimate(values, clusters, self.settings.level, ends);
        let estimate = match self.settings.intervals {
            Intervals::Auto | Intervals::Bootstrap { .. } => wilson(Ends::Wilson),
            Intervals::ClopperPearson => wilson(Ends::ClopperPearson),
            Intervals::T => Estimate {
                successes: Some(sum(values.iter().copied())),
                ..mean::estimate(values, clusters, self.settings.level, Scale::Plain)
            },
        };
        self.resampled(estimate, clusters, Scale::Plain, || Quotient::mean(values, clusters))
    }

    fn mean(&self, values: &[f64], clusters: &Clusters, scale: Scale) -> Estimate {
        let estimate = mean::estimate(values, clusters, self.settings.level, scale);
        self.resampled(estimate, clusters, scale, || Quotient::mean(values, clusters))
    }

    fn median(&self, values: &[f64], clusters: &Clusters) -> Estimate {
        let estimate = median::estimate(values, clusters, self.settings.level);
        self.resampled(estimate, clusters, Scale::Plain, || bootstrap::Median::new(values, clusters))
    }

    fn ratio(&self, columns: [Column; 2], scale: Scale) -> Result<Estimate, Undefined> {
        let Selected { columns: [above, below], rows } = self.rows.select(self.part(), columns)?;
        let clusters = self.rows.clusters(rows);
        let documents = Documents::new(&above, &below, clusters.clone());
        let estimate = documents.estimate(self.settings.level, scale);
        Ok(self.resampled(estimate, &clusters, scale, || documents.quotient().clone()))
    }

    fn group_ratio(&self, columns: [Column; 2], baseline: &str) -> Result<Estimate, Undefined> {
        let part = self.metric.group.as_deref().map_or(Part::Outside(baseline), Part::Group);
        let [own, base] = [part, Part::Group(baseline)].map(|part| self.rows.select(part, columns));
        let (own, base) = (own?, base?);
        let both = self.rows.clusters(own.rows.iter().chain(&base.rows).copied());
        let [own, base] = [own, base].map(|Selected { columns: [above, below], rows }| {
            Documents::new(&above, &below, self.rows.clusters(rows))
        });
        let estimate = own.over(&base, &both, self.settings.level);
        // Draws from each group by itself say nothing where the groups hang together, or one is a single document.
        if estimate.interval.is_err() {
            return Ok(estimate);
        }
        let difference = || bootstrap::Difference(own.quotient(), base.quotient());
        Ok(self.resampled(estimate, &both, Scale::Exp, difference))
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

    fn part(&self) -> Part<'_> {
        let group = self.metric.group.as_deref();
        match &self.metric.within {
            Some((column, text)) => self.rows.within(group, column, text),
            None => group.map_or(Part::All, Part::Group),
        }
    }

    /// The estimate with the interval of a bootstrap, if one is asked for.
    fn resampled<S: Statistic>(
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
        let (name, part) = (&self.metric.name, self.metric.part().unwrap_or_default());
        let key = Key::new(self.settings.seed, &format!("{}/{name}/{part}/bootstrap", self.settings.task));
        let bootstrap = Bootstrap { resamples, kind, key };
        let interval =
            clusters.spread().and_then(|()| bootstrap.interval(&statistic(), self.settings.level, scale));
        Estimate { interval, ..estimate }
    }
}

fn total(values: &[f64]) -> Estimate {
    if values.is_empty() {
        return Estimate::undefined(Undefined::NoItems, &Clusters::apart(0));
    }
    Estimate::exact(sum(values.iter().copied()), values.len())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        metric::evaluate,
        plan::{Failure, FailureKind},
        record::{Cell, ItemKey, Row, Table, Unit},
        stats::Method,
        value::{Digest, Level, Seed},
    };

    fn row(item: &str, group: &str, correct: bool, nats: f64, tokens: usize) -> Row {
        let (item, group, content) = (item.to_owned(), Some(group.to_owned()), Digest::of(item));
        let key = ItemKey { item, repeat: 0, group, cluster: None, content };
        Row { key: key.into(), cells: Ok(vec![correct.into(), nats.into(), tokens.into()]) }
    }

    fn example() -> Table {
        let rows = vec![
            row("a", "in", true, 30.0, 10),
            row("b", "in", false, 50.0, 20),
            row("c", "in", true, 25.0, 8),
            row("d", "out", true, 60.0, 12),
            row("e", "out", false, 44.0, 11),
        ];
        Table { rows, ..Table::new("items", vec!["correct", "nats", "tokens"]) }
    }

    fn make(formula: Formula, group: Option<&str>, intervals: Intervals, table: &Table) -> Estimate {
        let mut metric = Metric::new("metric", formula, Unit::Ratio);
        metric.group = group.map(Into::into);
        let settings = Settings { task: "b/t".into(), level: Level::DEFAULT, intervals, seed: Seed(3) };
        evaluate(&[metric], table, &settings).remove(0).estimate
    }

    const NATS_BY_TOKENS: [Column; 2] = ["nats", "tokens"];

    #[test]
    fn each_formula_makes_its_number() {
        let [numerator, denominator] = NATS_BY_TOKENS;
        let ln2 = std::f64::consts::LN_2;
        let cases = [
            (Formula::Proportion("correct"), None, 0.6, Some(Method::Wilson)),
            (Formula::Proportion("correct"), Some("out"), 0.5, Some(Method::Wilson)),
            (Formula::Mean("nats"), None, 41.8, Some(Method::T)),
            (Formula::GeometricMean("tokens"), Some("out"), 11.5_f64.exp(), Some(Method::T)),
            (Formula::Median("nats"), None, 44.0, None),
            (Formula::Total("tokens"), Some("in"), 38.0, None),
            (
                Formula::ExpRatio { numerator, denominator },
                None,
                (209.0_f64 / 61.0).exp(),
                Some(Method::JackknifeT),
            ),
            (
                Formula::BitsPer { nats: numerator, bytes: denominator },
                None,
                209.0 / 61.0 / ln2,
                Some(Method::JackknifeT),
            ),
            (Formula::Exact(7.0), None, 7.0, None),
        ];
        for (formula, group, value, method) in cases {
            let estimate = make(formula.clone(), group, Intervals::Auto, &example());
            assert!((estimate.value.unwrap() / value - 1.0).abs() < 1e-14, "{formula:?} {estimate:?}");
            assert_eq!(estimate.interval.ok().map(|interval| interval.method), method, "{formula:?}");
        }
    }

    #[test]
    fn a_group_is_divided_by_the_baseline() {
        let [numerator, denominator] = NATS_BY_TOKENS;
        let formula = Formula::GroupRatio { numerator, denominator, baseline: "in".into() };
        let ratio = (104.0_f64 / 23.0 - 105.0 / 38.0).exp();
        for group in [None, Some("out")] {
            let estimate = make(formula.clone(), group, Intervals::Auto, &example());
            assert!((estimate.value.unwrap() / ratio - 1.0).abs() < 1e-14);
            assert_eq!((estimate.n, estimate.interval.unwrap().method), (5, Method::WelchJackknifeT));
        }
        let resampled = Intervals::Bootstrap { resamples: 500, kind: bootstrap::Kind::Percentile };
        let drawn = make(formula.clone(), None, resampled, &example()).interval.unwrap();
        assert!(drawn.low < ratio && ratio < drawn.high);
        let absent = Formula::GroupRatio { numerator, denominator, baseline: "elsewhere".into() };
        assert_eq!(make(absent, None, Intervals::Auto, &example()).value, Err(Undefined::NoItems));
        let mut table = example();
        Arc::make_mut(&mut table.rows[0].key).cluster = Some("book".into());
        Arc::make_mut(&mut table.rows[4].key).cluster = Some("book".into());
        assert_eq!(make(formula, None, Intervals::Auto, &table).interval, Err(Undefined::SharedCluster));
    }

    #[test]
    fn rows_that_failed_or_lack_a_cell_are_left_out() {
        let mut table = example();
        table.rows[0].cells = Err(Failure::new(FailureKind::TooLong, "9 tokens, at most 8"));
        table.rows[1].cells.as_mut().unwrap()[0] = Cell::Missing;
        assert_eq!(make(Formula::Proportion("correct"), None, Intervals::Auto, &table).n, 3);
        assert_eq!(make(Formula::Mean("nats"), None, Intervals::Auto, &table).n, 4);
        let absent = make(Formula::Mean("margin"), None, Intervals::Auto, &table);
        assert_eq!((absent.value, absent.interval), (Err(Undefined::NoColumn), Err(Undefined::NoColumn)));
        assert_eq!(
            make(Formula::Total("nats"), Some("none"), Intervals::Auto, &table).value,
            Err(Undefined::NoItems)
        );
    }

    #[test]
    fn clusters_and_repeats_are_honoured() {
        let mut table = example();
        for row in &mut table.rows[1..3] {
            Arc::make_mut(&mut row.key).item = "b".into();
        }
        Arc::make_mut(&mut table.rows[4].key).cluster = Some("b".into());
        let method = |formula, intervals| {
            let estimate = make(formula, None, intervals, &table);
            assert_eq!((estimate.n, estimate.clusters), (5, Some(4)));
            estimate.interval.unwrap().method
        };
        assert_eq!(method(Formula::Proportion("correct"), Intervals::Auto), Method::WilsonClustered);
        assert_eq!(method(Formula::Proportion("correct"), Intervals::T), Method::TClustered);
        assert_eq!(
            method(Formula::Proportion("correct"), Intervals::ClopperPearson),
            Method::ClopperPearsonClustered
        );
        assert_eq!(method(Formula::Mean("nats"), Intervals::ClopperPearson), Method::TClustered);
    }

    #[test]
    fn a_bootstrap_is_made_where_it_is_asked_for() {
        let intervals = Intervals::Bootstrap { resamples: 1000, kind: bootstrap::Kind::Bca };
        for formula in [Formula::Proportion("correct"), Formula::Mean("nats"), Formula::Median("nats")] {
            let interval = make(formula.clone(), None, intervals, &example()).interval.unwrap();
            assert_eq!(interval.method, Method::BootstrapBca);
            assert_eq!(make(formula, None, intervals, &example()).interval, Ok(interval));
        }
        let mut one = example();
        one.rows.truncate(1);
        assert_eq!(make(Formula::Mean("nats"), None, intervals, &one).interval, Err(Undefined::OneItem));
        assert_eq!(make(Formula::Exact(1.0), None, intervals, &one).interval, Err(Undefined::Exact));
    }
}
