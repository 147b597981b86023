//! `Score`: which tokens are read, which are scored, and the answer put together from its windows.

use super::{
    tokens::Tokens,
    windows::{Window, windows},
};
use crate::plan::{Answer, Failure, FailureKind, FirstToken, Scored, Windows};

/// A text to score.
pub(super) struct Scoring {
    /// The sequence, with what was put before the text.
    pub(super) tokens: Vec<u32>,
    /// How it is read.
    pub(super) windows: Vec<Window>,
    answer: Scored,
}

impl Scoring {
    /// Cuts the text and plans its reading.
    pub(super) fn plan(
        tokens: &Tokens,
        prompt: &str,
        ending: &str,
        first_token: FirstToken,
        long: Option<Windows>,
        context: usize,
    ) -> Result<Self, Failure> {
        let cut = tokens.cut(prompt, ending)?;
        let before = tokens.before(cut.first > 0, first_token);
        // The very first token of a sequence follows nothing, so nothing says how probable it is.
        let first = (before.len() + cut.first).max(1);
        let sequence = [before, &cut.ids].concat();
        if first == sequence.len() {
            return Err(Failure::new(
                FailureKind::Text,
                "the text is a single token with nothing before it, so nothing of it can be scored",
            ));
        }
        let ids = sequence[first..].to_vec();
        let answer = Scored {
            texts: ids.iter().map(|id| tokens.token(*id).text).collect(),
            logprobs: Vec::with_capacity(ids.len()),
            bytes: cut.bytes_from(first - before.len()) as u32,
            before: first as u32,
            straddles: cut.straddles,
            ids,
        };
        Ok(Self { windows: windows(sequence.len(), first, context, long)?, tokens: sequence, answer })
    }

    /// Takes the log-probabilities of the next window; the answer, when it was the last.
    pub(super) fn take(&mut self, logprobs: Vec<f32>) -> Option<Answer> {
        self.answer.logprobs.extend(logprobs);
        (self.answer.logprobs.len() == self.answer.ids.len())
            .then(|| Answer::Scored(std::mem::take(&mut self.answer)))
    }
}
