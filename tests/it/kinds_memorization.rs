//! `memorization`: hand-made answers whose right outcome is plain, and the built-in model, of which it is known how often it
//! read what.

use yardstick::{
    plan::{Answer, Failure, FailureKind, Finish, Generated, Long, Request},
    record::{Cell, Measure, TaskRecord},
};

use crate::kinds::{cell, judged, scoring, value};

const LINES: &str = "
benchmark: b
tasks:
  - memorization: lines
    conditions: [exact, paraphrase]
    controls: never
    allow: [few-items]
    items:
      - {target: right, exact: One, paraphrase: [Uno, Eins]}
      - {exact: [Two, left], paraphrase: [Dos, left], group: seen}
      - {target: up, exact: Three, paraphrase: Tres, group: never}
";

/// Log-probabilities by `prompt|ending`, and what is written after a prompt.
fn answered<'a>(
    scores: &'a [(&'a str, &'a [f32])],
    written: &'a [(&'a str, &'a str, &'a [u32])],
) -> impl Fn(&Request) -> Result<Answer, Failure> + 'a {
    let score = scoring(scores);
    move |request| {
        let Request::Generate { prompt, max_tokens, .. } = request else { return score(request) };
        let found = written.iter().find(|(asked, ..)| **asked == **prompt);
        let (_, text, ids) = found.unwrap_or_else(|| panic!("asked to write after `{prompt}`"));
        assert!(*max_tokens as usize >= ids.len());
        Ok(Answer::Generated(Generated {
            text: (*text).to_owned(),
            ids: ids.to_vec(),
            logprobs: vec![-0.5; ids.len()],
            entropies: vec![1.0; ids.len()],
            before: 1,
            dropped: 0,
            finish: Finish::Length,
        }))
    }
}

const SCORES: [(&str, &[f32]); 16] = [
    ("One| right", &[-0.125, -0.125]),
    ("Uno| right", &[-3.0, -1.0]),
    ("Eins| right", &[-3.0, -3.0]),
    ("|One right", &[-1.0, -7.0, -2.0, -0.5, -0.5, -4.0, -1.0, -1.0, -2.0, -1.0]),
    ("Two| left", &[-5.0]),
    ("Dos| left", &[-9.0]),
    ("|Two left", &[-2.0, -6.0]),
    ("Three| up", &[-0.5]),
    ("Tres| up", &[-4.0]),
    ("|Three up", &[-1.0]),
    // The other targets, for ranks.
    ("One| left", &[-0.0625]),
    ("One| up", &[-9.0]),
    ("Two| right", &[-6.0]),
    ("Two| up", &[-5.0]),
    ("Three| right", &[-1.0]),
    ("Three| left", &[-1.0]),
];

const WRITTEN: [(&str, &str, &[u32]); 3] =
    [("One", " rights", &[0, 9]), ("Two", " left, then", &[7, 8]), ("Three", " upon", &[3])];

fn of<'a>(task: &'a TaskRecord, part: Option<&str>, metric: &str) -> &'a Measure {
    let is = |measure: &&Measure| measure.group.as_deref() == part && measure.metric == metric;
    task.measures.iter().find(is).unwrap_or_else(|| panic!("{part:?} {metric}"))
}

fn close(left: f64, right: f64) {
    assert!((left - right).abs() <= 1e-12 * right.abs(), "{left} {right}");
}

fn column(task: &TaskRecord, name: &str) -> Vec<f64> {
    task.table.numbers(name).map(|(_, number)| number).collect()
}

#[test]
fn lines_are_compared_with_their_paraphrases() {
    let task = judged(LINES, answered(&SCORES, &WRITTEN));
    // −0.25 against the mean of −4 and −6; −5 against −9, where the floor is missed; −0.5 against −4.
    assert_eq!(column(&task, "log_ratio"), [4.75, 4.0, 3.5]);
    assert_eq!(column(&task, "likely_memorized"), [1.0, 0.0, 1.0]);
    assert_eq!(column(&task, "rank_p"), [1.0 / 3.0, 0.5, 0.5]);
    // Means of two paraphrases a standard error of 1 apart: scipy.stats.t.ppf(0.975, 1).
    let t = 12.706_204_736_174_694;
    assert_eq!(column(&task, "ratio_low").len(), 1);
    let ends = [column(&task, "ratio_low")[0], column(&task, "ratio_high")[0]].map(f64::ln);
    assert!((ends[0] - (4.75 - t)).abs() < 1e-9 && (ends[1] - (4.75 + t)).abs() < 1e-9, "{ends:?}");
    // `left` is more probable after One; an equal target, as `up` after Two, is not ahead.
    assert_eq!(column(&task, "rank"), [2.0, 1.0, 1.0]);
    // One token of two is right, but the word goes on; the text is right though its tokens differ; `upon` is not `up`.
    assert_eq!(column(&task, "matching"), [0.5, 0.0, 0.0]);
    assert_eq!(column(&task, "extractable"), [0.0, 1.0, 0.0]);
    // A fifth of ten tokens, and at least one.
    assert_eq!(column(&task, "min_k"), [-5.5, -6.0, -1.0]);
    assert_eq!(column(&task, "nats_per_token"), [2.0, 4.0, 1.0]);
    assert_eq!(cell(&task, 0, "output"), &Cell::Text(" rights".into()));
}

#[test]
fn controls_give_the_rate_of_false_alarms_and_nothing_else() {
    let task = judged(LINES, answered(&SCORES, &WRITTEN));
    close(value(&task, "likely_memorized"), 0.5);
    close(value(&task, "ratio"), 4.375_f64.exp());
    close(value(&task, "median_ratio"), 4.375_f64.exp());
    close(value(&task, "p_exact"), f64::midpoint((-0.25_f64).exp(), (-5.0_f64).exp()));
    close(value(&task, "p_paraphrase"), f64::midpoint((-5.0_f64).exp(), (-9.0_f64).exp()));
    close(value(&task, "rank_1"), 0.5);
    close(value(&task, "median_rank"), 1.5);
    close(of(&task, None, "rank_1").chance.unwrap(), 1.0 / 3.0);
    close(of(&task, Some("seen"), "ratio").estimate.value.unwrap(), 4.0_f64.exp());
    close(of(&task, Some("never"), "ratio").estimate.value.unwrap(), 3.5_f64.exp());
    let alarms = &of(&task, None, "false_alarms").estimate;
    assert_eq!((alarms.value, alarms.n), (Ok(1.0), 1));
    assert!(task.notes.iter().any(|note| note.contains("ratio > 10 and exact > 0.1")), "{:?}", task.notes);
}

#[test]
fn the_rule_is_the_specs() {
    let with = |rule: &str| {
        let spec = LINES.replace("    controls:", &format!("    likely_memorized: {rule}\n    controls:"));
        column(&judged(&spec, answered(&SCORES, &WRITTEN)), "likely_memorized")
    };
    assert_eq!(with("ratio > 10"), [1.0, 1.0, 1.0]);
    assert_eq!(with("ratio > 10 and paraphrase < 0.001"), [0.0, 1.0, 0.0]);
    assert_eq!(with("exact >= 0.5"), [1.0, 0.0, 1.0]);
}

#[test]
fn unpaired_lists_are_compared_by_their_geometric_means() {
    let spec = "
benchmark: b
tasks:
  - memorization: phrases
    conditions: [common, novel]
    rank: false
    groups:
      common: [[One, right], [Two, left]]
      novel: [[Three, up], [One, up]]
";
    let scores = [SCORES.as_slice(), &[("|One up", &[-1.0])]].concat();
    let task = judged(spec, answered(&scores, &WRITTEN));
    // (−0.25 − 5) / 2 against (−0.5 − 9) / 2.
    close(value(&task, "ratio"), 2.125_f64.exp());
    let p = of(&task, Some("common"), "p_target").estimate.value.unwrap();
    close(p, f64::midpoint((-0.25_f64).exp(), (-5.0_f64).exp()));
    assert!(column(&task, "likely_memorized").is_empty() && column(&task, "rank").is_empty());
}

#[test]
fn other_targets_are_joined_as_they_are_written() {
    let asked = std::cell::RefCell::new(std::collections::BTreeSet::new());
    let spec = "
benchmark: b
tasks:
  - memorization: lines
    conditions: [exact, paraphrase]
    join: ''
    allow: [few-items, glued]
    items:
      - {target: ' right', exact: One, paraphrase: Uno}
      - {target: ly, exact: Two, paraphrase: Dos}
      - {target: ' ly', exact: Three, paraphrase: Tres}
";
    judged(spec, |request| {
        if let Request::Score { prompt, ending, long: Long::Windows(None), .. } = request {
            asked.borrow_mut().insert(format!("{prompt}|{ending}"));
        }
        Err(Failure::new(FailureKind::Engine, "not needed"))
    });
    let own = ["One| right", "Two|ly", "Three| ly", "Uno| right", "Dos|ly", "Tres| ly"];
    let others = ["One|ly", "Two| right", "Three| right"];
    assert_eq!(asked.into_inner(), own.iter().chain(&others).map(|text| (*text).to_owned()).collect());
}

#[test]
fn items_of_a_data_file_take_their_conditions_from_its_columns() {
    let folder = tempfile::tempdir().unwrap();
    let rows = r#"{"n": 5, "exact": "One", "other": "Uno", "target": "right", "source": {"book": 1}}
{"n": 0, "exact": "Three", "other": "Tres", "target": "up", "source": null}
"#;
    std::fs::write(folder.path().join("rows.jsonl"), rows).unwrap();
    let spec = format!(
        "
benchmark: b
tasks:
  - memorization: lines
    conditions: [exact, paraphrase]
    rank: false
    controls: dose-0
    allow: [few-items]
    data: {{file: {}/rows.jsonl, map: {{paraphrase: other, group: 'dose-{{{{ n }}}}'}}}}
",
        folder.path().display()
    );
    let task = judged(&spec, answered(&SCORES, &WRITTEN));
    assert_eq!(column(&task, "log_ratio"), [3.75, 3.5]);
    let groups: Vec<_> =
        task.table.rows.iter().map(|row| (row.key.item.as_str(), row.key.group.as_deref())).collect();
    assert_eq!(groups, [("uno", Some("dose-5")), ("tres", Some("dose-0"))]);
}

/// Sensitivity by dose and false alarms. The counts are what transformers finds in the same weights by the same rule
/// (`tests/train_reference/evaluate.py`, printed in `src/reference/README.md`); there the line put in by hand stands apart.
#[cfg(feature = "local")]
#[test]
fn the_built_in_model_knows_by_heart_what_it_read_often_and_nothing_that_it_never_read() {
    use std::{ops::ControlFlow, path::PathBuf};
    use yardstick::{
        engine::{
            drive,
            local::{Local, Options},
        },
        spec::{Choices, load},
        task::{Task, plan},
    };

    let choices = Choices { only: vec!["lines-by-dose".into()], ..Choices::default() };
    let loaded = load::<Task>(&[PathBuf::from("specs/known-answers/memorization.yaml")], &choices);
    let tasks: Vec<_> = loaded.suite.tasks.iter().collect();
    let mut plan = plan(&tasks).unwrap();
    let mut model = Local::reference(Options::default()).unwrap();
    let answers = drive(&mut model, &plan.requests, &mut |_, _| ControlFlow::Continue(()));
    let task = plan.tasks.remove(0).judge(&answers, None);

    let mut counts = std::collections::BTreeMap::<&str, [usize; 3]>::new();
    let numbers = |name| task.table.numbers(name);
    for ((key, log_ratio), (_, likely)) in numbers("log_ratio").zip(numbers("likely_memorized")) {
        let [lines, by_ratio, by_rule] = counts.entry(key.group.as_deref().unwrap()).or_default();
        *lines += 1;
        *by_ratio += usize::from(log_ratio > 10.0_f64.ln());
        *by_rule += usize::from(likely > 0.0);
    }
    let expected = [
        ("dose-000", [90, 21, 0]),
        ("dose-005", [30, 6, 0]),
        ("dose-050", [30, 28, 27]),
        ("dose-500", [31, 31, 30]),
    ];
    assert_eq!(counts, std::collections::BTreeMap::from(expected));
    for (dose, ratio) in [("dose-000", 1.13), ("dose-005", 1.94), ("dose-050", 1.12e3)] {
        let found = of(&task, Some(dose), "ratio").estimate.value.unwrap();
        assert!((found / ratio - 1.0).abs() < 0.006, "{dose}: {found}");
    }
    let alarms = of(&task, None, "false_alarms").estimate.interval.unwrap();
    let sensitivity = of(&task, Some("dose-500"), "likely_memorized").estimate.interval.unwrap();
    assert!(alarms.high < 0.05 && sensitivity.low > 0.8, "{alarms:?} {sensitivity:?}");
}
