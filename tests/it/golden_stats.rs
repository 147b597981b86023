//! Numbers from scipy, statsmodels and scikit-learn (`golden/stats.json` of the test data), to 1e-9, special functions to
//! 1e-10.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod classes;
mod texts;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use yardstick::{
    stats::{
        Clusters, Estimate, Interval, Method, Undefined,
        bootstrap::{Draws, Kind, Median, Statistic, acceleration},
        dist::{beta, binomial, chi_squared, normal, student},
        influence::{Quotient, Scale, Spread},
        mean, median, proportion,
        ratio::Documents,
    },
    value::Level,
};

/// What a function of ours found: numbers by the names of the golden file, and why the rest is not there.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) numbers: BTreeMap<&'static str, f64>,
    /// The same by JSON pointer.
    pub(super) paths: Vec<(String, f64)>,
    pub(super) undefined: Option<Undefined>,
}

pub(super) const SPECIAL: f64 = 1e-10;
pub(super) const USUAL: f64 = 1e-9;

pub(super) type Function = fn(&Value) -> Found;

/// Each function of the golden file that is ours, with its tolerance.
const FUNCTIONS: &[(&str, f64, Function)] = &[
    ("norm_ppf", SPECIAL, |i| one(normal::quantile(f(i, "p")))),
    ("norm_cdf", SPECIAL, |i| one(normal::cdf(f(i, "x")))),
    ("norm_sf", SPECIAL, |i| one(normal::sf(f(i, "x")))),
    ("t_cdf", SPECIAL, |i| one(student::cdf(f(i, "x"), f(i, "df")))),
    ("t_ppf", SPECIAL, |i| one(student::quantile(f(i, "p"), f(i, "df")))),
    ("beta_ppf", SPECIAL, |i| one(beta::quantile(f(i, "p"), f(i, "a"), f(i, "b")))),
    ("binom_cdf", SPECIAL, |i| one(binomial::cdf(u(i, "k"), u(i, "n"), f(i, "p")))),
    ("binom_pmf", SPECIAL, |i| one(binomial::pmf(u(i, "k"), u(i, "n"), f(i, "p")))),
    ("chi2_sf", SPECIAL, |i| one(chi_squared::sf(f(i, "x"), f(i, "df")))),
    ("wilson", USUAL, |i| share(i, proportion::wilson(f(i, "x"), f(i, "n"), level(i)))),
    ("clopper_pearson", USUAL, |i| share(i, proportion::clopper_pearson(f(i, "x"), f(i, "n"), level(i)))),
    ("binom_test_greater", USUAL, |i| one(proportion::p_at_least(u(i, "x"), u(i, "n"), f(i, "p0")))),
    ("mean_t", USUAL, |i| {
        let x = list(i, "x");
        estimate(&mean::estimate(&x, &Clusters::apart(x.len()), level(i), Scale::Plain))
    }),
    ("cluster_mean", USUAL, cluster_mean),
    ("median_ci", USUAL, |i| {
        let x = list(i, "x");
        estimate(&median::estimate(&x, &Clusters::apart(x.len()), level(i)))
    }),
    ("jackknife", USUAL, jackknife),
    ("bootstrap_ci", USUAL, bootstrap),
    ("binomial_bootstrap_limits", USUAL, |i| {
        let (n, p) = (u(i, "n"), f(i, "x") / f(i, "n"));
        let end = |share| binomial::quantile(share, n, p) as f64 / n as f64;
        let tail = (1.0 - f(i, "level")) / 2.0;
        numbers([("low", end(tail)), ("high", end(1.0 - tail))])
    }),
    ("corpus", USUAL, corpus),
    ("ppl_ratio_independent", USUAL, ratio),
    ("classification", USUAL, classes::classification),
    ("f1_interval", USUAL, classes::f1_interval),
    ("confusion_interval", USUAL, classes::confusion_interval),
    ("jeffreys", USUAL, |i| share(i, proportion::jeffreys(f(i, "x"), f(i, "n"), level(i)))),
    ("wilson_fpc", USUAL, |i| {
        share(i, proportion::wilson_of_whole(f(i, "x"), f(i, "n"), f(i, "N"), level(i)))
    }),
    ("newcombe_independent", USUAL, newcombe_independent),
    ("brier_binary", USUAL, texts::brier_binary),
    ("brier_multi", USUAL, texts::brier_multi),
    ("ece", USUAL, texts::ece),
    ("memorization", USUAL, texts::memorized),
    ("distinct_n", USUAL, texts::distinct_n),
    ("agreement", USUAL, texts::agree),
    ("pass_at_k", USUAL, texts::pass_at_k),
];

#[test]
#[expect(clippy::print_stdout, reason = "a test says how well it agrees")]
fn every_function_agrees() {
    let Some(path) = crate::data("golden/stats.json") else { return };
    let text = std::fs::read_to_string(path).unwrap();
    let golden: Value = serde_json::from_str(&text).unwrap();
    let golden = golden["functions"].as_object().unwrap();
    let mut faults = Vec::new();
    let functions = || FUNCTIONS.iter().chain(super::golden_paired::FUNCTIONS);
    for (name, tolerance, function) in functions() {
        let (mut worst, mut compared): (f64, usize) = (0.0, 0);
        let cases = golden[*name]["cases"].as_array().unwrap();
        let all: Vec<Found> = cases.iter().map(|case| function(&case["in"])).collect();
        // What is reported in any case must be in each of its sort that has a golden number.
        let sort = |case: &Value| case["in"]["kind"].to_string();
        let mut reported = BTreeSet::new();
        for (case, found) in cases.iter().zip(&all) {
            reported.extend(found.numbers.keys().map(|number| (sort(case), *number)));
        }
        for (case, found) in cases.iter().zip(all) {
            let wanted = reported.iter().filter(|(of, _)| found.undefined.is_none() && *of == sort(case));
            let left_out = wanted.filter(|(_, number)| {
                case["out"][*number].is_number() && !found.numbers.contains_key(number)
            });
            faults.extend(left_out.map(|(_, number)| format!("{name}: no {number} in {case}")));
            compared += found.numbers.len() + found.paths.len();
            match compare(&found, &case["out"]) {
                Ok(error) if error <= *tolerance => worst = worst.max(error),
                Ok(error) => faults.push(format!("{name}: off by {error:e} in {case}")),
                Err(what) => faults.push(format!("{name}: {what} in {case}")),
            }
        }
        assert!(compared > 0, "{name}: nothing is compared");
        println!("{name}: {worst:.1e}");
    }
    let missing: Vec<_> = golden.keys().filter(|name| functions().all(|(own, ..)| own != name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// The largest relative error. Numbers that ought to be zero may be off by what rounding leaves of the largest.
fn compare(found: &Found, wanted: &Value) -> Result<f64, String> {
    match (wanted.get("undefined").filter(|why| why.is_string()), found.undefined) {
        (Some(_), Some(_)) | (None, None) => {}
        (wanted, found) => return Err(format!("undefined: {found:?} instead of {wanted:?}")),
    }
    let number = |name: &str| if name.is_empty() { wanted.as_f64() } else { wanted[name].as_f64() };
    let named = found.numbers.iter().map(|(name, found)| (*name, number(name), *found));
    let by_path = found
        .paths
        .iter()
        .map(|(path, found)| (path.as_str(), wanted.pointer(path).and_then(Value::as_f64), *found));
    let all: Vec<_> = named.chain(by_path).collect();
    let largest = all.iter().filter_map(|(_, wanted, _)| *wanted).fold(1e-294, |a: f64, b| a.max(b.abs()));
    all.into_iter().try_fold(0.0, |worst: f64, (name, wanted, found)| {
        let wanted = wanted.ok_or_else(|| format!("no number {name:?} to compare with"))?;
        Ok(worst.max((found - wanted).abs() / wanted.abs().max(1e-6 * largest)))
    })
}

pub(super) fn f(input: &Value, name: &str) -> f64 {
    input[name].as_f64().unwrap_or_else(|| panic!("no number {name} in {input}"))
}

pub(super) fn u(input: &Value, name: &str) -> u64 {
    input[name].as_u64().unwrap_or_else(|| panic!("no count {name} in {input}"))
}

pub(super) fn list(input: &Value, name: &str) -> Vec<f64> {
    input[name].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

/// Texts as they are, numbers as they are written.
pub(super) fn texts(input: &Value, name: &str) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    input[name].as_array().unwrap().iter().map(text).collect()
}

pub(super) fn level(input: &Value) -> Level {
    Level::new(f(input, "level")).unwrap()
}

pub(super) fn one(number: f64) -> Found {
    numbers([("", number)])
}

pub(super) fn numbers<const N: usize>(numbers: [(&'static str, f64); N]) -> Found {
    Found { numbers: numbers.into(), ..Found::default() }
}

fn share(input: &Value, interval: Result<Interval, Undefined>) -> Found {
    match interval {
        Ok(i) => numbers([("estimate", f(input, "x") / f(input, "n")), ("low", i.low), ("high", i.high)]),
        Err(why) => Found { undefined: Some(why), ..Found::default() },
    }
}

pub(super) fn estimate(estimate: &Estimate) -> Found {
    let mut found = Found { undefined: estimate.interval.err(), ..Found::default() };
    found.numbers.extend(estimate.value.ok().map(|value| ("estimate", value)));
    if let Ok(interval) = estimate.interval {
        found.numbers.extend([("low", interval.low), ("high", interval.high)]);
        found.numbers.extend(estimate.std_error.map(|error| ("se", error)));
    }
    found
}

fn newcombe_independent(input: &Value) -> Found {
    let group = |right: &str, items: &str| -> Vec<f64> {
        (0..u(input, items)).map(|item| if item < u(input, right) { 1.0 } else { 0.0 }).collect()
    };
    let groups = [group("x1", "n1"), group("x2", "n2")];
    let [own, other] =
        [&groups[0], &groups[1]].map(|values| (values.as_slice(), Clusters::apart(values.len())));
    let both = Clusters::apart(own.0.len() + other.0.len());
    let groups = [(own.0, &own.1), (other.0, &other.1)];
    let mut found = estimate(&proportion::difference(groups, &both, level(input), proportion::Ends::Wilson));
    found.numbers.remove("se");
    found
}

fn cluster_mean(input: &Value) -> Found {
    let x = list(input, "x");
    let clusters = Clusters::by(input["g"].as_array().unwrap().iter().map(|g| g.as_i64().unwrap()));
    let mut found = estimate(&mean::estimate(&x, &clusters, level(input), Scale::Plain));
    if found.undefined.is_none() && input["x"].as_array().unwrap().iter().all(Value::is_u64) {
        let spread = Quotient::mean(&x, &clusters).linear().spread();
        let effective = proportion::effective_items(spread, x.len(), clusters.count(), level(input));
        let wilson = proportion::wilson(spread.value * effective, effective, level(input)).unwrap();
        found.numbers.extend([
            ("n_eff_t", effective),
            ("wilson_low", wilson.low),
            ("wilson_high", wilson.high),
        ]);
        if clusters.shared().is_some() {
            let whole = proportion::estimate(&x, &clusters, level(input), proportion::Ends::Wilson).interval;
            assert_eq!(whole.map(|i| (i.low, i.high)), Ok((wilson.low, wilson.high)));
        }
    }
    found
}

fn jackknife(input: &Value) -> Found {
    let x = list(input, "x");
    let apart = Clusters::apart(x.len());
    if let Err(why) = apart.spread() {
        return Found { undefined: Some(why), ..Found::default() };
    }
    let weights = if input["w"].is_null() { vec![1.0; x.len()] } else { list(input, "w") };
    if input["kind"] == "median" {
        return numbers([("acceleration", acceleration(&Median::new(&x, &apart).influences()))]);
    }
    let influence = Quotient::new(&x, &weights, &apart).jackknife();
    numbers([("se", influence.spread().std_error), ("acceleration", acceleration(&influence.parts))])
}

/// The draws of the golden file.
struct Given(Vec<usize>);

impl Draws for Given {
    fn blocks(&mut self, count: usize, mut see: impl FnMut(&[usize])) {
        assert_eq!(self.0.len(), count);
        see(&self.0);
    }
}

fn bootstrap(input: &Value) -> Found {
    let x = list(input, "x");
    let apart = Clusters::apart(x.len());
    match input["kind"].as_str().unwrap() {
        "median" => ends(&Median::new(&x, &apart), input),
        "ratio" => ends(&Quotient::new(&x, &list(input, "w"), &apart), input),
        _ => ends(&Quotient::mean(&x, &apart), input),
    }
}

fn ends(statistic: &impl Statistic, input: &Value) -> Found {
    let mut replicates: Vec<f64> = input["indices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|draw| draw.as_array().unwrap().iter().map(|i| i.as_u64().unwrap() as usize).collect())
        .map(|draw| statistic.resampled(&mut Given(draw)))
        .collect();
    replicates.sort_by(f64::total_cmp);
    let (low, high, _) = Kind::Percentile.ends(&replicates, statistic, level(input));
    let mut found = numbers([("pct_low", low), ("pct_high", high)]);
    let (low, high, method) = Kind::Bca.ends(&replicates, statistic, level(input));
    // Where the correction is not defined, the golden file has no ends of it, as we have not.
    if method == Method::BootstrapBca {
        found.numbers.extend([("bca_low", low), ("bca_high", high)]);
    }
    found
}

fn documents(input: &Value, nll: &str, units: &str) -> (Documents, usize) {
    let nll = list(input, nll);
    (Documents::new(&nll, &list(input, units), Clusters::apart(nll.len())), nll.len())
}

fn spread(mut found: Found, names: [&'static str; 3], spread: Result<Spread, Undefined>) -> Found {
    found.numbers.remove("se");
    if let Ok(spread) = spread {
        found.numbers.extend(names.into_iter().zip([spread.value, spread.std_error, spread.df]));
    }
    found
}

fn corpus(input: &Value) -> Found {
    let (documents, _) = documents(input, "nll", "units");
    let scale = if input["scale"] == "exp" { Scale::Exp } else { Scale::Bits };
    let found = estimate(&documents.estimate(level(input), scale));
    spread(found, ["theta", "se_theta", "df"], documents.spread())
}

fn ratio(input: &Value) -> Found {
    let (first, n) = documents(input, "nll1", "u1");
    let (second, m) = documents(input, "nll2", "u2");
    let mut found = estimate(&first.over(&second, &Clusters::apart(n + m), level(input)));
    found.numbers.remove("se");
    let difference = first.spread().unwrap().minus(second.spread().unwrap());
    found.numbers.extend([("se_log", difference.std_error), ("df", difference.df)]);
    found
}
