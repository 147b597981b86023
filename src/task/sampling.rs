//! `sampling`: decoding strategies compared: how varied, how repetitive, how reproducible is the text?

use std::num::NonZeroU32;

use super::{
    decoding::Decoding,
    next_token::{Prompt, lint_prompts},
};
use crate::{
    spec::{Counted, Draw, Items, Kind, Linter, Reported, keys},
    value::NonEmpty,
};

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
        seeds: Vec<u64> = vec![0],
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
        let metrics = ["reproducible", "distinct_texts", "distinct_1", "distinct_2", "repetition", "length"];
        let combinations = self.strategies.iter().flat_map(Decoding::combinations);
        combinations.map(|one| one.name()).flat_map(|name| Reported::part(&name, &metrics)).collect()
    }
    fn lint(&self, linter: &mut Linter<'_>) {
        lint_prompts(&self.prompts, linter);
    }
}
