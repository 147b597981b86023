//! All p values of a comparison allow for each other, and what that leaves for each.

use super::{Correction, Options};
use crate::stats::{Adjusted, multiplicity};

/// The p values of one question, such as whether two differ.
pub(super) struct Family {
    correction: Correction,
    alpha: f64,
    /// As they are.
    p: Vec<f64>,
    /// Corrected, in the same order.
    adjusted: Vec<f64>,
}

impl Family {
    pub(super) fn new(p: Vec<f64>, options: &Options) -> Self {
        let correction = options.correction;
        let adjusted = match correction {
            Correction::Holm => multiplicity::holm(&p),
            Correction::BenjaminiHochberg => multiplicity::benjamini_hochberg(&p),
        };
        Self { correction, alpha: 1.0 - options.level.get(), p, adjusted }
    }

    pub(super) fn size(&self) -> usize {
        self.p.len()
    }

    /// The corrected p of a test.
    pub(super) fn adjusted(&self, place: usize) -> Adjusted {
        Adjusted { p: self.adjusted[place], family_size: self.size() }
    }

    /// How small the p of a test that was not found would have to be, with all others as they are, to be found. Step by
    /// step corrections ask less of it than of the first.
    pub(super) fn threshold(&self, place: usize) -> f64 {
        let size = self.size() as f64;
        match self.correction {
            Correction::Holm => {
                let found = self.adjusted.iter().filter(|p| **p <= self.alpha).count();
                self.alpha / (size - found as f64)
            }
            Correction::BenjaminiHochberg => {
                let mut others: Vec<f64> = self.p.clone();
                others.swap_remove(place);
                others.sort_by(f64::total_cmp);
                // Of `rank` tests that are found the largest p may be alpha × rank / size; this one and rank - 1 others.
                let of = |rank: usize| self.alpha * rank as f64 / size;
                let enough = |rank: &usize| *rank == 1 || others[rank - 2] <= of(*rank);
                of((1..=self.size()).rev().find(enough).unwrap_or(1))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn family(p: &[f64], correction: Correction) -> Family {
        Family::new(p.to_vec(), &Options { correction, ..Options::default() })
    }

    /// The threshold found by trying: the largest p at a place that the correction still finds.
    fn tried(p: &[f64], place: usize, correction: Correction) -> f64 {
        let found = |own: f64| {
            let mut p = p.to_vec();
            p[place] = own;
            family(&p, correction).adjusted[place] <= 0.05 + 1e-15
        };
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            if found(middle) { low = middle } else { high = middle }
        }
        low
    }

    #[test]
    fn the_threshold_is_where_the_correction_begins_to_find() {
        let p = [0.001, 0.9, 0.012, 0.02, 0.3, 0.2, 0.04, 0.8, 0.011, 0.013];
        for correction in [Correction::Holm, Correction::BenjaminiHochberg] {
            let all = family(&p, correction);
            for place in (0..p.len()).filter(|place| all.adjusted[*place] > 0.05) {
                let (own, tried) = (all.threshold(place), tried(&p, place, correction));
                assert!((own - tried).abs() < 1e-9, "{correction:?} {place}: {own} {tried}");
            }
        }
        assert!((family(&[0.5], Correction::Holm).threshold(0) - 0.05).abs() < 1e-12);
    }
}
