//! The beta distribution: the incomplete beta function and its inverse, right at 10⁶ items and in far tails.

use libm::{exp, log, sqrt};

use super::{Tails, normal, saddle::ln_density};

/// P(X ≤ x) and P(X > x) for X ~ Beta(a, b); y = 1 − x is given beside x, so that neither loses digits.
pub fn cdf(a: f64, b: f64, x: f64, y: f64) -> Tails {
    if x <= 0.0 {
        Tails { lower: 0.0, upper: 1.0 }
    } else if y <= 0.0 {
        Tails { lower: 1.0, upper: 0.0 }
    } else if x * (a + b + 2.0) < a + 1.0 {
        let lower = (logit_density(a, b, x, y) / a * continued_fraction(a, b, x)).min(1.0);
        Tails { lower, upper: 1.0 - lower }
    } else {
        let upper = (logit_density(a, b, x, y) / b * continued_fraction(b, a, y)).min(1.0);
        Tails { lower: 1.0 - upper, upper }
    }
}

/// The x with P(X ≤ x) = p for X ~ Beta(a, b).
pub fn quantile(p: f64, a: f64, b: f64) -> f64 {
    logistic(logit_quantile(Tails { lower: p, upper: 1.0 - p }, a, b)).0
}

/// The quantile as ln(x/(1 − x)), where both ends of the range have room: Newton's steps on the logarithm of a tail,
/// kept within a bracket that halves where they leave it.
pub(super) fn logit_quantile(wanted: Tails, a: f64, b: f64) -> f64 {
    // The tail that is the smaller one around the answer has the more digits.
    let by_lower = wanted.lower <= cdf(a, b, a / (a + b), b / (a + b)).lower;
    let target = log(if by_lower { wanted.lower } else { wanted.upper });
    // exp(±745) are the last numbers above zero.
    let (mut low, mut high) = (-745.0, 745.0);
    // The normal approximation on this scale.
    let mut logit = log(a / b) + sqrt((a + b) / (a * b)).min(3.0) * normal::quantile(wanted.lower);
    for _ in 0..200 {
        let (x, y) = logistic(logit);
        let tails = cdf(a, b, x, y);
        let (tail, sign) = if by_lower { (tails.lower, 1.0) } else { (tails.upper, -1.0) };
        let slope = sign * logit_density(a, b, x, y) / tail;
        let miss = log(tail) - target;
        if (miss > 0.0) == by_lower {
            high = logit;
        } else {
            low = logit;
        }
        let newton = logit - miss / slope;
        let next = if newton > low && newton < high { newton } else { f64::midpoint(low, high) };
        let step = (next - logit).abs();
        logit = next;
        if step <= 2e-15 * logit.abs().max(0.1) {
            break;
        }
    }
    logit
}

/// The density of ln(x/(1 − x)), which is xᵃ yᵇ / B(a, b).
fn logit_density(a: f64, b: f64, x: f64, y: f64) -> f64 {
    exp(ln_density(a, a + b, x, y)) * (a / (a + b)) * b
}

/// The continued fraction of the incomplete beta function, by Lentz's method (Numerical Recipes, §6.4).
#[expect(clippy::many_single_char_names, reason = "the names of the literature")]
fn continued_fraction(a: f64, b: f64, x: f64) -> f64 {
    let nonzero = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / nonzero(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    // About √max(a, b) steps are needed.
    for step in 1..200_000 {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a - 1.0 + 2.0 * m) * (a + 2.0 * m));
        d = 1.0 / nonzero(1.0 + even * d);
        c = nonzero(1.0 + even / c);
        fraction *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 1.0 + 2.0 * m));
        d = 1.0 / nonzero(1.0 + odd * d);
        c = nonzero(1.0 + odd / c);
        fraction *= d * c;
        if (d * c - 1.0).abs() < 1e-16 {
            break;
        }
    }
    fraction
}

/// x and 1 − x of ln(x/(1 − x)).
fn logistic(logit: f64) -> (f64, f64) {
    let small = exp(-logit.abs());
    let (minor, major) = (small / (1.0 + small), 1.0 / (1.0 + small));
    if logit < 0.0 { (minor, major) } else { (major, minor) }
}
