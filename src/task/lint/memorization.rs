//! Pairs of conditions: named right, complete, and different.

use super::{
    super::memorization::{Continuation, Line, Memorization},
    ends::{Role, ends, filled},
    joint::{Joints, items},
    twice::repeats,
};
use crate::spec::{Finding, Item, Linter, Place, Severity, Text};

/// What can be wrong with a comparison of two conditions.
pub(in crate::task) fn memorization(task: &Memorization, linter: &mut Linter<'_>) {
    let names = task.conditions.names();
    if task.items.is_some() != task.groups.0.is_empty() {
        let message = "`items`, `data` or `groups` is needed, and only one of them";
        linter.tell(Finding::error("missing-key", linter.task(), message));
    }
    rule(task, names, linter);
    controls(task, linter);
    let mut joints = Joints::new(&task.join);
    let mut holding = Vec::new();
    if let Some(items) = &task.items {
        linter.data(items);
        for item in items.iter() {
            conditions(item, names, linter);
            let all = names.map(|name| item.said(name).collect::<Vec<_>>());
            for (prompt, target) in all.iter().flatten() {
                look(prompt, *target, &mut joints, linter);
            }
            let [first, second] = all;
            if let [_, (again, _), ..] = first.as_slice() {
                let message = format!("“{}” is one text, which is compared with one or several", names[0]);
                linter.tell(Finding::error("value", again.at, message));
            }
            let Some((exact, _)) = first.first() else { continue };
            let holds = |(prompt, _): &&(&Text, Option<&Text>)| plain(prompt).contains(&plain(exact));
            holding.extend(second.iter().find(holds).map(|(prompt, _)| prompt.at));
        }
        repeats(items, linter, |line| (said(line, names[0]), ()));
    }
    groups(task, names, &mut joints, linter);
    joints.tell(linter);
    let message = format!("“{}” holds the text of “{}” ({})", names[1], names[0], items(holding.len()));
    let help = "what is known by heart helps there too, and the difference between the two shrinks";
    linter.tell_of(Severity::Advice, "contaminated-pair", &holding, message, help);
}

/// The prompt and target of a condition, to tell items apart by.
fn said<'a>(line: &'a Line, condition: &str) -> Option<(&'a str, Option<&'a str>)> {
    line.said(condition).next().map(|(prompt, target)| (prompt.as_str(), target.map(Text::as_str)))
}

/// Two lists that belong to the conditions.
fn groups(task: &Memorization, names: [&str; 2], joints: &mut Joints<'_>, linter: &mut Linter<'_>) {
    let mut given: Vec<&Text> = Vec::new();
    for (name, items) in &task.groups.0 {
        given.push(name);
        linter.data(items);
        for Item { content: Continuation { prompt, target }, .. } in items.iter() {
            look(prompt, target.as_ref(), joints, linter);
        }
        repeats(items, linter, |item| ((item.prompt.as_str(), item.target.as_deref()), ()));
    }
    let Some(first) = given.first() else { return };
    unknown(&given, names, linter);
    missing(&given, names, first.at, linter);
}

/// The prompts of an item: of the two conditions and, in a spec, of no other.
fn conditions(item: &Item<Line>, names: [&str; 2], linter: &mut Linter<'_>) {
    let given: Vec<&Text> = item.said.0.iter().map(|(name, _)| name).collect();
    if !linter.sources().is_data(item.at) {
        unknown(&given, names, linter);
    }
    missing(&given, names, item.at, linter);
}

fn unknown(given: &[&Text], names: [&str; 2], linter: &mut Linter<'_>) {
    for name in given.iter().filter(|name| !names.contains(&name.as_str())) {
        let finding = Finding::error("unknown-key", name.at, format!("no condition is called `{name}`"));
        linter.tell(finding.choices(name, "the conditions", &names));
    }
}

fn missing(given: &[&Text], names: [&str; 2], at: Place, linter: &mut Linter<'_>) {
    for name in names.iter().filter(|name| !given.iter().any(|given| given.as_str() == **name)) {
        linter.tell(Finding::error("missing-key", at, format!("the condition `{name}` is missing")));
    }
}

/// A rule that speaks of what is measured.
fn rule(task: &Memorization, names: [&str; 2], linter: &mut Linter<'_>) {
    let Some(rule) = &task.likely_memorized else { return };
    if task.items.is_none() {
        let finding =
            Finding::error("value", rule.text.at, "a rule takes pairs, and here items are not paired");
        linter.tell(finding.help("leave `likely_memorized` out, or give `items` with both conditions"));
    }
    if let Err(unknown) = rule.test(names) {
        let message = format!("`{unknown}` is nothing that a rule can speak of");
        let finding = Finding::error("value", linter.part(&rule.text, unknown), message);
        linter.tell(finding.choices(unknown, "what it can", &["ratio", names[0], names[1]]));
    }
}

/// Controls that are there.
fn controls(task: &Memorization, linter: &mut Linter<'_>) {
    let Some(controls) = &task.controls else { return };
    if task.items.is_none() {
        let finding = Finding::error("value", controls.at, "controls are a group of paired items");
        linter.tell(finding.help("unpaired, the second condition is what the first is compared with"));
        return;
    }
    let groups = task.parts();
    if !groups.contains(controls.as_str()) {
        let groups: Vec<&str> = groups.into_iter().collect();
        let message = format!("no item has the group `{controls}`");
        let finding = Finding::error("value", controls.at, message);
        linter.tell(finding.choices(controls, "the groups", &groups));
    }
}

/// A prompt and its target.
fn look(prompt: &Text, target: Option<&Text>, joints: &mut Joints<'_>, linter: &mut Linter<'_>) {
    ends(prompt, Role::Prompt, linter);
    match target {
        Some(target) => {
            filled(target, "target", linter);
            ends(target, Role::Scored, linter);
            joints.look(prompt, target);
        }
        None => linter.tell(
            Finding::error("missing-key", prompt.at, "the prompt has no target")
                .help("name one for the item, `target: …`, or write [prompt, target]"),
        ),
    }
}

/// A text without what a paraphrase may change and still be the same: case, spaces, marks at its ends.
fn plain(text: &str) -> String {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ").trim_matches(|c: char| !c.is_alphanumeric()).to_owned()
}
