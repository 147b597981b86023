//! More than two runs, and several tasks at once: corrections, rank groups, Cochran's Q, gates for scripts.

use yardstick::{
    compare::{Comparison, Correction, Decision, Design, FailOn, Options, Rank, Scope},
    metric::{Formula, Metric},
    record::{Better, Record, Unit},
};

use super::fixture::{accuracy, close, compared, found, key, measured, record, scores, shares, task};

const A: &str = "1111100000110010110100111000101100101101";
const B: &str = "0111011010110111110110111011101110101111";
const C: &str = "1101101110111011101101111011101111111011";

fn three() -> [Record; 3] {
    [("one", A), ("two", B), ("three", C)].map(|(name, right)| record(name, vec![shares("b/t", right)]))
}

fn all_pairs(correction: Correction) -> Comparison {
    let options = Options { design: Design::AllPairs, correction, ..Options::default() };
    Comparison::new(&three(), &options).unwrap()
}

fn adjusted(comparison: &Comparison) -> Vec<f64> {
    let pairs = comparison.pairs();
    pairs.map(|(_, pair)| found(pair).test.unwrap().adjusted.unwrap().p).collect()
}

#[test]
fn every_p_allows_for_all_others() {
    // statsmodels.stats.multitest.multipletests(p, method=...), p by scipy.stats.binom
    let wanted = [
        (Correction::Holm, [0.044_921_875, 0.038_177_490_234_375, 0.607_238_769_531_25]),
        (Correction::BenjaminiHochberg, [0.033_691_406_25, 0.033_691_406_25, 0.607_238_769_531_25]),
    ];
    for (correction, wanted) in wanted {
        let comparison = all_pairs(correction);
        assert_eq!(comparison.questions.differences, 3);
        adjusted(&comparison).into_iter().zip(wanted).for_each(|(found, wanted)| close(found, wanted));
    }
}

#[test]
fn sides_that_cannot_be_told_apart_share_their_places() {
    let subject = all_pairs(Correction::Holm).subjects.remove(0);
    let decisions: Vec<Decision> = subject.pairs.iter().map(|pair| pair.verdict.decision).collect();
    assert_eq!(decisions, [Decision::BBetter, Decision::BBetter, Decision::NotDecided]);
    let rank = |side, best, worst| Rank { side, best, worst };
    assert_eq!(subject.ranks, [rank(0, 3, 3), rank(1, 1, 2), rank(2, 1, 2)]);
    assert_eq!([0, 1].map(|at| subject.ranks[at].to_string()), ["3", "1–2"]);
    // statsmodels.stats.contingency_tables.cochrans_q
    let q = subject.cochran_q.unwrap();
    close(q.statistic, 8.0);
    close(q.p, 0.018_315_638_888_734_182);
}

#[test]
fn a_baseline_is_compared_with_all_others_and_no_more() {
    let options = Options { design: Design::Baseline(1), ..Options::default() };
    let comparison = Comparison::new(&three(), &options).unwrap();
    let pairs: Vec<[usize; 2]> = comparison.pairs().map(|(_, pair)| pair.sides).collect();
    assert_eq!(pairs, [[1, 0], [1, 2]]);
    let subject = &comparison.subjects[0];
    assert_eq!(subject.pairs[0].verdict.decision, Decision::ABetter);
    assert!(
        subject.pairs[0].verdict.words.starts_with("A is worse than B in accuracy: -0.20 [-0.35, -0.03]")
    );
    assert_eq!(subject.ranks.iter().map(ToString::to_string).collect::<Vec<_>>(), ["2–3", "1–2", "1–3"]);
    let letters: Vec<&str> = comparison.sides.iter().map(|side| side.letter.as_str()).collect();
    assert_eq!(letters, ["A", "B", "C"]);
}

#[test]
fn a_run_without_a_task_does_not_stop_the_others() {
    let mut records = three();
    records[2].tasks[0].name = "b/other".into();
    let options = Options { design: Design::AllPairs, ..Options::default() };
    let comparison = Comparison::new(&records, &options).unwrap();
    assert_eq!(comparison.subjects.len(), 1);
    let subject = &comparison.subjects[0];
    assert_eq!(subject.values.iter().map(Option::is_some).collect::<Vec<_>>(), [true, true, false]);
    assert_eq!(subject.pairs.len(), 1);
    let texts: Vec<&str> = comparison.cautions.iter().map(|caution| caution.text.as_str()).collect();
    assert!(texts.contains(&"only A and B have it") && texts.contains(&"only C has it"), "{texts:?}");
}

#[test]
fn too_few_that_differ_are_judged_by_what_the_correction_leaves() {
    // Six items differ, all on one side: p is 1/64, which one of four tests would need 0.0125 for.
    let six = ("0000001111", "1111111111");
    let open = ("1010101010", "0101010101");
    let clear = ("0000000000", "1111111111");
    let compare = |tasks: &[(&str, &str)]| {
        let side = |second: bool| {
            let tasks = tasks.iter().enumerate().map(|(number, (one, other))| {
                shares(&format!("b/t{number}"), if second { other } else { one })
            });
            record(if second { "two" } else { "one" }, tasks.collect())
        };
        let comparison = compared(&[side(false), side(true)]);
        comparison.pairs().map(|(_, pair)| pair.verdict.clone()).collect::<Vec<_>>()
    };
    let alone = compare(&[six, open, open, open]);
    assert_eq!(alone[0].decision, Decision::CannotDecide);
    assert!(alone[0].words.contains("only 6 items differ, at least 7 must"), "{}", alone[0].words);
    // Ten open ones could have decided, had they fallen on one side.
    assert_eq!(alone[1].decision, Decision::NotDecided);
    // A step down asks less of it, once another has been found.
    let stepped = compare(&[six, clear, open]);
    assert_eq!(stepped[0].decision, Decision::BBetter);
    assert_eq!(stepped[1].decision, Decision::BBetter);
}

#[test]
fn only_the_headline_is_one_family_unless_asked() {
    let both = |values: &[f64]| {
        let mut own = scores("b/t", values);
        own.metrics.push(Metric { name: "other".into(), headline: false, ..own.metrics[0].clone() });
        own.metrics.push(Metric::new("total", Formula::Total("score"), Unit::Count).headline());
        measured(own)
    };
    let records = [record("one", vec![both(&[1.0, 2.0, 3.5])]), record("two", vec![both(&[2.0, 2.5, 3.0])])];
    let of = |scope| Comparison::new(&records, &Options { scope, ..Options::default() }).unwrap();
    let headline = of(Scope::Headline);
    assert_eq!((headline.subjects.len(), headline.questions.differences), (1, 1));
    assert!(
        headline
            .cautions
            .iter()
            .any(|caution| caution.text == "`total` is not compared: it is counted, not estimated")
    );
    let everything = of(Scope::Everything);
    assert_eq!((everything.subjects.len(), everything.questions.differences), (2, 2));
}

#[test]
fn scripts_fail_by_the_verdict_alone() {
    use Decision::{
        ABetter, ABetterWithinMargin, AHigher, BBetter, BBetterWithinMargin, BHigher, CannotDecide,
        Equivalent, NotComparable, NotDecided,
    };
    let all = [
        ABetter,
        BBetter,
        ABetterWithinMargin,
        BBetterWithinMargin,
        AHigher,
        BHigher,
        Equivalent,
        NotDecided,
        CannotDecide,
        NotComparable,
    ];
    let failing = |on| all.into_iter().filter(|decision| decision.fails(on)).collect::<Vec<_>>();
    assert_eq!(failing(FailOn::Regression), [ABetter]);
    assert_eq!(
        failing(FailOn::NotEquivalent),
        [ABetter, AHigher, BHigher, NotDecided, CannotDecide, NotComparable]
    );
    assert_eq!(
        failing(FailOn::NotBetter),
        [ABetter, ABetterWithinMargin, AHigher, BHigher, Equivalent, NotDecided, CannotDecide, NotComparable]
    );
    let worse = compared(&[
        record("one", vec![shares("b/t", &"1".repeat(30))]),
        record("two", vec![shares("b/t", &"10".repeat(15))]),
    ]);
    assert_eq!(worse.failing(FailOn::Regression).len(), 1);
    // Without a direction that is good nothing fails.
    let undirected = |right: &str| {
        let metric = Metric { better: None, ..accuracy() };
        let rows = right.bytes().enumerate().map(|(item, right)| (key(item), vec![(right == b'1').into()]));
        task("b/t", &["correct"], vec![metric], rows.collect())
    };
    let higher = compared(&[
        record("one", vec![undirected(&"1".repeat(30))]),
        record("two", vec![undirected(&"10".repeat(15))]),
    ]);
    assert_eq!(higher.subjects[0].pairs[0].verdict.decision, AHigher);
    assert!(higher.failing(FailOn::NotBetter).is_empty());
}

#[test]
fn lower_is_better_where_it_is() {
    let losses = |values: &[f64]| {
        let mut own = scores("b/t", values);
        own.metrics[0].better = Some(Better::Lower);
        own
    };
    let comparison = compared(&[
        record("one", vec![losses(&[2.0, 3.0, 4.0, 5.0, 6.0])]),
        record("two", vec![losses(&[1.0, 2.1, 2.9, 4.0, 4.9])]),
    ]);
    assert_eq!(comparison.subjects[0].pairs[0].verdict.decision, Decision::BBetter);
}
