//! Written answers against answers made up here.

use std::cell::RefCell;

use yardstick::{
    plan::{Answer, Decoding, Failure, FailureKind, Finish, Generated, Request},
    record::{Cell, TaskRecord},
};

use crate::kinds::{cell, judged, value};

fn written(text: &str) -> Answer {
    Answer::Generated(Generated {
        text: text.to_owned(),
        ids: vec![1, 2],
        logprobs: vec![-1.0, -2.0],
        entropies: vec![1.0, 1.0],
        before: 1,
        dropped: 0,
        finish: Finish::Stop,
    })
}

/// Judges a spec; the answers by the last line of their prompts.
fn answered(spec: &str, answers: &[(&str, &str)]) -> TaskRecord {
    judged(spec, |request| {
        let last = request.prompt().lines().last().unwrap();
        let (_, text) =
            answers.iter().find(|(prompt, _)| *prompt == last).unwrap_or_else(|| panic!("{last}"));
        Ok(written(text))
    })
}

/// Whether an answer is right by one rule.
fn right(keys: &str, target: &str, answer: &str) -> bool {
    let spec = format!(
        "
benchmark: b
tasks:
  - generate: g
    {keys}
    allow: [few-items]
    items:
      - [Q, {target}]
"
    );
    value(&answered(&spec, &[("Q", answer)]), if keys.contains("match") { "accuracy" } else { "exact_match" })
        > 0.5
}

#[test]
fn each_rule_says_what_is_right() {
    let squad = "normalize: [white_space, articles, punctuation, case]";
    for (keys, target, answer, wanted) in [
        ("stop: [x]", "Paris", " Paris\n", true),
        ("stop: [x]", "Paris", "Paris.", false),
        ("stop: [x]", "Paris", "paris", false),
        ("stop: [x]", "[Paris, Paname]", " Paname", true),
        ("stop: [x]", "Paris", "", false),
        (squad, "Eiffel Tower", "The  eiffel tower.", true),
        (squad, "Eiffel Tower", "Eiffel's tower", false),
        ("normalize: [case]", "Paris", "PARIS", true),
        ("match: contains", "Paris", "It is Paris, I think", true),
        ("match: contains", "paris", "It is Paris", false),
        ("match: number", "'5'", "2 + 3 is 5.0.", true),
        ("match: number", "'5'", "5 is 2 + 3", false),
        ("match: number", "'1000'", "$1,000", true),
        ("match: number", "'2 + 3 = 5\\n#### 5'", "so it is 5", true),
        ("match: number", "'5'", "five", false),
        ("match: 'answer is (\\w+)'", "Paris", "The answer is Paris or answer is London", true),
        ("match: 'answer is (\\w+)'", "London", "The answer is Paris or answer is London", false),
        ("match: '[A-Z]\\w+'", "Paris", "it is Paris", true),
        ("match: '(x)|[A-Z]\\w+'", "Paris", "it is Paris", false),
    ] {
        assert_eq!(right(keys, target, answer), wanted, "{keys}, {target}: {answer:?}");
    }
}

#[test]
fn a_row_says_what_was_read_and_a_remark_what_could_not_be() {
    let spec = "
benchmark: b
tasks:
  - generate: sums
    template: \"Q: {{ input }}\\nA: {{ target }}\"
    match: number
    allow: [few-items]
    items:
      - [One, '1']
      - [Two, '2']
      - [Three, '3']
      - [Four, '4']
";
    let answers = [" it is 1", " none", "", " 4.0"];
    let next = RefCell::new(answers.iter());
    let task = judged(spec, |request| {
        let Request::Generate { prompt, max_tokens: 32, .. } = request else { panic!("{request:?}") };
        let answer = next.borrow_mut().next().unwrap();
        if prompt.contains("Four") {
            return Err(Failure::new(FailureKind::TooLong, "2,000 tokens, where 1,024 fit"));
        }
        Ok(written(answer))
    });
    assert_eq!(cell(&task, 0, "prompt"), &Cell::Text("Q: One\nA:".into()));
    assert_eq!(cell(&task, 0, "predicted"), &Cell::Text("1".into()));
    assert_eq!(cell(&task, 1, "predicted"), &Cell::Missing);
    assert_eq!(cell(&task, 0, "mean_logprob"), &Cell::Number(-1.5));
    assert_eq!(cell(&task, 0, "finish"), &Cell::Text("stop".into()));
    assert_eq!(task.table.rows[3].cells.as_ref().unwrap_err().kind, FailureKind::TooLong);
    assert!((value(&task, "accuracy") - 1.0 / 3.0).abs() < 1e-12);
    let remarks: Vec<_> = task.remarks.iter().map(|remark| remark.text.as_str()).collect();
    assert!(remarks.contains(&"1 of 4 answers are empty"), "{remarks:?}");
    assert!(remarks.contains(&"2 of 4 answers name nothing that could be right"), "{remarks:?}");
    assert!(task.notes.is_empty(), "remarks say it: {:?}", task.notes);
}

#[test]
fn token_f1_is_the_best_over_the_targets() {
    let spec = "
benchmark: b
tasks:
  - generate: g
    allow: [few-items]
    items:
      - [Q, [Eiffel Tower, tower of Paris]]
";
    // {tower, of, paris} against {the →, eiffel, tower} and {tower, of, paris}: 2·1/5, and 1.
    let task = answered(spec, &[("Q", "The tower of Paris!")]);
    assert!((value(&task, "token_f1") - 1.0).abs() < 1e-12);
    assert!(value(&task, "exact_match") < 0.5);
}

#[test]
fn examples_come_first_and_each_k_is_a_part() {
    let prompts = RefCell::new(Vec::new());
    let task = judged(
        "
benchmark: b
tasks:
  - generate: g
    template: \"Q: {{ input }}\\nA:\\n{{ target }}\"
    instruction: Answer.
    k: [2, 0]
    stop: [\"\\n\", END]
    shots:
      - [One, a]
      - [Two, [b, c]]
    allow: [few-items]
    items:
      - [Three, d]
",
        |request| {
            let Request::Generate { prompt, stop, decoding, .. } = request else { panic!("{request:?}") };
            assert_eq!((decoding, &*stop[0], &*stop[1]), (&Decoding::Greedy, "\n", "END"));
            prompts.borrow_mut().push(prompt.to_string());
            Ok(written("d"))
        },
    );
    let wanted = ["Answer.\n\nQ: Three\nA:\n", "Answer.\n\nQ: One\nA:\na\n\nQ: Two\nA:\nb\n\nQ: Three\nA:\n"];
    assert_eq!(*prompts.borrow(), wanted);
    let parts: Vec<_> = task.table.rows.iter().map(|row| row.key.group.as_deref()).collect();
    assert_eq!(parts, [Some("k=0"), Some("k=2")]);
    assert_eq!((task.measures[0].estimate.n, task.measures[0].estimate.clusters), (2, Some(1)));
}

#[test]
fn several_answers_are_drawn_by_seeds_of_their_own() {
    let seeds = RefCell::new(Vec::new());
    let spec = "
benchmark: b
tasks:
  - generate: g
    seed: 7
    samples: 3
    decoding: {temperature: 0.8}
    allow: [few-items]
    items:
      - [One, a]
      - [Two, b]
";
    let task = judged(spec, |request| {
        let Request::Generate { decoding: Decoding::Sampled(sampled), .. } = request else {
            panic!("{request:?}")
        };
        let mut seeds = seeds.borrow_mut();
        seeds.push(sampled.seed);
        Ok(written(if seeds[0] == sampled.seed { "a" } else { "c" }))
    });
    let seeds = seeds.into_inner();
    assert_eq!(seeds[..3], seeds[3..], "the same for every item: the prompt tells the draws apart");
    assert!(seeds[0] != seeds[1] && seeds[1] != seeds[2] && seeds[0] != seeds[2]);
    let rows: Vec<_> = task.table.rows.iter().map(|row| (row.key.item.as_str(), row.key.repeat)).collect();
    assert_eq!(rows, [("one", 0), ("one", 1), ("one", 2), ("two", 0), ("two", 1), ("two", 2)]);
    assert_eq!((task.measures[0].estimate.n, task.measures[0].estimate.clusters), (6, Some(2)));
    // One of three answers to the first item is right, none to the second: 1 − C(2,k)/C(3,k), over 2.
    for (metric, wanted) in [("exact_match", 1.0 / 6.0), ("pass@1", 1.0 / 6.0), ("pass@3", 0.5)] {
        assert!((value(&task, metric) - wanted).abs() < 1e-12, "{metric}");
    }
}

fn of(task: &TaskRecord, part: &str, metric: &str) -> f64 {
    let is = |measure: &&yardstick::record::Measure| {
        measure.group.as_deref() == Some(part) && measure.metric == metric
    };
    task.measures.iter().find(is).unwrap_or_else(|| panic!("{part} {metric}")).estimate.value.unwrap()
}

/// A classification of ten items into `1` and `0`.
fn classified(gold: &str, answers: &[&str]) -> TaskRecord {
    let mut spec = "
benchmark: b
tasks:
  - generate: binary
    labels: ['1', '0']
    allow: [few-items, label-without-items, unbalanced]
    items:
"
    .to_owned();
    for (place, label) in gold.split(' ').enumerate() {
        spec += &format!("      - [Q{place}, '{label}']\n");
    }
    let prompts: Vec<String> = (0..answers.len()).map(|place| format!("Q{place}")).collect();
    let answers: Vec<(&str, &str)> =
        prompts.iter().map(String::as_str).zip(answers.iter().copied()).collect();
    answered(&spec, &answers)
}

const GOLD: &str = "1 1 0 1 0 0 1 1 0 1";

#[test]
fn a_classification_has_the_numbers_of_scikit_learn() {
    let task = classified(GOLD, &["1", "1", "0", "0", "0", "1", "1", "1", "0", "1"]);
    // By accuracy_score, precision_recall_fscore_support, balanced_accuracy_score and matthews_corrcoef of scikit-learn
    // 1.9.1.
    let whole = [
        ("accuracy", 0.8),
        ("macro_f1", 19.0 / 24.0),
        ("balanced_accuracy", 19.0 / 24.0),
        ("mcc", 7.0 / 12.0),
    ];
    for (metric, wanted) in whole {
        assert!((value(&task, metric) - wanted).abs() < 1e-12, "{metric}");
    }
    for metric in ["precision", "recall", "f1"] {
        assert!((of(&task, "1", metric) - 5.0 / 6.0).abs() < 1e-12, "{metric}");
        assert!((of(&task, "0", metric) - 0.75).abs() < 1e-12, "{metric}");
    }
    assert!(value(&task, "no_label") < 1e-12);
    let cells = |row: &yardstick::record::Row| row.cells.clone().unwrap();
    let confusion: Vec<Vec<Cell>> = task.details[0].rows.iter().map(cells).collect();
    let row = |gold: &str, predicted: &str, count| vec![gold.into(), predicted.into(), Cell::Count(count)];
    assert_eq!(confusion, [row("0", "0", 3), row("0", "1", 1), row("1", "0", 1), row("1", "1", 5)]);
}

#[test]
fn an_answer_without_a_label_is_wrong_and_of_no_class() {
    let task = classified(GOLD, &["1", "1", "0", "It is 1 or 0", "0", "dunno", "1", "", "It is 0.", "1"]);
    assert_eq!(cell(&task, 3, "predicted"), &Cell::Missing);
    assert!((value(&task, "accuracy") - 0.7).abs() < 1e-12);
    assert!((value(&task, "no_label") - 0.3).abs() < 1e-12);
    // Of the six `1`, four are found, and nothing else is called so.
    assert!((of(&task, "1", "precision") - 1.0).abs() < 1e-12);
    assert!((of(&task, "1", "recall") - 4.0 / 6.0).abs() < 1e-12);
    assert!(task.notes.is_empty(), "remarks say it: {:?}", task.notes);
}

const GROUPED: &str = "
benchmark: b
tasks:
  - generate: mood
    labels: [good, bad]
    k: [0, 2, 10]
    selection: random
    shots: [[a, good], [b, bad], [c, good], [d, bad], [e, good], [f, bad], [g, good], [h, bad], [i, good], [j, bad]]
    allow: [few-items, label-without-items]
    items:
      - {input: One, target: good, group: x}
      - {input: Two, target: good, group: y}
";

#[test]
fn labels_are_counted_by_way_to_ask_in_their_order_and_else_for_the_whole_task() {
    let parts = |task: &TaskRecord| -> Vec<Option<String>> {
        task.details[0].rows.iter().map(|row| row.key.group.clone()).collect()
    };
    let ways = judged(GROUPED, |_| Ok(written("good")));
    assert_eq!(parts(&ways), ["k=0", "k=2", "k=10"].map(|part| Some(part.to_owned())));
    let whole = judged(&GROUPED.replace("k: [0, 2, 10]", "k: 10"), |_| Ok(written("good")));
    assert_eq!(parts(&whole), [None]);
    assert_eq!(whole.details[0].rows[0].cells, Ok(vec!["good".into(), "good".into(), Cell::Count(2)]));
}

#[test]
fn what_decides_whether_an_answer_is_right_is_part_of_what_is_compared() {
    let of = |spec: &str| judged(spec, |_| Ok(written("good"))).table.rows[0].key.content;
    let spec = |keys: &str| {
        format!(
            "\nbenchmark: b\ntasks:\n  - generate: g\n    {keys}\n    allow: [few-items]\n    items: [[Q, a]]\n"
        )
    };
    let all = [
        "match: exact",
        "match: contains",
        "normalize: [case]",
        "max_tokens: 3",
        "stop: [x]",
        "decoding: {temperature: 2}",
    ];
    let different: std::collections::BTreeSet<_> = all.iter().map(|keys| of(&spec(keys))).collect();
    assert_eq!(different.len(), all.len());
    assert_eq!(of(&spec("match: exact")), of(&spec("max_tokens: 32")), "the defaults, said or not");
}

#[test]
fn items_that_cannot_be_asked_are_not_taken_for_one() {
    // A template that fails on the second and third item alone.
    let spec = "
benchmark: b
tasks:
  - generate: g
    template: '{{ [1][input | length - 1] }} {{ target }}'
    allow: [few-items]
    items: [[a, x], [bb, x], [ccc, x]]
";
    let task = judged(spec, |_| Ok(written("x")));
    let rows = &task.table.rows;
    assert!(rows[1].cells.is_err() && rows[2].cells.is_err(), "{rows:?}");
    assert_ne!(rows[1].key.content, rows[2].key.content);
}

#[test]
fn an_expression_may_say_where_the_label_is() {
    let task = answered(
        "
benchmark: b
tasks:
  - generate: mood
    labels: [good, bad]
    match: 'answer is (.*)'
    allow: [few-items, label-without-items]
    items:
      - [One, good]
      - [Two, good]
",
        &[("One", "bad? no: the answer is good"), ("Two", "good")],
    );
    assert_eq!(cell(&task, 0, "predicted"), &Cell::Text("good".into()));
    assert_eq!(cell(&task, 1, "predicted"), &Cell::Missing);
}
