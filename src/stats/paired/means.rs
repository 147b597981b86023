//! Numbers measured twice on the same items.

use libm::{exp, lgamma, log, sqrt};

use super::Equivalence;
use crate::{
    stats::{
        Clusters, Estimate, Method, Undefined,
        dist::student,
        influence::{Quotient, Scale, Spread},
    },
    value::Level,
};

/// The mean of the differences, with what a t test needs.
#[derive(Clone, Debug, PartialEq)]
pub struct MeanDifference {
    clusters: Clusters,
    mean: f64,
    spread: Result<Spread, Undefined>,
}

/// A difference in units of the standard deviation of the differences.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EffectSize {
    /// Cohen's d_z.
    pub d_z: f64,
    /// Hedges' g_z: d_z without its bias at few items; none for two items.
    pub g_z: Option<f64>,
}

impl MeanDifference {
    /// Of each item's first value minus its second; the sums within clusters count (CR1).
    pub fn new(differences: &[f64], clusters: &Clusters) -> Self {
        let mean = Quotient::mean(differences, clusters);
        let spread = clusters.spread().and_then(|()| {
            let equal = differences.windows(2).all(|two| (two[0] - two[1]).abs() == 0.0);
            let spread = mean.linear().spread();
            // As far as these data say, chance has no part in it, which would make t infinite.
            if equal || spread.std_error <= 0.0 { Err(Undefined::Constant) } else { Ok(spread) }
        });
        Self { clusters: clusters.clone(), mean: mean.value(), spread }
    }

    /// The mean with Student's interval.
    pub fn estimate(&self, level: Level) -> Estimate {
        if self.clusters.items() == 0 {
            return Estimate::undefined(Undefined::NoItems, &self.clusters);
        }
        let method = if self.clusters.shared().is_some() { Method::TClustered } else { Method::T };
        Estimate::on_scale(self.mean, self.spread, &self.clusters, level, method, Scale::Plain)
    }

    /// How many standard errors the mean lies from a value.
    pub fn t(&self, from: f64) -> Result<f64, Undefined> {
        self.spread.map(|spread| (spread.value - from) / spread.std_error)
    }

    /// Degrees of freedom of t.
    pub fn df(&self) -> Result<f64, Undefined> {
        self.spread.map(|spread| spread.df)
    }

    /// The two-sided p of a mean of 0.
    pub fn p(&self) -> Result<f64, Undefined> {
        Ok(2.0 * student::sf(self.t(0.0)?.abs(), self.df()?))
    }

    /// Whether the mean lies between two values.
    pub fn equivalence(&self, low: f64, high: f64) -> Result<Equivalence, Undefined> {
        self.spread.map(|spread| Equivalence::by_t(spread, low, high))
    }

    /// The difference in standard deviations; of clustered differences, in those that their standard error stands for.
    pub fn effect_size(&self) -> Result<EffectSize, Undefined> {
        let df = self.df()?;
        let d_z = self.t(0.0)? / sqrt(self.clusters.count() as f64);
        // Hedges 1981.
        let shrinkage = exp(lgamma(0.5 * df) - 0.5 * log(0.5 * df) - lgamma(0.5 * (df - 1.0)));
        Ok(EffectSize { d_z, g_z: (df > 1.0).then_some(d_z * shrinkage) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_said() {
        let undefined = |differences: &[f64], clusters: Clusters| {
            let mean = MeanDifference::new(differences, &clusters);
            assert_eq!(mean.p().err(), mean.effect_size().err());
            (mean.estimate(Level::DEFAULT).value.err(), mean.p().err())
        };
        let apart = |differences: &[f64]| undefined(differences, Clusters::apart(differences.len()));
        assert_eq!(apart(&[]), (Some(Undefined::NoItems), Some(Undefined::NoItems)));
        assert_eq!(apart(&[1.0]), (None, Some(Undefined::OneItem)));
        assert_eq!(apart(&[0.1, 0.1, 0.1]), (None, Some(Undefined::Constant)));
        assert_eq!(undefined(&[1.0, 2.0], Clusters::by([0, 0])), (None, Some(Undefined::OneCluster)));
        assert_eq!(
            undefined(&[1.0, 2.0, 1.0, 2.0], Clusters::by([0, 0, 1, 1])),
            (None, Some(Undefined::Constant))
        );
    }

    #[test]
    fn items_that_hang_together_count_as_one() {
        let values = [0.5, 0.5, -0.25, -0.25, 1.0, 1.0, 0.75, 0.75];
        let once = MeanDifference::new(&[0.5, -0.25, 1.0, 0.75], &Clusters::apart(4));
        let twice = MeanDifference::new(&values, &Clusters::by([0, 0, 1, 1, 2, 2, 3, 3]));
        assert!((once.p().unwrap() - twice.p().unwrap()).abs() < 1e-14);
        assert!(MeanDifference::new(&values, &Clusters::apart(8)).p().unwrap() < once.p().unwrap());
    }
}
