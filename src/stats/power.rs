//! How many items it takes, and what so many can show.
//!
//! Shares of paired items are planned by what McNemar's mid-p test does, enumerated over every outcome, up to
//! [`ENUMERATED`] items; beyond, the formula of Connor (1987) is as exact.

mod enumerated;

use libm::{asin, sqrt};

use super::{
    Undefined,
    dist::{noncentral_t, normal, student},
    paired::McNemar,
    proportion::{wilson, z},
};
use crate::value::Level;

use enumerated::Outcomes;

/// Up to so many items every outcome is enumerated.
pub const ENUMERATED: u64 = 5_000;

/// More items than this are not planned for.
const MOST: u64 = 1 << 40;

/// A difference between two measurements of the same items, each right or wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlannedPairs {
    discordant: f64,
    difference: f64,
}

/// A test that is planned: how often it may be wrong, and how often it shall find what is there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Goal {
    /// The largest chance of a false alarm, on both sides together.
    pub alpha: f64,
    /// The chance to find a difference that is there.
    pub power: f64,
}

impl PlannedPairs {
    /// `discordant` is the share of items on which the two differ, at most 1; `difference` that of shares right, which is
    /// at most as large.
    pub fn new(discordant: f64, difference: f64) -> Result<Self, String> {
        if discordant.is_nan() || discordant <= 0.0 || discordant > 1.0 {
            return Err(format!(
                "the share of items on which the two differ is above 0 and at most 1; {discordant} is not"
            ));
        }
        if difference.is_nan() || difference.abs() > discordant {
            return Err(format!(
                "the difference is at most the share of items on which the two differ, {discordant}; {difference} is larger"
            ));
        }
        Ok(Self { discordant, difference })
    }

    /// The chance that the mid-p test of so many items finds the difference.
    pub fn power(self, items: u64, alpha: f64) -> f64 {
        if items <= ENUMERATED {
            self.enumerated_power(items, alpha, McNemar::MidP)
        } else {
            self.formula_power(items as f64, alpha)
        }
    }

    /// The chance that a test rejects, over all numbers of items on which the two may differ and all ways these may fall.
    pub fn enumerated_power(self, items: u64, alpha: f64, test: McNemar) -> f64 {
        Outcomes::new(items, self.discordant, alpha, test).power(self.share())
    }

    /// The chance that an item on which the two differ falls to the one side.
    fn share(self) -> f64 {
        0.5 * (1.0 + self.difference / self.discordant)
    }

    /// The normal approximation (Miettinen 1968, Connor 1987).
    pub fn formula_power(self, items: f64, alpha: f64) -> f64 {
        let difference = self.difference.abs();
        if difference == 0.0 {
            return alpha;
        }
        let lead = difference * sqrt(items) - critical(alpha) * sqrt(self.discordant);
        let variance = self.discordant - difference * difference;
        if variance > 0.0 {
            normal::cdf(lead / sqrt(variance))
        } else if lead > 0.0 {
            1.0
        } else {
            0.0
        }
    }

    /// The number of items at which the formula gives the power; infinite without a difference.
    pub fn formula_items(self, goal: Goal) -> f64 {
        let spread = self.discordant - self.difference * self.difference;
        let wanted =
            critical(goal.alpha) * sqrt(self.discordant) + normal::quantile(goal.power) * sqrt(spread);
        (wanted / self.difference).powi(2)
    }

    /// The fewest items that reach the power; `None` without a difference, or where they are beyond all bounds.
    pub fn items(self, goal: Goal) -> Option<u64> {
        fewest(|items| self.power(items, goal.alpha) >= goal.power, self.formula_items(goal))
    }

    /// The smallest difference that so many items find with the power, where the two differ on the share `discordant`;
    /// `None` where even the largest is not found.
    pub fn detectable(items: u64, discordant: f64, goal: Goal) -> Option<f64> {
        if items > ENUMERATED {
            return smallest(discordant, 1e-5, |difference| {
                Self { discordant, difference }.formula_power(items as f64, goal.alpha) >= goal.power
            });
        }
        let outcomes = Outcomes::new(items, discordant, goal.alpha, McNemar::MidP);
        smallest(discordant, 1e-5, |difference| {
            outcomes.power(Self { discordant, difference }.share()) >= goal.power
        })
    }

    /// The same by the formula.
    pub fn formula_detectable(items: f64, discordant: f64, goal: Goal) -> Option<f64> {
        smallest(discordant * (1.0 - 1e-12), 0.0, |difference| {
            Self { discordant, difference }.formula_power(items, goal.alpha) >= goal.power
        })
    }
}

/// The share of items on which two differ, to plan with: as it was seen or, where fewer than ten did, the upper end of its
/// interval.
pub fn discordant_share(discordant: u64, items: u64) -> Result<f64, Undefined> {
    const FEW: u64 = 10;
    let (discordant, items) = (discordant as f64, items as f64);
    let upper = wilson(discordant, items, Level::DEFAULT)?.high;
    Ok(if discordant < FEW as f64 { upper } else { discordant / items })
}

/// The fewest items that know a share to plus or minus `half_width`, by Wilson's interval, where it lies near `share`.
pub fn items_for_half_width(half_width: f64, share: f64, level: Level) -> u64 {
    let z = z(level);
    let (square, single) = (z * z, share * (1.0 - share));
    // Where z²(nq + z²/4) = h²(n + z²)².
    let width = half_width * half_width;
    let root = sqrt(single * single + 4.0 * width * (0.25 - single));
    let items = (square * (single + root) / (2.0 * width) - square).ceil().max(1.0) as u64;
    // A rounding error may have moved it across a whole number.
    let close = |items: u64| wilson_half_width(items as f64, share, z) <= half_width;
    match (items.saturating_sub(1), close(items)) {
        (_, false) => items + 1,
        (fewer @ 1.., true) if close(fewer) => fewer,
        _ => items,
    }
}

/// Half the width of Wilson's interval around a share of so many items.
pub fn half_width(items: f64, share: f64, level: Level) -> f64 {
    wilson_half_width(items, share, z(level))
}

fn wilson_half_width(items: f64, share: f64, z: f64) -> f64 {
    z * sqrt(items * share * (1.0 - share) + 0.25 * z * z) / (items + z * z)
}

/// The power for two shares of different items, by Cohen's h.
pub fn two_proportions(first: f64, second: f64, items_each: f64, alpha: f64) -> f64 {
    let h = 2.0 * asin(sqrt(first)) - 2.0 * asin(sqrt(second));
    let (lead, critical) = (h * sqrt(0.5 * items_each), critical(alpha));
    normal::sf(critical - lead) + normal::cdf(-critical - lead)
}

/// The power of a paired t test; `effect` is the difference in standard deviations of the differences.
pub fn paired_t(effect: f64, items: f64, alpha: f64) -> f64 {
    let df = items - 1.0;
    let critical = -student::quantile(0.5 * alpha, df);
    let shift = effect * sqrt(items);
    noncentral_t::sf(critical, df, shift) + noncentral_t::cdf(-critical, df, shift)
}

/// The number of items, a real one, at which a paired t test reaches the power; at least 2, `None` beyond all bounds.
pub fn paired_t_items(effect: f64, goal: Goal) -> Option<f64> {
    let enough = |items: f64| paired_t(effect, items, goal.alpha) >= goal.power;
    let mut most = 2.0;
    while !enough(most) {
        most *= 2.0;
        if effect == 0.0 || most > MOST as f64 {
            return None;
        }
    }
    if most <= 2.0 { Some(most) } else { Some(bisect(0.5 * most, most, 0.0, enough)) }
}

/// The smallest effect that a paired t test of so many items, at least 2, finds with the power.
pub fn detectable_effect(items: f64, goal: Goal) -> f64 {
    let enough = |effect: f64| paired_t(effect, items, goal.alpha) >= goal.power;
    let mut most = 1.0;
    while !enough(most) {
        most *= 2.0;
    }
    bisect(0.0, most, 0.0, enough)
}

fn critical(alpha: f64) -> f64 {
    -normal::quantile(0.5 * alpha)
}

/// The fewest items that are enough, from a guess.
fn fewest(enough: impl Fn(u64) -> bool, guess: f64) -> Option<u64> {
    if guess.is_nan() || guess >= MOST as f64 {
        return None;
    }
    let guess = guess.max(1.0) as u64;
    let (mut low, mut high) = (guess - guess / 8, guess + guess / 8 + 1);
    while low > 0 && enough(low) {
        (low, high) = (low / 2, low);
    }
    while !enough(high) {
        (low, high) = (high, high.checked_mul(2).filter(|high| *high < MOST)?);
    }
    while high - low > 1 {
        let middle = u64::midpoint(low, high);
        if enough(middle) { high = middle } else { low = middle }
    }
    Some(high)
}

/// The smallest number up to `most` that is enough, to `within` of it.
fn smallest(most: f64, within: f64, enough: impl Fn(f64) -> bool) -> Option<f64> {
    enough(most).then(|| bisect(0.0, most, within, enough))
}

/// Where numbers begin to be enough: `low` is not, `high` is.
fn bisect(mut low: f64, mut high: f64, within: f64, enough: impl Fn(f64) -> bool) -> f64 {
    loop {
        let middle = f64::midpoint(low, high);
        if high - low <= within || middle <= low || middle >= high {
            return high;
        }
        if enough(middle) { high = middle } else { low = middle }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOAL: Goal = Goal { alpha: 0.05, power: 0.8 };

    #[test]
    fn a_half_width_is_that_of_wilsons_interval() {
        for (width, items) in [(0.05, 381), (0.1, 93), (0.3, 7)] {
            let at = |items: u64| half_width(items as f64, 0.5, Level::DEFAULT);
            let interval = wilson(items as f64 / 2.0, items as f64, Level::DEFAULT).unwrap();
            assert!((0.5 * (interval.high - interval.low) - at(items)).abs() < 1e-15);
            assert_eq!(items_for_half_width(width, 0.5, Level::DEFAULT), items);
            assert!(at(items) <= width && at(items - 1) > width);
        }
        assert_eq!(items_for_half_width(0.6, 0.5, Level::DEFAULT), 1);
        // A share of which none is right is planned for too.
        let none = items_for_half_width(0.01, 0.0, Level::DEFAULT);
        let at = |items: u64| half_width(items as f64, 0.0, Level::DEFAULT);
        assert!(at(none) <= 0.01 && at(none - 1) > 0.01);
    }

    #[test]
    fn power_of_few_items_by_hand() {
        // Five items that all differ, four times of five to one side: rejected is only 0 or 5 of them, p = 1/32.
        let planned = PlannedPairs::new(1.0, 0.6).unwrap();
        let by_hand = 0.8_f64.powi(5) + 0.2_f64.powi(5);
        assert!((planned.enumerated_power(5, 0.05, McNemar::MidP) - by_hand).abs() < 1e-14);
        assert!(planned.enumerated_power(5, 0.05, McNemar::Exact).abs() < 1e-14);
        assert!(planned.enumerated_power(4, 0.05, McNemar::MidP).abs() < 1e-14);
    }

    #[test]
    fn what_is_planned_for_is_reached_and_one_less_is_not() {
        for (discordant, difference) in [(0.2, 0.1), (0.2, -0.1), (0.5, 0.3), (0.02, 0.01), (0.1, 0.1)] {
            let planned = PlannedPairs::new(discordant, difference).unwrap();
            let items = planned.items(GOAL).unwrap();
            assert!(planned.power(items, GOAL.alpha) >= 0.8 && planned.power(items - 1, GOAL.alpha) < 0.8);
            let detectable = PlannedPairs::detectable(items, discordant, GOAL).unwrap();
            assert!(detectable <= difference.abs() + 1e-5, "{detectable} {difference}");
        }
        // The formula, which is not exact for so few, asks for 154.6.
        let items = PlannedPairs::new(0.2, 0.1).unwrap().items(GOAL).unwrap();
        assert_eq!(items, 152);
        assert_eq!(PlannedPairs::new(0.2, 0.0).unwrap().items(GOAL), None);
        assert_eq!(PlannedPairs::detectable(10, 0.05, GOAL), None);
    }

    #[test]
    fn the_formula_takes_over_where_it_is_as_exact() {
        let planned = PlannedPairs::new(0.2, 0.018).unwrap();
        let [formula, counted] = [
            planned.formula_power(ENUMERATED as f64, 0.05),
            planned.enumerated_power(ENUMERATED, 0.05, McNemar::MidP),
        ];
        assert!((formula - counted).abs() < 2e-3, "{formula} {counted}");
    }

    #[test]
    fn t_tests_reach_what_they_are_planned_for() {
        for effect in [0.05, 0.2, 1.0] {
            let items = paired_t_items(effect, GOAL).unwrap();
            assert!((paired_t(effect, items, GOAL.alpha) - GOAL.power).abs() < 1e-10);
            assert!((detectable_effect(items, GOAL) / effect - 1.0).abs() < 1e-9);
        }
        assert_eq!(paired_t_items(0.0, GOAL), None);
        assert_eq!(paired_t_items(100.0, GOAL), Some(2.0));
        // Without an effect only false alarms are found.
        assert!((paired_t(0.0, 17.0, 0.03) - 0.03).abs() < 1e-12);
    }

    #[test]
    fn plans_that_cannot_be_are_refused() {
        assert!(PlannedPairs::new(0.1, 0.2).is_err() && PlannedPairs::new(0.0, 0.0).is_err());
        assert!(PlannedPairs::new(1.1, 0.2).is_err() && PlannedPairs::new(f64::NAN, 0.0).is_err());
        assert!(PlannedPairs::new(0.2, f64::NAN).is_err());
    }
}
