//! `Score`: which tokens are read, which are scored, and the answer put together from its windows.

use super::{
    fit,
    tokens::Tokens,
    windows::{Window, windows},
};
use crate::plan::{Answer, Failure, FailureKind, FirstToken, Long, Scored};

/// A text to score.
pub(super) struct Scoring {
    /// The sequence, with what was put before the text.
    pub(super) tokens: Vec<u32>,
    /// How it is read.
    pub(super) windows: Vec<Window>,
    /// The first token that is scored.
    first: usize,
    /// Of the text that is scored.
    bytes: u32,
    straddles: bool,
    /// Tokens of the prompt that are left out.
    dropped: u32,
}

impl Scoring {
    /// Cuts the text and plans its reading.
    pub(super) fn plan(
        tokens: &Tokens,
        prompt: &str,
        ending: &str,
        first_token: FirstToken,
        long: &Long,
        context: usize,
    ) -> Result<Self, Failure> {
        let cut = tokens.cut(prompt, ending)?;
        let before = tokens.before(cut.first > 0, first_token);
        let (gap, in_windows) = match long {
            Long::Windows(windows) => (0..0, *windows),
            Long::Truncate(room) => (fit::for_endings(tokens, prompt, room, context)?, None),
        };
        // The very first token of a sequence follows nothing, so nothing says how probable it is.
        let first = (before.len() + cut.first - gap.len()).max(1);
        let sequence = [before, &cut.ids[..gap.start], &cut.ids[gap.end..]].concat();
        if first == sequence.len() {
            return Err(Failure::new(
                FailureKind::Text,
                "the text is a single token with nothing before it, so nothing of it can be scored",
            ));
        }
        Ok(Self {
            windows: windows(sequence.len(), first, context, in_windows)?,
            first,
            bytes: cut.bytes_from(first + gap.len() - before.len()) as u32,
            dropped: gap.len() as u32,
            straddles: cut.straddles,
            tokens: sequence,
        })
    }

    /// The tokens that are scored.
    pub(super) fn scored(&self) -> &[u32] {
        &self.tokens[self.first..]
    }

    /// The answer from the log-probabilities of all windows in turn.
    pub(super) fn answer(&self, tokens: &Tokens, logprobs: Vec<f32>) -> Answer {
        let ids = self.scored().to_vec();
        Answer::Scored(Scored {
            texts: ids.iter().map(|id| tokens.token(*id).text).collect(),
            logprobs,
            bytes: self.bytes,
            before: self.first as u32,
            dropped: self.dropped,
            straddles: self.straddles,
            ids,
        })
    }
}
