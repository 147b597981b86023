//! What is said before any number, what is left out, and what cannot be compared at all.

use std::sync::Arc;

use yardstick::{
    compare::{Comparison, Contents, Margins, Options, Refusal, Weight, Why},
    metric::{Formula, Metric},
    record::{Better, Cell, Record, Status, TaskRecord, Unit},
    value::{Digest, Seed},
};

use super::fixture::{compared, failed, found, key, measured, pair, record, scores, shares, task};

const RIGHT: &str = "11010110101101011011";

fn said(comparison: &Comparison, weight: Weight) -> Vec<&str> {
    let of = comparison.cautions.iter().filter(|caution| caution.weight == weight);
    of.map(|caution| caution.text.as_str()).collect()
}

fn two(first: TaskRecord, second: TaskRecord) -> [Record; 2] {
    [record("one", vec![first]), record("two", vec![second])]
}

fn refused(records: &[Record], options: &Options) -> String {
    Comparison::new(records, options).unwrap_err().to_string()
}

#[test]
fn the_same_but_for_the_model_needs_no_word() {
    let comparison = compared(&two(shares("b/t", RIGHT), shares("b/t", RIGHT)));
    assert_eq!(comparison.cautions, []);
}

#[test]
fn what_differs_between_the_runs_is_said() {
    let mut records = two(shares("b/t", RIGHT), shares("b/t", RIGHT));
    let run = &mut records[1].run;
    run.model.dtype = Some("bf16".into());
    run.engine.as_mut().unwrap().device = "cuda".into();
    run.program.version = "0.2.0".into();
    run.seed = Seed(7);
    run.suite.resolved_sha256 = Some(Digest::of("edited"));
    run.status = Status::Interrupted;
    records[1].tasks[0].items.available = 100;
    let comparison = compared(&records);
    assert_eq!(
        said(&comparison, Weight::Notice),
        [
            "number format: f32 (A), bf16 (B)",
            "device: cpu (A), cuda (B)",
            "program: yardstick 0.1.0 (A), yardstick 0.2.0 (B)",
            "seed: 42 (A), 7 (B)",
            "the specs differ, by more than the items that are left out where they ask something else",
            "B was asked 20 of 100 items",
            "B was interrupted: it holds what was answered",
        ]
    );
}

#[test]
fn one_run_or_one_model_twice_is_said() {
    let own = record("one", vec![shares("b/t", RIGHT)]);
    let twice = compared(&[own.clone(), own.clone()]);
    assert_eq!(said(&twice, Weight::Notice), ["A and B are the same run"]);
    let mut again = own.clone();
    again.run.run_id = "20261125T000000Z-one-suite-000000".into();
    let same = compared(&[own, again]);
    assert_eq!(said(&same, Weight::Notice), ["A and B have the same answers, byte for byte"]);
}

#[test]
fn items_that_do_not_pair_are_counted_and_said() {
    let mut first = shares("b/t", RIGHT);
    let mut second = shares("b/t", RIGHT);
    first.table.rows.remove(0);
    second.table.rows.truncate(18);
    Arc::make_mut(&mut second.table.rows[5].key).content = Digest::of("edited");
    second.table.rows[6] = failed(second.table.rows[6].clone());
    second.table.rows[7].cells.as_mut().unwrap()[0] = Cell::Missing;
    let again = first.table.rows[8].clone();
    first.table.rows.push(again);
    let records = two(measured(first), measured(second));
    let comparison = compared(&records);
    let pair = &comparison.subjects[0].pairs[0];
    let matched = pair.matched;
    assert_eq!(
        (matched.paired, matched.only_first, matched.only_second, matched.other_content),
        (14, 2, 1, 1)
    );
    assert_eq!((matched.failed, matched.without_value, matched.doubled), (1, 1, 1));
    assert_eq!(
        said(&comparison, Weight::LeftOut),
        [
            "1 of 17 items asked something else in B than in A: left out",
            "2 items are only in A: left out",
            "1 items are only in B: left out",
            "1 of 17 items have no answer in A or B: left out",
            "1 rows repeat an item of their own run: left out",
        ]
    );
    let found = found(pair);
    assert_eq!((found.values[0].n, found.values[1].n, found.difference.n), (14, 14, 14));
}

#[test]
fn a_task_that_asks_something_else_is_refused_by_name() {
    let edited = |name: &str| {
        let mut task = shares(name, RIGHT);
        for row in &mut task.table.rows {
            let key = Arc::make_mut(&mut row.key);
            key.content = Digest::of([key.item.as_str(), "edited"].concat());
        }
        task
    };
    let records = [
        record("one", vec![shares("b/t", RIGHT), shares("b/u", RIGHT)]),
        record("two", vec![edited("b/t"), shares("b/u", RIGHT)]),
    ];
    let comparison = compared(&records);
    assert_eq!(
        said(&comparison, Weight::Refused),
        ["every item of B asked something else than in A, such as another prompt template"]
    );
    let pair = &comparison.subjects[0].pairs[0];
    assert_eq!(
        pair.verdict.words,
        "B and A cannot be compared in accuracy: no item can be paired (20 asked something else); it takes two"
    );
    assert_eq!(comparison.questions.differences, 1);
    let none = refused(&two(shares("b/t", RIGHT), edited("b/t")), &Options::default());
    assert!(none.ends_with("asked something else, such as another prompt template or other data"), "{none}");
    let by_id = Options { contents: Contents::Any, ..Options::default() };
    let by_id = Comparison::new(&records, &by_id).unwrap();
    assert_eq!((by_id.questions.differences, by_id.subjects[0].pairs[0].matched.paired), (2, 20));
}

#[test]
fn nothing_in_common_is_refused_with_the_reason() {
    let options = Options::default();
    let other_names = refused(&two(shares("b/t", RIGHT), shares("b/u", RIGHT)), &options);
    assert_eq!(
        other_names,
        "the runs have nothing in common that could be compared: no task has the same name in two of them; \
         A has b/t, B has b/u"
    );
    let mut renamed = shares("b/t", RIGHT);
    for row in &mut renamed.table.rows {
        Arc::make_mut(&mut row.key).item += "x";
    }
    let other_ids = refused(&two(shares("b/t", RIGHT), renamed), &options);
    assert!(other_ids.ends_with("their items have other ids"), "{other_ids}");
    let one = [record("one", vec![shares("b/t", RIGHT)])];
    assert_eq!(Comparison::new(&one, &options).unwrap_err(), Refusal::TooFew(1));
    let no_tasks = [record("one", vec![]), record("two", vec![])];
    assert!(matches!(Comparison::new(&no_tasks, &options), Err(Refusal::NothingShared(_))));
}

#[test]
fn a_margin_that_means_nothing_is_refused() {
    let records = two(shares("b/t", RIGHT), shares("b/t", RIGHT));
    let with = |margins| refused(&records, &Options { margins, ..Options::default() });
    assert_eq!(
        with(Margins { general: Some(0.0), ..Margins::default() }),
        "a margin is a number above 0, such as 0.02; 0 is not"
    );
    let by_metric = [("acc".to_owned(), 0.1)].into_iter().collect();
    assert_eq!(
        with(Margins { general: None, by_metric }),
        "a margin is given for `acc`, but no number is called that; there are accuracy"
    );
}

#[test]
fn a_number_per_token_is_not_compared_across_tokenizers() {
    let texts = |tokens: &[f64]| {
        let formula = Formula::ExpRatio { numerator: "nats", denominator: "tokens" };
        let metric = Metric::new("perplexity", formula, Unit::Perplexity).better(Better::Lower).headline();
        let rows =
            tokens.iter().enumerate().map(|(item, tokens)| (key(item), vec![30.0.into(), (*tokens).into()]));
        task("b/texts", &["nats", "tokens"], vec![metric], rows.collect())
    };
    let pair = pair(texts(&[10.0, 12.0, 9.0]), texts(&[10.0, 11.0, 9.0]), &Options::default());
    assert_eq!(
        pair.verdict.words,
        "B and A cannot be compared in perplexity: its `tokens` differ on 1 of 3 items: two tokenizers cut the texts \
         differently, and a number per token says nothing across them; compare bits per byte"
    );
}

#[test]
fn what_is_not_made_the_same_way_is_not_compared() {
    let mut other = scores("b/t", &[1.0, 2.0, 3.0]);
    other.metrics[0].formula = Formula::Median("score");
    let pair = pair(scores("b/t", &[1.0, 2.0, 3.0]), measured(other), &Options::default());
    let yardstick::compare::Outcome::Incomparable(why) = &pair.outcome else { panic!("{pair:?}") };
    assert_eq!(why.why, Why::OtherFormula);
}
