//! Awkward joins, with the tokenizers of GPT-2, GPT-NeoX, Llama 2 and the built-in model.

use proptest::prelude::*;
use serde_json::json;
use unicode_normalization::UnicodeNormalization as _;

use super::*;
use crate::{
    engine::local::{config::Config, family::FAMILIES},
    plan::Tokenizer as _,
    reference,
};

/// A tokenizer of the test data with files beside it, or `None` with a notice.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn open(name: &str, beside: &[(&'static str, &serde_json::Value)]) -> Option<Tokens> {
    let text: &'static [u8] = if name == "reference" {
        reference::TOKENIZER
    } else {
        let Some(data) = std::env::var_os("YARDSTICK_TEST_DATA") else {
            eprintln!("skipped: YARDSTICK_TEST_DATA names no folder with tokenizers/{name}");
            return None;
        };
        let file = std::path::PathBuf::from(data).join("tokenizers").join(name).join("tokenizer.json");
        Vec::leak(std::fs::read(file).unwrap())
    };
    let mut files: Vec<(&'static str, &'static [u8])> = vec![("tokenizer.json", text)];
    for (name, value) in beside {
        files.push((name, Vec::leak(serde_json::to_vec(value).unwrap())));
    }
    let values = json!({ "vocab_size": 60_000, "bos_token_id": null, "eos_token_id": null });
    let arch = (FAMILIES[0].read)(&Config::new(values.as_object().unwrap())).interface();
    Some(
        Tokens::open(&Files::Program(Vec::leak(files)), &arch, &[]).unwrap_or_else(|error| panic!("{error}")),
    )
}

/// Tokens before the ending, those of the ending, and whether the first of them straddles.
fn cut(tokens: &Tokens, prompt: &str, ending: &str) -> (Vec<String>, Vec<String>, bool) {
    let cut = tokens.cut(prompt, ending).unwrap();
    let texts = |ids: &[u32]| ids.iter().map(|id| tokens.token(*id).text).collect();
    (texts(&cut.ids[..cut.first]), texts(&cut.ids[cut.first..]), cut.straddles)
}

#[track_caller]
fn check(tokens: &Tokens, prompt: &str, ending: &str, before: &[&str], scored: &[&str], straddles: bool) {
    let (own_before, own_scored, own_straddles) = cut(tokens, prompt, ending);
    assert_eq!(own_before, before, "{prompt:?} {ending:?}");
    assert_eq!(own_scored, scored, "{prompt:?} {ending:?}");
    assert_eq!(own_straddles, straddles, "{prompt:?} {ending:?}");
}

#[test]
fn joins_of_gpt2() {
    let Some(tokens) = open("gpt2", &[]) else { return };
    // White space at the prompt's end belongs to the ending, wherever it is written.
    check(&tokens, "It is", " Paris", &["It", " is"], &[" Paris"], false);
    check(&tokens, "It is ", "Paris", &["It", " is"], &[" Paris"], false);
    check(&tokens, "It is  ", "Paris", &["It", " is"], &[" ", " Paris"], false);
    check(&tokens, "It is\n", "Paris", &["It", " is"], &["\n", "Paris"], false);
    check(&tokens, "It is \t\n", " Paris", &["It", " is"], &[" ", "\t", "\n", " Paris"], false);
    // Tokens that span the join.
    check(&tokens, "I am play", "ing", &["I", " am"], &[" playing"], true);
    check(&tokens, "play", "ing now", &[], &["playing", " now"], true);
    check(&tokens, "1", "23", &[], &["123"], true);
    // Characters of several tokens, and of several bytes in one.
    check(&tokens, "I like ", "😀", &["I", " like"], &[" \u{fffd}", "\u{fffd}"], false);
    check(&tokens, "😀", "!", &["\u{fffd}", "\u{fffd}"], &["!"], false);
    check(&tokens, "e", "\u{301}", &["e"], &["\u{fffd}", "\u{fffd}"], false);
    // Nothing before.
    check(&tokens, "", "Paris", &[], &["Paris"], false);
    check(&tokens, " \n ", "Paris", &[], &[" ", "\n", " Paris"], false);
    check(&tokens, "It is", "  ", &["It", " is"], &[" ", " "], false);
}

#[test]
fn joins_of_gpt_neox_and_llama() {
    let Some(neox) = open("gpt-neox-20b", &[]) else { return };
    // Here white space is cut off the offsets that the tokenizer would give, and characters are composed.
    check(&neox, "It is ", "Paris", &["It", " is"], &[" Paris"], false);
    check(&neox, "e", "\u{301}", &[], &["é"], true);
    let Some(llama) = open("llama2", &[]) else { return };
    check(&llama, "It is", " Paris", &[" It", " is"], &[" Paris"], false);
    check(&llama, "It is ", "Paris", &[" It", " is"], &[" Paris"], false);
    check(&llama, "", "Paris", &[], &[" Paris"], false);
    check(
        &llama,
        "I like ",
        "🫠",
        &[" I", " like"],
        &[" ", "\u{fffd}", "\u{fffd}", "\u{fffd}", "\u{fffd}"],
        false,
    );
}

#[test]
fn nothing_to_score_is_a_failure() {
    let Some(tokens) = open("reference", &[]) else { return };
    let failure = tokens.cut("The", "").unwrap_err();
    assert_eq!(failure.kind, FailureKind::Text);
    assert!(failure.message.contains("empty"), "{}", failure.message);
}

#[test]
fn names_of_special_tokens_are_text() {
    for (name, special) in [("reference", "<|endoftext|>"), ("gpt2", "<|endoftext|>"), ("llama2", "</s>")] {
        let Some(tokens) = open(name, &[]) else { return };
        let cut = tokens.cut("", special).unwrap();
        assert!(cut.ids.len() > 1, "{name}: {:?}", cut.ids);
    }
}

#[test]
fn what_is_read_before_a_text_is_what_transformers_puts_there() {
    let begin = |name: &str, beside: &[(&'static str, &serde_json::Value)]| {
        open(name, beside).map(|tokens| (tokens.begin.always.clone(), tokens.begin.alone.clone()))
    };
    let eos = json!({ "eos_token": "<|endoftext|>" });
    let object = json!({ "bos_token": { "content": "<|endoftext|>" } });
    let never = json!({ "bos_token": "<s>", "add_bos_token": false });
    let always = json!({ "bos_token": "<|endoftext|>", "add_bos_token": true });
    let Some(nothing) = begin("gpt2", &[]) else { return };
    assert_eq!(nothing, (vec![], vec![]));
    assert_eq!(begin("gpt2", &[("tokenizer_config.json", &eos)]).unwrap(), (vec![], vec![50256]));
    assert_eq!(begin("gpt2", &[("special_tokens_map.json", &object)]).unwrap(), (vec![], vec![50256]));
    assert_eq!(begin("gpt2", &[("tokenizer_config.json", &always)]).unwrap(), (vec![50256], vec![50256]));
    // Llama's tokenizer has BOS in its post-processor.
    assert_eq!(begin("llama2", &[]).unwrap(), (vec![1], vec![1]));
    assert_eq!(begin("llama2", &[("tokenizer_config.json", &never)]).unwrap(), (vec![], vec![1]));
}

#[test]
fn the_tokens_before_an_ending_count_what_was_put_there() {
    let Some(llama) = open("llama2", &[]) else { return };
    assert_eq!(llama.ending("It is", " Paris").unwrap().before, 3);
    assert_eq!(llama.ending("", "Paris").unwrap().before, 1);
    let Some(reference) =
        open("reference", &[("tokenizer_config.json", &json!({ "bos_token": "<|endoftext|>" }))])
    else {
        return;
    };
    assert_eq!(reference.ending("The capital of France is", " Paris").unwrap().before, 5);
    assert_eq!(reference.ending("", "The").unwrap().before, 1);
    assert!(reference.before(false, FirstToken::Skip).is_empty());
}

/// Texts of what makes joins awkward.
fn awkward() -> impl Strategy<Value = String> {
    let parts = [
        " ",
        "  ",
        "\n",
        "\t",
        "\u{a0}",
        "a",
        "the",
        " the",
        "ing",
        "12",
        "3",
        ".",
        "...",
        "😀",
        "🫠",
        "👩‍👩‍👧",
        "日本",
        "語",
        "é",
        "e\u{301}",
        "\u{301}",
        "ß",
        "ﬁ",
        "<|endoftext|>",
        "<s>",
        "▁",
        "Ġ",
        "<0x0A>",
        "\u{200b}",
        "\r\n",
        "\"",
        "'s",
    ];
    prop::collection::vec(prop::sample::select(parts.to_vec()), 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn every_token_is_on_one_side_and_none_is_lost(prompt in awkward(), ending in awkward()) {
        use std::sync::LazyLock;
        static ALL: LazyLock<Vec<(&str, Option<Tokens>)>> =
            LazyLock::new(|| ["reference", "gpt2", "gpt-neox-20b", "llama2"].map(|name| (name, open(name, &[]))).into());
        prop_assume!(!ending.is_empty());
        let whole = format!("{prompt}{ending}");
        for (name, tokens) in ALL.iter() {
            let Some(tokens) = tokens else { continue };
            let cut = tokens.cut(&prompt, &ending).unwrap();
            let alone: Vec<u32> = tokens.tokens(&whole).unwrap().iter().map(|token| token.id).collect();
            prop_assert_eq!(&cut.ids, &alone);

            let mut bytes = Vec::new();
            for id in &cut.ids {
                bytes.extend_from_slice(tokens.pieces.bytes(*id));
            }
            let text = match *name {
                "gpt-neox-20b" => whole.nfc().collect(),
                // It puts a space before every text, and spells spaces like the character that stands for them.
                "llama2" => format!(" {whole}").replace('▁', " "),
                _ => whole.clone(),
            };
            prop_assert_eq!(String::from_utf8(bytes).unwrap(), text, "{}", name);

            let join = prompt.trim_end().len();
            prop_assert!(cut.spans[..cut.first].iter().all(|span| span.end <= join), "{name}");
            prop_assert!(join == 0 || cut.spans[cut.first..].iter().all(|span| span.end > join), "{name}");
            prop_assert_eq!(cut.straddles, join > 0 && cut.spans[cut.first].start < join);
            // The mark of a composed character is part of it.
            let composed = *name == "gpt-neox-20b" && ending.starts_with('\u{301}') && prompt.ends_with(['a', 'e', 'g']);
            prop_assert!(!composed || cut.straddles);
            let scored = cut.bytes_from(cut.first);
            prop_assert_eq!(scored > whole.len() - join, cut.straddles);
            for first in cut.first..cut.ids.len() {
                prop_assert!(cut.bytes_from(first) <= scored);
            }
        }
    }
}
