//! Endings of a prompt, compared by how probable they are: what `cloze` and `choice` share.

use std::{cmp::Ordering, collections::BTreeSet};

use crate::{
    plan::{Answers, Ask, Failure, Scored, Ticket},
    record::{Column, Table},
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
    pub(super) fn column(self) -> Column {
        match self {
            Self::None => "correct_none",
            Self::Token => "correct_token",
            Self::Byte => "correct_byte",
            Self::Pmi => "correct_pmi",
        }
    }
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
    /// Asks for a text after a prompt and, where `premise` is given, after that alone. `written` is the text as its author
    /// wrote it.
    pub(super) fn ask(
        prompt: &str,
        text: String,
        written: &str,
        premise: Option<&str>,
        ask: &mut Ask,
    ) -> Self {
        let given = ask.score(prompt, &text);
        let alone = premise.map(|premise| ask.score(premise, &text));
        Self { bytes: written.trim_start().len().max(1), given, alone, text }
    }
}

/// What came of each ending.
pub(super) fn given<'a>(endings: &[Ending], answers: &'a Answers) -> Result<Vec<&'a Scored>, Failure> {
    endings.iter().map(|ending| answers.get(ending.given)).collect()
}

/// One score an ending, the higher the better.
pub(super) fn scores(
    normalization: Normalization,
    endings: &[Ending],
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
    endings.iter().zip(given).map(score).collect()
}

/// 1 where a right ending's score is higher than every wrong one's, a half where they are equal, else 0.
pub(super) fn decided(right: f64, rival: f64) -> f64 {
    match right.total_cmp(&rival) {
        Ordering::Greater => 1.0,
        Ordering::Equal => 0.5,
        Ordering::Less => 0.0,
    }
}

/// The place of the highest score, the first of equal ones.
pub(super) fn highest(scores: &[f64]) -> usize {
    (1..scores.len()).fold(0, |best, place| if scores[place] > scores[best] { place } else { best })
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
        .map(|items| format!("{items} scored exactly alike: a tie counts half"));
    let straddling = items("straddles", |straddles| straddles > 0.0)
        .map(|items| format!("{items}: a token begins in the prompt and ends in an ending; it is scored"));
    ties.into_iter().chain(straddling).collect()
}
