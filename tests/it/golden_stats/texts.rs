//! Written texts, memorized ones, and how sure answers are.

use std::num::NonZeroUsize;

use serde_json::Value;
use yardstick::{
    stats::{
        Clusters, Undefined,
        calibration::{Answers, brier, brier_of_classes},
        influence::Scale,
        mean, memorization,
        text::{agreement, distinct, pass_at},
    },
    value::Level,
};

use super::{Found, f, level, list, numbers, one, u};

fn lists<T>(input: &Value, name: &str, read: impl Fn(&Value) -> T) -> Vec<Vec<T>> {
    let inner = |list: &Value| list.as_array().unwrap().iter().map(&read).collect();
    input[name].as_array().unwrap().iter().map(inner).collect()
}

fn words(input: &Value, name: &str) -> Vec<Vec<String>> {
    lists(input, name, |word| word.as_str().unwrap().to_owned())
}

fn undefined(why: Undefined) -> Found {
    Found { undefined: Some(why), ..Found::default() }
}

/// Their mean as we report it.
fn mean_of(name: &'static str, values: &[f64]) -> Found {
    let mean = mean::estimate(values, &Clusters::apart(values.len()), Level::DEFAULT, Scale::Plain).value;
    mean.map_or_else(undefined, |mean| numbers([(name, mean)]))
}

pub fn brier_binary(input: &Value) -> Found {
    let pairs = list(input, "p").into_iter().zip(list(input, "y"));
    mean_of("brier", &pairs.map(|(p, y)| brier(p, y > 0.5)).collect::<Vec<_>>())
}

pub fn brier_multi(input: &Value) -> Found {
    let probabilities = lists(input, "P", |p| p.as_f64().unwrap());
    let right = list(input, "y").into_iter().map(|class| class as usize);
    let scores: Vec<f64> =
        probabilities.iter().zip(right).map(|(p, right)| brier_of_classes(p, right)).collect();
    mean_of("brier", &scores)
}

pub fn ece(input: &Value) -> Found {
    let (confidence, correct) = (list(input, "conf"), list(input, "correct"));
    let apart = Clusters::apart(confidence.len());
    let answers = Answers::new(confidence, correct, apart, u(input, "bins") as usize);
    let (Some(error), Some(largest)) = (answers.error(), answers.largest_gap()) else {
        return undefined(Undefined::NoItems);
    };
    let mut found = numbers([("ece", error), ("mce", largest)]);
    let sizes = answers.bins(Level::DEFAULT).into_iter().map(|bin| bin.accuracy.n as f64).enumerate();
    found.paths.extend(sizes.map(|(bin, size)| (format!("/counts/{bin}"), size)));
    found
}

pub fn memorized(input: &Value) -> Found {
    let texts = list(input, "exact");
    let paraphrases = lists(input, "paraphrases", |p| p.as_f64().unwrap());
    let (mut found, mut logs) = (Found::default(), Vec::new());
    for (place, (text, paraphrases)) in texts.into_iter().zip(&paraphrases).enumerate() {
        let path = |name: &str| format!("/items/{place}/{name}");
        let ratio = memorization::ratio(text, paraphrases, level(input));
        let log = memorization::log_ratio(text, paraphrases).unwrap();
        logs.push(log);
        found.paths.extend([
            (path("ratio"), ratio.value.unwrap()),
            (path("log_ratio"), log),
            (path("rank_p"), memorization::rank_p(text, paraphrases)),
        ]);
        if let Ok(interval) = ratio.interval {
            found.paths.extend([(path("low"), interval.low), (path("high"), interval.high)]);
        }
    }
    let pooled = mean::estimate(&logs, &Clusters::apart(logs.len()), level(input), Scale::Exp);
    found.paths.push(("/pooled/ratio".to_owned(), pooled.value.unwrap()));
    if let Ok(interval) = pooled.interval {
        found
            .paths
            .extend([("/pooled/low".to_owned(), interval.low), ("/pooled/high".to_owned(), interval.high)]);
    }
    found
}

pub fn distinct_n(input: &Value) -> Found {
    let texts = words(input, "tokens");
    let texts: Vec<Vec<&str>> = texts.iter().map(|text| text.iter().map(String::as_str).collect()).collect();
    let n = NonZeroUsize::new(u(input, "n") as usize).unwrap();
    let estimate = distinct(&texts, n, &Clusters::apart(texts.len()), Level::DEFAULT);
    estimate.value.map_or_else(undefined, |value| numbers([("value", value)]))
}

pub fn agree(input: &Value) -> Found {
    let outputs = words(input, "outputs");
    let shares: Option<Vec<f64>> = outputs.iter().map(|texts| agreement(texts)).collect();
    let Some(shares) = shares else { return undefined(Undefined::TooFewAnswers) };
    let mut found = mean_of("pairwise", &shares);
    let same = shares.iter().filter(|share| **share >= 1.0).count();
    found.numbers.extend([("all_same", same as f64), ("n", shares.len() as f64)]);
    let items = shares.into_iter().enumerate();
    found.paths.extend(items.map(|(item, share)| (format!("/per_item/{item}"), share)));
    found
}

pub fn pass_at_k(input: &Value) -> Found {
    let [n, c, k] = ["n", "c", "k"].map(|name| f(input, name) as usize);
    one(pass_at(k, c, n))
}
