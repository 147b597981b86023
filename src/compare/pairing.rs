//! Which rows of two runs speak of the same item: by group, id, repeat and content.

use std::{collections::BTreeMap, sync::Arc};

use super::{Contents, Matched};
use crate::{
    record::{Cell, ItemKey, Metric, Row, Table},
    stats::Clusters,
};

/// What a row is found by in another run.
type Key<'a> = (Option<&'a str>, &'a str, u32);

/// The rows of one task in all runs, in an order that does not depend on that of the rows.
pub(super) struct Pairing<'a> {
    tables: Vec<Option<&'a Table>>,
    /// By key: the number of the row on each side.
    rows: Vec<Vec<Option<usize>>>,
    /// Rows that repeat a key of their own run.
    doubled: Vec<Vec<usize>>,
    contents: Contents,
}

/// The rows of two runs that have a value on both sides.
pub(super) struct Paired<'a, T> {
    /// How they were found.
    pub(super) matched: Matched,
    /// What they speak of, as the first run says it.
    pub(super) keys: Vec<&'a Arc<ItemKey>>,
    /// Which rows they are.
    pub(super) rows: Vec<[usize; 2]>,
    /// What they hold, on each side.
    pub(super) values: [Vec<T>; 2],
}

impl<'a> Pairing<'a> {
    /// Of the tables of one task; a run without the task has none.
    pub(super) fn new(tables: Vec<Option<&'a Table>>, contents: Contents) -> Self {
        let mut rows = BTreeMap::<Key<'a>, Vec<Option<usize>>>::new();
        let mut doubled = vec![Vec::new(); tables.len()];
        for (side, table) in tables.iter().enumerate() {
            for (number, row) in table.iter().flat_map(|table| table.rows.iter().enumerate()) {
                let key = (row.key.group.as_deref(), row.key.item.as_str(), row.key.repeat);
                match &mut rows.entry(key).or_insert_with(|| vec![None; tables.len()])[side] {
                    place @ None => *place = Some(number),
                    Some(_) => doubled[side].push(number),
                }
            }
        }
        let rows = rows.into_values().collect();
        Self { tables, rows, doubled, contents }
    }

    /// How the rows of two sides were found, whatever they hold.
    pub(super) fn rows(&self, sides: [usize; 2]) -> Matched {
        self.of(sides, None, |_, _| Some(())).matched
    }

    /// The rows of two sides in which a metric finds a value, which `value` reads from a row's cells.
    pub(super) fn of<T>(
        &self,
        sides: [usize; 2],
        metric: Option<&Metric>,
        value: impl Fn(&'a Table, &'a [Cell]) -> Option<T>,
    ) -> Paired<'a, T> {
        let [first, second] = sides.map(|side| self.tables[side]);
        let mut paired = Paired {
            matched: Matched::default(),
            keys: Vec::new(),
            rows: Vec::new(),
            values: [Vec::new(), Vec::new()],
        };
        let matched = &mut paired.matched;
        let read =
            |table: &'a Table, row: &'a Row| row.cells.as_ref().ok().and_then(|cells| value(table, cells));
        let of_group = |row: &Row| metric.is_none_or(|metric| is_of_group(metric, row));
        let is_within = |table: &Table, row: &Row| metric.is_none_or(|metric| is_within(metric, table, row));
        let looks_at = |table: &Table, row: &Row| of_group(row) && is_within(table, row);
        for numbers in &self.rows {
            let row = |side: usize, table: Option<&'a Table>| {
                table.and_then(|table| Some((table, &table.rows[numbers[sides[side]]?])))
            };
            match (row(0, first), row(1, second)) {
                (None, None) => {}
                (Some((table, row)), None) => matched.only_first += usize::from(looks_at(table, row)),
                (None, Some((table, row))) => matched.only_second += usize::from(looks_at(table, row)),
                (Some((_, own)), Some(_)) if !of_group(own) => {}
                (Some((_, own)), Some((_, other)))
                    if self.contents == Contents::Equal && own.key.content != other.key.content =>
                {
                    matched.other_content += 1;
                }
                (Some((_, own)), Some((_, other))) if own.cells.is_err() || other.cells.is_err() => {
                    matched.failed += 1;
                }
                (Some((own_table, own)), Some((other_table, other))) => {
                    match (is_within(own_table, own), is_within(other_table, other)) {
                        (false, false) => continue,
                        (true, true) => {}
                        _ => {
                            matched.without_value += 1;
                            continue;
                        }
                    }
                    let (Some(own_value), Some(others)) = (read(own_table, own), read(other_table, other))
                    else {
                        matched.without_value += 1;
                        continue;
                    };
                    matched.paired += 1;
                    paired.keys.push(&own.key);
                    paired.rows.push(sides.map(|side| numbers[side].unwrap_or_default()));
                    paired.values[0].push(own_value);
                    paired.values[1].push(others);
                }
            }
        }
        matched.doubled = sides
            .iter()
            .flat_map(|side| {
                let table = self.tables[*side];
                self.doubled[*side].iter().filter_map(move |number| Some(&table?.rows[*number]))
            })
            .filter(|row| of_group(row))
            .count();
        paired
    }

    /// The right and wrong of every side on the rows that all have, one list a row.
    pub(super) fn on_all(
        &self,
        metric: &Metric,
        right: impl Fn(&Table, &[Cell]) -> Option<bool>,
    ) -> Vec<(&'a ItemKey, Vec<bool>)> {
        let of = |numbers: &Vec<Option<usize>>| {
            let rows = self.tables.iter().zip(numbers).map(|(table, number)| {
                let table: &'a Table = (*table)?;
                Some((table, &table.rows[(*number)?]))
            });
            let rows: Vec<(&Table, &'a Row)> = rows.collect::<Option<_>>()?;
            let (_, first) = rows.first()?;
            let same = self.contents == Contents::Any
                || rows.iter().all(|(_, row)| row.key.content == first.key.content);
            let looked_at =
                is_of_group(metric, first) && rows.iter().all(|(table, row)| is_within(metric, table, row));
            if !same || !looked_at {
                return None;
            }
            let right = rows.iter().map(|(table, row)| right(table, row.cells.as_ref().ok()?));
            Some((&*first.key, right.collect::<Option<Vec<bool>>>()?))
        };
        self.rows.iter().filter_map(of).collect()
    }
}

impl<T> Paired<'_, T> {
    /// Which rows hang together: those that name the same cluster, or without one repeat the same item.
    pub(super) fn clusters(&self) -> Clusters {
        clusters(self.keys.iter().map(|key| &***key))
    }
}

impl<'a, T> Paired<'a, T> {
    /// One value an item in place of one a row; items for which a side has none are left out.
    pub(super) fn by_item<U>(self, value: impl Fn(&[T]) -> Option<U>) -> Paired<'a, U> {
        let Self { mut matched, keys, rows, values } = self;
        let mut items =
            Paired { matched, keys: Vec::new(), rows: Vec::new(), values: [Vec::new(), Vec::new()] };
        let mut start = 0;
        // The rows of an item follow each other.
        for repeats in keys.chunk_by(|one, next| (&one.group, &one.item) == (&next.group, &next.item)) {
            let range = start..start + repeats.len();
            start = range.end;
            if let [Some(own), Some(other)] = [0, 1].map(|side| value(&values[side][range.clone()])) {
                items.keys.push(repeats[0]);
                items.rows.extend(&rows[range]);
                items.values[0].push(own);
                items.values[1].push(other);
            } else {
                matched.paired -= range.len();
                matched.without_value += range.len();
            }
        }
        items.matched = matched;
        items
    }
}

/// Rows hang together that name the same cluster, or without one repeat the same item.
pub(super) fn clusters<'a>(keys: impl Iterator<Item = &'a ItemKey>) -> Clusters {
    Clusters::by(keys.map(|key| match &key.cluster {
        Some(cluster) => (true, cluster.as_str()),
        None => (false, key.item.as_str()),
    }))
}

fn is_of_group(metric: &Metric, row: &Row) -> bool {
    metric.group.is_none() || metric.group == row.key.group
}

fn is_within(metric: &Metric, table: &Table, row: &Row) -> bool {
    metric.within.as_ref().is_none_or(|within| {
        let cells = row.cells.as_deref().unwrap_or_default();
        let cell = table.column(within.column).and_then(|place| cells.get(place));
        cell.and_then(Cell::text) == Some(within.text.as_str())
    })
}
