//! Which solved examples an item sees, and in which order.

use std::collections::BTreeMap;

use super::planned::About;
use crate::{
    random::{Key, Stream},
    spec::words,
};

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

/// The examples to draw from, by their places in a list.
pub(super) struct Examples {
    count: usize,
    /// The places of each class, in the order of its first example.
    classes: Vec<Vec<usize>>,
}

impl Examples {
    /// One class an example.
    pub(super) fn of<'a>(classes: impl IntoIterator<Item = &'a str>) -> Self {
        let mut examples = Self { count: 0, classes: Vec::new() };
        let mut known = BTreeMap::new();
        for class in classes {
            let class = *known.entry(class).or_insert(examples.classes.len());
            if class == examples.classes.len() {
                examples.classes.push(Vec::new());
            }
            examples.classes[class].push(examples.count);
            examples.count += 1;
        }
        examples
    }
}

impl Selection {
    /// The places of `k` examples, fewer where there are no more. What is drawn for an item depends on (seed, task, item,
    /// order) alone; a larger `k` shows the examples of a smaller one and others. What `skip` holds of is left out, such as
    /// an example that is the item itself. Takes time for `k` examples, however many there are to draw from.
    pub(super) fn draw(
        self,
        about: About<'_>,
        item: &str,
        order: u32,
        k: usize,
        examples: &Examples,
        skip: impl Fn(usize) -> bool,
    ) -> Vec<usize> {
        let purpose = match self {
            // One order for all items: its effect on the whole task is what several orders measure.
            Self::Fixed => format!("{}/orders", about.name),
            Self::Random | Self::Balanced => format!("{}/shots/{item}", about.name),
        };
        let mut stream = Key::new(about.seed, &purpose).stream(order.into());
        match self {
            Self::Fixed => {
                let mut places: Vec<usize> =
                    (0..examples.count).filter(|place| !skip(*place)).take(k).collect();
                if order > 0 {
                    stream.shuffle(&mut places);
                }
                places
            }
            Self::Random => {
                let mut deck = Deck::new(examples.count);
                std::iter::from_fn(|| deck.deal(&mut stream)).filter(|place| !skip(*place)).take(k).collect()
            }
            Self::Balanced => {
                let mut decks: Vec<(&[usize], Deck)> =
                    examples.classes.iter().map(|class| (class.as_slice(), Deck::new(class.len()))).collect();
                stream.shuffle(&mut decks);
                let mut places = Vec::new();
                // One of each class a round, until they are enough or nothing is left.
                while places.len() < k && !decks.is_empty() {
                    decks.retain_mut(|(class, deck)| {
                        let place = std::iter::from_fn(|| deck.deal(&mut stream)).map(|card| class[card]);
                        let place = { place }.find(|place| !skip(*place));
                        places.extend(place);
                        place.is_some()
                    });
                }
                places.truncate(k);
                places
            }
        }
    }
}

/// The numbers from 0, shuffled only as far as they are dealt (Fisher and Yates).
struct Deck {
    count: usize,
    dealt: usize,
    /// What lies elsewhere than in its own place.
    moved: BTreeMap<usize, usize>,
}

impl Deck {
    fn new(count: usize) -> Self {
        Self { count, dealt: 0, moved: BTreeMap::new() }
    }

    fn deal(&mut self, stream: &mut Stream) -> Option<usize> {
        let left = self.count.checked_sub(self.dealt).filter(|left| *left > 0)?;
        let place = self.dealt + stream.below(left);
        let at = |place| self.moved.get(&place).copied().unwrap_or(place);
        let (card, first) = (at(place), at(self.dealt));
        self.moved.insert(place, first);
        self.dealt += 1;
        Some(card)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::value::{Level, Seed};

    const ABOUT: About<'_> = About { name: "b/t", seed: Seed(7), level: Level::DEFAULT };
    const CLASSES: [&str; 8] = ["a", "a", "a", "x", "b", "b", "c", "a"];

    fn draw(selection: Selection, item: &str, order: u32, k: usize) -> Vec<usize> {
        selection.draw(ABOUT, item, order, k, &Examples::of(CLASSES), |place| place == 3)
    }

    #[test]
    fn the_first_ones_are_the_same_for_every_item_in_orders_of_their_own() {
        let draw = |item, order| draw(Selection::Fixed, item, order, 5);
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
            let draw = |item, order, k| draw(selection, item, order, k);
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
                for place in draw(Selection::Balanced, item, 0, k) {
                    *counts.entry(CLASSES[place]).or_insert(0) += 1;
                }
                counts
            };
            assert_eq!(counts(3), [("a", 1), ("b", 1), ("c", 1)].into());
            assert_eq!(counts(5), [("a", 2), ("b", 2), ("c", 1)].into());
        }
    }
}
