//! How two runs are held against each other in a number: the method follows from its formula.

mod classes;
mod quotients;
mod shares;

use libm::{ceil, log2};

use super::{
    Contrast, Counts, Effect, Flips, Incomparable, Matched, Options, Tested, Why,
    pairing::{Paired, Pairing},
};
use crate::{
    random::Key,
    record::{Cell, Column, Formula, Metric, Table},
    stats::{
        Clusters, Estimate, Hypothesis,
        influence::Scale,
        paired::{self, Permutation},
        text,
    },
    value::Margin,
};

/// Two sides in one metric of one task.
pub(super) struct Question<'a> {
    pub(super) pairing: &'a Pairing<'a>,
    pub(super) sides: [usize; 2],
    /// `benchmark/task`.
    pub(super) task: &'a str,
    pub(super) metric: &'a Metric,
    pub(super) options: &'a Options,
    /// What the task itself says is too small to matter.
    pub(super) own_margin: Option<Margin>,
}

/// What the items show before the answers to other questions are known.
pub(super) struct Answer {
    pub(super) contrast: Contrast,
    pub(super) difference: Estimate,
    pub(super) counts: Option<Counts>,
    pub(super) test: Option<Tested>,
    pub(super) beside: Vec<Tested>,
    pub(super) effects: Vec<Effect>,
    /// The margin, where one was given, and the p that the difference lies within it.
    pub(super) within: Option<(f64, f64)>,
    /// Units on which the two differ, where only these decide.
    pub(super) differing: Option<Differing>,
    pub(super) flips: Flips,
    /// The rows behind it.
    pub(super) rows: Vec<[usize; 2]>,
}

/// The units on which two differ, where a test counts these alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Differing {
    pub(super) units: u64,
    /// What p is at best where `units` differ: 2 to the power of minus their number, times this.
    pub(super) tails: u32,
    pub(super) clustered: bool,
}

/// Whether two runs can be compared in numbers of a formula; if not, why.
pub(super) fn comparable(formula: &Formula) -> Result<(), &'static str> {
    match formula {
        Formula::Proportion(_)
        | Formula::Mean(_)
        | Formula::GeometricMean(_)
        | Formula::Median(_)
        | Formula::GeometricMedian(_)
        | Formula::ExpRatio { .. }
        | Formula::BitsPer { .. }
        | Formula::Classes { .. }
        | Formula::AllSame(_)
        | Formula::Agreement(_)
        | Formula::PassAt { .. } => Ok(()),
        Formula::Total(_) => Err("it is counted, not estimated"),
        Formula::Exact(_) => Err("nothing was sampled for it"),
        Formula::GroupRatio { .. }
        | Formula::MeanRatio { .. }
        | Formula::Difference { .. }
        | Formula::GroupDifference { .. } => {
            Err("it sets two parts of one run against each other; compare the parts")
        }
        Formula::RepeatSpread(_) => Err("it is a spread between the repeats of one run"),
        Formula::Calibration { .. } | Formula::CalibrationFloor { .. } => Err(
            "no interval is known to hold for the difference of two; compare the Brier score or the log loss",
        ),
        Formula::Distinct { .. } => Err("n-grams are counted over all texts at once; items cannot be paired"),
    }
}

impl Question<'_> {
    /// What the paired items show, and how they were paired.
    pub(super) fn answer(&self) -> (Matched, Result<Answer, Incomparable>) {
        match &self.metric.formula {
            Formula::Proportion(column) => self.by_value(column, Self::shares),
            Formula::Mean(column) => self.by_value(column, |own, paired| own.means(paired, Scale::Plain)),
            Formula::GeometricMean(column) => {
                self.by_value(column, |own, paired| own.means(paired, Scale::Exp))
            }
            Formula::Median(column) => self.by_value(column, |own, paired| own.medians(paired, Scale::Plain)),
            Formula::GeometricMedian(column) => {
                self.by_value(column, |own, paired| own.medians(paired, Scale::Exp))
            }
            Formula::ExpRatio { numerator, denominator } => {
                self.quotients([numerator, denominator], Scale::Exp)
            }
            Formula::BitsPer { nats, bytes } => self.quotients([nats, bytes], Scale::Bits),
            Formula::Classes { gold, predicted, score } => self.classes(gold, predicted, score),
            Formula::AllSame(column) => {
                let paired = self.texts(column).by_item(|texts| {
                    let all = texts.windows(2).all(|pair| pair[0] == pair[1]);
                    (texts.len() > 1).then_some(f64::from(u8::from(all)))
                });
                self.answered(paired, |own, paired| Ok(own.shares(paired)))
            }
            Formula::Agreement(column) => {
                let paired = self.texts(column).by_item(text::agreement);
                self.answered(paired, |own, paired| Ok(own.means(paired, Scale::Plain)))
            }
            Formula::PassAt { correct, k } => {
                let paired = self.numbers(correct).by_item(|correct| {
                    let right = correct.iter().filter(|correct| **correct >= 1.0).count();
                    (correct.len() >= k.get()).then(|| text::pass_at(k.get(), right, correct.len()))
                });
                self.answered(paired, |own, paired| Ok(own.means(paired, Scale::Plain)))
            }
            other => {
                let words = comparable(other).err().unwrap_or_default().to_owned();
                (Matched::default(), Err(Incomparable { why: Why::NoContrast, words }))
            }
        }
    }

    /// The margin of this metric, where one was given, with the p that the difference lies within it.
    fn within(&self, p: impl FnOnce(f64) -> Option<f64>) -> Option<(f64, f64)> {
        let margin = self.options.margins.of(self.metric, self.own_margin)?;
        Some((margin, p(margin)?))
    }

    fn by_value(
        &self,
        column: Column,
        make: impl FnOnce(&Self, Paired<'_, f64>) -> Answer,
    ) -> (Matched, Result<Answer, Incomparable>) {
        self.answered(self.numbers(column), |own, paired| Ok(make(own, paired)))
    }

    /// Fewer than two items cannot be compared.
    fn answered<T>(
        &self,
        paired: Paired<'_, T>,
        make: impl FnOnce(&Self, Paired<'_, T>) -> Result<Answer, Incomparable>,
    ) -> (Matched, Result<Answer, Incomparable>) {
        let matched = paired.matched;
        match paired.values[0].len() {
            0 => (matched, Err(too_few("no item", &matched))),
            1 => (matched, Err(too_few("only 1 item", &matched))),
            _ => (matched, make(self, paired)),
        }
    }

    fn numbers(&self, column: Column) -> Paired<'_, f64> {
        self.pairing.of(self.sides, Some(self.metric), |table, cells| cell(table, cells, column)?.number())
    }

    fn texts(&self, column: Column) -> Paired<'_, &str> {
        self.pairing.of(self.sides, Some(self.metric), |table, cells| cell(table, cells, column)?.text())
    }

    /// What is drawn where permutations are too many: the same whatever other runs, threads or rows there are.
    fn permutation(&self, purpose: &str) -> Permutation {
        let Self { sides: [first, second], task, metric, options, .. } = self;
        let (name, part) = (&metric.name, metric.part().unwrap_or_default());
        let (low, high) = (first.min(second), first.max(second));
        let purpose = format!("compare/{task}/{name}/{part}/{low}/{high}/{purpose}");
        Permutation { draws: options.draws, key: Key::new(options.seed, &purpose) }
    }

    /// The test of a sum of 0 by turning signs, of clusters as wholes. Those that are 0 turn into themselves and are left
    /// out.
    fn sign_flip(&self, differences: &[f64], clusters: &Clusters) -> (Tested, Differing) {
        let sums: Vec<f64> = clusters.sums(differences).into_iter().filter(|sum| *sum != 0.0).collect();
        let p = paired::sign_flip(&sums, self.permutation("sign flip")).unwrap_or(1.0);
        let differing =
            Differing { units: sums.len() as u64, tails: 2, clustered: clusters.shared().is_some() };
        (tested(Hypothesis::SignFlip, p), differing)
    }
}

/// A test without a statistic.
fn tested(hypothesis: Hypothesis, p: f64) -> Tested {
    Tested { hypothesis, statistic: None, df: None, p, adjusted: None }
}

fn cell<'a>(table: &Table, cells: &'a [Cell], column: Column) -> Option<&'a Cell> {
    cells.get(table.column(column)?)
}

fn too_few(shared: &str, matched: &Matched) -> Incomparable {
    let lost = [
        (matched.other_content, "asked something else"),
        (matched.failed, "without an answer"),
        (matched.without_value, "without this number on a side"),
        (matched.only_first + matched.only_second, "in one run only"),
    ];
    let lost: Vec<String> =
        lost.iter().filter(|(count, _)| *count > 0).map(|(count, why)| format!("{count} {why}")).collect();
    let lost = if lost.is_empty() { String::new() } else { format!(" ({})", lost.join(", ")) };
    Incomparable { why: Why::TooFew, words: format!("{shared} can be paired{lost}; it takes two") }
}

impl Differing {
    /// How many must differ for p to come to `threshold`.
    pub(super) fn needed(self, threshold: f64) -> u64 {
        // Every further one halves p.
        let bits = log2(f64::from(self.tails) / threshold) - 1e-9;
        ceil(bits).max(0.0) as u64
    }
}
