//! `report --figures`: a run's figures as files, the same bytes each time.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

fn yardstick(arguments: &[&str], results: &Path) -> bool {
    let mut command = Command::new(env!("CARGO_BIN_EXE_yardstick"));
    command.args(arguments).arg("--out").arg(results).output().unwrap().status.success()
}

fn files(folder: &Path) -> BTreeMap<String, String> {
    let read = |entry: fs::DirEntry| {
        (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap())
    };
    fs::read_dir(folder).unwrap().map(|entry| read(entry.unwrap())).collect()
}

#[test]
fn a_run_has_its_figures_as_files() {
    let results = tempfile::tempdir().unwrap();
    // The suite expects of the built-in model what the mock cannot know; the folder is whole all the same.
    yardstick(&["run", "specs/notebook.suite.yaml", "--model", "mock", "-qq"], results.path());
    assert!(yardstick(&["report", "latest", "--figures"], results.path()));
    let first = files(&results.path().join("latest").join("figures"));
    let other = results.path().join("papers");
    assert!(yardstick(&["report", "latest", "--figures", other.to_str().unwrap()], results.path()));
    assert_eq!(first, files(&other));
    for kind in [
        "metrics-shares",
        "endings-",
        "next-tokens-1-",
        "memorization-",
        "perplexity-",
        "sampling-",
        "confusion-",
    ] {
        assert!(first.keys().any(|name| name.starts_with(kind)), "no {kind}: {:?}", first.keys());
    }
    for (name, text) in &first {
        let document = roxmltree::Document::parse(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let root = document.root_element();
        assert_eq!((root.tag_name().name(), root.attribute("role")), ("svg", Some("img")), "{name}");
        // A file of its own leads nowhere.
        assert!(document.descendants().all(|node| node.tag_name().name() != "a"), "{name}");
    }
}
