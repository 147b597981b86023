//! What written texts have in common: how varied they are, and how often they come out the same.

use std::{collections::BTreeMap, num::NonZeroUsize};

use super::{
    Clusters, Estimate, Interval, Method, Undefined,
    influence::{Influence, Scale},
    sum,
};
use crate::value::Level;

/// Distinct n-grams over all n-grams of some texts (Li et al. 2016); an n-gram lies within one text. It falls as more is
/// written, so that only numbers of about as much text can be compared.
///
/// The interval is Student's by the jackknife over clusters of texts. A bootstrap would repeat texts, and with them their
/// n-grams, so that its replicates would lie too low.
pub fn distinct<'a>(
    texts: &'a [Vec<&'a str>],
    n: NonZeroUsize,
    clusters: &Clusters,
    level: Level,
) -> Estimate {
    let mut numbers = BTreeMap::new();
    let texts: Vec<Vec<usize>> = texts
        .iter()
        .map(|text| {
            let number = |token: &&'a str| {
                let next = numbers.len();
                *numbers.entry(*token).or_insert(next)
            };
            text.iter().map(number).collect()
        })
        .collect();
    // Each n-gram with the one cluster that has it, if only one does.
    let mut seen: BTreeMap<&[usize], Option<usize>> = BTreeMap::new();
    let mut totals = vec![0.0; clusters.count()];
    for (place, text) in texts.iter().enumerate() {
        let cluster = clusters.of(place);
        for gram in text.windows(n.get()) {
            let only = seen.entry(gram).or_insert(Some(cluster));
            *only = only.filter(|only| *only == cluster);
            totals[cluster] += 1.0;
        }
    }
    let mut alone = vec![0.0; clusters.count()];
    seen.values().flatten().for_each(|cluster| alone[*cluster] += 1.0);
    let (distinct, total) = (seen.len() as f64, sum(totals.iter().copied()));
    if total == 0.0 {
        return Estimate::undefined(Undefined::NoUnits, clusters);
    }
    let left_out: Vec<f64> =
        alone.iter().zip(&totals).map(|(alone, own)| (distinct - alone) / (total - own)).collect();
    let spread = clusters.spread().and_then(|()| {
        let influence = Influence::jackknife(distinct / total, &left_out);
        // Without the only text that has any n-gram, nothing is left.
        let known = influence.parts.iter().all(|part| part.is_finite());
        if known { Ok(influence.spread()) } else { Err(Undefined::OneItem) }
    });
    let estimate =
        Estimate::on_scale(distinct / total, spread, clusters, level, Method::JackknifeT, Scale::Plain);
    let within = |interval: Interval| Interval {
        low: interval.low.max(0.0),
        high: interval.high.min(1.0),
        ..interval
    };
    Estimate { interval: estimate.interval.map(within), ..estimate }
}

/// The share of pairs of texts that are the same; `None` of fewer than two texts.
pub fn agreement<T: Ord>(texts: &[T]) -> Option<f64> {
    let mut sorted: Vec<&T> = texts.iter().collect();
    sorted.sort();
    let pairs = |count: usize| 0.5 * count as f64 * (count as f64 - 1.0);
    let same = sum(sorted.chunk_by(|a, b| a == b).map(|same| pairs(same.len())));
    (texts.len() > 1).then(|| same / pairs(texts.len()))
}

/// The probability that one of `k` answers is right, drawn without replacement from `n` of which `right` are: pass@k (Chen
/// et al. 2021). At least `k` answers are needed.
pub fn pass_at(k: usize, right: usize, n: usize) -> f64 {
    let wrong = n - right;
    if wrong < k {
        return 1.0;
    }
    1.0 - (wrong + 1..=n).map(|place| 1.0 - k as f64 / place as f64).product::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distinct_of(texts: &[&str], n: usize, clusters: &Clusters) -> Estimate {
        let texts: Vec<Vec<&str>> = texts.iter().map(|text| text.split_whitespace().collect()).collect();
        distinct(&texts, NonZeroUsize::new(n).unwrap(), clusters, Level::DEFAULT)
    }

    #[test]
    fn leaving_a_text_out_is_counting_without_it() {
        let texts = ["a b a b c", "b c d", "e", "a b", "x y z a b c"];
        let whole = distinct_of(&texts, 2, &Clusters::apart(5));
        // By hand: ab ba bc cd xy yz za of 4 + 2 + 0 + 1 + 5.
        assert_eq!(whole.value, Ok(7.0 / 12.0));
        let left_out: Vec<f64> = (0..5)
            .map(|gone| {
                let rest: Vec<&str> = (0..5).filter(|at| *at != gone).map(|at| texts[at]).collect();
                distinct_of(&rest, 2, &Clusters::apart(4)).value.unwrap()
            })
            .collect();
        let mean = left_out.iter().sum::<f64>() / 5.0;
        let variance = left_out.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() * 4.0 / 5.0;
        assert!((whole.std_error.unwrap() - libm::sqrt(variance)).abs() < 1e-15);
    }

    #[test]
    fn texts_of_one_cluster_are_left_out_together() {
        let apart = distinct_of(&["a b c", "b c d", "a d"], 1, &Clusters::apart(3));
        let split = distinct_of(&["a b", "c", "b c d", "a d"], 1, &Clusters::by([0, 0, 1, 2]));
        assert_eq!((apart.value, apart.interval), (split.value, split.interval));
        assert_eq!((split.n, split.clusters), (4, Some(3)));
    }

    #[test]
    fn what_is_not_known_is_said() {
        let error = |texts: &[&str], clusters: &Clusters| {
            let estimate = distinct_of(texts, 1, clusters);
            (estimate.value.err(), estimate.interval.err())
        };
        let nothing = Some(Undefined::NoUnits);
        assert_eq!(error(&[], &Clusters::apart(0)), (nothing, nothing));
        assert_eq!(error(&["", ""], &Clusters::apart(2)), (nothing, nothing));
        assert_eq!(error(&["a b"], &Clusters::apart(1)), (None, Some(Undefined::OneItem)));
        assert_eq!(error(&["a b", ""], &Clusters::apart(2)), (None, Some(Undefined::OneItem)));
        assert_eq!((agreement::<&str>(&[]), agreement(&["a"])), (None, None));
    }
}
