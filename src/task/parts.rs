//! The parts of a task that are reported by themselves: the ways to ask, and the groups of items.

use std::collections::{BTreeMap, BTreeSet};

use super::labels::Part;
use crate::metric::Metric;

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
