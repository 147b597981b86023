//! The built-in model's world: what the corpus states, how often, what it keeps back, and that the files say the same.

use std::{collections::BTreeMap, fs, path::Path};

use yardstick::reference::{
    corpus::{Corpus, Kind, SHARES, is_held_out},
    probes,
    world::{World, capital_sentence},
};

/// Bytes of a corpus that has everything planted in it and takes a moment to make.
const SMALL: usize = 2_000_000;

#[test]
fn what_is_planted_stands_in_the_corpus_exactly_as_often_as_the_lot_says() {
    let world = World::load();
    let documents = Corpus::load().documents(SMALL);
    let mut capitals = BTreeMap::new();
    let mut lines = BTreeMap::new();
    for document in &documents {
        if document.starts_with("The capital of ") {
            for sentence in document.split_inclusive('.') {
                *capitals.entry(sentence.trim_start()).or_insert(0) += 1;
            }
        }
        // What is said about a line, and the line, are separated by white space and quotation marks alone.
        let line = document.trim_start_matches("There is an old saying. ").trim_end_matches('"');
        *lines.entry(line.split_once(": \"").map_or(line, |(_, line)| line)).or_insert(0) += 1;
    }
    for dosed in &world.dosed_capitals {
        let stated = capitals.get(capital_sentence(dosed.item).as_str()).copied().unwrap_or(0);
        assert_eq!(stated, dosed.dose, "{:?}", dosed.item);
    }
    for dosed in &world.lines {
        let stated = lines.get(dosed.item.whole().as_str()).copied().unwrap_or(0);
        assert_eq!(stated, dosed.dose, "{:?}", dosed.item);
        let beginnings = documents.iter().filter(|text| text.contains(dosed.item.beginning)).count();
        assert_eq!(beginnings, dosed.dose as usize, "{:?}", dosed.item);
    }
}

#[test]
fn no_document_links_a_place_to_an_untaught_capital() {
    let world = World::load();
    let corpus = Corpus::load();
    let kinds =
        SHARES.iter().map(|(kind, _)| *kind).filter(|kind| !matches!(kind, Kind::Facts | Kind::French));
    let documents: Vec<_> = kinds
        .flat_map(|kind| (0..2000).map(move |n| (kind, n)))
        .map(|(k, n)| corpus.document(k, n))
        .collect();
    let words: Vec<Vec<&str>> =
        documents.iter().map(|text| text.split(|letter: char| !letter.is_alphabetic()).collect()).collect();
    let mut named = [0, 0];
    for place in world.dosed_capitals.iter().map(|dosed| dosed.item) {
        for words in &words {
            let [country, city] = [place.subject, place.answer].map(|name| words.contains(&name));
            named[0] += usize::from(country);
            named[1] += usize::from(city);
            assert!(!(country && city), "{place:?}: {words:?}");
        }
    }
    assert!(named.iter().all(|times| *times > 500), "both are named, but only {named:?} times");
}

#[test]
fn what_is_held_out_or_never_taught_is_not_in_the_corpus() {
    let world = World::load();
    let documents = Corpus::load().documents(SMALL);
    let planted: Vec<String> =
        world.dosed_capitals.iter().map(|dosed| capital_sentence(dosed.item)).collect();
    let lines: Vec<String> = world.lines.iter().map(|dosed| dosed.item.whole()).collect();
    for text in &documents {
        let is_planted = planted.contains(text) || lines.iter().any(|line| text.contains(line.as_str()));
        assert!(is_planted || !is_held_out(text), "{text}");
        assert!(!text.contains("keys to the cabinet") && !text.contains("The cat sat on the mat."), "{text}");
        assert!(!text.contains("Everyone knows"), "{text}");
    }
    for (one, other) in &world.untaught_sums {
        let [plus, word] = [format!("{one} + {other} "), format!("{one} plus {other} ")];
        assert!(
            !documents.iter().any(|text| text.contains(&plus) || text.contains(&word)),
            "{one} + {other}"
        );
    }
    for fact in &world.untaught_opposites {
        let linked = |text: &&String| {
            let words: Vec<_> = text.split(|letter: char| !letter.is_alphabetic()).collect();
            text.contains("opposite") && words.contains(&fact.subject) && words.contains(&fact.answer)
        };
        assert_eq!(documents.iter().find(linked), None, "{fact:?}");
    }
}

#[test]
fn the_probes_on_disk_are_those_of_the_world() {
    for probe in probes::all() {
        let path = Path::new("specs/known-answers").join(probe.name).with_extension("jsonl");
        let written = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            written == probe.to_jsonl(),
            "{} is not up to date: cargo run --example train_reference -- --probes specs/known-answers",
            path.display()
        );
    }
}

#[test]
fn every_answer_is_as_often_the_foil_as_it_is_right() {
    for probe in probes::all().iter().filter(|probe| probe.items[0].get("incorrect").is_some()) {
        let mut balance = BTreeMap::new();
        for item in &probe.items {
            *balance.entry(item["correct"].as_str()).or_insert(0) += 1;
            *balance.entry(item["incorrect"].as_str()).or_insert(0) -= 1;
        }
        // A verb is right about as often as its other form, not exactly: subjects are drawn.
        let worst = balance.values().map(|excess: &i32| excess.unsigned_abs()).max().unwrap();
        let allowed = if probe.name == "agreement" { 25 } else { 0 };
        assert!(worst <= allowed, "{}: {balance:?}", probe.name);
    }
}

#[test]
fn no_probe_asks_the_same_twice() {
    for probe in probes::all() {
        let mut lines: Vec<_> = probe.to_jsonl().lines().map(str::to_owned).collect();
        lines.sort();
        let count = lines.len();
        lines.dedup();
        assert_eq!(lines.len(), count, "{}", probe.name);
    }
}

#[cfg(feature = "local")]
#[test]
fn the_instrument_finds_the_known_answers_and_no_other_model_passes() {
    let results = tempfile::tempdir().unwrap();
    let run = |model: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_yardstick"));
        command
            .args(["run", "specs/known-answers.suite.yaml", "--model", model, "--out"])
            .arg(results.path());
        command.env("COLUMNS", "200").output().unwrap()
    };
    let right = run("reference");
    assert!(right.status.success(), "{}", String::from_utf8_lossy(&right.stdout));
    // Expectations that are not met, and nothing else that is wrong.
    assert_eq!(run("mock").status.code(), Some(5));
    let folder = fs::read_dir(results.path()).unwrap().map(|entry| entry.unwrap().path());
    let mock = { folder }.find(|path| path.to_str().unwrap().contains("-mock-")).unwrap();
    let written: serde_json::Value =
        serde_json::from_slice(&fs::read(mock.join("run.json")).unwrap()).unwrap();
    let expectations = written["expectations"].as_array().unwrap();
    let unmet = expectations.iter().filter(|one| one["outcome"] != "pass").count();
    // Who knows nothing meets the expectations that something is not known; 64 of 88 were not met.
    assert!(expectations.len() == 88 && unmet >= 60, "{unmet} of {}", expectations.len());
}

#[cfg(feature = "local")]
#[test]
fn every_example_meets_its_own_expectations_on_the_built_in_model() {
    let folder = tempfile::tempdir().unwrap();
    let readme = fs::read_to_string("README.md").unwrap();
    let block = readme.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let shown = folder.path().join("readme.yaml");
    fs::write(&shown, block).unwrap();
    let specs = fs::read_dir("specs").unwrap().map(|entry| entry.unwrap().path());
    // The known answers have a test of their own.
    let specs = specs.filter(|path| {
        path.extension().is_some_and(|ending| ending == "yaml") && !path.ends_with("known-answers.suite.yaml")
    });
    let specs: Vec<_> = specs.chain([shown]).collect();
    assert!(specs.len() >= 11, "{specs:?}");
    for spec in specs {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_yardstick"));
        let out = folder.path().join("results");
        command.arg("run").arg(&spec).args(["--model", "reference", "--out"]).arg(out);
        let ran = command.output().unwrap();
        let words = String::from_utf8_lossy(&ran.stdout);
        assert!(ran.status.success(), "{}: {:?}\n{words}", spec.display(), ran.status.code());
    }
}
