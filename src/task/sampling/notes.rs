//! Which strategies are deterministic, and why, in words.

use super::Decider;
use crate::value::Seed;

/// What was seen of one strategy.
pub(super) struct Found<'a> {
    name: &'a str,
    pub(super) decider: Decider,
    /// How many different texts the seeds gave, for each prompt.
    pub(super) distinct: Vec<usize>,
    /// How often the same was asked several times.
    pub(super) asked: usize,
    /// Where that gave different texts: the prompt and the seed.
    pub(super) broken: Vec<(String, Seed)>,
}

impl<'a> Found<'a> {
    pub(super) fn new(name: &'a str, decider: Decider) -> Self {
        Self { name, decider, distinct: Vec::new(), asked: 0, broken: Vec::new() }
    }

    fn varies(&self) -> bool {
        self.distinct.iter().any(|texts| *texts > 1)
    }
}

/// What is not reproducible first.
pub(super) fn notes(found: &[Found<'_>], seeds: usize, repeats: u32) -> Vec<String> {
    let mut notes: Vec<String> = found.iter().filter_map(broken).collect();
    let sound: Vec<&Found<'_>> =
        found.iter().filter(|found| found.broken.is_empty() && !found.distinct.is_empty()).collect();
    let mut say = |why: String, which: &dyn Fn(&Found<'_>) -> bool, show: fn(&Found<'_>) -> String| {
        let names: Vec<String> = sound.iter().filter(|found| which(found)).map(|found| show(found)).collect();
        if !names.is_empty() {
            notes.push(format!("{why}: {}", names.join(", ")));
        }
    };
    let name = |found: &Found<'_>| found.name.to_owned();
    say(
        "deterministic, because the best token is taken and nothing is drawn".into(),
        &|found| found.decider == Decider::Best,
        name,
    );
    say(
        "deterministic, because one candidate is left at every step and a draw decides nothing (unless two tie)".into(),
        &|found| found.decider == Decider::Single,
        name,
    );
    let drawn = |found: &Found<'_>| found.decider == Decider::Drawn;
    let same = match repeats {
        1 => "each seed was asked once, so whether it gives the same text again is not known".to_owned(),
        _ => format!("the same seed gave the same text {repeats} times"),
    };
    if seeds == 1 {
        say(format!("drawn by one seed, so how much texts vary is not known; {same}"), &drawn, name);
        return notes;
    }
    say(
        format!(
            "drawn, and yet all {seeds} seeds gave one text for each prompt: what the cuts left was the best token alone, or nearly so"
        ),
        &|found| drawn(found) && !found.varies(),
        name,
    );
    say(
        format!(
            "decided by the seed, because tokens are drawn; {same}; different texts of {seeds} seeds, on average"
        ),
        &|found| drawn(found) && found.varies(),
        |found| {
            let mean = found.distinct.iter().sum::<usize>() as f64 / found.distinct.len() as f64;
            let mean = format!("{mean:.1}");
            format!("{} ({})", found.name, mean.trim_end_matches(".0"))
        },
    );
    notes
}

fn broken(found: &Found<'_>) -> Option<String> {
    let (item, Seed(seed)) = found.broken.first()?;
    Some(format!(
        "NOT REPRODUCIBLE: {}: the same was asked again and the text was another one, {} of {} times; the first is prompt {item}, seed {seed}",
        found.name,
        found.broken.len(),
        found.asked
    ))
}
