//! What a row says of a question: which label is the most probable, and how sure that is.

use super::{Asked, Scoring};
use crate::{
    plan::{Answers, Failure, Scored, Ticket},
    record::{Cell, Column, DROPPED, Row, Table},
    task::{
        endings::{decided, dropped, highest},
        shares::{Shares, log_sum_exp},
    },
};

/// What each row says.
const COLUMNS: [Column; 21] = [
    "correct",
    "score",
    "margin",
    "p_correct",
    "n_tokens",
    "prompt",
    "gold",
    "output",
    "nll",
    "brier",
    "p_label",
    "confidence",
    "label_mass",
    "p_labels",
    "tied",
    "item_group",
    "k",
    "shots",
    "prompt_tokens",
    "straddles",
    DROPPED,
];

/// What further columns say with calibrated probabilities.
const CALIBRATED: [Column; 3] = ["correct_calibrated", "output_calibrated", "p_label_calibrated"];

/// One row a question.
pub(in crate::task) fn table(
    asked: &[Asked],
    labels: &[String],
    calibrated: bool,
    answers: &Answers,
) -> Table {
    let mut columns = COLUMNS.to_vec();
    if calibrated {
        columns.extend(CALIBRATED);
    }
    let row = |asked: &Asked| Row { key: asked.key.clone(), cells: asked.cells(labels, answers) };
    Table { rows: asked.iter().map(row).collect(), ..Table::new("items", columns) }
}

impl Asked {
    fn cells(&self, labels: &[String], answers: &Answers) -> Result<Vec<Cell>, Failure> {
        let scoring = self.posed.as_ref().map_err(Clone::clone)?;
        let given = redeem(&scoring.labels, answers)?;
        let scores: Vec<f64> = given.iter().map(|scored| scored.total()).collect();
        let gold = scoring.gold;
        let (plain, total) = (Decision::of(&scores, gold), log_sum_exp(&scores));
        let mut cells: Vec<Cell> = vec![
            plain.right.into(),
            plain.right.into(),
            plain.margin.into(),
            libm::exp(scores[gold]).into(),
            given[gold].logprobs.len().into(),
            scoring.prompt.as_str().into(),
            labels[gold].as_str().into(),
            labels[plain.chosen].as_str().into(),
            plain.shares.nll.into(),
            plain.shares.brier.into(),
            plain.shares.right().into(),
            plain.shares.confidence.into(),
            libm::exp(total).into(),
            plain.shares.each.clone().into(),
            plain.tied.into(),
            self.group.as_deref().into(),
            self.k.into(),
            scoring.shots.into(),
            given[gold].before.into(),
            given.iter().any(|scored| scored.straddles).into(),
            dropped(&given),
        ];
        if !scoring.content_free.is_empty() {
            let calibrated = Decision::of(&scoring.calibrated(&scores, answers)?, gold);
            let chosen = labels[calibrated.chosen].as_str();
            cells.extend([calibrated.right.into(), chosen.into(), calibrated.shares.right().into()]);
        }
        Ok(cells)
    }
}

impl Scoring {
    /// Each label's log-probability less the logarithm of its mean probability after the inputs that say nothing.
    fn calibrated(&self, scores: &[f64], answers: &Answers) -> Result<Vec<f64>, Failure> {
        let free: Vec<Vec<&Scored>> =
            self.content_free.iter().map(|labels| redeem(labels, answers)).collect::<Result<_, _>>()?;
        let mean = |label: usize| {
            let logprobs: Vec<f64> = free.iter().map(|scored| scored[label].total()).collect();
            log_sum_exp(&logprobs) - libm::log(logprobs.len() as f64)
        };
        Ok(scores.iter().enumerate().map(|(label, score)| score - mean(label)).collect())
    }
}

fn redeem<'a>(tickets: &[Ticket<Scored>], answers: &'a Answers) -> Result<Vec<&'a Scored>, Failure> {
    tickets.iter().map(|ticket| answers.get(*ticket)).collect()
}

/// What scores say, one a label.
struct Decision {
    /// The place of the highest score, the first of equal ones.
    chosen: usize,
    /// Whether another score equals it.
    tied: bool,
    /// 1 where the right label has the highest score alone, 1/m where it shares it with m − 1 others, else 0.
    right: f64,
    /// The right label's score less the highest other one.
    margin: f64,
    shares: Shares,
}

impl Decision {
    fn of(scores: &[f64], gold: usize) -> Self {
        let chosen = highest(scores);
        let others = || (0..scores.len()).filter(|place| *place != gold).map(|place| scores[place]);
        let rival = others().reduce(f64::max).unwrap_or(scores[gold]);
        let equal = scores.iter().filter(|score| score.total_cmp(&scores[chosen]).is_eq()).count();
        Self {
            chosen,
            tied: equal > 1,
            right: decided(scores, &[gold]),
            margin: scores[gold] - rival,
            shares: Shares::of(scores, &[gold]),
        }
    }
}
