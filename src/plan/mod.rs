//! What will be asked of a model, and what comes back: the waist between tasks and engines. Plain data; it knows
//! neither who asks nor who answers.

mod answer;
mod ask;
mod request;
mod shard;

pub use answer::{
    Answer, Failure, FailureKind, Finish, Generated, Ranked, RankedToken, Scored, Token, Watched,
};
pub use ask::{Answers, Ask, Redeem, Ticket};
pub use request::{Decoding, FirstToken, Long, Request, Room, Sampled, Truncation, Windows};
pub use shard::Shard;

/// Cuts a text into tokens: what the checks and the dry run need of a model, without the model.
pub trait Tokenizer {
    /// The tokens of a text that stands alone, without anything added to it. Texts that a tokenizer cannot read are a failure.
    fn tokens(&self, text: &str) -> Result<Vec<Token>, Failure>;
    /// The tokens of an ending after its prompt, by the one boundary rule, and how many tokens come before it.
    fn ending(&self, prompt: &str, ending: &str) -> Result<Ending, Failure>;
    /// How many tokens a prompt is that a model goes on from, with what is put before it.
    fn opening(&self, prompt: &str) -> Result<usize, Failure> {
        Ok(self.tokens(prompt)?.len())
    }
    /// The longest sequence that the model takes, in tokens.
    fn context(&self) -> Option<usize>;
}

/// An ending as the boundary rule cuts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// Tokens before the ending, BOS included.
    pub before: usize,
    /// The tokens that are scored.
    pub tokens: Vec<Token>,
    /// Whether the first of them begins in the prompt.
    pub straddles: bool,
}
