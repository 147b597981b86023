//! Solved examples to draw from: none is shown to the item that it is.

use std::collections::BTreeMap;

use super::{
    planned::About,
    shots::{Examples, Selection},
};
use crate::spec::{Content, Item};

/// The examples of a list, by what they ask.
pub(super) struct Pool<K> {
    examples: Examples,
    places: BTreeMap<K, Vec<usize>>,
}

impl<K: Ord> Pool<K> {
    /// `read` gives what an example asks, and its class.
    pub(super) fn new<C: Content>(shots: &[Item<C>], read: impl Fn(&C) -> (K, String)) -> Self {
        let mut classes = Vec::new();
        let mut places = BTreeMap::<K, Vec<usize>>::new();
        for (place, shot) in shots.iter().enumerate() {
            let (asked, class) = read(&shot.content);
            classes.push(class);
            places.entry(asked).or_default().push(place);
        }
        Self { examples: Examples::of(classes.iter().map(String::as_str)), places }
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
        let own = self.places.get(asked).map_or(&[][..], Vec::as_slice);
        selection.draw(about, item, 0, k as usize, &self.examples, |place| own.contains(&place))
    }
}
