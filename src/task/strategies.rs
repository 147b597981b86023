//! `strategies`: the same items, asked in several ways, and compared pairwise.

use std::collections::BTreeMap;

use super::{
    confusion::confusion,
    labels::{self, Asked, Calibration, Set, Way},
    lint,
    pair::{self, Labelled, Pair},
    parts::{Part, groups, part_key},
    planned::{About, Judge, Verdict, reported},
    prompt::{Layout, SEPARATOR},
    shots::Selection,
};
use crate::{
    metric::Metric,
    plan::Ask,
    record::{Cell, Row, Table},
    spec::{Counted, Draw, Items, Kind, Linter, Named, Renderer, Reported, Text, keys},
};

keys! {
    /// The same items, asked in several ways, and compared pairwise.
    pub struct Strategies {
        /// All labels.
        labels: Vec<Text>,
        /// Examples for the strategies with `k`; an item may bring its own.
        shots: Items<Pair> = Items::none(),
        /// Which of the examples an item sees.
        selection: Selection = Selection::Fixed,
        /// The ways of asking, by name.
        compare: Named<Strategy>,
    } with {
        /// What is asked about.
        items: Items<Labelled>,
    }
}

keys! {
    /// One way of asking.
    pub struct Strategy {
        /// The prompt, with `{{ input }}`, up to where `{{ label }}` stands.
        template: Text,
        /// What the model reads for each label.
        verbalizer: Named<Text> = Named::default(),
        /// How many solved examples come first.
        k: u32 = 0,
        /// What is put between examples.
        separator: String = SEPARATOR.to_owned(),
        /// A text before everything else, once.
        instruction: Option<Text>,
    }
}

impl Kind for Strategies {
    fn select(&mut self, draw: &Draw<'_>) {
        self.items.select(draw);
    }
    fn items(&self) -> Counted {
        Counted::of(&self.items).with_shots(&self.shots)
    }
    fn metrics(&self) -> Vec<Reported> {
        reported(&self.measured())
    }
    fn lint(&self, linter: &mut Linter<'_>) {
        let most = self.compare.0.iter().map(|(_, strategy)| strategy.k).max().unwrap_or(0);
        pair::lint(&self.items, &self.shots, &self.labels, linter);
        pair::lint_shots(&self.items, &self.shots, most, self.selection, linter);
        for (_, strategy) in &self.compare.0 {
            lint::verbalizer(&strategy.verbalizer, &self.labels, linter);
            pair::lint_template(&strategy.template, &self.items, linter);
        }
    }
    fn lint_selection(&self, linter: &mut Linter<'_>) {
        lint::few_items(self.items.len(), linter);
        lint::classes(&self.labels, self.items.iter().map(|item| &item.label), linter);
    }
}

impl Strategies {
    /// Asks for every label of every item in every way.
    pub(super) fn ask(&self, ask: &mut Ask, about: About<'_>) -> Judge {
        let asked = self.asked(ask, about);
        let labels: Vec<String> = self.labels.iter().map(ToString::to_string).collect();
        let ways: Vec<String> = self.compare.0.iter().map(|(name, _)| name.to_string()).collect();
        let metrics = self.measured();
        Box::new(move |answers| verdict(labels::table(&asked, &labels, false, answers), &ways, metrics))
    }

    /// Every item in one way after the other.
    pub(super) fn asked(&self, ask: &mut Ask, about: About<'_>) -> Vec<Asked> {
        let set = Set {
            about,
            kind: "strategies",
            labels: &self.labels,
            items: &self.items,
            shots: &self.shots,
            selection: self.selection,
        };
        let ask_in = |(name, strategy): &(Text, Strategy)| {
            let renderer = Renderer::default();
            let layout = Layout::new(&renderer, &strategy.template, "label").map(|layout| {
                layout.instruction(strategy.instruction.as_deref()).separator(&strategy.separator)
            });
            let way = Way {
                part: name,
                layout: layout.as_ref().map_err(Clone::clone),
                words: labels::read_as(&self.labels, &strategy.verbalizer),
                k: strategy.k,
                orders: 1,
                calibration: Calibration::None,
            };
            set.ask(&way, ask)
        };
        self.compare.0.iter().flat_map(ask_in).collect()
    }

    fn measured(&self) -> Vec<Metric> {
        let groups = groups(self.items.iter().map(|item| item.group.as_ref()));
        let of = |(place, (name, _)): (usize, &(Text, Strategy))| {
            let numbers = |items| labels::metrics(Part { way: Some(name), items }, &self.labels, false);
            let mut metrics = numbers(None);
            metrics.extend(labels::of_labels(name, &self.labels));
            metrics.extend(self.compare.0[..place].iter().map(|(from, _)| labels::difference(name, from)));
            metrics.extend(groups.iter().flat_map(|group| numbers(Some(group))));
            metrics
        };
        self.compare.0.iter().enumerate().flat_map(of).collect()
    }
}

fn verdict(table: Table, ways: &[String], metrics: Vec<Metric>) -> Verdict {
    let notes = labels::notes(&table);
    let ways: Vec<&str> = ways.iter().map(String::as_str).collect();
    let details = vec![confusion(&table, &ways, "output"), pairs(&table)];
    Verdict { table, details, metrics, notes }
}

/// What two strategies got right on the items that both answered; which of them is better, is said by the differences. An
/// item with a tie is counted for neither.
fn pairs(table: &Table) -> Table {
    let mut strategies: Vec<(&str, BTreeMap<&str, f64>)> = Vec::new();
    for (key, correct) in table.numbers("correct") {
        let name = key.group.as_deref().unwrap_or_default();
        match strategies.last_mut() {
            Some((last, right)) if *last == name => _ = right.insert(&key.item, correct),
            _ => strategies.push((name, BTreeMap::from([(key.item.as_str(), correct)]))),
        }
    }
    let mut pairs = Table::new("pairs", vec!["a", "b", "both", "only_a", "only_b", "neither", "tied"]);
    for (place, (b, own)) in strategies.iter().enumerate() {
        for (a, others) in &strategies[..place] {
            let mut counts = [0_usize; 5];
            for (item, right) in own {
                let Some(other) = others.get(item) else { continue };
                let sort = match (*other, *right) {
                    (1.0, 1.0) => 0,
                    (1.0, 0.0) => 1,
                    (0.0, 1.0) => 2,
                    (0.0, 0.0) => 3,
                    _ => 4,
                };
                counts[sort] += 1;
            }
            let cells = [Cell::from(*a), Cell::from(*b)].into_iter().chain(counts.map(Cell::from));
            pairs.rows.push(Row { key: part_key(Some(b), 0), cells: Ok(cells.collect()) });
        }
    }
    pairs
}
