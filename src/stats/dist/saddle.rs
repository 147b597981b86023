//! The binomial density without cancellation, for real counts too: the saddle-point form of C. Loader, "Fast and accurate
//! computation of binomial probabilities" (2000). The other distributions stand on it.

use libm::{lgamma, log, log1p};

/// ln √(2π).
const LN_SQRT_TWO_PI: f64 = 0.918_938_533_204_672_8;

/// ln of C(n, x) pˣ qⁿ⁻ˣ for real 0 ≤ x ≤ n; q = 1 − p is given beside p, so that neither loses digits.
pub(super) fn ln_density(x: f64, n: f64, p: f64, q: f64) -> f64 {
    let rest = n - x;
    if n == 0.0 {
        0.0
    } else if x == 0.0 {
        // p is small where q cannot say so.
        if p < 0.1 { -deviance(n, n * q) - n * p } else { n * log(q) }
    } else if rest == 0.0 {
        if q < 0.1 { -deviance(n, n * p) - n * q } else { n * log(p) }
    } else if p == 0.0 || q == 0.0 {
        f64::NEG_INFINITY
    } else {
        stirling_error(n)
            - stirling_error(x)
            - stirling_error(rest)
            - deviance(x, n * p)
            - deviance(rest, n * q)
            - LN_SQRT_TWO_PI
            - 0.5 * (log(x) + log1p(-x / n))
    }
}

/// ln n! minus Stirling's formula.
fn stirling_error(n: f64) -> f64 {
    if n < 16.0 {
        return lgamma(n + 1.0) - (n + 0.5) * log(n) + n - LN_SQRT_TWO_PI;
    }
    let square = n * n;
    let series = [1.0 / 12.0, 1.0 / 360.0, 1.0 / 1260.0, 1.0 / 1680.0, 1.0 / 1188.0, 691.0 / 360_360.0];
    series.iter().rev().fold(1.0 / 156.0, |tail, term| term - tail / square) / n
}

/// x ln(x/m) + m − x.
fn deviance(x: f64, m: f64) -> f64 {
    if (x - m).abs() >= 0.1 * (x + m) {
        return x * log(x / m) + m - x;
    }
    let v = (x - m) / (x + m);
    let mut sum = (x - m) * v;
    let mut power = 2.0 * x * v;
    for odd in (3..2001).step_by(2) {
        power *= v * v;
        let next = sum + power / f64::from(odd);
        if (next - sum).abs() == 0.0 {
            break;
        }
        sum = next;
    }
    sum
}
