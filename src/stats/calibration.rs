//! Calibration: are answers right as often as they are sure?
//!
//! The scores of single answers (Brier, log loss) are means like others. The expected calibration error is not: it is biased
//! upwards, so that a perfectly calibrated model shows one too, and there a bootstrap's percentiles never hold the truth. It
//! gets an interval of its own and stands beside what perfect calibration would give.

use rayon::prelude::*;

use super::{
    Clusters, Estimate, Interval, Method, Undefined,
    bootstrap::{Draws as _, quantile},
    proportion::{self, Ends},
    sum,
};
use crate::{
    random::{Key, Stream},
    value::Level,
};

/// Into so many bins of one width confidences fall.
pub const BINS: usize = 10;

/// Perfect calibration is simulated so often, and answers are drawn anew so often.
const RESAMPLES: u64 = 1_000;

/// The squared error of a probability that something holds (Brier 1950), from 0 to 1.
pub fn brier(probability: f64, holds: bool) -> f64 {
    let error = probability - f64::from(u8::from(holds));
    error * error
}

/// The squared errors of the probabilities of classes, of which one is right, summed over them: from 0 to 2.
pub fn brier_of_classes(probabilities: &[f64], right: usize) -> f64 {
    sum(probabilities.iter().enumerate().map(|(class, probability)| brier(*probability, class == right)))
}

/// Answers that are right or wrong, each with the probability that it was given.
#[derive(Clone, Debug)]
pub struct Answers {
    confidence: Vec<f64>,
    correct: Vec<f64>,
    clusters: Clusters,
    bins: usize,
}

/// The answers whose confidences lie in one range.
#[derive(Clone, Debug, PartialEq)]
pub struct Bin {
    /// The least confidence.
    pub low: f64,
    /// The least of the next bin; the last one holds its end too.
    pub high: f64,
    /// The mean confidence of its answers.
    pub confidence: Result<f64, Undefined>,
    /// The share of them that is right, with Wilson's interval.
    pub accuracy: Estimate,
}

/// What perfect calibration gives with the same confidences.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibrated {
    /// The mean calibration error, and the range that holds it as often as the level says.
    pub error: Estimate,
    /// How often the error is as large as the observed one or larger; never 0.
    pub p: f64,
}

impl Answers {
    /// Confidences from 0 to 1, and 1 for what is right; so many bins of one width.
    pub fn new(confidence: Vec<f64>, correct: Vec<f64>, clusters: Clusters, bins: usize) -> Self {
        Self { confidence, correct, clusters, bins }
    }

    fn bin(&self, confidence: f64) -> usize {
        // The product as it is rounded: 0.29 of 100 bins is in the one of 0.28, as for others who count so.
        ((confidence * self.bins as f64).max(0.0) as usize).min(self.bins - 1)
    }

    /// Each bin's answers that are right, less those expected to be.
    fn gaps(&self, right: impl Fn(usize) -> f64) -> Vec<f64> {
        let mut gaps = vec![0.0; self.bins];
        for (item, confidence) in self.confidence.iter().enumerate() {
            gaps[self.bin(*confidence)] += right(item) - confidence;
        }
        gaps
    }

    /// The expected calibration error (Naeini, Cooper and Hauskrecht 2015): the gap between accuracy and mean confidence of
    /// each bin, each bin weighing as many answers as it has. `None` without answers.
    pub fn error(&self) -> Option<f64> {
        let items = self.confidence.len();
        (items > 0).then(|| total(&self.gaps(|item| self.correct[item])) / items as f64)
    }

    /// The largest gap of a bin. `None` without answers.
    pub fn largest_gap(&self) -> Option<f64> {
        let mut sizes = vec![0.0; self.bins];
        self.confidence.iter().for_each(|confidence| sizes[self.bin(*confidence)] += 1.0);
        let gaps = self.gaps(|item| self.correct[item]).into_iter().zip(sizes);
        gaps.filter(|(_, size)| *size > 0.0).map(|(gap, size)| gap.abs() / size).reduce(f64::max)
    }

    /// A reliability diagram in numbers.
    pub fn bins(&self, level: Level) -> Vec<Bin> {
        let mut members = vec![Vec::new(); self.bins];
        for (item, confidence) in self.confidence.iter().enumerate() {
            members[self.bin(*confidence)].push(item);
        }
        let edge = |bin: usize| bin as f64 / self.bins as f64;
        let bin = |(bin, items): (usize, Vec<usize>)| {
            let correct: Vec<f64> = items.iter().map(|item| self.correct[*item]).collect();
            let confidence = sum(items.iter().map(|item| self.confidence[*item])) / items.len() as f64;
            Bin {
                low: edge(bin),
                high: edge(bin + 1),
                confidence: if items.is_empty() { Err(Undefined::NoItems) } else { Ok(confidence) },
                accuracy: proportion::estimate(&correct, &self.clusters.of_some(items), level, Ends::Wilson),
            }
        };
        members.into_iter().enumerate().map(bin).collect()
    }

    /// What perfect calibration gives, simulated: each answer is right with the probability of its confidence. Those of one
    /// cluster hang together as closely as they can: where one is right, those as sure are too.
    pub fn if_calibrated(&self, key: Key, level: Level) -> Calibrated {
        let Some(observed) = self.error() else {
            let error = Estimate::undefined(Undefined::NoItems, &self.clusters);
            return Calibrated { error, p: 1.0 };
        };
        let errors = replicates(key, 0, |stream| {
            let drawn: Vec<f64> = (0..self.clusters.count()).map(|_| stream.uniform()).collect();
            let right = |item: usize| drawn[self.clusters.of(item)] < self.confidence[item];
            total(&self.gaps(|item| f64::from(u8::from(right(item))))) / self.confidence.len() as f64
        });
        // A tie is not lost to rounding.
        let smaller = errors.partition_point(|error| *error < observed - 1e-12);
        let tail = 0.5 * (1.0 - level.get());
        let [low, high] = [tail, 1.0 - tail].map(|share| quantile(&errors, share));
        let interval = Interval::new(low, high, level, Method::SimulatedCalibration);
        Calibrated {
            error: Estimate::new(mean(&errors), interval, &self.clusters),
            p: (errors.len() - smaller + 1) as f64 / (errors.len() + 1) as f64,
        }
    }

    /// The calibration error, with an interval made of two: from 0 where perfect calibration is not refuted, else from where
    /// the basic bootstrap begins; and as far above the error as the bootstrap reaches above its mean.
    ///
    /// Simulated coverage at 95 %: 0.945 to 0.98 for a calibrated model, 0.83 to 0.99 else, the least below 200 answers.
    pub fn estimate(&self, key: Key, level: Level) -> Estimate {
        let Some(error) = self.error() else {
            return Estimate::undefined(Undefined::NoItems, &self.clusters);
        };
        let interval = self.clusters.spread().and_then(|()| {
            let errors = self.resampled(key);
            if errors.first() == errors.last() {
                return Err(Undefined::Constant);
            }
            let high = quantile(&errors, 0.5 + 0.5 * level.get());
            let refuted = self.if_calibrated(key, level).p <= 1.0 - level.get();
            let low = if refuted { (2.0 * error - high).max(0.0) } else { 0.0 };
            let above = (high - mean(&errors)).max(0.0);
            Interval::new(low, (error + above).min(1.0), level, Method::CalibrationComposite)
        });
        Estimate::new(error, interval, &self.clusters)
    }

    /// The errors of answers that are drawn anew in clusters, sorted.
    fn resampled(&self, key: Key) -> Vec<f64> {
        let members = self.clusters.members();
        replicates(key, RESAMPLES, |stream| {
            let (mut gaps, mut items) = (vec![0.0; self.bins], 0.0);
            stream.blocks(self.clusters.count(), |block| {
                for item in block.iter().flat_map(|cluster| members.of(*cluster)) {
                    gaps[self.bin(self.confidence[*item])] += self.correct[*item] - self.confidence[*item];
                    items += 1.0;
                }
            });
            total(&gaps) / items
        })
    }
}

/// The replicates of the streams from `first` on, sorted.
fn replicates(key: Key, first: u64, make: impl Fn(&mut Stream) -> f64 + Sync) -> Vec<f64> {
    let streams = (first..first + RESAMPLES).into_par_iter();
    let mut replicates: Vec<f64> = streams.map(|index| make(&mut key.stream(index))).collect();
    replicates.sort_by(f64::total_cmp);
    replicates
}

fn mean(values: &[f64]) -> f64 {
    sum(values.iter().copied()) / values.len() as f64
}

fn total(gaps: &[f64]) -> f64 {
    sum(gaps.iter().map(|gap| gap.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Seed;

    /// Confidences spread evenly, each answer right with a probability that depends on its own.
    fn answers(items: usize, stream: u64, right: impl Fn(f64) -> f64) -> Answers {
        let mut stream = Stream::new(Seed(4), "answers", stream);
        let confidence: Vec<f64> = (0..items).map(|_| stream.uniform()).collect();
        let correct = confidence
            .iter()
            .map(|confidence| f64::from(u8::from(stream.uniform() < right(*confidence))))
            .collect();
        Answers::new(confidence, correct, Clusters::apart(items), BINS)
    }

    fn key() -> Key {
        Key::new(Seed(9), "calibration")
    }

    #[test]
    fn perfect_calibration_has_an_error_too() {
        let answers = answers(2_000, 0, |confidence| confidence);
        // Each bin's gap is nearly normal; the mean of |x| is √(2/π) of its deviation.
        let mut variances = [0.0; BINS];
        for confidence in &answers.confidence {
            variances[answers.bin(*confidence)] += confidence * (1.0 - confidence);
        }
        let expected: f64 =
            variances.map(|variance| libm::sqrt(variance * 2.0 / std::f64::consts::PI)).iter().sum();
        let found = answers.if_calibrated(key(), Level::DEFAULT);
        let mean = found.error.value.unwrap();
        assert!((mean / (expected / 2e3) - 1.0).abs() < 0.03, "{mean}");
        let range = found.error.interval.unwrap();
        assert!(range.low < mean && mean < range.high);
        assert!(found.p > 0.001);
    }

    #[test]
    fn the_interval_holds_the_truth() {
        // Calibrated: 0. Too sure: accuracy c² of confidence c, so that the mean gap is 1/2 − 1/3.
        type Case = (fn(f64) -> f64, f64, f64, f64);
        let cases: [Case; 2] = [(|c| c, 0.0, 0.92, 1.0), (|c| c * c, 1.0 / 6.0, 0.88, 1.0)];
        for (right, truth, least, most) in cases {
            let holds = |stream: &u64| {
                let interval = answers(300, *stream, right).estimate(key(), Level::DEFAULT).interval.unwrap();
                (interval.low..=interval.high).contains(&truth)
            };
            let share = (0..200).filter(holds).count() as f64 / 200.0;
            assert!((least..=most).contains(&share), "{truth}: {share}");
        }
    }

    #[test]
    fn a_model_that_is_too_sure_is_found_out() {
        let answers = answers(500, 1, |confidence| confidence * confidence);
        let (estimate, calibrated) =
            (answers.estimate(key(), Level::DEFAULT), answers.if_calibrated(key(), Level::DEFAULT));
        assert!((calibrated.p - 1.0 / 1001.0).abs() < 1e-12);
        let interval = estimate.interval.unwrap();
        assert!(interval.low > 0.05 && interval.method == Method::CalibrationComposite);
        assert!(calibrated.error.value.unwrap() < interval.low);
    }

    #[test]
    fn bins_hold_every_answer_once() {
        let confidence = vec![0.0, 0.1, 0.29, 0.99, 1.0];
        let bins = Answers::new(confidence, vec![0.0, 1.0, 1.0, 0.0, 1.0], Clusters::apart(5), BINS)
            .bins(Level::DEFAULT);
        let sizes: Vec<usize> = bins.iter().map(|bin| bin.accuracy.n).collect();
        assert_eq!(sizes, [1, 1, 1, 0, 0, 0, 0, 0, 0, 2]);
        assert_eq!((bins[9].low, bins[9].high), (0.9, 1.0));
        assert_eq!((bins[9].confidence, bins[9].accuracy.value), (Ok(0.995), Ok(0.5)));
        assert_eq!(
            (bins[4].confidence, bins[4].accuracy.value),
            (Err(Undefined::NoItems), Err(Undefined::NoItems))
        );
    }

    #[test]
    fn what_is_not_known_is_said() {
        let estimate = |confidence: &[f64], correct: &[f64], clusters| {
            let answers = Answers::new(confidence.to_vec(), correct.to_vec(), clusters, BINS);
            let estimate = answers.estimate(key(), Level::DEFAULT);
            (estimate.value.err(), estimate.interval.err())
        };
        let none = Undefined::NoItems;
        assert_eq!(estimate(&[], &[], Clusters::apart(0)), (Some(none), Some(none)));
        assert_eq!(estimate(&[0.5], &[1.0], Clusters::apart(1)), (None, Some(Undefined::OneItem)));
        assert_eq!(estimate(&[0.5; 3], &[1.0; 3], Clusters::apart(3)), (None, Some(Undefined::Constant)));
        assert_eq!(estimate(&[0.5; 3], &[1.0; 3], Clusters::by([1; 3])), (None, Some(Undefined::OneCluster)));
    }

    #[test]
    fn repeats_that_always_agree_widen_what_calibration_gives() {
        let confidence: Vec<f64> = (0..200).map(|row| f64::from(row / 10) / 20.0).collect();
        let floor = |clusters| {
            let answers = Answers::new(confidence.clone(), vec![1.0; 200], clusters, BINS);
            answers.if_calibrated(key(), Level::DEFAULT).error.value.unwrap()
        };
        assert!(floor(Clusters::by((0..200).map(|row| row / 10))) > 2.0 * floor(Clusters::apart(200)));
    }
}
