//! The engine behind every interval: a number, and how much each independent part of the data moves it.
//!
//! The squares of these influences give the variance, so that single, clustered and repeated items go one way; a change of
//! scale carries the ends into the range of the number.

use libm::{exp, sqrt};

use super::{Clusters, Interval, Method, Undefined, dist::student, sum};
use crate::value::Level;

/// A number, and how much each cluster moves it.
#[derive(Clone, Debug, PartialEq)]
pub struct Influence {
    /// The number.
    pub value: f64,
    /// One entry a cluster.
    pub parts: Vec<f64>,
    /// Degrees of freedom of the variance.
    pub df: f64,
}

/// A number, its standard error, and how well that is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The number.
    pub value: f64,
    /// Its standard error.
    pub std_error: f64,
    /// Degrees of freedom of the standard error.
    pub df: f64,
}

/// How a number is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// As it is.
    Plain,
    /// eˣ, as perplexities are.
    Exp,
    /// x / ln 2, as bits are from nats.
    Bits,
}

impl Influence {
    /// From the numbers without each cluster in turn (Tukey's jackknife), or how far they lie from it.
    pub fn jackknife(value: f64, left_out: &[f64]) -> Self {
        let count = left_out.len() as f64;
        let centre = sum(left_out.iter().copied()) / count;
        let parts = left_out.iter().map(|left_out| (centre - left_out) * (count - 1.0) / count).collect();
        Self { value, parts, df: count - 1.0 }
    }

    /// The standard error: CR1, which for single items is the usual one. At least two clusters.
    pub fn spread(&self) -> Spread {
        let clusters = self.parts.len() as f64;
        let variance = clusters / (clusters - 1.0) * sum(self.parts.iter().map(|part| part * part));
        Spread { value: self.value, std_error: sqrt(variance), df: self.df }
    }
}

impl Spread {
    /// The two-sided p of a number of 0.
    pub fn p(self) -> f64 {
        2.0 * student::sf(self.value.abs() / self.std_error, self.df)
    }

    /// The difference of two numbers from different data, with the degrees of freedom of Welch and Satterthwaite.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        let (own, others) = (self.std_error * self.std_error, other.std_error * other.std_error);
        let variance = own + others;
        let df = if variance > 0.0 {
            variance * variance / (own * own / self.df + others * others / other.df)
        } else {
            self.df.min(other.df)
        };
        Self { value: self.value - other.value, std_error: sqrt(variance), df }
    }

    /// Student's interval, its ends carried to another scale.
    pub fn interval(self, level: Level, method: Method, scale: Scale) -> Result<Interval, Undefined> {
        let half = self.std_error * t(level, self.df);
        Interval::new(scale.apply(self.value - half), scale.apply(self.value + half), level, method)
    }
}

impl Scale {
    /// The number on this scale.
    pub fn apply(self, x: f64) -> f64 {
        match self {
            Self::Plain => x,
            Self::Exp => exp(x),
            Self::Bits => x / std::f64::consts::LN_2,
        }
    }

    /// How much the number on this scale changes with `x`.
    pub fn slope(self, x: f64) -> f64 {
        match self {
            Self::Plain => 1.0,
            Self::Exp => exp(x),
            Self::Bits => 1.0 / std::f64::consts::LN_2,
        }
    }
}

/// How many standard errors the ends lie away.
pub(super) fn t(level: Level, df: f64) -> f64 {
    -student::quantile(0.5 * (1.0 - level.get()), df)
}

/// A quotient of two sums, kept apart by cluster: a mean, or nats per token.
#[derive(Clone, Debug, PartialEq)]
pub struct Quotient {
    /// Each cluster's numerator and denominator.
    pub(super) units: Vec<[f64; 2]>,
}

impl Quotient {
    /// Σ numerators / Σ denominators.
    pub fn new(numerators: &[f64], denominators: &[f64], clusters: &Clusters) -> Self {
        let (above, below) = (clusters.sums(numerators), clusters.sums(denominators));
        Self { units: above.into_iter().zip(below).map(|(above, below)| [above, below]).collect() }
    }

    /// The mean of values.
    pub fn mean(values: &[f64], clusters: &Clusters) -> Self {
        Self::new(values, &vec![1.0; values.len()], clusters)
    }

    /// Both sums.
    pub fn totals(&self) -> [f64; 2] {
        [0, 1].map(|side| sum(self.units.iter().map(|unit| unit[side])))
    }

    /// The quotient; not finite where there is nothing to divide by.
    pub fn value(&self) -> f64 {
        let [above, below] = self.totals();
        above / below
    }

    /// To first order, as for a mean; degrees of freedom by the number of clusters.
    pub fn linear(&self) -> Influence {
        let [above, below] = self.totals();
        let value = above / below;
        let parts = self.units.iter().map(|unit| (unit[0] - value * unit[1]) / below).collect();
        Influence { value, parts, df: self.units.len() as f64 - 1.0 }
    }

    /// By leaving out each cluster in turn (Tukey's jackknife). Degrees of freedom after Kish: (Σu)²/Σu² − 1, at least 1,
    /// "how many documents really carry the sum".
    pub fn jackknife(&self) -> Influence {
        let [above, below] = self.totals();
        let value = above / below;
        // How far the quotient moves when a unit leaves: (A − a)/(B − b) − A/B.
        let moves: Vec<f64> =
            self.units.iter().map(|unit| (value * unit[1] - unit[0]) / (below - unit[1])).collect();
        let df = kish_df(self.units.iter().map(|unit| unit[1]));
        Influence { df, ..Influence::jackknife(value, &moves) }
    }

    /// The difference of two quotients over the same clusters, each left out on both sides at once.
    pub fn jackknife_minus(&self, other: &Self) -> Influence {
        let (own, others) = (self.jackknife(), other.jackknife());
        let parts = own.parts.iter().zip(&others.parts).map(|(own, other)| own - other).collect();
        let units = self.units.iter().zip(&other.units).map(|(own, other)| 0.5 * (own[1] + other[1]));
        Influence { value: own.value - others.value, parts, df: kish_df(units) }
    }
}

/// (Σu)²/Σu² − 1, at least 1.
fn kish_df(units: impl Iterator<Item = f64> + Clone) -> f64 {
    let (total, squares) = (sum(units.clone()), sum(units.map(|unit| unit * unit)));
    (total * total / squares - 1.0).max(1.0)
}
