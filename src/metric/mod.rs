//! Metrics as data: a formula over the columns of a table gives the number, its interval and all that follows from them,
//! so that a saved run can be measured anew without asking the model.

pub mod expect;
mod cautions;
mod difference;
mod formula;
pub mod reach;
mod reliability;
mod remarks;
mod rows;
pub mod saved;
pub mod verdict;
pub mod words;
mod best;

pub use crate::{
    record::{Formula, Intervals, Metric, Range, Settings, Within},
    stats::confusion::ClassScore,
};
pub use best::best;
pub use cautions::cautions;
pub use reliability::reliability;
pub use remarks::{Case, remarks};

use formula::Evaluation;
use rows::Rows;

use crate::{
    record::{Measure, Table},
    stats::Estimate,
};

/// The numbers that the metrics make of a table, in their order.
pub fn evaluate(metrics: &[Metric], table: &Table, settings: &Settings) -> Vec<Measure> {
    let rows = Rows::of(table);
    let measure = |metric: &Metric| {
        let evaluation = Evaluation { metric, rows: &rows, settings };
        Measure {
            metric: metric.name.clone(),
            group: metric.part().map(str::to_owned),
            unit: metric.unit,
            better: metric.better,
            chance: metric.chance,
            headline: metric.headline,
            estimate: within(metric.range, evaluation.estimate()),
            difference_from: metric.difference_from(),
            test: evaluation.test(),
        }
    };
    let mut measures = metrics.iter().map(measure).collect::<Vec<_>>();
    difference::adjust(&mut measures);
    measures
}

/// A t interval knows no bounds; the number has some.
fn within(range: Range, mut estimate: Estimate) -> Estimate {
    if let Ok(interval) = &mut estimate.interval {
        interval.low = range.clamp(interval.low);
        interval.high = range.clamp(interval.high);
    }
    estimate
}
