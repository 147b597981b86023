//! Student's t distribution with any real number of degrees of freedom from 1 on.

use libm::{exp, sqrt};

use super::{Tails, beta, normal};

/// From here on the expansion around the normal distribution is the more exact.
const NEARLY_NORMAL: f64 = 1e6;

/// P(T ≤ t).
pub fn cdf(t: f64, df: f64) -> f64 {
    sf(-t, df)
}

/// P(T > t).
pub fn sf(t: f64, df: f64) -> f64 {
    if t < 0.0 {
        return 1.0 - sf(-t, df);
    }
    let square = t * t;
    if df > NEARLY_NORMAL {
        // Abramowitz and Stegun 26.7.8, one term more.
        let slight =
            (square + 1.0) / (4.0 * df) - (13.0 * square * square + 8.0 * square + 3.0) / (96.0 * df * df);
        return normal::sf(t * (1.0 - slight));
    }
    0.5 * beta::cdf(df / 2.0, 0.5, df / (df + square), square / (df + square)).lower
}

/// The t with P(T ≤ t) = p, for 0 < p < 1.
pub fn quantile(p: f64, df: f64) -> f64 {
    if p > 0.5 {
        return -quantile(1.0 - p, df);
    }
    if 1.0 - 2.0 * p == 0.0 {
        return 0.0;
    }
    if df > NEARLY_NORMAL {
        // Abramowitz and Stegun 26.7.5.
        let z = normal::quantile(p);
        let square = z * z;
        return z
            * (1.0
                + (square + 1.0) / (4.0 * df)
                + (5.0 * square * square + 16.0 * square + 3.0) / (96.0 * df * df));
    }
    // df / (df + T²) ~ Beta(df/2, 1/2).
    let logit = beta::logit_quantile(Tails { lower: 2.0 * p, upper: 1.0 - 2.0 * p }, df / 2.0, 0.5);
    -sqrt(df) * exp(-logit / 2.0)
}
