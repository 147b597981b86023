//! Scores of a confusion table made anew from items drawn with replacement.

use super::{ClassScore, Confusion, Item, margins::Margins};
use crate::stats::bootstrap::{Draws, Statistic};

/// So many items a cell make it quicker to draw each cell's count than each item.
const ITEMS_A_CELL: usize = 25;

/// A score of a table, to be resampled.
pub struct Scored<'a> {
    confusion: &'a Confusion,
    score: ClassScore<usize>,
    cells: Vec<Item>,
    units: Units,
}

/// What is drawn.
enum Units {
    /// Cells of so many items.
    Cells(Vec<u64>),
    /// Clusters: the cells of their items in a row, and where each ends.
    Clusters { cells: Vec<usize>, ends: Vec<usize> },
}

impl<'a> Scored<'a> {
    pub(super) fn new(confusion: &'a Confusion, score: ClassScore<usize>) -> Self {
        let counts = confusion.counts();
        let cells: Vec<Item> = counts.keys().copied().collect();
        let drawn =
            confusion.clusters.shared().is_none() && cells.len() * ITEMS_A_CELL < confusion.items.len();
        let units = if drawn {
            Units::Cells(counts.into_values().map(|count| count as u64).collect())
        } else {
            Units::clusters(confusion, &cells)
        };
        Self { confusion, score, cells, units }
    }

    /// The same, but drawn item by item however many there are.
    #[cfg(test)]
    pub(super) fn item_by_item(&self) -> Self {
        let units = Units::clusters(self.confusion, &self.cells);
        Self { confusion: self.confusion, score: self.score, cells: self.cells.clone(), units }
    }
}

impl Units {
    fn clusters(confusion: &Confusion, cells: &[Item]) -> Self {
        let clusters = &confusion.clusters;
        let mut sizes = vec![0; clusters.count()];
        (0..clusters.items()).for_each(|item| sizes[clusters.of(item)] += 1);
        let mut next: Vec<usize> = sizes
            .iter()
            .scan(0, |end, size| {
                let start = *end;
                *end += size;
                Some(start)
            })
            .collect();
        let mut members = vec![0; clusters.items()];
        for (place, item) in confusion.items.iter().enumerate() {
            let cluster = clusters.of(place);
            members[next[cluster]] = cells.partition_point(|cell| cell < item);
            next[cluster] += 1;
        }
        Self::Clusters { cells: members, ends: next }
    }
}

impl Statistic for Scored<'_> {
    fn resampled(&self, draws: &mut impl Draws) -> f64 {
        let counts = match &self.units {
            Units::Cells(sizes) => draws.counts(sizes),
            Units::Clusters { cells, ends } => {
                let mut counts = vec![0; self.cells.len()];
                draws.blocks(ends.len(), |block| {
                    for unit in block {
                        let start = unit.checked_sub(1).map_or(0, |before| ends[before]);
                        cells[start..ends[*unit]].iter().for_each(|cell| counts[*cell] += 1);
                    }
                });
                counts
            }
        };
        let drawn = self.cells.iter().copied().zip(counts);
        Margins::of(self.confusion.classes.len(), drawn).score(self.score).unwrap_or(0.0)
    }

    fn influences(&self) -> Vec<f64> {
        let pull = self.confusion.margins.smoothed().pull(self.score);
        self.confusion.clusters.sums(&self.confusion.pulls(&pull))
    }
}
