//! One group of rows against another one of other items.

use super::Evaluation;
use crate::{
    metric::rows::{Part, Selected},
    record::Column,
    stats::{
        Estimate, Undefined, bootstrap,
        influence::{Quotient, Scale},
        proportion,
        ratio::Documents,
    },
};

impl Evaluation<'_> {
    /// Of sums over the second column, or over the number of rows where there is one column only.
    pub(super) fn group_ratio<const N: usize>(
        &self,
        columns: [Column; N],
        baseline: &str,
    ) -> Result<Estimate, Undefined> {
        let [own, base] = self.against(baseline, columns)?;
        let both = self.rows.clusters(own.rows.iter().chain(&base.rows).copied());
        let [own, base] = [own, base].map(|Selected { columns, rows }| {
            let ones = vec![1.0; rows.len()];
            Documents::new(&columns[0], columns.get(1).unwrap_or(&ones), self.rows.clusters(rows))
        });
        let estimate = own.over(&base, &both, self.settings.level);
        // Draws from each group by itself say nothing where the groups hang together, or one is a single document.
        if estimate.interval.is_err() {
            return Ok(estimate);
        }
        let difference = || bootstrap::Difference(own.quotient(), base.quotient());
        Ok(self.resampled(estimate, &both, Scale::Exp, difference))
    }

    pub(super) fn group_difference(&self, column: Column, baseline: &str) -> Result<Estimate, Undefined> {
        let [own, base] = self.against(baseline, [column])?;
        let both = self.rows.clusters(own.rows.iter().chain(&base.rows).copied());
        let [own, base] =
            [own, base].map(|Selected { columns: [values], rows }| (values, self.rows.clusters(rows)));
        let sides = [&own, &base].map(|(values, clusters)| (values.as_slice(), clusters));
        let estimate = proportion::difference(sides, &both, self.settings.level, self.ends());
        if estimate.interval.is_err() {
            return Ok(estimate);
        }
        let [own, base] = sides.map(|(values, clusters)| Quotient::mean(values, clusters));
        Ok(self.resampled(estimate, &both, Scale::Plain, || bootstrap::Difference(&own, &base)))
    }

    /// The rows of the metric's group, or of all outside of the baseline, and those of the baseline.
    fn against<const N: usize>(
        &self,
        baseline: &str,
        columns: [Column; N],
    ) -> Result<[Selected<N>; 2], Undefined> {
        let part = self.metric.group.as_deref().map_or(Part::Outside(baseline), Part::Group);
        Ok([self.rows.select(part, columns)?, self.rows.select(Part::Group(baseline), columns)?])
    }
}
