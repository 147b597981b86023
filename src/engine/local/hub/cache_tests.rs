//! Caches as Python leaves them, whole and damaged.

use tempfile::TempDir;

use super::*;

const COMMIT: &str = "607a30d783dfa663caf39e06633721c8d4cfcd7e";
const OTHER: &str = "607a30e000000000000000000000000000000000";

/// A cache with the given files in the snapshot of a repository's folder, reached by `main`.
fn cache(folder: &str, commit: &str, files: &[(&str, &str)]) -> TempDir {
    let cache = tempfile::tempdir().unwrap();
    add(cache.path(), folder, commit, files);
    cache
}

fn add(cache: &Path, folder: &str, commit: &str, files: &[(&str, &str)]) {
    let folder = cache.join(folder);
    let snapshot = folder.join("snapshots").join(commit);
    fs::create_dir_all(&snapshot).unwrap();
    fs::create_dir_all(folder.join("refs")).unwrap();
    fs::write(folder.join("refs/main"), commit).unwrap();
    for (name, text) in files {
        fs::write(snapshot.join(name), text).unwrap();
    }
}

const WHOLE: [(&str, &str); 3] = [("config.json", "{}"), ("tokenizer.json", "{}"), ("model.safetensors", "")];

fn gpt2(revision: Option<&str>) -> Repository {
    Repository::new("gpt2", revision).unwrap()
}

fn commit_of(found: &Result<Found, CacheError>) -> Option<&str> {
    match found {
        Ok(Found::Complete(snapshot)) => Some(snapshot.commit.as_str()),
        _ => None,
    }
}

#[test]
fn a_revision_is_a_branch_or_a_commit_or_its_beginning() {
    let cache = cache("models--openai-community--gpt2", COMMIT, &WHOLE);
    for revision in [None, Some("main"), Some(COMMIT), Some("607a30d"), Some("607A")] {
        let found = find(cache.path(), &gpt2(revision));
        assert_eq!(commit_of(&found), Some(COMMIT), "{revision:?}");
    }
    for revision in ["v1", "607a30e", "607", "main/x", "refs"] {
        assert!(matches!(find(cache.path(), &gpt2(Some(revision))), Ok(Found::Absent)), "{revision}");
    }
    add(cache.path(), "models--openai-community--gpt2", OTHER, &WHOLE);
    let error = find(cache.path(), &gpt2(Some("607a30"))).unwrap_err();
    assert!(error.to_string().contains(COMMIT) && error.to_string().contains(OTHER), "{error}");
    assert_eq!(commit_of(&find(cache.path(), &gpt2(None))), Some(OTHER));
}

#[test]
fn what_python_fetched_as_gpt2_is_found() {
    let cache = cache("models--gpt2", COMMIT, &WHOLE);
    assert_eq!(commit_of(&find(cache.path(), &gpt2(None))), Some(COMMIT));
    // The new place wins, but not when it is incomplete.
    add(cache.path(), "models--openai-community--gpt2", OTHER, &WHOLE[1..]);
    assert_eq!(commit_of(&find(cache.path(), &gpt2(None))), Some(COMMIT));
    add(cache.path(), "models--openai-community--gpt2", OTHER, &WHOLE);
    assert_eq!(commit_of(&find(cache.path(), &gpt2(None))), Some(OTHER));
}

#[test]
fn what_a_snapshot_lacks_is_named() {
    let lacks = |files: &[(&str, &str)]| {
        let cache = cache("models--openai-community--gpt2", COMMIT, files);
        match find(cache.path(), &gpt2(None)).unwrap() {
            Found::Incomplete { missing, .. } => missing,
            Found::Complete(_) => Vec::new(),
            Found::Absent => panic!("absent"),
        }
    };
    let index = r#"{"weight_map":{"a":"model-1.safetensors","b":"model-2.safetensors"}}"#;
    let small = [WHOLE[0], WHOLE[1]];
    assert_eq!(lacks(&[]), ["config.json", "tokenizer.json", "model.safetensors"]);
    assert_eq!(lacks(&[WHOLE[0], WHOLE[2]]), ["tokenizer.json"]);
    assert_eq!(lacks(&small), ["model.safetensors"]);
    assert!(lacks(&[small[0], small[1], ("pytorch_model.bin", "")]).is_empty());
    let sharded = [small[0], small[1], ("model.safetensors.index.json", index), ("model-2.safetensors", "")];
    assert_eq!(lacks(&sharded), ["model-1.safetensors"]);
}

#[test]
fn what_is_damaged_is_an_error_or_absent() {
    let index = [WHOLE[0], WHOLE[1], ("pytorch_model.bin.index.json", "{")];
    let broken = cache("models--openai-community--gpt2", COMMIT, &index);
    assert!(matches!(find(broken.path(), &gpt2(None)), Err(CacheError::Index { .. })));

    let torn = cache("models--openai-community--gpt2", COMMIT, &WHOLE);
    fs::write(torn.path().join("models--openai-community--gpt2/refs/main"), "").unwrap();
    assert!(matches!(find(torn.path(), &gpt2(None)), Ok(Found::Absent)));
    assert!(matches!(find(Path::new("/nowhere"), &gpt2(None)), Ok(Found::Absent)));
}

#[test]
fn the_list_shows_every_snapshot() {
    let cache = cache("models--openai-community--gpt2", COMMIT, &WHOLE);
    add(cache.path(), "models--openai-community--gpt2", OTHER, &WHOLE[1..]);
    add(cache.path(), "datasets--a--b", COMMIT, &WHOLE);
    let entries = list(cache.path()).unwrap();
    let shown: Vec<_> =
        entries.iter().map(|entry| (entry.commit.as_str(), entry.bytes, entry.complete)).collect();
    assert_eq!(shown, [(COMMIT, 4, true), (OTHER, 2, false)]);
    assert!(entries.iter().all(|entry| entry.id == "openai-community/gpt2"));
    assert!(list(Path::new("/nowhere")).unwrap().is_empty());
}
