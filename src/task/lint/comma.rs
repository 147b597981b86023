//! Commas in brackets: one in a text cuts it in two, a forgotten one makes two texts one.

use std::collections::BTreeMap;

use super::super::cloze::Endings;
use crate::spec::{Finding, Item, Linter, Sources, Text};

/// What most items have, where more than half of them do.
fn usual<K: Ord + Copy>(all: impl Iterator<Item = K>) -> Option<K> {
    let mut counts = BTreeMap::<K, usize>::new();
    let mut total = 0;
    for key in all {
        total += 1;
        *counts.entry(key).or_default() += 1;
    }
    counts.into_iter().find(|(_, count)| *count > 1 && 2 * count > total).map(|(key, _)| key)
}

fn words(text: &str) -> usize {
    text.split_whitespace().count()
}

/// Items in brackets that have more endings than most, one of them long as no ending is or long as the prompt.
pub(in crate::task) fn commas(items: &[Item<Endings>], linter: &mut Linter<'_>) {
    let sources = linter.sources();
    let Some(most) = usual(items.iter().map(|item| item.incorrect.len())) else { return };
    let endings = |item: &Item<Endings>| {
        std::iter::once(&item.content.correct)
            .chain(item.content.incorrect.iter())
            .map(|text| words(text))
            .max()
    };
    let longest = items.iter().filter(|item| item.incorrect.len() <= most).filter_map(endings).max();
    for item in items.iter().filter(|item| item.incorrect.len() > most && in_brackets(item, sources)) {
        let Some(prompt) = &item.prompt else { continue };
        let long = endings(item);
        if long <= longest && long < Some(words(prompt)) {
            continue;
        }
        let count = item.incorrect.len();
        let message = format!("{count} incorrect endings, where most items have {most}");
        let finding = Finding::warning("stray-comma", prompt.at, message);
        let finding = finding.label(format!("the prompt reads \"{}\"", &**prompt));
        linter.tell(finding.help("a text with a comma in it needs quotes inside [ ]"));
    }
}

/// Items in brackets without a prompt, where most have one and two whole texts would be of like length.
pub(in crate::task) fn missing_commas(items: &[Item<Endings>], linter: &mut Linter<'_>) {
    let sources = linter.sources();
    if usual(items.iter().map(|item| item.prompt.is_some())) != Some(true) {
        return;
    }
    let uneven = |item: &Item<Endings>| words(&item.correct) > 2 * words(&item.incorrect[0]);
    for item in
        items.iter().filter(|item| item.prompt.is_none() && uneven(item) && in_brackets(item, sources))
    {
        let finding =
            Finding::warning("stray-comma", item.correct.at, "there is no prompt, and most items have one");
        let finding = finding.label("read as the correct ending");
        linter.tell(finding.help("is a comma missing? [prompt, correct, incorrect]"));
    }
}

/// Whether an item is written as `[…]`, with a text in it that has no quotes.
fn in_brackets(item: &Item<Endings>, sources: &Sources) -> bool {
    let plain = |text: &Text| !sources.written(text.at).unwrap_or("\"").starts_with(['"', '\'']);
    let begins = sources.text(item.at.source).and_then(|text| text.get(item.at.range().start..));
    let texts = std::iter::once(&item.content.correct)
        .chain(item.content.prompt.iter())
        .chain(item.content.incorrect.iter());
    begins.is_some_and(|text| text.starts_with('[')) && texts.into_iter().any(plain)
}
