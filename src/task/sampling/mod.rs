//! `sampling`: decoding strategies compared: how varied, how repetitive, how reproducible is the text?

mod notes;
mod verdict;

use std::{collections::BTreeSet, num::NonZeroU32};

use super::{
    decoding::{Combination, Decoding},
    lint,
    next_token::{Prompt, lint_prompts},
    planned::{Judge, item_key},
};
use crate::{
    plan::{self, Ask, Sampled},
    spec::{Counted, Draw, Finding, Item, Items, Kind, Linter, Reported, Text, keys},
    value::{Digest, NonEmpty, Seed},
};

use verdict::{Asked, Part, metrics, verdict};

keys! {
    /// Decoding strategies: how varied, how repetitive, how reproducible is the text?
    pub struct Sampling {
        /// The strategies; a list of values makes a grid.
        strategies: NonEmpty<Decoding>,
        /// How long, in tokens.
        max_tokens: NonZeroU32 = NonZeroU32::new(40).expect("40 is not zero"),
        /// How often each seed is run: is the text the same?
        repeats: NonZeroU32 = NonZeroU32::new(2).expect("2 is not zero"),
        /// The seeds: how much does the text vary?
        seeds: NonEmpty<Seed> = NonEmpty::one(Seed(0)),
        /// Texts that end the writing.
        stop: Vec<Text> = Vec::new(),
    } with {
        /// The texts to continue.
        prompts: Items<Prompt>,
    }
}

impl Kind for Sampling {
    fn select(&mut self, draw: &Draw<'_>) {
        self.prompts.select(draw);
    }
    fn items(&self) -> Counted {
        Counted::of(&self.prompts)
    }
    fn metrics(&self) -> Vec<Reported> {
        let metrics = metrics(self.seeds.len(), self.repeats.get());
        let metrics: Vec<&str> = metrics.iter().map(|metric| metric.name.as_str()).collect();
        self.combinations().iter().flat_map(|one| Reported::part(&one.name(), &metrics)).collect()
    }
    fn lint(&self, linter: &mut Linter<'_>) {
        lint_prompts(&self.prompts, linter);
        for text in &self.stop {
            lint::filled(text, "stop text", linter);
        }
        let names = self.combinations().into_iter().map(|one| one.name());
        for name in twice(names) {
            let message = format!("the strategy `{name}` is there twice");
            linter.tell(
                Finding::error("duplicate-strategy", linter.task(), message).help("leave one of them out"),
            );
        }
        for Seed(seed) in twice(self.seeds.iter().copied()) {
            let message = format!("the seed {seed} is there twice");
            let help = "it would give the same texts again; `repeats` asks whether it does";
            linter.tell(Finding::error("duplicate-seed", linter.task(), message).help(help));
        }
    }
}

/// What is there more than once.
fn twice<T: Ord + Clone>(all: impl Iterator<Item = T>) -> BTreeSet<T> {
    let mut seen = BTreeSet::new();
    all.filter(|one| !seen.insert(one.clone())).collect()
}

impl Sampling {
    fn combinations(&self) -> Vec<Combination> {
        self.strategies.iter().flat_map(Decoding::combinations).collect()
    }

    /// Asks for every text: strategies × prompts × seeds × repeats.
    pub(super) fn ask(&self, ask: &mut Ask) -> Judge {
        let parts: Vec<Part> = self
            .combinations()
            .into_iter()
            .map(|strategy| Part {
                name: strategy.name(),
                decider: Decider::of(strategy.decoding(self.seeds.first().to_owned())),
                prompts: self.prompts.iter().map(|item| self.texts(item, strategy, ask)).collect(),
            })
            .collect();
        let (seeds, repeats) = (self.seeds.len(), self.repeats.get());
        Box::new(move |answers| verdict(&parts, seeds, repeats, answers))
    }

    /// The texts after one prompt by one strategy: the first seed as often as it is repeated, then the next.
    fn texts(&self, item: &Item<Prompt>, strategy: Combination, ask: &mut Ask) -> Vec<Asked> {
        let stop: Vec<&str> = self.stop.iter().map(Text::as_str).collect();
        let (name, length) = (strategy.name(), self.max_tokens.get());
        let mut texts = Vec::new();
        for seed in self.seeds.iter().copied() {
            let decoding = strategy.decoding(seed);
            let content = Digest::of_json(&("sampling", item.prompt.as_str(), decoding, length, &stop));
            for again in 0..self.repeats.get() {
                let number = texts.len() as u32;
                // Without a seed in it, the request would be the same for all seeds, and its answer would be shared.
                let repeat = if Decider::of(decoding) == Decider::Best { number } else { again };
                texts.push(Asked {
                    key: item_key(item, Some(&name), number, content),
                    prompt: item.prompt.to_string(),
                    seed,
                    again,
                    ticket: ask.generate_again(&item.prompt, decoding, length, &stop, repeat),
                });
            }
        }
        texts
    }
}

/// What decides on the next token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decider {
    /// The model alone: the best token.
    Best,
    /// The model alone, though there is a draw: one candidate is left.
    Single,
    /// The draw.
    Drawn,
}

impl Decider {
    fn of(decoding: plan::Decoding) -> Self {
        match decoding {
            plan::Decoding::Greedy | plan::Decoding::Penalized(_) => Self::Best,
            plan::Decoding::Sampled(Sampled { top_k, min_p, .. }) => {
                let one = top_k.is_some_and(|k| k.get() == 1) || min_p.is_some_and(|p| p.get() >= 1.0);
                if one { Self::Single } else { Self::Drawn }
            }
        }
    }
}
