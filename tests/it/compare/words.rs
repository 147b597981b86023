//! The words of each verdict, and inputs that leave little to say.

use yardstick::{
    compare::{Decision, Margins, Options, Pair},
    record::TaskRecord,
    stats::Hypothesis,
};

use super::fixture::{compared, failed, found, measured, pair, record, scores, shares};

fn of(first: TaskRecord, second: TaskRecord) -> Pair {
    pair(first, second, &Options::default())
}

fn within(margin: f64, first: &str, second: &str) -> Pair {
    let margins = Margins { general: Some(margin), ..Margins::default() };
    pair(shares("b/t", first), shares("b/t", second), &Options { margins, ..Options::default() })
}

#[track_caller]
fn says(pair: &Pair, decision: Decision, words: &str) {
    assert_eq!((pair.verdict.decision, pair.verdict.words.as_str()), (decision, words));
    for never in ["no difference ", "same", "tied", "significant"] {
        let claims = pair.verdict.words.replace("no difference could have been seen", "");
        assert!(!claims.contains(never), "{}", pair.verdict.words);
    }
}

/// So many items right in both, only in the first, only in the second, in neither.
fn counted(both: usize, only_first: usize, only_second: usize, neither: usize) -> [String; 2] {
    [["1", "1", "0", "0"], ["1", "0", "1", "0"]].map(|side| {
        [both, only_first, only_second, neither]
            .iter()
            .zip(side)
            .map(|(count, right)| right.repeat(*count))
            .collect()
    })
}

fn of_counts(both: usize, only_first: usize, only_second: usize, neither: usize) -> Pair {
    let [first, second] = counted(both, only_first, only_second, neither);
    of(shares("b/t", &first), shares("b/t", &second))
}

#[test]
fn what_is_found_is_said_with_its_numbers() {
    // The numbers are those of the verdicts within a run, which are checked there.
    says(
        &of_counts(60, 5, 25, 10),
        Decision::BBetter,
        "B is better than A in accuracy: 0.20 [0.10, 0.30], n = 100 (Newcombe, paired 95%); p = 0.000192 (McNemar \
         mid-p)",
    );
    assert!(
        of_counts(60, 25, 5, 10)
            .verdict
            .words
            .starts_with("B is worse than A in accuracy: -0.20 [-0.30, -0.10]")
    );
}

#[test]
fn what_is_open_is_said_with_what_could_have_been_seen() {
    says(
        &of_counts(82, 7, 16, 15),
        Decision::NotDecided,
        "not decided between B and A in accuracy: 0.075 [-0.004, 0.155], n = 120 (Newcombe, paired 95%); p = 0.0639 \
         (McNemar mid-p); differences below 0.109 could not have been seen (80% power); about 259 items would decide \
         a difference of this size",
    );
}

#[test]
fn too_few_that_differ_cannot_decide() {
    let pair = of_counts(10, 1, 3, 2);
    assert_eq!(pair.verdict.decision, Decision::CannotDecide);
    let start = "cannot decide between B and A in accuracy: only 4 items differ, at least 5 must; 0.1";
    assert!(pair.verdict.words.starts_with(start), "{}", pair.verdict.words);
    let equal = of_counts(10, 0, 0, 2);
    assert_eq!(equal.verdict.decision, Decision::CannotDecide);
    assert!(equal.verdict.words.contains("no item differs, at least 5 must"), "{}", equal.verdict.words);
}

#[test]
fn a_margin_allows_for_equivalence() {
    let [first, second] = counted(900, 10, 12, 78);
    let equal = within(0.02, &first, &second);
    assert_eq!(equal.verdict.decision, Decision::Equivalent);
    let start = "B and A are equivalent in accuracy, by less than ±0.02 (p = ";
    assert!(equal.verdict.words.starts_with(start), "{}", equal.verdict.words);
    let [first, second] = counted(900, 5, 25, 70);
    let better = within(0.05, &first, &second);
    assert_eq!(better.verdict.decision, Decision::BBetterWithinMargin);
    let start = "B is better than A in accuracy, by less than ±0.05 (p < 0.0001): ";
    assert!(better.verdict.words.starts_with(start), "{}", better.verdict.words);
    assert_eq!(within(0.001, &first, &second).verdict.decision, Decision::BBetter);
}

#[test]
fn several_tests_are_named_in_the_sentence() {
    let [first, second] = counted(60, 7, 19, 14);
    let side = |right: &str| (0..4).map(|number| shares(&format!("b/t{number}"), right)).collect();
    let comparison = compared(&[record("one", side(&first)), record("two", side(&second))]);
    let words = &comparison.subjects[0].pairs[0].verdict.words;
    assert!(words.starts_with("not decided between B and A"), "{words}");
    assert!(words.contains("by Holm among 4)") && words.contains("(80% power among 4 tests)"), "{words}");
    assert!(words.ends_with("the decision allows for all 4"), "{words}");
}

#[test]
fn separate_intervals_may_overlap_where_the_pairs_decide() {
    let pair = of_counts(60, 2, 14, 24);
    assert_eq!(pair.verdict.decision, Decision::BBetter);
    assert_eq!(found(&pair).intervals_overlap, Some(true));
}

#[test]
fn few_items_are_said_and_never_a_panic() {
    let one = of(shares("b/t", "1"), shares("b/t", "0"));
    says(
        &one,
        Decision::NotComparable,
        "B and A cannot be compared in accuracy: only 1 item can be paired; it takes two",
    );
    let gone = |right: &str| {
        let mut task = shares("b/t", right);
        let last = task.table.rows.pop().unwrap();
        task.table.rows.push(failed(last));
        measured(task)
    };
    let one_left = of(gone("11"), gone("10"));
    says(
        &one_left,
        Decision::NotComparable,
        "B and A cannot be compared in accuracy: only 1 item can be paired (1 without an answer); it takes two",
    );
}

#[test]
fn equal_scores_go_by_their_signs() {
    let values = [0.5, 0.25, 0.75, 1.0, 0.125, 0.375, 0.625];
    let equal = of(scores("b/t", &values), scores("b/t", &values));
    assert_eq!(equal.verdict.decision, Decision::CannotDecide);
    assert!(equal.verdict.words.contains("no item differs, at least 6 must"), "{}", equal.verdict.words);
    // All better by as much: t is not known, and 2 of 128 patterns of signs go as far.
    let shifted = of(scores("b/t", &values), scores("b/t", &values.map(|value| value + 1.0)));
    let test = found(&shifted).test.unwrap();
    assert_eq!((test.hypothesis, test.p), (Hypothesis::SignFlip, 2.0 / 128.0));
    assert_eq!(shifted.verdict.decision, Decision::BBetter);
}

#[test]
fn one_cluster_cannot_decide() {
    let clustered = |right: &str| {
        let mut task = shares("b/t", right);
        for row in &mut task.table.rows {
            std::sync::Arc::make_mut(&mut row.key).cluster = Some("all".into());
        }
        measured(task)
    };
    let pair = of(clustered("1010101010"), clustered("1111111111"));
    assert_eq!(pair.verdict.decision, Decision::CannotDecide);
    assert!(
        pair.verdict.words.contains("only 1 group of items differs, at least 6 must"),
        "{}",
        pair.verdict.words
    );
    assert_eq!(found(&pair).counts.unwrap().only_second, 5);
}
