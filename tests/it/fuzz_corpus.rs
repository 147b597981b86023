//! What the fuzzers found, and what leads them into every corner, read once more by the same functions. `tests/fuzz/README.md`
//! says how more is found.

#[path = "../fuzz/targets/mod.rs"]
mod targets;

use std::{fs, path::Path};

/// Every file of a target's corpus.
#[expect(clippy::print_stdout, reason = "a test that fails says on which file")]
fn read_all(target: &str, run: fn(&[u8])) {
    let folder = Path::new("tests/fuzz/corpus").join(target);
    let mut count = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        // Shown where the test fails.
        println!("{}", path.display());
        run(&fs::read(path).unwrap());
        count += 1;
    }
    assert!(count > 0, "{} holds nothing", folder.display());
}

macro_rules! targets {
    ($($target:ident),+) => {
        $(
            #[test]
            fn $target() {
                read_all(stringify!($target), targets::$target::run);
            }
        )+
        #[test]
        fn every_corpus_is_read_and_every_target_built() {
            const TARGETS: &[&str] = &[$(stringify!($target)),+];
            let names = |folder: &str| {
                let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
                let mut names: Vec<String> =
                    entries.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
                names.retain(|name| name != "mod");
                names.sort();
                names
            };
            assert_eq!(names("tests/fuzz/corpus"), TARGETS);
            assert_eq!(names("tests/fuzz/targets"), TARGETS);
            let (manifest, main) =
                (fs::read_to_string("tests/fuzz/Cargo.toml").unwrap(), fs::read_to_string("tests/fuzz/main.rs").unwrap());
            for target in TARGETS {
                assert!(manifest.contains(&format!("[[bin]]\nname = \"{target}\"\n")), "{target}");
                assert!(main.contains(&format!("\"{target}\" => targets::{target}::run(data),")), "{target}");
            }
        }
    };
}

targets!(config, gguf, import, journal, pickle, rows, run_json, safetensors, spec, template);
