//! Which files of a repository or folder make a model.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

/// A model has each of these.
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

/// Every name that is ever asked for, but shards.
#[cfg(feature = "hub")]
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    NEEDED.into_iter().chain(WELCOME).chain(WEIGHTS.map(Weights::file))
}

/// The files that an index of shards names, or what is wrong with it.
pub(super) fn shards(index: &[u8]) -> Result<BTreeSet<String>, String> {
    #[derive(Deserialize)]
    struct Index {
        weight_map: BTreeMap<String, String>,
    }
    let index: Index = serde_json::from_slice(index).map_err(|error| error.to_string())?;
    let files: BTreeSet<String> = index.weight_map.into_values().collect();
    match files.iter().find(|file| !is_plain(file)) {
        // It becomes a path of this machine.
        Some(file) => Err(format!("it names a shard `{file}`, which is no plain file name")),
        None if files.is_empty() => Err("it names no shard".to_owned()),
        None => Ok(files),
    }
}

/// Whether a name stays within its folder and means the same in an address.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('.')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
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

    #[test]
    fn an_index_names_plain_files_only() {
        let index = br#"{"metadata":{"total_size":1},"weight_map":{"a":"m-2.safetensors","b":"m-1.safetensors","c":"m-2.safetensors"}}"#;
        assert_eq!(
            shards(index).unwrap().into_iter().collect::<Vec<_>>(),
            ["m-1.safetensors", "m-2.safetensors"]
        );
        for bad in [
            r#"{"weight_map":{"a":"../../escape"}}"#,
            r#"{"weight_map":{"a":"/etc/passwd"}}"#,
            r#"{"weight_map":{"a":""}}"#,
            r#"{"weight_map":{}}"#,
            r#"{"weight_map":"a"}"#,
            "",
        ] {
            assert!(shards(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
