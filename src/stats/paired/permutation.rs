//! Permutation tests: were there no difference, each item's two values might as well stand the other way round.

use rayon::prelude::*;

use crate::{
    random::{Key, Stream},
    stats::sum,
};

/// Up to so many units all patterns are tried.
const ENUMERATED: usize = 20;

/// Sums that ought to be equal may differ by so much of their size.
const SLACK: f64 = 1e-12;

/// The random patterns that stand for all where those are too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permutation {
    /// How many are drawn.
    pub draws: u32,
    /// Where they come from.
    pub key: Key,
}

impl Permutation {
    /// The p from what is at least as far from 0 as what was seen; never 0 (Phipson and Smyth 2010).
    fn p(self, as_far: impl Fn(&mut Stream) -> bool + Sync) -> f64 {
        let hits =
            (0..self.draws).into_par_iter().filter(|draw| as_far(&mut self.key.stream((*draw).into())));
        (1.0 + hits.count() as f64) / (1.0 + f64::from(self.draws))
    }
}

/// The two-sided p of a mean difference of 0, by turning the signs of the differences, or of the sums of clusters; `None`
/// without any.
pub fn sign_flip(differences: &[f64], otherwise: Permutation) -> Option<f64> {
    if differences.is_empty() {
        return None;
    }
    let scale = sum(differences.iter().map(|difference| difference.abs())).max(1.0);
    let seen = sum(differences.iter().copied()).abs() - SLACK * scale;
    if differences.len() > ENUMERATED {
        return Some(otherwise.p(|stream| flipped_sum(differences, stream).abs() >= seen));
    }
    // Every pattern is one of the first half's and one of the second's.
    let (first, second) = differences.split_at(differences.len() / 2);
    let (first, mut second) = (signed_sums(first), signed_sums(second));
    second.sort_by(f64::total_cmp);
    let hits: usize = first
        .iter()
        .map(|first| {
            let above = second.len() - second.partition_point(|second| first + second < seen);
            let below = second.partition_point(|second| first + second <= -seen);
            // Where nothing was seen, all lie as far.
            (above + below).min(second.len())
        })
        .sum();
    Some(hits as f64 / (first.len() * second.len()) as f64)
}

/// The sum with each sign as it is or turned.
fn signed_sums(differences: &[f64]) -> Vec<f64> {
    differences.iter().fold(vec![0.0], |sums, difference| {
        sums.iter().flat_map(|sum| [sum + difference, sum - difference]).collect()
    })
}

fn flipped_sum(differences: &[f64], stream: &mut Stream) -> f64 {
    const SIGN: u64 = 1 << 63;
    let flipped = differences.chunks(64).flat_map(|chunk| {
        let mut bits = stream.next_u64();
        chunk.iter().map(move |difference| {
            let flipped = f64::from_bits(difference.to_bits() ^ (bits & SIGN));
            bits <<= 1;
            flipped
        })
    });
    flipped.sum()
}

/// The two-sided p that two numbers of the same items differ by nothing, by swapping items' two values. `difference` makes
/// the difference of the numbers anew where the marked items are swapped; `None` without items.
pub fn swap(items: usize, difference: impl Fn(&[bool]) -> f64 + Sync, otherwise: Permutation) -> Option<f64> {
    if items == 0 {
        return None;
    }
    let seen = difference(&vec![false; items]).abs() - SLACK;
    let as_far = |swapped: &[bool]| difference(swapped).abs() >= seen;
    if items > ENUMERATED {
        return Some(otherwise.p(|stream| {
            let swapped: Vec<bool> = (0..items).map(|_| stream.next_u64() >> 63 == 1).collect();
            as_far(&swapped)
        }));
    }
    let patterns = 1_u32 << items;
    let pattern = |bits: u32| (0..items).map(|item| bits >> item & 1 == 1).collect::<Vec<_>>();
    let hits = (0..patterns).into_par_iter().filter(|bits| as_far(&pattern(*bits))).count();
    Some(hits as f64 / f64::from(patterns))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Seed;

    fn drawn(draws: u32) -> Permutation {
        Permutation { draws, key: Key::new(Seed(5), "test") }
    }

    #[test]
    fn few_signs_are_all_tried() {
        let exact = |differences: &[f64]| sign_flip(differences, drawn(0)).unwrap();
        assert!((exact(&[1.0; 5]) - 2.0 / 32.0).abs() < 1e-15);
        assert!((exact(&[1.0, -1.0]) - 1.0).abs() < 1e-15);
        assert!((exact(&[0.0; 3]) - 1.0).abs() < 1e-15);
        assert_eq!(sign_flip(&[], drawn(10)), None);
    }

    #[test]
    fn drawn_signs_come_close_to_all_of_them() {
        let differences: Vec<f64> = (0..40).map(|item| f64::from(item % 7) - 2.5).collect();
        // The sum is 15 and that of squares 160; by the normal approximation p = 0.25, which 20,000 draws meet to 0.003.
        let p = sign_flip(&differences, drawn(20_000)).unwrap();
        let total: f64 = differences.iter().sum();
        let squares: f64 = differences.iter().map(|difference| difference * difference).sum();
        let normal = 2.0 * crate::stats::dist::normal::sf((total.abs() - 0.5) / squares.sqrt());
        assert!((p - normal).abs() < 0.02, "{p} {normal}");
        assert!(sign_flip(&[1.0; 64], drawn(99)).unwrap() <= 0.01 + 1e-15);
    }

    #[test]
    fn swapping_means_is_turning_signs() {
        let differences = [0.5, -0.25, 0.75, 1.0, -0.1, 0.3];
        let swapped = |swapped: &[bool]| {
            differences.iter().zip(swapped).map(|(d, swapped)| if *swapped { -d } else { *d }).sum()
        };
        assert_eq!(swap(6, swapped, drawn(0)), sign_flip(&differences, drawn(0)));
        assert_eq!(swap(0, |_| 0.0, drawn(0)), None);
    }
}
