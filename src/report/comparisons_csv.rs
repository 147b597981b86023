//! `comparisons.csv`: tidy, one row a pair and number. Names and numbers only but for the last column, which says why a
//! comparison could not be made.

use std::io::Write;

use super::{
    csv_cell::{self, number},
    name,
};
use crate::compare::{Comparison, Correction, Outcome, Pair, Subject};

/// The columns, for good: new ones are only ever appended.
pub const COLUMNS: [&str; 42] = [
    "suite",
    "task",
    "group",
    "metric",
    "model_a",
    "model_b",
    "run_a",
    "run_b",
    "n_paired",
    "n_dropped",
    "value_a",
    "value_b",
    "diff",
    "ci_low",
    "ci_high",
    "ci_level",
    "ci_method",
    "both_right",
    "only_a",
    "only_b",
    "both_wrong",
    "test",
    "statistic",
    "p_value",
    "p_adjusted",
    "correction",
    "family_size",
    "effect",
    "effect_kind",
    "mde_80",
    "n_for_80",
    "verdict",
    "kind",
    "unit",
    "contrast",
    "higher_is_better",
    "equivalence_margin",
    "p_equivalence",
    "p_equivalence_adjusted",
    "df",
    "intervals_overlap",
    "note",
];

/// Writes every pair of every number.
pub fn write(out: impl Write, comparison: &Comparison) -> csv::Result<()> {
    let mut out = csv::Writer::from_writer(out);
    out.write_record(COLUMNS)?;
    for (subject, pair) in comparison.pairs() {
        out.write_record(row(comparison, subject, pair))?;
    }
    out.flush()?;
    Ok(())
}

fn row(comparison: &Comparison, subject: &Subject, pair: &Pair) -> Vec<String> {
    let [a, b] = pair.sides.map(|side| &comparison.sides[side].run);
    let matched = &pair.matched;
    let dropped = matched.only_first
        + matched.only_second
        + matched.other_content
        + matched.failed
        + matched.without_value
        + matched.doubled;
    let found = pair.outcome.found();
    let optional = |value: Option<f64>| value.map(number).unwrap_or_default();
    let whole = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
    let text = |words: &str| csv_cell::text(words).content.into_owned();
    let difference = found.map(|found| &found.difference);
    let interval = difference.and_then(|difference| difference.interval.ok());
    let counts = found.and_then(|found| found.counts);
    let test = found.and_then(|found| found.test);
    let adjusted = test.and_then(|test| test.adjusted);
    let effect = found.and_then(|found| found.effects.first());
    let reach = found.and_then(|found| found.reach);
    let equivalence = found.and_then(|found| found.equivalence);
    let note = match &pair.outcome {
        Outcome::Incomparable(why) => text(&why.words),
        Outcome::Found(found) => {
            let missing = found.difference.value.err().or(found.difference.interval.err());
            missing.map(|why| name(&why)).unwrap_or_default()
        }
    };
    vec![
        text(&a.suite.name),
        text(&subject.task),
        text(subject.group.as_deref().unwrap_or_default()),
        text(&subject.metric),
        text(&a.model.name),
        text(&b.model.name),
        text(&a.run_id),
        text(&b.run_id),
        matched.paired.to_string(),
        dropped.to_string(),
        optional(found.and_then(|found| found.values[0].value.ok())),
        optional(found.and_then(|found| found.values[1].value.ok())),
        optional(difference.and_then(|difference| difference.value.ok())),
        optional(interval.map(|interval| interval.low)),
        optional(interval.map(|interval| interval.high)),
        number(comparison.level.get()),
        interval.map(|interval| name(&interval.method)).unwrap_or_default(),
        whole(counts.map(|counts| counts.both)),
        whole(counts.map(|counts| counts.only_first)),
        whole(counts.map(|counts| counts.only_second)),
        whole(counts.map(|counts| counts.neither)),
        test.map(|test| test.hypothesis.name().to_owned()).unwrap_or_default(),
        optional(test.and_then(|test| test.statistic)),
        optional(test.map(|test| test.p)),
        optional(adjusted.map(|adjusted| adjusted.p)),
        match comparison.correction {
            Correction::Holm => "holm".into(),
            Correction::BenjaminiHochberg => "benjamini_hochberg".into(),
        },
        adjusted.map(|adjusted| adjusted.family_size.to_string()).unwrap_or_default(),
        optional(effect.map(|effect| effect.value)),
        effect.map(|effect| name(&effect.kind)).unwrap_or_default(),
        optional(reach.and_then(|reach| reach.detectable)),
        whole(reach.and_then(|reach| reach.items)),
        pair.verdict.decision.name().to_owned(),
        text(&subject.kind),
        name(&subject.unit),
        found.map(|found| name(&found.contrast)).unwrap_or_default(),
        match subject.better {
            Some(crate::record::Better::Higher) => "1".into(),
            Some(crate::record::Better::Lower) => "0".into(),
            None => String::new(),
        },
        optional(equivalence.map(|equivalence| equivalence.margin)),
        optional(equivalence.map(|equivalence| equivalence.p)),
        optional(equivalence.map(|equivalence| equivalence.adjusted.p)),
        optional(test.and_then(|test| test.df)),
        found
            .and_then(|found| found.intervals_overlap)
            .map(|overlap| u8::from(overlap).to_string())
            .unwrap_or_default(),
        note,
    ]
}
