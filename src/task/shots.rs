//! Which solved examples an item sees, and in which order.

use std::collections::BTreeMap;

use super::planned::About;
use crate::{random::Key, spec::words};

words! {
    /// Which solved examples come before a question.
    pub enum Selection {
        /// The first ones of the list, for every item the same; further orders put these into other orders.
        Fixed = "fixed",
        /// Drawn for every item and order by the task's seed.
        Random = "random",
        /// Drawn likewise, as many of each label as can be.
        Balanced = "balanced",
    }
}

impl Selection {
    /// The places of `k` examples in a pool. What is drawn for an item depends on (seed, task, item, order) alone; a
    /// larger `k` shows the examples of a smaller one and others.
    ///
    /// `classes` has one entry an example; `None` keeps an example out, such as one that is the item itself. There may
    /// be fewer than `k`.
    pub(super) fn draw(
        self,
        about: About<'_>,
        item: &str,
        order: u32,
        k: usize,
        classes: &[Option<&str>],
    ) -> Vec<usize> {
        let mut places: Vec<usize> = (0..classes.len()).filter(|place| classes[*place].is_some()).collect();
        let purpose = match self {
            // One order for all items: its effect on the whole task is what several orders measure.
            Self::Fixed => format!("{}/orders", about.name),
            Self::Random | Self::Balanced => format!("{}/shots/{item}", about.name),
        };
        let mut stream = Key::new(about.seed, &purpose).stream(order.into());
        match self {
            Self::Fixed => {
                places.truncate(k);
                if order > 0 {
                    stream.shuffle(&mut places);
                }
                return places;
            }
            Self::Random => stream.shuffle(&mut places),
            Self::Balanced => {
                stream.shuffle(&mut places);
                let mut seen = BTreeMap::<&str, usize>::new();
                let rounds = places.iter().map(|place| {
                    let count = seen.entry(classes[*place].unwrap_or_default()).or_default();
                    *count += 1;
                    (*count, *place)
                });
                // Stable: one of each label a round, in the order drawn.
                let mut rounds: Vec<(usize, usize)> = rounds.collect();
                rounds.sort_by_key(|(round, _)| *round);
                places = rounds.into_iter().map(|(_, place)| place).collect();
            }
        }
        places.truncate(k);
        places
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::value::{Level, Seed};

    const ABOUT: About<'_> = About { name: "b/t", seed: Seed(7), level: Level::DEFAULT };
    const CLASSES: [Option<&str>; 8] =
        [Some("a"), Some("a"), Some("a"), None, Some("b"), Some("b"), Some("c"), Some("a")];

    #[test]
    fn the_first_ones_are_the_same_for_every_item_in_orders_of_their_own() {
        let draw = |item, order| Selection::Fixed.draw(ABOUT, item, order, 5, &CLASSES);
        assert_eq!(draw("x", 0), [0, 1, 2, 4, 5]);
        let orders: BTreeSet<Vec<usize>> = (0..20).map(|order| draw("x", order)).collect();
        assert!(orders.len() > 10);
        for order in 0..20 {
            assert_eq!(draw("x", order), draw("y", order));
        }
    }

    #[test]
    fn each_item_draws_its_own_and_a_larger_k_adds_to_a_smaller() {
        for selection in [Selection::Random, Selection::Balanced] {
            let draw = |item, order, k| selection.draw(ABOUT, item, order, k, &CLASSES);
            let draws: BTreeSet<Vec<usize>> = ["x", "y", "z"].map(|item| draw(item, 0, 7)).into();
            assert_eq!(draws.len(), 3);
            assert_ne!(draw("x", 0, 7), draw("x", 1, 7));
            for k in 0..=7 {
                assert_eq!(draw("x", 2, k), draw("x", 2, 7)[..k]);
                assert!(!draw("x", 2, k).contains(&3));
            }
            assert_eq!(draw("x", 0, 100).len(), 7, "no more than there are");
        }
    }

    #[test]
    fn a_balanced_draw_has_as_many_of_each_label_as_can_be() {
        for item in ["x", "y", "z"] {
            let counts = |k| {
                let mut counts = BTreeMap::new();
                for place in Selection::Balanced.draw(ABOUT, item, 0, k, &CLASSES) {
                    *counts.entry(CLASSES[place].unwrap()).or_insert(0) += 1;
                }
                counts
            };
            assert_eq!(counts(3), [("a", 1), ("b", 1), ("c", 1)].into());
            assert_eq!(counts(5), [("a", 2), ("b", 2), ("c", 1)].into());
        }
    }
}
