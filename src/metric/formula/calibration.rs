//! How sure answers are against how often they are right.

use super::Evaluation;
use crate::{
    metric::rows::Selected,
    random::Key,
    record::Column,
    stats::{
        Estimate, Undefined,
        calibration::{Answers, BINS, Bin, Calibrated},
    },
};

impl Evaluation<'_> {
    pub(super) fn calibration(&self, confidence: Column, correct: Column) -> Result<Estimate, Undefined> {
        let (answers, key) = self.answers(confidence, correct)?;
        Ok(answers.estimate(key, self.settings.level))
    }

    pub(super) fn calibration_floor(
        &self,
        confidence: Column,
        correct: Column,
    ) -> Result<Estimate, Undefined> {
        Ok(self.if_calibrated(confidence, correct)?.error)
    }

    /// What perfect calibration would give.
    pub(in crate::metric) fn if_calibrated(
        &self,
        confidence: Column,
        correct: Column,
    ) -> Result<Calibrated, Undefined> {
        let (answers, key) = self.answers(confidence, correct)?;
        Ok(answers.if_calibrated(key, self.settings.level))
    }

    /// How often answers of each confidence are right.
    pub(in crate::metric) fn bins(&self, confidence: Column, correct: Column) -> Result<Vec<Bin>, Undefined> {
        Ok(self.answers(confidence, correct)?.0.bins(self.settings.level))
    }

    /// The answers, and the draws of all that is simulated for them.
    fn answers(&self, confidence: Column, correct: Column) -> Result<(Answers, Key), Undefined> {
        let Selected { columns: [confidences, corrects], rows } =
            self.rows.select(self.part(), [confidence, correct])?;
        let answers = Answers::new(confidences, corrects, self.rows.clusters(rows), BINS);
        Ok((answers, self.key(confidence, "calibration")))
    }
}
