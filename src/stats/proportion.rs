//! Shares: Wilson's interval, Clopper and Pearson's on request, both for clustered items too. A tie counts a part, so counts
//! of successes are real numbers.

use libm::{hypot, sqrt};

use super::{
    Clusters, Estimate, Interval, Method, Undefined,
    dist::{beta, binomial, normal},
    influence::{Quotient, Scale, Spread, t},
    mean, sum,
};
use crate::value::Level;

/// Which interval a share gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ends {
    /// Wilson's: on average as wide as it says, at any number of items.
    #[default]
    Wilson,
    /// Clopper and Pearson's: never narrower than it says.
    ClopperPearson,
    /// Student's t, as for a mean: too narrow for few items, or a share near 0 or 1.
    T,
}

/// The share of values in 0..=1, of which most are 0 or 1.
pub fn estimate(values: &[f64], clusters: &Clusters, level: Level, ends: Ends) -> Estimate {
    if values.is_empty() {
        return Estimate::undefined(Undefined::NoItems, clusters);
    }
    let items = values.len() as f64;
    let successes = sum(values.iter().copied());
    let Some(by_count) = ends.by_count() else {
        let mean = mean::estimate(values, clusters, level, Scale::Plain);
        return Estimate { successes: Some(successes), ..mean };
    };
    let spread = clusters.spread().map(|()| Quotient::mean(values, clusters).linear().spread());
    let interval = match clusters.shared() {
        None => by_count(successes, items, level),
        Some(_) => spread.and_then(|spread| {
            let worth = worth(spread, values.len(), clusters.count());
            of_clusters(successes / items, worth, clusters.count(), level, by_count)
        }),
    };
    Estimate {
        // Where all agree, the formula's zero would pass for certainty.
        std_error: spread.ok().map(|spread| spread.std_error).filter(|error| *error > 0.0),
        successes: Some(successes),
        ..Estimate::new(successes / items, interval, clusters)
    }
}

/// How many independent items tell as much of a share as these clustered ones, and as Student's t asks of so few clusters.
///
/// After Korn and Graubard (1998): items over the design effect, which is taken as at least 1; all right or all wrong, the
/// number of clusters. `spread` is that of the share.
pub fn effective_items(spread: Spread, items: usize, clusters: usize, level: Level) -> f64 {
    worth(spread, items, clusters) * narrowing(clusters, level)
}

fn worth(spread: Spread, items: usize, clusters: usize) -> f64 {
    let items = items as f64;
    let single = spread.value * (1.0 - spread.value);
    if single > 0.0 {
        items / (spread.std_error * spread.std_error * items / single).max(1.0)
    } else {
        clusters as f64
    }
}

/// What Student's t of so few clusters takes from the number of items.
fn narrowing(clusters: usize, level: Level) -> f64 {
    let narrowing = z(level) / t(level, clusters as f64 - 1.0);
    narrowing * narrowing
}

/// The interval of a share of clustered items that tell as much of it as so many independent ones.
pub(super) fn of_clusters(
    share: f64,
    items: f64,
    clusters: usize,
    level: Level,
    by_count: ByCount,
) -> Result<Interval, Undefined> {
    let items = items * narrowing(clusters, level);
    let interval = by_count(share * items, items, level)?;
    let method = match interval.method {
        Method::ClopperPearson => Method::ClopperPearsonClustered,
        _ => Method::WilsonClustered,
    };
    Ok(Interval { method, ..interval })
}

/// An interval from the number of successes and that of items, both real numbers.
pub(super) type ByCount = fn(f64, f64, Level) -> Result<Interval, Undefined>;

impl Ends {
    /// How the interval is made from counts; Student's is not.
    pub(super) fn by_count(self) -> Option<ByCount> {
        match self {
            Self::Wilson => Some(wilson),
            Self::ClopperPearson => Some(clopper_pearson),
            Self::T => None,
        }
    }
}

/// Wilson's score interval (1927).
pub fn wilson(successes: f64, items: f64, level: Level) -> Result<Interval, Undefined> {
    if items <= 0.0 {
        return Err(Undefined::NoItems);
    }
    let share = successes / items;
    let z = z(level);
    let shrink = 1.0 + z * z / items;
    let centre = (share + z * z / (2.0 * items)) / shrink;
    let half = z / shrink * sqrt(share * (1.0 - share) / items + z * z / (4.0 * items * items));
    // The ends are exact there; rounding would miss them.
    let low = if successes <= 0.0 { 0.0 } else { (centre - half).max(0.0) };
    let high = if successes >= items { 1.0 } else { (centre + half).min(1.0) };
    Interval::new(low, high, level, Method::Wilson)
}

/// Clopper and Pearson's exact interval (1934).
pub fn clopper_pearson(successes: f64, items: f64, level: Level) -> Result<Interval, Undefined> {
    if items <= 0.0 {
        return Err(Undefined::NoItems);
    }
    let tail = 0.5 * (1.0 - level.get());
    let failures = items - successes;
    let low = if successes <= 0.0 { 0.0 } else { beta::quantile(tail, successes, failures + 1.0) };
    let high = if failures <= 0.0 { 1.0 } else { beta::quantile(1.0 - tail, successes + 1.0, failures) };
    Interval::new(low, high, level, Method::ClopperPearson)
}

/// The interval between equal tails of the posterior under Jeffreys' prior (Brown, Cai and `DasGupta` 2001).
pub fn jeffreys(successes: f64, items: f64, level: Level) -> Result<Interval, Undefined> {
    if items <= 0.0 {
        return Err(Undefined::NoItems);
    }
    let tail = 0.5 * (1.0 - level.get());
    let (right, wrong) = (successes + 0.5, items - successes + 0.5);
    let low = if successes <= 0.0 { 0.0 } else { beta::quantile(tail, right, wrong) };
    let high = if successes >= items { 1.0 } else { beta::quantile(1.0 - tail, right, wrong) };
    Interval::new(low, high, level, Method::Jeffreys)
}

/// The share of a finite whole from a part of it, drawn without replacement: Wilson's interval with n (N − 1) / (N − n)
/// items, within what the rest can still make of it. It tells what the whole would score, not how good the model is at such
/// items.
pub fn wilson_of_whole(successes: f64, items: f64, whole: f64, level: Level) -> Result<Interval, Undefined> {
    if items <= 0.0 {
        return Err(Undefined::NoItems);
    }
    let (share, rest) = (successes / items, whole - items);
    if rest <= 0.0 {
        return Interval::new(share, share, level, Method::WilsonFinite);
    }
    let worth = items * (whole - 1.0) / rest;
    let interval = wilson(share * worth, worth, level)?;
    let (low, high) = (interval.low.max(successes / whole), interval.high.min((successes + rest) / whole));
    Interval::new(low, high, level, Method::WilsonFinite)
}

/// The share of one group less that of another; `both` holds the clusters of its items and then of the other's.
///
/// The interval is Newcombe's (1998, method 10), from the ends of both shares; with Student's, Welch's.
pub fn difference(groups: [(&[f64], &Clusters); 2], both: &Clusters, level: Level, ends: Ends) -> Estimate {
    let shares = groups.map(|(values, clusters)| estimate(values, clusters, level, ends));
    let (own, other) = match (shares[0].value, shares[1].value) {
        (Ok(own), Ok(other)) => (own, other),
        (Err(why), _) | (_, Err(why)) => return Estimate::undefined(why, both),
    };
    let spread = |(values, clusters): (&[f64], &Clusters)| {
        clusters.spread().map(|()| Quotient::mean(values, clusters).linear().spread())
    };
    let independent = both.count() == groups[0].1.count() + groups[1].1.count();
    let interval = match (independent, ends.by_count()) {
        (false, _) => Err(Undefined::SharedCluster),
        (true, Some(_)) => newcombe([own, other], [&shares[0], &shares[1]].map(|share| share.interval)),
        (true, None) => spread(groups[0]).and_then(|own| {
            let ends = own.minus(spread(groups[1])?).interval(level, Method::Welch, Scale::Plain)?;
            Interval::new(ends.low.max(-1.0), ends.high.min(1.0), level, Method::Welch)
        }),
    };
    let std_error = shares[0].std_error.zip(shares[1].std_error).map(|(own, other)| hypot(own, other));
    Estimate { std_error, ..Estimate::new(own - other, interval, both) }
}

fn newcombe(
    [first, second]: [f64; 2],
    [own, other]: [Result<Interval, Undefined>; 2],
) -> Result<Interval, Undefined> {
    let (own, other) = (own?, other?);
    let difference = first - second;
    let low = difference - hypot(first - own.low, other.high - second);
    let high = difference + hypot(own.high - first, second - other.low);
    Interval::new(low, high, own.level, Method::NewcombeIndependent)
}

/// The probability of so many successes or more by guessing, where a guess is right with probability `chance`.
pub fn p_at_least(successes: u64, items: u64, chance: f64) -> f64 {
    if successes == 0 { 1.0 } else { binomial::sf(successes - 1, items, chance) }
}

/// How many standard errors the ends lie away where the spread is known.
pub(super) fn z(level: Level) -> f64 {
    -normal::quantile(0.5 * (1.0 - level.get()))
}

#[cfg(test)]
mod coverage;
#[cfg(test)]
mod tests {
    use super::*;

    const LEVEL: Level = Level::DEFAULT;

    #[track_caller]
    fn close(interval: Result<Interval, Undefined>, low: f64, high: f64) {
        let interval = interval.unwrap();
        let off = (interval.low - low).abs().max((interval.high - high).abs());
        assert!(off < 1e-12, "{interval:?} instead of [{low}, {high}]");
    }

    #[test]
    fn intervals_agree_with_statsmodels() {
        // statsmodels 0.15 proportion_confint(8, 10, .05, "wilson"), (…, "beta"), (0, 10**6, .05, "beta")
        close(wilson(8.0, 10.0, LEVEL), 0.490_162_471_536_641_83, 0.943_317_848_545_624_7);
        close(clopper_pearson(8.0, 10.0, LEVEL), 0.443_904_537_692_358_5, 0.974_789_273_673_166_6);
        close(clopper_pearson(0.0, 1e6, LEVEL), 0.0, 3.688_872_650_206_489e-6);
        // The formula in numpy, for a tie among ten.
        close(wilson(8.5, 10.0, LEVEL), 0.541_153_983_843_343_9, 0.964_573_056_252_633_6);
    }

    #[test]
    fn none_and_all_end_exactly_at_none_and_all() {
        for items in 1..200 {
            let items = f64::from(items);
            for method in [wilson, clopper_pearson] {
                let (none, all) = (method(0.0, items, LEVEL).unwrap(), method(items, items, LEVEL).unwrap());
                assert_eq!((none.low.to_bits(), all.high.to_bits()), (0f64.to_bits(), 1f64.to_bits()));
                assert!(none.high < 1.0 && all.low > 0.0);
            }
        }
        assert_eq!(wilson(0.0, 0.0, LEVEL), Err(Undefined::NoItems));
    }

    #[test]
    fn clusters_widen_and_are_named() {
        let values = [1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0];
        let clusters = Clusters::by([0, 0, 0, 1, 1, 2, 2, 2, 3]);
        let share = estimate(&values, &clusters, LEVEL, Ends::Wilson);
        // statsmodels OLS(...).fit(cov_type="cluster", use_t=True)
        assert!((share.std_error.unwrap() - 0.060_481_23).abs() < 1e-8);
        assert_eq!((share.n, share.clusters, share.successes), (9, Some(4), Some(6.0)));
        let (together, apart) = (share.interval.unwrap(), wilson(6.0, 9.0, LEVEL).unwrap());
        assert_eq!(together.method, Method::WilsonClustered);
        assert!(together.low < apart.low && together.high > apart.high);
        let exact = estimate(&values, &clusters, LEVEL, Ends::ClopperPearson).interval.unwrap();
        assert_eq!(exact.method, Method::ClopperPearsonClustered);
        assert!(exact.low < together.low && exact.high > together.high);
        let one = estimate(&values, &Clusters::by([0; 9]), LEVEL, Ends::Wilson);
        assert_eq!(one.interval, Err(Undefined::OneCluster));
    }

    #[test]
    fn repeats_that_always_agree_tell_no_more_than_the_items() {
        // 20 items, 15 right, each asked ten times with the same answer.
        let values: Vec<f64> = (0..200).map(|row| if row / 10 < 15 { 1.0 } else { 0.0 }).collect();
        let repeated = estimate(&values, &Clusters::by((0..200).map(|row| row / 10)), LEVEL, Ends::Wilson);
        let once = wilson(15.0, 20.0, LEVEL).unwrap();
        let interval = repeated.interval.unwrap();
        assert!(interval.low < once.low && interval.high > once.high);
        assert!(interval.high - interval.low < 1.1 * (once.high - once.low));
    }

    #[test]
    fn guessing_agrees_with_scipy() {
        // scipy.stats.binomtest(60, 100, .5, "greater"), (6, 8, .25, "greater")
        assert!((p_at_least(60, 100, 0.5) - 0.028_443_966_820_490_44).abs() < 1e-14);
        assert!((p_at_least(6, 8, 0.25) - 0.004_226_684_570_312_5).abs() < 1e-15);
    }

    #[test]
    fn one_item_has_a_share_but_no_standard_error() {
        let one = estimate(&[1.0], &Clusters::apart(1), LEVEL, Ends::Wilson);
        assert_eq!((one.value, one.std_error), (Ok(1.0), None));
        assert!(one.interval.is_ok());
        let none = estimate(&[], &Clusters::apart(0), LEVEL, Ends::Wilson);
        assert_eq!((none.value, none.interval), (Err(Undefined::NoItems), Err(Undefined::NoItems)));
    }
}
