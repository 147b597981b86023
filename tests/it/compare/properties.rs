//! What holds for any two runs: exchanging them turns everything around, and neither the order of rows nor items that only
//! one has change a number.

use proptest::prelude::*;
use yardstick::{
    compare::{Comparison, Design, Options, Pair},
    record::{Record, TaskRecord},
    stats::Estimate,
};

use super::fixture::{found, key, measured, record, scores, shares};

/// Tasks of all sorts, on both sides.
fn tasks() -> impl Strategy<Value = Vec<[TaskRecord; 2]>> {
    let counted = proptest::collection::vec((any::<bool>(), any::<bool>()), 2..60).prop_map(|items| {
        let side = |of: fn(&(bool, bool)) -> bool| -> String {
            items.iter().map(|item| if of(item) { '1' } else { '0' }).collect()
        };
        [side(|item| item.0), side(|item| item.1)].map(|right| shares("b/counted", &right))
    });
    let scored = proptest::collection::vec((0_u8..9, 0_u8..9, 0_u8..5), 2..40).prop_map(|items| {
        let side = |of: fn(&(u8, u8, u8)) -> u8| -> Vec<f64> {
            items.iter().map(|item| f64::from(of(item)) / 8.0).collect()
        };
        [side(|item| item.0), side(|item| item.1)].map(|values| {
            let mut task = scores("b/scored", &values);
            for (row, item) in task.table.rows.iter_mut().zip(&items).filter(|(_, item)| item.2 < 3) {
                std::sync::Arc::make_mut(&mut row.key).cluster = Some(format!("c{}", item.2));
            }
            measured(task)
        })
    });
    (counted, scored).prop_map(|(counted, scored)| vec![counted, scored])
}

fn records(tasks: &[[TaskRecord; 2]]) -> [Record; 2] {
    let side = |side: usize| tasks.iter().map(|task| task[side].clone()).collect();
    [record("one", side(0)), record("two", side(1))]
}

fn compared(records: &[Record; 2]) -> Vec<Pair> {
    let options = Options { draws: 200, design: Design::Baseline(0), ..Options::default() };
    let comparison = Comparison::new(records, &options).unwrap();
    comparison.subjects.into_iter().flat_map(|subject| subject.pairs).collect()
}

fn near(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-12
}

fn is_turned(one: &Estimate, other: &Estimate) -> bool {
    let value = match (one.value, other.value) {
        (Ok(one), Ok(other)) => near(one, -other),
        (one, other) => one == other,
    };
    value
        && match (one.interval, other.interval) {
            (Ok(one), Ok(other)) => near(one.low, -other.high) && near(one.high, -other.low),
            (one, other) => one == other,
        }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn exchanging_two_runs_turns_everything_around(tasks in tasks()) {
        let [first, second] = records(&tasks);
        let forth = compared(&[first.clone(), second.clone()]);
        let back = compared(&[second, first]);
        for (forth, back) in forth.iter().zip(&back) {
            prop_assert_eq!(forth.verdict.decision, back.verdict.decision.turned());
            let (forth, back) = (found(forth), found(back));
            prop_assert!(is_turned(&forth.difference, &back.difference));
            prop_assert!(near(forth.test.unwrap().p, back.test.unwrap().p));
            prop_assert_eq!(&forth.values[0], &back.values[1]);
            prop_assert_eq!(&forth.flips.only_first, &back.flips.only_second);
            for (forth, back) in forth.beside.iter().zip(&back.beside) {
                prop_assert!(near(forth.p, back.p));
            }
        }
    }

    #[test]
    fn neither_order_nor_what_only_one_has_changes_a_number(tasks in tasks(), turn in 0_usize..50) {
        let records = records(&tasks);
        let whole = compared(&records);
        let [mut first, second] = records;
        for task in &mut first.tasks {
            let rows = &mut task.table.rows;
            let extra = rows[0].clone();
            rows.push(extra);
            std::sync::Arc::make_mut(&mut rows.last_mut().unwrap().key).clone_from(&key(9999));
            let by = turn % rows.len();
            rows.rotate_left(by);
            *task = measured(task.clone());
        }
        let more = compared(&[first, second]);
        for (whole, more) in whole.iter().zip(&more) {
            prop_assert_eq!((more.matched.only_first, more.matched.paired), (1, whole.matched.paired));
            prop_assert_eq!(&whole.verdict, &more.verdict);
            let (whole, more) = (found(whole), found(more));
            prop_assert_eq!(&whole.difference, &more.difference);
            prop_assert_eq!(&whole.beside, &more.beside);
            for side in [0, 1] {
                prop_assert!(near(whole.values[side].value.unwrap(), more.values[side].value.unwrap()));
                prop_assert_eq!(whole.values[side].n, more.values[side].n);
            }
        }
    }
}
