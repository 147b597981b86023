//! The power of McNemar's test, over all numbers of items on which two may differ and all ways these may fall.

use libm::sqrt;

use crate::stats::{dist::binomial, paired::McNemar};

/// What the test makes of each number of items that differ; the same for every difference.
pub(super) struct Outcomes(Vec<Outcome>);

/// So many items differ.
struct Outcome {
    discordant: u64,
    /// How likely that is.
    weight: f64,
    /// The most items on the side with fewer at which the test rejects.
    most_fewer: u64,
}

impl Outcomes {
    /// Of a number of items, where two differ on the share `discordant`. Those that never reject are left out.
    pub(super) fn new(items: u64, discordant: f64, alpha: f64, test: McNemar) -> Self {
        // Of the probabilities left out, none is above 1e-18.
        let centre = items as f64 * discordant;
        let reach = 10.0 * sqrt(centre * (1.0 - discordant)) + 40.0;
        let least = (centre - reach).max(0.0) as u64;
        let most = ((centre + reach) as u64).min(items);
        // One more discordant item never makes fewer outcomes reject.
        let mut rejecting = Rejecting::of(least, alpha, test);
        let outcomes = (least..=most).filter_map(|differ| {
            rejecting.advance(differ);
            let weight = binomial::pmf(differ, items, discordant);
            Some(Outcome { discordant: differ, weight, most_fewer: rejecting.most_fewer? })
        });
        Self(outcomes.collect())
    }

    /// The chance that the test rejects, where an item that differs falls to one side with the chance `share`.
    pub(super) fn power(&self, share: f64) -> f64 {
        let [mut low, mut high] = [Lower::new(share), Lower::new(1.0 - share)];
        let each = self.0.iter().map(|outcome| {
            let Outcome { discordant, weight, most_fewer } = *outcome;
            weight * (low.cdf(most_fewer, discordant) + high.cdf(most_fewer, discordant))
        });
        each.sum::<f64>().min(1.0)
    }
}

/// The lower tail of a binomial distribution, from one number of items to the next.
struct Lower {
    p: f64,
    last: Option<(u64, u64)>,
    cdf: f64,
}

impl Lower {
    fn new(p: f64) -> Self {
        Self { p, last: None, cdf: 0.0 }
    }

    /// P(X ≤ k) for X ~ Bin(n, p).
    fn cdf(&mut self, k: u64, n: u64) -> f64 {
        let p = self.p;
        self.cdf = match self.last {
            Some((before, items)) if items + 1 == n && k - before <= 1 && p > 0.0 && p < 1.0 => {
                // The further item is the one too many, or there is room for one more.
                let kept = self.cdf - p * binomial::pmf(before, items, p);
                if k > before { kept + binomial::pmf(k, n, p) } else { kept }
            }
            _ => binomial::cdf(k, n, p),
        };
        self.last = Some((k, n));
        self.cdf
    }
}

/// Which outcomes a McNemar test rejects.
struct Rejecting {
    alpha: f64,
    test: McNemar,
    /// The most items on the side with fewer; none where no outcome is rejected.
    most_fewer: Option<u64>,
}

impl Rejecting {
    fn of(discordant: u64, alpha: f64, test: McNemar) -> Self {
        // A little below where it can be; `advance` finds the place.
        let start = binomial::quantile(0.5 * alpha, discordant, 0.5).checked_sub(3);
        Self { alpha, test, most_fewer: start }
    }

    fn advance(&mut self, discordant: u64) {
        let rejects = |fewer: u64| self.test.p(fewer, discordant) <= self.alpha * (1.0 + 1e-12);
        let mut next = self.most_fewer.map_or(0, |fewer| fewer + 1);
        while 2 * next < discordant && rejects(next) {
            self.most_fewer = Some(next);
            next += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_tail_leads_to_the_next() {
        for p in [0.0, 0.03, 0.5, 0.9, 1.0] {
            let mut lower = Lower::new(p);
            for n in 5..2000 {
                let k = n / 3;
                assert!((lower.cdf(k, n) - binomial::cdf(k, n, p)).abs() < 1e-12, "{p} {n}");
            }
        }
    }
}
