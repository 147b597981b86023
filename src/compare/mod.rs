//! Several runs side by side: which is better at what, by how much, and whether that can be told from luck. Knows no engine
//! and no report format.
//!
//! The items that two runs share are paired; of each number the difference is made on these alone, with an interval, a test
//! that allows for all others that are shown, and one verdict. What sets the runs apart besides the model is said first.

mod contrast;
mod draft;
mod family;
mod found;
mod gate;
mod options;
mod pairing;
mod rank;
mod subject;
mod verdict;

pub use found::{
    Comparison, Contrast, Counts, Design, Effect, EffectKind, Equivalence, Flips, Found, Incomparable,
    Matched, Outcome, Pair, Questions, Rank, Reach, Side, Subject, Tested, Why,
};
pub use gate::{Caution, Refusal, Weight};
pub use options::{Contents, Correction, Margins, Options, Scope};
pub use verdict::{Decision, FailOn, Verdict};

use rayon::prelude::*;

use draft::{Draft, Families};
use subject::Task;

use crate::record::Record;

impl Comparison {
    /// Compares runs; their order decides which of them is `A`.
    pub fn new(records: &[Record], options: &Options) -> Result<Self, Refusal> {
        options.check(records)?;
        let tasks = Task::of_all(records, options);
        let shared: Vec<_> = tasks.iter().map(|task| task.shared(options.design)).collect();
        if let Some(refusal) = gate::refusal(records, &shared) {
            return Err(refusal);
        }
        let mut cautions = gate::cautions(records, &shared, options.contents);
        cautions.extend(tasks.iter().filter_map(|task| task.left_out(options.scope)));
        let drafts: Vec<Draft<'_>> =
            tasks.par_iter().flat_map_iter(|task| task.drafts(records.len(), options)).collect();
        if drafts.is_empty() {
            let why = "no task that they share has a number that two runs can be compared in";
            return Err(Refusal::NothingShared(why.into()));
        }
        let families = Families::of(&drafts, options);
        let questions = Questions {
            differences: families.differences.size(),
            equivalences: families.equivalences.size(),
        };
        let subjects = draft::finished(drafts, &families, options);
        Ok(Self {
            sides: records
                .iter()
                .enumerate()
                .map(|(side, record)| Side { letter: letter(side), run: record.run.clone() })
                .collect(),
            design: options.design,
            scope: options.scope,
            correction: options.correction,
            level: options.level,
            margins: options.margins.clone(),
            seed: options.seed,
            draws: options.draws,
            questions,
            cautions,
            subjects,
        })
    }
}

impl Design {
    /// The pairs of so many sides, in their order: the one that is compared with, then the other.
    pub fn pairs(self, sides: usize) -> Vec<[usize; 2]> {
        match self {
            Self::Baseline(base) => {
                (0..sides).filter(|side| *side != base).map(|side| [base, side]).collect()
            }
            Self::AllPairs => {
                (0..sides).flat_map(|first| (first + 1..sides).map(move |second| [first, second])).collect()
            }
        }
    }
}

/// `A` to `Z`, then `AA`.
pub(crate) fn letter(side: usize) -> String {
    let last = char::from(b'A' + u8::try_from(side % 26).unwrap_or_default());
    match side / 26 {
        0 => last.to_string(),
        before => format!("{}{last}", letter(before - 1)),
    }
}
