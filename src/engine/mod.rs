//! Anything that answers requests. An engine sees the whole plan, picks its own order and batches, and hands over every
//! answer as it comes; journal, progress and interruption are the listener's business. Knows no task and no metric.

mod decode;
#[cfg(feature = "local")]
pub mod local;
pub mod mock;
pub mod replay;

use std::ops::ControlFlow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    plan::{Answer, Answers, Failure, FailureKind, Request, Tokenizer},
    value::Digest,
};

const NOT_FINITE: &str = "the model gave a probability that is not a number";

/// Takes the answer to the request at an index of the plan; `Break` asks the engine to stop soon.
pub type Each<'a> = &'a mut dyn FnMut(usize, Result<Answer, Failure>) -> ControlFlow<()>;

/// A model behind one door.
pub trait Engine {
    /// Who answers, for the record.
    fn card(&self) -> &Card;

    /// How this model cuts texts.
    fn tokenizer(&self) -> &dyn Tokenizer;

    /// Answers a whole plan, in whatever order and batches suit the engine, and returns early when told to.
    fn answer(&mut self, requests: &[Request], each: Each<'_>);
}

/// Looks at each answer as it comes; `Break` ends the run after what is in flight.
pub type Listen<'a> = &'a mut dyn FnMut(usize, &Result<Answer, Failure>) -> ControlFlow<()>;

/// Answers a plan; whatever the engine left out stays "not reached", and what is not a number is a failure.
pub fn drive(engine: &mut dyn Engine, requests: &[Request], listen: Listen<'_>) -> Answers {
    let mut answers = Answers::none(requests.len());
    engine.answer(requests, &mut |index, answer| {
        let answer = answer.and_then(|answer| {
            if answer.is_finite() {
                Ok(answer)
            } else {
                Err(Failure::new(FailureKind::NotFinite, NOT_FINITE))
            }
        });
        let flow = listen(index, &answer);
        answers.put(index, answer);
        flow
    });
    answers
}

/// Who answers: everything that can change an answer, and what a reader wants to know of the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Card {
    /// The name in tables, such as `gpt2` or `reference`.
    pub name: String,
    /// What answers: `local`, `mock`; of an imported run, what it was read from: `csv`, `lm-eval`.
    pub engine: String,
    /// Where the model comes from, such as `openai-community/gpt2`; a folder's name, never its path.
    pub source: String,
    /// The commit of the repository that the files come from.
    pub revision: Option<String>,
    /// The files that decide the answers: weights, config and tokenizer.
    pub files: Vec<ModelFile>,
    /// The family of the architecture, such as `llama`, where it is known.
    pub family: Option<String>,
    /// What is computed with, such as `f32`, where it is known.
    pub dtype: Option<String>,
    /// Weights in the model, where they are known.
    pub parameters: Option<u64>,
    /// Tokens in the vocabulary, where they are known.
    pub vocabulary: Option<usize>,
    /// The longest sequence, in tokens.
    pub context: Option<usize>,
    /// The token that a text without a prompt is conditioned on.
    pub begins_with: Option<String>,
}

/// A file of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ModelFile {
    /// Within the model's folder.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// Its content.
    pub sha256: Digest,
}

impl Card {
    /// Two engines with the same digest give the same answers: files, number format and engine, not the name, device,
    /// threads or batches.
    pub fn digest(&self) -> Digest {
        Digest::of_json(&(&self.engine, &self.files, &self.dtype))
    }
}
