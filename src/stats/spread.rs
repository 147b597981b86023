//! How far repeats lie apart: the standard deviation of their means.

use super::{Clusters, Estimate, Interval, Method, Undefined, dist::chi_squared, sum};
use crate::value::Level;

/// The sample standard deviation of some values, with the interval that follows from (n − 1)s²/σ² having the
/// chi-squared distribution: right where the values are normal, such as means over many items.
pub fn estimate(values: &[f64], level: Level) -> Estimate {
    let clusters = Clusters::apart(values.len());
    if values.len() < 2 {
        let why = if values.is_empty() { Undefined::NoItems } else { Undefined::OneItem };
        return Estimate::undefined(why, &clusters);
    }
    let n = values.len() as f64;
    let mean = sum(values.iter().copied()) / n;
    let squares = sum(values.iter().map(|value| (value - mean) * (value - mean)));
    let tail = 0.5 * (1.0 - level.get());
    let end = |p| libm::sqrt(squares / chi_squared::quantile(p, n - 1.0));
    let interval = if squares > 0.0 {
        Interval::new(end(1.0 - tail), end(tail), level, Method::ChiSquared)
    } else {
        Err(Undefined::Constant)
    };
    Estimate::new(libm::sqrt(squares / (n - 1.0)), interval, &clusters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_the_one_of_a_normal_sample() {
        let estimate = estimate(&[0.80, 0.84, 0.86, 0.82, 0.90], Level::DEFAULT);
        let interval = estimate.interval.unwrap();
        // The chi-squared quantiles with 4 degrees of freedom solve exp(-x/2)(1 + x/2) = 0.975 and 0.025; solved by bisection
        // in Python: 0.48441855708793 and 11.14328678187780.
        let close = |left: f64, right: f64| assert!((left / right - 1.0).abs() < 1e-9, "{left} {right}");
        close(estimate.value.unwrap(), 0.038_470_768_123);
        close(interval.low, 0.023_049_112_071);
        close(interval.high, 0.110_547_892_488);
        assert_eq!((estimate.n, interval.method), (5, Method::ChiSquared));
    }

    #[test]
    fn what_has_no_spread_says_why() {
        let spread = |values: &[f64]| estimate(values, Level::DEFAULT);
        assert_eq!(spread(&[]).value, Err(Undefined::NoItems));
        assert_eq!(spread(&[0.5]).value, Err(Undefined::OneItem));
        assert_eq!(
            (spread(&[0.5; 3]).value, spread(&[0.5; 3]).interval),
            (Ok(0.0), Err(Undefined::Constant))
        );
    }
}
