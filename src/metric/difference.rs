//! Two groups on the same items: what one has more than the other, and whether chance alone goes as far.

use std::collections::BTreeMap;

use super::{Formula, Intervals, formula::Evaluation, rows::Selected};
use crate::{
    record::{Column, Measure},
    stats::{
        Adjusted, Clusters, Estimate, Hypothesis, Test, Undefined,
        influence::{Quotient, Scale},
        multiplicity,
        paired::{McNemar, MeanDifference, Pairs},
        proportion,
    },
};

/// The items that both groups have, by id and repeat; an item asked once on the other side serves all repeats.
struct Paired {
    own: Vec<f64>,
    others: Vec<f64>,
    clusters: Clusters,
}

impl Evaluation<'_> {
    /// The mean difference: by counting where all are right or wrong and hang together with no other item, else by t.
    pub(super) fn difference(&self, column: Column, from: &str) -> Result<Estimate, Undefined> {
        let paired = self.paired(column, from)?;
        let level = self.settings.level;
        let estimate = match (paired.counted(), self.settings.intervals) {
            (None, _) | (_, Intervals::T) => paired.mean().estimate(level),
            (Some(counted), _) => counted.estimate(level),
        };
        let mean = || Quotient::mean(&paired.differences(), &paired.clusters);
        Ok(self.resampled(estimate, &paired.clusters, Scale::Plain, mean))
    }

    /// Whether the number differs from chance or from its baseline by more than chance alone would make it.
    pub(super) fn test(&self) -> Option<Test> {
        match &self.metric.formula {
            Formula::Proportion(column) => self.against_chance(column),
            Formula::Difference { column, from } => self.paired(column, from).ok()?.test(),
            _ => None,
        }
    }

    fn against_chance(&self, column: Column) -> Option<Test> {
        let chance = self.metric.chance?;
        let Selected { columns: [values], rows } = self.rows.select(self.part(), [column]).ok()?;
        let independent = self.rows.clusters(rows).shared().is_none();
        // A tie is neither right nor wrong, and the test counts.
        let right = Pairs::of(&values, &values)?.both;
        let p = proportion::p_at_least(right, values.len() as u64, chance);
        (independent && !values.is_empty()).then(|| Test::new(Hypothesis::BinomialGreater, p))
    }

    fn paired(&self, column: Column, from: &str) -> Result<Paired, Undefined> {
        let own = self.rows.select(self.part(), [column])?;
        let other = self.rows.select(self.part_of(Some(from)), [column])?;
        let mut others = BTreeMap::<&str, BTreeMap<u32, f64>>::new();
        for (row, value) in other.rows.iter().zip(&other.columns[0]) {
            let key = self.rows.key(*row);
            others.entry(&key.item).or_default().insert(key.repeat, *value);
        }
        let (mut paired, mut kept) = ((Vec::new(), Vec::new()), Vec::new());
        for (row, value) in own.rows.iter().copied().zip(own.columns[0].iter().copied()) {
            let key = self.rows.key(row);
            // Of all rows, those of the other group are not their own counterparts.
            let counts = self.metric.group.is_some() || key.group.as_deref() != Some(from);
            let Some(others) = others.get(key.item.as_str()).filter(|_| counts) else { continue };
            // Repeats are held against each other, or all of them against the only one.
            let only = if others.len() == 1 { others.values().next() } else { None };
            if let Some(other) = others.get(&key.repeat).or(only) {
                paired.0.push(value);
                paired.1.push(*other);
                kept.push(row);
            }
        }
        if kept.is_empty() {
            return Err(Undefined::NoPairs);
        }
        Ok(Paired { own: paired.0, others: paired.1, clusters: self.rows.clusters(kept) })
    }
}

impl Paired {
    fn counted(&self) -> Option<Pairs> {
        let pairs = Pairs::of(&self.own, &self.others)?;
        self.clusters.shared().is_none().then_some(pairs)
    }

    fn mean(&self) -> MeanDifference {
        MeanDifference::new(&self.differences(), &self.clusters)
    }

    fn differences(&self) -> Vec<f64> {
        self.own.iter().zip(&self.others).map(|(own, other)| own - other).collect()
    }

    fn test(&self) -> Option<Test> {
        if let Some(pairs) = self.counted() {
            let Pairs { only_first, only_second, .. } = pairs;
            let hypothesis = Hypothesis::McnemarMidP { only_first, only_second };
            return Some(Test::new(hypothesis, pairs.mcnemar(McNemar::MidP)));
        }
        let hypothesis = match self.clusters.shared() {
            Some(_) => Hypothesis::PairedTClustered,
            None => Hypothesis::PairedT,
        };
        Some(Test::new(hypothesis, self.mean().p().ok()?))
    }
}

/// Corrects the p of all differences of a task for how many there are (Holm).
pub(super) fn adjust(measures: &mut [Measure]) {
    let mut family: Vec<&mut Test> = measures
        .iter_mut()
        .filter(|measure| measure.difference_from.is_some())
        .filter_map(|measure| measure.test.as_mut())
        .collect();
    let adjusted = multiplicity::holm(&family.iter().map(|test| test.p).collect::<Vec<_>>());
    let family_size = adjusted.len();
    for (test, p) in family.iter_mut().zip(adjusted) {
        test.adjusted = Some(Adjusted { p, family_size });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        metric::{Metric, Settings, evaluate},
        record::{Cell, ItemKey, Row, Table, Unit},
        stats::Method,
        value::{Digest, Level, Seed},
    };

    fn row(item: usize, group: &str, correct: bool, margin: f64) -> Row {
        let (item, group) = (format!("i{item}"), Some(group.to_owned()));
        let key = ItemKey { content: Digest::of(&item), item, repeat: 0, group, cluster: None };
        Row { key: key.into(), cells: Ok(vec![correct.into(), margin.into()]) }
    }

    /// 20 items; `few` is right on all but two of them, `none` on the first nine and the last.
    fn example() -> Table {
        let mut table = Table::new("items", vec!["correct", "margin"]);
        for item in 0..20 {
            let noise = (item % 5) as f64;
            table.rows.push(row(item, "none", item < 9 || item == 19, noise));
            table.rows.push(row(item, "few", item < 18, 1.5 * noise + 1.0));
        }
        table
    }

    fn difference(column: Column) -> Metric {
        let formula = Formula::Difference { column, from: "none".into() };
        Metric::new("gain", formula, Unit::Proportion).of_group("few")
    }

    fn measures(metrics: &[Metric], table: &Table) -> Vec<Measure> {
        let intervals = Intervals::Auto;
        let settings =
            Settings { task: "b/t".into(), level: Level::DEFAULT, intervals, seed: Seed(3), margin: None };
        evaluate(metrics, table, &settings)
    }

    fn measure(column: Column, table: &Table) -> Measure {
        measures(&[difference(column)], table).remove(0)
    }

    #[test]
    fn right_and_wrong_are_counted() {
        let gain = measure("correct", &example());
        let interval = gain.estimate.interval.unwrap();
        assert!((gain.estimate.value.unwrap() - 0.4).abs() < 1e-15);
        assert_eq!((gain.unit, interval.method), (Unit::Difference, Method::NewcombePaired));
        let test = gain.test.unwrap();
        assert_eq!(test.hypothesis, Hypothesis::McnemarMidP { only_first: 9, only_second: 1 });
        // 2 (1 + 10) / 2^10 - 10 / 2^10
        assert!((test.p - 12.0 / 1024.0).abs() < 1e-15);
        assert_eq!(test.adjusted, Some(Adjusted { p: test.p, family_size: 1 }));
    }

    #[test]
    fn numbers_and_items_that_hang_together_go_by_t() {
        let test = |measure: &Measure| measure.test.unwrap().hypothesis;
        let margin = measure("margin", &example());
        assert!((margin.estimate.value.unwrap() - 2.0).abs() < 1e-15);
        assert_eq!(test(&margin), Hypothesis::PairedT);
        let mut table = example();
        for row in &mut table.rows {
            let key = Arc::make_mut(&mut row.key);
            key.cluster = Some(key.item[..key.item.len() - 1].to_owned());
        }
        table.rows.push(row(30, "few", true, 9.0));
        let clustered = measure("correct", &table);
        assert_eq!((clustered.estimate.n, clustered.estimate.clusters), (20, Some(2)));
        assert_eq!(test(&clustered), Hypothesis::PairedTClustered);
    }

    #[test]
    fn only_what_both_have_is_compared() {
        let mut table = example();
        table.rows.retain(|row| row.key.item != "i0" || row.key.group.as_deref() != Some("none"));
        table.rows[2].cells.as_mut().unwrap()[0] = Cell::Missing;
        assert_eq!(measure("correct", &table).estimate.n, 18);
        table.rows.retain(|row| row.key.group.as_deref() == Some("few"));
        let alone = measure("correct", &table);
        assert_eq!((alone.estimate.value, alone.test), (Err(Undefined::NoPairs), None));
    }

    #[test]
    fn a_task_is_one_family() {
        let share = Metric::new("accuracy", Formula::Proportion("correct"), Unit::Proportion);
        let metrics = [share.of_group("few").chance(0.5), difference("correct"), difference("margin")];
        let measures = measures(&metrics, &example());
        let [chance, counted, margin] = [0, 1, 2].map(|at| measures[at].test.unwrap());
        assert_eq!((chance.hypothesis, chance.adjusted), (Hypothesis::BinomialGreater, None));
        // scipy.stats.binomtest(18, 20, .5, "greater")
        assert!((chance.p - 0.000_201_225_280_761_718_75).abs() < 1e-15);
        assert!(margin.p < counted.p);
        let adjusted = [counted, margin].map(|test| test.adjusted.unwrap());
        assert_eq!(adjusted.map(|adjusted| adjusted.family_size), [2, 2]);
        assert!((adjusted[0].p - counted.p).abs() < 1e-15 && (adjusted[1].p - 2.0 * margin.p).abs() < 1e-15);
    }
}
