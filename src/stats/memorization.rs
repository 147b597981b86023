//! Memorization: is a text more probable than other words for the same?

use super::{Clusters, Estimate, influence::Scale, mean, sum};
use crate::value::Level;

/// The probability of a text over the geometric mean of its paraphrases', from natural logarithms. The text is one fixed
/// text; its paraphrases are the sample, by Student's t.
pub fn ratio(text: f64, paraphrases: &[f64], level: Level) -> Estimate {
    let above: Vec<f64> = paraphrases.iter().map(|paraphrase| text - paraphrase).collect();
    mean::estimate(&above, &Clusters::apart(above.len()), level, Scale::Exp)
}

/// ln of that ratio; `None` without paraphrases.
pub fn log_ratio(text: f64, paraphrases: &[f64]) -> Option<f64> {
    (!paraphrases.is_empty()).then(|| text - sum(paraphrases.iter().copied()) / paraphrases.len() as f64)
}

/// How likely a text is to be at least as probable as it is among its paraphrases, were it one of them (a rank test): with
/// k paraphrases at least 1/(k + 1).
pub fn rank_p(text: f64, paraphrases: &[f64]) -> f64 {
    let as_probable = paraphrases.iter().filter(|paraphrase| **paraphrase >= text).count();
    (as_probable + 1) as f64 / (paraphrases.len() + 1) as f64
}
