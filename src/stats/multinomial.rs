//! How often each of several values is drawn: as many random numbers as there are values, however many draws there are.

use libm::{exp, floor, lgamma, log, log1p, sqrt};

use crate::random::Stream;

/// Below so many expected successes they are counted up from 0.
const FEW: f64 = 10.0;

/// Draws as many times as all sizes together, each value with a chance by its size: a chain of binomial draws.
pub(super) fn draw(sizes: &[u64], stream: &mut Stream) -> Vec<u64> {
    let total: u64 = sizes.iter().sum();
    let (mut left, mut weight) = (total, total);
    let count = |size: &u64| {
        let drawn = if *size == weight { left } else { binomial(left, *size as f64 / weight as f64, stream) };
        left -= drawn;
        weight -= size;
        drawn
    };
    sizes.iter().map(count).collect()
}

/// The number of successes among `n` tries, each with probability `p`.
fn binomial(n: u64, p: f64, stream: &mut Stream) -> u64 {
    if p > 0.5 {
        n - binomial(n, 1.0 - p, stream)
    } else if n as f64 * p < FEW {
        counted_up(n, p, stream)
    } else {
        transformed(n as f64, p, stream)
    }
}

/// By inversion, from 0 upwards.
fn counted_up(n: u64, p: f64, stream: &mut Stream) -> u64 {
    let odds = p / (1.0 - p);
    let none = exp(n as f64 * log1p(-p));
    loop {
        let (mut left, mut probability) = (stream.uniform(), none);
        for successes in 0..=n {
            if left < probability {
                return successes;
            }
            left -= probability;
            probability *= odds * (n - successes) as f64 / (successes + 1) as f64;
        }
        // What rounding left over belongs to no number.
    }
}

/// By transformed rejection with squeeze (Hörmann 1993, algorithm BTRS).
fn transformed(n: f64, p: f64, stream: &mut Stream) -> u64 {
    let deviation = sqrt(n * p * (1.0 - p));
    let b = 1.15 + 2.53 * deviation;
    let a = -0.0873 + 0.0248 * b + 0.01 * p;
    let middle = n * p + 0.5;
    let within = 0.92 - 4.2 / b;
    let scale = (2.83 + 5.1 / b) * deviation;
    let mode = floor((n + 1.0) * p);
    loop {
        let u = stream.uniform() - 0.5;
        let v = stream.uniform();
        let edge = 0.5 - u.abs();
        let drawn = floor((2.0 * a / edge + b) * u + middle);
        if edge >= 0.07 && v <= within {
            return drawn as u64;
        }
        if drawn < 0.0 || drawn > n {
            continue;
        }
        // The probability of `drawn` over that of the mode.
        let ratio =
            lgamma(mode + 1.0) + lgamma(n - mode + 1.0) - lgamma(drawn + 1.0) - lgamma(n - drawn + 1.0)
                + (drawn - mode) * log(p / (1.0 - p));
        if log(v * scale / (a / (edge * edge) + b)) <= ratio {
            return drawn as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        random::Key,
        stats::dist::{binomial as exact, chi_squared},
        value::Seed,
    };

    /// Chi-squared of drawn counts against their probabilities, those expected less than five times taken together.
    #[track_caller]
    fn fits(n: u64, p: f64, draws: impl Iterator<Item = u64>) {
        let mut seen = vec![0.0; n as usize + 1];
        let mut total = 0.0;
        for drawn in draws {
            seen[drawn as usize] += 1.0;
            total += 1.0;
        }
        let (mut statistic, mut df, mut rare) = (0.0, -1.0, [0.0; 2]);
        for (successes, seen) in seen.into_iter().enumerate() {
            let expected = total * exact::pmf(successes as u64, n, p);
            if expected < 5.0 {
                rare = [rare[0] + seen, rare[1] + expected];
            } else {
                statistic += (seen - expected) * (seen - expected) / expected;
                df += 1.0;
            }
        }
        statistic += (rare[0] - rare[1]) * (rare[0] - rare[1]) / rare[1].max(1.0);
        let chance = chi_squared::sf(statistic, df + 1.0);
        assert!(chance > 1e-4, "Bin({n}, {p}): {statistic} on {df}, p = {chance}");
    }

    #[test]
    fn draws_are_binomial() {
        for (n, p) in [
            (1, 0.3),
            (10, 0.5),
            (40, 0.02),
            (40, 0.26),
            (100, 0.5),
            (1000, 0.011),
            (1000, 0.9),
            (100_000, 0.4),
        ] {
            let key = Key::new(Seed(5), &format!("{n} {p}"));
            fits(n, p, (0..100_000).map(|index| binomial(n, p, &mut key.stream(index))));
        }
    }

    #[test]
    fn a_multinomial_draw_is_as_large_as_its_population() {
        let key = Key::new(Seed(6), "multinomial");
        let drawn: Vec<Vec<u64>> =
            (0..50_000).map(|index| draw(&[30, 0, 5, 65], &mut key.stream(index))).collect();
        assert!(drawn.iter().all(|counts| counts.iter().sum::<u64>() == 100 && counts[1] == 0));
        // Each by itself is binomial, the last one too.
        for (place, p) in [(0, 0.3), (2, 0.05), (3, 0.65)] {
            fits(100, p, drawn.iter().map(|counts| counts[place]));
        }
        assert_eq!(draw(&[], &mut key.stream(0)), [0; 0]);
    }
}
