//! Scores of gold against predicted classes.

use super::Evaluation;
use crate::{
    record::Column,
    stats::{
        Estimate, Undefined,
        confusion::{ClassScore, Confusion},
        influence::Scale,
    },
};

impl Evaluation<'_> {
    pub(super) fn classes(
        &self,
        gold: Column,
        predicted: Column,
        score: &ClassScore,
    ) -> Result<Estimate, Undefined> {
        let (pairs, rows) = self.rows.labels(self.part(), gold, predicted)?;
        let clusters = self.rows.clusters(rows);
        let confusion = Confusion::new(&[], &pairs, clusters.clone());
        let estimate = confusion.estimate(score, self.settings.level, self.ends());
        let Ok(scored) = confusion.scored(score) else { return Ok(estimate) };
        Ok(self.resampled(estimate, &clusters, Scale::Plain, || scored))
    }
}
