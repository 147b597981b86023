//! `Generate`: texts written token by token, many at a time.

use std::sync::Arc;

use super::{
    decoder::{Decoder, Memory, Sequence},
    kernel::Want,
    rank::sequence,
    tokens::Tokens,
};
use crate::plan::{Answer, Failure, Finish, Generated};

/// A text that is being written.
pub(super) struct Writing {
    /// Of the plan.
    pub(super) request: usize,
    /// What was read and written, with what was put before the prompt.
    tokens: Vec<u32>,
    prompt: usize,
    memory: Memory,
    logprobs: Vec<f32>,
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
        request: usize,
        decoder: &Decoder,
        tokens: &Tokens,
        prompt: &str,
        max_tokens: u32,
        stop: &[Arc<str>],
    ) -> Result<Self, Failure> {
        let sequence = sequence(tokens, prompt, decoder.context())?;
        Ok(Self {
            request,
            prompt: sequence.len(),
            tokens: sequence,
            memory: decoder.memory(),
            logprobs: Vec::new(),
            text: Vec::new(),
            max_tokens: max_tokens as usize,
            stop: stop.iter().filter(|stop| !stop.is_empty()).cloned().collect(),
        })
    }

    /// The most tokens that it will hold.
    pub(super) fn most_tokens(&self, context: usize) -> usize {
        context.min(self.prompt + self.max_tokens)
    }

    /// Tokens that the next step reads.
    pub(super) fn unread(&self) -> usize {
        self.tokens.len() - self.memory.tokens()
    }

    /// Everything that was read and written so far.
    pub(super) fn tokens(&self) -> &[u32] {
        &self.tokens
    }

    /// The answer as it stands.
    pub(super) fn finish(&self, finish: Finish) -> Answer {
        let end = stop(&self.text, 0, &self.stop).unwrap_or(self.text.len());
        Answer::Generated(Generated {
            text: String::from_utf8_lossy(&self.text[..end]).into_owned(),
            ids: self.tokens[self.prompt..].to_vec(),
            logprobs: self.logprobs.clone(),
            before: self.prompt as u32,
            finish,
        })
    }

    fn take(&mut self, id: u32, logprob: f32, tokens: &Tokens, context: usize) -> Step {
        if !logprob.is_finite() {
            return Step::NotFinite;
        }
        self.tokens.push(id);
        self.logprobs.push(logprob);
        if tokens.ends().contains(&id) {
            return Step::Done(self.finish(Finish::EndOfText));
        }
        // A stop text may have begun in the tokens before.
        let longest = self.stop.iter().map(|stop| stop.len()).max().unwrap_or(0);
        let from = self.text.len().saturating_sub(longest);
        tokens.write(id, &mut self.text);
        if stop(&self.text, from, &self.stop).is_some() {
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

/// Writes one token more of each text.
pub(super) fn step(decoder: &Decoder, tokens: &Tokens, texts: &mut [Writing]) -> Vec<Step> {
    let mut batch: Vec<Sequence<'_>> = texts
        .iter_mut()
        .map(|Writing { tokens, memory, .. }| {
            let unread = &tokens[memory.tokens()..];
            Sequence { tokens: unread, length: tokens.len(), memory, wanted: unread.len() - 1..unread.len() }
        })
        .collect();
    let rows = decoder.read(&mut batch);
    drop(batch);
    let found = decoder.find(&rows, &vec![Want::Best; texts.len()]);
    let context = decoder.context();
    texts
        .iter_mut()
        .zip(found)
        .map(|(text, found)| text.take(found.id, found.logprob, tokens, context))
        .collect()
}

/// Where the first of some texts begins, at `from` or after it.
fn stop(text: &[u8], from: usize, stops: &[Arc<str>]) -> Option<usize> {
    let found = |stop: &Arc<str>| text[from..].windows(stop.len()).position(|part| part == stop.as_bytes());
    stops.iter().filter_map(found).min().map(|at| from + at)
}
