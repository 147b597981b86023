//! `Rank`: the head of a next-token distribution, exact over the vocabulary: sums in f64.

use std::sync::Arc;

use super::{
    fit,
    tokens::Tokens,
    windows::{Window, too_long},
};
use crate::plan::{
    Answer, Failure, FailureKind, FirstToken, Ranked, RankedToken, Token, Truncation, Watched,
};

/// A prompt whose next token is asked for.
pub(super) struct Ranking {
    /// The prompt, with what was put before it.
    pub(super) tokens: Vec<u32>,
    /// How it is read: in one.
    pub(super) windows: [Window; 1],
    top: usize,
    /// First tokens of the watched texts, and how many tokens those have.
    watched: Vec<(u32, u32)>,
    /// Tokens of the prompt that are left out.
    dropped: u32,
}

/// A prompt as it is read.
pub(super) struct Start {
    /// With what is put before it.
    pub(super) tokens: Vec<u32>,
    /// How many of its tokens are left out.
    pub(super) dropped: u32,
}

impl Ranking {
    /// Cuts the prompt and the watched texts.
    pub(super) fn plan(
        tokens: &Tokens,
        prompt: &str,
        top: u32,
        watch: &[Arc<str>],
        truncate: Option<Truncation>,
        context: usize,
    ) -> Result<Self, Failure> {
        let Start { tokens: sequence, dropped } = start(tokens, prompt, truncate, 0, context)?;
        let own = tokens.cut_at(prompt, 0)?.ids;
        let watched =
            watch.iter().map(|text| first_of(tokens, prompt, &own, text)).collect::<Result<_, _>>()?;
        let len = sequence.len();
        let windows = [Window { read: 0..len, scored: len..len + 1, length: len }];
        Ok(Self { tokens: sequence, windows, top: top as usize, watched, dropped })
    }

    /// The answer from the logits after the prompt and the logarithm of the sum of their exponentials.
    pub(super) fn answer(&self, tokens: &Tokens, logits: &[f32], log_sum_exp: f64) -> Answer {
        let logprob = |id: u32| f64::from(logits[id as usize]) - log_sum_exp;
        let ranked = |id: u32| {
            let Token { id, text } = tokens.token(id);
            RankedToken { id, text, logprob: logprob(id) as f32 }
        };
        let mut order = Order::new(logits);
        let (half, nine_tenths) = order.nucleus(|id| libm::exp(logprob(id)));
        let top = order.first(self.top).map(ranked).collect();
        let watched = self.watched.iter().map(|(id, count)| Watched {
            token: ranked(*id),
            rank: order.rank(*id, logits[*id as usize]),
            tokens: *count,
        });
        Answer::Ranked(Ranked {
            top,
            watched: watched.collect(),
            entropy: -(0..logits.len() as u32).map(|id| libm::exp(logprob(id)) * logprob(id)).sum::<f64>()
                as f32,
            half,
            nine_tenths,
            vocabulary: logits.len() as u32,
            prompt: self.tokens.iter().map(|id| tokens.token(*id)).collect(),
            dropped: self.dropped,
        })
    }
}

/// A prompt as it is read, which must leave something to read. Where it is cut, it leaves room for what is `written`.
pub(super) fn start(
    tokens: &Tokens,
    prompt: &str,
    truncate: Option<Truncation>,
    written: usize,
    context: usize,
) -> Result<Start, Failure> {
    let own = tokens.cut_at(prompt, 0)?.ids;
    let before = tokens.before(!own.is_empty(), FirstToken::Score);
    let gap = truncate
        .map_or(0..0, |truncate| fit::for_writing(own.len(), before.len(), written, truncate, context));
    let sequence = [before, &own[..gap.start], &own[gap.end..]].concat();
    match sequence.len() {
        0 => Err(Failure::new(
            FailureKind::Text,
            "the prompt is empty, and the model has no token that begins or ends a text, so there is nothing to go on from",
        )),
        len if len > context => Err(too_long(len, context)),
        _ => Ok(Start { tokens: sequence, dropped: gap.len() as u32 }),
    }
}

/// The first token of `text` after the prompt, and how many tokens it has there. Where the two would share a token, that is not
/// what can come after the prompt as it was read, and the text is cut alone.
fn first_of(tokens: &Tokens, prompt: &str, own: &[u32], text: &str) -> Result<(u32, u32), Failure> {
    let whole = tokens.cut_at(&format!("{prompt}{text}"), 0)?.ids;
    let after = match whole.strip_prefix(own) {
        Some(after) if !after.is_empty() => after.to_vec(),
        _ => tokens.cut_at(text, 0)?.ids,
    };
    let first = after.first().copied().ok_or_else(|| {
        Failure::new(FailureKind::Text, format!("the tokenizer leaves nothing of the watched text {text:?}"))
    })?;
    Ok((first, after.len() as u32))
}

/// Tokens by their logits, the largest first; of equal ones the lower id. Sorted only as far as someone asks.
struct Order {
    /// An order of the logit that is turned around, then the id.
    keys: Vec<u64>,
    /// How many of them are the first, in order.
    sorted: usize,
}

impl Order {
    /// Tokens that are sorted first.
    const FIRST: usize = 64;

    fn new(logits: &[f32]) -> Self {
        Self { keys: logits.iter().zip(0..).map(|(logit, id)| key(id, *logit)).collect(), sorted: 0 }
    }

    /// Sorts the first `count`.
    fn sort(&mut self, count: usize) {
        let rest = &mut self.keys[self.sorted..];
        let more = count.saturating_sub(self.sorted).min(rest.len());
        if more < rest.len() && more > 0 {
            rest.select_nth_unstable(more - 1);
        }
        rest[..more].sort_unstable();
        self.sorted += more;
    }

    fn first(&mut self, count: usize) -> impl Iterator<Item = u32> {
        self.sort(count);
        self.keys.iter().take(count).map(|key| *key as u32)
    }

    /// The place of a token, counted from 1.
    fn rank(&self, id: u32, logit: f32) -> u32 {
        let own = key(id, logit);
        1 + self.keys.iter().filter(|key| **key < own).count() as u32
    }

    /// How many of the best tokens hold half and nine tenths of the probability.
    fn nucleus(&mut self, probability: impl Fn(u32) -> f64) -> (u32, u32) {
        let (mut half, mut count, mut sum) = (None, 0, 0.0);
        while count < self.keys.len() {
            self.sort((2 * count).max(Self::FIRST));
            for key in &self.keys[count..self.sorted] {
                sum += probability(*key as u32);
                count += 1;
                if half.is_none() && sum >= 0.5 {
                    half = Some(count as u32);
                }
                if sum >= 0.9 {
                    return (half.unwrap_or(count as u32), count as u32);
                }
            }
        }
        (half.unwrap_or(count as u32), count as u32)
    }
}

/// Smaller for what stands before: as [`f32::total_cmp`] orders, turned around.
fn key(id: u32, logit: f32) -> u64 {
    let bits = logit.to_bits();
    let ascending = if bits >> 31 == 0 { bits | 1 << 31 } else { !bits };
    u64::from(!ascending) << 32 | u64::from(id)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn equal_logits_are_ranked_by_id() {
        let logits = [1.0, 3.0, 3.0, 2.0];
        let order = Order::new(&logits);
        assert_eq!([0, 1, 2, 3].map(|id| order.rank(id, logits[id as usize])), [4, 1, 2, 3]);
    }

    #[test]
    fn a_nucleus_is_the_least_that_holds_enough() {
        let nucleus = |probabilities: &[f64]| {
            let logits: Vec<f32> = probabilities.iter().map(|p| p.ln() as f32).collect();
            Order::new(&logits).nucleus(|id| probabilities[id as usize])
        };
        assert_eq!(nucleus(&[0.1, 0.5, 0.3, 0.1]), (1, 3));
        assert_eq!(nucleus(&[0.95, 0.05]), (1, 1));
        assert_eq!(nucleus(&[0.2; 5]), (3, 5));
    }

    proptest! {
        #[test]
        fn what_is_sorted_in_part_stands_as_in_the_whole(
            logits in prop::collection::vec(prop_oneof![-3.0f32..3.0, Just(0.0), Just(-0.0), Just(1.0)], 1..400),
            top in 0usize..450,
        ) {
            let mut ids: Vec<u32> = (0..logits.len() as u32).collect();
            ids.sort_by(|a, b| {
                logits[*b as usize].total_cmp(&logits[*a as usize]).then(a.cmp(b))
            });
            let total: f64 = logits.iter().map(|logit| f64::from(*logit).exp()).sum();
            let probability = |id: u32| f64::from(logits[id as usize]).exp() / total;
            let mut order = Order::new(&logits);
            let (half, nine_tenths) = order.nucleus(probability);
            prop_assert!(order.first(top).eq(ids.iter().copied().take(top)));
            for (place, id) in ids.iter().enumerate() {
                prop_assert_eq!(order.rank(*id, logits[*id as usize]) as usize, place + 1);
            }
            let held = |count: u32| ids.iter().take(count as usize).map(|id| probability(*id)).sum::<f64>();
            prop_assert!(held(half) >= 0.5 && held(half - 1) < 0.5);
            prop_assert!(held(nine_tenths) >= 0.9 && held(nine_tenths - 1) < 0.9);
        }
    }
}
