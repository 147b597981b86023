//! What is there twice: items, answers, solved examples among the items.

use std::collections::{BTreeMap, BTreeSet};

use crate::spec::{Finding, Item, Linter, Place, Severity, Text};

/// Items that ask the same: a repeated one with the same answer, a contradiction with another.
pub(in crate::task) fn repeats<'a, C, K: Ord, A: PartialEq>(
    items: &'a [Item<C>],
    linter: &mut Linter<'_>,
    read: impl Fn(&'a C) -> (K, A),
) {
    let mut seen = BTreeMap::<K, (&Item<C>, A)>::new();
    for item in items {
        let (asked, answer) = read(&item.content);
        let Some((first, before)) = seen.get(&asked) else {
            seen.insert(asked, (item, answer));
            continue;
        };
        if *before != answer {
            let finding =
                linter.fault("contradiction", item.at, "the same is asked twice, with two right answers");
            let finding = finding.label("again").also(first.at, "first");
            linter.tell(finding.help("no model can get both right; keep the one that holds"));
        } else if item.cluster.is_none() || item.cluster != first.cluster {
            let finding = Finding::warning("duplicate-item", item.at, "the item is there twice")
                .label("again")
                .also(first.at, "first");
            linter.tell(finding.help(
                "a repeated item counts twice and narrows the interval without cause; leave it out, or give both one `cluster`",
            ));
        }
    }
}

/// The words of a list under a key: none twice, which would report one number twice.
pub(in crate::task) fn words<'a>(key: &str, words: impl Iterator<Item = &'a str>, linter: &mut Linter<'_>) {
    let mut seen = BTreeSet::new();
    for word in words.filter(|word| !seen.insert(*word)) {
        let message = format!("`{key}` names `{word}` twice");
        linter.tell(Finding::error("value", linter.task(), message).help("leave one of them out"));
    }
}

/// What becomes of an item that is one of the solved examples.
pub(in crate::task) const SHOWN: &str =
    "it is not shown its own answer, so it sees other examples than the rest; leave one of them out";

/// Solved examples that are asked about too. Each is told where the author can mend it; those of a data file are told
/// once.
pub(in crate::task) fn shown<'a, C, K: Ord>(
    items: &'a [Item<C>],
    shots: &'a [Item<C>],
    linter: &mut Linter<'_>,
    read: impl Fn(&'a C) -> K,
) {
    let shots = shots.iter().map(|shot| (read(&shot.content), shot.at)).collect();
    shown_among(items.iter().map(|item| (read(&item.content), item.at)), &shots, linter);
}

/// The same, of items and examples of two sorts: what each asks, and where it stands.
pub(in crate::task) fn shown_among<K: Ord>(
    items: impl Iterator<Item = (K, Place)>,
    shots: &BTreeMap<K, Place>,
    linter: &mut Linter<'_>,
) {
    let mut of_data = Vec::new();
    for (asked, at) in items {
        let Some(shot) = shots.get(&asked) else { continue };
        if linter.sources().is_data(at) {
            of_data.push(at);
            continue;
        }
        let finding = Finding::warning("shot-in-items", at, "the item is a solved example too");
        linter.tell(finding.label("asked").also(*shot, "shown with its answer").help(SHOWN));
    }
    let message = format!("{}: a solved example too", super::joint::items(of_data.len()));
    linter.tell_of(Severity::Warning, "shot-in-items", &of_data, message, SHOWN);
}

/// Answers to choose from, with the places of the correct ones: none may be there twice. `read` makes of each what is
/// compared.
pub(in crate::task) fn choices<'a>(
    answers: impl Iterator<Item = &'a Text>,
    right: &[usize],
    read: impl Fn(&str) -> String,
    linter: &mut Linter<'_>,
) {
    let answers: Vec<(String, &Text)> = answers.map(|answer| (read(answer), answer)).collect();
    for (place, (answer, text)) in answers.iter().enumerate() {
        let Some(first) = answers[..place].iter().position(|(other, _)| other == answer) else { continue };
        let before = answers[first].1;
        let name = |place| if right.contains(&place) { "correct" } else { "incorrect" };
        let finding = if name(first) == name(place) {
            Finding::warning("duplicate-item", text.at, format!("two {} answers are the same", name(place)))
                .help("leave one of them out: each counts as an answer of its own")
        } else {
            linter
                .fault("same-answer", text.at, "the correct and an incorrect answer are the same")
                .help("change one of them: an item whose answers cannot be told apart measures nothing")
        };
        linter.tell(finding.label(name(place)).also(before.at, name(first)));
    }
}
