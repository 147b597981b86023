//! What comes back from an engine. Log-probabilities are natural and stored as f32, as they were computed.

use serde::{Deserialize, Serialize};

/// The answer to a request of the same sort.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// To `Score`.
    Scored(Scored),
    /// To `Rank`.
    Ranked(Ranked),
    /// To `Generate`.
    Generated(Generated),
}

impl Answer {
    /// Whether every number in it is one. What is not finite has no JSON form, and no meaning.
    pub fn is_finite(&self) -> bool {
        let finite = |logprobs: &[f32]| logprobs.iter().all(|logprob| logprob.is_finite());
        match self {
            Self::Scored(scored) => finite(&scored.logprobs),
            Self::Generated(generated) => finite(&generated.logprobs) && finite(&generated.entropies),
            Self::Ranked(Ranked { top, watched, entropy, .. }) => {
                let tokens = top.iter().chain(watched.iter().map(|watched| &watched.token));
                entropy.is_finite() && tokens.into_iter().all(|token| token.logprob.is_finite())
            }
        }
    }
}

/// A token as its id and the bytes it stands for, lossy where they are part of a character.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// In the vocabulary.
    pub id: u32,
    /// Its text, with spaces as spaces.
    pub text: String,
}

/// The log-probability of a text, token by token.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scored {
    /// The scored tokens' ids.
    pub ids: Vec<u32>,
    /// Their texts.
    pub texts: Vec<String>,
    /// Their natural log-probabilities, in the same order.
    pub logprobs: Vec<f32>,
    /// Bytes of the text that the scored tokens cover.
    pub bytes: u32,
    /// Tokens before the first scored one, BOS included.
    pub before: u32,
    /// Tokens of the prompt that were cut out to fit the context.
    #[serde(default, skip_serializing_if = "is_none")]
    pub dropped: u32,
    /// Whether the first scored token begins in the prompt.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub straddles: bool,
}

impl Scored {
    /// The log-probability of the whole text: summed in order, in f64.
    pub fn total(&self) -> f64 {
        self.logprobs.iter().copied().map(f64::from).sum()
    }
}

/// The head of a next-token distribution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ranked {
    /// The most probable tokens, best first; of equal ones the lowest id first.
    pub top: Vec<RankedToken>,
    /// The watched texts, in the order asked.
    pub watched: Vec<Watched>,
    /// Of the whole distribution, in nats.
    pub entropy: f32,
    /// How many of the best tokens hold half of the probability.
    pub half: u32,
    /// How many of the best tokens hold nine tenths of it.
    pub nine_tenths: u32,
    /// Tokens in the vocabulary.
    pub vocabulary: u32,
    /// The prompt's tokens as they were read, BOS included.
    pub prompt: Vec<Token>,
    /// Tokens of the prompt that were cut out to fit the context.
    #[serde(default, skip_serializing_if = "is_none")]
    pub dropped: u32,
}

/// A token and how probable it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RankedToken {
    /// In the vocabulary.
    pub id: u32,
    /// Its text.
    pub text: String,
    /// Natural log-probability.
    pub logprob: f32,
}

/// A watched text: its first token after the prompt, and that token's place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Watched {
    /// The first token of the text after the prompt.
    pub token: RankedToken,
    /// 1 for the most probable token; of equal ones the lowest id comes first.
    pub rank: u32,
    /// Tokens of the whole text.
    pub tokens: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_none(dropped: &u32) -> bool {
    *dropped == 0
}

/// A text that the model wrote.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Generated {
    /// What was written, up to the stop text.
    pub text: String,
    /// Every token written, those of the stop text included.
    pub ids: Vec<u32>,
    /// Their natural log-probabilities under the model, before any change by the decoding.
    pub logprobs: Vec<f32>,
    /// The entropy of the model's distribution before each token, in nats, before any change by the decoding as well.
    pub entropies: Vec<f32>,
    /// Tokens of the prompt as it was read, BOS included.
    pub before: u32,
    /// Tokens of the prompt that were cut out to fit the context.
    #[serde(default, skip_serializing_if = "is_none")]
    pub dropped: u32,
    /// Why it ended.
    pub finish: Finish,
}

/// Why a text ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    /// A stop text was written.
    Stop,
    /// The model ended it.
    EndOfText,
    /// It had its most tokens.
    Length,
    /// The context was full.
    Context,
}

impl Finish {
    /// For tables: `stop`, `end_of_text`, `length`, `context`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::EndOfText => "end_of_text",
            Self::Length => "length",
            Self::Context => "context",
        }
    }
}

/// Why a request has no answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Failure {
    /// For scripts and counts.
    pub kind: FailureKind,
    /// For people: what, what was allowed, what was given.
    pub message: String,
}

impl Failure {
    /// Whether it is no error: the spec said to leave such an item out.
    pub fn is_skip(&self) -> bool {
        self.kind == FailureKind::Skipped
    }

    /// A failure of a kind with its words.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

/// Sorts of failures.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// Longer than the context.
    TooLong,
    /// Longer than the context, and left out as the spec says: no error.
    Skipped,
    /// Nothing to score, or not to be cut into tokens.
    Text,
    /// The model gave something that is not a number.
    NotFinite,
    /// The run ended first.
    NotReached,
    /// The engine answered something else.
    Engine,
    /// The file that it was imported from has no number for it.
    NoScore,
}
