//! The numbers made of the rows.

use super::{
    super::planned::{About, Judge, Verdict},
    Memorization,
    asked::{self, COLUMNS, CONTROL, TESTED},
    rule::Rule,
};
use crate::{
    metric::{Formula, Metric, Range},
    plan::Ask,
    record::{Row, Table, Unit},
};

impl Memorization {
    /// Asks for every target in both conditions, for the whole line, and for what the model writes by itself.
    pub(in crate::task) fn ask(&self, ask: &mut Ask, about: About<'_>) -> Judge {
        let level = about.level;
        let targets = self.ranked();
        let asked = asked::all(self, targets.as_ref(), ask);
        let ranked = targets.map(|targets| targets.len());
        let metrics = self.numbers(ranked);
        let rule = self.likely_memorized.as_ref();
        let names = self.conditions.names();
        let stated = rule.and_then(|rule| Some((rule.text.to_string(), rule.test(names).ok()?)));
        let (rule, test) = stated.unwrap_or_else(|| Rule::usual(names));
        let mut notes = Vec::new();
        if self.items.is_some() {
            notes.push(format!("an item counts as likely memorized where {rule}"));
        }
        if let Some(controls) = &self.controls {
            notes.push(format!(
                "items of `{controls}` are controls: the whole task's numbers are made without them"
            ));
        }
        if let Some(targets) = ranked {
            notes.push(format!("ranks are among {targets} different targets"));
        }
        Box::new(move |answers| {
            let row =
                |item: &asked::Asked| Row { key: item.key.clone(), cells: item.cells(&test, level, answers) };
            let table =
                Table { rows: asked.iter().map(row).collect(), ..Table::new("items", COLUMNS.to_vec()) };
            let straddling = table.numbers("straddles").filter(|(_, straddles)| *straddles > 0.0).count();
            if straddling > 0 {
                notes.push(format!("{straddling} of {} items: a token begins in the prompt and ends in the target; it is scored", asked.len()));
            }
            Verdict { table, details: Vec::new(), metrics, notes }
        })
    }

    /// Every number of the task and of its parts; `ranked` says among how many targets each is ranked, where it is.
    pub(super) fn numbers(&self, ranked: Option<usize>) -> Vec<Metric> {
        let [first, second] = self.conditions.names();
        if self.items.is_none() {
            let ratio = Formula::MeanRatio { logarithms: "logprob_first", baseline: second.to_owned() };
            let mut all = vec![Metric::new("ratio", ratio, Unit::Ratio).headline()];
            for condition in [first, second] {
                let p = Metric::new("p_target", Formula::Mean("p_first"), Unit::Proportion);
                let own = std::iter::once(p).chain(of_lines(ranked));
                all.extend(own.map(|metric| metric.of_group(condition)));
            }
            return all;
        }
        let pairs = || {
            let mut own = vec![
                Metric::new("likely_memorized", Formula::Proportion("likely_memorized"), Unit::Proportion)
                    .headline(),
                Metric::new("ratio", Formula::GeometricMean("log_ratio"), Unit::Ratio).headline(),
                Metric::new("median_ratio", Formula::GeometricMedian("log_ratio"), Unit::Ratio),
                Metric::new(format!("p_{first}"), Formula::Mean("p_first"), Unit::Proportion),
                Metric::new(format!("p_{second}"), Formula::Mean("p_second"), Unit::Proportion),
            ];
            own.extend(of_lines(ranked));
            own
        };
        // The whole task's numbers are made without the controls.
        let mut all: Vec<Metric> = pairs().into_iter().map(|metric| metric.within("role", TESTED)).collect();
        if self.controls.is_some() {
            let flagged = Formula::Proportion("likely_memorized");
            let alarms = Metric::new("false_alarms", flagged, Unit::Proportion).headline();
            all.push(alarms.within("role", CONTROL));
        }
        let of_part = |part| pairs().into_iter().map(move |metric: Metric| metric.of_group(part));
        all.extend(self.parts().into_iter().flat_map(of_part));
        all
    }
}

/// What takes no pair.
fn of_lines(ranked: Option<usize>) -> Vec<Metric> {
    let mut all = vec![
        Metric::new("extractable", Formula::Proportion("extractable"), Unit::Proportion),
        Metric::new("matching", Formula::Mean("matching"), Unit::Proportion),
        Metric {
            range: Range { least: None, most: Some(0.0) },
            ..Metric::new("min_k", Formula::Mean("min_k"), Unit::Nats)
        },
        Metric::new("nats_per_token", Formula::Mean("nats_per_token"), Unit::Nats).at_least(0.0),
    ];
    if let Some(targets) = ranked {
        let chance = 1.0 / targets as f64;
        all.push(Metric::new("rank_1", Formula::Proportion("rank_1"), Unit::Proportion).chance(chance));
        all.push(Metric::new("median_rank", Formula::Median("rank"), Unit::Count));
    }
    all
}
