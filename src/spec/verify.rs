//! Expectations against what the tasks report: a misspelt metric is found before anything runs.

use super::{
    expect::{Expectation, Quantity},
    file::Model,
    finding::Finding,
    kind::{Kinds, Reported},
    load::{Choices, TaskSpec},
    place::Place,
    reader::Reader,
};

/// Checks the expectations of the tasks and of the suite.
pub(super) fn expectations<T: Kinds>(
    tasks: &[TaskSpec<T>],
    suite: &[Expectation],
    names: &[String],
    models: &[Model],
    choices: &Choices,
    reader: &mut Reader,
) {
    let own = tasks.iter().flat_map(|task| task.settings.expect.iter().map(move |e| (Some(task), e)));
    let mut faults = Vec::new();
    for (task, expectation) in own.chain(suite.iter().map(|e| (None, e))) {
        let whole = expectation.text.at;
        // The misspelt word alone, where it stands in the file as it is read.
        let part = |word: &str| {
            let found = reader.sources.written(whole).and_then(|written| written.find(word));
            found.map_or(whole, |start| Place {
                start: whole.start + start as u64,
                len: u32::try_from(word.len()).unwrap_or(u32::MAX),
                ..whole
            })
        };
        for quantity in expectation.quantities() {
            let named = quantity.model.as_ref().filter(|_| choices.models.is_empty());
            if let Some(model) = named.filter(|name| !models.iter().any(|model| *model.id == ***name)) {
                let all: Vec<&str> = models.iter().map(|model| model.id.as_str()).collect();
                let finding = Finding::error("expect", part(model), format!("no model is called `{model}`"));
                faults.push(finding.choices(model, "the models", &all));
            }
            faults.extend(match (&quantity.task, task) {
                (None, Some(task)) => metric(quantity, task, part),
                (Some(name), _) => match tasks.iter().find(|task| task.name == *name) {
                    Some(task) => metric(quantity, task, part),
                    // Left out by `--only`: it will not be judged.
                    None if names.contains(name) => None,
                    None => {
                        let all: Vec<&str> = names.iter().map(String::as_str).collect();
                        let finding =
                            Finding::error("expect", part(name), format!("no task is called `{name}`"));
                        Some(finding.choices(name, "the tasks", &all))
                    }
                },
                (None, None) => Some(
                    Finding::error("expect", whole, format!("which task's `{}` is meant?", quantity.metric))
                        .help("in a suite, write `benchmark/task.metric`"),
                ),
            });
        }
    }
    faults.into_iter().for_each(|fault| reader.findings.add(fault));
}

/// Whether a task reports a metric.
fn metric<T: Kinds>(
    quantity: &Quantity,
    task: &TaskSpec<T>,
    part: impl Fn(&str) -> Place,
) -> Option<Finding> {
    let reported = &task.reports;
    let wanted = Reported { part: quantity.part.clone(), metric: quantity.metric.clone() };
    if reported.contains(&wanted) {
        return None;
    }
    let spelled = |reported: &Reported| match &reported.part {
        Some(part) => format!("{part}.{}", reported.metric),
        None => reported.metric.clone(),
    };
    let all: Vec<String> = reported.iter().map(spelled).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let given = spelled(&wanted);
    let message = format!("`{}` does not report `{given}`", task.name);
    Some(Finding::error("unknown-metric", part(&given), message).choices(&given, "what it reports", &all))
}
