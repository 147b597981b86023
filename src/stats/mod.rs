//! Numbers in, estimates out: every number leaves with an interval, or with the reason why it has none. Knows no model,
//! no task and no token.

mod clusters;
pub mod dist;
pub mod influence;
pub mod proportion;
pub mod mean;
pub mod median;
pub mod ratio;
pub mod spread;
pub mod confusion;
mod multinomial;
pub mod bootstrap;
pub mod paired;
pub mod multiplicity;
pub mod power;
mod hypothesis;
pub mod calibration;
pub mod text;
pub mod memorization;

pub use clusters::{Clusters, Members, sum};
pub use hypothesis::{Adjusted, Hypothesis, Test};

use serde::{Deserialize, Serialize};

use influence::{Scale, Spread};

use crate::value::Level;

/// A number and how sure it is.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(into = "Written")]
#[schemars(with = "Written")]
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

/// An estimate in files.
#[derive(Serialize, schemars::JsonSchema)]
#[schemars(rename = "Estimate")]
struct Written {
    /// The number.
    value: Option<f64>,
    /// Why there is no value or, where there is one, no interval.
    undefined: Option<Undefined>,
    /// Its confidence interval.
    ci: Option<Interval>,
    /// Its standard error, where the method has one.
    std_error: Option<f64>,
    /// Items behind it.
    n: usize,
    /// Independent groups of items, where items hang together.
    clusters: Option<usize>,
    /// Items that count as right, a tie as half, where it is a share.
    successes: Option<f64>,
}

impl From<Estimate> for Written {
    fn from(estimate: Estimate) -> Self {
        let Estimate { value, interval, std_error, n, clusters, successes } = estimate;
        let undefined = value.err().or(interval.err());
        Self { value: value.ok(), undefined, ci: interval.ok(), std_error, n, clusters, successes }
    }
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
    /// Clopper and Pearson's interval with the effective number of items of clustered data (Korn and Graubard).
    ClopperPearsonClustered,
    /// Newcombe's interval of a difference of paired shares (method 10).
    NewcombePaired,
    /// Tango's score interval of a difference of paired shares.
    Tango,
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
    /// From 0 where perfect calibration is not refuted, else a basic bootstrap's.
    CalibrationComposite,
    /// What perfect calibration gives, simulated.
    SimulatedCalibration,
    /// Equal tails of the posterior under Jeffreys' prior.
    Jeffreys,
    /// Wilson's interval of the share of a finite whole, from a part of it.
    WilsonFinite,
    /// Newcombe's interval of the difference of two independent shares.
    NewcombeIndependent,
    /// Welch's t of the difference of two independent means.
    Welch,
    /// Order statistics of the sign test.
    OrderStatistics,
    /// Order statistics around a median of clustered data (Woodruff).
    OrderStatisticsClustered,
    /// The chi-squared distribution of a normal sample's variance.
    ChiSquared,
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
    /// The two groups are not independent.
    #[error("the two groups share a cluster of items: they are not independent")]
    SharedCluster,
    /// Nothing was measured twice.
    #[error("no item has a value on both sides")]
    NoPairs,
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
    /// The number was counted or follows from the model; nothing was sampled.
    #[error("exact: not estimated from a sample")]
    Exact,
    /// The class is in neither gold nor predictions.
    #[error("no item is of this class or predicted to be")]
    NoSuchClass,
    /// No item is of the class.
    #[error("no item is of this class")]
    NoSuchItem,
    /// The class was never predicted.
    #[error("this class was never predicted")]
    NeverPredicted,
    /// One class is all that occurs.
    #[error("only one class occurs")]
    OneClass,
    /// Too few answers to any one item.
    #[error("no item was answered often enough")]
    TooFewAnswers,
    /// A metric asks for a column that the table does not have.
    #[error("the table has no such column")]
    NoColumn,
}

impl Method {
    /// Student's t of items or of clusters.
    fn t(clusters: &Clusters) -> Self {
        if clusters.shared().is_some() { Self::TClustered } else { Self::T }
    }
}

impl Estimate {
    /// A number that is not there, for a reason that its interval shares.
    pub fn undefined(why: Undefined, clusters: &Clusters) -> Self {
        Self { value: Err(why), ..Self::new(0.0, Err(why), clusters) }
    }

    /// A number that has nothing to be unsure of.
    pub fn exact(value: f64, n: usize) -> Self {
        Self::new(value, Err(Undefined::Exact), &Clusters::apart(n))
    }

    fn new(value: f64, interval: Result<Interval, Undefined>, clusters: &Clusters) -> Self {
        Self {
            value: finite(value),
            interval,
            std_error: None,
            n: clusters.items(),
            clusters: clusters.shared(),
            successes: None,
        }
    }

    /// The same on another scale, the ends carried along: for order statistics, which a rising scale keeps.
    #[must_use]
    pub fn carried(self, scale: Scale) -> Self {
        let value = self.value.and_then(|value| finite(scale.apply(value)));
        let interval = self.interval.and_then(|Interval { low, high, level, method }| {
            Interval::new(scale.apply(low), scale.apply(high), level, method)
        });
        Self { value, interval, std_error: None, ..self }
    }

    /// A number with Student's interval; both are made on the plain scale and reported on another.
    fn on_scale(
        value: f64,
        spread: Result<Spread, Undefined>,
        clusters: &Clusters,
        level: Level,
        method: Method,
        scale: Scale,
    ) -> Self {
        let interval = spread.and_then(|spread| spread.interval(level, method, scale));
        let std_error = spread.ok().map(|spread| spread.std_error * scale.slope(value));
        Self {
            std_error: std_error.filter(|error| error.is_finite()),
            ..Self::new(scale.apply(value), interval, clusters)
        }
    }
}

impl Interval {
    fn new(low: f64, high: f64, level: Level, method: Method) -> Result<Self, Undefined> {
        Ok(Self { low: finite(low)?, high: finite(high)?, level, method })
    }
}

fn finite(number: f64) -> Result<f64, Undefined> {
    if number.is_finite() { Ok(number) } else { Err(Undefined::Overflow) }
}
