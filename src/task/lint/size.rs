//! How many: items, texts, solved examples.

use super::super::Selection;
use crate::{
    spec::{Finding, Items, Linter, Place, Severity},
    stats::power::{half_width, items_for_half_width},
};

/// Says how closely a share near 0.5 would be known, where that is not closely.
pub(in crate::task) fn few_items(count: usize, linter: &mut Linter<'_>) {
    const CLOSE: f64 = 0.1;
    const NEAR: f64 = 0.5;
    let half = half_width(count as f64, NEAR, linter.level());
    if count == 0 || half <= CLOSE {
        return;
    }
    let items = super::joint::items(count);
    let level = 100.0 * linter.level().get();
    let message = format!("{items}: a share near 0.5 would be known to ±{half:.2}");
    let need = |half| items_for_half_width(half, NEAR, linter.level());
    let help =
        format!("with {level}% confidence, {} items make it ±0.10, {} make it ±0.05", need(0.1), need(0.05));
    linter.tell(Finding::advice("few-items", linter.task(), message).label("this task").help(help));
}

/// Says that a number over one text has no interval.
pub(in crate::task) fn few_texts(count: usize, at: Place, linter: &mut Linter<'_>) {
    if count == 1 {
        let message = "a single text: its perplexity has no interval".to_owned();
        let help = "an interval is made from how texts differ; give two or more";
        linter.tell_of(Severity::Advice, "few-items", &[at], message, help);
    }
}

/// Compares how many solved examples there are with how many are asked for at most.
pub(in crate::task) fn shots<I, C>(
    items: &Items<I>,
    shots: &Items<C>,
    most: Option<u32>,
    selection: Selection,
    linter: &mut Linter<'_>,
) {
    // A set of the Hub may bring examples of its own.
    if shots.are_unread() || (items.are_unread() && shots.is_empty()) {
        return;
    }
    let at = shots.first().map_or(linter.task(), |shot| shot.at);
    let (available, most) = (shots.len(), most.unwrap_or(0) as usize);
    let examples =
        if available == 1 { "1 solved example".to_owned() } else { format!("{available} solved examples") };
    if available < most {
        let message = format!("{most} solved examples are asked for, and there are {available}");
        let finding = Finding::error("unused-shots", at, message);
        linter.tell(finding.help("add some to `shots`, or lower `k`"));
    } else if available > most && selection == Selection::Fixed {
        // What is drawn from is meant to be more than what is shown.
        let message = match most {
            0 => format!("{examples}, and `k` asks for none"),
            _ => format!("{examples}, of which at most {most} are shown at once"),
        };
        linter.tell(Finding::advice("unused-shots", at, message).help("raise `k`, or leave some out"));
    }
}
