//! GGUF files: header, tensors, and the model and the tokenizer that they describe.

use yardstick::engine::local::{Checkpoint, Files, weights::Weights};

/// The bytes are the file.
pub fn run(data: &[u8]) {
    const FILE: &str = "model.gguf";
    let folder = super::folder();
    super::write(&folder, FILE, data);
    let files = Files::Gguf { folder, file: FILE.to_owned() };
    let Ok((weights, _)) = Weights::open_gguf(&files, FILE) else { return };
    super::safetensors::elements(&files, &weights);
    let Ok(checkpoint) = Checkpoint::open(files) else { return };
    checkpoint.description();
    let Ok(tokenizer) = checkpoint.tokenizer() else { return };
    tokenizer.facts();
    for text in ["Once upon a time, 1234", "  \u{e9}\u{301}\u{1f600}\n\t<s>", ""] {
        drop(tokenizer.cut_at(text, 0));
    }
}
