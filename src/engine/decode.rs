//! Writing a text token by token: which token comes next, and where the text ends. One for all engines, so that they
//! differ in their distributions only.
//!
//! The order and the definitions are those of transformers' logits processors: repetition penalty, temperature, top-k, top-p,
//! min-p. Probabilities are computed in f64 and summed in the order of the tokens' ids, so that nothing depends on how the
//! candidates were found.

use std::{cmp::Ordering, sync::Arc};

use crate::{
    plan::{Decoding, Sampled},
    random::Key,
    value::{MinP, RepetitionPenalty, TopP},
};

/// How many candidates top-p orders at first.
const FIRST: usize = 64;

/// Chooses the tokens of one text.
#[derive(Clone, Copy, Debug)]
pub enum Sampler {
    /// The best.
    Best(Option<RepetitionPenalty>),
    /// One at random.
    Drawn(Sampled, Key),
}

/// A token that can come next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    id: u32,
    /// Its logit; from the temperature on, its probability relative to the best one's.
    value: f64,
}

impl Sampler {
    /// For the text after a prompt.
    pub fn new(decoding: Decoding, prompt: &str) -> Self {
        match decoding {
            Decoding::Greedy => Self::Best(None),
            Decoding::Penalized(penalty) => Self::Best(Some(penalty)),
            Decoding::Sampled(sampled) => {
                Self::Drawn(sampled, Key::new(sampled.seed, &format!("token/{prompt}")))
            }
        }
    }

    /// The token of a step, counted from 0, from logits that are finite. `before` is all that stands before it, the prompt
    /// included. The scratch is for the candidates; its content means nothing.
    pub fn choose(&self, step: usize, logits: &[f32], before: &[u32], scratch: &mut Vec<Candidate>) -> u32 {
        let values = (0..).zip(logits).map(|(id, logit)| Candidate { id, value: f64::from(*logit) });
        scratch.clear();
        scratch.extend(values);
        match self {
            Self::Best(penalty) => {
                penalize(scratch, logits, *penalty, before);
                best(scratch).id
            }
            Self::Drawn(sampled, key) => {
                penalize(scratch, logits, sampled.repetition_penalty, before);
                sampled.cut(scratch);
                drawn(scratch, key.uniform(step as u64)).id
            }
        }
    }
}

impl Sampled {
    /// From penalized logits to the probabilities of the tokens that stay, relative to the best one's, in the order of ids.
    fn cut(&self, candidates: &mut Vec<Candidate>) {
        // A temperature changes no order, so the top k are found before it, while equal logits are equal for sure.
        if let Some(k) = self.top_k {
            top_k(candidates, k.get() as usize);
        }
        let best = best(candidates).value;
        for candidate in &mut *candidates {
            candidate.value = libm::exp((candidate.value - best) / self.temperature.get());
        }
        if let Some(p) = self.top_p {
            top_p(candidates, p);
        }
        if let Some(p) = self.min_p {
            min_p(candidates, p);
        }
    }
}

/// Once for each token that stands before, however often it does.
fn penalize(
    candidates: &mut [Candidate],
    logits: &[f32],
    penalty: Option<RepetitionPenalty>,
    before: &[u32],
) {
    let Some(penalty) = penalty.map(RepetitionPenalty::get) else { return };
    for id in before.iter().map(|id| *id as usize) {
        let logit = f64::from(logits[id]);
        let penalized = if logit < 0.0 { logit * penalty } else { logit / penalty };
        candidates[id].value = penalized.clamp(f64::MIN, f64::MAX);
    }
}

/// The k best, and those that equal the last of them.
fn top_k(candidates: &mut Vec<Candidate>, k: usize) {
    if k < candidates.len() {
        let last = candidates.select_nth_unstable_by(k - 1, best_first).1.value;
        candidates.retain(|candidate| candidate.value >= last);
        by_id(candidates);
    }
}

/// The best that together hold the share `p`, the one that reaches it included; of equal ones the lower id first.
fn top_p(candidates: &mut Vec<Candidate>, p: TopP) {
    if p.get() >= 1.0 {
        return;
    }
    let enough = p.get() * candidates.iter().map(|candidate| candidate.value).sum::<f64>();
    let (mut kept, mut mass) = (0, 0.0);
    while kept < candidates.len() && mass < enough {
        let rest = &mut candidates[kept..];
        let next = FIRST.max(3 * kept).min(rest.len());
        if next < rest.len() {
            rest.select_nth_unstable_by(next, best_first);
        }
        rest[..next].sort_unstable_by(best_first);
        for candidate in &rest[..next] {
            if mass >= enough {
                break;
            }
            mass += candidate.value;
            kept += 1;
        }
    }
    candidates.truncate(kept);
    by_id(candidates);
}

/// Those at least `p` times as probable as the best.
fn min_p(candidates: &mut Vec<Candidate>, p: MinP) {
    let least = p.get() * best(candidates).value;
    candidates.retain(|candidate| candidate.value >= least);
}

/// The candidate at the share `uniform` of all probability.
fn drawn(candidates: &[Candidate], uniform: f64) -> Candidate {
    let target = uniform * candidates.iter().map(|candidate| candidate.value).sum::<f64>();
    let mut sum = 0.0;
    let reached = candidates.iter().find(|candidate| {
        sum += candidate.value;
        sum > target
    });
    // Rounding may put the target at the very end.
    *reached.unwrap_or_else(|| best(candidates))
}

fn best(candidates: &[Candidate]) -> &Candidate {
    candidates.iter().min_by(|a, b| best_first(a, b)).expect("a vocabulary has tokens, and cuts leave one")
}

fn best_first(a: &Candidate, b: &Candidate) -> Ordering {
    b.value.total_cmp(&a.value).then(a.id.cmp(&b.id))
}

fn by_id(candidates: &mut [Candidate]) {
    candidates.sort_unstable_by_key(|candidate| candidate.id);
}

/// Where the first of some texts begins, at `from` or after it; an empty one ends nothing. Bytes are compared, so that a stop
/// text is found wherever tokens are cut, within a character too.
pub fn end(text: &[u8], from: usize, stops: &[Arc<str>]) -> Option<usize> {
    let found = |stop: &Arc<str>| text[from..].windows(stop.len()).position(|part| part == stop.as_bytes());
    stops.iter().filter(|stop| !stop.is_empty()).filter_map(found).min().map(|at| from + at)
}

#[cfg(test)]
mod tests;
