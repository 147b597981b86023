//! Scores of a confusion table made anew from items drawn with replacement.

use super::{ClassScore, Confusion, Item, margins::Margins};
use crate::stats::{
    Members,
    bootstrap::{Draws, Statistic},
};

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
    /// Items, each of a cell.
    Items(Vec<usize>),
    /// Clusters of items, and the cell of each item.
    Clusters { members: Members, cells: Vec<usize> },
}

impl<'a> Scored<'a> {
    pub(super) fn new(confusion: &'a Confusion, score: ClassScore<usize>) -> Self {
        let scored = Self::item_by_item(confusion, score);
        match scored.units {
            Units::Items(_) if scored.cells.len() * ITEMS_A_CELL < confusion.items.len() => {
                let counts = confusion.counts().into_values().map(|count| count as u64).collect();
                Self { units: Units::Cells(counts), ..scored }
            }
            Units::Items(_) | Units::Cells(_) | Units::Clusters { .. } => scored,
        }
    }

    /// Drawn item by item, or cluster by cluster, however many there are.
    pub(super) fn item_by_item(confusion: &'a Confusion, score: ClassScore<usize>) -> Self {
        let cells: Vec<Item> = confusion.counts().into_keys().collect();
        let place = |item| cells.partition_point(|cell| cell < item);
        let of_item = confusion.items.iter().map(place).collect();
        let units = match confusion.clusters.shared() {
            None => Units::Items(of_item),
            Some(_) => Units::Clusters { members: confusion.clusters.members(), cells: of_item },
        };
        Self { confusion, score, cells, units }
    }
}

impl Statistic for Scored<'_> {
    fn resampled(&self, draws: &mut impl Draws) -> f64 {
        let counts = match &self.units {
            Units::Cells(sizes) => draws.counts(sizes),
            Units::Items(cells) => {
                let mut counts = vec![0; self.cells.len()];
                draws.blocks(cells.len(), |block| block.iter().for_each(|item| counts[cells[*item]] += 1));
                counts
            }
            Units::Clusters { members, cells } => {
                let mut counts = vec![0; self.cells.len()];
                draws.blocks(self.confusion.clusters.count(), |block| {
                    let items = block.iter().flat_map(|cluster| members.of(*cluster));
                    items.for_each(|item| counts[cells[*item]] += 1);
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
