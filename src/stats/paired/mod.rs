//! Two measurements of the same items, such as two prompts or two models: what sets them apart, and whether that can be
//! told from chance.

mod cochran;
mod means;
mod permutation;
mod proportions;

pub use cochran::{CochranQ, cochran_q};
pub use means::{EffectSize, MeanDifference};
pub use permutation::{Permutation, sign_flip, swap};
pub use proportions::{McNemar, OddsRatio, Pairs};

use super::{dist::student, influence::Spread};

/// Both one-sided tests that a difference lies within a margin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Equivalence {
    /// That the difference lies above the lower margin.
    pub p_above: f64,
    /// That the difference lies below the upper margin.
    pub p_below: f64,
}

impl Equivalence {
    /// Whether a number lies between two values, by Student's t.
    pub fn by_t(Spread { value, std_error, df }: Spread, low: f64, high: f64) -> Self {
        let t = |from: f64| (value - from) / std_error;
        Self { p_above: student::sf(t(low), df), p_below: student::cdf(t(high), df) }
    }

    /// The p of both together (TOST): the larger one.
    pub fn p(&self) -> f64 {
        self.p_above.max(self.p_below)
    }
}
