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

    /// e to the difference of two quotients of the same documents, in the same order: one model's perplexity over
    /// another's.
    pub fn over_paired(&self, other: &Self, level: Level) -> Estimate {
        self.against_paired(other, level, Scale::Exp)
    }

    /// The difference of two quotients of the same documents, in the same order, on a scale: [`Scale::Exp`] makes it a
    /// ratio.
    pub fn against_paired(&self, other: &Self, level: Level, scale: Scale) -> Estimate {
        if let Err(why) = self.divisible().and(other.divisible()) {
            return Estimate::undefined(why, &self.clusters);
        }
        let difference = self.quotient.value() - other.quotient.value();
        let spread = self.minus_paired(other);
        Estimate::on_scale(difference, spread, &self.clusters, level, Method::JackknifeT, scale)
    }

    /// The difference of two quotients of the same documents, its standard error by leaving out each document on both
    /// sides.
    pub fn minus_paired(&self, other: &Self) -> Result<Spread, Undefined> {
        self.clusters.spread()?;
        let influence = self.quotient.jackknife_minus(&other.quotient);
        // Without the one document that holds all there is to divide by, nothing is left.
        if !influence.parts.iter().all(|part| part.is_finite()) {
            return Err(Undefined::OneItem);
        }
        let spread = influence.spread();
        if spread.std_error > 0.0 { Ok(spread) } else { Err(Undefined::Constant) }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn documents(nats: &[f64], tokens: &[f64]) -> Documents {
        Documents::new(nats, tokens, Clusters::apart(nats.len()))
    }

    #[test]
    fn a_text_cut_in_two_documents_of_one_cluster_is_the_text() {
        let whole = documents(&[30.0, 50.0, 25.0], &[10.0, 20.0, 8.0]);
        let cut =
            Documents::new(&[30.0, 21.0, 29.0, 25.0], &[10.0, 9.0, 11.0, 8.0], Clusters::by([0, 1, 1, 2]));
        let [whole, cut] = [whole, cut].map(|documents| documents.estimate(Level::DEFAULT, Scale::Exp));
        assert_eq!((whole.value, whole.interval), (cut.value, cut.interval));
        assert_eq!((whole.n, whole.clusters, cut.n, cut.clusters), (3, None, 4, Some(3)));
    }

    #[test]
    fn what_is_not_known_is_said() {
        let perplexity = |nats: &[f64], tokens: &[f64]| {
            let estimate = documents(nats, tokens).estimate(Level::DEFAULT, Scale::Exp);
            (estimate.value.err(), estimate.interval.err())
        };
        assert_eq!(perplexity(&[], &[]), (Some(Undefined::NoItems), Some(Undefined::NoItems)));
        assert_eq!(perplexity(&[0.0], &[0.0]), (Some(Undefined::NoUnits), Some(Undefined::NoUnits)));
        assert_eq!(perplexity(&[3.0], &[1.0]), (None, Some(Undefined::OneItem)));
        assert_eq!(perplexity(&[3.0, 0.0], &[1.0, 0.0]), (None, Some(Undefined::OneItem)));
        assert_eq!(
            perplexity(&[9e3, 9e3], &[1.0, 2.0]),
            (Some(Undefined::Overflow), Some(Undefined::Overflow))
        );
    }

    #[test]
    fn groups_that_share_a_cluster_are_not_compared_as_if_independent() {
        let (a, b) = (documents(&[3.0, 4.0], &[1.0, 2.0]), documents(&[5.0, 6.0], &[2.0, 2.0]));
        let apart = a.over(&b, &Clusters::apart(4), Level::DEFAULT);
        assert!(apart.interval.is_ok_and(|interval| interval.method == Method::WelchJackknifeT));
        let shared = a.over(&b, &Clusters::by([0, 1, 1, 2]), Level::DEFAULT);
        assert_eq!((shared.value, shared.interval), (apart.value, Err(Undefined::SharedCluster)));
    }
}
