//! Scores as shares of one: what the options to choose from are given, compared with each other alone.

use super::endings::highest;
use crate::stats::{calibration::brier_of_classes, sum};

/// e to each score over the sum of all. Several right options count as one.
pub(super) struct Shares {
    /// One an option.
    pub(super) each: Vec<f64>,
    /// Minus the logarithm of the right options' share, in nats.
    pub(super) nll: f64,
    /// The highest share.
    pub(super) confidence: f64,
    /// Brier's score, 0 to 2.
    pub(super) brier: f64,
}

impl Shares {
    /// Of scores, with the places of the right options.
    pub(super) fn of(scores: &[f64], right: &[usize]) -> Self {
        let most = scores[highest(scores)];
        let total = most + log_sum_exp(scores.iter().map(|score| score - most));
        let each: Vec<f64> = scores.iter().map(|score| libm::exp(score - total)).collect();
        // Relative to the best of them, so that a share too small for a number still has a logarithm.
        let best = right.iter().map(|place| scores[*place]).fold(f64::NEG_INFINITY, f64::max);
        let own = best + log_sum_exp(right.iter().map(|place| scores[*place] - best));
        let nll = (total - own).max(0.0);
        let wrong = (0..scores.len()).filter(|place| !right.contains(place)).map(|place| each[place]);
        let classes: Vec<f64> = std::iter::once(libm::exp(-nll)).chain(wrong).collect();
        Self { nll, confidence: each[highest(scores)], brier: brier_of_classes(&classes, 0), each }
    }

    /// What the right options are given together.
    pub(super) fn right(&self) -> f64 {
        libm::exp(-self.nll)
    }
}

/// ln Σ eˣ of numbers of which none is above 0 and one is 0.
fn log_sum_exp(values: impl Iterator<Item = f64>) -> f64 {
    libm::log(sum(values.map(libm::exp)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_compared_with_each_other() {
        // Python: p = softmax([0, 1, 2]); -log(p[0] + p[2]), max(p), (1 - p0 - p2)**2 + p1**2
        let shares = Shares::of(&[0.0, 1.0, 2.0], &[0, 2]);
        let close = |found: f64, wanted: f64| assert!((found - wanted).abs() < 1e-14, "{found} {wanted}");
        close(shares.nll, 0.280_677_953_401_407_83);
        close(shares.confidence, 0.665_240_955_774_821_9);
        close(shares.brier, 0.119_784_049_089_637_87);
        close(sum(shares.each.iter().copied()), 1.0);
        assert!((Shares::of(&[0.0, -2000.0], &[1]).nll - 2000.0).abs() < 1e-9);
    }
}
