//! The rows that a formula looks at.

use std::collections::BTreeMap;

use crate::{
    record::{Cell, Column, ItemKey, Row, Table},
    stats::{Clusters, Undefined},
};

/// A table with the number of each row's cluster.
pub(super) struct Rows<'a> {
    table: &'a Table,
    clusters: Clusters,
}

/// Which rows are looked at.
#[derive(Clone, Copy)]
pub(super) enum Part<'a> {
    All,
    Group(&'a str),
    Outside(&'a str),
    /// Of a group, or of all: those with a text in the column at a place.
    Within {
        group: Option<&'a str>,
        place: Option<usize>,
        text: &'a str,
    },
}

/// The rows that have a number in each column that is asked for.
pub(super) struct Selected<const N: usize> {
    /// One number a row.
    pub(super) columns: [Vec<f64>; N],
    /// Which rows they are.
    pub(super) rows: Vec<usize>,
}

impl<'a> Rows<'a> {
    /// Rows hang together that name the same cluster, or without one repeat the same item.
    pub(super) fn of(table: &'a Table) -> Self {
        let keys = table.rows.iter().map(|row| match &row.key.cluster {
            Some(cluster) => (true, cluster),
            None => (false, &row.key.item),
        });
        Self { table, clusters: Clusters::by(keys) }
    }

    pub(super) fn select<const N: usize>(
        &self,
        part: Part<'_>,
        columns: [Column; N],
    ) -> Result<Selected<N>, Undefined> {
        let mut selected = Selected { columns: [const { Vec::new() }; N], rows: Vec::new() };
        let mut places = [0; N];
        for (place, column) in places.iter_mut().zip(columns) {
            *place = self.table.column(column).ok_or(Undefined::NoColumn)?;
        }
        for (place, row) in self.table.rows.iter().enumerate().filter(|(_, row)| part.holds(row)) {
            let Ok(cells) = &row.cells else { continue };
            let numbers = places.map(|place| cells.get(place).and_then(Cell::number));
            if numbers.iter().all(Option::is_some) {
                for (column, number) in selected.columns.iter_mut().zip(numbers) {
                    column.extend(number);
                }
                selected.rows.push(place);
            }
        }
        Ok(selected)
    }

    /// The rows, of a group or of all, that have a text in a column.
    pub(super) fn within<'b>(&self, group: Option<&'b str>, column: Column, text: &'b str) -> Part<'b> {
        Part::Within { group, place: self.table.column(column), text }
    }

    /// The gold and the predicted class of each row that has a gold one, and which rows they are. A prediction that is no
    /// text is none.
    pub(super) fn labels(
        &self,
        part: Part<'_>,
        gold: Column,
        predicted: Column,
    ) -> Result<(Vec<(&'a str, Option<&'a str>)>, Vec<usize>), Undefined> {
        let [gold, predicted] =
            [gold, predicted].map(|column| self.table.column(column).ok_or(Undefined::NoColumn));
        let (gold, predicted) = (gold?, predicted?);
        let rows = self.table.rows.iter().enumerate().filter(|(_, row)| part.holds(row));
        let labelled = rows.filter_map(|(place, row)| {
            let text = |column: usize| row.cells.as_ref().ok()?.get(column)?.text();
            Some(((text(gold)?, text(predicted)), place))
        });
        Ok(labelled.unzip())
    }

    /// The answered rows' cells of a column.
    pub(super) fn cells(
        &self,
        part: Part<'_>,
        column: Column,
    ) -> Result<impl Iterator<Item = (usize, &'a Cell)>, Undefined> {
        let place = self.table.column(column).ok_or(Undefined::NoColumn)?;
        let rows = self.table.rows.iter().enumerate().filter(move |(_, row)| part.holds(row));
        Ok(rows.filter_map(move |(row, Row { cells, .. })| Some((row, cells.as_ref().ok()?.get(place)?))))
    }

    /// What the rows of each item hold, and the first of these rows; items in the order in which they appear. An item of
    /// several groups is one in each.
    pub(super) fn by_item<T>(&self, rows: impl Iterator<Item = (usize, T)>) -> Vec<(usize, Vec<T>)> {
        let mut places = BTreeMap::new();
        let mut items: Vec<(usize, Vec<T>)> = Vec::new();
        for (row, held) in rows {
            let key = &self.table.rows[row].key;
            let place = *places.entry((&key.item, &key.group)).or_insert_with(|| {
                items.push((row, Vec::new()));
                items.len() - 1
            });
            items[place].1.push(held);
        }
        items
    }

    /// The clusters of some rows.
    pub(super) fn clusters(&self, rows: impl IntoIterator<Item = usize>) -> Clusters {
        self.clusters.of_some(rows)
    }

    /// What a row speaks of.
    pub(super) fn key(&self, row: usize) -> &'a ItemKey {
        &self.table.rows[row].key
    }

    /// Which repeat of its item a row is.
    pub(super) fn repeat(&self, row: usize) -> u32 {
        self.table.rows[row].key.repeat
    }

    /// How many rows were answered.
    pub(super) fn answered(&self, part: Part<'_>) -> usize {
        self.table.rows.iter().filter(|row| part.holds(row) && row.cells.is_ok()).count()
    }
}

impl Part<'_> {
    fn holds(self, row: &Row) -> bool {
        match self {
            Self::All => true,
            Self::Group(group) => row.key.group.as_deref() == Some(group),
            Self::Outside(group) => row.key.group.as_deref() != Some(group),
            Self::Within { group, place, text } => {
                let cells = row.cells.as_deref().unwrap_or_default();
                let cell = place.and_then(|place| cells.get(place));
                group.is_none_or(|group| row.key.group.as_deref() == Some(group))
                    && matches!(cell, Some(Cell::Text(found)) if found == text)
            }
        }
    }
}
