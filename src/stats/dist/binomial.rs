//! The binomial distribution.

use libm::exp;

use super::{Tails, beta, saddle::ln_density};

/// P(X = k) for X ~ Bin(n, p).
pub fn pmf(k: u64, n: u64, p: f64) -> f64 {
    if k > n { 0.0 } else { exp(ln_density(k as f64, n as f64, p, 1.0 - p)) }
}

/// P(X ≤ k).
pub fn cdf(k: u64, n: u64, p: f64) -> f64 {
    tails(k, n, p).lower
}

/// P(X > k).
pub fn sf(k: u64, n: u64, p: f64) -> f64 {
    tails(k, n, p).upper
}

/// The smallest k with P(X ≤ k) ≥ `probability`.
pub fn quantile(probability: f64, n: u64, p: f64) -> u64 {
    let (mut low, mut high) = (0, n);
    while low < high {
        let middle = low + (high - low) / 2;
        if cdf(middle, n, p) >= probability {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

fn tails(k: u64, n: u64, p: f64) -> Tails {
    if k >= n {
        return Tails { lower: 1.0, upper: 0.0 };
    }
    beta::cdf((n - k) as f64, k as f64 + 1.0, 1.0 - p, p)
}
