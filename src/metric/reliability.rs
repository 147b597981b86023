//! How often answers are right that are so sure: the numbers of a reliability diagram, beside every calibration error.

use super::{Formula, Metric, Settings, formula::Evaluation, rows::Rows};
use crate::{
    record::{Column, ItemKey, Row, Table},
    stats::calibration::Bin,
    value::Digest,
};

const COLUMNS: [Column; 7] =
    ["confidence_from", "confidence_to", "n", "confidence", "accuracy", "accuracy_low", "accuracy_high"];

/// One row a bin of confidence that has answers, for the whole task and each part that has a calibration error; nothing
/// for a task without one.
pub fn reliability(metrics: &[Metric], table: &Table, settings: &Settings) -> Option<Table> {
    let rows = Rows::of(table);
    let mut bins = Table::new("reliability", COLUMNS.to_vec());
    for metric in metrics {
        let Formula::Calibration { confidence, correct } = metric.formula else { continue };
        let found =
            (Evaluation { metric, rows: &rows, settings }).bins(confidence, correct).unwrap_or_default();
        bins.rows.extend(found.iter().filter_map(|bin| row(bin, metric.part())));
    }
    (!bins.rows.is_empty()).then_some(bins)
}

fn row(bin: &Bin, part: Option<&str>) -> Option<Row> {
    let confidence = bin.confidence.ok()?;
    let (accuracy, interval) = (bin.accuracy.value.ok(), bin.accuracy.interval.ok());
    let key = ItemKey {
        item: format!("{:.1}-{:.1}", bin.low, bin.high),
        repeat: 0,
        group: part.map(str::to_owned),
        cluster: None,
        content: Digest::of(""),
    };
    let cells = vec![
        bin.low.into(),
        bin.high.into(),
        bin.accuracy.n.into(),
        confidence.into(),
        accuracy.into(),
        interval.map(|interval| interval.low).into(),
        interval.map(|interval| interval.high).into(),
    ];
    Some(Row { key: key.into(), cells: Ok(cells) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Cell, Unit};

    #[test]
    fn each_bin_has_its_answers() {
        let mut table = Table::new("items", vec!["confidence", "correct"]);
        for (place, (confidence, correct)) in
            [(0.91, true), (0.95, false), (1.0, true), (0.55, true)].into_iter().enumerate()
        {
            let key = ItemKey {
                item: place.to_string(),
                repeat: 0,
                group: None,
                cluster: None,
                content: Digest::of(place.to_string()),
            };
            table.rows.push(Row { key: key.into(), cells: Ok(vec![confidence.into(), correct.into()]) });
        }
        let formula = Formula::Calibration { confidence: "confidence", correct: "correct" };
        let settings = Settings::of("b/t");
        let metrics = [Metric::new("ece", formula, Unit::Proportion)];
        let bins = reliability(&metrics, &table, &settings).unwrap();
        let read: Vec<(&str, Vec<f64>)> = bins
            .rows
            .iter()
            .map(|row| {
                let cells = row.cells.as_ref().unwrap();
                (row.key.item.as_str(), cells[2..5].iter().filter_map(Cell::number).collect())
            })
            .collect();
        let thirds = (0.91 + 0.95 + 1.0) / 3.0;
        assert_eq!(read, [("0.5-0.6", vec![1.0, 0.55, 1.0]), ("0.9-1.0", vec![3.0, thirds, 2.0 / 3.0])]);
        assert_eq!(reliability(&[], &table, &settings).map(|table| table.rows.len()), None);
    }
}
