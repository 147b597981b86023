//! `Generate`: texts written token by token, many at a time.

use std::sync::Arc;

use rayon::prelude::*;

use super::{
    Local,
    answer::LOGITS,
    kernel::{Found, Want},
    model::Model,
    rank::{Start, start},
    tokens::Tokens,
};
use crate::{
    engine::decode::{Candidate, Sampler, end},
    plan::{Answer, Failure, Finish, Generated, Truncation},
};

/// A text that is being written.
pub(super) struct Writing {
    /// What was read and written, with what was put before the prompt.
    pub(super) tokens: Vec<u32>,
    prompt: usize,
    /// Tokens of the prompt that are left out.
    dropped: u32,
    sampler: Sampler,
    logprobs: Vec<f32>,
    entropies: Vec<f32>,
    text: Vec<u8>,
    max_tokens: usize,
    stop: Vec<Arc<str>>,
}

/// After a step.
pub(super) enum Step {
    /// It goes on.
    More,
    /// It is done.
    Done(Answer),
    /// The model gave something that is not a number.
    NotFinite,
}

impl Writing {
    /// Cuts the prompt.
    pub(super) fn plan(
        model: &Model,
        tokens: &Tokens,
        prompt: &str,
        sampler: Sampler,
        max_tokens: u32,
        stop: &[Arc<str>],
        truncate: Option<Truncation>,
    ) -> Result<Self, Failure> {
        let Start { tokens: sequence, dropped } =
            start(tokens, prompt, truncate, max_tokens as usize, model.context())?;
        Ok(Self {
            prompt: sequence.len(),
            tokens: sequence,
            dropped,
            sampler,
            logprobs: Vec::new(),
            entropies: Vec::new(),
            text: Vec::new(),
            max_tokens: max_tokens as usize,
            stop: stop.to_vec(),
        })
    }

    /// Whether nothing more is to be written from the start.
    pub(super) fn is_done(&self) -> bool {
        self.max_tokens == 0
    }

    /// The most tokens that it will hold.
    pub(super) fn most_tokens(&self, context: usize) -> usize {
        context.min(self.prompt + self.max_tokens)
    }

    /// The answer as it stands.
    pub(super) fn finish(&self, finish: Finish) -> Answer {
        let end = end(&self.text, 0, &self.stop).unwrap_or(self.text.len());
        Answer::Generated(Generated {
            text: String::from_utf8_lossy(&self.text[..end]).into_owned(),
            ids: self.tokens[self.prompt..].to_vec(),
            logprobs: self.logprobs.clone(),
            entropies: self.entropies.clone(),
            before: self.prompt as u32,
            dropped: self.dropped,
            finish,
        })
    }

    /// The next token by its logits.
    fn choose(&self, model: &Model, logits: &[f32], scratch: &mut Vec<Candidate>) -> Found {
        let softmax = model.softmax(logits);
        if !softmax.log_sum_exp.is_finite() {
            return softmax.found(0, f32::NAN);
        }
        let id = self.sampler.choose(self.logprobs.len(), logits, &self.tokens, scratch);
        softmax.found(id, logits[id as usize])
    }

    fn take(&mut self, found: Found, tokens: &Tokens, context: usize) -> Step {
        let Found { id, logprob, entropy } = found;
        if !logprob.is_finite() {
            return Step::NotFinite;
        }
        self.tokens.push(id);
        self.logprobs.push(logprob);
        self.entropies.push(entropy);
        if tokens.ends().contains(&id) {
            return Step::Done(self.finish(Finish::EndOfText));
        }
        // A stop text may have begun in the tokens before.
        let longest = self.stop.iter().map(|stop| stop.len()).max().unwrap_or(0);
        let from = self.text.len().saturating_sub(longest);
        tokens.write(id, &mut self.text);
        if end(&self.text, from, &self.stop).is_some() {
            Step::Done(self.finish(Finish::Stop))
        } else if self.logprobs.len() == self.max_tokens {
            Step::Done(self.finish(Finish::Length))
        } else if self.tokens.len() > context {
            Step::Done(self.finish(Finish::Context))
        } else {
            Step::More
        }
    }
}

/// Writes one token more of each text, from rows of [`Model::read`].
pub(super) fn step(local: &Local, texts: &mut [&mut Writing], rows: &[f32]) -> Vec<Step> {
    let context = local.model.context();
    let found = next(&local.model, rows, texts);
    texts.iter_mut().zip(found).map(|(text, found)| text.take(found, &local.tokens, context)).collect()
}

fn next(model: &Model, rows: &[f32], texts: &[&mut Writing]) -> Vec<Found> {
    let rows: Vec<&[f32]> = rows.chunks(model.hidden()).collect();
    let of = |places: &[usize]| places.iter().flat_map(|place| rows[*place]).copied().collect::<Vec<f32>>();
    // The best token is found without a row of logits.
    let (best, others): (Vec<usize>, Vec<usize>) =
        (0..texts.len()).partition(|place| matches!(texts[*place].sampler, Sampler::Best(None)));
    let mut found: Vec<(usize, Found)> = Vec::with_capacity(texts.len());
    if !best.is_empty() {
        let tokens = model.find(&of(&best), &vec![Want::Best; best.len()]);
        found.extend(best.into_iter().zip(tokens));
    }
    for places in others.chunks(LOGITS) {
        let logits = model.logits(&of(places));
        let logits = logits.par_chunks(logits.len() / places.len()).zip(places);
        let choose = |scratch: &mut Vec<Candidate>, (logits, place): (&[f32], &usize)| {
            (*place, texts[*place].choose(model, logits, scratch))
        };
        found.extend(logits.map_init(Vec::new, choose).collect::<Vec<_>>());
    }
    found.sort_unstable_by_key(|(place, _)| *place);
    found.into_iter().map(|(_, found)| found).collect()
}
