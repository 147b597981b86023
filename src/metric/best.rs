//! Which of several parts of a task is the best, and whether that is more than luck, in words.

use super::{
    verdict::{Decision, verdict},
    words,
};
use crate::record::{Better, Measure};

/// One sentence for each number in which every pair of parts was compared.
pub fn best(measures: &[Measure]) -> Vec<String> {
    let mut compared: Vec<(&str, Vec<&Measure>)> = Vec::new();
    for measure in measures.iter().filter(|measure| measure.difference_from.is_some()) {
        let metric = measure.compared();
        match compared.iter_mut().find(|(other, _)| *other == metric) {
            Some((_, differences)) => differences.push(measure),
            None => compared.push((metric, vec![measure])),
        }
    }
    let sentence = |(metric, differences): (&str, Vec<&Measure>)| {
        let parts = Parts::of(metric, &differences, measures)?;
        Some(parts.sentence(&differences))
    };
    compared.into_iter().filter_map(sentence).collect()
}

/// The parts that were compared, the best first.
struct Parts<'a> {
    metric: &'a str,
    ranked: Vec<(&'a str, f64, &'a Measure)>,
}

impl<'a> Parts<'a> {
    /// `None` where not every pair was compared, or a number is missing.
    fn of(metric: &'a str, differences: &[&'a Measure], measures: &'a [Measure]) -> Option<Self> {
        let mut names: Vec<&str> = Vec::new();
        for difference in differences {
            for name in [difference.difference_from.as_deref()?, difference.group.as_deref()?] {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        if 2 * differences.len() != names.len() * (names.len() - 1) {
            return None;
        }
        let number = |name: &'a str| {
            let is = |measure: &&Measure| {
                measure.metric == metric
                    && measure.group.as_deref() == Some(name)
                    && measure.difference_from.is_none()
            };
            let measure = measures.iter().find(is)?;
            Some((name, measure.estimate.value.ok()?, measure))
        };
        let mut ranked: Vec<_> = names.into_iter().map(number).collect::<Option<_>>()?;
        let lower = differences.first()?.better == Some(Better::Lower);
        ranked.sort_by(|(_, a, _), (_, b, _)| if lower { a.total_cmp(b) } else { b.total_cmp(a) });
        Some(Self { metric, ranked })
    }

    fn sentence(&self, differences: &[&Measure]) -> String {
        let [(best, value, measure), others @ ..] = self.ranked.as_slice() else { return String::new() };
        let number = words::show(*value, words::decimals(measure));
        let metric = self.metric;
        let beats = |other: &str| {
            let between = |measure: &&&Measure| {
                let pair = (measure.group.as_deref(), measure.difference_from.as_deref());
                pair == (Some(best), Some(other)) || pair == (Some(other), Some(best))
            };
            let decision = differences.iter().find(between).and_then(|measure| {
                let own = measure.group.as_deref() == Some(*best);
                Some((own, verdict(measure)?.decision))
            });
            matches!(decision, Some((true, Decision::Better) | (false, Decision::Worse)))
        };
        let (beaten, open): (Vec<&str>, Vec<&str>) =
            others.iter().map(|(name, ..)| *name).partition(|other| beats(other));
        let (beaten, open) = (beaten.join(", "), open.join(", "));
        match (beaten.is_empty(), open.is_empty()) {
            (_, true) => {
                format!("{best} works best here ({metric} {number}), by more than luck: better than {beaten}")
            }
            (false, false) => format!(
                "{best} has the best {metric} here ({number}): better than {beaten} by more than luck, not decided against {open}"
            ),
            (true, false) => {
                format!(
                    "{best} has the best {metric} here ({number}), which may be luck: not decided against {open}"
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        metric::{Formula, Metric, Settings, evaluate},
        record::{ItemKey, Row, Table, Unit},
        value::Digest,
    };

    /// Each strategy is right on the first so many of 40 items; every pair is compared.
    fn told(right: &[(&str, usize)]) -> Vec<String> {
        let mut table = Table::new("items", vec!["correct"]);
        let mut metrics = Vec::new();
        for (place, (name, count)) in right.iter().enumerate() {
            for item in 0..40 {
                let (item, correct) = (format!("i{item}"), item < *count);
                let group = Some((*name).to_owned());
                let key = ItemKey { content: Digest::of(&item), item, repeat: 0, group, cluster: None };
                table.rows.push(Row { key: Arc::new(key), cells: Ok(vec![correct.into()]) });
            }
            let accuracy =
                |name: String, formula| Metric::new(name, formula, Unit::Proportion).better(Better::Higher);
            metrics.push(accuracy("accuracy".into(), Formula::Proportion("correct")).of_group(*name));
            for (from, _) in &right[..place] {
                let formula = Formula::Difference { column: "correct", from: (*from).to_owned() };
                metrics.push(accuracy(format!("accuracy_minus_{from}"), formula).of_group(*name));
            }
        }
        let settings = Settings::of("b/t");
        best(&evaluate(&metrics, &table, &settings))
    }

    // All items on which two strategies differ lie on one side: p is 2 to the power of minus their number.
    #[test]
    fn the_best_is_named_and_what_it_is_better_than() {
        let cases: [(&[(&str, usize)], &str); 4] = [
            (
                &[("ask", 20), ("show", 30), ("fill", 12)],
                "show works best here (accuracy 0.75), by more than luck: better than ask, fill",
            ),
            (
                &[("show", 30), ("ask", 28), ("fill", 12)],
                "show has the best accuracy here (0.75): better than fill by more than luck, not decided against ask",
            ),
            (
                &[("ask", 28), ("show", 30)],
                "show has the best accuracy here (0.75), which may be luck: not decided against ask",
            ),
            // Five items, p = 0.031, would decide alone, and do not among three.
            (
                &[("ask", 25), ("show", 30), ("fill", 25)],
                "show has the best accuracy here (0.75), which may be luck: not decided against ask, fill",
            ),
        ];
        for (right, sentence) in cases {
            assert_eq!(told(right), [sentence]);
        }
    }

    #[test]
    fn nothing_is_said_of_what_was_not_compared() {
        assert_eq!(told(&[("ask", 20)]), [""; 0]);
    }
}
