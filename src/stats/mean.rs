//! Means, by Student's t over items or clusters.

use super::{
    Clusters, Estimate, Method, Undefined,
    influence::{Quotient, Scale},
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
