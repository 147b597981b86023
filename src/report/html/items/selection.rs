//! Which items a page holds when it cannot hold all.

use super::{Items, Outcome};
use crate::{random::Stream, value::Seed};

impl Items<'_> {
    /// So many items: as many of the wrong and disputed ones as fit, the rest a random sample, in plan order.
    pub(super) fn most_telling(&self, count: usize) -> Vec<usize> {
        let (mut telling, mut others): (Vec<usize>, Vec<usize>) =
            (0..self.entries.len()).partition(|place| self.is_telling(*place));
        // Always the same sample of the same items.
        Stream::new(Seed(0), "report.html/telling", 0).shuffle(&mut telling);
        Stream::new(Seed(0), "report.html/others", 0).shuffle(&mut others);
        let mut chosen: Vec<usize> = telling.into_iter().chain(others).take(count).collect();
        chosen.sort_unstable();
        chosen
    }

    /// Whether one of the models is wrong or without an answer, or they disagree.
    fn is_telling(&self, place: usize) -> bool {
        let entry = &self.entries[place];
        let outcomes = (0..self.models.len()).map(|record| self.outcome(entry, record));
        let agreed = |outcome| matches!(outcome, Outcome::Right | Outcome::Unjudged | Outcome::Absent);
        !outcomes.into_iter().all(agreed)
    }
}
