//! Which items hang together, and sums that do not depend on how the work was split.

use std::collections::BTreeMap;

use super::Undefined;

/// Which items hang together, such as the questions on one text or the repeats of one question. A cluster is what counts
/// as one independent observation: it is drawn, left out and summed as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clusters {
    of_item: Vec<usize>,
    count: usize,
}

impl Clusters {
    /// Every item alone.
    pub fn apart(items: usize) -> Self {
        Self { of_item: (0..items).collect(), count: items }
    }

    /// Items with the same key together; clusters are numbered as they appear.
    pub fn by<K: Ord>(keys: impl IntoIterator<Item = K>) -> Self {
        let mut numbers = BTreeMap::new();
        let of_item = keys
            .into_iter()
            .map(|key| {
                let next = numbers.len();
                *numbers.entry(key).or_insert(next)
            })
            .collect();
        Self { of_item, count: numbers.len() }
    }

    /// The clusters of some of the items, in the order given.
    #[must_use]
    pub fn of_some(&self, items: impl IntoIterator<Item = usize>) -> Self {
        let mut numbers = vec![None; self.count];
        let mut count = 0;
        let number = |item: usize| {
            *numbers[self.of_item[item]].get_or_insert_with(|| {
                count += 1;
                count - 1
            })
        };
        let of_item = items.into_iter().map(number).collect();
        Self { of_item, count }
    }

    /// The number of items.
    pub fn items(&self) -> usize {
        self.of_item.len()
    }

    /// The number of clusters.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The number of clusters, where any holds more than one item.
    pub fn shared(&self) -> Option<usize> {
        (self.count < self.items()).then_some(self.count)
    }

    /// Why the spread cannot be known, if it cannot: it takes two clusters.
    pub fn spread(&self) -> Result<(), Undefined> {
        match (self.items(), self.count) {
            (0, _) => Err(Undefined::NoItems),
            (1, _) => Err(Undefined::OneItem),
            (_, 1) => Err(Undefined::OneCluster),
            _ => Ok(()),
        }
    }

    /// The sum of each cluster's values.
    pub fn sums(&self, values: &[f64]) -> Vec<f64> {
        let mut sums = vec![Sum::default(); self.count];
        for (cluster, value) in self.of_item.iter().zip(values) {
            sums[*cluster].add(*value);
        }
        sums.into_iter().map(Sum::total).collect()
    }

    /// The items of each cluster.
    pub fn members(&self) -> Members {
        let mut ends = vec![0; self.count];
        self.of_item.iter().for_each(|cluster| ends[*cluster] += 1);
        let mut start = 0;
        for end in &mut ends {
            start += std::mem::replace(end, start);
        }
        // Each end begins at its cluster's start and moves on as the items come.
        let mut items = vec![0; self.items()];
        for (item, cluster) in self.of_item.iter().enumerate() {
            items[ends[*cluster]] = item;
            ends[*cluster] += 1;
        }
        Members { items, ends }
    }

    /// The cluster of an item.
    pub fn of(&self, item: usize) -> usize {
        self.of_item[item]
    }
}

/// The items of each cluster, in their order.
#[derive(Clone, Debug)]
pub struct Members {
    items: Vec<usize>,
    ends: Vec<usize>,
}

impl Members {
    /// Those of one.
    pub fn of(&self, cluster: usize) -> &[usize] {
        let start = cluster.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.items[start..self.ends[cluster]]
    }
}

/// The sum of values in their order, with the rounding errors carried along.
pub fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut sum = Sum::default();
    values.into_iter().for_each(|value| sum.add(value));
    sum.total()
}

/// A running sum (Neumaier 1974).
#[derive(Clone, Copy, Default)]
struct Sum {
    sum: f64,
    lost: f64,
}

impl Sum {
    fn add(&mut self, value: f64) {
        let sum = self.sum + value;
        let (large, small) =
            if self.sum.abs() >= value.abs() { (self.sum, value) } else { (value, self.sum) };
        self.lost += (large - sum) + small;
        self.sum = sum;
    }

    fn total(self) -> f64 {
        self.sum + self.lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_keep_what_rounding_loses() {
        // Neumaier's own example: a naive sum gives 0.
        assert!((sum([1.0, 1e100, 1.0, -1e100]) - 2.0).abs() == 0.0);
    }

    #[test]
    fn clusters_are_numbered_as_they_appear() {
        let clusters = Clusters::by(["b", "a", "b", "c"]);
        assert_eq!(clusters.sums(&[1.0, 2.0, 4.0, 8.0]), [5.0, 2.0, 8.0]);
        assert_eq!([0, 1, 2, 3].map(|item| clusters.of(item)), [0, 1, 0, 2]);
        assert_eq!((clusters.items(), clusters.shared()), (4, Some(3)));
        let members = clusters.members();
        assert_eq!([0, 1, 2].map(|cluster| members.of(cluster).to_vec()), [vec![0, 2], vec![1], vec![3]]);
        assert_eq!(clusters.of_some([3, 2, 0]), Clusters::by(["c", "b", "b"]));
        assert_eq!(Clusters::by(["a", "b"]), Clusters::apart(2));
        assert_eq!(Clusters::apart(2).shared(), None);
    }

    #[test]
    fn a_spread_takes_two_clusters() {
        assert_eq!(Clusters::apart(0).spread(), Err(Undefined::NoItems));
        assert_eq!(Clusters::apart(1).spread(), Err(Undefined::OneItem));
        assert_eq!(Clusters::by([7, 7]).spread(), Err(Undefined::OneCluster));
        assert_eq!(Clusters::by([7, 8]).spread(), Ok(()));
    }
}
