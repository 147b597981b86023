//! The index of a checkpoint whose weights are in several files.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Files, WeightsError, has_extension};

/// The files that an index names, which must all be in the same folder; else what is wrong with it, as the end of a sentence.
pub(in crate::engine::local) fn shards(index: &[u8]) -> Result<BTreeSet<String>, String> {
    let json: Value = serde_json::from_slice(index).map_err(|error| format!("is not valid JSON: {error}"))?;
    let map = json.get("weight_map").and_then(Value::as_object);
    let map = map.filter(|map| !map.is_empty()).ok_or("has no object `weight_map` that names files")?;
    map.iter()
        .map(|(tensor, shard)| {
            let plain = shard.as_str().filter(|name| is_plain(name));
            plain
                .map(str::to_owned)
                .ok_or_else(|| format!("names {shard} for `{tensor}`; a file beside it is allowed"))
        })
        .collect()
}

/// The files that an index names, all of which are there.
pub(super) fn there(files: &Files, index: &str) -> Result<Vec<String>, WeightsError> {
    let text = files.read(index).map_err(|source| WeightsError::Read { file: index.to_owned(), source })?;
    let shards = shards(&text).map_err(|fault| WeightsError::File { file: index.to_owned(), fault })?;
    let (there, missing): (Vec<String>, Vec<String>) = shards.into_iter().partition(|shard| files.has(shard));
    if missing.is_empty() {
        Ok(there)
    } else {
        Err(WeightsError::Shards { index: index.to_owned(), files: missing })
    }
}

/// Whether a name stays within its folder, means the same in an address, and is one of a file of weights.
fn is_plain(name: &str) -> bool {
    !name.starts_with('.')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
        && (has_extension(name, "safetensors") || has_extension(name, "bin"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_names_plain_files_only() {
        let index = br#"{"metadata":{"total_size":1},"weight_map":{"a":"m-2.safetensors","b":"m-1.safetensors","c":"m-2.safetensors"}}"#;
        assert_eq!(
            shards(index).unwrap().into_iter().collect::<Vec<_>>(),
            ["m-1.safetensors", "m-2.safetensors"]
        );
        for bad in [
            r#"{"weight_map":{"a":"../../escape.bin"}}"#,
            r#"{"weight_map":{"a":"/etc/passwd.bin"}}"#,
            r#"{"weight_map":{"a":"config.json"}}"#,
            r#"{"weight_map":{"a":""}}"#,
            r#"{"weight_map":{}}"#,
            r#"{"weight_map":"a"}"#,
            "",
        ] {
            assert!(shards(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
