//! A test: of what, and how it came out.

use serde::Serialize;

/// A test that was made of a number.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Test {
    /// Which.
    pub hypothesis: Hypothesis,
    /// How often chance alone goes as far.
    pub p: f64,
    /// The p that decides, where several questions are asked at once.
    pub adjusted: Option<Adjusted>,
}

/// Which test it is, and of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Hypothesis {
    /// Both are right equally often: McNemar's test, mid-p.
    McnemarMidP {
        /// Items on which only the one is right.
        only_first: u64,
        /// Items on which only the other is right.
        only_second: u64,
    },
    /// The same, by the exact test, which rejects too seldom.
    McnemarExact,
    /// The mean of the differences is 0.
    PairedT,
    /// The same, by sums within clusters (CR1).
    PairedTClustered,
    /// The sum of the differences is 0: their signs turned at random.
    SignFlip,
    /// Both score the same: predictions swapped at random.
    Swap,
    /// Both score the same: Student's t, the standard error by the delta method.
    DeltaT,
    /// Two quotients of sums are the same: Student's t, the standard error by the jackknife.
    JackknifeT,
    /// Half of the differences lie above 0: the exact sign test.
    SignTest,
    /// It is no better than guessing: the exact one-sided binomial test.
    BinomialGreater,
}

/// A p that allows for the other tests of its family (Holm 1979).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Adjusted {
    /// The corrected p.
    pub p: f64,
    /// How many tests the family has.
    pub family_size: usize,
}

impl Hypothesis {
    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::McnemarMidP { .. } => "mcnemar_mid_p",
            Self::McnemarExact => "mcnemar_exact",
            Self::PairedT => "paired_t",
            Self::PairedTClustered => "paired_t_clustered",
            Self::SignFlip => "sign_flip",
            Self::Swap => "swap",
            Self::DeltaT => "delta_t",
            Self::JackknifeT => "jackknife_t",
            Self::SignTest => "sign_test",
            Self::BinomialGreater => "binomial_greater",
        }
    }
}

impl Test {
    /// A test of its own.
    pub fn new(hypothesis: Hypothesis, p: f64) -> Self {
        Self { hypothesis, p, adjusted: None }
    }

    /// The p that decides.
    pub fn deciding_p(&self) -> f64 {
        self.adjusted.map_or(self.p, |adjusted| adjusted.p)
    }
}
