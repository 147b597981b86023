//! Specs as they are read: short forms, data files, settings from the nearest place.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::path::PathBuf;

use yardstick::{
    spec::{self, Choices, Kinds as _, Limit, Loaded},
    task::{Cloze, Task},
};

/// Writes files into a folder of their own and loads some of them.
fn load(files: &[(&str, &str)], paths: &[&str], choices: &Choices) -> Loaded<Task> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let paths: Vec<PathBuf> = paths.iter().map(|path| folder.path().join(path)).collect();
    spec::load(&paths, choices)
}

fn set(words: &[&str]) -> Choices {
    Choices { set: words.iter().map(|word| (*word).to_owned()).collect(), ..Choices::default() }
}

/// `code file:line message`, the file without its folder.
fn told(loaded: &Loaded<Task>) -> Vec<String> {
    let tell = |finding: &spec::Finding| {
        let at = finding.labels[0].0;
        let name = &loaded.sources.get(at.source).name;
        let file = name.rsplit('/').next().unwrap();
        format!("{} {file}:{} {}", finding.code, at.line, finding.message)
    };
    loaded.findings.iter().map(tell).collect()
}

fn cloze(loaded: &Loaded<Task>, index: usize) -> &Cloze {
    match &loaded.suite.tasks[index].kind {
        Task::Cloze(cloze) => cloze,
        other => panic!("{other:?}"),
    }
}

const FACTS: &str = "\
benchmark: facts
model: one
seed: 7
confidence: {level: 0.9}
tasks:
  - cloze: capitals
    items:
      - [The capital of France is, Paris, London]
      - {prompt: It is, correct: no, incorrect: [1.10, 007], id: own, cluster: c, tags: [x]}
      - [Whole., Hole.]
    confidence: {method: t}
  - cloze: file
    data: {file: data/rows.jsonl, map: {prompt: \"{{ a }} is to\", correct: b, incorrect: c}}
    limit: {first: 1}
";
const ROWS: &str =
    "\u{feff}{\"a\":\"x\",\"b\":\"y\",\"c\":[\"z\"]}\r\n\n{\"a\":\"é\",\"b\":\"2\",\"c\":[\"3\",\"4\"]}\n";

#[test]
fn texts_stay_as_written_and_items_have_places() {
    let loaded =
        load(&[("facts.yaml", FACTS), ("data/rows.jsonl", ROWS)], &["facts.yaml"], &Choices::default());
    assert_eq!(
        told(&loaded)
            .iter()
            .filter(|line| !line.starts_with("few-items") && !line.starts_with("no-revision"))
            .count(),
        0,
        "{:?}",
        told(&loaded)
    );
    let items = &cloze(&loaded, 0).items;
    let ids: Vec<_> = items.iter().map(|item| item.id.as_str()).collect();
    assert_eq!(ids, ["the-capital-of-france-is", "own", "whole"]);
    assert_eq!(
        (items[1].correct.as_str(), items[1].incorrect[0].as_str(), items[1].incorrect[1].as_str()),
        ("no", "1.10", "007")
    );
    assert_eq!(items[1].cluster.as_deref(), Some("c"));
    assert!(items[2].prompt.is_none());
    assert_eq!(loaded.sources.written(items[0].correct.at), Some("Paris"));
    let rows = &cloze(&loaded, 1).items;
    assert_eq!((rows.len(), rows.available()), (1, 2));
    assert_eq!(
        (rows[0].prompt.as_deref(), rows[0].correct.as_str(), rows[0].at.line),
        (Some("x is to"), "y", 1)
    );
    let files: Vec<_> = loaded.suite.files.iter().map(|file| file.bytes).collect();
    assert_eq!(files, [FACTS.len() as u64, ROWS.len() as u64]);
}

#[test]
fn the_nearest_setting_wins() {
    let suite = "\
suite: all
benchmarks: '*.yaml'
models: [one, two]
seed: 1
confidence: {level: 0.8, resamples: 500}
overrides:
  - {tasks: 'facts/*', set: {seed: 8}}
  - {tasks: file, models: [two], set: {limit: 2, confidence.level: 0.99}}
";
    let files = [("facts.yaml", FACTS), ("data/rows.jsonl", ROWS), ("all.suite.yaml", suite)];
    let loaded = load(&files, &["all.suite.yaml"], &Choices::default());
    assert!(!loaded.findings.failed(), "{:?}", told(&loaded));
    let names: Vec<_> =
        loaded.suite.tasks.iter().map(|task| (task.name.as_str(), task.models.clone())).collect();
    let for_model = |name: &str| Some(vec![name.to_owned()]);
    assert_eq!(
        names,
        [("facts/capitals", None), ("facts/file", for_model("one")), ("facts/file", for_model("two"))]
    );
    let settings: Vec<_> = loaded.suite.tasks.iter().map(|task| &task.settings).collect();
    assert!(settings.iter().all(|settings| settings.seed.0 == 8));
    assert_eq!(settings[0].confidence.method, spec::IntervalMethod::T);
    let levels: Vec<_> = settings.iter().map(|settings| settings.confidence.level.get()).collect();
    assert_eq!(levels, [0.9, 0.9, 0.99]);
    assert!(settings.iter().all(|settings| settings.confidence.resamples.get() == 500));
    assert_eq!((settings[1].limit, settings[2].limit), (Some(Limit::First(1)), Some(Limit::Sample(2))));
    let (run, skipped) = loaded.suite.tasks_of(&loaded.suite.models[1]);
    assert_eq!((run.len(), skipped.len(), run[1].settings.limit), (2, 0, Some(Limit::Sample(2))));

    let nearer = set(&["seed=9", "file.limit=1", "capitals.confidence.level=0.5"]);
    let loaded = load(&files, &["all.suite.yaml"], &nearer);
    assert!(!loaded.findings.failed(), "{:?}", told(&loaded));
    assert!(loaded.suite.tasks.iter().all(|task| task.settings.seed.0 == 9));
    assert_eq!(loaded.suite.tasks[0].settings.confidence.level, yardstick::value::Level::new(0.5).unwrap());
    assert_eq!(loaded.suite.tasks[2].settings.limit, Some(Limit::Sample(1)));
}

#[test]
fn what_the_command_line_says_is_checked() {
    let files = [("facts.yaml", FACTS), ("data/rows.jsonl", ROWS)];
    let wrong = Choices {
        only: vec!["capitols".into()],
        ..set(&["sed=3", "capitols.limit=3", "limit=x", "top_k=3"])
    };
    let found = told(&load(&files, &["facts.yaml"], &wrong));
    for part in [
        "unknown-key --set sed=3:1 no task has a key `sed`",
        "no-such-task --set capitols.limit=3:1 no task fits `capitols`",
        "unknown-key --set top_k=3:1 none of the tasks",
        "no-such-task --only capitols:1 no task fits `capitols`",
    ] {
        assert!(found.iter().any(|line| line.starts_with(part)), "{part}\n{found:#?}");
    }
    let only = Choices {
        only: vec!["facts/cap*".into()],
        sample: Some(2),
        models: vec!["other".into()],
        ..Choices::default()
    };
    let loaded = load(&files, &["facts.yaml"], &only);
    assert_eq!((loaded.suite.tasks.len(), cloze(&loaded, 0).items.len()), (1, 2));
    assert_eq!(*loaded.suite.models[0].id, *"other");
    let typed = told(&load(&files, &["facts.yaml"], &set(&["limit=x"])));
    assert!(typed.iter().any(|line| line.starts_with("type --set limit=x:1")), "{typed:#?}");
}

#[test]
fn a_sample_that_leaves_out_a_part_leaves_its_name() {
    let items = ["a", "b", "c"]
        .map(|group| format!("      - {{prompt: {group}, correct: x, incorrect: y, group: {group}}}\n"))
        .concat();
    let spec = format!(
        "benchmark: facts\nmodel: mock\ntasks:\n  - cloze: parts\n    items:\n{items}    expect: [a.accuracy > 0, b.accuracy > 0, c.accuracy > 0, d.accuracy > 0]\n"
    );
    let sample = Choices { sample: Some(1), ..Choices::default() };
    let loaded = load(&[("x.yaml", &spec)], &["x.yaml"], &sample);
    let unknown: Vec<_> = told(&loaded).into_iter().filter(|line| line.starts_with("unknown")).collect();
    assert_eq!(unknown, ["unknown-metric x.yaml:9 `facts/parts` does not report `d.accuracy`"]);
}

#[test]
fn ids_differ_across_the_groups_of_a_task() {
    let spec = "\
benchmark: texts
model: mock
tasks:
  - perplexity: p
    groups:
      one: [The cat sat., {text: x, id: the-cat-sat-2}]
      two: [The cat sat!]
  - perplexity: given
    groups:
      one: [{text: x, id: same}]
      two: [{text: y, id: same}]
";
    let loaded = load(&[("x.yaml", spec)], &["x.yaml"], &Choices::default());
    let Task::Perplexity(texts) = &loaded.suite.tasks[0].kind else { panic!() };
    let ids: Vec<&str> =
        texts.parts().flat_map(|(_, items)| items.iter()).map(|item| item.id.as_str()).collect();
    assert_eq!(ids, ["the-cat-sat", "the-cat-sat-2", "the-cat-sat-3"]);
    let twice: Vec<_> = told(&loaded).into_iter().filter(|line| line.starts_with("same-name")).collect();
    assert_eq!(twice, ["same-name x.yaml:11 two items have the id `same`"]);
}

#[test]
fn every_structural_error_is_told_at_once() {
    let spec = "\
benchmark: facts
titel: x
tasks:
  - cloze: a
    items:
      - [one]
      - {prompt: x, corect: y, incorrect: z}
      - [a, b, c]
    joun: ''
    expect: [accuracy over 75%, acuracy > 0.5]
    limit: 0
    join: ~
  - clozee: b
  - items: []
    cloze: c
  - cloze: A
  - cloze: a
    items: [[a, b]]
";
    let found = told(&load(&[("x.yaml", spec)], &["x.yaml"], &Choices::default()));
    let wanted = [
        "unknown-key x.yaml:2 there is no `titel` here",
        "expect x.yaml:10 `accuracy over 75%` is not",
        "value x.yaml:11 a whole number from 1 is needed here; `0`",
        "type x.yaml:12 a text is needed here, and there is nothing",
        "type x.yaml:6 one text where",
        "missing-key x.yaml:7 `correct` is missing",
        "unknown-key x.yaml:7 there is no `corect` here",
        "unknown-key x.yaml:9 there is no `joun` here",
        "unknown-kind x.yaml:13 `clozee` is not a kind",
        "unknown-kind x.yaml:14 a task begins with its kind",
        "name x.yaml:16 `A` cannot be the name",
        "same-name x.yaml:17 two tasks are called `a`",
    ];
    for part in wanted {
        assert!(found.iter().any(|line| line.starts_with(part)), "{part}\n{found:#?}");
    }
    assert_eq!(found.len(), wanted.len(), "{found:#?}");
}

#[test]
fn faulty_data_is_told_by_line() {
    let spec = "\
benchmark: facts
tasks:
  - cloze: lines
    data: {file: bad.jsonl, map: {correct: rihgt, incorect: w}}
  - cloze: broken
    data: broken.jsonl
  - cloze: table
    data: table.csv
  - cloze: list
    data: list.json
  - cloze: none
    data: none.tsv
  - cloze: lost
    data: lost.csv
  - cloze: folder
    data: {file: ., as: csv}
  - cloze: unknown
    data: x.parquet
  - cloze: typed
    data: {file: typed.jsonl}
";
    let files = [
        ("x.yaml", spec),
        ("bad.jsonl", "{\"right\": 1, \"w\": 2}\n"),
        ("broken.jsonl", "{\"correct\": 1, \"incorrect\": 2}\n{\"correct\": 1,\n[1]\n"),
        ("table.csv", "correct,incorrect\na,b\n\"c\nd\",e\nf\ng,h,i\n"),
        ("list.json", "[\n{\"correct\": 1, \"incorrect\": 2},\n{\"correct\": 1}\n, 3]"),
        ("none.tsv", "correct\tincorrect\n"),
        ("typed.jsonl", "{\"correct\": [1], \"incorrect\": {}}\n"),
    ];
    let found = told(&load(&files, &["x.yaml"], &Choices::default()));
    for part in [
        "unknown-key x.yaml:4 these items have no field `incorect`",
        "data broken.jsonl:2 the line is not JSON",
        "data broken.jsonl:3 the line is no JSON object",
        "data table.csv:5 1 cell, where the heading has 2",
        "data table.csv:6 3 cells, where the heading has 2",
        "no-such-column list.json:3 there is no column `incorrect`",
        "data list.json:4 the entry is no JSON object",
        "empty-data x.yaml:12",
        "file x.yaml:14",
        "file x.yaml:16",
        "file x.yaml:18 how is",
        "type typed.jsonl:1 a text is needed here, not a list",
        "type typed.jsonl:1 a text is needed here, not a mapping",
    ] {
        assert!(found.iter().any(|line| line.starts_with(part)), "{part}\n{found:#?}");
    }
}

#[test]
fn the_resolved_spec_says_every_default() {
    let files = [("facts.yaml", FACTS), ("data/rows.jsonl", ROWS)];
    let loaded = load(&files, &["facts.yaml"], &Choices::default());
    let resolved = loaded.suite.resolved();
    let task = &resolved["tasks"][0];
    assert_eq!((&task["kind"], &task["seed"], &task["join"]), (&"cloze".into(), &7.into(), &" ".into()));
    assert_eq!(task["items"][1]["incorrect"][1], "007");
    assert_eq!(resolved["tasks"][1]["data"]["file"], "data/rows.jsonl");
    assert_eq!(resolved["tasks"][1]["rows"], 2);
    assert!(Task::NAMES.len() == 9);
}

#[test]
fn files_of_the_field_are_read_as_they_are_published() {
    let spec = "\
benchmark: sets
allow: [few-items]
tasks:
  - cloze: under-a-key
    data: {file: wrapped.json, rows: examples, map: {prompt: input, correct: target, incorrect: other}}
  - cloze: without-a-heading
    data: {file: bare.csv, columns: [question, a, b, answer], map: {prompt: question, correct: a, incorrect: b}}
  - cloze: lists-in-cells
    data: {file: python.csv, map: {correct: \"{{ (classes | literal)[0] }}\", incorrect: \"{{ (classes | literal)[1] }}\"}}
  - cloze: labels-in-lines
    data:
      file: lines.txt
      map: {prompt: \"{{ prompt.split(' ', 1)[1] }}\", correct: \"{{ prompt.split(':')[0] }}\", incorrect: \"{{ 'Z' }}\"}
";
    let wrapped = r#"{"canary": [1, {"a": "{"}], "examples": [{"input": "Who", "target": "x", "other": "y"}], "more": 2}"#;
    let files = [
        ("spec.yaml", spec),
        ("wrapped.json", wrapped),
        ("bare.csv", "How many?,\"1, or 2\",3,A\n"),
        ("python.csv", "prompt,classes\nEnd:,\"[' heavy', \"\" it's\"\"]\"\n"),
        ("lines.txt", "NUM:dist How far is it ?\n"),
    ];
    let loaded = load(&files, &["spec.yaml"], &Choices::default());
    assert_eq!(told(&loaded), [""; 0]);
    let first = |index: usize| {
        let item = &cloze(&loaded, index).items[0];
        format!("{}|{}|{}", item.prompt.as_deref().unwrap_or_default(), &*item.correct, &*item.incorrect[0])
    };
    assert_eq!(first(0), "Who|x|y");
    assert_eq!(first(1), "How many?|1, or 2|3");
    assert_eq!(first(2), "End:| heavy| it's");
    assert_eq!(first(3), "How far is it ?|NUM|Z");
}
