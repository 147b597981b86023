//! Shards that are not those of one run: `merge` tells every fault at once and writes nothing.

use std::{fs, path::Path};

use super::{
    cli::{Results, output, spec, text},
    shards::{SPEC, folders, interrupt, shard, shards},
};

/// What a merge that is refused says, when it has written nothing.
pub(super) fn refused(results: &Results, names: &[&str]) -> String {
    let into = Results::new();
    let refused = output(&[&["merge", "--out", into.path()], names].concat());
    assert_eq!(refused.status.code(), Some(8), "{}", text(&refused.stdout));
    assert!(into.runs().is_empty() && refused.stdout.is_empty());
    text(&refused.stderr).replace(results.path(), "RESULTS")
}

#[test]
fn every_fault_of_the_shards_is_told_at_once() {
    let home = tempfile::tempdir().unwrap();
    let path = spec(home.path(), SPEC);
    let results = Results::new();
    for index in [1, 2, 4, 7] {
        shard(&path, &format!("{index}/7"), &results, &[]);
    }
    // Another seed, another number of shards, other items; and one that was stopped.
    let seeded = shard(&path, "5/7", &results, &["--set", "seed=4"]);
    let of_three = shard(&path, "3/3", &results, &[]);
    fs::write(&path, SPEC.replace("Kingston", "Nassau")).unwrap();
    let changed = shard(&path, "3/7", &results, &[]);
    let folders = folders(&results);
    let last = folders.iter().find(|folder| folder.to_str().unwrap().ends_with("shard-7-of-7")).unwrap();
    interrupt(last, 5);
    let said = refused(&results, &[results.path()]);
    let name = |folder: &Path| format!("RESULTS/{} ", folder.file_name().unwrap().to_str().unwrap());
    let line =
        |folder: &Path| said.lines().find(|line| line.trim().starts_with(&name(folder))).unwrap().to_owned();
    assert!(line(&seeded).contains("--set is seed=4, not none; the seed is 4, not 3"), "{said}");
    assert!(line(&of_three).contains("shard 3 of 3, not of 7"), "{said}");
    assert!(line(&changed).contains("the spec file spec.yaml differs"), "{said}");
    assert!(line(last).contains("is not finished"), "{said}");
    assert!(said.contains("shard 6 of 7 is missing"), "{said}");
    assert_eq!(said.lines().filter(|line| line.starts_with("  ")).count(), 5, "{said}");
}

#[test]
fn missing_shards_are_numbered() {
    let home = tempfile::tempdir().unwrap();
    let path = spec(home.path(), SPEC);
    let results = Results::new();
    shard(&path, "3/4294967295", &results, &[]);
    shard(&path, "7/4294967295", &results, &[]);
    let said = refused(&results, &[results.path()]);
    assert!(said.contains("shards 1-2, 4-6, 8-4294967295 of 4294967295 are missing"), "{said}");
}

#[test]
#[cfg(feature = "local")]
fn a_shard_of_another_model_is_named_with_its_files() {
    let home = tempfile::tempdir().unwrap();
    let path = spec(home.path(), SPEC);
    let results = Results::new();
    shard(&path, "1/3", &results, &["--model", "reference"]);
    shard(&path, "2/3", &results, &["--model", "reference"]);
    let other = shard(&path, "3/3", &results, &[]);
    let of = |said: &str, folder: &Path| {
        let name = format!("RESULTS/{} is of another run", folder.file_name().unwrap().to_str().unwrap());
        said.lines().find(|line| line.contains(&name)).unwrap().to_owned()
    };
    let said = refused(&results, &[results.path()]);
    assert!(of(&said, &other).ends_with("the engine is mock, not local"), "{said}");
    // The same engine with other weights.
    fs::remove_dir_all(&other).unwrap();
    let other = shard(&path, "3/3", &results, &["--model", "reference"]);
    let mut record = super::cli::json(&other.join("run.json"));
    let digest = yardstick::value::Digest::of("other weights").to_string();
    record["model_digest"] = digest.clone().into();
    let files = record["model"]["files"].as_array_mut().unwrap();
    let weights = files.iter_mut().find(|file| file["name"] == "model.safetensors").unwrap();
    weights["sha256"] = digest.into();
    fs::write(other.join("run.json"), record.to_string()).unwrap();
    let said = refused(&results, &[results.path()]);
    assert!(of(&said, &other).ends_with("the model file model.safetensors differs"), "{said}");
}

#[test]
fn answers_that_were_tampered_with_are_refused() {
    let home = tempfile::tempdir().unwrap();
    let path = spec(home.path(), SPEC);
    let results = shards(&path, 2);
    let folders = folders(&results);
    let files = [folders[0].join("answers.jsonl"), folders[1].join("answers.jsonl")];
    let [one, two] = [0, 1].map(|at| fs::read_to_string(&files[at]).unwrap());
    let second = one.split_inclusive('\n').nth(1).unwrap();
    let cases = [
        // A digit, which the checksum of its line gives away.
        (
            one.replacen("\"check\":\"", "\"check\":\"0", 1),
            vec!["damaged lines, by their checksums: 1", "1 of its"],
        ),
        // A line less.
        (one.replacen(second, "", 1), vec!["1 of its"]),
        // The other's answers.
        (two.clone(), vec!["answers are not there", "answers are to what shard 2 asks"]),
        // One of the other's in addition.
        (
            one.clone() + two.split_inclusive('\n').next().unwrap(),
            vec!["1 of its answers are to what shard 2 asks"],
        ),
        // Sound lines in another order.
        (one.replacen(second, "", 1) + second, vec!["it is not the file that was sealed"]),
    ];
    for (written, expected) in cases {
        fs::write(&files[0], &written).unwrap();
        let said = refused(&results, &[results.path()]);
        for expected in expected {
            assert!(said.contains(expected), "{expected}: {said}");
        }
    }
    fs::remove_file(&files[0]).unwrap();
    assert!(refused(&results, &[results.path()]).contains("cannot read"));
    fs::write(&files[0], &one).unwrap();
    let copy = folders[0].join("spec/spec.yaml");
    fs::write(&copy, SPEC.replace("[none, byte]", "[byte]")).unwrap();
    assert!(refused(&results, &[results.path()]).contains("is not the copy that was made"));
}
