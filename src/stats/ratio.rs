//! Quotients of sums over documents, such as perplexity: the document is the unit, never the token.

use super::{
    Clusters, Estimate, Method, Undefined,
    influence::{Quotient, Scale, Spread},
};
use crate::value::Level;

/// Documents whose sums are divided: nats by tokens, say.
#[derive(Clone, Debug)]
pub struct Documents {
    quotient: Quotient,
    clusters: Clusters,
}

impl Documents {
    /// One numerator and one denominator a document.
    pub fn new(numerators: &[f64], denominators: &[f64], clusters: Clusters) -> Self {
        Self { quotient: Quotient::new(numerators, denominators, &clusters), clusters }
    }

    /// The sums by cluster.
    pub fn quotient(&self) -> &Quotient {
        &self.quotient
    }

    /// Σ numerators / Σ denominators on a scale: nats and tokens with [`Scale::Exp`] give a perplexity.
    pub fn estimate(&self, level: Level, scale: Scale) -> Estimate {
        if let Err(why) = self.divisible() {
            return Estimate::undefined(why, &self.clusters);
        }
        let value = self.quotient.value();
        Estimate::on_scale(value, self.spread(), &self.clusters, level, Method::JackknifeT, scale)
    }

    /// e to the difference of two groups' quotients: a perplexity over another. `both` holds the clusters of these
    /// documents and then of the others.
    pub fn over(&self, other: &Self, both: &Clusters, level: Level) -> Estimate {
        if let Err(why) = self.divisible().and(other.divisible()) {
            return Estimate::undefined(why, both);
        }
        let independent = both.count() == self.clusters.count() + other.clusters.count();
        let spread = if independent {
            self.spread().and_then(|spread| Ok(spread.minus(other.spread()?)))
        } else {
            Err(Undefined::SharedCluster)
        };
        let difference = self.quotient.value() - other.quotient.value();
        Estimate::on_scale(difference, spread, both, level, Method::WelchJackknifeT, Scale::Exp)
    }

    fn divisible(&self) -> Result<(), Undefined> {
        let [_, below] = self.quotient.totals();
        match (self.clusters.items(), below > 0.0) {
            (0, _) => Err(Undefined::NoItems),
            (_, false) => Err(Undefined::NoUnits),
            _ => Ok(()),
        }
    }

    /// The standard error by the jackknife.
    pub fn spread(&self) -> Result<Spread, Undefined> {
        self.clusters.spread()?;
        let influence = self.quotient.jackknife();
        // Without the one document that holds all there is to divide by, nothing is left.
        let known = influence.parts.iter().all(|part| part.is_finite());
        if known { Ok(influence.spread()) } else { Err(Undefined::OneItem) }
    }
}
