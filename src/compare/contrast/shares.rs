//! Items that are right or wrong, and items that have a score.

use std::sync::Arc;

use libm::log1p;

use super::{Answer, Differing, Question, tested};
use crate::{
    compare::{Contrast, Counts, Effect, EffectKind, Flips, Tested, pairing::Paired},
    record::ItemKey,
    stats::{
        Estimate, Hypothesis,
        influence::Scale,
        median,
        paired::{McNemar, MeanDifference, Pairs},
        proportion,
    },
};

impl Question<'_> {
    /// By counting where every item is right or wrong and stands alone, else by t.
    pub(super) fn shares(&self, paired: Paired<'_, f64>) -> Answer {
        let clusters = paired.clusters();
        let [first, second] = &paired.values;
        let Some(counts) = Pairs::of(first, second) else { return self.means(paired, Scale::Plain) };
        let flips = flips(&paired);
        let written = Counts {
            both: counts.both,
            only_first: counts.only_first,
            only_second: counts.only_second,
            neither: counts.neither,
        };
        if clusters.shared().is_some() {
            let effects = cohen_g(&counts).into_iter().collect();
            let answer = self.means(paired, Scale::Plain);
            return Answer { counts: Some(written), effects, flips, ..answer };
        }
        let Pairs { both, only_first, only_second, neither } = counts;
        // The second minus the first.
        let turned = Pairs { both, only_first: only_second, only_second: only_first, neither };
        let hypothesis = Hypothesis::McnemarMidP { only_first, only_second };
        let odds = turned.odds_ratio(self.options.level).ok().and_then(|odds| {
            Some(Effect {
                kind: EffectKind::DiscordantOddsRatio,
                value: odds.value.ok()?,
                low: Some(odds.low),
                high: odds.high,
            })
        });
        Answer {
            contrast: Contrast::Difference,
            difference: turned.estimate(self.options.level),
            counts: Some(written),
            test: Some(tested(hypothesis, counts.mcnemar(McNemar::MidP))),
            beside: vec![tested(Hypothesis::McnemarExact, counts.mcnemar(McNemar::Exact))],
            effects: odds.into_iter().chain(cohen_g(&counts)).collect(),
            within: self.within(|margin| Some(turned.equivalence(margin).p())),
            differing: Some(Differing { units: counts.discordant(), tails: 1, clustered: false }),
            flips,
            rows: paired.rows,
        }
    }

    /// By t, with turned signs beside it; of logarithms on a scale of ratios.
    pub(super) fn means(&self, paired: Paired<'_, f64>, scale: Scale) -> Answer {
        let clusters = paired.clusters();
        let differences = paired.differences();
        let mean = MeanDifference::new(&differences, &clusters);
        let (flipped, differing) = self.sign_flip(&differences, &clusters);
        let hypothesis = match clusters.shared() {
            Some(_) => Hypothesis::PairedTClustered,
            None => Hypothesis::PairedT,
        };
        let by_t = mean.p().ok().map(|p| Tested {
            statistic: mean.t(0.0).ok(),
            df: mean.df().ok(),
            ..tested(hypothesis, p)
        });
        let effects = mean.effect_size().ok().map(|effect| match effect.g_z {
            Some(value) => Effect { kind: EffectKind::HedgesGz, value, low: None, high: None },
            None => Effect { kind: EffectKind::CohenDz, value: effect.d_z, low: None, high: None },
        });
        let within = self.within(|margin| {
            let margin = if scale == Scale::Exp { log1p(margin) } else { margin };
            Some(mean.equivalence(-margin, margin).ok()?.p())
        });
        let difference = mean.estimate(self.options.level);
        let (contrast, difference) = match scale {
            Scale::Exp => (Contrast::Ratio, exponential(difference)),
            Scale::Plain | Scale::Bits => (Contrast::Difference, self.bounded(difference)),
        };
        // Without a spread t is not known; turned signs still are.
        let (test, beside, differing) = match by_t {
            Some(by_t) => (by_t, vec![flipped], None),
            None => (flipped, Vec::new(), Some(differing)),
        };
        Answer {
            contrast,
            difference,
            counts: None,
            test: Some(test),
            beside,
            effects: effects.into_iter().collect(),
            within,
            differing,
            flips: Flips::default(),
            rows: paired.rows,
        }
    }

    /// The median of the differences, by order statistics and the sign test: no assumption on their shape. It is not the
    /// difference of the medians, for which no paired method is as safe.
    pub(super) fn medians(&self, paired: Paired<'_, f64>, scale: Scale) -> Answer {
        let clusters = paired.clusters();
        let differences = paired.differences();
        let difference = median::estimate(&differences, &clusters, self.options.level).carried(scale);
        let contrast = if scale == Scale::Exp { Contrast::MedianRatio } else { Contrast::MedianDifference };
        let (test, differing, within) = if clusters.shared().is_some() {
            let signs: Vec<f64> = differences.iter().map(|difference| sign(*difference)).collect();
            let (flipped, differing) = self.sign_flip(&signs, &clusters);
            (flipped, differing, None)
        } else {
            let side = |value: f64| Side::of(&differences, value);
            let Side { above, below } = side(0.0);
            let p = McNemar::Exact.p(above.min(below), above + below);
            let within = self.within(|margin| {
                let margin = if scale == Scale::Exp { log1p(margin) } else { margin };
                let (low, high) = (side(-margin), side(margin));
                let p_above = proportion::p_at_least(low.above, low.above + low.below, 0.5);
                let p_below = proportion::p_at_least(high.below, high.above + high.below, 0.5);
                Some(p_above.max(p_below))
            });
            let differing = Differing { units: above + below, tails: 2, clustered: false };
            (tested(Hypothesis::SignTest, p), differing, within)
        };
        Answer {
            contrast,
            difference,
            counts: None,
            test: Some(test),
            beside: Vec::new(),
            effects: Vec::new(),
            within,
            differing: Some(differing),
            flips: Flips::default(),
            rows: paired.rows,
        }
    }

    /// A t interval knows no bounds; a difference of numbers with bounds has some.
    pub(super) fn bounded(&self, mut difference: Estimate) -> Estimate {
        let range = self.metric.range;
        if let (Some(least), Some(most), Ok(interval)) = (range.least, range.most, &mut difference.interval) {
            let most = most - least;
            interval.low = interval.low.clamp(-most, most);
            interval.high = interval.high.clamp(-most, most);
        }
        difference
    }
}

/// How many differences lie on each side of a value.
struct Side {
    above: u64,
    below: u64,
}

impl Side {
    fn of(differences: &[f64], value: f64) -> Self {
        let count = |is: fn(&f64, &f64) -> bool| differences.iter().filter(|x| is(x, &value)).count() as u64;
        Self { above: count(|x, value| x > value), below: count(|x, value| x < value) }
    }
}

impl Paired<'_, f64> {
    /// The second minus the first.
    fn differences(&self) -> Vec<f64> {
        let [first, second] = &self.values;
        second.iter().zip(first).map(|(second, first)| second - first).collect()
    }
}

fn sign(difference: f64) -> f64 {
    match difference {
        x if x > 0.0 => 1.0,
        x if x < 0.0 => -1.0,
        _ => 0.0,
    }
}

/// The share of the differing items that only the second got right, less one half.
fn cohen_g(counts: &Pairs) -> Option<Effect> {
    let value = -counts.cohen_g().ok()?;
    Some(Effect { kind: EffectKind::CohenG, value, low: None, high: None })
}

/// A difference of logarithms as a ratio, with its standard error.
fn exponential(difference: Estimate) -> Estimate {
    let std_error = difference.value.ok().zip(difference.std_error);
    let std_error = std_error.map(|(value, error)| error * Scale::Exp.slope(value));
    Estimate { std_error: std_error.filter(|error| error.is_finite()), ..difference.carried(Scale::Exp) }
}

/// The items that only one side got right, in the order of the first run.
fn flips(paired: &Paired<'_, f64>) -> Flips {
    let [first, second] = &paired.values;
    let only = |own: &[f64], other: &[f64]| -> Vec<Arc<ItemKey>> {
        let mut places: Vec<usize> = (0..own.len()).filter(|place| own[*place] > other[*place]).collect();
        places.sort_unstable_by_key(|place| paired.rows[*place]);
        places.into_iter().map(|place| Arc::clone(paired.keys[place])).collect()
    };
    Flips { only_first: only(first, second), only_second: only(second, first) }
}
