//! The sampler against enumeration, and against sets that were worked out by hand from the definitions in transformers'
//! `generation/logits_process.py`.

use std::num::NonZeroU32;

use super::*;
use crate::value::{Seed, Temperature};

const PROMPT: &str = "The capital of France is";

fn sampled(seed: u64) -> Sampled {
    Sampled {
        seed: Seed(seed),
        repetition_penalty: None,
        temperature: Temperature::ONE,
        top_k: None,
        top_p: None,
        min_p: None,
    }
}

fn candidates(values: &[f64]) -> Vec<Candidate> {
    (0..).zip(values).map(|(id, value)| Candidate { id, value: *value }).collect()
}

fn ids(candidates: &[Candidate]) -> Vec<u32> {
    candidates.iter().map(|candidate| candidate.id).collect()
}

/// The ids that a cut leaves.
fn left(values: &[f64], cut: impl FnOnce(&mut Vec<Candidate>)) -> Vec<u32> {
    let mut candidates = candidates(values);
    cut(&mut candidates);
    ids(&candidates)
}

fn chosen(decoding: Decoding, logits: &[f32], before: &[u32], steps: usize) -> Vec<u32> {
    let (sampler, mut scratch) = (Sampler::new(decoding, PROMPT), Vec::new());
    (0..steps).map(|step| sampler.choose(step, logits, before, &mut scratch)).collect()
}

#[test]
fn top_k_keeps_what_equals_the_last_of_the_k() {
    let logits = [1.0, 3.0, 3.0, 2.0, 3.0];
    for (k, right) in
        [(1, vec![1, 2, 4]), (2, vec![1, 2, 4]), (4, vec![1, 2, 3, 4]), (5, vec![0, 1, 2, 3, 4])]
    {
        assert_eq!(left(&logits, |all| top_k(all, k)), right, "{k}");
    }
    assert_eq!(left(&logits, |all| top_k(all, 900)).len(), 5);
}

#[test]
fn top_p_keeps_the_token_that_reaches_it() {
    let shares = [0.125, 0.5, 0.125, 0.25];
    for (p, right) in [
        (0.001, vec![1]),
        (0.5, vec![1]),
        (0.51, vec![1, 3]),
        (0.75, vec![1, 3]),
        (0.76, vec![0, 1, 3]),
        (0.875, vec![0, 1, 3]),
        (0.876, vec![0, 1, 2, 3]),
        (1.0, vec![0, 1, 2, 3]),
    ] {
        assert_eq!(left(&shares, |all| top_p(all, TopP::new(p).unwrap())), right, "{p}");
    }
}

#[test]
fn top_p_finds_among_thousands_what_a_whole_sort_finds() {
    let values: Vec<f64> =
        (0..3000_u64).map(|at| (Key::new(Seed(1), "test").uniform(at) * 9.0).exp()).collect();
    let mut sorted = candidates(&values);
    sorted.sort_by(best_first);
    let total: f64 = values.iter().sum();
    for p in [0.01, 0.3, 0.5, 0.9, 0.99, 0.9999] {
        let mut mass = 0.0;
        let before = |candidate: &&Candidate| {
            mass += candidate.value;
            mass - candidate.value < p * total
        };
        let mut right = ids(&sorted.iter().take_while(before).copied().collect::<Vec<_>>());
        right.sort_unstable();
        assert_eq!(left(&values, |all| top_p(all, TopP::new(p).unwrap())), right, "{p}");
    }
}

#[test]
fn min_p_is_relative_to_the_best() {
    let shares = [0.05, 1.0, 0.049, 0.5, 1.0];
    for (p, right) in [(0.0, vec![0, 1, 2, 3, 4]), (0.05, vec![0, 1, 3, 4]), (1.0, vec![1, 4])] {
        assert_eq!(left(&shares, |all| min_p(all, MinP::new(p).unwrap())), right, "{p}");
    }
}

#[test]
fn a_penalty_applies_once_a_token_and_makes_each_less_probable() {
    let logits = [2.0, -1.0, 0.5, 0.0];
    let mut all = candidates(&[2.0, -1.0, 0.5, 0.0]);
    penalize(&mut all, &logits, RepetitionPenalty::new(2.0).ok(), &[0, 1, 0, 0, 3]);
    assert_eq!(all, candidates(&[1.0, -2.0, 0.5, 0.0]));
    let penalized = |penalty| Decoding::Penalized(RepetitionPenalty::new(penalty).unwrap());
    assert_eq!(chosen(penalized(3.9), &logits, &[0], 1), [0]);
    assert_eq!(chosen(penalized(4.1), &logits, &[0], 1), [2]);
    // What overflows is as far off as a number can be, and still a number.
    assert_eq!(chosen(penalized(1e-300), &[1e9, 3e38, -3e38], &[0, 1, 2], 1), [0]);
}

#[test]
fn cuts_apply_in_order_to_what_is_left() {
    let logits = [0.5_f64, 0.25, 0.125, 0.125].map(f64::ln);
    let cut = |change: fn(&mut Sampled)| {
        left(&logits, |all| {
            let mut sampled = sampled(0);
            change(&mut sampled);
            sampled.cut(all);
        })
    };
    assert_eq!(cut(|s| s.top_p = TopP::new(0.7).ok()), [0, 1]);
    // Squared and normalized the shares are 0.73, 0.18, 0.05, 0.05.
    let sharp = |s: &mut Sampled| {
        s.temperature = Temperature::new(0.5).unwrap();
        s.top_p = TopP::new(0.7).ok();
    };
    assert_eq!(cut(sharp), [0]);
    // Of the best two, the first holds two thirds.
    let few = |s: &mut Sampled| {
        s.top_k = NonZeroU32::new(2);
        s.top_p = TopP::new(0.6).ok();
    };
    assert_eq!(cut(few), [0]);
    assert_eq!(cut(|s| s.top_p = TopP::new(0.6).ok()), [0, 1]);
    assert_eq!(cut(|s| s.min_p = MinP::new(0.3).ok()), [0, 1]);
    let flat = |s: &mut Sampled| {
        s.temperature = Temperature::new(2.0).unwrap();
        s.min_p = MinP::new(0.49).ok();
    };
    assert_eq!(cut(flat), [0, 1, 2, 3]);
}

#[test]
fn nothing_is_drawn_that_has_no_probability() {
    let all = candidates(&[0.0, 1.0, 0.0, 1.0, 0.0]);
    let at = |uniform| drawn(&all, uniform).id;
    assert_eq!([at(0.0), at(0.49), at(0.51), at(1.0 - f64::EPSILON / 2.0), at(1.0)], [1, 1, 3, 3, 1]);
}

#[test]
fn draws_are_those_of_the_written_definition() {
    // Computed in Python: SHA-256 key of the seed and `token/` with the prompt, the stream of the step, and the first token
    // whose cumulative share is above the draw.
    let draws = |seed| chosen(Decoding::Sampled(sampled(seed)), &[0.0, 1.0, 2.0, -1.0], &[], 16);
    assert_eq!(draws(7), [2, 1, 1, 2, 2, 2, 0, 2, 1, 2, 1, 2, 0, 2, 1, 2]);
    assert_eq!(draws(8), [2, 2, 2, 2, 2, 2, 1, 2, 0, 1, 1, 2, 2, 2, 2, 2]);
}

/// Pearson's statistic of counts against probabilities.
fn chi_squared(drawn: &[u32], shares: &[f64]) -> f64 {
    let expected = shares.iter().map(|share| share / shares.iter().sum::<f64>() * drawn.len() as f64);
    expected
        .zip(0..)
        .map(|(expected, id)| {
            let count = drawn.iter().filter(|drawn| **drawn == id).count() as f64;
            if expected == 0.0 {
                assert!(count == 0.0, "{id} cannot be drawn");
                return 0.0;
            }
            (count - expected).powi(2) / expected
        })
        .sum()
}

#[test]
fn tokens_come_as_often_as_they_are_probable() {
    // Quantiles of χ² at 1 - 1e-6: 33.38 for five outcomes, 27.63 for three.
    let logits = [1.0_f32, 0.0, -0.5, 2.0, 0.7];
    let share = |temperature: f64| logits.map(|logit| (f64::from(logit) / temperature).exp());
    let first = |change: fn(&mut Sampled)| -> Vec<u32> {
        (0..20_000)
            .flat_map(|seed| {
                let mut sampled = sampled(seed);
                change(&mut sampled);
                chosen(Decoding::Sampled(sampled), &logits, &[], 1)
            })
            .collect()
    };
    assert!(chi_squared(&first(|_| {}), &share(1.0)) < 33.38);
    assert!(chi_squared(&first(|s| s.temperature = Temperature::new(0.6).unwrap()), &share(0.6)) < 33.38);
    assert!(chi_squared(&first(|s| s.temperature = Temperature::new(5.0).unwrap()), &share(5.0)) < 33.38);
    let three = [1.0_f64.exp(), 0.0, 0.0, 2.0_f64.exp(), 0.7_f64.exp()];
    assert!(chi_squared(&first(|s| s.top_k = NonZeroU32::new(3)), &three) < 27.63);
    // The shares are 0.205, 0.075, 0.046, 0.556, 0.118; the best three hold 0.879.
    assert!(chi_squared(&first(|s| s.top_p = TopP::new(0.8).ok()), &three) < 27.63);
    // Relative to the best: 0.37, 0.14, 0.08, 1, 0.27.
    assert!(chi_squared(&first(|s| s.min_p = MinP::new(0.2).ok()), &three) < 27.63);
    // The steps of one text are as good as the seeds.
    assert!(chi_squared(&chosen(Decoding::Sampled(sampled(0)), &logits, &[], 20_000), &share(1.0)) < 33.38);
}

#[test]
fn what_leaves_one_token_is_greedy() {
    let logits = [0.3, 0.31, -2.0, 0.31];
    let change = |change: fn(&mut Sampled)| {
        let mut sampled = sampled(3);
        change(&mut sampled);
        chosen(Decoding::Sampled(sampled), &logits[..3], &[], 50)
    };
    assert_eq!(chosen(Decoding::Greedy, &logits, &[], 1), [1], "of equal ones the lowest id");
    let greedy = chosen(Decoding::Greedy, &logits[..3], &[], 50);
    for same in [
        change(|s| s.top_k = NonZeroU32::new(1)),
        change(|s| s.top_p = TopP::new(1e-9).ok()),
        change(|s| s.min_p = MinP::new(1.0).ok()),
        change(|s| s.temperature = Temperature::new(1e-4).unwrap()),
        change(|s| s.temperature = Temperature::new(1e-300).unwrap()),
    ] {
        assert_eq!(same, greedy);
    }
}

#[test]
fn a_stop_text_is_found_wherever_tokens_are_cut() {
    let stops = |texts: &[&str]| texts.iter().map(|text| Arc::from(*text)).collect::<Vec<Arc<str>>>();
    let text = "naïve 東京.\n\nQ:".as_bytes();
    assert_eq!(end(text, 0, &stops(&["京", "never"])), Some("naïve 東".len()));
    assert_eq!(end(text, 0, &stops(&["Q:", "\n\n"])), Some("naïve 東京.".len()));
    // The second half of a character is not the character.
    assert_eq!(end(text, 3, &stops(&["ï"])), None);
    assert_eq!(end(&text[..3], 0, &stops(&["ï"])), None);
    assert_eq!(end(text, 0, &stops(&["", "zzz"])), None);
}
