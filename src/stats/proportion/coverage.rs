//! How often the intervals of a share hold it, by exact enumeration: no draws, every outcome with its probability.

use super::*;

/// The mean and the least coverage over 991 shares from 0.005 to 0.995.
fn coverage(items: u32, ends: Ends) -> (f64, f64) {
    let interval = |successes: u32| {
        let values: Vec<f64> = (0..items).map(|item| if item < successes { 1.0 } else { 0.0 }).collect();
        let estimate = estimate(&values, &Clusters::apart(items as usize), Level::DEFAULT, ends);
        estimate.interval.unwrap()
    };
    let intervals: Vec<Interval> = (0..=items).map(interval).collect();
    let held = |share: f64| -> f64 {
        let holds = |successes: &u32| {
            let interval = intervals[*successes as usize];
            (interval.low..=interval.high).contains(&share)
        };
        (0..=items).filter(holds).map(|successes| binomial::pmf(successes.into(), items.into(), share)).sum()
    };
    let coverage: Vec<f64> = (0..991).map(|step| held(0.005 + f64::from(step) * 0.001)).collect();
    (sum(coverage.iter().copied()) / 991.0, coverage.into_iter().fold(1.0, f64::min))
}

#[track_caller]
fn agrees(ends: Ends, cases: &[(u32, f64, f64)], tolerance: f64) {
    for (items, mean, least) in cases {
        let found = coverage(*items, ends);
        let off = (found.0 - mean).abs().max((found.1 - least).abs());
        assert!(off <= tolerance, "{ends:?}, {items} items: {found:?} instead of {:?}", (mean, least));
    }
}

// The same enumeration in numpy, rounded to three digits; with 20 items to nine.

const ROUNDED: f64 = 5.1e-4;

#[test]
fn wilson_holds_the_truth_as_often_as_it_says_on_average() {
    let cases = [
        (5, 0.955, 0.833),
        (10, 0.954, 0.842),
        (20, 0.953, 0.852),
        (50, 0.952, 0.895),
        (100, 0.951, 0.910),
        (400, 0.950, 0.932),
    ];
    agrees(Ends::Wilson, &cases, ROUNDED);
    agrees(Ends::Wilson, &[(20, 0.953_188_328, 0.851_595_667)], 1e-8);
}

#[test]
fn clopper_and_pearson_hold_it_always_as_often_as_they_say() {
    let cases = [
        (5, 0.990, 0.975),
        (10, 0.984, 0.961),
        (20, 0.977, 0.958),
        (50, 0.969, 0.953),
        (100, 0.964, 0.950),
        (400, 0.958, 0.950),
    ];
    agrees(Ends::ClopperPearson, &cases, ROUNDED);
    agrees(Ends::ClopperPearson, &[(20, 0.976_832_646, 0.958_099_255)], 1e-8);
}

#[test]
fn students_t_does_not() {
    let cases = [(5, 0.671, 0.025), (10, 0.801, 0.049), (20, 0.869, 0.095), (100, 0.933, 0.394)];
    agrees(Ends::T, &cases, ROUNDED);
}
