//! Decoding strategies: against texts made up here, on the stand-in engine, and on the built-in model.

use yardstick::{
    plan::{Answer, Decoding, Failure, FailureKind, Finish, Generated, Request},
    record::{Cell, TaskRecord},
    spec::Choices,
};

use crate::kinds::{cell, judged};

/// A text of some ids; equal ids are an equal text.
fn written(ids: &[u32]) -> Answer {
    Answer::Generated(Generated {
        text: format!("{ids:?}"),
        ids: ids.to_vec(),
        logprobs: ids.iter().map(|id| -(*id as f32)).collect(),
        entropies: vec![0.5; ids.len()],
        before: 1,
        dropped: 0,
        finish: Finish::Length,
    })
}

/// Holds a strategy's number against the right one.
fn near(task: &TaskRecord, strategy: &str, metric: &str, right: f64) {
    let found = of(task, strategy, metric);
    assert!((found - right).abs() < 1e-12, "{strategy}.{metric}: {found}");
}

/// The measured number of a strategy.
fn of(task: &TaskRecord, strategy: &str, metric: &str) -> f64 {
    let is = |measure: &&yardstick::record::Measure| {
        measure.group.as_deref() == Some(strategy) && measure.metric == metric
    };
    let measure = task.measures.iter().find(is).unwrap_or_else(|| panic!("no {strategy}.{metric}"));
    measure.estimate.value.unwrap_or_else(|why| panic!("{strategy}.{metric}: {why}"))
}

const SPEC: &str = "
benchmark: b
tasks:
  - sampling: s
    prompt: [one, two]
    seeds: [7, 8, 9]
    repeats: 2
    max_tokens: 5
    strategies:
      - greedy
      - {top_k: 1}
      - temperature: [0.5, 2]
";

#[test]
fn what_the_texts_say_of_each_strategy() {
    let task = judged(SPEC, |request| {
        let Request::Generate { prompt, decoding, repeat, max_tokens: 5, stop, .. } = request else {
            panic!("{request:?}")
        };
        assert!(stop.is_empty());
        Ok(match decoding {
            // Asked for each seed and repeat, since no seed tells its requests apart.
            Decoding::Greedy => {
                assert!(*repeat < 6);
                written(&[1, 2, 1, 2, 1])
            }
            Decoding::Penalized(_) => panic!("{decoding:?}"),
            Decoding::Sampled(sampled) => {
                let (seed, other) = (sampled.seed.0 as u32, &**prompt == "two");
                match (sampled.top_k, sampled.temperature.get() < 1.0) {
                    (Some(_), _) => written(&[1, 2, 3, 4, 5]),
                    // Seed 9 leaves the others after two tokens, and after `two` seed 8 does so at once.
                    (None, true) if seed == 9 => written(&[1, 2, 9]),
                    (None, true) if other && seed == 8 => written(&[8]),
                    (None, true) => written(&[1, 2, 3, 4]),
                    // One seed of one prompt gives another text when it is asked again.
                    (None, false) if seed == 8 && other => written(&[8, *repeat]),
                    (None, false) => written(&[seed, seed]),
                }
            }
        })
    });
    assert_eq!(task.table.rows.len(), 4 * 2 * 3 * 2);
    let keys: std::collections::BTreeSet<_> = task
        .table
        .rows
        .iter()
        .map(|row| (row.key.group.clone(), row.key.item.clone(), row.key.repeat))
        .collect();
    assert_eq!(keys.len(), task.table.rows.len());

    for strategy in ["greedy", "top_k=1"] {
        near(&task, strategy, "reproducible", 1.0);
        near(&task, strategy, "distinct_texts", 1.0);
    }
    near(&task, "greedy", "distinct_1", 2.0 / 5.0);
    near(&task, "greedy", "distinct_2", 2.0 / 4.0);
    near(&task, "greedy", "repetition", 0.0);
    near(&task, "greedy", "length", 5.0);
    near(&task, "greedy", "mean_logprob", -7.0 / 5.0);
    near(&task, "greedy", "entropy", 0.5);

    let cool = "temperature=0.5";
    near(&task, cool, "reproducible", 1.0);
    // Two texts after `one`, three after `two`.
    near(&task, cool, "distinct_texts", 2.5);
    // After 2, after 2 and after no shared tokens, each twice.
    near(&task, cool, "first_divergence", 4.0 / 3.0);
    near(&task, "temperature=2", "reproducible", 5.0 / 6.0);

    // The rows of a strategy: prompts, within them seeds, within them repeats.
    let first = 2 * 12;
    assert_eq!(task.table.rows[first].key.group.as_deref(), Some(cool));
    let column =
        |name: &str| -> Vec<Cell> { (first..first + 6).map(|row| cell(&task, row, name).clone()).collect() };
    assert_eq!(column("seed"), [7, 7, 8, 8, 9, 9].map(Cell::Count));
    assert_eq!(column("again"), [0, 1, 0, 1, 0, 1].map(Cell::Count));
    assert_eq!(column("finish"), vec![Cell::Text("length".into()); 6]);
    let (yes, none, two) = (Cell::Flag(true), Cell::Missing, Cell::Count(2));
    assert_eq!(column("reproducible"), [&yes, &none, &yes, &none, &yes, &none].map(Clone::clone));
    assert_eq!(column("distinct_texts"), [&two, &none, &none, &none, &none, &none].map(Clone::clone));
    assert_eq!(column("first_divergence"), [&none, &none, &none, &none, &two, &two].map(Clone::clone));
    assert_eq!(cell(&task, first, "distinct_1"), &Cell::Number(1.0));

    let [broken, best, single, drawn] = &task.notes[..] else { panic!("{:?}", task.notes) };
    assert!(broken.starts_with("NOT REPRODUCIBLE: temperature=2"), "{broken}");
    assert!(broken.contains("1 of 6 times") && broken.ends_with("seed 8"), "{broken}");
    assert!(best.starts_with("deterministic") && best.ends_with(": greedy"), "{best}");
    assert!(single.starts_with("deterministic") && single.ends_with(": top_k=1"), "{single}");
    assert!(drawn.contains("gave the same text 2 times"), "{drawn}");
    assert!(drawn.ends_with("different texts of 3 seeds, on average: temperature=0.5 (2.5)"), "{drawn}");
}

#[test]
fn a_greedy_text_that_changes_is_told_whatever_the_seeds() {
    let task = judged(SPEC, |request| {
        let Request::Generate { repeat, .. } = request else { panic!("{request:?}") };
        Ok(written(&[*repeat / 2]))
    });
    assert!(task.notes[0].starts_with("NOT REPRODUCIBLE: greedy"), "{:?}", task.notes);
    // Within a seed nothing changed.
    near(&task, "greedy", "reproducible", 1.0);
}

#[test]
fn a_text_that_is_missing_takes_what_is_said_of_several_with_it() {
    let task = judged(SPEC, |request| match request {
        Request::Generate { decoding: Decoding::Sampled(sampled), .. } if sampled.seed.0 == 7 => {
            Err(Failure::new(FailureKind::TooLong, "2,000 tokens, where 1,024 fit"))
        }
        _ => Ok(written(&[1])),
    });
    assert_eq!(task.table.rows.iter().filter(|row| row.cells.is_err()).count(), 3 * 2 * 2);
    near(&task, "top_k=1", "reproducible", 1.0);
    let is = |measure: &&yardstick::record::Measure| {
        measure.group.as_deref() == Some("top_k=1") && measure.metric == "distinct_texts"
    };
    assert!(task.measures.iter().find(is).unwrap().estimate.value.is_err());
}

#[test]
fn what_one_seed_and_one_time_cannot_tell_is_not_reported() {
    let task = judged(
        "
benchmark: b
tasks:
  - sampling: s
    prompt: one
    repeats: 1
    strategies: [{temperature: 1}]
",
        |_| Ok(written(&[1, 2])),
    );
    let names: Vec<&str> = task.measures.iter().map(|measure| measure.metric.as_str()).collect();
    assert_eq!(names, ["distinct_1", "distinct_2", "repetition", "length", "mean_logprob", "entropy"]);
    let [note] = &task.notes[..] else { panic!("{:?}", task.notes) };
    assert!(note.contains("drawn by one seed") && note.contains("asked once"), "{note}");
}

#[test]
fn wrong_strategies_are_findings() {
    let found = |strategies: &str| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("spec.yaml");
        let spec = format!(
            "benchmark: b\ntasks:\n  - sampling: s\n    prompt: one\n    seeds: [1, 2]\n    strategies: [{strategies}]\n"
        );
        std::fs::write(&path, spec).unwrap();
        let loaded = yardstick::spec::load::<yardstick::task::Task>(&[path], &Choices::default());
        format!("{:?}", loaded.findings)
    };
    for (strategies, message) in [
        ("{temperature: 0}", "a temperature is above 0, such as 0.8; 0 is not"),
        ("{top_p: 1.5}", "a top-p is above 0 and at most 1"),
        ("{min_p: [0.1, -1]}", "a min-p lies between 0 and 1"),
        ("{repetition_penalty: 0}", "a repetition penalty is above 0"),
        ("{top_k: 0}", "a whole number from 1"),
        ("greedy, {temperature: [1, 1.0]}", "the strategy `temperature=1` is there twice"),
        ("beam", "`beam` is no way to choose tokens"),
    ] {
        let found = found(strategies);
        assert!(found.contains(message), "{strategies}: {found}");
    }
}

#[test]
fn strategies_of_the_example_are_what_they_say_on_mock_and_reference() {
    for model in ["mock", "reference"] {
        if model == "reference" && !cfg!(feature = "local") {
            continue;
        }
        let results = tempfile::tempdir().unwrap();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_yardstick"));
        command.args(["run", "specs/sampling.yaml", "--model", model, "--out"]).arg(results.path());
        let run = command.env("COLUMNS", "200").output().unwrap();
        let shown = String::from_utf8_lossy(&run.stdout);
        assert!(run.status.success(), "{model}: {shown}");
        assert!(!shown.contains("NOT REPRODUCIBLE"), "{model}: {shown}");
        assert!(shown.contains("decided by the seed"), "{model}: {shown}");
    }
}
