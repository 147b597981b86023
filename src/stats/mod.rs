//! Numbers in, estimates out: every number leaves with an interval, or with the reason why it has none. Knows no model,
//! no task and no token.

use serde::{Deserialize, Serialize};

use crate::value::Level;

/// A number and how sure it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The number itself.
    pub value: Result<f64, Undefined>,
    /// The range that holds the truth at the stated level, or why there is none.
    pub interval: Result<Interval, Undefined>,
    /// The standard error on the scale of `value`, where the method has one.
    pub std_error: Option<f64>,
    /// Items behind the number.
    pub n: usize,
    /// Independent groups of items, where items hang together.
    pub clusters: Option<usize>,
    /// Items that count as right, a tie as half, where the number is a share.
    pub successes: Option<f64>,
}

/// A confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// How often such an interval holds the truth.
    pub level: Level,
    /// How it was made.
    pub method: Method,
}

/// How an interval was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Wilson's score interval of a proportion.
    Wilson,
    /// Wilson's interval with the effective number of items of clustered data.
    WilsonClustered,
    /// Clopper and Pearson's exact interval.
    ClopperPearson,
    /// Student's t of a mean.
    T,
    /// Student's t on sums within clusters (CR1).
    TClustered,
    /// Jackknife over documents, Student's t with Kish's degrees of freedom.
    JackknifeT,
    /// Two independent jackknives, Welch and Satterthwaite's degrees of freedom.
    WelchJackknifeT,
    /// Percentiles of a bootstrap over clusters or items.
    BootstrapPercentile,
    /// Bias-corrected and accelerated bootstrap.
    BootstrapBca,
    /// Order statistics of the sign test.
    OrderStatistics,
}

/// Why a number, or its interval, is not there.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, thiserror::Error,
)]
#[serde(rename_all = "snake_case")]
pub enum Undefined {
    /// Nothing was measured.
    #[error("no items")]
    NoItems,
    /// One value says nothing of the spread.
    #[error("one item: its spread is not known")]
    OneItem,
    /// One group says nothing of the spread between groups.
    #[error("one group of items: the spread between groups is not known")]
    OneCluster,
    /// Too few for order statistics at this level.
    #[error("too few items for this level")]
    TooFew,
    /// Every value is the same, so that the spread is not known.
    #[error("all values are equal: their spread is not known")]
    Constant,
    /// The denominator is zero.
    #[error("nothing to divide by")]
    NoUnits,
    /// Too large for a number.
    #[error("too large for a number")]
    Overflow,
    /// The number follows from the model, without sampling.
    #[error("exact: a property of the model, not of a sample")]
    Exact,
}
