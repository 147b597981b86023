//! Expectations held against what was measured.

use std::collections::BTreeSet;

use super::words;
use crate::{
    record::{self, Measure, Outcome, TaskRecord},
    spec::{Bound, Expectation, Operand, Quantity},
};

/// Holds an expectation against one model's numbers. `task` is the full name of the task that states it, if one does;
/// `None` where it speaks of another model, or of several.
pub fn check(
    expectation: &Expectation,
    task: Option<&str>,
    model: &str,
    tasks: &[TaskRecord],
) -> Option<record::Expectation> {
    let concerned = match Scope::of(expectation) {
        Scope::EachModel => true,
        Scope::OneModel(named) => named == model,
        Scope::Across => false,
    };
    concerned.then(|| {
        let (outcome, found) = compare(expectation, |_| Some(tasks), task);
        told(expectation, task, outcome, found)
    })
}

/// Holds an expectation that speaks of several models against all of them; a side that names none must hold for each of
/// the others. `None` where it speaks of one model at a time, as [`check`] does.
pub fn check_across(
    expectation: &Expectation,
    task: Option<&str>,
    records: &[(String, Vec<TaskRecord>)],
) -> Option<record::Expectation> {
    let named: BTreeSet<&str> = expectation.quantities().filter_map(|q| q.model.as_deref()).collect();
    let ran = |model: &str| records.iter().find(|(name, _)| name == model).map(|(_, tasks)| tasks.as_slice());
    if let Some(absent) = named.iter().find(|model| ran(model).is_none()) {
        let models = records.iter().map(|(name, _)| name.as_str());
        let found = format!("the run has no model `{absent}`; it has {}", list(models));
        return Some(told(expectation, task, Outcome::Undefined, found));
    }
    if Scope::of(expectation) != Scope::Across {
        return None;
    }
    let with = |other: Option<&str>| {
        let tasks_of = |quantity: &Quantity| quantity.model.as_deref().or(other).and_then(ran);
        compare(expectation, tasks_of, task)
    };
    let every_side_named = expectation.quantities().all(|quantity| quantity.model.is_some());
    let others = records.iter().map(|(name, _)| name.as_str()).filter(|name| !named.contains(name));
    let mut compared: Vec<_> = if every_side_named {
        vec![with(None)]
    } else {
        others
            .map(|other| {
                let (outcome, found) = with(Some(other));
                (outcome, format!("{other}: {found}"))
            })
            .collect()
    };
    if compared.is_empty() {
        compared.push(with(None));
    }
    let outcomes: Vec<Outcome> = compared.iter().map(|(outcome, _)| *outcome).collect();
    let outcome = [Outcome::Fail, Outcome::Undefined].into_iter().find(|outcome| outcomes.contains(outcome));
    let found = compared.into_iter().map(|(_, found)| found).collect::<Vec<_>>().join("; ");
    Some(told(expectation, task, outcome.unwrap_or(Outcome::Pass), found))
}

/// Whose numbers an expectation speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope<'a> {
    /// Those of every model, each by itself.
    EachModel,
    /// Those of one.
    OneModel(&'a str),
    /// Those of several against each other.
    Across,
}

impl<'a> Scope<'a> {
    fn of(expectation: &'a Expectation) -> Self {
        let models: BTreeSet<Option<&str>> =
            expectation.quantities().map(|quantity| quantity.model.as_deref()).collect();
        match (models.len(), models.first()) {
            (1, Some(None)) => Self::EachModel,
            (1, Some(Some(model))) => Self::OneModel(model),
            _ => Self::Across,
        }
    }
}

/// The outcome, and what was found in words.
fn compare<'a>(
    expectation: &Expectation,
    tasks_of: impl Fn(&Quantity) -> Option<&'a [TaskRecord]>,
    task: Option<&str>,
) -> (Outcome, String) {
    let look_up = |quantity| {
        let tasks = tasks_of(quantity).ok_or("no other model ran")?;
        Found::look_up(quantity, tasks, task)
    };
    let left = match look_up(&expectation.left) {
        Ok(left) => left,
        Err(why) => return (Outcome::Undefined, why),
    };
    let (right, other) = match &expectation.right {
        Operand::Number(number) => (*number, None),
        Operand::Quantity(quantity) => match look_up(quantity) {
            Ok(right) => (right.number, Some(right)),
            Err(why) => return (Outcome::Undefined, why),
        },
    };
    let holds = expectation.op.holds(left.number, right);
    let mut found = left.words(right);
    if let Some(other) = other {
        found = format!("{found}; {}", other.words(left.number));
    }
    (if holds { Outcome::Pass } else { Outcome::Fail }, found)
}

/// A number that an expectation speaks of.
struct Found<'a> {
    quantity: &'a Quantity,
    measure: &'a Measure,
    number: f64,
}

impl<'a> Found<'a> {
    /// The number, or why it is not there.
    fn look_up(quantity: &'a Quantity, tasks: &'a [TaskRecord], own: Option<&str>) -> Result<Self, String> {
        let name = quantity.task.as_deref().or(own);
        let name =
            name.ok_or_else(|| format!("`{}` names no task; write benchmark/task.{0}", quantity.metric))?;
        let task = tasks.iter().find(|task| task.name == name).ok_or_else(|| {
            format!("no task `{name}` ran; there is {}", list(tasks.iter().map(|t| t.name.as_str())))
        })?;
        let measure = task
            .measures
            .iter()
            .find(|measure| measure.metric == quantity.metric && measure.group == quantity.part)
            .ok_or_else(|| {
                let known: BTreeSet<String> = task.measures.iter().map(label).collect();
                let wanted = path(quantity.part.as_deref(), &quantity.metric);
                format!(
                    "`{name}` measures no `{wanted}`; it measures {}",
                    list(known.iter().map(String::as_str))
                )
            })?;
        let estimate = &measure.estimate;
        let number = match quantity.bound {
            None => estimate.value,
            Some(Bound::Low) => estimate.interval.map(|interval| interval.low),
            Some(Bound::High) => estimate.interval.map(|interval| interval.high),
        };
        let number = number.map_err(|why| format!("{} is undefined: {why}", said(quantity)))?;
        Ok(Self { quantity, measure, number })
    }

    /// Such as `accuracy is 0.742 [0.657, 0.812], 89 of 120 (Wilson 95%)`, with enough decimals to tell it from what it
    /// is compared with.
    fn words(&self, other: f64) -> String {
        let decimals = telling(self.number, other, words::decimals(self.measure));
        let found = match self.quantity.bound {
            None => words::number_to(self.measure, decimals),
            Some(_) => words::show(self.number, decimals),
        };
        format!("{} is {found}", said(self.quantity))
    }
}

/// Decimals that tell a number from another one, at least so many.
fn telling(number: f64, other: f64, least: usize) -> usize {
    let told = |decimals: &usize| words::show(number, *decimals) != words::show(other, *decimals);
    (least..17).find(told).unwrap_or(least)
}

fn told(
    expectation: &Expectation,
    task: Option<&str>,
    outcome: Outcome,
    found: String,
) -> record::Expectation {
    let text = expectation.text.to_string();
    record::Expectation { task: task.map(str::to_owned), text, outcome, found }
}

/// A quantity as its author wrote it.
fn said(quantity: &Quantity) -> String {
    let model = quantity.model.as_ref().map(|model| format!("{model}:")).unwrap_or_default();
    let task = quantity.task.as_ref().map(|task| format!("{task}.")).unwrap_or_default();
    let bound = match quantity.bound {
        None => "",
        Some(Bound::Low) => ".low",
        Some(Bound::High) => ".high",
    };
    format!("{model}{task}{}{bound}", path(quantity.part.as_deref(), &quantity.metric))
}

fn label(measure: &Measure) -> String {
    path(measure.group.as_deref(), &measure.metric)
}

fn path(part: Option<&str>, metric: &str) -> String {
    part.map_or_else(|| metric.to_owned(), |part| format!("{part}.{metric}"))
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    if names.is_empty() { "none".into() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        record::{Better, Settings, Table, Taken, Unit},
        spec::{Body, Op, Place, Source, Sources, Text},
        stats::{
            Clusters,
            proportion::{self, Ends},
        },
        value::Level,
    };

    /// `model:task.part.metric.low`, each but the metric left out where it is empty.
    fn quantity(model: &str, task: &str, part: &str, metric: &str, bound: Option<Bound>) -> Quantity {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Quantity { model: some(model), task: some(task), part: some(part), metric: metric.into(), bound }
    }

    fn expect(left: Quantity, op: Op, right: Operand) -> Expectation {
        let source = Source { name: String::new(), folder: "".into(), body: Body::Text("".into()) };
        let at = Place::start_of(Sources::default().add(source));
        Expectation { text: Text::new("as written", at), left, op, right }
    }

    fn task(name: &str, right: &[(Option<&str>, usize, usize)]) -> TaskRecord {
        let measures = right
            .iter()
            .map(|(group, right, items)| {
                let values: Vec<f64> =
                    (0..*items).map(|item| if item < *right { 1.0 } else { 0.0 }).collect();
                let clusters = Clusters::apart(*items);
                Measure {
                    metric: "accuracy".into(),
                    group: group.map(Into::into),
                    unit: Unit::Proportion,
                    better: Some(Better::Higher),
                    chance: None,
                    headline: true,
                    estimate: proportion::estimate(&values, &clusters, Level::DEFAULT, Ends::Wilson),
                    difference_from: None,
                    test: None,
                }
            })
            .collect();
        TaskRecord {
            metrics: vec![],
            settings: Settings::of(name),
            items: Taken { taken: 0, available: 0 },
            name: name.into(),
            kind: "cloze",
            table: Table::default(),
            details: vec![],
            measures,
            notes: vec![],
            remarks: vec![],
        }
    }

    fn accuracy(bound: Option<Bound>) -> Quantity {
        quantity("", "", "", "accuracy", bound)
    }

    #[track_caller]
    fn found(expectation: &Expectation, outcome: Outcome, words: &str) {
        let tasks = [task("b/t", &[(None, 8, 10), (Some("icl"), 9, 10), (Some("none"), 0, 0)])];
        let told = check(expectation, Some("b/t"), "gpt2", &tasks).unwrap();
        assert_eq!((told.outcome, told.found.as_str(), told.text.as_str()), (outcome, words, "as written"));
    }

    #[test]
    fn a_number_and_its_ends_are_held_against_a_number() {
        let sentence = "accuracy is 0.80 [0.49, 0.94], 8 of 10 (Wilson 95%)";
        found(&expect(accuracy(None), Op::AtLeast, Operand::Number(0.7)), Outcome::Pass, sentence);
        found(&expect(accuracy(None), Op::Equal, Operand::Number(0.8)), Outcome::Pass, sentence);
        found(&expect(accuracy(None), Op::Above, Operand::Number(0.9)), Outcome::Fail, sentence);
        let low = expect(accuracy(Some(Bound::Low)), Op::Above, Operand::Number(0.4902));
        found(&low, Outcome::Fail, "accuracy.low is 0.49016");
        let high = expect(accuracy(Some(Bound::High)), Op::Below, Operand::Number(0.95));
        found(&high, Outcome::Pass, "accuracy.high is 0.94");
    }

    #[test]
    fn two_numbers_are_held_against_each_other() {
        let icl = quantity("", "b/t", "icl", "accuracy", None);
        found(
            &expect(icl, Op::Above, Operand::Quantity(accuracy(None))),
            Outcome::Pass,
            "b/t.icl.accuracy is 0.90 [0.60, 0.98], 9 of 10 (Wilson 95%); accuracy is 0.80 [0.49, 0.94], 8 of 10 (Wilson 95%)",
        );
    }

    #[test]
    fn what_is_not_there_is_said() {
        let is = |quantity| expect(quantity, Op::Above, Operand::Number(0.5));
        let none = is(quantity("", "", "none", "accuracy", None));
        found(&none, Outcome::Undefined, "none.accuracy is undefined: no items");
        let absent = is(quantity("", "", "", "f1", None));
        let known = "`b/t` measures no `f1`; it measures `accuracy`, `icl.accuracy`, `none.accuracy`";
        found(&absent, Outcome::Undefined, known);
        let elsewhere = is(quantity("", "b/u", "", "accuracy", None));
        found(&elsewhere, Outcome::Undefined, "no task `b/u` ran; there is `b/t`");
        let nowhere = check(&is(accuracy(None)), None, "gpt2", &[]).unwrap();
        assert_eq!(nowhere.found, "`accuracy` names no task; write benchmark/task.accuracy");
    }

    #[test]
    fn models_are_told_apart() {
        let of = |model: &str| quantity(model, "b/t", "", "accuracy", None);
        let records = [
            ("small".to_owned(), vec![task("b/t", &[(None, 5, 10)])]),
            ("large".to_owned(), vec![task("b/t", &[(None, 9, 10)])]),
            ("middle".to_owned(), vec![task("b/t", &[(None, 7, 10)])]),
        ];
        let own = |expectation: &Expectation| {
            check(expectation, None, "large", &records[1].1).map(|told| told.outcome)
        };
        let across =
            |expectation: &Expectation| check_across(expectation, None, &records).map(|told| told.outcome);

        let each = expect(of(""), Op::Above, Operand::Number(0.8));
        assert_eq!((own(&each), across(&each)), (Some(Outcome::Pass), None));
        let small = expect(of("small"), Op::Above, Operand::Number(0.8));
        assert_eq!((own(&small), across(&small)), (None, None));
        let absent = expect(of("huge"), Op::Above, Operand::Number(0.8));
        assert_eq!((own(&absent), across(&absent)), (None, Some(Outcome::Undefined)));
        let two = expect(of("large"), Op::Above, Operand::Quantity(of("small")));
        assert_eq!((own(&two), across(&two)), (None, Some(Outcome::Pass)));
        let all = expect(of("large"), Op::Above, Operand::Quantity(of("")));
        assert_eq!((own(&all), across(&all)), (None, Some(Outcome::Pass)));
        let not_all = expect(of("middle"), Op::Above, Operand::Quantity(of("")));
        let told = check_across(&not_all, None, &records).unwrap();
        assert_eq!(told.outcome, Outcome::Fail);
        assert!(told.found.starts_with("small: middle:b/t.accuracy is 0.70"), "{}", told.found);
        assert!(told.found.contains("; large: middle:b/t.accuracy is 0.70"), "{}", told.found);
    }
}
