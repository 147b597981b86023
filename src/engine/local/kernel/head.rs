//! The projection to the vocabulary, with the softmax in the same pass: no row of logits is ever kept whole.
//!
//! Sums of exponentials are taken over stretches of 1,024 tokens in f32 and joined in order in f64, so they do not depend
//! on the batch or the threads.

use std::{cell::Cell, ops::Range};

use rayon::prelude::*;

use super::{
    Isa, Packed, Sum, View,
    gemm::{Rows, gemm_on, product, rows_per_task},
    kernel,
    math::{exp, max, sums, tanh},
    packed::PANEL,
    tile::Out,
};

/// Tokens of a stretch.
const STRETCH: usize = 32 * PANEL;
/// About as many rows as one task takes.
const ROWS: usize = 120;

/// What is asked of a row of logits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// How probable this token is.
    Token(u32),
    /// The most probable token; of equal ones the lowest id.
    Best,
}

/// A token and its natural log-probability, which is not finite if any logit of the row was not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    /// The token that was asked for, or the best one.
    pub id: u32,
    /// Of it.
    pub logprob: f32,
    /// Of the row's whole distribution, in nats.
    pub entropy: f32,
}

/// What is known of a row's whole distribution. Not finite if any logit of the row was not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Softmax {
    /// The natural logarithm of the sum of the exponentials of all logits.
    pub log_sum_exp: f64,
    /// In nats.
    pub entropy: f64,
}

impl Softmax {
    /// A token that was chosen, by its logit.
    pub fn found(&self, id: u32, logit: f32) -> Found {
        let logprob = (f64::from(logit) - self.log_sum_exp) as f32;
        Found { id, logprob, entropy: self.entropy as f32 }
    }
}

/// From rows to logits.
#[derive(Clone, Copy)]
pub struct Head<'a> {
    /// `[width, vocabulary]`.
    pub matrix: &'a Packed,
    /// `[vocabulary]`: added to the logits.
    pub bias: Option<&'a [f32]>,
    /// Bends logits to cap · tanh(logit / cap) then.
    pub softcap: Option<f32>,
}

impl<'a> Head<'a> {
    /// A matrix and nothing else.
    pub fn plain(matrix: &'a Packed) -> Self {
        Self { matrix, bias: None, softcap: None }
    }

    /// The logits after rows: `[rows, vocabulary]`.
    pub fn logits(&self, isa: Isa, rows: View<'_>) -> Vec<f32> {
        let mut logits = vec![0.0; rows.rows * self.matrix.n()];
        gemm_on(isa, rows, self.matrix, &mut logits, Sum::Store);
        logits.par_chunks_mut(self.matrix.n()).for_each(|row| self.finish(isa, row, 0));
        logits
    }

    /// Turns products into logits of the tokens from `first` on.
    fn finish(&self, isa: Isa, logits: &mut [f32], first: usize) {
        if let Some(bias) = self.bias {
            for (logit, bias) in logits.iter_mut().zip(&bias[first..]) {
                *logit += bias;
            }
        }
        if let Some(cap) = self.softcap {
            bend(isa, logits, cap);
        }
    }
}

/// Answers one question about each row's distribution over the vocabulary, the softmax of its logits.
pub fn find(isa: Isa, rows: View<'_>, whole: &Head<'_>, wants: &[Want]) -> Vec<Found> {
    assert_eq!(rows.rows, wants.len(), "one question a row");
    let (head, all) = (whole.matrix, rows.rows);
    let rows_per_task = rows_per_task(isa, all, ROWS);
    let ranges = (0..all).step_by(rows_per_task).map(|first| first..all.min(first + rows_per_task));
    let blocks: Vec<(Range<usize>, Rows)> =
        ranges.map(|range| (range.clone(), Rows::pack(isa, rows.part(range), head.k(), 1))).collect();
    let stretches = head.n().div_ceil(STRETCH);
    // All rows meet a stretch of the head while it is in a cache.
    let parts: Vec<Vec<(Part, Option<(u32, f32)>)>> = (0..stretches * blocks.len())
        .into_par_iter()
        .with_max_len(1)
        .map(|task| {
            let ((range, rows), stretch) = (&blocks[task % blocks.len()], task / blocks.len());
            let tokens = stretch * STRETCH..head.n().min((stretch + 1) * STRETCH);
            let mut spare = SPARE.take();
            spare.resize(spare.len().max(range.len() * tokens.len()), 0.0);
            let logits = &mut spare[..range.len() * tokens.len()];
            #[expect(unsafe_code, reason = "the product writes through the type that threads may share")]
            // SAFETY: nobody else has this buffer.
            let out = unsafe { Out::new(logits, tokens.len()) };
            let panels = tokens.start / PANEL..tokens.end.div_ceil(PANEL);
            product(isa, rows, head, panels, out, (0, 0), Sum::Store);
            for row in logits.chunks_mut(tokens.len()) {
                whole.finish(isa, row, tokens.start);
            }
            let rows = logits.chunks(tokens.len()).zip(&wants[range.clone()]);
            let parts = rows.map(|(logits, want)| {
                let part = Part::of(isa, logits);
                (part, part.find(logits, tokens.start, *want))
            });
            let parts = parts.collect();
            SPARE.set(spare);
            parts
        })
        .collect();
    (0..wants.len())
        .map(|row| {
            let (task, row) = (row / rows_per_task, row % rows_per_task);
            let parts = (0..stretches).map(|stretch| parts[stretch * blocks.len() + task][row]);
            let softmax = join(parts.clone().map(|(part, _)| part));
            // Of equal logits the first stays, which has the lowest id.
            let (id, logit) = parts
                .filter_map(|(_, found)| found)
                .reduce(|first, next| if next.1 > first.1 { next } else { first })
                .expect("a wanted token is in the vocabulary");
            softmax.found(id, logit)
        })
        .collect()
}

thread_local! {
    /// The memory of the last logits, for the next ones.
    static SPARE: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
}

/// A row of logits as a distribution, as [`find`] takes it.
pub fn softmax(isa: Isa, logits: &[f32]) -> Softmax {
    let parts: Vec<Part> = logits.chunks(STRETCH).map(|stretch| Part::of(isa, stretch)).collect();
    join(parts.iter().copied())
}

/// What is known of a row from one stretch of the vocabulary.
#[derive(Clone, Copy)]
struct Part {
    largest: f32,
    /// Of exp(logit - largest).
    sum: f32,
    /// Of exp(logit - largest) · (logit - largest).
    weighted: f32,
}

impl Part {
    fn of(isa: Isa, logits: &[f32]) -> Self {
        let (largest, [sum, weighted]) = exponentials(isa, logits);
        Self { largest, sum, weighted }
    }

    /// The wanted token, where it lies in the stretch, which begins with the token `first`, or the stretch's best, and its
    /// logit.
    fn find(&self, logits: &[f32], first: usize, want: Want) -> Option<(u32, f32)> {
        let at = match want {
            Want::Token(id) => (id as usize).checked_sub(first).filter(|at| *at < logits.len()),
            #[expect(clippy::float_cmp, reason = "the largest is one of them, bit for bit")]
            Want::Best => Some(logits.iter().position(|logit| *logit == self.largest).unwrap_or(0)),
        };
        at.map(|at| ((first + at) as u32, logits[at]))
    }
}

/// The whole from its parts; NaN if any logit was NaN or infinite.
fn join(parts: impl Iterator<Item = Part> + Clone) -> Softmax {
    let largest = parts.clone().map(|part| part.largest).fold(f32::NEG_INFINITY, f32::max);
    let (mut total, mut weighted) = (0.0, 0.0);
    for part in parts {
        let below = f64::from(part.largest) - f64::from(largest);
        let scale = libm::exp(below);
        total += f64::from(part.sum) * scale;
        weighted += (f64::from(part.weighted) + f64::from(part.sum) * below) * scale;
    }
    // With p = exp(logit - largest) / total, the mean of -ln p.
    let entropy = f64::max(libm::log(total) - weighted / total, 0.0);
    Softmax { log_sum_exp: f64::from(largest) + libm::log(total), entropy }
}

kernel! {
    fn bend(logits: &mut [f32], cap: f32),
    wide: bend_body, narrow: bend_body,
}

#[inline(always)]
fn bend_body(logits: &mut [f32], cap: f32) {
    for logit in logits {
        *logit = cap * tanh(*logit / cap);
    }
}

kernel! {
    /// The largest logit, and of all logits less the largest the sum of the exponentials, and of those times what they are of.
    fn exponentials(logits: &[f32]) -> (f32, [f32; 2]),
    wide: exponentials_body, narrow: exponentials_body,
}

#[inline(always)]
fn exponentials_body(logits: &[f32]) -> (f32, [f32; 2]) {
    let largest = max(logits);
    let of = |logit: f32| {
        let below = logit - largest;
        let power = exp(below);
        // What is infinitely improbable adds nothing.
        [power, power * if below < -87.0 { -87.0 } else { below }]
    };
    (largest, sums(logits, of))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::local::kernel::{gemm, tests::numbers};

    fn head(k: usize, vocabulary: usize) -> Packed {
        Packed::pack(k, vocabulary, &numbers(k * vocabulary, 5), vocabulary, 1)
    }

    #[test]
    fn log_probabilities_are_right_and_the_same_in_any_batch() {
        let (k, vocabulary, rows) = (24, 2 * STRETCH + 77, 2 * ROWS + 5);
        let head = head(k, vocabulary);
        let hidden = numbers(rows * k, 6);
        let wants: Vec<Want> = (0..rows)
            .map(|row| if row % 3 == 0 { Want::Best } else { Want::Token((row * 19 % vocabulary) as u32) })
            .collect();
        let all = find(Isa::best(), View::dense(&hidden, rows), &Head::plain(&head), &wants);
        let mut logits = vec![0.0; rows * vocabulary];
        gemm(View::dense(&hidden, rows), &head, &mut logits, Sum::Store);
        for isa in Isa::available() {
            let again: Vec<Found> = hidden
                .chunks(k)
                .zip(&wants)
                .flat_map(|(row, want)| find(isa, View::dense(row, 1), &Head::plain(&head), &[*want]))
                .collect();
            assert_eq!(all, again, "{}", isa.name());
        }
        for ((logits, found), want) in logits.chunks(vocabulary).zip(&all).zip(&wants) {
            let sum: f64 = logits.iter().map(|logit| f64::from(*logit).exp()).sum();
            let right = f64::from(logits[found.id as usize]) - sum.ln();
            assert!((f64::from(found.logprob) - right).abs() < 1e-6, "{} {right}", found.logprob);
            let entropy: f64 =
                logits.iter().map(|logit| f64::from(*logit) - sum.ln()).map(|l| -l * l.exp()).sum();
            let softmax = softmax(Isa::best(), logits);
            assert!((softmax.log_sum_exp - sum.ln()).abs() < 1e-6);
            assert!((softmax.entropy - entropy).abs() < 1e-5, "{softmax:?} {entropy}");
            assert_eq!(softmax.found(found.id, logits[found.id as usize]), *found);
            match want {
                Want::Token(id) => assert_eq!(&found.id, id),
                Want::Best => assert!(logits.iter().all(|logit| *logit <= logits[found.id as usize])),
            }
        }
    }

    #[test]
    fn a_bias_and_a_cap_show_in_both_ways_to_logits() {
        let (k, vocabulary) = (8, STRETCH + 40);
        let (matrix, bias, row) = (head(k, vocabulary), numbers(vocabulary, 8), numbers(k, 9));
        let whole = Head { matrix: &matrix, bias: Some(&bias), softcap: Some(2.0) };
        let rows = View::dense(&row, 1);
        let logits = whole.logits(Isa::best(), rows);
        let plain = Head::plain(&matrix).logits(Isa::best(), rows);
        for ((logit, plain), bias) in logits.iter().zip(&plain).zip(&bias) {
            let right = 2.0 * (f64::from(plain + bias) / 2.0).tanh();
            assert!((f64::from(*logit) - right).abs() < 1e-6);
        }
        let softmax = softmax(Isa::best(), &logits);
        for id in [3, STRETCH as u32 + 7] {
            let found = find(Isa::best(), rows, &whole, &[Want::Token(id)]);
            assert_eq!(found[0], softmax.found(id, logits[id as usize]));
        }
    }

    #[test]
    fn of_equal_logits_the_lowest_id_is_best() {
        let mut weights = vec![0.0; 3 * STRETCH];
        for id in [STRETCH - 1, STRETCH, 2 * STRETCH + 7] {
            weights[id] = 1.0;
        }
        let head = Packed::pack(1, 3 * STRETCH, &weights, 1, 1);
        let found = find(Isa::best(), View::dense(&[2.0], 1), &Head::plain(&head), &[Want::Best]);
        assert_eq!(found[0].id as usize, STRETCH - 1);
    }

    #[test]
    fn what_is_not_a_number_shows() {
        let head = head(2, 40);
        for bad in [f32::NAN, f32::INFINITY] {
            let found =
                find(Isa::best(), View::dense(&[bad, 1.0], 1), &Head::plain(&head), &[Want::Token(3)]);
            assert!(!found[0].logprob.is_finite());
        }
    }
}
