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
        let total = log_sum_exp(scores);
        let each: Vec<f64> = scores.iter().map(|score| libm::exp(score - total)).collect();
        let own: Vec<f64> = right.iter().map(|place| scores[*place]).collect();
        // From scores, for a share may be too small for a number.
        let nll = (total - log_sum_exp(&own)).max(0.0);
        let wrong = (0..scores.len()).filter(|place| !right.contains(place)).map(|place| each[place]);
        let classes: Vec<f64> = std::iter::once(libm::exp(-nll)).chain(wrong).collect();
        Self { nll, confidence: each[highest(scores)], brier: brier_of_classes(&classes, 0), each }
    }

    /// What the right options are given together.
    pub(super) fn right(&self) -> f64 {
        libm::exp(-self.nll)
    }
}

/// ln Σ eˣ without overflow.
pub(super) fn log_sum_exp(values: &[f64]) -> f64 {
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    most + libm::log(sum(values.iter().map(|value| libm::exp(value - most))))
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
