//! Labels after solved examples, against answers made up here, whose right outcome is computed by hand.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use yardstick::{
    plan::{Answer, Failure, FailureKind, Request, Scored},
    record::{Cell, Measure, Table, TaskRecord},
    spec::{Choices, load},
    task::{Task, plan},
};

use crate::kinds::{cell, judged};

/// The natural logarithm of a probability, as one token.
fn scored(probability: f64) -> Answer {
    let logprobs = vec![probability.ln() as f32];
    Answer::Scored(Scored { ids: vec![1], texts: vec![String::new()], logprobs, ..Scored::default() })
}

/// Judges a spec with the probability of each ending after each prompt; no other prompt may be asked, and none left out.
fn probable(spec: &str, table: &[(&str, [(&str, f64); 2])]) -> TaskRecord {
    let asked = RefCell::new(BTreeSet::new());
    let task = judged(spec, |request| {
        let Request::Score { prompt, ending, .. } = request else { panic!("{request:?}") };
        asked.borrow_mut().insert(prompt.to_string());
        let found = table.iter().find(|(text, _)| *text == &**prompt);
        let (_, endings) = found.unwrap_or_else(|| panic!("asked `{prompt}`"));
        let found = endings.iter().find(|(text, _)| *text == &**ending);
        Ok(scored(found.unwrap_or_else(|| panic!("asked for `{ending}` after `{prompt}`")).1))
    });
    assert_eq!(asked.borrow().len(), table.len());
    task
}

fn measure<'a>(task: &'a TaskRecord, part: &str, metric: &str) -> &'a Measure {
    let is =
        |measure: &&Measure| measure.metric == metric && measure.group.as_deref().unwrap_or_default() == part;
    task.measures.iter().find(is).unwrap_or_else(|| panic!("no {part}.{metric}"))
}

#[track_caller]
fn is(task: &TaskRecord, part: &str, metric: &str, wanted: f64) {
    close(measure(task, part, metric).estimate.value.unwrap(), wanted);
}

/// Probabilities are kept as logarithms in half the digits.
#[track_caller]
fn close(found: f64, wanted: f64) {
    assert!((found - wanted).abs() < 1e-6, "{found} {wanted}");
}

#[track_caller]
fn number(task: &TaskRecord, row: usize, column: &str, wanted: f64) {
    close(cell(task, row, column).number().unwrap(), wanted);
}

fn detail<'a>(task: &'a TaskRecord, name: &str) -> &'a Table {
    task.details.iter().find(|table| table.name == name).unwrap_or_else(|| panic!("no table {name}"))
}

fn texts(task: &TaskRecord, column: &str) -> Vec<String> {
    let text = |row: usize| match cell(task, row, column) {
        Cell::Text(text) => text.clone(),
        other => panic!("{other:?}"),
    };
    (0..task.table.rows.len()).map(text).collect()
}

#[test]
fn labels_are_scored_after_the_examples_that_an_item_may_see() {
    let task = probable(
        r#"
benchmark: b
tasks:
  - icl: tone
    labels: [pos, neg]
    verbalizer: {pos: good}
    instruction: Judge.
    template: "Text: {{ input }}\nTone: {{ label }}"
    separator: "\n--\n"
    k: [2, 0, 2]
    shots: [[A, pos], [B, neg], [C, pos]]
    items:
      - [X, pos]
      - [B, neg]
      - {input: Y, label: pos, group: own, shots: [[D, neg], [E, pos], [F, pos]]}
"#,
        &[
            ("Judge.\n--\nText: X\nTone:", [(" good", 0.6), (" neg", 0.2)]),
            ("Judge.\n--\nText: B\nTone:", [(" good", 0.4), (" neg", 0.4)]),
            ("Judge.\n--\nText: Y\nTone:", [(" good", 0.1), (" neg", 0.3)]),
            (
                "Judge.\n--\nText: A\nTone: good\n--\nText: B\nTone: neg\n--\nText: X\nTone:",
                [(" good", 0.9), (" neg", 0.1)],
            ),
            // Itself an example: it sees the next one instead.
            (
                "Judge.\n--\nText: A\nTone: good\n--\nText: C\nTone: good\n--\nText: B\nTone:",
                [(" good", 0.1), (" neg", 0.3)],
            ),
            (
                "Judge.\n--\nText: D\nTone: neg\n--\nText: E\nTone: good\n--\nText: Y\nTone:",
                [(" good", 0.5), (" neg", 0.25)],
            ),
        ],
    );
    assert_eq!(task.table.rows.len(), 6);
    let parts: Vec<_> = task.table.rows.iter().map(|row| row.key.group.as_deref().unwrap()).collect();
    assert_eq!(parts, ["k=0", "k=0", "k=0", "k=2", "k=2", "k=2"]);
    assert_eq!(texts(&task, "gold"), ["pos", "neg", "pos", "pos", "neg", "pos"]);
    // A tie goes to the label that stands first, and counts half.
    assert_eq!(texts(&task, "output"), ["pos", "pos", "neg", "pos", "neg", "pos"]);
    let columns = ["correct", "p_correct", "p_label", "confidence", "label_mass", "brier", "nll", "margin"];
    let rows = [
        [1.0, 0.6, 0.75, 0.75, 0.8, 0.125, -f64::ln(0.75), f64::ln(3.0)],
        [0.5, 0.4, 0.5, 0.5, 0.8, 0.5, f64::ln(2.0), 0.0],
        [0.0, 0.1, 0.25, 0.75, 0.4, 1.125, f64::ln(4.0), -f64::ln(3.0)],
        [1.0, 0.9, 0.9, 0.9, 1.0, 0.02, -f64::ln(0.9), f64::ln(9.0)],
    ];
    for (row, wanted) in rows.into_iter().enumerate() {
        for (column, wanted) in columns.into_iter().zip(wanted) {
            number(&task, row, column, wanted);
        }
    }
    is(&task, "k=0", "accuracy", 0.5);
    is(&task, "k=2", "accuracy", 1.0);
    is(&task, "k=0.own", "accuracy", 0.0);
    is(&task, "k=2.own", "accuracy", 1.0);
    is(&task, "k=2", "p_label", (0.9 + 0.75 + 2.0 / 3.0) / 3.0);
    is(&task, "k=0", "brier", (0.125 + 0.5 + 1.125) / 3.0);
    // Right would be pos, neg, pos; said is pos, pos, neg.
    is(&task, "k=0.pos", "precision", 0.5);
    is(&task, "k=0.pos", "recall", 0.5);
    is(&task, "k=0.neg", "f1", 0.0);
    is(&task, "k=0", "macro_f1", 0.25);
    is(&task, "k=0", "balanced_accuracy", 0.25);
    is(&task, "k=2", "accuracy_minus_k=0", 0.5);
    let whole = &measure(&task, "", "accuracy").estimate;
    close(whole.value.unwrap(), 0.75);
    assert_eq!((whole.n, whole.clusters), (6, Some(3)), "two answers to one item are not two items");
    assert_eq!(measure(&task, "k=0", "accuracy").chance, Some(0.5));
    let counts: Vec<_> = detail(&task, "confusion")
        .rows
        .iter()
        .map(|row| (row.key.group.clone().unwrap(), row.cells.clone().unwrap()))
        .filter(|(part, _)| part == "k=0")
        .map(|(_, cells)| cells)
        .collect();
    let count = |gold: &str, predicted: &str| vec![gold.into(), predicted.into(), Cell::Count(1)];
    assert_eq!(counts, [count("neg", "pos"), count("pos", "neg"), count("pos", "pos")]);
    let tie = "1 answer: the most probable labels scored exactly alike";
    assert!(task.notes.iter().any(|note| note.starts_with(tie)), "{:?}", task.notes);
}

#[test]
fn a_calibrated_label_is_held_against_inputs_that_say_nothing() {
    let task = probable(
        "
benchmark: b
tasks:
  - icl: calibrated
    labels: [pos, neg]
    calibration: contextual
    k: 1
    shots: [[A, pos]]
    items:
      - [X, neg]
",
        &[
            ("Input: A\nLabel: pos\n\nInput: X\nLabel:", [(" pos", 0.5), (" neg", 0.3)]),
            ("Input: A\nLabel: pos\n\nInput: N/A\nLabel:", [(" pos", 0.6), (" neg", 0.2)]),
            ("Input: A\nLabel: pos\n\nInput: [MASK]\nLabel:", [(" pos", 0.5), (" neg", 0.1)]),
            ("Input: A\nLabel: pos\n\nInput: \nLabel:", [(" pos", 0.7), (" neg", 0.3)]),
        ],
    );
    // The means are 0.6 and 0.2; 0.5 / 0.6 against 0.3 / 0.2.
    number(&task, 0, "p_label", 0.375);
    number(&task, 0, "p_label_calibrated", 1.5 / (0.5 / 0.6 + 1.5));
    assert_eq!(
        (texts(&task, "output"), texts(&task, "output_calibrated")),
        (vec!["pos".into()], vec!["neg".into()])
    );
    is(&task, "k=1", "accuracy", 0.0);
    is(&task, "k=1", "accuracy_calibrated", 1.0);
}

/// The inputs of a prompt's examples, in order.
fn shown(prompt: &str) -> Vec<&str> {
    let mut inputs: Vec<&str> = prompt.lines().filter_map(|line| line.strip_prefix("Input: ")).collect();
    inputs.pop();
    inputs
}

#[test]
fn there_are_no_more_orders_than_the_examples_have() {
    let task = judged(
        "
benchmark: b
tasks:
  - icl: orders
    labels: [pos, neg]
    k: [1, 2, 3]
    orders: 10
    shots: [[A, pos], [B, neg], [C, pos]]
    allow: [label-without-items, few-items]
    items: [[X, pos]]
",
        |_| Ok(scored(0.5)),
    );
    let repeats =
        |part: &str| task.table.rows.iter().filter(|row| row.key.group.as_deref() == Some(part)).count();
    assert_eq!(["k=1", "k=2", "k=3"].map(repeats), [1, 2, 6]);
}

#[test]
fn the_spread_over_orders_is_told_apart_from_that_over_items() {
    let task = judged(
        "
benchmark: b
tasks:
  - icl: orders
    labels: [pos, neg]
    k: [0, 1, 3]
    orders: 6
    seed: 2
    shots: [[A, pos], [B, neg], [C, pos]]
    items: [[X, pos], [Y, pos], [Z, neg]]
",
        // The last example's label is repeated where there are three.
        |request| {
            let Request::Score { prompt, ending, .. } = request else { panic!("{request:?}") };
            let repeated = if shown(prompt).last() == Some(&"B") { " neg" } else { " pos" };
            Ok(scored(if **ending == *repeated { 0.8 } else { 0.2 }))
        },
    );
    // Nothing to put into another order: none, or one.
    let repeats = |part: &str| -> BTreeSet<u32> {
        let of_part = task.table.rows.iter().filter(|row| row.key.group.as_deref() == Some(part));
        of_part.map(|row| row.key.repeat).collect()
    };
    assert_eq!((repeats("k=0").len(), repeats("k=1").len(), repeats("k=3").len()), (1, 1, 6));
    let mut accuracies = BTreeMap::new();
    for (row, prompt) in task.table.rows.iter().zip(texts(&task, "prompt")) {
        if row.key.group.as_deref() == Some("k=3") {
            let order = shown(&prompt);
            assert_eq!(order.iter().collect::<BTreeSet<_>>().len(), 3);
            // One order for all items.
            let right = if order[2] == "B" { 1.0 / 3.0 } else { 2.0 / 3.0 };
            close(*accuracies.entry(row.key.repeat).or_insert(right), right);
        }
    }
    assert_eq!(shown(&texts(&task, "prompt")[6]), ["A", "B", "C"], "the first order is the one listed");
    let accuracies: Vec<f64> = accuracies.into_values().collect();
    let mean = accuracies.iter().sum::<f64>() / 6.0;
    let variance = accuracies.iter().map(|accuracy| (accuracy - mean).powi(2)).sum::<f64>() / 5.0;
    assert!(variance > 0.0);
    is(&task, "k=3", "order_spread", variance.sqrt());
    is(&task, "k=3", "accuracy", mean);
    let estimate = &measure(&task, "k=3", "accuracy").estimate;
    assert_eq!((estimate.n, estimate.clusters), (18, Some(3)));
    // All orders are held against the only one without examples, in which two of three are right.
    is(&task, "k=3", "accuracy_minus_k=0", mean - 2.0 / 3.0);
    assert_eq!(measure(&task, "k=3", "accuracy_minus_k=0").estimate.n, 18);
    let orders = detail(&task, "orders").rows.iter().filter(|row| row.key.group.as_deref() == Some("k=3"));
    let listed: Vec<f64> = orders.map(|row| row.cells.as_ref().unwrap()[1].number().unwrap()).collect();
    assert_eq!(listed, accuracies);
    let note = "k=3: of 6 orders of the examples the accuracy goes from 0.333 (order ";
    assert!(task.notes.iter().any(|told| told.starts_with(note)), "{:?}", task.notes);
}

#[test]
fn examples_are_drawn_for_each_item_and_never_the_item_itself() {
    let items = "[[A, pos], [B, neg], [C, pos], [D, neg], [E, pos], [F, neg]]";
    for (selection, k) in [("random", 4), ("balanced", 4), ("random", 9)] {
        let task = judged(
            &format!(
                "
benchmark: b
tasks:
  - icl: drawn
    labels: [pos, neg]
    k: {}
    selection: {selection}
    allow: [shot-in-items]
    shots: {items}
    items: {items}
",
                k.min(6)
            ),
            |_| Ok(scored(0.5)),
        );
        let inputs = ["A", "B", "C", "D", "E", "F"];
        let prompts = texts(&task, "prompt");
        let drawn: Vec<Vec<&str>> = prompts.iter().map(|prompt| shown(prompt)).collect();
        for (item, drawn) in inputs.iter().zip(&drawn) {
            assert!(!drawn.contains(item), "{drawn:?}");
            assert_eq!(drawn.len(), k.min(5), "as many as there are");
            if selection == "balanced" {
                let positive = drawn.iter().filter(|input| ["A", "C", "E"].contains(input)).count();
                assert_eq!(positive, 2, "{drawn:?}");
            }
        }
        assert!(drawn.iter().collect::<BTreeSet<_>>().len() > 3, "{drawn:?}");
        let fewer = "6 answers: fewer than k solved examples were left to show";
        assert_eq!(task.notes.iter().any(|note| note == fewer), k > 5, "{:?}", task.notes);
    }
}

const WAYS: &str = r#"
benchmark: b
tasks:
  - strategies: ways
    labels: [pos, neg]
    shots: [[A, pos]]
    items: [[X, pos], [Y, neg], [Z, neg]]
    compare:
      ask: {template: "Is {{ input }} good? {{ label }}", verbalizer: {pos: yes, neg: no}}
      show: {template: "{{ input }} = {{ label }}", k: 1, separator: "; ", instruction: Go}
"#;

#[test]
fn each_strategy_asks_in_its_own_words() {
    let task = probable(
        WAYS,
        &[
            ("Is X good?", [(" yes", 0.5), (" no", 0.1)]),
            ("Is Y good?", [(" yes", 0.5), (" no", 0.1)]),
            ("Is Z good?", [(" yes", 0.5), (" no", 0.1)]),
            ("Go; A = pos; X =", [(" pos", 0.5), (" neg", 0.1)]),
            ("Go; A = pos; Y =", [(" pos", 0.1), (" neg", 0.4)]),
            ("Go; A = pos; Z =", [(" pos", 0.1), (" neg", 0.4)]),
        ],
    );
    is(&task, "ask", "accuracy", 1.0 / 3.0);
    is(&task, "show", "accuracy", 1.0);
    is(&task, "ask", "label_mass", 0.6);
    assert_eq!(texts(&task, "output"), ["pos", "pos", "pos", "pos", "neg", "neg"]);
    is(&task, "show", "accuracy_minus_ask", 2.0 / 3.0);
    // Both right, only the first, only the second, neither, tied.
    let pairs = &detail(&task, "pairs").rows;
    let wanted: Vec<Cell> = vec!["ask".into(), "show".into()];
    let counts = [1_usize, 0, 2, 0, 0].map(Cell::from);
    assert_eq!(pairs.len(), 1);
    assert_eq!(pairs[0].cells.as_ref().unwrap(), &[wanted, counts.to_vec()].concat());
    // Two items that differ decide nothing.
    let best = "show has the best accuracy here (1.00), which may be luck: not decided against ask";
    assert_eq!(task.notes[0], best);
}

#[test]
fn a_question_that_fails_is_a_row_and_leaves_its_item_out_of_every_pair() {
    let task = judged(WAYS, |request| {
        if request.prompt() == "Is Y good?" {
            return Err(Failure::new(FailureKind::TooLong, "2,000 tokens, where 1,024 fit"));
        }
        Ok(scored(0.5))
    });
    assert_eq!(task.table.rows.len(), 6);
    assert_eq!(task.table.rows[1].cells.as_ref().unwrap_err().kind, FailureKind::TooLong);
    assert_eq!(measure(&task, "ask", "accuracy").estimate.n, 2);
    assert_eq!(measure(&task, "show", "accuracy_minus_ask").estimate.n, 2);
    // Every label is as probable as the other: half right, and neither right nor wrong.
    is(&task, "show", "accuracy", 0.5);
    assert_eq!(detail(&task, "pairs").rows[0].cells.as_ref().unwrap()[6], Cell::Count(2));
}

#[test]
fn reviews_are_asked_as_transformers_was_asked() {
    let loaded = load::<Task>(&["specs/known-answers/reviews.yaml".into()], &Choices::default());
    assert!(!loaded.findings.failed(), "{:?}", loaded.findings);
    let tasks: Vec<_> = loaded.suite.tasks.iter().collect();
    let plan = plan(&tasks).unwrap();
    let asked: BTreeSet<(&str, &str)> = plan
        .requests
        .iter()
        .map(|request| {
            let Request::Score { prompt, ending, .. } = request else { panic!("{request:?}") };
            (&**prompt, &**ending)
        })
        .collect();
    let golden: serde_json::Value =
        serde_json::from_str(include_str!("../../src/reference/model/golden.json")).unwrap();
    let golden = golden["sentiment"].as_array().unwrap();
    assert_eq!(golden.len(), 60);
    for question in golden {
        for ending in question["endings"].as_array().unwrap() {
            let wanted = (question["prompt"].as_str().unwrap(), ending["text"].as_str().unwrap());
            assert!(asked.contains(&wanted), "{wanted:?}");
        }
    }
}
