//! Foils: which answers stand against which.

use std::collections::BTreeMap;

use super::joint::items;
use crate::spec::{Linter, Place, Severity};

/// The answers of one item.
pub(in crate::task) struct Answers<'a> {
    /// Where it stands.
    pub(in crate::task) at: Place,
    /// Those that are right.
    pub(in crate::task) right: Vec<&'a str>,
    /// Those that are not.
    pub(in crate::task) wrong: Vec<&'a str>,
}

/// Fewer items tell nothing of how answers were chosen.
const ITEMS: usize = 20;
/// An answer that is there less often may have come so by chance.
const TIMES: usize = 3;

/// Answers that come again and again and are always right, or always wrong. Who knows nothing but how it likes answers, with
/// or without their prompt, is far from chance on such items, above or below it: all of them turn on the same few likings.
/// Told where at least half of the items hold such an answer.
pub(in crate::task) fn foils(all: &[Answers<'_>], linter: &mut Linter<'_>) {
    if all.len() < ITEMS {
        return;
    }
    let mut uses = BTreeMap::<&str, [usize; 2]>::new();
    for Answers { right, wrong, .. } in all {
        for (side, answers) in [right, wrong].into_iter().enumerate() {
            answers.iter().for_each(|answer| uses.entry(answer.trim()).or_default()[side] += 1);
        }
    }
    let one_sided = |answer: &&str| {
        uses[answer.trim()].contains(&0) && uses[answer.trim()].iter().sum::<usize>() >= TIMES
    };
    let holds = |item: &&Answers<'_>| item.right.iter().chain(&item.wrong).any(one_sided);
    let places: Vec<Place> = all.iter().filter(holds).map(|item| item.at).collect();
    if 2 * places.len() < all.len() {
        return;
    }
    let side = |side: usize| {
        let mut answers: Vec<(usize, &str)> = uses
            .iter()
            .filter(|(answer, uses)| one_sided(answer) && uses[side] > 0)
            .map(|(answer, uses)| (uses[side], *answer))
            .collect();
        answers.sort_by_key(|(times, answer)| (std::cmp::Reverse(*times), *answer));
        answers
    };
    let [right, wrong] = [side(0), side(1)].map(|answers| named(&answers));
    let said: Vec<String> = [("right", right), ("a foil", wrong)]
        .into_iter()
        .filter_map(|(role, names)| Some(format!("{} only ever {role}", names?)))
        .collect();
    let message = format!("{}: in {} of {}", said.join(", "), places.len(), items(all.len()));
    let help = "a model that knows nothing but which answers are common can be far above chance there, or far below; cross the foils: use each answer as often as a foil as it is right";
    linter.tell_of(Severity::Advice, "uncrossed-foils", &places, message, help);
}

/// Such as “`Paris` is”, “`Paris` and 3 more answers are”, the most frequent first.
fn named(answers: &[(usize, &str)]) -> Option<String> {
    let (_, first) = answers.first()?;
    Some(match answers.len() - 1 {
        0 => format!("`{first}` is"),
        1 => format!("`{first}` and 1 more answer are"),
        more => format!("`{first}` and {more} more answers are"),
    })
}
