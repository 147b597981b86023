//! Gold and predicted classes: F1, MCC and their like.

use super::{Answer, Differing, Question, cell, tested};
use crate::{
    compare::{Contrast, Flips, Incomparable, Matched, Tested, Why, pairing::Paired},
    record::{Cell, Column},
    stats::{
        Clusters, Hypothesis,
        confusion::{ClassScore, PairedConfusion},
        dist::student,
        influence::Spread,
        paired::Equivalence,
    },
};

/// A gold class and what was said.
type Labels<'a> = (&'a str, Option<&'a str>);

impl Question<'_> {
    /// By swapping predictions, with the interval and the t of the delta method.
    pub(super) fn classes(
        &self,
        gold: Column,
        predicted: Column,
        score: &ClassScore,
    ) -> (Matched, Result<Answer, Incomparable>) {
        let paired = self.pairing.of(self.sides, Some(self.metric), |table, cells| -> Option<Labels<'_>> {
            let text = |column| cell(table, cells, column).and_then(Cell::text);
            Some((text(gold)?, text(predicted)))
        });
        self.answered(paired, |own, paired| own.confusion(paired, score))
    }

    fn confusion(&self, paired: Paired<'_, Labels<'_>>, score: &ClassScore) -> Result<Answer, Incomparable> {
        let [first, second] = &paired.values;
        let other_gold = first.iter().zip(second).filter(|(first, second)| first.0 != second.0).count();
        if other_gold > 0 {
            let words = format!("{other_gold} of {} items have another gold class", first.len());
            return Err(Incomparable { why: Why::OtherUnits, words });
        }
        let clusters = paired.clusters();
        // The first score that is taken is that of the second side.
        let items: Vec<_> =
            first.iter().zip(second).map(|((gold, own), (_, other))| (*gold, *other, *own)).collect();
        let confusion = PairedConfusion::new(&items, clusters.clone());
        let difference = self.bounded(confusion.estimate(score, self.options.level));
        let value =
            difference.value.map_err(|why| Incomparable { why: Why::Undefined, words: why.to_string() })?;
        let spread = difference.std_error.filter(|error| *error > 0.0).map(|std_error| Spread {
            value,
            std_error,
            df: clusters.count() as f64 - 1.0,
        });
        let by_t = spread.map(|spread| {
            let statistic = spread.value / spread.std_error;
            Tested {
                statistic: Some(statistic),
                df: Some(spread.df),
                ..tested(Hypothesis::DeltaT, 2.0 * student::sf(statistic.abs(), spread.df))
            }
        });
        let within = self.within(|margin| Some(Equivalence::by_t(spread?, -margin, margin).p()));
        let units = differing(&items, &clusters);
        let swapped = confusion.swap(score, self.permutation("swap")).ok();
        Ok(Answer {
            contrast: Contrast::Difference,
            difference,
            counts: None,
            test: swapped.map(|p| tested(Hypothesis::Swap, p)),
            beside: by_t.into_iter().collect(),
            effects: Vec::new(),
            within,
            differing: Some(Differing { units, tails: 2, clustered: clusters.shared().is_some() }),
            flips: Flips::default(),
            rows: paired.rows,
        })
    }
}

/// Units in which any prediction differs.
fn differing(items: &[(&str, Option<&str>, Option<&str>)], clusters: &Clusters) -> u64 {
    let differs: Vec<f64> =
        items.iter().map(|(_, first, second)| f64::from(u8::from(first != second))).collect();
    clusters.sums(&differs).into_iter().filter(|sum| *sum > 0.0).count() as u64
}
