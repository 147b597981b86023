//! The questions that any engine can be asked.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::value::Digest;

/// One question to a model.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// The log-probability of `ending` after `prompt`, token by token.
    Score {
        /// Given. White space at its end belongs to the ending; an empty prompt conditions on BOS.
        prompt: Arc<str>,
        /// Scored; never empty.
        ending: Arc<str>,
        /// What happens to a text without anything before it.
        first_token: FirstToken,
        /// How a text longer than the context is read; without it, such a text is a failure.
        windows: Option<Windows>,
    },
    /// The most probable next tokens.
    Rank {
        /// Given; white space at its end stays.
        prompt: Arc<str>,
        /// How many tokens are listed.
        top: u32,
        /// Texts whose first token is looked up as well, joined to the prompt as they stand.
        watch: Vec<Arc<str>>,
    },
    /// A text, written by the model.
    Generate {
        /// Given.
        prompt: Arc<str>,
        /// How tokens are chosen.
        decoding: Decoding,
        /// The most tokens that are written.
        max_tokens: u32,
        /// Texts that end the writing, wherever tokens are cut; none of them is part of the answer.
        stop: Vec<Arc<str>>,
    },
}

/// Whether the first token of a text that has no prompt is scored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FirstToken {
    /// After BOS, else after EOS; a model with neither leaves it out.
    #[default]
    Score,
    /// Left out, and nothing put before it: the usual "loss of a text" of GPT-2 tutorials.
    Skip,
}

/// A long text is read in overlapping windows; each token is scored once, in the first window that holds it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Windows {
    /// Tokens in a window, what was put before the text included; the model's context where none is given.
    pub window: Option<u32>,
    /// Tokens by which the window moves; the window's length where none is given.
    pub stride: Option<u32>,
}

/// How tokens are chosen.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decoding {
    /// Always the most probable token; of equal ones the lowest id.
    Greedy,
}

impl Request {
    /// The name of this request to one model: `model` is the digest of everything that can change its answers.
    pub fn digest(&self, model: &Digest) -> Digest {
        Digest::of_json(&(model, self))
    }

    /// The text that the model is given, before what it is asked about.
    pub fn prompt(&self) -> &str {
        match self {
            Self::Score { prompt, .. } | Self::Rank { prompt, .. } | Self::Generate { prompt, .. } => prompt,
        }
    }
}
