//! Solved examples to draw from: none is shown to the item that it is.

use std::collections::BTreeMap;

use super::{
    planned::About,
    prompt::Example,
    shots::{Examples, Selection},
};

/// The examples of a list, by what they ask.
pub(super) struct Pool<K> {
    list: Vec<Example>,
    examples: Examples,
    places: BTreeMap<K, Vec<usize>>,
}

impl<K: Ord> Pool<K> {
    /// What each example asks, its class, and the example as it is shown.
    pub(super) fn new(shots: impl Iterator<Item = (K, String, Example)>) -> Self {
        let (mut list, mut classes) = (Vec::new(), Vec::new());
        let mut places = BTreeMap::<K, Vec<usize>>::new();
        for (asked, class, example) in shots {
            places.entry(asked).or_default().push(list.len());
            classes.push(class);
            list.push(example);
        }
        Self { list, examples: Examples::of(classes.iter().map(String::as_str)), places }
    }

    /// The `k` examples that come before an item that asks `asked`, in one of their orders.
    pub(super) fn shown(
        &self,
        selection: Selection,
        about: About<'_>,
        (item, order): (&str, u32),
        asked: &K,
        k: u32,
    ) -> Vec<&Example> {
        let own = self.places.get(asked).map_or(&[][..], Vec::as_slice);
        let places =
            selection.draw(about, item, order, k as usize, &self.examples, |place| own.contains(&place));
        places.into_iter().map(|place| &self.list[place]).collect()
    }
}
