//! What is compared with what, and how strictly.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Design, Refusal};
use crate::{
    record::{Formula, Metric, Range, Record},
    value::{Level, Margin, Seed},
};

/// How several runs are compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Which run is compared with which.
    pub design: Design,
    /// Which numbers are compared.
    pub scope: Scope,
    /// How the p values allow for each other.
    pub correction: Correction,
    /// How often intervals hold the truth; one minus it is how often a verdict may be wrong.
    pub level: Level,
    /// Which differences are too small to matter.
    pub margins: Margins,
    /// Which items count as the same.
    pub contents: Contents,
    /// Where random permutations begin.
    pub seed: Seed,
    /// How many permutations are drawn where there are too many to try all.
    pub draws: u32,
}

/// Which numbers are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Those that the summary of a run shows.
    #[default]
    Headline,
    /// All that can be compared.
    Everything,
}

/// How p values allow for each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Correction {
    /// Holm (1979): the chance of even one false alarm stays below the level
    #[default]
    Holm,
    /// Benjamini and Hochberg (1995): of what is found, the share of false alarms stays below the level
    #[value(name = "bh")]
    BenjaminiHochberg,
}

/// Which items count as the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Contents {
    /// Those with the same id that asked the same.
    #[default]
    Equal,
    /// Those with the same id, whatever they asked: two prompts for one item, say.
    Any,
}

/// Which differences are too small to matter; there is no margin that suits everything.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Margins {
    /// Of shares and scores and, as a share, of ratios: 0.02 is a ratio between 1/1.02 and 1.02.
    pub general: Option<f64>,
    /// By the metric's name, in its own unit; these come first.
    pub by_metric: BTreeMap<String, f64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            design: Design::Baseline(0),
            scope: Scope::default(),
            correction: Correction::default(),
            level: Level::DEFAULT,
            margins: Margins::default(),
            contents: Contents::default(),
            seed: Seed::default(),
            draws: 10_000,
        }
    }
}

impl Options {
    /// Refuses what cannot be meant.
    pub(super) fn check(&self, records: &[Record]) -> Result<(), Refusal> {
        let runs = records.len();
        if runs < 2 {
            return Err(Refusal::TooFew(runs));
        }
        if let Design::Baseline(base) = self.design
            && base >= runs
        {
            return Err(Refusal::NoBaseline { number: base + 1, runs });
        }
        if let Some(margin) = self.margins.all().find(|margin| !margin.is_finite() || *margin <= 0.0) {
            return Err(Refusal::Margin(margin));
        }
        let metrics = records.iter().flat_map(|record| &record.tasks).flat_map(|task| &task.metrics);
        let known: BTreeSet<&str> = metrics.map(|metric| metric.name.as_str()).collect();
        match self.margins.by_metric.keys().find(|name| !known.contains(name.as_str())) {
            Some(metric) => Err(Refusal::NoSuchMetric {
                metric: metric.clone(),
                known: known.into_iter().collect::<Vec<_>>().join(", "),
            }),
            None => Ok(()),
        }
    }
}

impl Margins {
    /// The margin of a metric, in its own unit or, where two of it make a ratio, as a share: that of its name, the general
    /// one, or the task's `own`.
    pub fn of(&self, metric: &Metric, own: Option<Margin>) -> Option<f64> {
        let is_ratio = matches!(
            metric.formula,
            Formula::ExpRatio { .. } | Formula::GeometricMean(_) | Formula::GeometricMedian(_)
        );
        let Range { least, most } = metric.range;
        let is_share = least.is_some_and(|least| least >= -1.0) && most.is_some_and(|most| most <= 1.0);
        let general = self.general.or(own.map(Margin::get));
        self.by_metric.get(&metric.name).copied().or(general.filter(|_| is_ratio || is_share))
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = f64> {
        self.general.into_iter().chain(self.by_metric.values().copied())
    }
}

impl Correction {
    /// Its author's name, in sentences: `by Holm`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Holm => "Holm",
            Self::BenjaminiHochberg => "Benjamini-Hochberg",
        }
    }
}
