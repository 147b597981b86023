//! Solved examples to draw from: none is shown to the item that it is.

use std::collections::BTreeMap;

use super::{planned::About, shots::Selection};
use crate::spec::{Content, Item};

/// What the examples of a list are about, and their classes, in its order.
pub(super) struct Pool<K> {
    classes: Vec<String>,
    places: BTreeMap<K, Vec<usize>>,
}

impl<K: Ord> Pool<K> {
    /// `read` gives what an example asks, and its class.
    pub(super) fn new<C: Content>(shots: &[Item<C>], read: impl Fn(&C) -> (K, String)) -> Self {
        let mut pool = Self { classes: Vec::new(), places: BTreeMap::new() };
        for (place, shot) in shots.iter().enumerate() {
            let (asked, class) = read(&shot.content);
            pool.classes.push(class);
            pool.places.entry(asked).or_default().push(place);
        }
        pool
    }

    /// The places of `k` examples for an item that asks `asked`.
    pub(super) fn draw(
        &self,
        selection: Selection,
        about: About<'_>,
        item: &str,
        asked: &K,
        k: u32,
    ) -> Vec<usize> {
        if k == 0 {
            return Vec::new();
        }
        let mut classes: Vec<Option<&str>> = self.classes.iter().map(|class| Some(class.as_str())).collect();
        for place in self.places.get(asked).into_iter().flatten() {
            classes[*place] = None;
        }
        selection.draw(about, item, 0, k as usize, &classes)
    }
}
