//! The committed schemas are those of this build (`UPDATE_SCHEMA=1` writes them), and say of specs what the reader says.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value as Json;
use yardstick::{
    report,
    spec::{self, Choices, Loaded, Reader},
    task::Task,
};

const FOLDER: &str = "schemas";

/// All specs of the repository.
fn specs() -> Vec<PathBuf> {
    let entries = fs::read_dir("specs").unwrap().map(|entry| entry.unwrap().path());
    let mut specs: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|end| end == "yaml")).collect();
    specs.sort();
    assert!(specs.len() >= 4);
    specs
}

/// A spec as libyaml reads it.
fn libyaml(text: &str) -> Json {
    let mut value: yaml_serde::Value = yaml_serde::from_str(text).unwrap();
    value.apply_merge().unwrap();
    serde_json::to_value(value).unwrap()
}

fn validator() -> jsonschema::Validator {
    let schema: Json = serde_json::from_str(&spec::schema::<Task>()).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

#[test]
fn the_committed_schemas_are_those_of_this_build() {
    let mut schemas = vec![("spec.schema.json", spec::schema::<Task>())];
    schemas.extend(report::schema::all());
    for (name, now) in schemas {
        let path = Path::new(FOLDER).join(name);
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            fs::create_dir_all(FOLDER).unwrap();
            fs::write(&path, &now).unwrap();
        }
        let committed = fs::read_to_string(&path).unwrap_or_default();
        let line = committed.lines().zip(now.lines()).position(|(old, new)| old != new);
        assert!(
            committed == now,
            "{} is out of step from line {:?}: run UPDATE_SCHEMA=1 cargo test schema",
            path.display(),
            line.map(|line| line + 1)
        );
    }
}

#[test]
fn the_schema_accepts_every_spec_of_the_repository() {
    let validator = validator();
    for path in specs() {
        let spec = libyaml(&fs::read_to_string(&path).unwrap());
        let faults: Vec<_> = validator.iter_errors(&spec).map(|error| error.to_string()).collect();
        assert!(faults.is_empty(), "{}: {faults:?}", path.display());
    }
}

#[test]
fn what_the_schema_refuses_the_reader_refuses_too() {
    let sound = "benchmark: b\nmodel: mock\ntasks:\n  - cloze: c\n    items:\n      - [a, b, c]\n";
    let faulty = [
        sound.replace("items:", "itmes:"),
        sound.replace("cloze: c", "clozee: c"),
        sound.replace("cloze: c", "cloze: 'A B'"),
        sound.replace("[a, b, c]", "[a]"),
        sound.replace("[a, b, c]", "{prompt: a, correct: b}"),
        sound.replace("[a, b, c]", "{prompt: a, correct: b, incorrect: []}"),
        sound.replace("cloze: c", "cloze: c\n    normalization: words"),
        sound.replace("cloze: c", "cloze: c\n    limit: 0"),
        sound.replace("cloze: c", "cloze: c\n    confidence: {level: 95}"),
        sound.replace("cloze: c", "cloze: c\n    expect: [accuracy over 0.5]"),
        "benchmark: b\n".to_owned(),
        "benchmark: b\ntasks: []\n".to_owned(),
        "suite: s\n".to_owned(),
        "title: t\nbenchmark: b\n".to_owned(),
    ];
    let validator = validator();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spec.yaml");
    let reader_refuses = |text: &str| {
        fs::write(&path, text).unwrap();
        let loaded: Loaded<Task> = spec::load(std::slice::from_ref(&path), &Choices::default());
        loaded.findings.failed()
    };
    assert!(validator.is_valid(&libyaml(sound)) && !reader_refuses(sound));
    for text in faulty {
        assert!(!validator.is_valid(&libyaml(&text)), "the schema accepts\n{text}");
        assert!(reader_refuses(&text), "the reader accepts\n{text}");
    }
}

#[test]
fn libyaml_reads_the_same_values() {
    for path in specs() {
        let mut reader = Reader::default();
        let ours = reader.file(&path).unwrap();
        assert!(reader.findings.is_empty());
        let theirs = libyaml(&fs::read_to_string(&path).unwrap());
        assert_eq!(serde_json::to_value(&ours).unwrap(), theirs, "{}", path.display());
    }
}
