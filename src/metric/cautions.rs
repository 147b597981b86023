//! What a reader must know of the numbers beside them: where an interval holds the truth too seldom, and what a calibration
//! error would be without any fault.

use super::{
    ClassScore, Formula, Metric, Settings,
    formula::Evaluation,
    rows::{Rows, Selected},
    words::show,
};
use crate::{
    record::{Measure, Table},
    stats::{Method, confusion::Confusion, mean},
};

/// From so many items on, other intervals of a share are about as good as Wilson's.
const MANY: usize = 400;

/// Student's t takes a mean for nearly normal; beyond this skewness it is not.
const SKEWED: f64 = 2.0;

/// Fewer items say nothing of skewness.
const ENOUGH_FOR_SKEWNESS: usize = 20;

/// Fewer items than so many a class are few for a score of all classes.
const ITEMS_A_CLASS: usize = 5;

/// Fewer answers are few for a calibration error.
const ENOUGH_FOR_CALIBRATION: usize = 200;

/// So many metrics are named in one caution.
const NAMED: usize = 6;

/// Cautions on the headline numbers that the metrics made of a table, each once with the metrics that it is about.
pub fn cautions(metrics: &[Metric], measures: &[Measure], table: &Table, settings: &Settings) -> Vec<String> {
    let rows = Rows::of(table);
    let mut cautions: Vec<(String, Vec<String>)> = Vec::new();
    for (metric, measure) in metrics.iter().zip(measures).filter(|(metric, _)| metric.speaks()) {
        for Caution { aside, text } in (Evaluation { metric, rows: &rows, settings }).cautions(measure) {
            let name = match metric.part() {
                Some(part) => format!("`{part}.{}`{aside}", metric.name),
                None => format!("`{}`{aside}", metric.name),
            };
            match cautions.iter_mut().find(|(known, _)| *known == text) {
                Some((_, names)) => names.push(name),
                None => cautions.push((text, vec![name])),
            }
        }
    }
    cautions.into_iter().map(|(text, names)| format!("{}: {text}", listed(&names))).collect()
}

impl Metric {
    /// Whether it is looked at: what the summary shows, and how well all answers together are calibrated.
    fn speaks(&self) -> bool {
        self.headline || (self.part().is_none() && matches!(self.formula, Formula::Calibration { .. }))
    }
}

fn listed(names: &[String]) -> String {
    let (first, rest) = names.split_at(names.len().min(NAMED));
    let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
    format!("{}{more}", first.join(", "))
}

/// A caution about one metric.
struct Caution {
    /// What is said right after its name.
    aside: String,
    /// What is said of it, and of others alike.
    text: String,
}

impl From<&str> for Caution {
    fn from(text: &str) -> Self {
        Self { aside: String::new(), text: text.to_owned() }
    }
}

impl Evaluation<'_> {
    fn cautions(&self, measure: &Measure) -> Vec<Caution> {
        let cautions = [self.method(measure), self.shape(measure), self.few(measure), self.floor(measure)];
        cautions.into_iter().flatten().collect()
    }

    /// Of an interval that was asked for instead of one that serves better.
    fn method(&self, measure: &Measure) -> Option<Caution> {
        let estimate = &measure.estimate;
        let method = estimate.interval.ok()?.method;
        if estimate.clusters.unwrap_or(estimate.n) >= MANY {
            return None;
        }
        let text = match (&self.metric.formula, method) {
            (
                Formula::Proportion(_)
                | Formula::AllSame(_)
                | Formula::Classes { .. }
                | Formula::GroupDifference { .. },
                Method::T | Method::TClustered | Method::Welch,
            ) => {
                "Student's t holds a share too seldom: at 95%, in 87% of samples of 20 items and in 93% of 100, far less \
                 often near 0 and 1, and where all items agree it has no width; `method: auto` takes Wilson's interval"
            }
            (
                Formula::Proportion(_)
                | Formula::AllSame(_)
                | Formula::Classes { .. }
                | Formula::GroupDifference { .. },
                Method::BootstrapPercentile | Method::BootstrapBca,
            ) => {
                "a bootstrap holds a share too seldom: at 95%, in 85% of samples of 20 items and in 93% of 100, far less often \
                 near 0 and 1; `method: auto` takes Wilson's interval"
            }
            (
                Formula::ExpRatio { .. } | Formula::BitsPer { .. } | Formula::GroupRatio { .. },
                Method::BootstrapPercentile | Method::BootstrapBca,
            ) => {
                "a bootstrap holds a perplexity too seldom: at 95%, in 83% of samples of 10 documents and in 91% of 100; \
                 `method: auto` takes the jackknife"
            }
            _ => return None,
        };
        Some(text.into())
    }

    /// Of a mean of few large values.
    fn shape(&self, measure: &Measure) -> Option<Caution> {
        let (Formula::Mean(column) | Formula::GeometricMean(column)) = self.metric.formula else {
            return None;
        };
        let method = measure.estimate.interval.ok()?.method;
        if !matches!(method, Method::T | Method::TClustered) || measure.estimate.n < ENOUGH_FOR_SKEWNESS {
            return None;
        }
        let Selected { columns: [values], .. } = self.rows.select(self.part(), [column]).ok()?;
        let skewness = mean::skewness(&values).filter(|skewness| skewness.abs() > SKEWED)?;
        let text = "a few items carry the mean. Of values so skewed Student's t held it too seldom in simulations, 86% to 93% \
                    where it says 95%; look at the median too";
        Some(Caution { aside: format!(" (skewness {})", show(skewness, 1)), text: text.into() })
    }

    /// Of too few items for the number.
    fn few(&self, measure: &Measure) -> Option<Caution> {
        let items = measure.estimate.n;
        match &self.metric.formula {
            Formula::Calibration { .. } if (1..ENOUGH_FOR_CALIBRATION).contains(&items) => {
                let text = "below 200 answers its interval held the truth of an uncalibrated model too seldom in simulations, \
                            83% at worst where it says 95%";
                Some(text.into())
            }
            Formula::Classes {
                score: ClassScore::Precision(_) | ClassScore::Recall(_) | ClassScore::F1(_),
                ..
            } => None,
            Formula::Classes { gold, predicted, .. } => {
                let (pairs, rows) = self.rows.labels(self.part(), gold, predicted).ok()?;
                let classes = Confusion::new(&[], &pairs, self.rows.clusters(rows)).classes().len();
                let text = "fewer than 5 items a class. The interval holds the truth too seldom, with 20 items of 10 classes 74% \
                            where it says 95%";
                (items < ITEMS_A_CLASS * classes).then(|| text.into())
            }
            _ => None,
        }
    }

    /// What a calibration error is without any fault.
    fn floor(&self, measure: &Measure) -> Option<Caution> {
        let Formula::Calibration { confidence, correct } = self.metric.formula else { return None };
        if measure.estimate.n < ENOUGH_FOR_CALIBRATION {
            return None;
        }
        let calibrated = self.if_calibrated(confidence, correct).ok()?;
        let range = calibrated.error.interval.ok()?;
        let text = format!(
            "a perfectly calibrated model would show {} [{}, {}] with these {} answers, and as much as was found with \
             probability {}",
            show(calibrated.error.value.ok()?, 3),
            show(range.low, 3),
            show(range.high, 3),
            measure.estimate.n,
            show(calibrated.p, 3)
        );
        Some(Caution { aside: String::new(), text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        metric::{Intervals, evaluate},
        record::{Cell, ItemKey, Row, Unit},
        stats::bootstrap::Kind,
        value::{Digest, Level, Seed},
    };

    fn said(metrics: &[Metric], rows: Vec<Vec<Cell>>, intervals: Intervals) -> Vec<String> {
        let mut table = Table::new("items", vec!["correct", "margin", "gold", "label"]);
        for (place, cells) in rows.into_iter().enumerate() {
            let content = Digest::of(place.to_le_bytes());
            let key = ItemKey {
                item: place.to_string(),
                repeat: 0,
                group: Some("g".into()),
                cluster: None,
                content,
            };
            table.rows.push(Row { key: key.into(), cells: Ok(cells) });
        }
        let settings =
            Settings { task: "b/t".into(), level: Level::DEFAULT, intervals, seed: Seed(0), margin: None };
        let metrics: Vec<Metric> = metrics.iter().cloned().map(Metric::headline).collect();
        let measures = evaluate(&metrics, &table, &settings);
        cautions(&metrics, &measures, &table, &settings)
    }

    fn rows(count: usize) -> Vec<Vec<Cell>> {
        let row = |place: usize| {
            let margin = if place == 0 { 100.0 } else { (place % 5) as f64 / 5.0 };
            vec![
                (!place.is_multiple_of(3)).into(),
                margin.into(),
                (place % 9).to_string().into(),
                (place % 7).to_string().into(),
            ]
        };
        (0..count).map(row).collect()
    }

    #[test]
    fn an_interval_that_serves_badly_is_said_once() {
        let metrics = [
            Metric::new("accuracy", Formula::Proportion("correct"), Unit::Proportion),
            Metric::new("accuracy", Formula::Proportion("correct"), Unit::Proportion).of_group("g"),
        ];
        let drawn = |kind| Intervals::Bootstrap { resamples: 100, kind };
        for intervals in [Intervals::T, drawn(Kind::Percentile), drawn(Kind::Bca)] {
            let said = said(&metrics, rows(60), intervals);
            assert_eq!(said.len(), 1, "{said:?}");
            assert!(said[0].starts_with("`accuracy`, `g.accuracy`: "));
            assert!(self::said(&metrics, rows(400), intervals).is_empty());
        }
        for intervals in [Intervals::Auto, Intervals::ClopperPearson] {
            assert!(said(&metrics, rows(60), intervals).is_empty());
        }
    }

    #[test]
    fn a_mean_of_few_large_values_is_named_with_its_skewness() {
        let margin = [Metric::new("margin", Formula::Mean("margin"), Unit::Nats)];
        // scipy.stats.skew of 100 and 29 values of 0 to 0.8
        assert!(said(&margin, rows(30), Intervals::Auto)[0].starts_with("`margin` (skewness 5.2): "));
        assert!(said(&margin, rows(19), Intervals::Auto).is_empty());
        assert!(said(&margin, rows(30).split_off(1), Intervals::Auto).is_empty());
    }

    #[test]
    fn few_items_a_class_are_named() {
        let score = |name: &str, score| {
            Metric::new(name, Formula::Classes { gold: "gold", predicted: "label", score }, Unit::Proportion)
        };
        let metrics =
            [score("macro_f1", ClassScore::MacroF1), score("recall", ClassScore::Recall("1".into()))];
        assert!(
            said(&metrics, rows(44), Intervals::Auto)[0]
                .starts_with("`macro_f1`: fewer than 5 items a class")
        );
        assert!(said(&metrics, rows(45), Intervals::Auto).is_empty());
    }

    #[test]
    fn a_calibration_error_stands_beside_that_of_a_calibrated_model() {
        let row =
            |place: usize| vec![(!place.is_multiple_of(4)).into(), 0.75.into(), Cell::Missing, Cell::Missing];
        let formula = Formula::Calibration { confidence: "margin", correct: "correct" };
        let metrics = [Metric::new("ece", formula, Unit::Proportion)];
        let said = said(&metrics, (0..200).map(row).collect(), Intervals::Auto);
        // Right as often as it is sure: nothing could be nearer.
        assert!(
            said.len() == 1
                && said[0]
                    .ends_with("with these 200 answers, and as much as was found with probability 1.000")
        );
    }
}
