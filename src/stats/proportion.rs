//! Shares: Wilson's interval, Clopper and Pearson's on request, both for clustered items too. A tie counts half, so counts
//! of successes are real numbers.

use libm::sqrt;

use super::{
    Clusters, Estimate, Interval, Method, Undefined,
    dist::{beta, binomial, normal},
    influence::{Quotient, Spread, t},
    sum,
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
}

/// The share of values in 0..=1, of which most are 0 or 1.
pub fn estimate(values: &[f64], clusters: &Clusters, level: Level, ends: Ends) -> Estimate {
    if values.is_empty() {
        return Estimate::undefined(Undefined::NoItems, clusters);
    }
    let items = values.len() as f64;
    let successes = sum(values.iter().copied());
    let spread = clusters.spread().map(|()| Quotient::mean(values, clusters).linear().spread());
    let interval = match clusters.shared() {
        None => ends.of(successes, items, level),
        Some(count) => spread.and_then(|spread| {
            let effective = effective_items(spread, values.len(), count, level);
            ends.of(successes / items * effective, effective, level).map(clustered)
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
    let items = items as f64;
    let share = spread.value;
    let single = share * (1.0 - share);
    let effective = if single > 0.0 {
        items / (spread.std_error * spread.std_error * items / single).max(1.0)
    } else {
        clusters as f64
    };
    let narrowing = z(level) / t(level, clusters as f64 - 1.0);
    effective * narrowing * narrowing
}

impl Ends {
    fn of(self, successes: f64, items: f64, level: Level) -> Result<Interval, Undefined> {
        match self {
            Self::Wilson => wilson(successes, items, level),
            Self::ClopperPearson => clopper_pearson(successes, items, level),
        }
    }
}

/// The interval, named as one of clustered items.
fn clustered(interval: Interval) -> Interval {
    let method = match interval.method {
        Method::ClopperPearson => Method::ClopperPearsonClustered,
        _ => Method::WilsonClustered,
    };
    Interval { method, ..interval }
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
    let low = if successes <= 0.0 { 0.0 } else { centre - half };
    let high = if successes >= items { 1.0 } else { centre + half };
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

/// The probability of so many successes or more by guessing, where a guess is right with probability `chance`.
pub fn p_at_least(successes: u64, items: u64, chance: f64) -> f64 {
    if successes == 0 { 1.0 } else { binomial::sf(successes - 1, items, chance) }
}

/// How many standard errors the ends lie away where the spread is known.
pub(super) fn z(level: Level) -> f64 {
    -normal::quantile(0.5 * (1.0 - level.get()))
}
