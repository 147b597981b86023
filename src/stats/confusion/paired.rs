//! Two predictions for the same items: the difference of their scores.

use libm::sqrt;

use super::{
    ClassScore, Confusion,
    margins::{Margins, Pull},
};
use crate::{
    stats::{
        Clusters, Estimate, Method, Undefined,
        influence::{Scale, Spread},
        paired::{self, Permutation},
        sum,
    },
    value::Level,
};

/// Two confusion tables of the same items in the same order.
#[derive(Clone, Debug)]
pub struct PairedConfusion {
    first: Confusion,
    second: Confusion,
}

impl PairedConfusion {
    /// From each item's gold class and its two predictions. The classes are those that occur anywhere.
    pub fn new(items: &[(&str, Option<&str>, Option<&str>)], clusters: Clusters) -> Self {
        let known: Vec<&str> =
            items.iter().flat_map(|(gold, first, second)| [Some(*gold), *first, *second]).flatten().collect();
        let [first, second] = [0, 1].map(|side| {
            let pairs: Vec<_> =
                items.iter().map(|(gold, first, second)| (*gold, [*first, *second][side])).collect();
            Confusion::new(&known, &pairs, clusters.clone())
        });
        Self { first, second }
    }

    /// The first score minus the second, with Student's interval: the delta method on the joint table with two items more,
    /// spread evenly over its cells.
    ///
    /// Simulated coverage at 95 % of macro F1 and MCC with three classes: 0.94 at least, from 30 to 400 items.
    pub fn estimate(&self, score: &ClassScore, level: Level) -> Estimate {
        let clusters = &self.first.clusters;
        if clusters.items() == 0 {
            return Estimate::undefined(Undefined::NoItems, clusters);
        }
        let score = match self.first.resolve(score) {
            Ok(score) => score,
            Err(why) => return Estimate::undefined(why, clusters),
        };
        let [first, second] = [&self.first, &self.second].map(|side| side.margins.score(score));
        let difference = match (first, second) {
            (Ok(first), Ok(second)) => first - second,
            (Err(why), _) | (_, Err(why)) => return Estimate::undefined(why, clusters),
        };
        let spread = self.std_error(score).map(|std_error| Spread {
            value: difference,
            std_error,
            df: clusters.count() as f64 - 1.0,
        });
        Estimate::on_scale(difference, spread, clusters, level, Method::t(clusters), Scale::Plain)
    }

    /// The two-sided p that both score the same, by swapping items' predictions; of clusters, all of each at once.
    pub fn swap(&self, score: &ClassScore, otherwise: Permutation) -> Result<f64, Undefined> {
        let score = self.first.resolve(score)?;
        let clusters = &self.first.clusters;
        let classes = self.first.classes.len();
        let items = || self.first.items.iter().zip(&self.second.items).enumerate();
        let value = |swapped: &[bool], of_second: bool| {
            let side = items().map(|(place, (first, second))| {
                (if swapped[clusters.of(place)] == of_second { *first } else { *second }, 1)
            });
            // What has nothing to divide by counts as 0, as when drawn with replacement.
            Margins::of(classes, side).score(score).unwrap_or(0.0)
        };
        let difference = |swapped: &[bool]| value(swapped, false) - value(swapped, true);
        paired::swap(clusters.count(), difference, otherwise).ok_or(Undefined::NoItems)
    }

    fn std_error(&self, score: ClassScore<usize>) -> Result<f64, Undefined> {
        let clusters = &self.first.clusters;
        clusters.spread()?;
        if self.first.classes.len() == 1 {
            return Err(Undefined::OneClass);
        }
        let items = clusters.items() as f64;
        let [mut first, second] = [&self.first, &self.second].map(|side| Side::of(&side.margins, score));
        let pulls = |first: &Side| -> Vec<f64> {
            let both = self.first.items.iter().zip(&self.second.items);
            both.map(|(own, other)| first.pull.of(*own) - second.pull.of(*other)).collect()
        };
        let all = |first: &Side| {
            let own = pulls(first);
            let own = [sum(own.iter().copied()), sum(own.iter().map(|own| own * own))];
            let (cells, count) = first.minus_over_cells(&second);
            [0, 1]
                .map(|power| (own[power] + Margins::ADDED / count * cells[power]) / (items + Margins::ADDED))
        };
        let mean = all(&first)[0];
        first.pull.less(mean);
        let variance = all(&first)[1];
        let own = pulls(&first);
        let centre = sum(own.iter().copied()) / items;
        let own: Vec<f64> = own.into_iter().map(|own| own - centre).collect();
        let alone = sum(own.iter().map(|own| own * own));
        let together = sum(clusters.sums(&own).into_iter().map(|own| own * own));
        let count = clusters.count() as f64;
        let design = if alone > 0.0 { together / alone * count } else { items } / (count - 1.0);
        Ok(sqrt(variance / items * design))
    }
}

/// How the cells of one table move its score.
struct Side {
    pull: Pull,
    unlabelled: bool,
}

impl Side {
    fn of(margins: &Margins, score: ClassScore<usize>) -> Self {
        Self { pull: margins.smoothed().pull(score), unlabelled: margins.unlabelled() }
    }

    /// The sum of both sides' difference over all cells of the joint table, that of its squares, and how many cells there
    /// are.
    fn minus_over_cells(&self, other: &Self) -> ([f64; 2], f64) {
        let [own, others] = [self, other].map(|side| side.pull.over_cells(side.unlabelled));
        let [own_rows, other_rows] = [self, other].map(|side| side.pull.rows(side.unlabelled));
        let classes = own_rows.len() as f64;
        let [own_outcomes, other_outcomes] =
            [self, other].map(|side| classes + if side.unlabelled { 1.0 } else { 0.0 });
        let products = sum(own_rows.iter().zip(&other_rows).map(|(own, other)| own * other));
        let sums = [
            other_outcomes * own[0] - own_outcomes * others[0],
            other_outcomes * own[1] + own_outcomes * others[1] - 2.0 * products,
        ];
        (sums, classes * own_outcomes * other_outcomes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        random::Key,
        value::{Level, Seed},
    };

    fn paired(gold: &str, first: &str, second: &str, clusters: Clusters) -> PairedConfusion {
        fn label(text: &str, place: usize) -> Option<&str> {
            Some(&text[place..=place]).filter(|label| *label != "-")
        }
        let items: Vec<_> = (0..gold.len())
            .map(|place| (&gold[place..=place], label(first, place), label(second, place)))
            .collect();
        PairedConfusion::new(&items, clusters)
    }

    #[test]
    fn exchanging_the_two_turns_the_difference_around() {
        let (gold, first, second) = ("aabbccabcab", "aabbcbab-ac", "abbacc-bcbb");
        for score in [ClassScore::MacroF1, ClassScore::Mcc, ClassScore::BalancedAccuracy] {
            let of = |first, second| {
                paired(gold, first, second, Clusters::apart(11)).estimate(&score, Level::DEFAULT)
            };
            let (own, other) = (of(first, second), of(second, first));
            assert!((own.value.unwrap() + other.value.unwrap()).abs() < 1e-15);
            assert!((own.std_error.unwrap() - other.std_error.unwrap()).abs() < 1e-14, "{score:?}");
        }
    }

    #[test]
    fn the_error_is_that_of_the_cells_written_out() {
        // Every cell of the joint table by itself, as the formula says; "no label" is an outcome of the first only.
        let (gold, first, second) = ("aabbaabab", "ab-baabba", "aabbabbab");
        let paired = paired(gold, first, second, Clusters::apart(9));
        let [own, other] =
            [&paired.first, &paired.second].map(|side| side.margins.smoothed().pull(ClassScore::MacroF1));
        let item = |gold, predicted| super::super::Item { gold, predicted };
        let mut shares = Vec::new();
        for gold in 0..2 {
            for first in [Some(0), Some(1), None] {
                for second in [Some(0), Some(1)] {
                    let (first, second) = (item(gold, first), item(gold, second));
                    let both = paired.first.items.iter().zip(&paired.second.items);
                    let count = both.filter(|both| *both == (&first, &second)).count() as f64;
                    shares.push(((count + 2.0 / 12.0) / 11.0, own.of(first) - other.of(second)));
                }
            }
        }
        let mean: f64 = shares.iter().map(|(share, pull)| share * pull).sum();
        let variance: f64 = shares.iter().map(|(share, pull)| share * (pull - mean).powi(2)).sum();
        let error = paired.estimate(&ClassScore::MacroF1, Level::DEFAULT).std_error.unwrap();
        assert!((error - (variance / 8.0).sqrt()).abs() < 1e-14);
    }

    #[test]
    fn items_asked_twice_tell_no_more() {
        let twice = |text: &str| text.chars().flat_map(|label| [label, label]).collect::<String>();
        let [gold, first, second] = ["aabbccabcab", "aabbcbabcac", "abbaccabcbb"];
        let once = paired(gold, first, second, Clusters::apart(11));
        let again =
            paired(&twice(gold), &twice(first), &twice(second), Clusters::by((0..22).map(|row| row / 2)));
        let error = |paired: &PairedConfusion| {
            paired.estimate(&ClassScore::MacroF1, Level::DEFAULT).std_error.unwrap()
        };
        // Smoothing weighs less in the larger table.
        assert!((error(&again) / error(&once) - 1.0).abs() < 0.1);
        let drawn = Permutation { draws: 0, key: Key::new(Seed(1), "test") };
        let p = |paired: &PairedConfusion| paired.swap(&ClassScore::MacroF1, drawn).unwrap();
        assert!((p(&again) - p(&once)).abs() < 1e-15);
    }

    #[test]
    fn what_is_not_known_is_said() {
        let why = |paired: PairedConfusion| {
            let estimate = paired.estimate(&ClassScore::Mcc, Level::DEFAULT);
            (estimate.value.err(), estimate.interval.err())
        };
        let none = Some(Undefined::NoItems);
        assert_eq!(why(paired("", "", "", Clusters::apart(0))), (none, none));
        assert_eq!(why(paired("a", "a", "b", Clusters::apart(1))), (None, Some(Undefined::OneItem)));
        assert_eq!(why(paired("aa", "aa", "aa", Clusters::apart(2))), (None, Some(Undefined::OneClass)));
    }
}
