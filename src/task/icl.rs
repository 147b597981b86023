//! `icl`: in-context learning: solved examples in the prompt, the label scored by its probability.

use std::num::NonZeroU32;

use super::{
    lint,
    pair::{self, Pair},
};
use crate::spec::{Counted, Draw, Items, Kind, Linter, Named, OneOrMore, Reported, Text, keys};

keys! {
    /// In-context learning: solved examples in the prompt, the label scored by its probability.
    pub struct Icl {
        /// All labels.
        labels: Vec<Text>,
        /// The examples to draw from.
        shots: Items<Pair> = Items::none(),
        /// How many examples; a list is a sweep.
        k: OneOrMore<u32> = OneOrMore::one(0),
        /// In how many orders the examples are put.
        orders: NonZeroU32 = NonZeroU32::MIN,
        /// One example, with `{{ input }}` and `{{ label }}`.
        template: Option<Text>,
        /// What the model reads for each label.
        verbalizer: Named<Text> = Named::default(),
        /// A text before the examples.
        instruction: Option<Text>,
    } with {
        /// What is asked about.
        items: Items<Pair>,
    }
}

impl Kind for Icl {
    fn select(&mut self, draw: &Draw<'_>) {
        self.items.select(draw);
    }
    fn items(&self) -> Counted {
        Counted::of(&self.items)
    }
    fn metrics(&self) -> Vec<Reported> {
        let metrics = ["accuracy", "macro_f1"];
        let mut all = Reported::whole(&metrics);
        all.extend(self.k.iter().flat_map(|k| Reported::part(&format!("k={k}"), &metrics)));
        all
    }
    fn lint(&self, linter: &mut Linter<'_>) {
        pair::lint(&self.items, &self.shots, &self.labels, linter);
        lint::shots(&self.shots, self.k.iter().copied().max(), linter);
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
