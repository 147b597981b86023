//! Where each of several runs stands, as far as the tests tell: places that cannot be told apart are one group.

use super::{Decision, Pair, Rank};

/// The places of the sides that have the number. One is better than another only where the corrected test shows it, so that
/// with Holm's correction all stated places hold at once as often as the level says.
pub(super) fn ranks(pairs: &[Pair], sides: &[usize]) -> Vec<Rank> {
    let shown: Vec<[usize; 2]> = pairs
        .iter()
        .filter_map(|pair| {
            let [first, second] = pair.sides;
            match pair.verdict.decision {
                Decision::ABetter | Decision::ABetterWithinMargin => Some([first, second]),
                Decision::BBetter | Decision::BBetterWithinMargin => Some([second, first]),
                _ => None,
            }
        })
        .collect();
    let rank = |side: &usize| {
        let better = shown.iter().filter(|[_, worse]| worse == side).count();
        let worse = shown.iter().filter(|[better, _]| better == side).count();
        Rank { side: *side, best: 1 + better, worst: sides.len() - worse }
    };
    sides.iter().map(rank).collect()
}

impl std::fmt::Display for Rank {
    /// `1`, or `2–3`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.best == self.worst {
            write!(f, "{}", self.best)
        } else {
            write!(f, "{}–{}", self.best, self.worst)
        }
    }
}
