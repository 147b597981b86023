//! Multiple choice against answers made up here.

use std::cell::RefCell;

use yardstick::{
    plan::{Answer, Request, Scored},
    record::{Cell, TaskRecord},
};

use crate::kinds::{cell, judged, scoring, value};

/// Judges a spec whose every answer has the same probability, and gives what was asked.
fn asked(spec: &str) -> (TaskRecord, Vec<(String, String)>) {
    let asked = RefCell::new(Vec::new());
    let task = judged(spec, |request| {
        let Request::Score { prompt, ending, .. } = request else { panic!("{request:?}") };
        asked.borrow_mut().push((prompt.to_string(), ending.to_string()));
        Ok(Answer::Scored(Scored {
            ids: vec![1],
            texts: vec![String::new()],
            logprobs: vec![-1.0],
            ..Scored::default()
        }))
    });
    (task, asked.into_inner())
}

fn of(task: &TaskRecord, part: &str, metric: &str) -> f64 {
    let is = |measure: &&yardstick::record::Measure| {
        measure.group.as_deref() == Some(part) && measure.metric == metric
    };
    task.measures.iter().find(is).unwrap_or_else(|| panic!("{part} {metric}")).estimate.value.unwrap()
}

fn close(left: f64, right: f64) {
    assert!((left - right).abs() < 1e-6, "{left} {right}");
}

#[test]
fn letters_are_listed_and_scored_after_solved_examples() {
    let (task, asked) = asked(
        "
benchmark: b
tasks:
  - choice: planets
    formulation: letters
    instruction: Choose.
    k: 1
    shots:
      - {question: Which is red?, choices: [Venus, Mars], answer: Mars}
    allow: [few-items]
    items:
      - {question: Which is hot?, choices: [Venus, Pluto, Mars], answer: 1}
",
    );
    let prompt = "Choose.\n\nQuestion: Which is red?\n A. Venus\n B. Mars\nAnswer: B\n\nQuestion: Which is hot?\n A. Venus\n B. Pluto\n C. Mars\nAnswer:";
    let wanted = [" A", " B", " C"].map(|letter| (prompt.to_owned(), letter.to_owned()));
    assert_eq!(asked, wanted);
    assert_eq!(task.table.rows[0].key.group, None, "one way to ask is no part");
    assert_eq!(cell(&task, 0, "prompt"), &Cell::Text(prompt.into()));
    assert_eq!(cell(&task, 0, "gold"), &Cell::Text(" A".into()));
    // Three letters alike: what a guess gives.
    close(value(&task, "accuracy"), 1.0 / 3.0);
    close(task.measures[0].chance.unwrap(), 1.0 / 3.0);
}

#[test]
fn a_template_of_ones_own_may_list_the_answers_in_any_way() {
    let (_, asked) = asked(
        "
benchmark: b
tasks:
  - choice: planets
    formulation: letters
    template: \"{{ question }}{% for one in options %} ({{ one.letter }}) {{ one.text }}{% endfor %}\\nIt is ({{ answer }})\"
    allow: [few-items]
    items:
      - {question: Which is hot?, choices: [Venus, Pluto], answer: 1}
",
    );
    let prompt = "Which is hot? (A) Venus (B) Pluto\nIt is (";
    assert_eq!(asked, [(prompt.into(), "A".into()), (prompt.into(), "B".into())]);
}

#[test]
fn every_way_to_ask_is_a_part_of_the_task() {
    let (task, asked) = asked(
        "
benchmark: b
tasks:
  - choice: planets
    formulation: [letters, cloze]
    k: [0, 2]
    separator: \"\\n\"
    shots:
      - {question: Which is red?, choices: [Venus, Mars], answer: Mars}
      - {question: Which is hot?, choices: [Venus, Pluto], answer: Venus}
      - {question: Which is blue?, choices: [Earth, Pluto], answer: Earth}
    allow: [few-items, shot-in-items, unused-shots]
    items:
      - {question: Which is hot?, choices: [Venus, Pluto], answer: 1, group: near}
",
    );
    let parts: Vec<_> = task.table.rows.iter().map(|row| row.key.group.as_deref().unwrap()).collect();
    close(of(&task, "letters.k=2.near", "accuracy"), 0.5);
    assert_eq!(parts, ["cloze.k=0", "cloze.k=2", "letters.k=0", "letters.k=2"]);
    // The item itself is among the examples, and is not shown to itself.
    let prompt = "Question: Which is red?\nAnswer: Mars\nQuestion: Which is blue?\nAnswer: Earth\nQuestion: Which is hot?\nAnswer:";
    assert_eq!(asked[2], (prompt.to_owned(), " Venus".to_owned()));
    // Four rows of one item are one item.
    assert_eq!((task.measures[0].estimate.n, task.measures[0].estimate.clusters), (4, Some(1)));
}

const NORMALIZED: &str = "
benchmark: b
tasks:
  - choice: words
    normalization: [none, token, byte, pmi]
    allow: [few-items]
    items:
      - {question: One?, choices: [long, b], answer: long, group: first}
      - {question: Two?, choices: [x, y, z], answer: [x, 3], group: second}
";

#[test]
fn answers_are_compared_by_each_normalization_and_several_may_be_right() {
    let task = judged(
        NORMALIZED,
        scoring(&[
            // The sum prefers `b`, tokens and bytes prefer `long`, and so does pmi.
            ("Question: One?\nAnswer:| long", &[-1.0, -1.0, -1.0]),
            ("Question: One?\nAnswer:| b", &[-2.0]),
            ("Answer:| long", &[-6.0]),
            ("Answer:| b", &[-4.0]),
            // Two right answers and a wrong one that is as probable as the better of them.
            ("Question: Two?\nAnswer:| x", &[-1.0]),
            ("Question: Two?\nAnswer:| y", &[-1.0]),
            ("Question: Two?\nAnswer:| z", &[-3.0]),
            ("Answer:| x", &[-1.0]),
            ("Answer:| y", &[-1.0]),
            ("Answer:| z", &[-9.0]),
        ]),
    );
    let column = |name: &str| -> Vec<f64> { task.table.numbers(name).map(|(_, number)| number).collect() };
    assert_eq!(column("correct"), [0.0, 0.5]);
    assert_eq!(column("correct_token"), [1.0, 0.5]);
    assert_eq!(column("correct_byte"), [1.0, 0.5]);
    assert_eq!(column("correct_pmi"), [1.0, 1.0]);
    assert_eq!(column("rank"), [2.0, 1.0]);
    assert_eq!(column("margin"), [-1.0, 0.0]);
    assert_eq!(cell(&task, 1, "gold"), &Cell::Text(" x | z".into()));
    // Softmax of (-3, -2), and of (-1, -1, -3) with the first and the last together, by numpy.
    let [nll, brier, confidence] = ["nll", "brier", "confidence"].map(column);
    close(nll[0], 1.313_261_687_518_223);
    close(nll[1], 0.631_695_664_636_540_9);
    close(brier[0], 2.0 * 0.731_058_578_630_004_9_f64.powi(2));
    close(brier[1], 0.438_629_506_579_073_85);
    close(confidence[0], 0.731_058_578_630_004_9);
    close(confidence[1], 0.468_310_53);
    // Two answers in bins of their own: the means of |0 − 0.731…| and |0.5 − 0.468…|.
    close(value(&task, "ece"), 0.381_374_024_3);
    // A guess is right once in two, and twice in three; of each group by itself.
    let chance = |part: Option<&str>| {
        let is = |measure: &&yardstick::record::Measure| {
            measure.group.as_deref() == part && measure.metric == "accuracy"
        };
        task.measures.iter().find(is).unwrap().chance.unwrap()
    };
    close(chance(None), f64::midpoint(1.0 / 2.0, 2.0 / 3.0));
    close(chance(Some("second")), 2.0 / 3.0);
    close(of(&task, "first", "accuracy_token"), 1.0);
    assert!(task.notes.iter().any(|note| note.contains("1 item scored exactly alike")), "{:?}", task.notes);
}

#[test]
fn pmi_of_letters_asks_what_a_letter_is_worth_without_its_question() {
    let (_, asked) = asked(
        "
benchmark: b
tasks:
  - choice: planets
    formulation: letters
    normalization: pmi
    allow: [few-items]
    items:
      - {question: Which is hot?, choices: [Venus, Pluto], answer: 1}
",
    );
    let alone: Vec<_> = asked.iter().filter(|(prompt, _)| prompt == "Answer:").collect();
    assert_eq!(alone.len(), 2, "{asked:?}");
}
