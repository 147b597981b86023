//! Sums over sums, such as perplexities: the document is the unit, and both runs must divide by the same.

use libm::log1p;

use super::{Answer, Question, cell, tested};
use crate::{
    compare::{Contrast, Flips, Incomparable, Matched, Tested, Why, pairing::Paired},
    record::{Column, Unit},
    stats::{Hypothesis, influence::Scale, paired::Equivalence, ratio::Documents},
};

impl Question<'_> {
    /// By leaving out each document on both sides; a ratio on the scale of exponentials, a difference in bits.
    pub(super) fn quotients(
        &self,
        columns: [Column; 2],
        scale: Scale,
    ) -> (Matched, Result<Answer, Incomparable>) {
        let paired = self.pairing.of(self.sides, Some(self.metric), |table, cells| {
            let [above, below] = columns.map(|column| cell(table, cells, column)?.number());
            Some([above?, below?])
        });
        self.answered(paired, |own, paired| own.quotient(paired, columns[1], scale))
    }

    fn quotient(
        &self,
        paired: Paired<'_, [f64; 2]>,
        below: Column,
        scale: Scale,
    ) -> Result<Answer, Incomparable> {
        let [first, second] = &paired.values;
        let differing =
            first.iter().zip(second).filter(|(first, second)| first[1].total_cmp(&second[1]).is_ne()).count();
        if differing > 0 {
            return Err(self.other_units(below, differing, first.len()));
        }
        let clusters = paired.clusters();
        let documents = |values: &[[f64; 2]]| {
            let [above, below] =
                [0, 1].map(|part| values.iter().map(|value| value[part]).collect::<Vec<_>>());
            Documents::new(&above, &below, clusters.clone())
        };
        let (first, second) = (documents(first), documents(second));
        let difference = second.against_paired(&first, self.options.level, scale);
        if let Err(why) = difference.value {
            return Err(Incomparable { why: Why::Undefined, words: why.to_string() });
        }
        let spread = second.minus_paired(&first);
        let by_t = spread.ok().map(|spread| Tested {
            statistic: Some(spread.value / spread.std_error),
            df: Some(spread.df),
            ..tested(Hypothesis::JackknifeT, spread.p())
        });
        let within = self.within(|margin| {
            let margin = match scale {
                Scale::Exp => log1p(margin),
                Scale::Bits => margin * std::f64::consts::LN_2,
                Scale::Plain => margin,
            };
            Some(Equivalence::by_t(spread.ok()?, -margin, margin).p())
        });
        // Without a spread t is not known; turned signs still are.
        let numerators: Vec<f64> = paired.values[1]
            .iter()
            .zip(&paired.values[0])
            .map(|(second, first)| second[0] - first[0])
            .collect();
        let (flipped, differing) = self.sign_flip(&numerators, &clusters);
        let (test, beside, differing) = match by_t {
            Some(by_t) => (by_t, vec![flipped], None),
            None => (flipped, Vec::new(), Some(differing)),
        };
        let contrast = if scale == Scale::Exp { Contrast::Ratio } else { Contrast::Difference };
        Ok(Answer {
            contrast,
            difference,
            counts: None,
            test: Some(test),
            beside,
            effects: Vec::new(),
            within,
            differing,
            flips: Flips::default(),
            rows: paired.rows,
        })
    }

    fn other_units(&self, below: Column, differing: usize, items: usize) -> Incomparable {
        let instead = if self.metric.unit == Unit::BitsPerByte || below.contains("byte") {
            "the texts are not the same"
        } else {
            "two tokenizers cut the texts differently, and a number per token says nothing across them; compare \
             bits per byte"
        };
        let words = format!("its `{below}` differ on {differing} of {items} items: {instead}");
        Incomparable { why: Why::OtherUnits, words }
    }
}
