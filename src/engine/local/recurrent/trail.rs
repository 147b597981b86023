//! What is kept of a sequence: its tokens, and states along the way.

use std::sync::Arc;

use super::State;

/// A sequence that was read, from which others may go on at any token: they begin with the last state before it, and read
/// what lies between once more.
#[derive(Clone, Default)]
pub(in crate::engine::local) struct Trail {
    pub(super) tokens: Vec<u32>,
    /// After so many tokens; ascending.
    pub(super) states: Vec<(usize, Arc<State>)>,
}

impl Trail {
    /// Tokens read.
    pub(in crate::engine::local) fn tokens(&self) -> usize {
        self.tokens.len()
    }

    /// The last state at or before so many tokens.
    pub(super) fn before(&self, tokens: usize) -> Option<(usize, &Arc<State>)> {
        let after = self.states.partition_point(|(at, _)| *at <= tokens);
        self.states[..after].last().map(|(at, state)| (*at, state))
    }
}
