//! Where the compiler's checks are switched off: nowhere but in the kernels, and there no more often than is listed here.

use std::{collections::BTreeMap, fs, path::Path};

/// Blocks, functions and implementations by file, below `src/engine/local/kernel/`. One more is one more to be argued for, in
/// a comment beside it and in review.
const LISTED: [(&str, usize); 7] = [
    ("attention.rs", 1),
    ("gemm.rs", 1),
    ("head.rs", 1),
    // One for each instruction set: the processor was asked whether it has it.
    ("mod.rs", 2),
    // Asks the system for large pages.
    ("aligned.rs", 1),
    ("scan.rs", 1),
    // Threads write to places of one matrix that never overlap.
    ("tile.rs", 7),
];

const KERNELS: &str = "src/engine/local/kernel";

#[test]
fn unsafe_code_is_in_the_kernels_only_and_listed() {
    let mut found = BTreeMap::new();
    let mut folders = vec![Path::new("src").to_owned()];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let count = uses(&fs::read_to_string(&path).unwrap());
                if count > 0 {
                    found.insert(path.to_str().unwrap().replace('\\', "/"), count);
                }
            }
        }
    }
    let listed: BTreeMap<String, usize> =
        LISTED.iter().map(|(file, count)| (format!("{KERNELS}/{file}"), *count)).collect();
    assert_eq!(
        found, listed,
        "code without the compiler's checks has changed: is it right, and is it listed?"
    );
    // The manifest forbids it, and the kernels alone are let off.
    assert!(fs::read_to_string("Cargo.toml").unwrap().contains("unsafe_code = \"deny\""));
}

/// How often the word begins something, comments and names such as `unsafe_code` aside.
fn uses(text: &str) -> usize {
    let code = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    let words = code.flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_'));
    words.filter(|word| *word == "unsafe").count()
}

#[test]
fn uses_are_counted() {
    assert_eq!(uses("// unsafe\nunsafe { x }; // unsafe\nunsafe fn f() {}\n#![expect(unsafe_code)]"), 2);
}
