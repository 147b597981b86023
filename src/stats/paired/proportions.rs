//! Items that are right or wrong twice.

use libm::sqrt;

use super::Equivalence;
use crate::{
    stats::{
        Clusters, Estimate, Interval, Method, Undefined,
        dist::{binomial, normal},
        proportion::{clopper_pearson, wilson, z},
    },
    value::Level,
};

/// How often each of the four outcomes came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pairs {
    /// Right both times.
    pub both: u64,
    /// Right the first time only.
    pub only_first: u64,
    /// Right the second time only.
    pub only_second: u64,
    /// Wrong both times.
    pub neither: u64,
}

/// Which p of McNemar's test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum McNemar {
    /// The exact one, which rejects too seldom.
    Exact,
    /// With half of what is exactly as far away: closer to its level, and not above it in 9,595 settings (Fagerland,
    /// Lydersen and Laake 2013).
    MidP,
}

/// The odds that an item on which the two differ is right the first time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OddsRatio {
    /// Only first over only second.
    pub value: Result<f64, Undefined>,
    /// Lower end, by Clopper and Pearson.
    pub low: f64,
    /// Upper end; none where the data set no bound.
    pub high: Option<f64>,
}

impl Pairs {
    /// From the values of the same items, 0 or 1 each; `None` where one is neither.
    pub fn of(first: &[f64], second: &[f64]) -> Option<Self> {
        let right = |value: f64| match value {
            0.0 => Some(false),
            1.0 => Some(true),
            _ => None,
        };
        let mut pairs = Self::default();
        for (first, second) in first.iter().zip(second) {
            *match (right(*first)?, right(*second)?) {
                (true, true) => &mut pairs.both,
                (true, false) => &mut pairs.only_first,
                (false, true) => &mut pairs.only_second,
                (false, false) => &mut pairs.neither,
            } += 1;
        }
        Some(pairs)
    }

    /// All items.
    pub fn items(&self) -> u64 {
        self.both + self.neither + self.discordant()
    }

    /// Items on which the two differ: the only ones that say which is better.
    pub fn discordant(&self) -> u64 {
        self.only_first + self.only_second
    }

    /// The share that is right the first time, minus that of the second.
    pub fn difference(&self) -> Result<f64, Undefined> {
        let items = self.items() as f64;
        if items > 0.0 { Ok(self.lead() / items) } else { Err(Undefined::NoItems) }
    }

    /// The difference with Newcombe's interval.
    pub fn estimate(&self, level: Level) -> Estimate {
        let clusters = Clusters::apart(usize::try_from(self.items()).unwrap_or(usize::MAX));
        let value = match self.difference() {
            Ok(value) => value,
            Err(why) => return Estimate::undefined(why, &clusters),
        };
        let items = self.items() as f64;
        let variance = self.discordant() as f64 / items - value * value;
        let std_error =
            Some(sqrt(variance / (items - 1.0))).filter(|error| error.is_finite() && *error > 0.0);
        Estimate { std_error, ..Estimate::new(value, self.newcombe(level), &clusters) }
    }

    /// Newcombe's interval of the difference (1998, method 10): Wilson's of both shares, squared and added with the
    /// correlation of the pairs, which is corrected for few items.
    pub fn newcombe(&self, level: Level) -> Result<Interval, Undefined> {
        let difference = self.difference()?;
        let [a, b, c, d] = self.counts();
        let items = a + b + c + d;
        let shares = [(a + b) / items, (a + c) / items];
        let first = wilson(a + b, items, level)?;
        let second = wilson(a + c, items, level)?;
        let phi = self.phi();
        let half = |x: f64, y: f64| sqrt((x * x - 2.0 * phi * x * y + y * y).max(0.0));
        Interval::new(
            difference - half(shares[0] - first.low, second.high - shares[1]),
            difference + half(first.high - shares[0], shares[1] - second.low),
            level,
            Method::NewcombePaired,
        )
    }

    /// The correlation of the pairs, with Newcombe's correction.
    fn phi(&self) -> f64 {
        let [a, b, c, d] = self.counts();
        let margins = (a + b) * (c + d) * (a + c) * (b + d);
        let excess = a * d - b * c;
        let corrected = if excess > 0.0 { (excess - 0.5 * (a + b + c + d)).max(0.0) } else { excess };
        if margins > 0.0 { corrected / sqrt(margins) } else { 0.0 }
    }

    /// Tango's score interval of the difference (1998).
    pub fn tango(&self, level: Level) -> Result<Interval, Undefined> {
        let difference = self.difference()?;
        let (z, items) = (z(level), self.items());
        let low = if self.only_second == items {
            -1.0
        } else {
            crossing(-1.0, difference, |delta| self.score(delta) > z)
        };
        let high = if self.only_first == items {
            1.0
        } else {
            crossing(difference, 1.0, |delta| self.score(delta) > -z)
        };
        Interval::new(low, high, level, Method::Tango)
    }

    /// McNemar's test that both are right equally often; 1 where they never differ.
    pub fn mcnemar(&self, which: McNemar) -> f64 {
        which.p(self.only_first.min(self.only_second), self.discordant())
    }

    /// Only first over only second, with an interval.
    pub fn odds_ratio(&self, level: Level) -> Result<OddsRatio, Undefined> {
        let (first, second) = (self.only_first as f64, self.only_second as f64);
        let share = clopper_pearson(first, first + second, level)?;
        Ok(OddsRatio {
            value: if second > 0.0 { Ok(first / second) } else { Err(Undefined::NoUnits) },
            low: share.low / (1.0 - share.low),
            high: (share.high < 1.0).then(|| share.high / (1.0 - share.high)),
        })
    }

    /// Cohen's g: by how much the share of the differing items that are right the first time lies above one half.
    pub fn cohen_g(&self) -> Result<f64, Undefined> {
        match self.discordant() {
            0 => Err(Undefined::NoItems),
            discordant => Ok(self.only_first as f64 / discordant as f64 - 0.5),
        }
    }

    /// Whether the difference lies within ± `margin`, by Tango's score.
    pub fn equivalence(&self, margin: f64) -> Equivalence {
        Equivalence { p_above: normal::sf(self.score(-margin)), p_below: normal::cdf(self.score(margin)) }
    }

    /// Tango's score that the difference is `delta`: standard normal where it is.
    fn score(&self, delta: f64) -> f64 {
        let [_, b, c, _] = self.counts();
        let items = self.items() as f64;
        let linear = -b - c + (2.0 * items - b + c) * delta;
        let constant = -c * delta * (1.0 - delta);
        let root = sqrt((linear * linear - 8.0 * items * constant).max(0.0));
        let variance = items * ((root - linear) / (2.0 * items) + delta * (1.0 - delta));
        let above = self.lead() - items * delta;
        if above == 0.0 {
            0.0
        } else if variance <= 0.0 {
            f64::INFINITY.copysign(above)
        } else {
            above / sqrt(variance)
        }
    }

    fn lead(&self) -> f64 {
        self.only_first as f64 - self.only_second as f64
    }

    fn counts(&self) -> [f64; 4] {
        [self.both, self.only_first, self.only_second, self.neither].map(|count| count as f64)
    }
}

impl McNemar {
    /// The two-sided p where `fewer` of `discordant` items lie on the side with fewer of them.
    pub fn p(self, fewer: u64, discordant: u64) -> f64 {
        if discordant == 0 {
            return 1.0;
        }
        let both_tails = 2.0 * binomial::cdf(fewer, discordant, 0.5);
        let p = match self {
            Self::Exact => both_tails,
            Self::MidP => both_tails - binomial::pmf(fewer, discordant, 0.5),
        };
        p.min(1.0)
    }
}

/// Where a condition that holds below ceases to hold, to the last bit.
fn crossing(mut low: f64, mut high: f64, below: impl Fn(f64) -> bool) -> f64 {
    loop {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            return middle;
        }
        if below(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(both: u64, only_first: u64, only_second: u64, neither: u64) -> Pairs {
        Pairs { both, only_first, only_second, neither }
    }

    #[test]
    fn values_are_counted_and_a_tie_is_no_pair() {
        assert_eq!(
            Pairs::of(&[1.0, 1.0, 0.0, 0.0, 1.0], &[1.0, 0.0, 1.0, 0.0, 0.0]),
            Some(pairs(1, 2, 1, 1))
        );
        assert_eq!(Pairs::of(&[0.5], &[1.0]), None);
    }

    #[test]
    fn mid_p_by_hand() {
        // 7 against 16: 2 P(X <= 7) - P(X = 7), X ~ Bin(23, 1/2).
        let tail: u64 = [1, 23, 253, 1771, 8855, 33_649, 100_947, 245_157].iter().sum();
        let wanted = (2 * tail - 245_157) as f64 / 8_388_608.0;
        assert!((pairs(0, 7, 16, 0).mcnemar(McNemar::MidP) - wanted).abs() < 1e-15);
        // As many on both sides, or none, is no sign of a difference.
        for which in [McNemar::Exact, McNemar::MidP] {
            assert!((pairs(3, 4, 4, 1).mcnemar(which) - 1.0).abs() < 1e-12);
            assert!((pairs(3, 0, 0, 1).mcnemar(which) - 1.0).abs() == 0.0);
        }
    }

    #[test]
    fn agreement_everywhere_still_has_an_interval() {
        // 10 right both times: ± 0.278, by Newcombe's formula.
        let interval = pairs(10, 0, 0, 0).newcombe(Level::DEFAULT).unwrap();
        assert!((interval.low + 0.277_532_799).abs() < 1e-8 && (interval.high - 0.277_532_799).abs() < 1e-8);
        assert_eq!(Pairs::default().newcombe(Level::DEFAULT), Err(Undefined::NoItems));
        assert_eq!(pairs(10, 0, 0, 0).cohen_g(), Err(Undefined::NoItems));
        assert_eq!(pairs(10, 0, 0, 0).estimate(Level::DEFAULT).std_error, None);
    }

    #[test]
    fn exchanging_the_two_turns_the_interval_around() {
        let (own, other) = (pairs(82, 7, 16, 15), pairs(82, 16, 7, 15));
        for (own, other) in [
            (own.newcombe(Level::DEFAULT), other.newcombe(Level::DEFAULT)),
            (own.tango(Level::DEFAULT), other.tango(Level::DEFAULT)),
        ] {
            let (own, other) = (own.unwrap(), other.unwrap());
            assert!((own.low + other.high).abs() < 1e-14 && (own.high + other.low).abs() < 1e-14);
        }
    }

    #[test]
    fn equivalence_is_the_interval_of_twice_the_error_within_the_margin() {
        let pairs = pairs(450, 10, 11, 29);
        let interval = pairs.tango(Level::new(0.9).unwrap()).unwrap();
        let margin = interval.high.max(-interval.low);
        assert!((pairs.equivalence(margin).p() - 0.05).abs() < 1e-12);
    }
}
