//! The tokenizer inside a GGUF file: byte-level BPE with its merges (`gpt2`), and SentencePiece's BPE, whose merges are in its
//! scores (`llama`).

use serde_json::{Map, Value as Json, json};
use tokenizers::{
    AddedToken, NormalizerWrapper, PreTokenizerWrapper, SplitDelimiterBehavior, Tokenizer as Inner,
    models::bpe::{BPE, Merges, Vocab},
    normalizers::{NFC, Prepend, Replace, Sequence},
    pre_tokenizers::{
        byte_level::ByteLevel,
        sequence::Sequence as PreSequence,
        split::{Split, SplitPattern},
    },
};

use crate::engine::local::weights::gguf::Metadata;

/// A tokenizer, and what stands before a text, in the words of `tokenizer_config.json`.
pub(super) struct Inside {
    pub(super) inner: Inner,
    pub(super) config: Map<String, Json>,
}

/// A sort of token, by ggml's numbers.
const UNKNOWN: i32 = 2;
const NORMAL: i32 = 1;
const CONTROL: i32 = 3;
const USER: i32 = 4;

/// How a text is cut before BPE.
struct Cutting {
    /// The names that the converter gives it.
    names: &'static [&'static str],
    /// One after the other.
    patterns: &'static [&'static str],
    /// Whether a text is composed first (NFC), as by the tokenizers that bear these names.
    composed: bool,
    /// Whether words of the vocabulary are taken whole, and a text begins with BOS where the file does not say.
    like_llama3: bool,
}

const GPT2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
const LLAMA3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const QWEN2: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

const CUTTINGS: &[Cutting] = &[
    Cutting { names: &["gpt-2", "phi-2"], patterns: &[GPT2], composed: false, like_llama3: false },
    Cutting { names: &["mpt", "olmo"], patterns: &[GPT2], composed: true, like_llama3: false },
    Cutting {
        names: &["starcoder", "refact", "smollm", "codeshell"],
        patterns: &[r"\p{N}", GPT2],
        composed: false,
        like_llama3: false,
    },
    Cutting {
        names: &["llama-bpe", "llama3", "llama-v3", "falcon3", "pixtral"],
        patterns: &[LLAMA3],
        composed: false,
        like_llama3: true,
    },
    Cutting { names: &["dbrx", "smaug-bpe"], patterns: &[LLAMA3], composed: false, like_llama3: false },
    Cutting { names: &["qwen2"], patterns: &[QWEN2], composed: true, like_llama3: false },
    Cutting {
        names: &["deepseek-r1-qwen", "stablelm2"],
        patterns: &[QWEN2],
        composed: false,
        like_llama3: false,
    },
];

/// Reads the tokenizer; the error is what is wrong, as a sentence.
pub(super) fn read(metadata: &Metadata) -> Result<Inside, String> {
    let tokens = metadata.texts("tokenizer.ggml.tokens").unwrap_or_default();
    if tokens.is_empty() {
        return Err("there are no `tokenizer.ggml.tokens`".into());
    }
    let all_normal;
    let kinds = if let Some(kinds) = metadata.integers("tokenizer.ggml.token_type") {
        kinds
    } else {
        all_normal = vec![NORMAL; tokens.len()];
        &all_normal
    };
    fits("token_type", kinds.len(), tokens.len())?;
    let (mut inner, begins) = match metadata.text("tokenizer.ggml.model") {
        Some("gpt2") => byte_level(metadata, tokens)?,
        Some("llama") => (sentence_piece(metadata, tokens, kinds)?, true),
        other => {
            let other = other.unwrap_or("nothing");
            return Err(format!("`tokenizer.ggml.model` is `{other}`; `gpt2` and `llama` are read"));
        }
    };
    let of_kind = |wanted: i32| {
        tokens.iter().zip(kinds).filter(move |(token, kind)| **kind == wanted && !token.is_empty())
    };
    let user = of_kind(USER).map(|(token, _)| AddedToken::from(token.clone(), false).normalized(false));
    let control = of_kind(CONTROL).map(|(token, _)| AddedToken::from(token.clone(), true));
    let problem = |error: tokenizers::Error| error.to_string();
    inner.add_tokens(user.collect::<Vec<_>>()).map_err(problem)?;
    inner.add_special_tokens(control.collect::<Vec<_>>()).map_err(problem)?;

    let named = |key: &str| {
        let id = metadata.unsigned(&format!("tokenizer.ggml.{key}"))?;
        tokens.get(usize::try_from(id).ok()?).cloned()
    };
    let mut config = Map::new();
    config.insert("bos_token".into(), json!(named("bos_token_id")));
    config.insert("eos_token".into(), json!(named("eos_token_id")));
    let begins = metadata.flag("tokenizer.ggml.add_bos_token").unwrap_or(begins);
    config.insert("add_bos_token".into(), json!(begins));
    Ok(Inside { inner, config })
}

fn byte_level(metadata: &Metadata, tokens: &[String]) -> Result<(Inner, bool), String> {
    let name = metadata.text("tokenizer.ggml.pre").unwrap_or("nothing");
    let cutting = CUTTINGS.iter().find(|cutting| cutting.names.contains(&name)).ok_or_else(|| {
        let known: Vec<&str> = CUTTINGS.iter().flat_map(|cutting| cutting.names).copied().collect();
        format!(
            "`tokenizer.ggml.pre` is `{name}`, and how that cuts words is not known; these are: {}. \
             Put the model's own `tokenizer.json` beside the file",
            known.join(", ")
        )
    })?;
    let merges = metadata.texts("tokenizer.ggml.merges").ok_or("there are no `tokenizer.ggml.merges`")?;
    let pair = |merge: &String| {
        let (left, right) = merge.split_once(' ')?;
        Some((left.to_owned(), right.to_owned()))
    };
    let wrong =
        |merge: &String| format!("`tokenizer.ggml.merges` holds {merge:?}, which is no pair of tokens");
    let merges = merges.iter().map(|merge| pair(merge).ok_or_else(|| wrong(merge)));
    let model = BPE::builder()
        .vocab_and_merges(vocabulary(tokens)?, merges.collect::<Result<Merges, _>>()?)
        .ignore_merges(cutting.like_llama3)
        .build();
    let mut inner = Inner::new(model.map_err(|error| error.to_string())?);
    let mut cuts = Vec::<PreTokenizerWrapper>::new();
    for pattern in cutting.patterns {
        let pattern = SplitPattern::Regex((*pattern).to_owned());
        let split = Split::new(pattern, SplitDelimiterBehavior::Isolated, false);
        cuts.push(split.map_err(|error| error.to_string())?.into());
    }
    cuts.push(ByteLevel::new(false, true, false).into());
    inner.with_pre_tokenizer(Some(PreSequence::new(cuts)));
    inner.with_decoder(Some(ByteLevel::default()));
    if cutting.composed {
        inner.with_normalizer(Some(NFC)).map_err(|error| error.to_string())?;
    }
    Ok((inner, cutting.like_llama3))
}

/// SentencePiece joins the two neighbours whose joint piece has the highest score, the first of equals; BPE with merges in
/// the order of scores does the same.
fn sentence_piece(metadata: &Metadata, tokens: &[String], kinds: &[i32]) -> Result<Inner, String> {
    let scores = metadata.floats("tokenizer.ggml.scores").ok_or("there are no `tokenizer.ggml.scores`")?;
    fits("scores", scores.len(), tokens.len())?;
    let vocabulary = vocabulary(tokens)?;
    let mut merges = Vec::new();
    for (id, (token, score)) in tokens.iter().zip(scores).enumerate().filter(|(id, _)| kinds[*id] == NORMAL) {
        for (at, _) in token.char_indices().skip(1) {
            let (left, right) = token.split_at(at);
            if let (Some(left), Some(right)) = (vocabulary.get(left), vocabulary.get(right)) {
                merges.push((*score, id, *left, *right));
            }
        }
    }
    merges.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2, a.3).cmp(&(b.1, b.2, b.3))));
    let text = |id: u32| tokens[id as usize].clone();
    let merges: Merges = merges.into_iter().map(|(_, _, left, right)| (text(left), text(right))).collect();
    let unknown = kinds.iter().position(|kind| *kind == UNKNOWN);
    let unknown = unknown.or_else(|| metadata.unsigned("tokenizer.ggml.unknown_token_id")?.try_into().ok());
    let unknown = unknown.and_then(|id| tokens.get(id));
    let mut model = BPE::builder().vocab_and_merges(vocabulary, merges).byte_fallback(true).fuse_unk(true);
    if let Some(unknown) = unknown {
        model = model.unk_token(unknown.clone());
    }
    let mut inner = Inner::new(model.build().map_err(|error| error.to_string())?);
    let spaces: NormalizerWrapper = Replace::new(" ", "▁").map_err(|error| error.to_string())?.into();
    let begins = metadata.flag("tokenizer.ggml.add_space_prefix").unwrap_or(true);
    let normalizer: NormalizerWrapper = if begins {
        Sequence::new(vec![Prepend::new("▁".to_owned()).into(), spaces]).into()
    } else {
        spaces
    };
    inner.with_normalizer(Some(normalizer)).map_err(|error| error.to_string())?;
    Ok(inner)
}

fn vocabulary(tokens: &[String]) -> Result<Vocab, String> {
    let mut vocabulary = Vocab::default();
    for (id, token) in tokens.iter().enumerate() {
        if vocabulary.insert(token.clone(), id as u32).is_some() {
            return Err(format!("`tokenizer.ggml.tokens` has the token {token:?} twice"));
        }
    }
    Ok(vocabulary)
}

fn fits(key: &str, count: usize, tokens: usize) -> Result<(), String> {
    if count == tokens {
        Ok(())
    } else {
        Err(format!("`tokenizer.ggml.{key}` has {count} entries for {tokens} tokens"))
    }
}
