//! What the written texts say of a strategy.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    super::planned::Verdict,
    Decider,
    notes::{Found, notes},
};
use crate::{
    metric::{Formula, Metric, Range},
    plan::{Answers, Failure, Generated, Ticket},
    record::{Better, Cell, Column, DROPPED, ItemKey, Row, Table, Unit},
    value::Seed,
};

/// Tokens of the sequences that are looked for a second time.
const REPEATED: usize = 4;

/// One strategy.
pub(super) struct Part {
    pub(super) name: String,
    pub(super) decider: Decider,
    /// The texts after each prompt, by seed, then by repeat.
    pub(super) prompts: Vec<Vec<Asked>>,
}

/// One text's question.
pub(super) struct Asked {
    pub(super) key: Arc<ItemKey>,
    pub(super) prompt: String,
    pub(super) seed: Seed,
    /// How often the seed was asked before.
    pub(super) again: u32,
    pub(super) ticket: Ticket<Generated>,
}

/// What each row says. What is known of several texts stands in the row of the first of them: `reproducible` in the seed's,
/// `distinct_texts` in the prompt's.
const COLUMNS: [Column; 15] = [
    "n_tokens",
    "finish",
    "prompt",
    "output",
    "seed",
    "again",
    "mean_logprob",
    "entropy",
    "distinct_1",
    "distinct_2",
    "repetition",
    "first_divergence",
    "reproducible",
    "distinct_texts",
    DROPPED,
];

/// What a strategy reports: what one seed, or one text a seed, says nothing of is left out.
pub(super) fn metrics(seeds: usize, repeats: u32) -> Vec<Metric> {
    let mean = |name: Column, column, unit| Metric::new(name, Formula::Mean(column), unit);
    let mut metrics = Vec::new();
    if repeats > 1 {
        let reproducible = Metric::new("reproducible", Formula::Proportion("reproducible"), Unit::Proportion);
        metrics.push(reproducible.better(Better::Higher).headline());
    }
    if seeds > 1 {
        let distinct = mean("distinct_texts", "distinct_texts", Unit::Count).headline();
        metrics.push(Metric { range: Range::between(1.0, seeds as f64), ..distinct });
        metrics.push(mean("first_divergence", "first_divergence", Unit::Count));
    }
    metrics.extend([
        mean("distinct_1", "distinct_1", Unit::Proportion),
        mean("distinct_2", "distinct_2", Unit::Proportion),
        mean("repetition", "repetition", Unit::Proportion),
        mean("length", "n_tokens", Unit::Count),
        Metric {
            range: Range { least: None, most: Some(0.0) },
            ..mean("mean_logprob", "mean_logprob", Unit::Nats)
        },
        mean("entropy", "entropy", Unit::Nats).at_least(0.0),
    ]);
    metrics
}

pub(super) fn verdict(parts: &[Part], seeds: usize, repeats: u32, answers: &Answers) -> Verdict {
    let mut table = Table::new("items", COLUMNS.to_vec());
    let mut found = Vec::new();
    for part in parts {
        let mut of_part = Found::new(&part.name, part.decider);
        for texts in &part.prompts {
            let written: Vec<_> = texts.iter().map(|text| answers.get(text.ticket)).collect();
            let block = Block { texts, written: &written, repeats: repeats as usize };
            block.tell(&mut of_part);
            table.rows.extend((0..texts.len()).map(|place| block.row(place)));
        }
        found.push(of_part);
    }
    let metrics = parts.iter().flat_map(|part| {
        metrics(seeds, repeats).into_iter().map(|metric| metric.of_group(part.name.as_str()))
    });
    Verdict { table, details: Vec::new(), metrics: metrics.collect(), notes: notes(&found, seeds, repeats) }
}

/// The texts after one prompt by one strategy.
struct Block<'a> {
    texts: &'a [Asked],
    written: &'a [Result<&'a Generated, Failure>],
    repeats: usize,
}

impl Block<'_> {
    fn row(&self, place: usize) -> Row {
        let text = &self.texts[place];
        let cells = self.written[place].clone().map(|written| {
            let ids = &written.ids;
            vec![
                ids.len().into(),
                written.finish.word().into(),
                text.prompt.as_str().into(),
                written.text.as_str().into(),
                Cell::Count(text.seed.0),
                text.again.into(),
                mean(&written.logprobs).into(),
                mean(&written.entropies).into(),
                distinct(ids, 1).into(),
                distinct(ids, 2).into(),
                distinct(ids, REPEATED).map(|share| 1.0 - share).into(),
                self.first_divergence(place).into(),
                self.reproducible(place).into(),
                self.distinct_texts(place).into(),
                written.dropped.into(),
            ]
        });
        Row { key: text.key.clone(), cells }
    }

    /// How many tokens the text shares with the first one after the prompt before they part; nothing where they do not.
    fn first_divergence(&self, place: usize) -> Option<usize> {
        let (first, own) = (&self.answered(0)?.ids, &self.answered(place)?.ids);
        (first != own).then(|| first.iter().zip(own).take_while(|(one, other)| one == other).count())
    }

    /// Whether a seed gave the same text each time; in the row of the first time, where there were several.
    fn reproducible(&self, place: usize) -> Option<bool> {
        (self.repeats > 1 && place.is_multiple_of(self.repeats)).then_some(())?;
        let texts = self.different(place..place + self.repeats, 1)?;
        Some(texts.len() == 1)
    }

    /// How many different texts the seeds gave; in the first row, where there were several seeds.
    fn distinct_texts(&self, place: usize) -> Option<usize> {
        (self.repeats < self.texts.len() && place == 0).then_some(())?;
        Some(self.different(0..self.texts.len(), self.repeats)?.len())
    }

    /// The different ones of some texts; nothing where one of them is missing.
    fn different(&self, places: std::ops::Range<usize>, step: usize) -> Option<BTreeSet<&str>> {
        places.step_by(step).map(|place| self.answered(place).map(|written| written.text.as_str())).collect()
    }

    fn answered(&self, place: usize) -> Option<&Generated> {
        self.written[place].as_ref().ok().copied()
    }

    /// Adds what this prompt shows of its strategy.
    fn tell(&self, found: &mut Found<'_>) {
        if let Some(texts) = self.different(0..self.texts.len(), self.repeats) {
            found.distinct.push(texts.len());
        }
        // Where nothing is drawn, a seed changes nothing, and all texts are repeats of one.
        let same = if found.decider == Decider::Best { self.texts.len() } else { self.repeats };
        for first in (0..self.texts.len()).step_by(same).filter(|_| same > 1) {
            let Some(texts) = self.different(first..first + same, 1) else { continue };
            found.asked += 1;
            if texts.len() > 1 {
                let text = &self.texts[first];
                found.broken.push((text.key.item.clone(), text.seed));
            }
        }
    }
}

fn mean(values: &[f32]) -> Option<f64> {
    let sum: f64 = values.iter().copied().map(f64::from).sum();
    (!values.is_empty()).then(|| sum / values.len() as f64)
}

/// The share of sequences of `n` tokens that are different (distinct-n: Li et al. 2016); nothing in a shorter text. Less
/// than 1, it is the share that stood in the text before (seq-rep-n: Welleck et al. 2020).
fn distinct(ids: &[u32], n: usize) -> Option<f64> {
    let all = (ids.len() + 1).checked_sub(n).filter(|all| *all > 0)?;
    Some(ids.windows(n).collect::<BTreeSet<_>>().len() as f64 / all as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_are_counted_within_a_text() {
        // a b a b: 2 of 4, ab ba ab: 2 of 3, one of 4.
        assert_eq!(distinct(&[1, 2, 1, 2], 1), Some(0.5));
        assert_eq!(distinct(&[1, 2, 1, 2], 2), Some(2.0 / 3.0));
        assert_eq!(distinct(&[1, 2, 1, 2], 4), Some(1.0));
        assert_eq!((distinct(&[1, 2], 4), distinct(&[], 1)), (None, None));
        assert_eq!(distinct(&[7; 8], 4), Some(0.2));
    }
}
