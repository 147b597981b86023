//! The bootstrap, on request: items, or clusters, are drawn again with replacement and the number is made anew.
//!
//! Replicate i draws from stream i of a key, so that the replicates are the same for any number of threads. The intervals of
//! the other files need no draws and cover better where few items, shares or skewed sums are at hand.

use libm::sqrt;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    Clusters, Interval, Method, Undefined,
    dist::normal,
    influence::{Quotient, Scale},
    multinomial, sum,
};
use crate::{
    random::{Key, Stream},
    value::Level,
};

/// How many units are drawn at a time.
const BLOCK: usize = 256;

/// How many sums run beside each other, so that an addition need not wait for the one before.
const LANES: usize = 4;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bootstrap {
    /// How many replicates are drawn.
    pub resamples: u32,
    /// How the ends are taken from them.
    pub kind: Kind,
    /// Where the draws come from.
    pub key: Key,
}

/// How the ends are taken from the replicates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Their percentiles.
    Percentile,
    /// Percentiles corrected for bias and skewness (Efron 1987); plain ones where all replicates lie on one side.
    Bca,
}

/// A number that can be made anew from units drawn with replacement.
pub trait Statistic: Sync {
    /// The number on units that are drawn: all that it holds, with replacement.
    fn resampled(&self, draws: &mut impl Draws) -> f64;
    /// By how much each unit moves the number, to any scale; its skewness is what [`Kind::Bca`] corrects for.
    fn influences(&self) -> Vec<f64>;
}

/// Where drawn units come from.
pub trait Draws {
    /// Shows `count` numbers below `count`, block by block.
    fn blocks(&mut self, count: usize, see: impl FnMut(&[usize]));

    /// How often each of several values is drawn, of which there are so many in all.
    fn counts(&mut self, sizes: &[u64]) -> Vec<u64> {
        let ends: Vec<usize> = sizes
            .iter()
            .scan(0, |end, size| {
                *end += *size as usize;
                Some(*end)
            })
            .collect();
        let mut counts = vec![0; sizes.len()];
        self.blocks(ends.last().copied().unwrap_or(0), |block| {
            block.iter().for_each(|unit| counts[ends.partition_point(|end| end <= unit)] += 1);
        });
        counts
    }
}

impl Bootstrap {
    /// The interval of a statistic, carried to a scale.
    pub fn interval(
        self,
        statistic: &impl Statistic,
        level: Level,
        scale: Scale,
    ) -> Result<Interval, Undefined> {
        let mut replicates = self.replicates(statistic);
        if replicates.iter().any(|replicate| !replicate.is_finite()) {
            return Err(Undefined::NoUnits);
        }
        replicates.sort_by(f64::total_cmp);
        if replicates.first() == replicates.last() {
            return Err(Undefined::Constant);
        }
        let (low, high, method) = self.kind.ends(&replicates, statistic, level);
        Interval::new(scale.apply(low), scale.apply(high), level, method)
    }

    /// The replicates, in the order of their streams.
    pub fn replicates(self, statistic: &impl Statistic) -> Vec<f64> {
        (0..self.resamples)
            .into_par_iter()
            .map(|index| statistic.resampled(&mut self.key.stream(index.into())))
            .collect()
    }
}

impl Kind {
    /// Both ends, from sorted replicates, and the method that made them.
    pub fn ends(self, sorted: &[f64], statistic: &impl Statistic, level: Level) -> (f64, f64, Method) {
        let tail = 0.5 * (1.0 - level.get());
        let corrected = match self {
            Self::Percentile => None,
            Self::Bca => corrected_tails(sorted, statistic, tail),
        };
        let ([low, high], method) = match corrected {
            Some(tails) => (tails, Method::BootstrapBca),
            None => ([tail, 1.0 - tail], Method::BootstrapPercentile),
        };
        (quantile(sorted, low), quantile(sorted, high), method)
    }
}

/// The corrected tails (Efron and Tibshirani 1993, §14.3); `None` where the number lies outside of all replicates, or in all.
fn corrected_tails(sorted: &[f64], statistic: &impl Statistic, tail: f64) -> Option<[f64; 2]> {
    // Summed as the replicates are, so that a tie is a tie.
    let value = statistic.resampled(&mut InOrder);
    let below = sorted.partition_point(|replicate| *replicate < value);
    let up_to = sorted.partition_point(|replicate| *replicate <= value);
    let share = (below + up_to) as f64 / (2 * sorted.len()) as f64;
    let skew = acceleration(&statistic.influences());
    if share <= 0.0 || share >= 1.0 || sorted.first() == sorted.last() || !skew.is_finite() {
        return None;
    }
    let bias = normal::quantile(share);
    let z = normal::quantile(tail);
    Some([z, -z].map(|z| normal::cdf(bias + (bias + z) / (1.0 - skew * (bias + z)))))
}

/// A sixth of the skewness of the influences; 0 where they are all 0.
pub fn acceleration(influences: &[f64]) -> f64 {
    let squares = sum(influences.iter().map(|part| part * part));
    let cubes = sum(influences.iter().map(|part| part * part * part));
    if squares == 0.0 { 0.0 } else { cubes / (6.0 * squares * sqrt(squares)) }
}

/// A quantile of sorted values, linear between them (type 7 of Hyndman and Fan 1996, as numpy's).
pub(super) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    #[expect(clippy::cast_sign_loss, reason = "a share is not negative")]
    let [low, high] = [place.floor(), place.ceil()].map(|place| sorted[place as usize]);
    low + (high - low) * place.fract()
}

/// Every unit once.
struct InOrder;

impl Draws for InOrder {
    fn blocks(&mut self, count: usize, mut see: impl FnMut(&[usize])) {
        see(&(0..count).collect::<Vec<_>>());
    }
}

impl Draws for Stream {
    /// Two units from 64 bits, each by the high half of a product; none is favoured by more than `count`/2³².
    fn blocks(&mut self, count: usize, mut see: impl FnMut(&[usize])) {
        let unit = |bits: u64| ((bits * count as u64) >> 32) as usize;
        let mut block = [0; BLOCK];
        let mut left = count;
        while left > 0 {
            for pair in block.chunks_exact_mut(2).take(left.div_ceil(2)) {
                let bits = self.next_u64();
                pair.copy_from_slice(&[unit(bits >> 32), unit(bits & 0xffff_ffff)]);
            }
            let drawn = left.min(BLOCK);
            see(&block[..drawn]);
            left -= drawn;
        }
    }

    fn counts(&mut self, sizes: &[u64]) -> Vec<u64> {
        multinomial::draw(sizes, self)
    }
}

fn add(sum: &mut [f64; 2], unit: [f64; 2]) {
    sum[0] += unit[0];
    sum[1] += unit[1];
}

impl Statistic for Quotient {
    fn resampled(&self, draws: &mut impl Draws) -> f64 {
        let mut sums = [[0.0; 2]; LANES];
        draws.blocks(self.units.len(), |block| {
            // Few units are summed in order, so that ties come out as scipy's do.
            let wide = if block.len() < BLOCK / 4 { 0 } else { block.len() / LANES * LANES };
            let (rounds, rest) = block.split_at(wide);
            for round in rounds.chunks_exact(LANES) {
                for (sum, unit) in sums.iter_mut().zip(round) {
                    add(sum, self.units[*unit]);
                }
            }
            for unit in rest {
                add(&mut sums[0], self.units[*unit]);
            }
        });
        let [first, others @ ..] = &mut sums;
        for sum in others {
            add(first, *sum);
        }
        first[0] / first[1]
    }

    fn influences(&self) -> Vec<f64> {
        self.jackknife().parts
    }
}

/// The difference of two quotients whose units are drawn each from their own.
pub struct Difference<'a>(pub &'a Quotient, pub &'a Quotient);

impl Statistic for Difference<'_> {
    fn resampled(&self, draws: &mut impl Draws) -> f64 {
        self.0.resampled(draws) - self.1.resampled(draws)
    }

    fn influences(&self) -> Vec<f64> {
        let others = self.1.jackknife().parts.into_iter().map(|part| -part);
        self.0.jackknife().parts.into_iter().chain(others).collect()
    }
}

/// A median whose clusters are drawn.
pub struct Median {
    /// All values.
    sorted: Vec<f64>,
    /// The places of each cluster's values among all, ascending.
    units: Vec<Vec<usize>>,
}

impl Median {
    /// The median of values.
    pub fn new(values: &[f64], clusters: &Clusters) -> Self {
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
        let mut units = vec![Vec::new(); clusters.count()];
        for (place, item) in order.iter().enumerate() {
            units[clusters.of(*item)].push(place);
        }
        Self { sorted: order.into_iter().map(|item| values[item]).collect(), units }
    }

    /// The median without one unit, found in the places that it leaves.
    fn without(&self, unit: &[usize]) -> f64 {
        let left = self.sorted.len() - unit.len();
        let nth = |rank: usize| {
            let place = unit.iter().fold(rank, |place, gone| if *gone <= place { place + 1 } else { place });
            self.sorted[place]
        };
        if left % 2 == 1 { nth(left / 2) } else { f64::midpoint(nth(left / 2 - 1), nth(left / 2)) }
    }
}

impl Statistic for Median {
    fn resampled(&self, draws: &mut impl Draws) -> f64 {
        let mut places = Vec::with_capacity(self.sorted.len());
        draws.blocks(self.units.len(), |block| {
            for unit in block {
                places.extend_from_slice(&self.units[*unit]);
            }
        });
        let half = places.len() / 2;
        let even = places.len().is_multiple_of(2);
        let (lower, middle, _) = places.select_nth_unstable(half);
        let middle = self.sorted[*middle];
        match lower.iter().max() {
            Some(before) if even => f64::midpoint(self.sorted[*before], middle),
            _ => middle,
        }
    }

    fn influences(&self) -> Vec<f64> {
        let left_out: Vec<f64> = self.units.iter().map(|unit| self.without(unit)).collect();
        let centre = sum(left_out.iter().copied()) / left_out.len() as f64;
        left_out.into_iter().map(|median| centre - median).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Seed;

    const VALUES: [f64; 5] = [1.0, 2.0, 3.0, 4.0, 10.0];

    fn bootstrap(resamples: u32, kind: Kind) -> Bootstrap {
        Bootstrap { resamples, kind, key: Key::new(Seed(1), "test") }
    }

    #[test]
    fn replicates_are_the_same_for_any_number_of_threads() {
        let mean = Quotient::mean(&VALUES, &Clusters::apart(5));
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| bootstrap(1000, Kind::Bca).replicates(&mean))
        };
        let one = with(1);
        assert!([2, 3, 7].into_iter().all(|threads| with(threads) == one));
    }

    #[test]
    fn percentiles_agree_with_the_enumeration_of_all_resamples() {
        let apart = Clusters::apart(5);
        let mut all: Vec<f64> = (0..3125_usize)
            .map(|code| (0..5).map(|place| VALUES[code / 5_usize.pow(place) % 5]).sum::<f64>() / 5.0)
            .collect();
        all.sort_by(f64::total_cmp);
        let (low, high) = (quantile(&all, 0.025), quantile(&all, 0.975));
        let drawn = bootstrap(100_000, Kind::Percentile)
            .interval(&Quotient::mean(&VALUES, &apart), Level::DEFAULT, Scale::Plain)
            .unwrap();
        // Means of five whole numbers lie 0.2 apart: the percentiles fall on the same step.
        assert!(
            (drawn.low - low).abs() < 1e-12 && (drawn.high - high).abs() < 1e-12,
            "{drawn:?} [{low}, {high}]"
        );
        assert_eq!(drawn.method, Method::BootstrapPercentile);
    }

    #[test]
    fn clusters_are_drawn_as_a_whole() {
        let (values, clusters) = ([0.0, 0.0, 1.0, 1.0], Clusters::by([0, 0, 1, 1]));
        let means = bootstrap(200, Kind::Percentile).replicates(&Quotient::mean(&values, &clusters));
        assert!(means.iter().all(|mean| [0.0, 0.5, 1.0].contains(mean)));
        let medians = bootstrap(200, Kind::Percentile).replicates(&Median::new(&values, &clusters));
        assert_eq!(means, medians);
    }

    #[test]
    fn draws_that_tell_nothing_give_no_interval() {
        let same = Quotient::mean(&[2.0; 3], &Clusters::apart(3));
        let interval = bootstrap(100, Kind::Bca).interval(&same, Level::DEFAULT, Scale::Plain);
        assert_eq!(interval, Err(Undefined::Constant));
        let empty = Quotient::new(&[1.0, 0.0], &[1.0, 0.0], &Clusters::apart(2));
        let nothing = bootstrap(100, Kind::Bca).interval(&empty, Level::DEFAULT, Scale::Exp);
        assert_eq!(nothing, Err(Undefined::NoUnits));
    }
}
