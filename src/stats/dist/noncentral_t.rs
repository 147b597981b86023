//! Student's t where the mean is not 0: what the power of a t test stands on.

use libm::{exp, sqrt};

use super::normal;

/// P(T > t) for T = (Z + shift) / √(χ²/df), with `df` ≥ 1.
///
/// The mean of P(Z > t s − shift) over s = √(χ²/df), by the trapezoid rule in ln s: the density is smooth and falls off
/// fast on both sides, so that the error of the rule falls exponentially with its step.
pub fn sf(t: f64, df: f64, shift: f64) -> f64 {
    /// Logarithms of densities this far below the highest no longer count.
    const NEGLIGIBLE: f64 = 45.0;
    let log_density = |ln_s: f64| df * (ln_s - 0.5 * (exp(2.0 * ln_s) - 1.0));
    let step = 0.4 * (1.0 / sqrt(2.0 * df)).min(1.0 / (1.0 + shift.abs().max(t.abs())));
    let (mut weights, mut mean) = (0.0, 0.0);
    let mut add = |ln_s: f64| {
        let density = log_density(ln_s);
        let weight = exp(density);
        weights += weight;
        mean += weight * normal::sf(t * exp(ln_s) - shift);
        density > -NEGLIGIBLE
    };
    add(0.0);
    for direction in [-step, step] {
        let mut steps = 1.0;
        while add(direction * steps) {
            steps += 1.0;
        }
    }
    mean / weights
}

/// P(T ≤ t).
pub fn cdf(t: f64, df: f64, shift: f64) -> f64 {
    sf(-t, df, -shift)
}
