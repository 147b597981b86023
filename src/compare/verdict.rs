//! What a comparison comes to: one word for machines and one sentence for people, from one function.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Comparison, Contrast, Found, Incomparable, Options, Pair, Subject, letter};
use crate::{
    metric::{
        reach::Reach,
        verdict::{self, Contest, Differing, Held, Within},
    },
    record::{Measure, Unit},
    stats::Test,
};

/// What a comparison comes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Verdict {
    /// For machines; exit codes and reports read this alone.
    pub decision: Decision,
    /// The same as a sentence, with the numbers that it rests on.
    pub words: String,
}

/// What a comparison of two sides, `a` and `b`, comes to: of each rule the first that fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// The first is better.
    ABetter,
    /// The second is better.
    BBetter,
    /// The first is better, by less than the margin.
    ABetterWithinMargin,
    /// The second is better, by less than the margin.
    BBetterWithinMargin,
    /// The first is higher, where no direction is good.
    AHigher,
    /// The second is higher, where no direction is good.
    BHigher,
    /// They differ by less than the margin.
    Equivalent,
    /// Either may be better.
    NotDecided,
    /// Too few items differ for any outcome to decide.
    CannotDecide,
    /// No comparison could be made.
    NotComparable,
}

/// What makes a comparison fail, from the mildest to the strictest; `b` is the new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum FailOn {
    /// A run is shown to be worse than the one it is compared with, by more than the margin where there is one
    Regression,
    /// A run is not shown to be worse by less than the margin, equivalent or better
    NotEquivalent,
    /// A run is not shown to be better
    NotBetter,
}

impl Decision {
    /// Its name in files: `b_better`.
    pub fn name(self) -> &'static str {
        match self {
            Self::ABetter => "a_better",
            Self::BBetter => "b_better",
            Self::ABetterWithinMargin => "a_better_within_margin",
            Self::BBetterWithinMargin => "b_better_within_margin",
            Self::AHigher => "a_higher",
            Self::BHigher => "b_higher",
            Self::Equivalent => "equivalent",
            Self::NotDecided => "not_decided",
            Self::CannotDecide => "cannot_decide",
            Self::NotComparable => "not_comparable",
        }
    }

    /// The same decision where the two sides change places.
    #[must_use]
    pub fn turned(self) -> Self {
        match self {
            Self::ABetter => Self::BBetter,
            Self::BBetter => Self::ABetter,
            Self::ABetterWithinMargin => Self::BBetterWithinMargin,
            Self::BBetterWithinMargin => Self::ABetterWithinMargin,
            Self::AHigher => Self::BHigher,
            Self::BHigher => Self::AHigher,
            Self::Equivalent | Self::NotDecided | Self::CannotDecide | Self::NotComparable => self,
        }
    }

    /// Whether a difference was found.
    pub fn found(self) -> bool {
        !matches!(self, Self::Equivalent | Self::NotDecided | Self::CannotDecide | Self::NotComparable)
    }

    /// Whether a comparison that comes to this fails.
    pub fn fails(self, on: FailOn) -> bool {
        let better = matches!(self, Self::BBetter | Self::BBetterWithinMargin);
        match on {
            FailOn::Regression => self == Self::ABetter,
            FailOn::NotEquivalent => !better && !matches!(self, Self::Equivalent | Self::ABetterWithinMargin),
            FailOn::NotBetter => !better,
        }
    }
}

impl Comparison {
    /// The comparisons that fail. Numbers of which no direction is good are neither better nor worse and never fail.
    pub fn failing(&self, on: FailOn) -> Vec<(&Subject, &Pair)> {
        let directed = self.pairs().filter(|(subject, _)| subject.better.is_some());
        directed.filter(|(_, pair)| pair.verdict.decision.fails(on)).collect()
    }
}

/// What a comparison comes to.
pub(super) fn of(
    subject: &Subject,
    sides: [usize; 2],
    found: &Found,
    differing: Option<Differing>,
    options: &Options,
) -> Verdict {
    let [from, own] = sides.map(letter);
    let scale = match found.contrast {
        Contrast::Difference | Contrast::MedianDifference => Held::Difference,
        Contrast::Ratio | Contrast::MedianRatio => Held::Ratio,
    };
    let unit = match (scale, subject.unit) {
        (Held::Ratio, _) => Unit::Ratio,
        (Held::Difference, Unit::Proportion) => Unit::Difference,
        (Held::Difference, unit) => unit,
    };
    let test =
        found.test.map(|test| Test { hypothesis: test.hypothesis, p: test.p, adjusted: test.adjusted });
    let measure = Measure {
        metric: metric(subject),
        group: subject.group.clone(),
        unit,
        better: subject.better,
        chance: None,
        headline: subject.headline,
        estimate: found.difference.clone(),
        difference_from: None,
        test,
    };
    let contest = Contest {
        own: &own,
        from: &from,
        measure: &measure,
        scale,
        alpha: 1.0 - options.level.get(),
        correction: options.correction.name(),
        differing,
        within: found
            .equivalence
            .map(|equivalence| Within { margin: equivalence.margin, p: equivalence.adjusted.p }),
        reach: found.reach.map(|reach| Reach { detectable: reach.detectable, items: reach.items }),
    };
    let verdict::Verdict { decision, words } = contest.verdict();
    Verdict { decision: decision.into(), words }
}

/// That there is no comparison.
pub(super) fn of_incomparable(subject: &Subject, sides: [usize; 2], why: &Incomparable) -> Verdict {
    let [from, own] = sides.map(letter);
    let why = format!(": {}", why.words);
    let verdict::Verdict { decision, words } = verdict::incomparable(&own, &from, &metric(subject), &why);
    Verdict { decision: decision.into(), words }
}

/// `accuracy`, or `accuracy (europe)`.
fn metric(subject: &Subject) -> String {
    match &subject.group {
        Some(group) => format!("{} ({group})", subject.metric),
        None => subject.metric.clone(),
    }
}

impl From<verdict::Decision> for Decision {
    /// What is decided of the second, held against the first.
    fn from(decision: verdict::Decision) -> Self {
        match decision {
            verdict::Decision::Better => Self::BBetter,
            verdict::Decision::Worse => Self::ABetter,
            verdict::Decision::BetterWithinMargin => Self::BBetterWithinMargin,
            verdict::Decision::WorseWithinMargin => Self::ABetterWithinMargin,
            verdict::Decision::Higher => Self::BHigher,
            verdict::Decision::Lower => Self::AHigher,
            verdict::Decision::Equivalent => Self::Equivalent,
            verdict::Decision::NotDecided => Self::NotDecided,
            verdict::Decision::CannotDecide => Self::CannotDecide,
            verdict::Decision::NotComparable => Self::NotComparable,
        }
    }
}
