//! The figures of a comparison: every number of all models, then pair by pair the differences, who was right, and what so
//! many items could have shown.

use super::{
    Figure, forest,
    paired::{self, Axis, Counts, Line, Sides},
    power,
    scale::Steps,
};
use crate::{
    compare::{Comparison, Contrast, Correction, Decision, Found, Pair, Subject},
    metric::words,
    record::{Measure, Unit},
    report::digits::Digits,
    stats::{
        Estimate,
        power::{PlannedPairs, discordant_share},
    },
};

/// Two by two tables of one pair; the counts of all others stand beside their differences.
const MOST_TABLES: usize = 12;
/// Power curves of one pair.
const MOST_CURVES: usize = 6;

/// All figures of a comparison.
pub fn figures(comparison: &Comparison) -> Vec<Figure> {
    let mut figures = values(comparison);
    let mut pairs: Vec<[usize; 2]> = Vec::new();
    for (_, pair) in comparison.pairs() {
        if !pairs.contains(&pair.sides) {
            pairs.push(pair.sides);
        }
    }
    for sides in pairs {
        figures.extend(of_pair(comparison, sides));
    }
    figures
}

/// Each model's own numbers.
fn values(comparison: &Comparison) -> Vec<Figure> {
    let models: Vec<String> = comparison.sides.iter().map(|side| side.run.model.name.clone()).collect();
    let models: Vec<&str> = models.iter().map(String::as_str).collect();
    let mut measures: Vec<(&str, usize, Measure)> = Vec::new();
    for subject in comparison.subjects.iter().filter(|subject| subject.headline) {
        for (model, estimate) in subject.values.iter().enumerate() {
            let measure = estimate.as_ref().map(|estimate| measure(subject, subject.unit, estimate));
            measures.extend(measure.map(|measure| (subject.task.as_str(), model, measure)));
        }
    }
    let numbers: Vec<forest::Number<'_>> = measures
        .iter()
        .map(|(task, model, measure)| forest::Number { task, model: *model, measure })
        .collect();
    forest::figures(&models, &numbers)
}

fn measure(subject: &Subject, unit: Unit, estimate: &Estimate) -> Measure {
    Measure {
        metric: subject.metric.clone(),
        group: subject.group.clone(),
        unit,
        better: subject.better,
        chance: subject.chance,
        headline: subject.headline,
        estimate: estimate.clone(),
        difference_from: None,
        test: None,
    }
}

/// The sorts of differences that share an axis.
fn axis(contrast: Contrast, unit: Unit) -> (&'static str, &'static str, &'static str, Steps, f64) {
    match (contrast, unit) {
        (Contrast::Ratio | Contrast::MedianRatio, _) => {
            ("ratios", "Ratios on the same items", "ratio (logarithmic)", Steps::Multiply, 1.0)
        }
        (_, Unit::Proportion | Unit::Difference) => (
            "differences",
            "Differences of shares on the same items",
            "difference of shares",
            Steps::Add,
            0.0,
        ),
        (_, Unit::Nats) => {
            ("differences-nats", "Differences on the same items", "difference, nats", Steps::Add, 0.0)
        }
        (_, Unit::BitsPerByte) => (
            "differences-bits",
            "Differences on the same items",
            "difference, bits per byte",
            Steps::Add,
            0.0,
        ),
        (_, Unit::Count) => {
            ("differences-counts", "Differences on the same items", "difference", Steps::Add, 0.0)
        }
        (_, Unit::Perplexity | Unit::Ratio | Unit::Score) => {
            ("differences-scores", "Differences on the same items", "difference", Steps::Add, 0.0)
        }
    }
}

fn of_pair(comparison: &Comparison, sides: [usize; 2]) -> Vec<Figure> {
    let side = |place: usize| &comparison.sides[place];
    let shown = Sides {
        letters: sides.map(|place| side(place).letter.as_str()),
        models: sides.map(|place| side(place).run.model.name.as_str()),
    };
    let found: Vec<(&Subject, &Found, Line<'_>)> = comparison
        .pairs()
        .filter(|(subject, pair)| subject.headline && pair.sides == sides)
        .filter_map(|(subject, pair)| {
            let found = pair.outcome.found()?;
            Some((subject, found, line(subject, pair, found)?))
        })
        .collect();
    let tests = comparison.questions.differences;
    let corrected =
        if tests > 1 { format!("{} over {tests} tests", correction(comparison)) } else { String::new() };
    let mut figures = Vec::new();
    let mut drawn: Vec<&str> = Vec::new();
    for (subject, of, _) in &found {
        let (id, title, says, steps, equal) = axis(of.contrast, subject.unit);
        if drawn.contains(&id) {
            continue;
        }
        drawn.push(id);
        let same = found.iter().filter(|(subject, of, _)| axis(of.contrast, subject.unit).0 == id);
        let lines: Vec<Line<'_>> = same.map(|(_, _, line)| line.clone()).collect();
        let axis = Axis { id, title, says, steps, equal, corrected: &corrected };
        figures.extend(paired::differences(shown, axis, &lines));
    }
    let tables = found.iter().filter_map(|(_, _, line)| paired::two_by_two(shown, line));
    figures.extend(tables.take(MOST_TABLES));
    figures.extend(
        found.iter().filter_map(|(subject, found, _)| curve(subject, found, shown)).take(MOST_CURVES),
    );
    figures
}

fn line<'a>(subject: &'a Subject, pair: &'a Pair, found: &Found) -> Option<Line<'a>> {
    let unit = match (found.contrast, subject.unit) {
        (Contrast::Ratio | Contrast::MedianRatio, _) => Unit::Ratio,
        (_, Unit::Proportion) => Unit::Difference,
        (_, unit) => unit,
    };
    let test = found.test.map(|test| test.adjusted.map_or(test.p, |adjusted| adjusted.p));
    Some(Line {
        task: &subject.task,
        part: subject.group.as_deref(),
        metric: &subject.metric,
        value: found.difference.value.ok()?,
        interval: found.difference.interval.ok().map(|i| (i.low, i.high, words::made(i))),
        digits: Digits::of(&measure(subject, unit, &found.difference)),
        n: pair.matched.paired,
        counts: found.counts.map(|counts| Counts {
            both: counts.both,
            only_first: counts.only_first,
            only_second: counts.only_second,
            neither: counts.neither,
        }),
        p: test.map(|p| (p, decides(pair))),
        verdict: &pair.verdict.words,
    })
}

/// Whether a difference was shown, by the one verdict that there is.
fn decides(pair: &Pair) -> bool {
    match pair.verdict.decision {
        Decision::ABetter
        | Decision::BBetter
        | Decision::ABetterWithinMargin
        | Decision::BBetterWithinMargin
        | Decision::AHigher
        | Decision::BHigher => true,
        Decision::Equivalent | Decision::NotDecided | Decision::CannotDecide | Decision::NotComparable => {
            false
        }
    }
}

fn correction(comparison: &Comparison) -> &'static str {
    match comparison.correction {
        Correction::Holm => "Holm",
        Correction::BenjaminiHochberg => "Benjamini and Hochberg",
    }
}

/// What so many items could have shown, where items are right or wrong and some differ.
fn curve(subject: &Subject, found: &Found, sides: Sides<'_>) -> Option<Figure> {
    let counts = found.counts?;
    let items = counts.both + counts.only_first + counts.only_second + counts.neither;
    let share = discordant_share(counts.only_first + counts.only_second, items).ok()?;
    let difference = (counts.only_second as f64 - counts.only_first as f64) / items as f64;
    let pairs = PlannedPairs::new(share, difference).ok()?;
    let says = format!(
        "a difference of {difference:+.3} where the two differ on {:.1}% of the items",
        100.0 * share
    );
    let name = format!("{}: {} against {}", subject.name(), sides.models[1], sides.models[0]);
    let alpha = found.reach?.alpha;
    power::figure(&power::Plan { name: &name, pairs, says: &says, items, alpha })
}
