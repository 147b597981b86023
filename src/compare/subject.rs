//! One task of all runs, and the numbers that are compared in it.

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::{
    Caution, Design, Incomparable, Matched, Options, Scope, Weight, Why,
    contrast::{self, Answer, Question},
    draft::Draft,
    gate::Shared,
    letter,
    pairing::{self, Pairing},
};
use crate::{
    metric,
    record::{Formula, Measure, Metric, Record, Settings, Table, TaskRecord},
    stats::{Estimate, paired},
    value::Level,
};

/// One task of all runs.
pub(super) struct Task<'a> {
    pub(super) name: &'a str,
    records: Vec<Option<&'a TaskRecord>>,
    pairing: Pairing<'a>,
}

/// A side's own number, and how it is made.
#[derive(Clone, Copy)]
pub(super) struct Own<'a> {
    pub(super) metric: &'a Metric,
    measure: &'a Measure,
    task: &'a TaskRecord,
}

impl<'a> Task<'a> {
    /// The tasks of all runs, in the order in which they appear.
    pub(super) fn of_all(records: &'a [Record], options: &Options) -> Vec<Self> {
        let mut names = Vec::<&str>::new();
        let mut seen = BTreeSet::new();
        for task in records.iter().flat_map(|record| &record.tasks) {
            if seen.insert(task.name.as_str()) {
                names.push(&task.name);
            }
        }
        let of = |name: &&'a str| {
            let own = |record: &'a Record| record.tasks.iter().find(|task| task.name == *name);
            let records: Vec<Option<&TaskRecord>> = records.iter().map(own).collect();
            let tables = records.iter().map(|task| task.map(|task| &task.table)).collect();
            Self { name, records, pairing: Pairing::new(tables, options.contents) }
        };
        names.par_iter().map(of).collect()
    }

    /// How its rows were paired, for the pairs of which both sides have it.
    pub(super) fn shared(&self, design: Design) -> Shared {
        let pairs = self.pairs(design).into_iter().map(|sides| (sides, self.pairing.rows(sides)));
        Shared {
            task: self.name.to_owned(),
            sides: (0..self.records.len()).filter(|side| self.records[*side].is_some()).collect(),
            kinds: self.records.iter().flatten().map(|task| task.kind).collect(),
            pairs: pairs.collect(),
        }
    }

    fn pairs(&self, design: Design) -> Vec<[usize; 2]> {
        let both = |sides: &[usize; 2]| sides.iter().all(|side| self.records[*side].is_some());
        design.pairs(self.records.len()).into_iter().filter(both).collect()
    }

    /// That some numbers of the summary are not compared.
    pub(super) fn left_out(&self, scope: Scope) -> Option<Caution> {
        if scope == Scope::Everything || self.records.iter().flatten().count() < 2 {
            return None;
        }
        let metrics = self.records.iter().flatten().flat_map(|task| &task.metrics);
        let mut left_out = Vec::<String>::new();
        for metric in metrics.filter(|metric| metric.headline) {
            if let Err(why) = contrast::comparable(&metric.formula) {
                let text = format!("`{}` is not compared: {why}", metric.name);
                if !left_out.contains(&text) {
                    left_out.push(text);
                }
            }
        }
        (!left_out.is_empty()).then(|| Caution {
            weight: Weight::Notice,
            task: Some(self.name.to_owned()),
            sides: Vec::new(),
            text: left_out.join("; "),
        })
    }

    /// The numbers that are compared.
    pub(super) fn drafts(&'a self, sides: usize, options: &Options) -> Vec<Draft<'a>> {
        let pairs = self.pairs(options.design);
        if pairs.is_empty() {
            return Vec::new();
        }
        let draft = |metrics: Vec<Option<Own<'a>>>| {
            let answer = |sides: &[usize; 2]| {
                let (matched, answer) = self.answer(&metrics, *sides, options);
                (*sides, matched, answer)
            };
            let pairs = pairs.iter().map(answer).collect();
            let cochran_q = self.cochran_q(&metrics);
            Draft { task: self, metrics, pairs, cochran_q }
        };
        self.metrics(sides, options.scope).into_iter().map(draft).collect()
    }

    /// Every number that any side has and two can be compared in, side by side.
    fn metrics(&self, sides: usize, scope: Scope) -> Vec<Vec<Option<Own<'a>>>> {
        let mut all = Vec::<(&str, Option<&str>, Vec<Option<Own<'a>>>)>::new();
        for (side, task) in self.records.iter().enumerate().filter_map(|(side, task)| Some((side, (*task)?)))
        {
            for (metric, measure) in task.metrics.iter().zip(&task.measures) {
                let is_asked = metric.headline || scope == Scope::Everything;
                if !is_asked || contrast::comparable(&metric.formula).is_err() {
                    continue;
                }
                let own = Own { metric, measure, task };
                let is_same = |(name, part, _): &&mut (&str, Option<&str>, _)| {
                    *name == metric.name && *part == metric.part()
                };
                if let Some((_, _, metrics)) = all.iter_mut().find(is_same) {
                    metrics[side] = Some(own);
                } else {
                    let mut metrics = vec![None; sides];
                    metrics[side] = Some(own);
                    all.push((&metric.name, metric.part(), metrics));
                }
            }
        }
        all.into_iter().map(|(_, _, metrics)| metrics).collect()
    }

    fn answer(
        &self,
        metrics: &[Option<Own<'a>>],
        sides: [usize; 2],
        options: &Options,
    ) -> (Matched, Result<Answer, Incomparable>) {
        let nothing = |why, words: String| (Matched::default(), Err(Incomparable { why, words }));
        let [first, second] = sides.map(|side| metrics[side]);
        match (first, second) {
            (Some(first), Some(second)) if is_same(first.metric, second.metric) => {
                let metric = first.metric;
                // Where the two runs say otherwise, the stricter one holds.
                let margins = [first, second].into_iter().filter_map(|own| own.task.settings.margin);
                let own_margin = margins.min_by(|one, other| one.get().total_cmp(&other.get()));
                Question { pairing: &self.pairing, sides, task: self.name, metric, options, own_margin }
                    .answer()
            }
            (Some(_), Some(_)) => {
                nothing(Why::OtherFormula, "it is not made the same way in both runs".into())
            }
            (Some(_), None) => nothing(Why::Absent, format!("only {} has it", letter(sides[0]))),
            (None, Some(_)) => nothing(Why::Absent, format!("only {} has it", letter(sides[1]))),
            (None, None) => nothing(Why::Absent, "neither has it".into()),
        }
    }

    /// Of three or more that are right or wrong on items that stand alone.
    fn cochran_q(&self, metrics: &[Option<Own<'a>>]) -> Option<paired::CochranQ> {
        let all: Vec<Own<'_>> = metrics.iter().copied().collect::<Option<_>>()?;
        let metric = all[0].metric;
        let Formula::Proportion(column) = &metric.formula else { return None };
        if all.len() < 3 || !all.iter().all(|own| is_same(own.metric, metric)) {
            return None;
        }
        let right =
            self.pairing.on_all(metric, |table, cells| match cells.get(table.column(column)?)?.number()? {
                0.0 => Some(false),
                1.0 => Some(true),
                _ => None,
            });
        if pairing::clusters(right.iter().map(|(key, _)| *key)).shared().is_some() {
            return None;
        }
        let right: Vec<Vec<bool>> = right.into_iter().map(|(_, right)| right).collect();
        paired::cochran_q(&right).ok()
    }
}

/// Whether two numbers are made the same way.
fn is_same(one: &Metric, other: &Metric) -> bool {
    one.formula == other.formula && one.group == other.group && one.within == other.within
}

impl Own<'_> {
    /// The kind of its task.
    pub(super) fn kind(&self) -> &'static str {
        self.task.kind
    }

    /// On all of the side's own items.
    pub(super) fn on_all(&self, level: Level) -> Estimate {
        if level == self.task.settings.level {
            return self.measure.estimate.clone();
        }
        self.measured(&self.task.table, level)
    }

    /// On some of the rows.
    pub(super) fn on_some(&self, rows: impl Iterator<Item = usize>, level: Level) -> Estimate {
        let table = &self.task.table;
        let rows = rows.map(|number| table.rows[number].clone()).collect();
        self.measured(&Table { name: table.name, columns: table.columns.clone(), rows }, level)
    }

    fn measured(&self, table: &Table, level: Level) -> Estimate {
        let settings = Settings { level, ..self.task.settings.clone() };
        let mut measures = metric::evaluate(std::slice::from_ref(self.metric), table, &settings);
        measures.pop().map_or_else(|| self.measure.estimate.clone(), |measure| measure.estimate)
    }
}
