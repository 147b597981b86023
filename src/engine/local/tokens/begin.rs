//! What is read before a text, decided as transformers decides it:
//!
//! 1. `add_bos_token` in `tokenizer_config.json`, where it is given: BOS before every text, or nothing;
//! 2. else what the post-processor of `tokenizer.json` puts before a text, as in Llama's and Gemma's;
//! 3. else nothing, as in GPT-2's; then a text without a prompt is conditioned on BOS, else EOS.
//!
//! Which token BOS is: `tokenizer_config.json`, else `special_tokens_map.json`, else `config.json`; so with EOS.

use serde_json::{Map, Value};
use tokenizers::Tokenizer as Inner;

use crate::engine::local::architecture::Interface;

/// Ids before a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Begin {
    /// Before every text.
    pub(super) always: Vec<u32>,
    /// Before a text that has no prompt.
    pub(super) alone: Vec<u32>,
}

impl Begin {
    pub(super) fn read(
        inner: &Inner,
        model: &Interface,
        config: Option<&Map<String, Value>>,
        map: Option<&Map<String, Value>>,
    ) -> Self {
        let known = |id: &u32| (*id as usize) < model.vocabulary && inner.id_to_token(*id).is_some();
        let named = |key: &str| {
            let files = [config, map].into_iter().flatten();
            files
                .filter_map(|file| content(file.get(key)?))
                .find_map(|token| inner.token_to_id(token))
                .filter(known)
        };
        let bos = named("bos_token").or_else(|| model.begins.iter().copied().find(known));
        let eos = named("eos_token").or_else(|| model.ends.iter().copied().find(known));
        let always: Vec<u32> =
            match config.and_then(|config| config.get("add_bos_token")).and_then(Value::as_bool) {
                Some(true) => bos.into_iter().collect(),
                Some(false) => vec![],
                None => processed(inner).into_iter().filter(known).collect(),
            };
        let alone = if always.is_empty() { bos.or(eos).into_iter().collect() } else { always.clone() };
        Self { always, alone }
    }
}

/// A token as a string, or as an object with its content.
fn content(token: &Value) -> Option<&str> {
    token.as_str().or_else(|| token.get("content")?.as_str())
}

/// What the post-processor puts before a text, found by trying it.
fn processed(inner: &Inner) -> Vec<u32> {
    let encode = |special| inner.encode("a", special).map(|encoding| encoding.get_ids().to_vec());
    let (Ok(plain), Ok(with)) = (encode(false), encode(true)) else { return vec![] };
    let at = with.windows(plain.len().max(1)).position(|window| window == plain);
    at.map_or_else(Vec::new, |at| with[..at].to_vec())
}
