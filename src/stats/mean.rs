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
    let method = if clusters.shared().is_some() { Method::TClustered } else { Method::T };
    let mean = Quotient::mean(values, clusters);
    let spread = clusters.spread().map(|()| mean.linear().spread());
    Estimate::on_scale(mean.value(), spread, clusters, level, method, scale)
}
