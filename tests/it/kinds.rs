//! What each kind of task asks and makes of the answers: against answers made up here, whose right outcome is plain.

use std::{collections::BTreeSet, path::PathBuf};

use yardstick::{
    engine::{Engine, drive, mock::Mock},
    plan::{Answer, Answers, Failure, FailureKind, Request, Scored},
    record::{Cell, Measure, TaskRecord},
    spec::{Choices, Kinds, Loaded, load},
    task::{Task, plan},
};

fn read(spec: &str) -> Loaded<Task> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spec.yaml");
    std::fs::write(&path, spec).unwrap();
    let loaded = load::<Task>(&[path], &Choices::default());
    assert!(!loaded.findings.failed(), "{:?}", loaded.findings);
    loaded
}

/// Judges the only task of a spec, each request answered by a function.
pub fn judged(spec: &str, answer: impl Fn(&Request) -> Result<Answer, Failure>) -> TaskRecord {
    let loaded = read(spec);
    let tasks: Vec<_> = loaded.suite.tasks.iter().collect();
    let mut plan = plan(&tasks).unwrap();
    let mut answers = Answers::none(plan.requests.len());
    for (index, request) in plan.requests.iter().enumerate() {
        answers.put(index, answer(request));
    }
    plan.tasks.remove(0).judge(&answers, None)
}

/// An ending's log-probabilities, by its text.
pub fn scoring<'a>(table: &'a [(&'a str, &'a [f32])]) -> impl Fn(&Request) -> Result<Answer, Failure> + 'a {
    move |request| {
        let Request::Score { prompt, ending, .. } = request else { panic!("{request:?}") };
        let whole = format!("{prompt}|{ending}");
        let found = table.iter().find(|(text, _)| *text == whole);
        let (_, logprobs) = found.unwrap_or_else(|| panic!("asked `{whole}`"));
        let ids = (0..).take(logprobs.len()).collect();
        let texts = vec![String::new(); logprobs.len()];
        let bytes = ending.len() as u32;
        Ok(Answer::Scored(Scored {
            ids,
            texts,
            logprobs: logprobs.to_vec(),
            bytes,
            before: 1,
            dropped: 0,
            straddles: false,
        }))
    }
}

pub fn cell<'a>(task: &'a TaskRecord, row: usize, column: &str) -> &'a Cell {
    let place = task.table.column(column).unwrap_or_else(|| panic!("no column {column}"));
    &task.table.rows[row].cells.as_ref().unwrap()[place]
}

pub fn value(task: &TaskRecord, metric: &str) -> f64 {
    let measure = task.measures.iter().find(|measure| measure.metric == metric && measure.group.is_none());
    measure.unwrap_or_else(|| panic!("no metric {metric}")).estimate.value.unwrap()
}

const PAIRS: &str = "
benchmark: b
tasks:
  - cloze: pairs
    normalization: [none, token, byte, pmi]
    allow: [few-items]
    items:
      - [One, right, wrong, worse]
      - [Two, a, b]
      - [Three, c, d]
";

#[test]
fn cloze_decides_by_each_normalization_and_a_tie_counts_what_a_guess_gives() {
    let task = judged(
        PAIRS,
        scoring(&[
            // Sum: wrong wins. By token and by byte: right wins. Without the prompt: both alike, so pmi follows the sum.
            ("One| right", &[-1.0, -1.0, -1.0]),
            ("One| wrong", &[-2.0]),
            ("One| worse", &[-9.0]),
            ("| right", &[-5.0]),
            ("| wrong", &[-5.0]),
            ("| worse", &[-5.0]),
            // Exactly alike, but `b` alone is less probable: pmi prefers it.
            ("Two| a", &[-1.5]),
            ("Two| b", &[-1.5]),
            ("| a", &[-3.0]),
            ("| b", &[-4.0]),
            ("Three| c", &[-2.0, -2.0]),
            ("Three| d", &[-3.0, -3.0]),
            ("| c", &[-1.0]),
            ("| d", &[-3.0]),
        ]),
    );
    let column = |name: &str| -> Vec<f64> { task.table.numbers(name).map(|(_, number)| number).collect() };
    assert_eq!(column("correct"), [0.0, 0.5, 1.0]);
    assert_eq!(column("correct_token"), [1.0, 0.5, 1.0]);
    // -3 over 5 bytes against -2 over 5.
    assert_eq!(column("correct_byte"), [0.0, 0.5, 1.0]);
    assert_eq!(column("correct_pmi"), [0.0, 0.0, 0.5]);
    assert_eq!(column("rank"), [2.0, 1.0, 1.0]);
    assert_eq!(column("margin"), [-1.0, 0.0, 2.0]);
    assert_eq!(column("first_token_correct"), [1.0, 0.5, 1.0]);
    assert_eq!(cell(&task, 0, "output"), &Cell::Text(" wrong".into()));
    assert!((value(&task, "accuracy") - 0.5).abs() < 1e-12);
    assert!((value(&task, "ratio") - (1.0f64 / 3.0).exp()).abs() < 1e-12);
    // One item of three endings, two of two.
    assert!((task.measures[0].chance.unwrap() - (1.0 / 3.0 + 0.5 + 0.5) / 3.0).abs() < 1e-12);
    assert!(task.notes.iter().any(|note| note.contains("1 item scored exactly alike")), "{:?}", task.notes);
}

#[test]
fn a_tie_of_three_endings_counts_a_third() {
    let spec = PAIRS.replace("    normalization: [none, token, byte, pmi]\n", "");
    let task = judged(&spec, |_| {
        let scored =
            Scored { ids: vec![1], texts: vec![String::new()], logprobs: vec![-1.0], ..Scored::default() };
        Ok(Answer::Scored(scored))
    });
    let correct: Vec<f64> = task.table.numbers("correct").map(|(_, number)| number).collect();
    assert_eq!(correct, [1.0 / 3.0, 0.5, 0.5]);
    // What guessing gives, and what is found where nothing is known, are one number.
    assert!((value(&task, "accuracy") - task.measures[0].chance.unwrap()).abs() < 1e-12);
    let shown: Vec<&str> = task.remarks.iter().map(|remark| remark.text.as_str()).collect();
    assert!(
        shown.iter().any(|text| text.ends_with(": better than guessing (0.44) is not shown")),
        "{shown:?}"
    );
}

#[test]
fn texts_that_begin_alike_in_two_groups_are_two_texts() {
    let task = judged(
        "
benchmark: b
tasks:
  - perplexity: p
    baseline: short
    allow: [few-items]
    groups:
      short: [one two three four five six seven eight nine., ten]
      long: [one two three four five six seven eight nine!, eleven]
",
        |request| {
            let Request::Score { ending, .. } = request else { panic!("{request:?}") };
            let logprobs = vec![-(ending.len() as f32) / 8.0];
            Ok(Answer::Scored(Scored {
                ids: vec![1],
                texts: vec![String::new()],
                logprobs,
                ..Scored::default()
            }))
        },
    );
    let ratio = task.measures.iter().find(|measure| measure.metric == "ratio").unwrap();
    assert!(ratio.estimate.interval.is_ok(), "{:?}", ratio.estimate);
}

#[test]
fn an_item_without_an_answer_is_a_row_with_its_reason() {
    let task = judged(PAIRS, |request| {
        if request.prompt() == "Two" {
            return Err(Failure::new(FailureKind::TooLong, "2,000 tokens, where 1,024 fit"));
        }
        let scored =
            Scored { ids: vec![1], texts: vec![String::new()], logprobs: vec![-1.0], ..Scored::default() };
        Ok(Answer::Scored(scored))
    });
    assert_eq!(task.table.rows.len(), 3);
    assert_eq!(task.table.rows[1].cells.as_ref().unwrap_err().kind, FailureKind::TooLong);
    assert_eq!(task.measures[0].estimate.n, 2);
}

#[test]
fn perplexity_is_the_quotient_of_sums_in_every_unit() {
    let task = judged(
        "
benchmark: b
tasks:
  - perplexity: p
    units: [token, word, byte]
    baseline: short
    allow: [few-items]
    groups:
      short: [one two, three]
      long: [four five six]
",
        scoring(&[
            ("|one two", &[-1.0, -2.0]),
            ("|three", &[-1.5, -0.5, -1.0]),
            ("|four five six", &[-4.0, -4.0, -4.0]),
        ]),
    );
    let of = |group: Option<&str>, metric: &str| {
        let is = |measure: &&Measure| measure.group.as_deref() == group && measure.metric == metric;
        task.measures.iter().find(is).unwrap_or_else(|| panic!("{group:?} {metric}")).estimate.value.unwrap()
    };
    let close = |left: f64, right: f64| assert!((left - right).abs() < 1e-12, "{left} {right}");
    // Nats: short 6 over 5 tokens, 3 words, 12 bytes; long 12 over 3 tokens, 3 words, 13 bytes.
    close(of(Some("short"), "perplexity"), (6.0f64 / 5.0).exp());
    close(of(Some("short"), "word_perplexity"), 2.0f64.exp());
    close(of(Some("short"), "byte_perplexity"), 0.5f64.exp());
    close(of(Some("short"), "bits_per_byte"), 0.5 / std::f64::consts::LN_2);
    close(of(Some("long"), "perplexity"), 4.0f64.exp());
    close(of(Some("long"), "ratio"), (4.0f64 - 1.2).exp());
    close(of(None, "perplexity"), (18.0f64 / 8.0).exp());
}

/// The snapshots show what a change changes; they hold nothing that is true, for the answers are made up.
#[test]
fn the_examples_report_what_their_kinds_promise_and_ask_nothing_twice() {
    let entries = ["specs", "specs/notebook"].map(|folder| std::fs::read_dir(folder).unwrap());
    let mut examples: Vec<PathBuf> =
        entries.into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    examples.retain(|path| path.extension().is_some_and(|ending| ending == "yaml"));
    examples.retain(|path| !path.to_str().unwrap().ends_with(".suite.yaml"));
    assert!(examples.len() >= 16);
    for path in examples {
        let loaded = load::<Task>(std::slice::from_ref(&path), &Choices::default());
        assert!(!loaded.findings.failed(), "{}: {:?}", path.display(), loaded.findings);
        let tasks: Vec<_> = loaded.suite.tasks.iter().collect();
        let plan = plan(&tasks).unwrap();
        let mut mock = Mock::default();
        let model = mock.card().digest();
        let different: BTreeSet<_> = plan.requests.iter().map(|request| request.digest(&model)).collect();
        assert_eq!(different.len(), plan.requests.len(), "{}", path.display());
        let answers = drive(&mut mock, &plan.requests, &mut |_, _| std::ops::ControlFlow::Continue(()));
        let mut lines = Vec::new();
        for (task, spec) in plan.tasks.into_iter().zip(&tasks) {
            let promised: BTreeSet<(Option<String>, String)> =
                spec.kind.kind().metrics().into_iter().map(|one| (one.part, one.metric)).collect();
            let record = task.judge(&answers, None);
            let reported: BTreeSet<(Option<String>, String)> = record
                .measures
                .iter()
                .map(|measure| (measure.group.clone(), measure.metric.clone()))
                .collect();
            assert_eq!(promised, reported, "{} of {}", record.name, path.display());
            let items: BTreeSet<&str> = record.table.rows.iter().map(|row| row.key.item.as_str()).collect();
            assert_eq!(items.len(), spec.kind.kind().items().taken);
            lines.push(format!("{} ({})", record.name, record.kind));
            lines.extend(record.measures.iter().map(line));
        }
        insta::assert_snapshot!(format!("mock_{}", path.file_stem().unwrap().display()), lines.join("\n"));
    }
}

/// A number as it stands in a snapshot: six digits, so that the last bits of another machine do not matter.
fn line(measure: &Measure) -> String {
    let estimate = &measure.estimate;
    let part = measure.group.as_deref().map_or_else(String::new, |group| format!("{group}."));
    let number = match (estimate.value, estimate.interval) {
        (Ok(value), Ok(interval)) => {
            format!("{value:.6e} [{:.6e}, {:.6e}] {:?}", interval.low, interval.high, interval.method)
        }
        (Ok(value), Err(why)) => format!("{value:.6e} ({why})"),
        (Err(why), _) => why.to_string(),
    };
    format!("  {part}{} {number}, n = {}", measure.metric, estimate.n)
}
