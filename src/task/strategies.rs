//! `strategies`: the same items, asked in several ways, and compared pairwise.

use super::{
    lint,
    pair::{self, Pair},
};
use crate::spec::{Counted, Draw, Items, Kind, Linter, Named, Reported, Text, keys};

keys! {
    /// The same items, asked in several ways, and compared pairwise.
    pub struct Strategies {
        /// All labels.
        labels: Vec<Text>,
        /// Examples for the strategies with `k`.
        shots: Items<Pair> = Items::none(),
        /// The ways of asking, by name.
        compare: Named<Strategy>,
    } with {
        /// What is asked about.
        items: Items<Pair>,
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
    }
}

impl Kind for Strategies {
    fn select(&mut self, draw: &Draw<'_>) {
        self.items.select(draw);
    }
    fn items(&self) -> Counted {
        Counted::of(&self.items)
    }
    fn metrics(&self) -> Vec<Reported> {
        self.compare.0.iter().flat_map(|(name, _)| Reported::part(name, &["accuracy", "macro_f1"])).collect()
    }
    fn lint(&self, linter: &mut Linter<'_>) {
        pair::lint(&self.items, &self.shots, &self.labels, linter);
        lint::shots(&self.shots, self.compare.0.iter().map(|(_, strategy)| strategy.k).max(), linter);
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
