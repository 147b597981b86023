//! `icl`: in-context learning: solved examples in the prompt, the label scored by its probability.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroU32,
};

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
    metric::{Formula, Metric},
    plan::Ask,
    record::{Better, Row, Table, Unit},
    spec::{Counted, Draw, Items, Kind, Linter, Named, OneOrMore, Renderer, Reported, Text, keys},
    stats::sum,
};

/// The layout where a spec gives none.
const TEMPLATE: &str = "Input: {{ input }}\nLabel: {{ label }}";

keys! {
    /// In-context learning: solved examples in the prompt, the label scored by its probability.
    pub struct Icl {
        /// All labels.
        labels: Vec<Text>,
        /// The examples to choose from; an item may bring its own.
        shots: Items<Pair> = Items::none(),
        /// How many examples; a list is a sweep.
        k: OneOrMore<u32> = OneOrMore::one(0),
        /// Which of the examples an item sees.
        selection: Selection = Selection::Fixed,
        /// In how many orders the examples are put; with a random selection, how often they are drawn.
        orders: NonZeroU32 = NonZeroU32::MIN,
        /// One example, with `{{ input }}` and `{{ label }}`; two lines, `Input: …` and `Label: …`, where none is given.
        template: Option<Text>,
        /// What is put between examples.
        separator: String = SEPARATOR.to_owned(),
        /// What the model reads for each label.
        verbalizer: Named<Text> = Named::default(),
        /// A text before the examples.
        instruction: Option<Text>,
        /// Whether what the prompt makes of the labels by itself is taken out, as a further accuracy.
        calibration: Calibration = Calibration::None,
    } with {
        /// What is asked about.
        items: Items<Labelled>,
    }
}

impl Kind for Icl {
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
        let most = self.k.iter().copied().max().unwrap_or(0);
        pair::lint(&self.items, &self.shots, &self.labels, linter);
        pair::lint_shots(&self.items, &self.shots, most, self.selection, linter);
        lint::verbalizer(&self.verbalizer, &self.labels, linter);
        if let Some(template) = &self.template {
            pair::lint_template(template, &self.items, linter);
        }
    }
    fn lint_selection(&self, linter: &mut Linter<'_>) {
        lint::few_items(self.items.len(), linter);
        lint::classes(&self.labels, self.items.iter().map(|item| &item.label), linter);
    }
}

impl Icl {
    /// Asks for every label of every item, for every number of examples and every order of them.
    pub(super) fn ask(&self, ask: &mut Ask, about: About<'_>) -> Judge {
        let sweep = self.sweep().into_iter().map(|k| (k, self.orders(k)));
        let asked = self.asked(sweep, ask, about);
        let labels: Vec<String> = self.labels.iter().map(ToString::to_string).collect();
        let ways: Vec<String> = self.sweep().into_iter().map(part).collect();
        let (metrics, calibrated) = (self.measured(), self.calibrated());
        Box::new(move |answers| verdict(labels::table(&asked, &labels, calibrated, answers), &ways, metrics))
    }

    /// The same with the most examples alone, in one order.
    pub(super) fn ask_longest(&self, ask: &mut Ask, about: About<'_>) -> Vec<Asked> {
        self.asked(self.sweep().last().map(|k| (*k, 1)).into_iter(), ask, about)
    }

    /// For each number of examples, in so many orders.
    fn asked(&self, sweep: impl Iterator<Item = (u32, u32)>, ask: &mut Ask, about: About<'_>) -> Vec<Asked> {
        let renderer = Renderer::default();
        let template = self.template.as_deref().unwrap_or(TEMPLATE);
        let layout = Layout::new(&renderer, template, "label")
            .map(|layout| layout.instruction(self.instruction.as_deref()).separator(&self.separator));
        let set = Set {
            about,
            kind: "icl",
            labels: &self.labels,
            items: &self.items,
            shots: &self.shots,
            selection: self.selection,
        };
        let ask_with = |(k, orders)| {
            let way = Way {
                part: &part(k),
                layout: layout.as_ref().map_err(Clone::clone),
                words: labels::read_as(&self.labels, &self.verbalizer),
                k,
                orders,
                calibration: self.calibration,
            };
            set.ask(&way, ask)
        };
        sweep.flat_map(ask_with).collect()
    }

    /// The numbers of examples, each once.
    fn sweep(&self) -> BTreeSet<u32> {
        self.k.iter().copied().collect()
    }

    /// In how many orders so many examples can differ, of those asked for: k of the same ones in k! orders at most.
    fn orders(&self, k: u32) -> u32 {
        let factorial = || (1..=k).try_fold(1_u32, u32::checked_mul).unwrap_or(u32::MAX);
        match (k, self.selection) {
            (0, _) => 1,
            (_, Selection::Fixed) => self.orders.get().min(factorial()),
            (_, Selection::Random | Selection::Balanced) => self.orders.get(),
        }
    }

    fn calibrated(&self) -> bool {
        self.calibration != Calibration::None
    }

    fn measured(&self) -> Vec<Metric> {
        let numbers = |part: Part<'_>| labels::metrics(part, &self.labels, self.calibrated());
        let groups = groups(self.items.iter().map(|item| item.group.as_ref()));
        let mut metrics = Vec::new();
        let ways: Vec<(u32, String)> = self.sweep().into_iter().map(|k| (k, part(k))).collect();
        for (k, way) in &ways {
            let of = |items| Part { way: Some(way), items };
            metrics.extend(numbers(of(None)));
            metrics.extend(labels::of_labels(way, &self.labels));
            let (_, fewest) = &ways[0];
            if way != fewest {
                metrics.push(labels::difference(way, fewest));
            }
            if self.orders(*k) > 1 {
                let spread = Metric::new("order_spread", Formula::RepeatSpread("correct"), Unit::Proportion);
                metrics.push(of(None).metric(spread.better(Better::Lower)));
            }
            metrics.extend(groups.iter().flat_map(|group| numbers(of(Some(group)))));
        }
        // With one number of examples the whole task is the same again.
        let whole = numbers(Part { way: None, items: None });
        let unseen = |metric| Metric { headline: false, ..metric };
        metrics.extend(whole.into_iter().map(unseen));
        metrics
    }
}

fn part(k: u32) -> String {
    format!("k={k}")
}

fn verdict(table: Table, ways: &[String], metrics: Vec<Metric>) -> Verdict {
    let mut notes = labels::notes(&table);
    let ways: Vec<&str> = ways.iter().map(String::as_str).collect();
    let mut details = vec![confusion(&table, &ways, "output")];
    let orders = Order::all(&table);
    if orders.iter().any(|order| order.number > 0) {
        notes.extend(spread(&orders));
        let columns = vec!["order", "accuracy", "n"];
        details
            .push(Table { rows: orders.iter().map(Order::row).collect(), ..Table::new("orders", columns) });
    }
    Verdict { table, details, metrics, notes }
}

/// What one order of the examples came to.
struct Order<'a> {
    part: &'a str,
    number: u32,
    correct: Vec<f64>,
}

impl<'a> Order<'a> {
    /// By part, in the order of the rows, then by number.
    fn all(table: &'a Table) -> Vec<Self> {
        let mut orders: Vec<BTreeMap<u32, Self>> = Vec::new();
        let mut last = None;
        for (key, correct) in table.numbers("correct") {
            let part = key.group.as_deref().unwrap_or_default();
            if last != Some(part) {
                last = Some(part);
                orders.push(BTreeMap::new());
            }
            let Some(of_part) = orders.last_mut() else { continue };
            let order = of_part.entry(key.repeat).or_insert_with(|| Self {
                part,
                number: key.repeat,
                correct: vec![],
            });
            order.correct.push(correct);
        }
        orders.into_iter().flat_map(BTreeMap::into_values).collect()
    }

    fn accuracy(&self) -> f64 {
        sum(self.correct.iter().copied()) / self.correct.len() as f64
    }

    fn row(&self) -> Row {
        Row {
            key: part_key(Some(self.part), self.number),
            cells: Ok(vec![self.number.into(), self.accuracy().into(), self.correct.len().into()]),
        }
    }
}

/// The orders of each part, from the lowest accuracy to the highest.
fn spread(orders: &[Order<'_>]) -> Vec<String> {
    let note = |orders: &[Order<'_>]| {
        let by_accuracy = |a: &&Order<'_>, b: &&Order<'_>| a.accuracy().total_cmp(&b.accuracy());
        let (low, high) = (orders.iter().min_by(by_accuracy)?, orders.iter().max_by(by_accuracy)?);
        (low.accuracy() < high.accuracy()).then(|| {
            let (part, count) = (low.part, orders.len());
            let [from, to] = [low, high].map(|order| format!("{:.3} (order {})", order.accuracy(), order.number));
            format!("{part}: of {count} orders of the examples the accuracy goes from {from} to {to}; its interval is over items and does not hold that")
        })
    };
    orders.chunk_by(|a, b| a.part == b.part).filter_map(note).collect()
}
