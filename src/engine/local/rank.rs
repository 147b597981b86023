//! `Rank`: the head of a next-token distribution, exact over the vocabulary: sums in f64.

use std::{cmp::Ordering, sync::Arc};

use super::{tokens::Tokens, windows::too_long};
use crate::plan::{Answer, Failure, FailureKind, FirstToken, Ranked, RankedToken, Token, Watched};

/// A prompt whose next token is asked for.
pub(super) struct Ranking {
    /// The prompt, with what was put before it.
    pub(super) tokens: Vec<u32>,
    top: usize,
    /// First tokens of the watched texts, and how many tokens those have.
    watched: Vec<(u32, u32)>,
}

impl Ranking {
    /// Cuts the prompt and the watched texts.
    pub(super) fn plan(
        tokens: &Tokens,
        prompt: &str,
        top: u32,
        watch: &[Arc<str>],
        context: usize,
    ) -> Result<Self, Failure> {
        let sequence = sequence(tokens, prompt, context)?;
        let own = tokens.cut_at(prompt, 0)?.ids;
        let watched =
            watch.iter().map(|text| first_of(tokens, prompt, &own, text)).collect::<Result<_, _>>()?;
        Ok(Self { tokens: sequence, top: top as usize, watched })
    }

    /// The answer from the logits after the prompt and the logarithm of the sum of their exponentials.
    pub(super) fn answer(&self, tokens: &Tokens, logits: &[f32], log_sum_exp: f64) -> Answer {
        let logprob = |id: u32| f64::from(logits[id as usize]) - log_sum_exp;
        let ranked = |id: u32| {
            let Token { id, text } = tokens.token(id);
            RankedToken { id, text, logprob: logprob(id) as f32 }
        };
        let mut ids: Vec<u32> = (0..logits.len() as u32).collect();
        ids.sort_unstable_by(|a, b| best_first(logits, *a, *b));
        let (half, nine_tenths) = nucleus(ids.iter().map(|id| libm::exp(logprob(*id))));
        let watched = self.watched.iter().map(|(id, count)| Watched {
            token: ranked(*id),
            rank: 1 + logits_before(logits, *id),
            tokens: *count,
        });
        Answer::Ranked(Ranked {
            top: ids.iter().take(self.top).map(|id| ranked(*id)).collect(),
            watched: watched.collect(),
            entropy: -(0..logits.len() as u32).map(|id| libm::exp(logprob(id)) * logprob(id)).sum::<f64>()
                as f32,
            half,
            nine_tenths,
            vocabulary: logits.len() as u32,
            prompt: self.tokens.iter().map(|id| tokens.token(*id)).collect(),
        })
    }
}

/// A prompt as it is read, which must leave something to read.
pub(super) fn sequence(tokens: &Tokens, prompt: &str, context: usize) -> Result<Vec<u32>, Failure> {
    let own = tokens.cut_at(prompt, 0)?.ids;
    let sequence = [tokens.before(!own.is_empty(), FirstToken::Score), &own].concat();
    match sequence.len() {
        0 => Err(Failure::new(
            FailureKind::Text,
            "the prompt is empty, and the model has no token that begins or ends a text, so there is nothing to go on from",
        )),
        len if len > context => Err(too_long(len, context)),
        _ => Ok(sequence),
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

/// Larger logits first; of equal ones the lower id.
fn best_first(logits: &[f32], a: u32, b: u32) -> Ordering {
    logits[b as usize].total_cmp(&logits[a as usize]).then(a.cmp(&b))
}

fn logits_before(logits: &[f32], id: u32) -> u32 {
    (0..logits.len() as u32).filter(|other| best_first(logits, *other, id) == Ordering::Less).count() as u32
}

/// How many of the best tokens hold half and nine tenths of the probability.
fn nucleus(probabilities: impl Iterator<Item = f64>) -> (u32, u32) {
    let (mut half, mut nine_tenths, mut sum) = (0, 0, 0.0);
    for (count, probability) in (1..).zip(probabilities) {
        sum += probability;
        if half == 0 && sum >= 0.5 {
            half = count;
        }
        nine_tenths = count;
        if sum >= 0.9 {
            break;
        }
    }
    (if half == 0 { nine_tenths } else { half }, nine_tenths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_logits_are_ranked_by_id() {
        let logits = [1.0, 3.0, 3.0, 2.0];
        assert_eq!([0, 1, 2, 3].map(|id| logits_before(&logits, id)), [3, 0, 1, 2]);
    }

    #[test]
    fn a_nucleus_is_the_least_that_holds_enough() {
        assert_eq!(nucleus([0.5, 0.3, 0.1, 0.1].into_iter()), (1, 3));
        assert_eq!(nucleus([0.95, 0.05].into_iter()), (1, 1));
        assert_eq!(nucleus([0.2; 5].into_iter()), (3, 5));
    }
}
