//! `memorization`: is a text more probable than the same thing said otherwise?

mod asked;
mod line;
mod rule;
mod verdict;

pub use line::{Conditions, Continuation, Line};
pub use rule::Rule;

use std::collections::{BTreeMap, BTreeSet};

use super::{lint, planned};
use crate::spec::{Counted, Draw, Groups, Item, Items, Kind, Linter, Reported, Text, keys};

keys! {
    /// Is a text more probable than the same thing said otherwise?
    pub struct Memorization {
        /// The two conditions, by the names that items use; the first is compared with the second.
        conditions: Conditions,
        /// Unpaired: a list of [prompt, target] for each condition.
        groups: Groups<Continuation> = Groups::none(),
        /// When an item counts as likely memorized; `ratio > 10 and exact > 0.1`, of the first condition, where no rule is given.
        likely_memorized: Option<Rule>,
        /// The group of items that the model cannot have read: how many of them are flagged is the rate of false alarms.
        controls: Option<Text>,
        /// Whether the target is ranked among the targets of all items, which takes items × targets scores; of up to 200 items where nothing is said.
        rank: Option<bool>,
        /// What is put between a prompt and its target, unless there is white space already.
        join: String = " ".to_owned(),
    } with {
        /// Paired: every item has a prompt, or [prompt, target], for each condition.
        items: Option<Items<Line>>,
    }
}

/// Items up to which targets are ranked without being asked to.
const RANKED: usize = 200;

impl Kind for Memorization {
    fn select(&mut self, draw: &Draw<'_>) {
        self.items.iter_mut().for_each(|items| items.select(draw));
        for (group, items) in &mut self.groups.0 {
            items.select(&Draw { name: &format!("{}/{group}", draw.name), ..*draw });
        }
    }
    fn items(&self) -> Counted {
        let paired = self.items.iter().map(Counted::of);
        paired.chain(self.groups.0.iter().map(|(_, items)| Counted::of(items))).sum()
    }
    fn metrics(&self) -> Vec<Reported> {
        planned::reported(&self.numbers(self.ranked().map(|targets| targets.len())))
    }
    fn lint(&self, linter: &mut Linter<'_>) {
        lint::memorization(self, linter);
    }
    fn lint_selection(&self, linter: &mut Linter<'_>) {
        // The share of items that are likely memorized.
        lint::few_items(self.pairs().filter(|item| !self.is_control(item)).count(), linter);
    }
}

impl Memorization {
    /// The paired items.
    pub fn pairs(&self) -> impl Iterator<Item = &Item<Line>> {
        self.items.iter().flat_map(|items| items.iter())
    }

    /// The groups of paired items.
    pub(in crate::task) fn parts(&self) -> BTreeSet<&str> {
        self.pairs().filter_map(|item| item.group.as_deref()).collect()
    }

    fn is_control(&self, item: &Item<Line>) -> bool {
        self.controls.is_some() && item.group == self.controls
    }

    /// The targets among which that of each item is ranked, as first written, by what they are without white space before
    /// them; nothing where none are.
    fn ranked(&self) -> Option<Targets<'_>> {
        if !self.rank.unwrap_or_else(|| self.items().taken <= RANKED) {
            return None;
        }
        let [first, _] = self.conditions.names();
        let paired = self.pairs().filter_map(|item| item.said(first).next()?.1);
        let unpaired =
            self.groups.0.iter().flat_map(|(_, items)| items.iter()).filter_map(|item| item.target.as_ref());
        let mut targets = Targets::new();
        for target in paired.chain(unpaired) {
            targets.entry(target.trim_start()).or_insert(target);
        }
        (targets.len() > 1).then_some(targets)
    }
}

/// Different targets, each as it is written.
type Targets<'a> = BTreeMap<&'a str, &'a str>;
