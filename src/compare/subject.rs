//! One task of all runs, and the numbers that are compared in it.

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::{
    Caution, Counts, Design, Equivalence, Found, Incomparable, Matched, Options, Outcome, Pair, Reach, Scope,
    Subject, Weight, Why,
    contrast::{self, Answer, Question},
    family::Family,
    gate::Shared,
    letter,
    pairing::{self, Pairing},
    rank, verdict,
};
use crate::{
    metric,
    record::{Formula, Measure, Metric, Record, Settings, TaskRecord},
    stats::{Estimate, paired},
};

/// One task of all runs.
pub(super) struct Task<'a> {
    name: &'a str,
    records: Vec<Option<&'a TaskRecord>>,
    pairing: Pairing<'a>,
}

/// A number with its answers, before they allow for each other.
pub(super) struct Draft<'a> {
    task: &'a Task<'a>,
    metrics: Vec<Option<Own<'a>>>,
    pairs: Vec<([usize; 2], Matched, Result<Answer, Incomparable>)>,
    cochran_q: Option<paired::CochranQ>,
}

/// A side's own number.
#[derive(Clone, Copy)]
struct Own<'a> {
    metric: &'a Metric,
    measure: &'a Measure,
    settings: &'a Settings,
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
        for (side, task) in self.records.iter().enumerate().filter_map(|(side, task)| Some((side, (*task)?))) {
            for (metric, measure) in task.metrics.iter().zip(&task.measures) {
                let is_asked = metric.headline || scope == Scope::Everything;
                if !is_asked || contrast::comparable(&metric.formula).is_err() {
                    continue;
                }
                let own = Own { metric, measure, settings: &task.settings };
                let is_same = |(name, part, _): &&mut (&str, Option<&str>, _)| {
                    *name == metric.name && *part == metric.part()
                };
                match all.iter_mut().find(is_same) {
                    Some((_, _, metrics)) => metrics[side] = Some(own),
                    None => {
                        let mut metrics = vec![None; sides];
                        metrics[side] = Some(own);
                        all.push((&metric.name, metric.part(), metrics));
                    }
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
                Question { pairing: &self.pairing, sides, task: self.name, metric, options }.answer()
            }
            (Some(_), Some(_)) => nothing(Why::OtherFormula, "it is not made the same way in both runs".into()),
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
        let right = self.pairing.on_all(metric, |table, cells| {
            match cells.get(table.column(column)?)?.number()? {
                0.0 => Some(false),
                1.0 => Some(true),
                _ => None,
            }
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

impl Draft<'_> {
    /// Those that there are.
    pub(super) fn answers(&self) -> impl Iterator<Item = &Answer> {
        self.pairs.iter().filter_map(|(_, _, answer)| answer.as_ref().ok())
    }
}

impl Answer {
    /// The p that the difference lies within the margin.
    pub(super) fn within_p(&self) -> Option<f64> {
        Some(self.within?.1)
    }
}

/// Corrects all p for each other and says what each comes to.
pub(super) fn finished(
    drafts: Vec<Draft<'_>>,
    differences: &Family,
    equivalences: &Family,
    options: &Options,
) -> Vec<Subject> {
    // Each answer takes the next place of each family that it belongs to.
    let (mut difference, mut equivalence) = (0, 0);
    let next = |place: &mut usize, is_in: bool| {
        is_in.then(|| {
            *place += 1;
            *place - 1
        })
    };
    let placed: Vec<_> = drafts
        .into_iter()
        .map(|draft| {
            let places: Vec<_> = draft
                .pairs
                .iter()
                .map(|(_, _, answer)| {
                    let answer = answer.as_ref().ok();
                    [
                        next(&mut difference, answer.is_some_and(|answer| answer.test.is_some())),
                        next(&mut equivalence, answer.is_some_and(|answer| answer.within.is_some())),
                    ]
                })
                .collect();
            (draft, places)
        })
        .collect();
    let finish = |(draft, places): (Draft<'_>, Vec<[Option<usize>; 2]>)| {
        draft.finished(&places, differences, equivalences, options)
    };
    placed.into_par_iter().map(finish).collect()
}

impl Draft<'_> {
    fn finished(
        self,
        places: &[[Option<usize>; 2]],
        differences: &Family,
        equivalences: &Family,
        options: &Options,
    ) -> Subject {
        let Self { task, metrics, pairs, cochran_q } = self;
        let (side, any) = metrics
            .iter()
            .enumerate()
            .find_map(|(side, own)| Some((side, (*own)?)))
            .expect("a number is compared because a side has it");
        let Metric { name, unit, better, chance, .. } = any.metric;
        let mut subject = Subject {
            task: task.name.to_owned(),
            kind: task.records[side].map_or_else(String::new, |task| task.kind.to_owned()),
            group: any.metric.part().map(str::to_owned),
            metric: name.clone(),
            unit: *unit,
            better: *better,
            chance: *chance,
            headline: metrics.iter().flatten().any(|own| own.metric.headline),
            values: metrics.iter().map(|own| own.map(|own| own.estimate(options))).collect(),
            pairs: Vec::new(),
            ranks: Vec::new(),
            cochran_q,
        };
        // Where the sides hold the number on more than the paired rows, `values` is made anew.
        for ((sides, matched, answer), [difference, equivalence]) in pairs.into_iter().zip(places) {
            let outcome = match answer {
                Err(why) => Outcome::Incomparable(why),
                Ok(answer) => {
                    let values = sides.map(|side| {
                        let whole = subject.values[side].clone();
                        task.on_paired(metrics[side], side, sides, &matched, &answer, options)
                            .or(whole)
                            .expect("both sides have the number")
                    });
                    let differing = answer.differing;
                    let found = answer.found(values, difference.map(|place| differences.adjusted(place)), {
                        equivalence.map(|place| equivalences.adjusted(place))
                    });
                    let threshold = difference.map(|place| differences.threshold(place));
                    let pair = verdict::pair(&subject, sides, matched, found, differing, threshold, options);
                    subject.pairs.push(pair);
                    continue;
                }
            };
            let verdict = verdict::incomparable(&subject, sides, &outcome);
            subject.pairs.push(Pair { sides, matched, outcome, verdict });
        }
        let having: Vec<usize> = (0..metrics.len()).filter(|side| metrics[*side].is_some()).collect();
        if subject.better.is_some() && having.len() > 2 {
            subject.ranks = rank::ranks(&subject.pairs, &having);
        }
        subject
    }
}

impl Own<'_> {
    /// On all of the side's own items, at the level of the comparison.
    fn estimate(self, options: &Options) -> Estimate {
        self.measure.estimate.clone()
    }
}
