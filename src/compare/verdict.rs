//! What a comparison comes to: one word for machines and one sentence for people, from one function.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FailOn {
    /// It is shown to be worse, by more than the margin where there is one.
    Regression,
    /// It is not shown to be worse by less than the margin, equivalent or better.
    NotEquivalent,
    /// It is not shown to be better.
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
