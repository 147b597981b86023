//! Paired data, several tests at once and power: the part of the golden numbers that belongs to comparisons.

use std::collections::BTreeSet;

use serde_json::Value;
use yardstick::{
    random::Key,
    stats::{
        Clusters, Undefined,
        confusion::{ClassScore, Confusion, PairedConfusion},
        dist::hypergeometric::{Hypergeometric, fisher_exact},
        multiplicity,
        paired::{self, McNemar, MeanDifference, Pairs, Permutation},
        power::{self, Goal, PlannedPairs},
        proportion::Ends,
        ratio::Documents,
    },
    value::{Level, Seed},
};

use super::golden_stats::{
    Found, Function, SPECIAL, USUAL, estimate, f, level, list, numbers, one, texts, u,
};

/// statsmodels solves for these and stops early: with a tighter search of scipy's its answers move by up to 7e-6, to ours.
const SOLVED: f64 = 1e-5;

/// Each function with its tolerance.
pub const FUNCTIONS: &[(&str, f64, Function)] = &[
    ("hypergeom_cdf", SPECIAL, |i| {
        let all = Hypergeometric { population: u(i, "N"), successes: u(i, "K"), draws: u(i, "n") };
        one(all.cdf(u(i, "k")))
    }),
    ("fisher_exact", USUAL, |i| {
        let cell = |row: usize, column: usize| i["table"][row][column].as_u64().unwrap();
        one(fisher_exact([[cell(0, 0), cell(0, 1)], [cell(1, 0), cell(1, 1)]]))
    }),
    ("newcombe_paired", USUAL, |i| difference(i, |pairs| pairs.newcombe(level(i)))),
    ("tango", USUAL, |i| difference(i, |pairs| pairs.tango(level(i)))),
    ("mcnemar", USUAL, mcnemar),
    ("tost_paired_props", USUAL, |i| {
        let equivalence = pairs(i).equivalence(f(i, "margin"));
        let interval = pairs(i).tango(Level::new(1.0 - 2.0 * f(i, "alpha")).unwrap()).unwrap();
        numbers([
            ("p", equivalence.p()),
            ("p_low", equivalence.p_above),
            ("p_high", equivalence.p_below),
            ("ci_low", interval.low),
            ("ci_high", interval.high),
        ])
    }),
    ("cochran_q", USUAL, |i| {
        let right = |item: &Value| item.as_array().unwrap().iter().map(|x| x.as_u64() == Some(1)).collect();
        let items: Vec<Vec<bool>> = i["x"].as_array().unwrap().iter().map(right).collect();
        let q = paired::cochran_q(&items).unwrap();
        numbers([("statistic", q.statistic), ("p", q.p), ("df", q.df as f64)])
    }),
    ("paired_t", USUAL, paired_t),
    ("tost_paired_t", USUAL, |i| {
        let mean = mean_difference(i);
        let equivalence = mean.equivalence(f(i, "low"), f(i, "high")).unwrap();
        numbers([
            ("p", equivalence.p()),
            ("t_low", mean.t(f(i, "low")).unwrap()),
            ("p_low", equivalence.p_above),
            ("t_high", mean.t(f(i, "high")).unwrap()),
            ("p_high", equivalence.p_below),
        ])
    }),
    ("sign_flip_exact", USUAL, |i| match paired::sign_flip(&list(i, "d"), enumerated()) {
        Some(p) => numbers([("p", p)]),
        None => undefined(Undefined::NoItems),
    }),
    ("swap_permutation_exact", USUAL, swap),
    ("paired_metric_diff", USUAL, metric_difference),
    ("adjust", USUAL, |i| {
        let p = list(i, "p");
        let mut found = Found::default();
        for (method, adjusted) in
            [("holm", multiplicity::holm(&p)), ("bh", multiplicity::benjamini_hochberg(&p))]
        {
            found
                .paths
                .extend(adjusted.into_iter().enumerate().map(|(at, p)| (format!("/{method}/{at}"), p)));
        }
        found
    }),
    ("ppl_ratio_paired", USUAL, ratio),
    ("n_for_half_width", USUAL, |i| {
        numbers([("wilson_n", power::items_for_half_width(f(i, "half"), f(i, "p"), level(i)) as f64)])
    }),
    ("mcnemar_power_formula", USUAL, |i| one(planned(i).formula_power(f(i, "n"), f(i, "alpha")))),
    ("mcnemar_power_exact", USUAL, |i| {
        let test = if i["test"] == "exact" { McNemar::Exact } else { McNemar::MidP };
        one(planned(i).enumerated_power(u(i, "n"), f(i, "alpha"), test))
    }),
    ("mcnemar_n_formula", USUAL, |i| numbers([("n_real", planned(i).formula_items(goal(i)))])),
    ("mcnemar_mdd", USUAL, |i| match PlannedPairs::formula_detectable(f(i, "n"), f(i, "psi"), goal(i)) {
        Some(difference) => one(difference),
        None => Found::default(),
    }),
    ("power_two_proportions", USUAL, |i| {
        numbers([("power", power::two_proportions(f(i, "p1"), f(i, "p2"), f(i, "n"), f(i, "alpha")))])
    }),
    ("power_paired_t", USUAL, |i| one(power::paired_t(f(i, "dz"), f(i, "n"), f(i, "alpha")))),
    ("n_paired_t", SOLVED, |i| one(power::paired_t_items(f(i, "dz"), goal(i)).unwrap())),
    ("mdd_paired_mean", SOLVED, |i| one(power::detectable_effect(f(i, "n"), goal(i)) * f(i, "sd"))),
];

fn undefined(why: Undefined) -> Found {
    Found { undefined: Some(why), ..Found::default() }
}

fn pairs(input: &Value) -> Pairs {
    let [both, only_first, only_second, neither] =
        ["a", "b", "c", "d"].map(|name| input[name].as_u64().unwrap_or(0));
    Pairs { both, only_first, only_second, neither }
}

fn difference(
    input: &Value,
    interval: impl Fn(Pairs) -> Result<yardstick::stats::Interval, Undefined>,
) -> Found {
    match (pairs(input).difference(), interval(pairs(input))) {
        (Ok(value), Ok(interval)) => {
            numbers([("estimate", value), ("low", interval.low), ("high", interval.high)])
        }
        (Err(why), _) | (_, Err(why)) => undefined(why),
    }
}

fn mcnemar(input: &Value) -> Found {
    let pairs = pairs(input);
    let mut found =
        numbers([("exact_p", pairs.mcnemar(McNemar::Exact)), ("midp", pairs.mcnemar(McNemar::MidP))]);
    found.numbers.extend(pairs.cohen_g().ok().map(|g| ("cohen_g", g)));
    if let Ok(odds) = pairs.odds_ratio(Level::DEFAULT) {
        found.numbers.insert("odds_ratio_low", odds.low);
        found.numbers.extend(odds.value.ok().map(|value| ("odds_ratio", value)));
        found.numbers.extend(odds.high.map(|high| ("odds_ratio_high", high)));
    }
    found
}

fn mean_difference(input: &Value) -> MeanDifference {
    let differences: Vec<f64> =
        list(input, "x").into_iter().zip(list(input, "y")).map(|(first, second)| first - second).collect();
    MeanDifference::new(&differences, &Clusters::apart(differences.len()))
}

fn paired_t(input: &Value) -> Found {
    let mean = mean_difference(input);
    let mut found = estimate(&mean.estimate(level(input)));
    found.numbers.remove("se");
    if list(input, "x").len() < 2 {
        // The golden file leaves the one difference out.
        found.numbers.clear();
    }
    if let (Ok(t), Ok(p), Ok(df), Ok(effect)) = (mean.t(0.0), mean.p(), mean.df(), mean.effect_size()) {
        found.numbers.extend([("t", t), ("p", p), ("df", df), ("cohen_dz", effect.d_z)]);
        found.numbers.extend(effect.g_z.map(|g_z| ("hedges_gz", g_z)));
    }
    found
}

fn enumerated() -> Permutation {
    Permutation { draws: 0, key: Key::new(Seed(0), "none is drawn") }
}

fn ratio(input: &Value) -> Found {
    let [first, second] = [("nllA", "uA"), ("nllB", "uB")].map(|(nll, units)| {
        let nll = list(input, nll);
        Documents::new(&nll, &list(input, units), Clusters::apart(nll.len()))
    });
    let mut found = estimate(&first.over_paired(&second, level(input)));
    found.numbers.remove("se");
    if list(input, "nllA").len() < 2 {
        // The golden file leaves the one ratio out.
        found.numbers.clear();
    }
    if let Ok(spread) = first.minus_paired(&second) {
        found.numbers.extend([("se_log", spread.std_error), ("df", spread.df), ("p", spread.p())]);
    }
    found
}

fn planned(input: &Value) -> PlannedPairs {
    PlannedPairs::new(f(input, "psi"), f(input, "delta")).unwrap()
}

fn goal(input: &Value) -> Goal {
    Goal { alpha: f(input, "alpha"), power: f(input, "power") }
}

/// The classes of three lists, as items with two predictions.
fn predictions(input: &Value) -> [Vec<String>; 3] {
    ["true", "pred_a", "pred_b"].map(|name| texts(input, name))
}

fn metric_difference(input: &Value) -> Found {
    let [gold, first, second] = predictions(input);
    let both = first.iter().zip(&second);
    let items: Vec<_> = gold
        .iter()
        .zip(both)
        .map(|(gold, (first, second))| (gold.as_str(), Some(first.as_str()), Some(second.as_str())))
        .collect();
    let score = match input["metric"].as_str().unwrap() {
        "macro_f1" => ClassScore::MacroF1,
        "mcc" => ClassScore::Mcc,
        _ => ClassScore::BalancedAccuracy,
    };
    let paired = PairedConfusion::new(&items, Clusters::apart(items.len()));
    let mut found = estimate(&paired.estimate(&score, level(input)));
    if items.len() < 2 {
        // The golden file leaves the one difference out.
        found.numbers.clear();
    }
    found
}

/// The golden file's mean F1 is over the classes of all three lists, whichever of them a side holds.
fn swap(input: &Value) -> Found {
    let [gold, first, second] = predictions(input);
    let classes: BTreeSet<&str> = gold.iter().chain(&first).chain(&second).map(String::as_str).collect();
    let value = |predicted: Vec<&str>| {
        let pairs: Vec<_> =
            gold.iter().zip(predicted).map(|(gold, own)| (gold.as_str(), Some(own))).collect();
        let right = pairs.iter().filter(|(gold, own)| Some(*gold) == *own).count() as f64;
        let table = Confusion::new(&[], &pairs, Clusters::apart(pairs.len()));
        let score = |score| table.estimate(&score, Level::DEFAULT, Ends::Wilson).value.unwrap_or(0.0);
        match input["metric"].as_str().unwrap() {
            "accuracy" => right / pairs.len() as f64,
            "mcc" => score(ClassScore::Mcc),
            _ => {
                let scores = classes.iter().map(|class| score(ClassScore::F1((*class).to_owned())));
                scores.sum::<f64>() / classes.len() as f64
            }
        }
    };
    let difference = |swapped: &[bool]| {
        let side = |of_second: bool| {
            let both = first.iter().zip(&second).zip(swapped);
            both.map(
                move |((first, second), swapped)| {
                    if *swapped == of_second { first.as_str() } else { second.as_str() }
                },
            )
        };
        value(side(false).collect()) - value(side(true).collect())
    };
    let p = paired::swap(gold.len(), difference, enumerated()).unwrap();
    numbers([("diff", difference(&vec![false; gold.len()])), ("p", p)])
}
