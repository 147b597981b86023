//! What the rows of labels come to: the numbers of each part, which label is taken for which, and what to know of them.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    metric::{Formula, Metric},
    record::{Better, Cell, ItemKey, Row, Table, Unit},
    spec::Text,
    value::Digest,
};

/// A part of the rows: all, those of a way to ask, or of these those of a group of items.
#[derive(Clone, Copy)]
pub(in crate::task) struct Part<'a> {
    pub(in crate::task) way: Option<&'a str>,
    pub(in crate::task) items: Option<&'a str>,
}

impl Part<'_> {
    /// A metric of this part: `k=4`, `k=4.taste`.
    pub(in crate::task) fn metric(self, mut metric: Metric) -> Metric {
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

/// The numbers of a part.
pub(in crate::task) fn metrics(part: Part<'_>, labels: &[Text], calibrated: bool) -> Vec<Metric> {
    let chance = 1.0 / labels.len().max(1) as f64;
    let accuracy = |name: &str, column| {
        Metric::new(name, Formula::Proportion(column), Unit::Proportion).better(Better::Higher).chance(chance)
    };
    let share = |name: &str, column| {
        Metric::new(name, Formula::Mean(column), Unit::Proportion).better(Better::Higher)
    };
    let mut metrics = vec![accuracy("accuracy", "correct").headline()];
    if calibrated {
        metrics.push(accuracy("accuracy_calibrated", "correct_calibrated").headline());
        metrics.push(share("p_label_calibrated", "p_label_calibrated").chance(chance));
    }
    metrics.extend([
        share("p_label", "p_label").chance(chance),
        Metric::new("nll", Formula::Mean("nll"), Unit::Nats).better(Better::Lower).at_least(0.0),
        Metric { range: (0.0, 2.0), ..Metric::new("brier", Formula::Mean("brier"), Unit::Ratio) }
            .better(Better::Lower),
        Metric::new("margin", Formula::Mean("margin"), Unit::Nats).better(Better::Higher),
        share("label_mass", "label_mass"),
    ]);
    metrics.into_iter().map(|metric| part.metric(metric)).collect()
}

/// How often each label was taken for which, by way to ask.
pub(in crate::task) struct Confusion<'a>(Vec<(&'a str, BTreeMap<(&'a str, &'a str), usize>)>);

impl<'a> Confusion<'a> {
    pub(in crate::task) fn of(table: &'a Table) -> Self {
        let mut ways: Vec<(&str, BTreeMap<(&str, &str), usize>)> = Vec::new();
        for (way, gold, output) in decisions(table) {
            match ways.last_mut() {
                Some((last, counts)) if *last == way => *counts.entry((gold, output)).or_default() += 1,
                _ => ways.push((way, BTreeMap::from([((gold, output), 1)]))),
            }
        }
        Self(ways)
    }

    /// A detail table; what never happened is left out.
    pub(in crate::task) fn table(&self) -> Table {
        let mut table = Table::new("confusion", vec!["gold", "predicted", "count"]);
        for (way, counts) in &self.0 {
            let row = |((gold, output), count): (&(&str, &str), &usize)| Row {
                key: part_key(way, 0),
                cells: Ok(vec![(*gold).into(), (*output).into(), (*count).into()]),
            };
            table.rows.extend(counts.iter().map(row));
        }
        table
    }

    /// The label that is given far more often than it is right, by way to ask.
    fn overpredicted(&self) -> Vec<String> {
        const TIMES: f64 = 1.5;
        const MORE: f64 = 0.1;
        let note = |(way, counts): &(&str, BTreeMap<(&str, &str), usize>)| {
            let mut labels = BTreeMap::<&str, [usize; 2]>::new();
            for ((gold, output), count) in counts {
                labels.entry(output).or_default()[0] += count;
                labels.entry(gold).or_default()[1] += count;
            }
            let all: usize = counts.values().sum();
            let excess = |(_, [given, right]): &(&str, [usize; 2])| given.saturating_sub(*right);
            let (label, counts) = labels.into_iter().max_by_key(excess)?;
            let [given, right] = counts.map(|count| count as f64 / all as f64);
            (given >= TIMES * right && given >= right + MORE).then(|| {
                let [given, right] = [given, right].map(|share| libm::round(100.0 * share));
                format!(
                    "{way}: {given} % of the predictions are `{label}`, and {right} % of the right labels"
                )
            })
        };
        self.0.iter().filter_map(note).collect()
    }
}

/// The key of a row that speaks of a part, not of an item.
pub(in crate::task) fn part_key(part: &str, repeat: u32) -> Arc<ItemKey> {
    let content = Digest::of_json(&("part", part, repeat));
    ItemKey { item: String::new(), repeat, group: Some(part.to_owned()), cluster: None, content }.into()
}

/// What a reader must know to read the numbers right.
pub(in crate::task) fn notes(table: &Table, confusion: &Confusion<'_>) -> Vec<String> {
    let mut notes = confusion.overpredicted();
    let rows = |column| table.numbers(column).filter(|(_, number)| *number > 0.0).count();
    if let ties @ 1.. = rows("tied") {
        notes.push(format!(
            "{}: the most probable labels scored exactly alike; the first of m is the prediction and counts 1/m as right",
            answers(ties)
        ));
    }
    if let straddling @ 1.. = rows("straddles") {
        notes.push(format!(
            "{}: a token begins in the prompt and ends in a label; it is scored",
            answers(straddling)
        ));
    }
    let wanted = table.numbers("k").map(|(_, k)| k);
    let shown = table.numbers("shots").map(|(_, shots)| shots);
    if let fewer @ 1.. = wanted.zip(shown).filter(|(k, shots)| shots < k).count() {
        notes.push(format!("{}: fewer than k solved examples were left to show", answers(fewer)));
    }
    notes
}

fn answers(count: usize) -> String {
    if count == 1 { "1 answer".to_owned() } else { format!("{count} answers") }
}

/// The way to ask, the right label and the predicted one of every answered row.
fn decisions(table: &Table) -> impl Iterator<Item = (&str, &str, &str)> {
    let places = (table.column("gold"), table.column("output"));
    table.rows.iter().filter_map(move |row| {
        let cells = row.cells.as_ref().ok()?;
        let (Cell::Text(gold), Cell::Text(output)) = (cells.get(places.0?)?, cells.get(places.1?)?) else {
            return None;
        };
        Some((row.key.group.as_deref()?, gold.as_str(), output.as_str()))
    })
}
