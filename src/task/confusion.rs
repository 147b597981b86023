//! How often each label was taken for which, as a table.

use super::parts::part_key;
use crate::{
    record::{Cell, Column, Row, Table},
    stats::{Clusters, confusion::Confusion},
};

/// Counts by way to ask, in their order, or of the whole task where there are none; what never happened is left out, and
/// "no label" comes before all labels.
pub(super) fn confusion(table: &Table, ways: &[&str], predicted: Column) -> Table {
    let places = (table.column("gold"), table.column(predicted));
    let parts: Vec<Option<&str>> =
        if ways.is_empty() { vec![None] } else { ways.iter().copied().map(Some).collect() };
    let of_part = |part: Option<&str>| {
        let rows = table.rows.iter().filter(|row| part.is_none() || row.key.group.as_deref() == part);
        let pairs: Vec<(&str, Option<&str>)> = rows.filter_map(|row| pair(row, places)).collect();
        let confusion = Confusion::new(&[], &pairs, Clusters::apart(pairs.len()));
        let row = |cell: crate::stats::confusion::Cell<'_>| Row {
            key: part_key(part, 0),
            cells: Ok(vec![Cell::from(cell.gold), cell.predicted.into(), cell.count.into()]),
        };
        confusion.cells().into_iter().map(row).collect::<Vec<_>>()
    };
    let rows = parts.into_iter().flat_map(of_part).collect();
    Table { rows, ..Table::new("confusion", vec!["gold", "predicted", "count"]) }
}

/// The right label of an answered row, and the one that was said.
fn pair(row: &Row, (gold, predicted): (Option<usize>, Option<usize>)) -> Option<(&str, Option<&str>)> {
    let cells = row.cells.as_ref().ok()?;
    Some((cells.get(gold?)?.text()?, predicted.and_then(|place| cells.get(place)?.text())))
}
