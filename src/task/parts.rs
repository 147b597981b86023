//! The parts of a task that are reported by themselves: the ways to ask, and the groups of items.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{metric::Metric, record::ItemKey, spec::Text, value::Digest};

/// A part of the rows: all, those of a way to ask, or of these those of a group of items.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) way: Option<&'a str>,
    pub(super) items: Option<&'a str>,
}

impl Part<'_> {
    /// A metric of this part: `k=4`, `k=4.taste`.
    pub(super) fn metric(self, mut metric: Metric) -> Metric {
        if let Some(way) = self.way {
            metric = metric.of_group(way);
        }
        if let Some(items) = self.items {
            let name = self.way.map_or_else(|| items.to_owned(), |way| format!("{way}.{items}"));
            metric = metric.within("item_group", items).of_part(name);
        }
        metric
    }
}

/// The key of a row that speaks of a part, or of the whole task, not of an item.
pub(super) fn part_key(part: Option<&str>, repeat: u32) -> Arc<ItemKey> {
    let content = Digest::of_json(&("part", part, repeat));
    ItemKey { item: String::new(), repeat, group: part.map(str::to_owned), cluster: None, content }.into()
}

/// The names of the groups of items.
pub(super) fn groups<'a>(given: impl Iterator<Item = Option<&'a Text>>) -> BTreeSet<&'a str> {
    given.flatten().map(Text::as_str).collect()
}

/// All parts, the whole task first. Groups of items are parts of each way where there are several.
pub(super) fn parts<'a>(ways: &'a [String], groups: &BTreeSet<&'a str>) -> Vec<Part<'a>> {
    let mut all = vec![Part { way: None, items: None }];
    let with_groups = |way| {
        std::iter::once(None).chain(groups.iter().copied().map(Some)).map(move |items| Part { way, items })
    };
    if ways.is_empty() {
        all.extend(with_groups(None).skip(1));
    }
    all.extend(ways.iter().flat_map(|way| with_groups(Some(way.as_str()))));
    all
}

/// The numbers of every part. A mean over several ways to ask answers no question of the summary.
pub(super) fn measured<'a>(
    ways: &'a [String],
    groups: &BTreeSet<&'a str>,
    numbers: impl Fn(Part<'a>) -> Vec<Metric>,
) -> Vec<Metric> {
    let numbers = |part: Part<'a>| {
        let pooled = part.way.is_none() && !ways.is_empty();
        let shown = move |metric: Metric| Metric { headline: metric.headline && !pooled, ..metric };
        numbers(part).into_iter().map(move |metric| part.metric(shown(metric)))
    };
    parts(ways, groups).into_iter().flat_map(numbers).collect()
}

/// How often a guess is right: a mean over the rows of each part.
pub(super) struct Chances<'a>(BTreeMap<(Option<&'a str>, Option<&'a str>), (f64, usize)>);

impl<'a> Chances<'a> {
    /// Of rows: the way to ask and the group of each, and how often a guess is right there.
    pub(super) fn of(rows: impl Iterator<Item = (Option<&'a str>, Option<&'a str>, f64)>) -> Self {
        let mut sums = BTreeMap::<_, (f64, usize)>::new();
        for (way, group, chance) in rows {
            for part in BTreeSet::from([(None, None), (way, None), (way, group)]) {
                let (sum, count) = sums.entry(part).or_default();
                *sum += chance;
                *count += 1;
            }
        }
        Self(sums)
    }

    /// Of a part.
    pub(super) fn get(&self, part: Part<'_>) -> Option<f64> {
        self.0.get(&(part.way, part.items)).map(|(sum, count)| sum / *count as f64)
    }
}
