//! The bytes that each token stands for. A tokenizer's own `decode` works on whole sequences and loses what a token is
//! alone.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use tokenizers::Tokenizer as Inner;

/// The bytes of all tokens.
pub(super) struct Pieces {
    spelling: Spelling,
    bytes: Vec<Box<[u8]>>,
    /// Ids whose text is not written.
    special: Vec<bool>,
}

/// How a vocabulary writes bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spelling {
    /// Each byte as a printable character (GPT-2).
    Bytes,
    /// Spaces as `▁`, and single bytes as `<0xNN>` (`SentencePiece`).
    Words,
    /// As it is, with a space between tokens.
    Plain,
}

impl Pieces {
    pub(super) fn new(inner: &Inner) -> Self {
        let spelling = Spelling::of(inner);
        let added: BTreeMap<u32, tokenizers::AddedToken> =
            inner.get_added_tokens_decoder().into_iter().collect();
        let byte_of = byte_of_printable();
        let vocabulary: Vec<(String, u32)> = inner.get_vocab(true).into_iter().collect();
        let len = vocabulary.iter().map(|(_, id)| *id as usize + 1).max().unwrap_or(0);
        let mut pieces = Self { spelling, bytes: vec![Box::default(); len], special: vec![false; len] };
        for (token, id) in &vocabulary {
            let bytes = match (added.get(id), spelling) {
                // Added tokens are matched in the text as it is.
                (Some(added), _) => added.content.as_bytes().to_vec(),
                (None, Spelling::Bytes) => token
                    .chars()
                    .flat_map(|char| byte_of.get(&char).map_or_else(|| utf8(char), |byte| vec![*byte]))
                    .collect(),
                (None, Spelling::Words) => {
                    single_byte(token).map_or_else(|| token.replace('▁', " ").into_bytes(), |byte| vec![byte])
                }
                (None, Spelling::Plain) => token.as_bytes().to_vec(),
            };
            pieces.bytes[*id as usize] = bytes.into();
            pieces.special[*id as usize] = added.get(id).is_some_and(|added| added.special);
        }
        pieces
    }

    /// What the token stands for; nothing for ids that the tokenizer does not know.
    pub(super) fn bytes(&self, id: u32) -> &[u8] {
        self.bytes.get(id as usize).map_or(&[], |bytes| bytes)
    }

    /// The same as text; bytes that are part of a character become `�`.
    pub(super) fn text(&self, id: u32) -> String {
        String::from_utf8_lossy(self.bytes(id)).into_owned()
    }

    /// Adds a generated token to a text; special tokens add nothing.
    pub(super) fn write(&self, id: u32, text: &mut Vec<u8>) {
        if self.special.get(id as usize).is_some_and(|special| *special) {
            return;
        }
        if self.spelling == Spelling::Plain && !text.is_empty() {
            text.push(b' ');
        }
        text.extend_from_slice(self.bytes(id));
    }

    /// The highest id that a text can be cut into.
    pub(super) fn highest(&self) -> Option<u32> {
        self.special.iter().rposition(|special| !special).map(|id| id as u32)
    }
}

impl Spelling {
    /// From the decoder, which knows; else from what prepares a text.
    fn of(inner: &Inner) -> Self {
        let of = |part: &Value| {
            if mentions(part, "ByteLevel") {
                Some(Self::Bytes)
            } else if part.to_string().contains('▁') {
                Some(Self::Words)
            } else {
                None
            }
        };
        let parts =
            [json(inner.get_decoder()), json(inner.get_pre_tokenizer()), json(inner.get_normalizer())];
        parts.iter().find_map(of).unwrap_or(Self::Plain)
    }
}

/// A part of a tokenizer keeps its fields to itself but for its JSON.
fn json(part: Option<impl Serialize>) -> Value {
    part.and_then(|part| serde_json::to_value(part).ok()).unwrap_or_default()
}

/// Whether a part of a tokenizer, or one within it, is of this type.
fn mentions(part: &Value, kind: &str) -> bool {
    match part {
        Value::Object(fields) => {
            fields.get("type").and_then(Value::as_str) == Some(kind)
                || fields.values().any(|field| mentions(field, kind))
        }
        Value::Array(parts) => parts.iter().any(|part| mentions(part, kind)),
        _ => false,
    }
}

/// GPT-2's way to write any byte as a printable character: those that are printable stand for themselves, the others
/// follow from U+0100 on in their order.
fn byte_of_printable() -> BTreeMap<char, u8> {
    let printable = |byte: &u8| matches!(byte, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF);
    let own = (0..=u8::MAX).filter(printable).map(|byte| (char::from(byte), byte));
    let others = (0..=u8::MAX).filter(|byte| !printable(byte));
    own.chain(('\u{100}'..).zip(others)).collect()
}

fn utf8(char: char) -> Vec<u8> {
    char.to_string().into_bytes()
}

/// `<0x0A>` and its like.
fn single_byte(token: &str) -> Option<u8> {
    let digits = token.strip_prefix("<0x")?.strip_suffix('>')?;
    (digits.len() == 2).then(|| u8::from_str_radix(digits, 16).ok())?
}
