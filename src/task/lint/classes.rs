//! Labels: those of the list, those of the items, and how often each is right.

use std::collections::BTreeMap;

use super::filled;
use crate::spec::{Finding, Linter, Named, Text};

/// The list of labels itself, and the labels of items and solved examples.
pub(in crate::task) fn labels<'a>(
    labels: &[Text],
    given: impl Iterator<Item = &'a Text>,
    linter: &mut Linter<'_>,
) {
    let names: Vec<&str> = labels.iter().map(Text::as_str).collect();
    match labels {
        [] => linter.tell(Finding::error("value", linter.task(), "the list of labels is empty")),
        [only] => linter.tell(
            Finding::error("value", only.at, format!("`{only}` is the only label"))
                .help("whatever a model says would be right; name all labels"),
        ),
        _ => {}
    }
    for (place, label) in labels.iter().enumerate() {
        filled(label, "label", linter);
        if let Some(first) = labels[..place].iter().find(|other| *other == label) {
            let finding =
                Finding::error("same-answer", label.at, format!("the label `{label}` is there twice"));
            linter.tell(finding.label("again").also(first.at, "first"));
        }
    }
    for label in given.filter(|label| !names.contains(&label.as_str())) {
        let finding =
            Finding::error("unknown-label", label.at, format!("`{label}` is not one of the labels"));
        linter.tell(finding.choices(label, "the labels", &names));
    }
}

/// What the model reads for each label: of labels that there are, and different ones.
pub(in crate::task) fn verbalizer(words: &Named<Text>, labels: &[Text], linter: &mut Linter<'_>) {
    let names: Vec<&str> = labels.iter().map(Text::as_str).collect();
    let mut seen = BTreeMap::<&str, &Text>::new();
    for (label, word) in &words.0 {
        filled(word, "word for the label", linter);
        if !names.contains(&label.as_str()) {
            let finding =
                Finding::error("unknown-label", label.at, format!("`{label}` is not one of the labels"));
            linter.tell(finding.choices(label, "the labels", &names));
        }
        if let Some(first) = seen.insert(word.trim(), word) {
            let message = format!("two labels are read as `{word}`");
            let finding =
                Finding::error("same-answer", word.at, message).label("again").also(first.at, "first");
            linter.tell(finding.help("labels that read the same cannot be told apart"));
        }
    }
}

/// How often each label is right, of the items that are asked about.
pub(in crate::task) fn classes<'a>(
    labels: &[Text],
    given: impl Iterator<Item = &'a Text>,
    linter: &mut Linter<'_>,
) {
    const UNEQUAL: usize = 3;
    let mut counts: Vec<(&Text, usize)> = labels.iter().map(|label| (label, 0)).collect();
    let places: BTreeMap<&str, usize> =
        labels.iter().enumerate().map(|(place, label)| (label.as_str(), place)).collect();
    for label in given {
        if let Some(place) = places.get(label.as_str()) {
            counts[*place].1 += 1;
        }
    }
    if counts.iter().all(|(_, count)| *count == 0) {
        return;
    }
    for (label, _) in counts.iter().filter(|(_, count)| *count == 0) {
        let message = format!("no item has the label `{label}`");
        let finding = Finding::warning("label-without-items", label.at, message);
        linter.tell(finding.help("its recall cannot be computed; add items, or leave the label out"));
    }
    let present = || counts.iter().filter(|(_, count)| *count > 0);
    let all: usize = counts.iter().map(|(_, count)| count).sum();
    let (Some((most, largest)), Some((least, smallest))) =
        (present().max_by_key(|(_, count)| *count), present().min_by_key(|(_, count)| *count))
    else {
        return;
    };
    if *largest >= UNEQUAL * smallest {
        let share = *largest as f64 / all as f64;
        let message = format!(
            "{largest} of {all} items are `{most}`, {smallest} `{least}`: always answering `{most}` scores {share:.2}"
        );
        let finding = Finding::warning("unbalanced", most.at, message);
        linter.tell(finding.help("look at macro F1 besides accuracy, or balance the items"));
    }
}
