//! `config.json`, as every family reads it.

use yardstick::engine::local::{Checkpoint, Files};

/// The bytes are the file; beside it are weights of no tensor, and no tokenizer.
pub fn run(data: &[u8]) {
    let folder = super::folder();
    super::write(&folder, "config.json", data);
    super::write(&folder, "model.safetensors", b"\x02\0\0\0\0\0\0\0{}");
    super::write(&folder, "tokenizer.json", b"{}");
    match Checkpoint::open(Files::Folder(folder)) {
        Ok(checkpoint) => drop(checkpoint.description()),
        Err(error) => drop(error.to_string()),
    }
}
