//! Prompts with their endings.

use std::collections::BTreeMap;

use super::{
    super::cloze::Endings,
    comma,
    ends::{Role, ends, filled},
    foils::{Answers, foils},
    joint::Joints,
    twice::{choices, repeats},
};
use crate::spec::{Item, Linter, Text};

/// What can be wrong with them, `between` being put between.
pub(in crate::task) fn endings<'a>(items: &'a [Item<Endings>], between: &str, linter: &mut Linter<'_>) {
    let mut joints = Joints::new(between);
    for item in items {
        let Endings { prompt, correct, incorrect, .. } = &item.content;
        if let Some(prompt) = prompt {
            ends(prompt, Role::Prompt, linter);
        }
        let all = || std::iter::once(correct).chain(incorrect.iter());
        for (place, ending) in all().enumerate() {
            filled(ending, if place == 0 { "correct ending" } else { "incorrect ending" }, linter);
            ends(ending, Role::Scored, linter);
            if let Some(prompt) = prompt {
                joints.look(prompt, ending);
            }
        }
        // Where a space is put between, one of the ending's own says nothing.
        let spaces: &[char] = if between.is_empty() { &[] } else { &[' '] };
        choices(all(), &[0], |ending| ending.trim_start_matches(spaces).to_owned(), linter);
    }
    joints.tell(linter);
    comma::commas(items, linter);
    comma::missing_commas(items, linter);
    repeats(items, linter, |item| ((item.prompt.as_deref(), item.correct.as_str()), ()));
    swapped(items, linter);
    let answers = |item: &'a Item<Endings>| Answers {
        at: item.at,
        right: vec![item.correct.as_str()],
        wrong: item.incorrect.iter().map(Text::as_str).collect(),
    };
    // Whole texts are each other's foils.
    let answers: Vec<_> = items.iter().filter(|item| item.prompt.is_some()).map(answers).collect();
    foils(&answers, linter);
}

/// Two items that take each other's correct ending for the incorrect one.
fn swapped(items: &[Item<Endings>], linter: &mut Linter<'_>) {
    let mut seen = BTreeMap::<(Option<&str>, &str, &str), &Item<Endings>>::new();
    for item in items {
        let (prompt, correct) = (item.content.prompt.as_deref(), item.content.correct.as_str());
        for incorrect in item.content.incorrect.iter().filter(|incorrect| incorrect.as_str() != correct) {
            if let Some(first) = seen.get(&(prompt, incorrect.as_str(), correct)) {
                let message = format!("`{correct}` is correct here, and incorrect elsewhere");
                let finding =
                    linter.fault("contradiction", item.at, message).label("here").also(first.at, "there");
                linter.tell(finding.help("no model can get both right; keep the one that holds"));
            }
            seen.insert((prompt, correct, incorrect.as_str()), item);
        }
    }
}
