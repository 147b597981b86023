//! The tokenizer inside a file.

use std::{fs, path::Path};

use yardstick::{
    engine::local::{Checkpoint, Files, Tokens},
    plan::Tokenizer as _,
};

use super::{super::ids, Made, Value, golden, llama};

fn inside(path: &Path) -> Tokens {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(path, folder.path().join("model.gguf")).unwrap();
    Checkpoint::open(Files::Folder(folder.path().to_owned())).unwrap().tokenizer().unwrap()
}

fn made(made: &Made) -> Result<Tokens, String> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("model.gguf"), made.bytes()).unwrap();
    let checkpoint = Checkpoint::open(Files::Folder(folder.path().to_owned()));
    checkpoint.and_then(|checkpoint| checkpoint.tokenizer()).map_err(|error| error.to_string())
}

fn cut(tokens: &Tokens, text: &str) -> Vec<u32> {
    tokens.tokens(text).unwrap().iter().map(|token| token.id).collect()
}

#[test]
fn byte_level_bpe_cuts_as_its_maker() {
    let Some(models) = golden::models() else { return };
    for (path, golden) in models {
        let Some(cases) = golden["tokenizer"].as_array() else { continue };
        let tokens = inside(&path);
        for case in cases {
            let text = case["text"].as_str().unwrap();
            // There the name of a special token in a text is that token; here it is text.
            if !text.contains("<|") {
                assert_eq!(cut(&tokens, text), ids(&case["ids"]), "{text:?} in {}", path.display());
                let pieces: String =
                    tokens.tokens(text).unwrap().into_iter().map(|token| token.text).collect();
                assert!(pieces.contains('\u{fffd}') || pieces == text, "{pieces:?}");
            }
        }
        // `add_bos_token` is false, and BOS is `<|endoftext|>`.
        assert_eq!(tokens.begins_with().as_deref(), Some("<|endoftext|>"));
        assert_eq!(tokens.ends(), [0]);
    }
}

#[test]
fn pieces_join_in_the_order_of_their_scores() {
    let mut file = llama();
    // ▁ab is joined from ▁ and ab, the better of the two ways to begin.
    assert_eq!(cut(&made(&file).unwrap(), "ab"), [6]);
    assert_eq!(cut(&made(&file).unwrap(), "aab"), [2, 3, 5]);
    assert_eq!(cut(&made(&file).unwrap(), "b\n"), [2, 4, 7]);
    // BOS stands before a text where the file does not say otherwise; its name is text.
    assert_eq!(made(&file).unwrap().before(true, yardstick::plan::FirstToken::Score), [1]);
    file.put("tokenizer.ggml.add_bos_token", Value::Bool(false));
    assert!(made(&file).unwrap().before(true, yardstick::plan::FirstToken::Score).is_empty());
    file.put("tokenizer.ggml.add_space_prefix", Value::Bool(false));
    assert_eq!(cut(&made(&file).unwrap(), "ab"), [5]);
}

#[test]
fn tokenizers_that_are_not_known_are_refused() {
    let says = |file: &Made, parts: &[&str]| {
        let error = made(file).err().unwrap();
        assert!(parts.iter().all(|part| error.contains(part)), "{error}");
    };
    let mut file = llama();
    file.put("tokenizer.ggml.scores", Value::Floats(vec![0.0]));
    says(&file, &["`tokenizer.ggml.scores` has 1 entries for 8 tokens"]);
    file.put("tokenizer.ggml.model", Value::Text("bert".into()));
    says(&file, &["`tokenizer.ggml.model` is `bert`", "`gpt2` and `llama`"]);
    file.put("tokenizer.ggml.model", Value::Text("gpt2".into()));
    says(&file, &["`tokenizer.ggml.pre` is `nothing`", "gpt-2", "tokenizer.json"]);
    file.put("tokenizer.ggml.pre", Value::Text("klingon".into()));
    says(&file, &["`tokenizer.ggml.pre` is `klingon`", "llama-bpe"]);
    file.put("tokenizer.ggml.pre", Value::Text("gpt-2".into()));
    says(&file, &["no `tokenizer.ggml.merges`"]);
    file.put("tokenizer.ggml.merges", Value::Texts(vec!["ab".into()]));
    says(&file, &["\"ab\"", "no pair"]);
    let mut file = llama();
    file.put("tokenizer.ggml.tokens", Value::Texts(vec!["a".into(); 8]));
    says(&file, &["\"a\" twice"]);
    file.put("tokenizer.ggml.tokens", Value::Ints(vec![1]));
    says(&file, &["no `tokenizer.ggml.tokens`"]);
}
