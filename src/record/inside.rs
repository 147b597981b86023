//! What a run folder holds, and the names and paths that it states. The folder may come from anywhere: no name leads out of
//! it, and nothing in it is waited for.

use std::{
    fs, io,
    path::{Component, Path},
};

use serde::{Deserialize, Deserializer, de::Error};

/// Reads the name of a file or folder.
pub(super) fn name<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let name = String::deserialize(from)?;
    let mut parts = Path::new(&name).components();
    match (parts.next(), parts.next()) {
        (Some(Component::Normal(only)), None) if only == name.as_str() => Ok(name),
        _ => Err(D::Error::custom(format!(
            "{name:?} is no name of a file: it may not lead into another folder"
        ))),
    }
}

/// Reads a path within a folder.
pub(super) fn path<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let path = String::deserialize(from)?;
    check(&path).map_err(D::Error::custom)?;
    Ok(path)
}

/// Reads paths within a folder.
pub(super) fn paths<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let paths: Vec<String> = Vec::deserialize(from)?;
    paths.iter().try_for_each(|path| check(path)).map_err(D::Error::custom)?;
    Ok(paths)
}

/// The bytes of a file. To read a pipe would be to wait for somebody who writes to it.
pub(super) fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    check_file(path)?;
    fs::read(path)
}

/// An error where there is something other than a file.
pub(super) fn check_file(path: &Path) -> io::Result<()> {
    if fs::metadata(path)?.is_file() { Ok(()) } else { Err(io::Error::other("it is not a file")) }
}

fn check(path: &str) -> Result<(), String> {
    let mut parts = Path::new(path).components();
    // The folder itself is `.`.
    let stays = parts.all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if stays && !path.is_empty() {
        return Ok(());
    }
    Err(format!("{path:?} leads out of the run's folder; a path within its `spec/` is allowed"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_and_paths_stay_inside() {
        for good in ["a", "a.b", "..a", "täxt", "a b"] {
            assert_eq!(name(json!(good)).unwrap(), good);
            assert_eq!(path(json!(good)).unwrap(), good);
        }
        for good in [".", "a/b.yaml", "./a"] {
            assert!(name(json!(good)).is_err(), "{good}");
            assert_eq!(path(json!(good)).unwrap(), good);
        }
        for bad in ["", "..", "/", "/etc/passwd", "a/..", "a/../../b", "../a"] {
            assert!(name(json!(bad)).is_err(), "{bad}");
            assert!(path(json!(bad)).unwrap_err().to_string().contains("leads out"), "{bad}");
            assert!(paths(json!(["a", bad])).is_err(), "{bad}");
        }
        assert!(name(json!("a/")).is_err());
    }
}
