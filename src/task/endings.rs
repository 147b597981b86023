//! Endings of a prompt, compared by how probable they are: what `cloze` and `choice` share.

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    metric::{Formula, Metric},
    plan::{Answers, Ask, Failure, Scored, Ticket},
    record::{Better, Cell, Column, DROPPED, Table, Unit},
    spec::words,
};

words! {
    /// How texts of different lengths are compared.
    pub enum Normalization {
        /// The sum of the log-probabilities, as it is.
        None = "none",
        /// Divided by the number of tokens.
        Token = "token",
        /// Divided by the number of bytes.
        Byte = "byte",
        /// Less the log-probability of the ending without the prompt.
        Pmi = "pmi",
    }
}

impl Normalization {
    /// The name of a metric under this normalization: `accuracy`, `accuracy_byte`.
    pub fn named(self, metric: &str) -> String {
        match self {
            Self::None => metric.to_owned(),
            Self::Token | Self::Byte | Self::Pmi => format!("{metric}_{}", self.word()),
        }
    }

    /// The column of what is right under it, where it is not the first one of a task.
    fn column(self) -> Column {
        match self {
            Self::None => "correct_none",
            Self::Token => "correct_token",
            Self::Byte => "correct_byte",
            Self::Pmi => "correct_pmi",
        }
    }
}

/// What each row says of the endings of one question; what a kind adds follows, then `correct` under every further
/// normalization.
pub(super) const COLUMNS: [Column; 13] = [
    "correct",
    "score",
    "logprob_correct",
    "logprob_incorrect",
    "margin",
    "p_correct",
    "rank",
    "n_tokens",
    "prompt",
    "gold",
    "output",
    "endings",
    "straddles",
];

/// The columns of a kind.
pub(super) fn columns(own: &[Column], normalizations: &[Normalization]) -> Vec<Column> {
    let further = normalizations.iter().skip(1).map(|normalization| normalization.column());
    COLUMNS.iter().chain(own).copied().chain(further).chain([DROPPED]).collect()
}

/// The accuracy under each normalization.
pub(super) fn accuracies(normalizations: &[Normalization], chance: Option<f64>) -> Vec<Metric> {
    let accuracy = |(place, normalization): (usize, &Normalization)| {
        let column = if place == 0 { "correct" } else { normalization.column() };
        let name = normalization.named("accuracy");
        let metric = Metric::new(name, Formula::Proportion(column), Unit::Proportion);
        Metric { chance, ..metric.better(Better::Higher).headline() }
    };
    normalizations.iter().enumerate().map(accuracy).collect()
}

/// One of the texts that are compared.
pub(super) struct Ending {
    /// As scored: with the white space that joins it to the prompt.
    pub(super) text: String,
    /// Bytes as the author wrote it, white space before it left out.
    bytes: usize,
    given: Ticket<Scored>,
    /// Without what it answers.
    alone: Option<Ticket<Scored>>,
}

impl Ending {
    /// Asks for texts after a prompt and, where `premise` is given, after that alone. Beside each text is how its author
    /// wrote it.
    pub(super) fn ask_all<'a>(
        prompt: &str,
        texts: impl Iterator<Item = (String, &'a str)> + Clone,
        premise: Option<&str>,
        ask: &mut Ask,
    ) -> Vec<Self> {
        let all: Arc<[Arc<str>]> = texts.clone().map(|(text, _)| text.into()).collect();
        let mut one = |(text, written): (String, &str)| {
            let given = ask.score_among(prompt, &text, &all);
            let alone = premise.map(|premise| ask.score_among(premise, &text, &all));
            Self { bytes: written.trim_start().len().max(1), given, alone, text }
        };
        texts.map(&mut one).collect()
    }

    /// The place of its request in the plan.
    pub(super) fn request(&self) -> usize {
        self.given.index()
    }
}

/// A prompt, and the texts of which some are right.
pub(super) struct Posed {
    pub(super) prompt: String,
    pub(super) endings: Vec<Ending>,
    /// The places of those that are right.
    pub(super) right: Vec<usize>,
}

/// What came of the endings of a question.
pub(super) struct Compared<'a> {
    /// One an ending.
    pub(super) given: Vec<&'a Scored>,
    /// Their log-probabilities.
    totals: Vec<f64>,
    /// By normalization; one score an ending, the higher the better.
    scores: Vec<Vec<f64>>,
    /// The most probable of the right endings, and of the wrong ones.
    right: usize,
    rival: usize,
}

impl Posed {
    /// Redeems the answers.
    pub(super) fn compared<'a>(
        &self,
        normalizations: &[Normalization],
        answers: &'a Answers,
    ) -> Result<Compared<'a>, Failure> {
        let given: Vec<&Scored> =
            self.endings.iter().map(|ending| answers.get(ending.given)).collect::<Result<_, _>>()?;
        let scores = normalizations
            .iter()
            .map(|normalization| self.scores(*normalization, &given, answers))
            .collect::<Result<_, _>>()?;
        let totals: Vec<f64> = given.iter().map(|scored| scored.total()).collect();
        let (right, rival) = (self.best(&totals, true), self.best(&totals, false));
        Ok(Compared { given, totals, scores, right, rival })
    }

    fn scores(
        &self,
        normalization: Normalization,
        given: &[&Scored],
        answers: &Answers,
    ) -> Result<Vec<f64>, Failure> {
        let score = |(ending, scored): (&Ending, &&Scored)| {
            let total = scored.total();
            Ok(match (normalization, ending.alone) {
                (Normalization::Token, _) => total / scored.logprobs.len().max(1) as f64,
                (Normalization::Byte, _) => total / ending.bytes as f64,
                (Normalization::Pmi, Some(alone)) => total - answers.get(alone)?.total(),
                (Normalization::None | Normalization::Pmi, _) => total,
            })
        };
        self.endings.iter().zip(given).map(score).collect()
    }

    /// A row's cells, those that a kind adds among them.
    pub(super) fn cells(&self, compared: &Compared<'_>, own: Vec<Cell>) -> Vec<Cell> {
        let Compared { given, totals, scores, right, rival } = compared;
        let gold: Vec<&str> = self.right.iter().map(|place| self.endings[*place].text.as_str()).collect();
        let mut decisions = scores.iter().map(|scores| Cell::from(decided(scores, &self.right)));
        let correct = decisions.next().unwrap_or(Cell::Missing);
        let scores = compared.deciding();
        let best_right = scores[self.best(scores, true)];
        let rank = 1 + self.places(false).filter(|place| scores[*place] > best_right).count();
        let mut cells = vec![
            correct.clone(),
            correct,
            totals[*right].into(),
            totals[*rival].into(),
            compared.margin().into(),
            libm::exp(totals[*right]).into(),
            rank.into(),
            given[*right].logprobs.len().into(),
            self.prompt.as_str().into(),
            gold.join(" |").into(),
            self.endings[highest(scores)].text.as_str().into(),
            self.endings.len().into(),
            given.iter().any(|scored| scored.straddles).into(),
        ];
        cells.extend(own);
        cells.extend(decisions);
        cells.push(dropped(given));
        cells
    }

    /// The places of the right endings, or of the wrong ones.
    fn places(&self, right: bool) -> impl Iterator<Item = usize> + '_ {
        (0..self.endings.len()).filter(move |place| self.right.contains(place) == right)
    }

    /// The place of the highest score among the right endings, or among the wrong ones; the first of equal ones.
    pub(super) fn best(&self, scores: &[f64], right: bool) -> usize {
        self.places(right)
            .reduce(|best, place| if scores[place] > scores[best] { place } else { best })
            .unwrap_or_default()
    }
}

impl Compared<'_> {
    /// The scores under the normalization that decides.
    pub(super) fn deciding(&self) -> &[f64] {
        self.scores.first().unwrap_or(&self.totals)
    }

    /// The log-probability of the most probable right ending less that of the most probable wrong one.
    pub(super) fn margin(&self) -> f64 {
        self.totals[self.right] - self.totals[self.rival]
    }

    /// The probability of the most probable wrong ending.
    pub(super) fn p_incorrect(&self) -> f64 {
        libm::exp(self.totals[self.rival])
    }
}

/// 1 where a right ending has the highest score alone; where m endings share it, the share of them that is right, which is
/// what a guess among them gives; else 0.
pub(super) fn decided(scores: &[f64], right: &[usize]) -> f64 {
    let best = scores[highest(scores)];
    let tied = || (0..scores.len()).filter(|place| scores[*place].total_cmp(&best).is_eq());
    tied().filter(|place| right.contains(place)).count() as f64 / tied().count() as f64
}

/// The place of the highest score, the first of equal ones.
pub(super) fn highest(scores: &[f64]) -> usize {
    (1..scores.len()).fold(0, |best, place| if scores[place] > scores[best] { place } else { best })
}

/// How many tokens of a prompt were left out before what is compared.
pub(super) fn dropped(given: &[&Scored]) -> Cell {
    given.iter().map(|scored| scored.dropped).max().into()
}

/// What must be said of rows with the columns `correct` and `straddles`.
pub(super) fn notes(table: &Table) -> Vec<String> {
    let items = |column, is: fn(f64) -> bool| {
        let items: BTreeSet<&str> = table
            .numbers(column)
            .filter(|(_, number)| is(*number))
            .map(|(key, _)| key.item.as_str())
            .collect();
        match items.len() {
            0 => None,
            1 => Some("1 item".to_owned()),
            many => Some(format!("{many} items")),
        }
    };
    let ties = items("correct", |correct| correct > 0.0 && correct < 1.0)
        .map(|items| format!("{items} scored exactly alike: of m that tie, each counts 1/m"));
    let straddling = items("straddles", |straddles| straddles > 0.0)
        .map(|items| format!("{items}: a token begins in the prompt and ends in an ending; it is scored"));
    ties.into_iter().chain(straddling).collect()
}

#[cfg(test)]
mod tests {
    use super::decided;

    #[test]
    fn a_tie_counts_what_a_guess_among_the_tied_gives() {
        let cases: [(&[f64], &[usize], f64); 6] = [
            (&[2.0, 1.0], &[0], 1.0),
            (&[1.0, 2.0], &[0], 0.0),
            (&[1.0, 1.0], &[0], 0.5),
            (&[1.0, 1.0, 1.0, 1.0], &[2], 0.25),
            (&[1.0, 1.0, 0.0], &[0, 1], 1.0),
            (&[1.0, 1.0, 1.0], &[0, 1], 2.0 / 3.0),
        ];
        for (scores, right, wanted) in cases {
            assert!((decided(scores, right) - wanted).abs() < 1e-15, "{scores:?} {right:?}");
        }
    }
}
