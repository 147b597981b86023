//! The questions that any engine can be asked.

use std::{num::NonZeroU32, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::value::{Digest, MinP, RepetitionPenalty, Seed, Temperature, TopP};

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
        /// How a text longer than the context is read.
        #[serde(flatten)]
        long: Long,
    },
    /// The most probable next tokens.
    Rank {
        /// Given; white space at its end stays.
        prompt: Arc<str>,
        /// How many tokens are listed.
        top: u32,
        /// Texts whose first token is looked up as well, joined to the prompt as they stand.
        watch: Vec<Arc<str>>,
        /// How a prompt longer than the context is cut; without it, such a prompt is a failure.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        truncate: Option<Truncation>,
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
        /// How often the same was asked before. It makes another request, which is answered anew, and changes nothing else.
        repeat: u32,
        /// How a prompt is cut that leaves no room for the most tokens; without it, one longer than the context is a failure,
        /// and a text ends where the context does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        truncate: Option<Truncation>,
    },
}

/// How a text to score is read that is longer than the context.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Long {
    /// In windows; where none are given, it is a failure.
    Windows(Option<Windows>),
    /// With less of its prompt.
    Truncate(Room),
}

impl Long {
    /// Not at all.
    pub const FAILS: Self = Self::Windows(None);
}

/// A prompt is cut until every one of some endings fits after it, so that all of them follow the same text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Room {
    /// Where it is cut.
    pub from: Truncation,
    /// The endings that are compared, the one that is scored among them.
    pub endings: Arc<[Arc<str>]>,
}

/// Where tokens are cut out of a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Truncation {
    /// At the beginning.
    Left,
    /// In the middle: half of the tokens that stay begin the prompt, and half of them, or one more, end it.
    Middle,
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

/// How tokens are chosen. A text depends on the model, its prompt and this, and on nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decoding {
    /// Always the most probable token; of equal ones the lowest id.
    Greedy,
    /// The same, after a penalty on what stands in the prompt or the text.
    Penalized(RepetitionPenalty),
    /// Drawn at random.
    Sampled(Sampled),
}

/// How tokens are drawn. What is set applies in the order of the fields, as in transformers; unlike there, nothing applies
/// that is not set (its `generate` cuts at `top_k=50` where a model does not say otherwise).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sampled {
    /// Where the draws begin. The draw of a step depends on this, the prompt and the number of the step, so that decodings
    /// with the same seed are compared on the same draws.
    pub seed: Seed,
    /// On what stands in the prompt or the text.
    pub repetition_penalty: Option<RepetitionPenalty>,
    /// What logits are divided by.
    pub temperature: Temperature,
    /// Only the so many most probable tokens, and those as probable as the last of them.
    pub top_k: Option<NonZeroU32>,
    /// Only the fewest tokens that hold this much of the probability that is left.
    pub top_p: Option<TopP>,
    /// Only tokens at least this probable, relative to the best.
    pub min_p: Option<MinP>,
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Digests of what was asked before prompts could be cut, made with Python's `hashlib` of the JSON as it was then:
    /// answers that were given to these requests are found again.
    #[test]
    fn a_request_that_cuts_nothing_is_named_as_ever() {
        let score = Request::Score {
            prompt: "a".into(),
            ending: " b".into(),
            first_token: FirstToken::Score,
            long: Long::FAILS,
        };
        let rank = Request::Rank { prompt: "a".into(), top: 3, watch: vec![" b".into()], truncate: None };
        let generate = Request::Generate {
            prompt: "a".into(),
            decoding: Decoding::Greedy,
            max_tokens: 4,
            stop: vec![".".into()],
            repeat: 0,
            truncate: None,
        };
        let wanted = [
            (score, "ad5eca6f73265774462f853016fbccbff7a26961d3ce1ac61bb4701f881ce992"),
            (rank, "0a1b539f674568d177812e48a03846f14f24eacc2dc0d67e688afae7d1a4dac7"),
            (generate, "70d632df0d9d0434380ed25c12c1df02c7183ba6f10b96998cb8ec365cd48489"),
        ];
        for (request, digest) in wanted {
            assert_eq!(Digest::of_json(&request).to_string(), digest, "{request:?}");
        }
    }

    #[test]
    fn a_request_is_read_as_it_was_written() {
        let windows = Long::Windows(Some(Windows { window: Some(4), stride: None }));
        let room = Room { from: Truncation::Middle, endings: [" b".into(), " c".into()].into() };
        for long in [Long::FAILS, windows, Long::Truncate(room)] {
            let (prompt, ending) = ("a".into(), " b".into());
            let request = Request::Score { prompt, ending, first_token: FirstToken::Skip, long };
            let written = serde_json::to_string(&request).unwrap();
            assert_eq!(serde_json::from_str::<Request>(&written).unwrap(), request, "{written}");
        }
    }
}
