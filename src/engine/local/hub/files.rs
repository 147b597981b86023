//! Which files of a repository or folder make a model.

use std::path::Path;

/// A model has each of these, but one that is a GGUF file.
pub(super) const NEEDED: [&str; 2] = ["config.json", "tokenizer.json"];

/// And those of these that there are.
#[cfg(feature = "hub")]
pub(super) const WELCOME: [&str; 3] =
    ["generation_config.json", "special_tokens_map.json", "tokenizer_config.json"];

/// The forms of weights that can be read, the best first: safetensors hold no code and are read where they lie.
const WEIGHTS: [Weights; 4] = [
    Weights::Whole("model.safetensors"),
    Weights::Sharded("model.safetensors.index.json"),
    Weights::Whole("pytorch_model.bin"),
    Weights::Sharded("pytorch_model.bin.index.json"),
];

/// The file that the weights begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weights {
    /// All of them in one file.
    Whole(&'static str),
    /// An index that names the files.
    Sharded(&'static str),
}

impl Weights {
    /// The best form that is there.
    pub(super) fn choose(is_there: impl Fn(&str) -> bool) -> Option<Self> {
        WEIGHTS.into_iter().find(|weights| is_there(weights.file()))
    }

    pub(super) fn file(self) -> &'static str {
        let (Self::Whole(file) | Self::Sharded(file)) = self;
        file
    }
}

/// Whether a name is that of a GGUF file beside the others.
pub(super) fn is_gguf(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|end| end.eq_ignore_ascii_case("gguf"))
        && !name.starts_with('.')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-+".contains(c))
}

/// Every name that is ever asked for, but shards.
#[cfg(feature = "hub")]
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    NEEDED.into_iter().chain(WELCOME).chain(WEIGHTS.map(Weights::file))
}

/// Files that look like weights in a form that cannot be read, for the message.
#[cfg(feature = "hub")]
pub(super) fn like_weights(names: &[String]) -> Vec<String> {
    const ENDS: [&str; 11] =
        ["bin", "ckpt", "gguf", "h5", "msgpack", "onnx", "ot", "pt", "pth", "safetensors", "tflite"];
    let end = |name: &str| name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    names.iter().filter(|name| ENDS.contains(&end(name).as_str())).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn safetensors_come_before_pickles() {
        let choose = |names: &[&str]| Weights::choose(|name| names.contains(&name)).map(Weights::file);
        assert_eq!(choose(&["pytorch_model.bin", "model.safetensors"]), Some("model.safetensors"));
        assert_eq!(
            choose(&["pytorch_model.bin", "model.safetensors.index.json"]),
            Some("model.safetensors.index.json")
        );
        assert_eq!(choose(&["model.gguf", "flax_model.msgpack"]), None);
    }
}
