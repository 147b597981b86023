//! Pairs of conditions: named right, complete, and different.

use super::{
    super::memorization::{Continuation, Memorization},
    ends::{Role, ends, filled},
    joint::Joints,
};
use crate::spec::{Finding, Linter, Named, Severity, Text};

/// The key of an item that names the target of all its conditions.
const TARGET: &str = "target";

/// What can be wrong with a comparison of two conditions.
pub(in crate::task) fn memorization(task: &Memorization, linter: &mut Linter<'_>) {
    let [exact, other] = task.conditions.as_slice() else {
        let at = task.conditions.first().map_or(linter.task(), |name| name.at);
        let message = format!("two conditions are compared, and {} named", task.conditions.len());
        return linter
            .tell(Finding::error("value", at, message).help("such as `conditions: [exact, paraphrase]`"));
    };
    if task.items.is_some() != task.groups.0.is_empty() {
        let message = "`items` or `groups` is needed, and not both";
        linter.tell(Finding::error("missing-key", linter.task(), message));
    }
    let names = [exact.as_str(), other.as_str()];
    let mut joints = Joints::new(&task.join);
    let mut holding = Vec::new();
    for item in task.items.iter().flatten() {
        keys(item, &names, true, linter);
        let shared = item.get(TARGET).map(|target| &target.prompt);
        for (_, said) in item.0.iter().filter(|(name, _)| names.contains(&name.as_str())) {
            look(said, shared, &mut joints, linter);
        }
        if let (Some(first), Some(second)) = (item.get(exact), item.get(other))
            && plain(&second.prompt).contains(&plain(&first.prompt))
        {
            holding.push(second.prompt.at);
        }
    }
    keys(&task.groups, &names, false, linter);
    for said in task.groups.0.iter().flat_map(|(_, group)| group) {
        look(said, None, &mut joints, linter);
    }
    joints.tell(linter);
    let message = format!("“{other}” holds the text of “{exact}” ({})", super::joint::items(holding.len()));
    let help = "what is known by heart helps there too, and the difference between the two shrinks";
    linter.tell_of(Severity::Advice, "contaminated-pair", &holding, message, help);
}

/// Names of conditions that there are, and all of them.
fn keys<T>(given: &Named<T>, names: &[&str], target: bool, linter: &mut Linter<'_>) {
    for (name, _) in &given.0 {
        let shared = target && name.as_str() == TARGET;
        if !shared && !names.contains(&name.as_str()) {
            let finding = Finding::error("unknown-key", name.at, format!("no condition is called `{name}`"));
            linter.tell(finding.choices(name, "the conditions", names));
        }
    }
    let Some((first, _)) = given.0.first() else { return };
    for name in names.iter().filter(|name| given.get(name).is_none()) {
        linter.tell(Finding::error("missing-key", first.at, format!("the condition `{name}` is missing")));
    }
}

/// A prompt and its target, or that of the item.
fn look(said: &Continuation, shared: Option<&Text>, joints: &mut Joints<'_>, linter: &mut Linter<'_>) {
    ends(&said.prompt, Role::Prompt, linter);
    match said.target.as_ref().or(shared) {
        Some(target) => {
            filled(target, "target", linter);
            ends(target, Role::Scored, linter);
            joints.look(&said.prompt, target);
        }
        None => linter.tell(
            Finding::error("missing-key", said.prompt.at, "the prompt has no target")
                .help("name one for the item, `target: …`, or write [prompt, target]"),
        ),
    }
}

/// A text without what a paraphrase may change and still be the same: case, spaces, marks at its ends.
fn plain(text: &str) -> String {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ").trim_matches(|c: char| !c.is_alphanumeric()).to_owned()
}
