//! What a comparison of so many items could have shown, and how many would decide it.

use libm::{exp, log, sqrt};

use crate::stats::{
    Estimate, Hypothesis, Test,
    power::{self, Goal, PlannedPairs},
};

/// The chance to find a difference that is there, by which what could have been seen is judged.
pub const POWER: f64 = 0.8;

/// What so many items could have shown.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reach {
    /// The smallest difference that would be found with [`POWER`].
    pub detectable: Option<f64>,
    /// How many items would find the difference that was found.
    pub items: Option<u64>,
}

/// The smallest difference that these items show, and how many would show the difference that they have; `None` where the
/// spread is not known.
pub fn reach(estimate: &Estimate, difference: f64, test: &Test, goal: Goal) -> Option<Reach> {
    if let Hypothesis::McnemarMidP { only_first, only_second } = test.hypothesis {
        let (items, differ) = (estimate.n as u64, only_first + only_second);
        let seen = PlannedPairs::new(differ as f64 / items as f64, difference).ok();
        let discordant = power::discordant_share(differ, items).ok();
        return Some(Reach {
            detectable: discordant.and_then(|share| PlannedPairs::detectable(items, share, goal)),
            items: seen.and_then(|planned| planned.items(goal)),
        });
    }
    reach_by_t(estimate, difference, estimate.std_error?, goal)
}

/// The same of a ratio, by its logarithm.
pub fn reach_of_ratio(estimate: &Estimate, ratio: f64, goal: Goal) -> Option<Reach> {
    let error = estimate.std_error? / ratio;
    let Reach { detectable, items } = reach_by_t(estimate, log(ratio), error, goal)?;
    Some(Reach { detectable: detectable.map(exp).filter(|ratio| ratio.is_finite()), items })
}

fn reach_by_t(estimate: &Estimate, difference: f64, std_error: f64, goal: Goal) -> Option<Reach> {
    // What counts as one observation is a cluster, where there are some.
    let units = estimate.clusters.unwrap_or(estimate.n) as f64;
    let deviation = std_error * sqrt(units);
    if units < 2.0 || !deviation.is_finite() || deviation <= 0.0 {
        return None;
    }
    let wanted = power::paired_t_items(difference / deviation, goal);
    Some(Reach {
        detectable: Some(power::detectable_effect(units, goal) * deviation),
        items: wanted.map(|wanted| (wanted * estimate.n as f64 / units).ceil() as u64),
    })
}
