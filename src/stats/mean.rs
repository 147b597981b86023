//! Means, by Student's t over items or clusters.

use super::{
    Clusters, Estimate, Method, Undefined,
    influence::{Quotient, Scale},
    sum,
};
use crate::value::Level;

/// The mean of values; with [`Scale::Exp`] of logarithms, their geometric mean.
pub fn estimate(values: &[f64], clusters: &Clusters, level: Level, scale: Scale) -> Estimate {
    if values.is_empty() {
        return Estimate::undefined(Undefined::NoItems, clusters);
    }
    let mean = Quotient::mean(values, clusters);
    let spread = clusters.spread().map(|()| mean.linear().spread());
    Estimate::on_scale(mean.value(), spread, clusters, level, Method::t(clusters), scale)
}

/// The skewness of values, m₃ / m₂ to the power of 3/2; `None` where they do not vary.
pub fn skewness(values: &[f64]) -> Option<f64> {
    let mean_of = |power: i32, mean: f64| {
        sum(values.iter().map(|value| libm::pow(value - mean, f64::from(power)))) / values.len() as f64
    };
    let mean = mean_of(1, 0.0);
    let variance = mean_of(2, mean);
    let skewness = mean_of(3, mean) / (variance * libm::sqrt(variance));
    skewness.is_finite().then_some(skewness)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_has_students_interval() {
        let values = [1.5, 2.0, 4.0, 3.5];
        let mean = estimate(&values, &Clusters::apart(4), Level::DEFAULT, Scale::Plain);
        // scipy.stats.t.interval(.95, 3, mean, sem)
        let interval = mean.interval.unwrap();
        assert!((interval.low - 0.856_065_623_594_647_6).abs() < 1e-14);
        assert!((interval.high - 4.643_934_376_405_353).abs() < 1e-14);
        assert!((mean.std_error.unwrap() - 0.595_119_035_711_904_2).abs() < 1e-15);
        assert_eq!(interval.method, Method::T);
        // The same numbers as logarithms.
        let geometric = estimate(&values, &Clusters::apart(4), Level::DEFAULT, Scale::Exp).interval.unwrap();
        assert!((geometric.low.ln() - interval.low).abs() < 1e-14);
    }

    #[test]
    fn skewness_is_that_of_scipy() {
        // scipy.stats.skew([0, 0, 0, 0, 5])
        assert_eq!(skewness(&[0.0, 0.0, 0.0, 0.0, 5.0]), Some(1.5));
        assert_eq!((skewness(&[2.0, 2.0]), skewness(&[])), (None, None));
    }

    #[test]
    fn what_is_not_known_is_said() {
        let mean = |values: &[f64], clusters| estimate(values, &clusters, Level::DEFAULT, Scale::Exp);
        assert_eq!(mean(&[], Clusters::apart(0)).value, Err(Undefined::NoItems));
        let one = mean(&[0.0], Clusters::apart(1));
        assert_eq!((one.value, one.interval, one.std_error), (Ok(1.0), Err(Undefined::OneItem), None));
        assert_eq!(mean(&[0.0, 1.0], Clusters::by([7, 7])).interval, Err(Undefined::OneCluster));
        assert_eq!(mean(&[800.0, 900.0], Clusters::apart(2)).value, Err(Undefined::Overflow));
        let wide = mean(&[0.0, 200.0], Clusters::apart(2));
        assert!(wide.value.is_ok());
        assert_eq!(wide.interval, Err(Undefined::Overflow));
    }
}
