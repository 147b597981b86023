//! Cuts texts into tokens as the checkpoint's own tokenizer does, and an ending off its prompt by one rule.
//!
//! **The boundary rule.** Prompt and ending are encoded as one text. White space at the end of the prompt belongs to the
//! ending. A token belongs to the ending when any of its text does; one that begins in the prompt is scored with the ending, and
//! the answer says so.
//!
//! **What comes before a text.** What the tokenizer itself puts there (see [`begin`]). Where that is nothing, a text
//! without a prompt is conditioned on BOS, else on EOS, else its first token is not scored.
//!
//! Names of special tokens in a text are text.

mod begin;
mod gguf;
mod pieces;
#[cfg(test)]
mod tests;

use std::ops::Range;

use tokenizers::{ModelWrapper, Tokenizer as Inner};
use unicode_normalization::{IsNormalized, is_nfc_quick};

use super::{
    architecture::Interface,
    checkpoint::{CheckpointError, object},
    files::Files,
    weights::gguf::Metadata,
};
use crate::plan::{self, Ending, Failure, FailureKind, FirstToken, Token};

use begin::Begin;
use gguf::Inside;
use pieces::Pieces;

/// Where most checkpoints have it.
pub const FILE: &str = "tokenizer.json";

/// A checkpoint's tokenizer.
pub struct Tokens {
    inner: Inner,
    pieces: Pieces,
    begin: Begin,
    ends: Vec<u32>,
    context: Option<usize>,
}

/// Why a tokenizer cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TokensError {
    /// It cannot be read.
    #[error("`tokenizer.json` cannot be read: {0}")]
    Unreadable(String),
    /// The one inside a GGUF file cannot be used.
    #[error("the tokenizer inside the file cannot be used: {0}")]
    Inside(String),
    /// It does not belong to the model.
    #[error(
        "the tokenizer gives ids up to {highest} (`{token}`), and the model's vocabulary has {vocabulary} rows; they do not belong together"
    )]
    TooLarge {
        /// The highest id.
        highest: u32,
        /// Its token.
        token: String,
        /// Rows of the embedding.
        vocabulary: usize,
    },
    /// A file beside it cannot be read.
    #[error("{0}")]
    Beside(#[source] Box<CheckpointError>),
}

/// What a tokenizer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// How it cuts: `BPE`, `Unigram`, `WordPiece` or `WordLevel`.
    pub kind: &'static str,
    /// What a text without a prompt is conditioned on.
    pub begins: Option<String>,
    /// Tokens that end a generated text.
    pub ends: Vec<String>,
}

/// A text cut into tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Of the whole text, without anything put before it.
    pub ids: Vec<u32>,
    /// Where each token's text lies, in bytes. Tokens that share a character share its bytes.
    spans: Vec<Range<usize>>,
    /// The first token of the ending.
    pub first: usize,
    /// Whether that token begins in the prompt.
    pub straddles: bool,
    /// Where the ending begins, in bytes, and the length of the whole.
    ending: Range<usize>,
}

impl Tokens {
    /// Reads the tokenizer of a checkpoint: `tokenizer.json`, else the one inside a GGUF file.
    pub fn open(
        files: &Files,
        inside: Option<&Metadata>,
        model: &Interface,
        ends: &[u32],
    ) -> Result<Self, TokensError> {
        let unreadable = |error: &dyn std::fmt::Display| TokensError::Unreadable(error.to_string());
        let (mut inner, config, map) = if let Some(metadata) = inside.filter(|_| !files.has(FILE)) {
            let Inside { inner, config } = gguf::read(metadata).map_err(TokensError::Inside)?;
            (inner, Some(config), None)
        } else {
            let text = files.read(FILE).map_err(|error| unreadable(&error))?;
            let beside = |name| object(files, name).map_err(|error| TokensError::Beside(Box::new(error)));
            let inner = read(&text).map_err(|error| unreadable(&error))?;
            (inner, beside("tokenizer_config.json")?, beside("special_tokens_map.json")?)
        };

        inner.with_truncation(None).map_err(|error| unreadable(&error))?;
        inner.with_padding(None);
        inner.set_encode_special_tokens(true);
        without_dropout(&mut inner);
        let begin = Begin::read(&inner, model, config.as_ref(), map.as_ref());
        // It would shift the offsets, and what it adds is known now.
        inner.with_post_processor(None::<tokenizers::PostProcessorWrapper>);

        let pieces = Pieces::new(&inner);
        if let Some(highest) = pieces.highest().filter(|id| *id as usize >= model.vocabulary) {
            let token = pieces.text(highest);
            return Err(TokensError::TooLarge { highest, token, vocabulary: model.vocabulary });
        }
        let ends = ends.iter().copied().filter(|id| (*id as usize) < model.vocabulary).collect();
        Ok(Self { inner, pieces, begin, ends, context: model.context })
    }

    /// Cuts prompt and ending by the boundary rule. White space at the prompt's end goes to the ending.
    pub fn cut(&self, prompt: &str, ending: &str) -> Result<Cut, Failure> {
        if ending.is_empty() {
            return Err(Failure::new(FailureKind::Text, "the ending is empty, so there is nothing to score"));
        }
        let cut = self.cut_at(&format!("{prompt}{ending}"), prompt.trim_end().len())?;
        if cut.first == cut.ids.len() {
            return Err(Failure::new(
                FailureKind::Text,
                format!(
                    "the tokenizer leaves nothing of the ending {ending:?}, so there is nothing to score"
                ),
            ));
        }
        Ok(cut)
    }

    /// Cuts a text at a byte.
    pub fn cut_at(&self, text: &str, at: usize) -> Result<Cut, Failure> {
        let encoding = self.inner.encode(text, false).map_err(|error| {
            Failure::new(FailureKind::Text, format!("the tokenizer cannot cut {text:?}: {error}"))
        })?;
        let spans = spans(text, encoding.get_offsets());
        let first = if at == 0 { 0 } else { spans.partition_point(|span| span.end <= at) };
        let straddles = at > 0 && spans.get(first).is_some_and(|span| span.start < at);
        Ok(Cut { ids: encoding.get_ids().to_vec(), spans, first, straddles, ending: at..text.len() })
    }

    /// What is read before a text.
    pub fn before(&self, has_prompt: bool, first_token: FirstToken) -> &[u32] {
        match first_token {
            FirstToken::Score if !has_prompt => &self.begin.alone,
            FirstToken::Score | FirstToken::Skip => &self.begin.always,
        }
    }

    /// Ids that end a generated text.
    pub fn ends(&self) -> &[u32] {
        &self.ends
    }

    /// What a text without a prompt is conditioned on, for the record.
    pub fn begins_with(&self) -> Option<String> {
        self.begin.alone.last().map(|id| self.pieces.text(*id))
    }

    /// What it is.
    pub fn facts(&self) -> Facts {
        Facts {
            kind: match self.inner.get_model() {
                ModelWrapper::BPE(_) => "BPE",
                ModelWrapper::WordPiece(_) => "WordPiece",
                ModelWrapper::WordLevel(_) => "WordLevel",
                ModelWrapper::Unigram(_) => "Unigram",
            },
            begins: self.begins_with(),
            ends: self.ends.iter().map(|id| self.pieces.text(*id)).collect(),
        }
    }

    /// A token as people read it.
    pub fn token(&self, id: u32) -> Token {
        Token { id, text: self.pieces.text(id) }
    }

    /// Adds a generated token to a text; special tokens add nothing.
    pub fn write(&self, id: u32, text: &mut Vec<u8>) {
        self.pieces.write(id, text);
    }
}

impl Cut {
    /// The bytes of the text that the tokens from `first` on cover; white space that a tokenizer drops counts with the token
    /// after it.
    pub fn bytes_from(&self, first: usize) -> usize {
        let start = match first {
            _ if first > self.first => {
                self.spans[first - 1].end.min(self.spans[first].start.max(self.ending.start))
            }
            _ if self.straddles => self.spans[first].start,
            _ => self.ending.start,
        };
        self.ending.end - start
    }
}

impl plan::Tokenizer for Tokens {
    fn tokens(&self, text: &str) -> Result<Vec<Token>, Failure> {
        Ok(self.cut_at(text, 0)?.ids.into_iter().map(|id| self.token(id)).collect())
    }

    fn ending(&self, prompt: &str, ending: &str) -> Result<Ending, Failure> {
        let cut = self.cut(prompt, ending)?;
        Ok(Ending {
            before: self.before(cut.first > 0, FirstToken::Score).len() + cut.first,
            tokens: cut.ids[cut.first..].iter().map(|id| self.token(*id)).collect(),
            straddles: cut.straddles,
        })
    }

    fn opening(&self, prompt: &str) -> Result<usize, Failure> {
        let own = self.cut_at(prompt, 0)?.ids.len();
        Ok(self.before(own > 0, FirstToken::Score).len() + own)
    }

    fn context(&self) -> Option<usize> {
        self.context
    }
}

/// Where each token's text lies. A mark that a normalizer joined to the character before it lies in no token's offsets, and
/// belongs to those of that character.
fn spans(text: &str, offsets: &[(usize, usize)]) -> Vec<Range<usize>> {
    let joins = |char: &char| is_nfc_quick(std::iter::once(*char)) != IsNormalized::Yes;
    let mut spans: Vec<Range<usize>> = offsets.iter().map(|(start, end)| *start..*end).collect();
    for at in 0..spans.len() {
        let (end, next) = (spans[at].end, spans.get(at + 1).map_or(text.len(), |next| next.start));
        let marks: usize =
            text.get(end..next).map_or(0, |gap| gap.chars().take_while(joins).map(char::len_utf8).sum());
        if marks > 0 {
            let same = spans[..=at].iter().rposition(|span| span.end != end).map_or(0, |last| last + 1);
            for span in &mut spans[same..=at] {
                span.end += marks;
            }
        }
    }
    spans
}

/// The library's own reader panics on some of what is not JSON.
fn read(text: &[u8]) -> Result<Inner, String> {
    let text = std::str::from_utf8(text).map_err(|error| error.to_string())?;
    serde_json::from_str::<serde::de::IgnoredAny>(text).map_err(|error| error.to_string())?;
    let read = std::panic::catch_unwind(|| Inner::from_bytes(text));
    read.unwrap_or_else(|_| Err("a part of it is not what it says it is".into()))
        .map_err(|error| error.to_string())
}

/// Dropout of merges is for training; with it, one text would be cut in many ways.
fn without_dropout(inner: &mut Inner) {
    if let ModelWrapper::BPE(model) = inner.get_model()
        && model.dropout.is_some()
    {
        let mut model = model.clone();
        model.dropout = None;
        inner.with_model(ModelWrapper::BPE(model));
    }
}
