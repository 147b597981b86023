//! What a comparison finds: the types that every report is written from.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Caution, Correction, Margins, Scope, Verdict};
use crate::{
    record::{Better, ItemKey, Run, Unit},
    stats::{Adjusted, Estimate, Hypothesis, paired::CochranQ},
    value::{Level, Seed},
};

/// Several runs side by side.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Comparison {
    /// The runs, in the order in which they were given.
    pub sides: Vec<Side>,
    /// Which of them are compared with which.
    pub design: Design,
    /// Which numbers are compared.
    pub scope: Scope,
    /// How the p values allow for each other.
    pub correction: Correction,
    /// How often intervals hold the truth; one minus it is how often a verdict may be wrong.
    pub level: Level,
    /// Which differences are too small to matter.
    pub margins: Margins,
    /// Where random permutations began.
    pub seed: Seed,
    /// How many were drawn, where not all were tried.
    pub draws: u32,
    /// How many tests the verdicts allow for.
    pub questions: Questions,
    /// What sets the runs apart besides their answers; the gravest first.
    pub cautions: Vec<Caution>,
    /// Every number that is compared, in the order of the tasks.
    pub subjects: Vec<Subject>,
}

/// One run.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Side {
    /// What sentences and tables call it: `A`, `B`, and after `Z` `AA`.
    pub letter: String,
    /// Where its numbers come from.
    pub run: Run,
}

/// Which runs are compared with which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Design {
    /// Every other one with this one, by its number.
    Baseline(usize),
    /// Each with each.
    AllPairs,
}

/// How many tests there are; each p is corrected for its family.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Questions {
    /// Whether two differ.
    pub differences: usize,
    /// Whether two are equivalent within a margin.
    pub equivalences: usize,
}

/// One number of all runs.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Subject {
    /// `benchmark/task`.
    pub task: String,
    /// The kind of the task.
    pub kind: String,
    /// The part of the task that it speaks of; the whole task without one.
    pub group: Option<String>,
    /// Such as `accuracy`.
    pub metric: String,
    /// What it counts.
    pub unit: Unit,
    /// Which direction is good, where one is.
    pub better: Option<Better>,
    /// What guessing gives.
    pub chance: Option<f64>,
    /// Whether the summary of a run shows it.
    pub headline: bool,
    /// Each side's number on all of its own items; none where a run does not have it.
    pub values: Vec<Option<Estimate>>,
    /// Two sides each, in the order of the design.
    pub pairs: Vec<Pair>,
    /// Where each side stands among three or more, as far as the tests tell; empty where no direction is good.
    pub ranks: Vec<Rank>,
    /// Whether three or more are right equally often on the items that all share: for information, it decides nothing.
    pub cochran_q: Option<CochranQ>,
}

/// Two sides compared in one number.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Pair {
    /// The numbers of both sides, the one that is compared with first. The difference is the second minus the first.
    pub sides: [usize; 2],
    /// How their items were paired.
    pub matched: Matched,
    /// What was found, or why nothing could be.
    pub outcome: Outcome,
    /// What it comes to: the only place that says so.
    pub verdict: Verdict,
}

/// What was found, or why nothing could be.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The paired items show something.
    Found(Box<Found>),
    /// Nothing could be compared.
    Incomparable(Incomparable),
}

/// How the items of two runs were paired: rows by group, item, repeat and content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Matched {
    /// Rows with a value on both sides.
    pub paired: usize,
    /// Rows that only the first has.
    pub only_first: usize,
    /// Rows that only the second has.
    pub only_second: usize,
    /// Rows of the same item that asked something else.
    pub other_content: usize,
    /// Rows without an answer on a side.
    pub failed: usize,
    /// Rows that the number does not speak of on a side, such as answers without a label.
    pub without_value: usize,
    /// Rows that repeat a key of the same run, which no other row can be paired with.
    pub doubled: usize,
}

/// What the paired items show.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Found {
    /// Both numbers, on the paired items alone.
    pub values: [Estimate; 2],
    /// How the two are held against each other.
    pub contrast: Contrast,
    /// The difference or ratio with its interval.
    pub difference: Estimate,
    /// How often each was right, where items are right or wrong.
    pub counts: Option<Counts>,
    /// The test that decides; none where its p is not known.
    pub test: Option<Tested>,
    /// Further tests of the same question, for comparison: none of them decides.
    pub beside: Vec<Tested>,
    /// How large the difference is on scales of their own, the usual one first.
    pub effects: Vec<Effect>,
    /// Whether the difference lies within a margin, where one was given.
    pub equivalence: Option<Equivalence>,
    /// What so many items could have shown, where that is known.
    pub reach: Option<Reach>,
    /// Whether the two numbers' own intervals overlap: the habit that the paired test replaces. It ignores that both
    /// answered the same items, so overlapping intervals can hide a difference.
    pub intervals_overlap: Option<bool>,
    /// The items that only one side got right.
    #[serde(skip)]
    pub flips: Flips,
}

/// The items that only one side got right, in the order of the first run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flips {
    /// Only the first.
    pub only_first: Vec<Arc<ItemKey>>,
    /// Only the second.
    pub only_second: Vec<Arc<ItemKey>>,
}

/// How two numbers are held against each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Contrast {
    /// The second minus the first: 0 where they agree.
    Difference,
    /// The second over the first: 1 where they agree.
    Ratio,
    /// The median of the items' differences, which is not the difference of the medians.
    MedianDifference,
    /// The median of the items' ratios.
    MedianRatio,
}

/// How often each side was right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Counts {
    /// Both.
    pub both: u64,
    /// Only the first.
    pub only_first: u64,
    /// Only the second.
    pub only_second: u64,
    /// Neither.
    pub neither: u64,
}

/// A test that was made.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Tested {
    /// Which.
    #[serde(serialize_with = "by_name")]
    #[schemars(with = "String")]
    pub hypothesis: Hypothesis,
    /// Its statistic, such as t, where it has one.
    pub statistic: Option<f64>,
    /// The degrees of freedom of the statistic.
    pub df: Option<f64>,
    /// How often chance alone goes as far.
    pub p: f64,
    /// The p that decides, which allows for the other tests; none for a test beside.
    pub adjusted: Option<Adjusted>,
}

/// How large a difference is, on a scale of its own.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Effect {
    /// Which scale.
    pub kind: EffectKind,
    /// The number.
    pub value: f64,
    /// The lower end of its interval, where it has one.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
}

/// Scales of effects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EffectKind {
    /// The odds that an item on which the two differ is right on the second side.
    DiscordantOddsRatio,
    /// Cohen's g: the share of the differing items that only the second got right, less one half.
    CohenG,
    /// Hedges' g of paired values: the difference in standard deviations of the differences.
    HedgesGz,
    /// Cohen's d of two paired values, where there are too few for Hedges' correction.
    CohenDz,
}

/// Whether a difference lies within a margin: two one-sided tests (TOST).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Equivalence {
    /// The margin: a difference up to so much on either side, or a ratio up to one plus it.
    pub margin: f64,
    /// The larger p of the two tests.
    pub p: f64,
    /// The same, which allows for the other tests of equivalence.
    pub adjusted: Adjusted,
}

/// What so many items could have shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Reach {
    /// The smallest difference that would be found four times out of five; on a scale of ratios, the smallest ratio above 1.
    pub detectable: Option<f64>,
    /// How many items would find a difference as large as this one four times out of five.
    pub items: Option<u64>,
    /// The level of one test that both allow for: that of all, shared among the family.
    pub alpha: f64,
}

/// Where a side stands: among which places, as far as the corrected tests tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Rank {
    /// The side.
    pub side: usize,
    /// The best place that it may hold: one more than there are sides shown to be better.
    pub best: usize,
    /// The worst: as many less than all as there are sides shown to be worse.
    pub worst: usize,
}

/// Why two numbers cannot be compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Incomparable {
    /// The kind of reason.
    pub why: Why,
    /// In words, such as `only 1 item is shared`.
    pub words: String,
}

/// Kinds of reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// A run does not have the number.
    Absent,
    /// The number is not made the same way.
    OtherFormula,
    /// Fewer than two items are shared.
    TooFew,
    /// What is divided by differs, such as the tokens of two tokenizers.
    OtherUnits,
    /// Two runs cannot be compared in such a number.
    NoContrast,
    /// The number is not known on the shared items.
    Undefined,
}

impl Outcome {
    /// What was found, if anything could be.
    pub fn found(&self) -> Option<&Found> {
        match self {
            Self::Found(found) => Some(found),
            Self::Incomparable(_) => None,
        }
    }
}

impl Subject {
    /// `task metric`, with the part of the task where there is one: what sentences and tables call it.
    pub fn name(&self) -> String {
        let part = self.group.as_ref().map_or_else(String::new, |group| format!(" {group}"));
        format!("{}{part} {}", self.task, self.metric)
    }
}

impl Comparison {
    /// All pairs of all numbers.
    pub fn pairs(&self) -> impl Iterator<Item = (&Subject, &Pair)> {
        self.subjects.iter().flat_map(|subject| subject.pairs.iter().map(move |pair| (subject, pair)))
    }
}

fn by_name<S: serde::Serializer>(hypothesis: &Hypothesis, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(hypothesis.name())
}
