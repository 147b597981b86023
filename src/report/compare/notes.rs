//! The words around the tables of a comparison: who is compared, what to know before any number, what the numbers come to
//! and how that was found. What a pair comes to is said by its verdict and nowhere else.

use super::{
    Around,
    tables::{at_most, flips, names},
};
use crate::{
    compare::{Caution, Comparison, Contrast, Correction, Decision, Design, Pair, Subject, Verdict, Weight},
    metric::words,
    report::{
        digits::grouped,
        quantity::many,
        summary::{Mark, Remark, model},
    },
    stats::Estimate,
};

/// Verdicts that are said in full; the rest is counted.
const MOST_VERDICTS: usize = 8;
/// Comparisons whose number of items is named, where their verdicts are not said.
const MOST_TO_DECIDE: usize = 5;
/// Cautions of one weight.
const MOST_CAUTIONS: usize = 12;

/// A line for each run.
pub(super) fn header(comparison: &Comparison) -> Vec<String> {
    let base = match comparison.design {
        Design::Baseline(base) if comparison.sides.len() > 2 => Some(base),
        _ => None,
    };
    let sides = comparison.sides.iter().enumerate();
    let mut lines: Vec<String> = sides
        .map(|(place, side)| {
            let run = &side.run;
            let name = model(&run.model.name, run.model.revision.as_deref());
            let base = if base == Some(place) { " · the baseline" } else { "" };
            let device = run.engine.as_ref().map(|engine| engine.device.as_str());
            let known = [run.model.dtype.as_deref(), device, Some(&*run.run_id)];
            let known = known.into_iter().flatten().collect::<Vec<_>>().join(" · ");
            format!("{}  {name} · {known}{base}", side.letter)
        })
        .collect();
    lines.push(paired(comparison));
    lines
}

/// How many items stand behind the numbers, counted once a task.
fn paired(comparison: &Comparison) -> String {
    let mut tasks: Vec<(&str, [usize; 2], usize, usize)> = Vec::new();
    for (subject, pair) in comparison.pairs() {
        let all = &pair.matched;
        let of =
            all.paired + all.only_first + all.other_content + all.failed + all.without_value + all.doubled;
        match tasks.iter_mut().find(|(task, sides, ..)| *task == subject.task && *sides == pair.sides) {
            Some((_, _, paired, most)) => {
                *paired = (*paired).max(all.paired);
                *most = (*most).max(of);
            }
            None => tasks.push((&subject.task, pair.sides, all.paired, of)),
        }
    }
    let pairs = comparison.design.pairs(comparison.sides.len()).len().max(1);
    let (paired, all) = tasks.iter().fold((0, 0), |(paired, all), (_, _, own, of)| (paired + own, all + of));
    let each = if pairs > 1 { format!(" over {pairs} pairs of runs") } else { String::new() };
    format!("paired on {} of {} (same ids, same content){each}", grouped(paired), many(all, "item"))
}

/// What sets the runs apart besides their answers.
pub(super) fn cautions(comparison: &Comparison) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for weight in [Weight::Refused, Weight::LeftOut, Weight::Notice] {
        let of: Vec<&Caution> =
            comparison.cautions.iter().filter(|caution| caution.weight == weight).collect();
        let mark = match weight {
            Weight::Refused => Mark::Bad,
            Weight::LeftOut => Mark::Warning,
            Weight::Notice => Mark::Note,
        };
        let text = |caution: &Caution| match &caution.task {
            Some(task) => format!("{task}: {}", caution.text),
            None => caution.text.clone(),
        };
        remarks.extend(of.iter().take(MOST_CAUTIONS).map(|caution| Remark { mark, text: text(caution) }));
        if let more @ 1.. = of.len().saturating_sub(MOST_CAUTIONS) {
            remarks.push(Remark { mark, text: format!("{more} more of that weight in compare.json") });
        }
    }
    remarks
}

/// What the numbers come to, how that was found, and where to go on.
pub(super) fn remarks(comparison: &Comparison, around: &Around) -> Vec<Vec<Remark>> {
    let blocks = [counts(comparison), verdicts(comparison), methods(comparison), onward(comparison, around)];
    blocks.into_iter().filter(|block| !block.is_empty()).collect()
}

fn note(text: String) -> Remark {
    Remark { mark: Mark::Note, text }
}

/// How often which decision was reached, a line for each pair of runs.
fn counts(comparison: &Comparison) -> Vec<Remark> {
    let correction = correction(comparison);
    let of_pair = |sides: [usize; 2]| {
        let pairs: Vec<&Pair> =
            comparison.pairs().map(|(_, pair)| pair).filter(|pair| pair.sides == sides).collect();
        let first = *pairs.first()?;
        let mut decisions: Vec<(Decision, usize)> = Vec::new();
        for decision in pairs.iter().map(|pair| pair.verdict.decision) {
            match decisions.iter_mut().find(|(known, _)| *known == decision) {
                Some((_, count)) => *count += 1,
                None => decisions.push((decision, 1)),
            }
        }
        decisions.sort();
        let said = decisions
            .iter()
            .map(|(decision, count)| format!("{} in {count}", words_of(*decision, comparison, first)));
        let said = said.collect::<Vec<_>>().join(", ");
        let sides = names(comparison, first, " and ");
        let text = format!("{sides}: of {}, {said} ({correction})", many(pairs.len(), "comparison"));
        Some(note(text))
    };
    comparison.design.pairs(comparison.sides.len()).into_iter().filter_map(of_pair).collect()
}

/// Such as `Holm over 5 tests, wrong in any of them at most 5% of the time`.
fn correction(comparison: &Comparison) -> String {
    let tests = comparison.questions.differences;
    let wrong = format!("{}%", (1e4 * (1.0 - comparison.level.get())).round() / 1e2);
    let name = comparison.correction.name();
    match (tests, comparison.correction) {
        (1, _) => format!("one test, wrong at most {wrong} of the time"),
        (_, Correction::Holm) => {
            format!("{name} over {tests} tests, a false alarm in any of them at most {wrong} of the time")
        }
        (_, Correction::BenjaminiHochberg) => {
            format!("{name} over {tests} tests, at most {wrong} of what is found is a false alarm")
        }
    }
}

fn words_of(decision: Decision, comparison: &Comparison, pair: &Pair) -> String {
    let [a, b] = pair.sides.map(|side| comparison.sides[side].letter.as_str());
    match decision {
        Decision::ABetter => format!("{a} is better"),
        Decision::BBetter => format!("{b} is better"),
        Decision::ABetterWithinMargin => format!("{a} is better by less than the margin"),
        Decision::BBetterWithinMargin => format!("{b} is better by less than the margin"),
        Decision::AHigher => format!("{a} is higher"),
        Decision::BHigher => format!("{b} is higher"),
        Decision::Equivalent => "equivalent within the margin".into(),
        Decision::NotDecided => "not decided".into(),
        Decision::CannotDecide => "too few items differ to decide".into(),
        Decision::NotComparable => "not comparable".into(),
    }
}

/// The sentences: all of a few, else of what was found first; then how many items would decide what is open.
fn verdicts(comparison: &Comparison) -> Vec<Remark> {
    let mut pairs: Vec<(&Subject, &Pair)> = comparison.pairs().collect();
    if pairs.len() > MOST_VERDICTS {
        pairs.retain(|(_, pair)| pair.verdict.decision.found());
    }
    let sentence = |(subject, pair): &(&Subject, &Pair)| {
        let Verdict { decision, words } = &pair.verdict;
        let mark = match decision {
            Decision::BBetter | Decision::BBetterWithinMargin | Decision::Equivalent => Mark::Good,
            Decision::ABetter => Mark::Bad,
            Decision::NotComparable => Mark::Warning,
            _ => Mark::Note,
        };
        Remark { mark, text: format!("{}: {words}", subject.task) }
    };
    let mut remarks: Vec<Remark> = pairs.iter().take(MOST_VERDICTS).map(sentence).collect();
    if let more @ 1.. = pairs.len().saturating_sub(MOST_VERDICTS) {
        remarks.push(note(format!("{more} more sentences in compare.json")));
    }
    if comparison.pairs().count() > MOST_VERDICTS {
        remarks.extend(to_decide(comparison));
    }
    remarks
}

/// The open comparisons that the fewest items more would decide.
fn to_decide(comparison: &Comparison) -> Option<Remark> {
    let open = comparison.pairs().filter_map(|(subject, pair)| {
        let open = matches!(pair.verdict.decision, Decision::NotDecided | Decision::CannotDecide);
        let items = pair.outcome.found()?.reach?.items?;
        open.then_some((items, subject, pair))
    });
    let mut open: Vec<(u64, &Subject, &Pair)> = open.collect();
    open.sort_by_key(|(items, ..)| *items);
    if open.is_empty() {
        return None;
    }
    let one = |(items, subject, pair): &(u64, &Subject, &Pair)| {
        let of = if comparison.sides.len() > 2 {
            format!(" ({})", names(comparison, pair, ", "))
        } else {
            String::new()
        };
        format!("{}{of} {items} (now {})", subject.name(), pair.matched.paired)
    };
    let few = open.iter().take(MOST_TO_DECIDE).map(one).collect::<Vec<_>>().join(", ");
    let more = match open.len().saturating_sub(MOST_TO_DECIDE) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(note(format!("items that would decide what is open, 4 times out of 5: {few}{more}")))
}

/// Which test decides, how the intervals were made, and what they are not.
fn methods(comparison: &Comparison) -> Vec<Remark> {
    let found =
        || comparison.pairs().filter_map(|(subject, pair)| Some((subject, pair.outcome.found()?, pair)));
    let mut tests: Vec<&str> = Vec::new();
    let mut intervals: Vec<String> = Vec::new();
    for (_, found, _) in found() {
        let Estimate { interval, .. } = &found.difference;
        let test = found.test.map(|test| words::test(test.hypothesis));
        tests.extend(test.filter(|test| !tests.contains(test)));
        let made = interval.ok().map(words::made);
        intervals.extend(made.filter(|made| !intervals.contains(made)));
    }
    let mut remarks = Vec::new();
    if !tests.is_empty() {
        let star =
            format!("p: {}; * marks a corrected p of at most {}", tests.join(", "), at_most(comparison));
        remarks.push(note(format!("{star}; intervals of differences: {}", intervals.join(", "))));
    }
    if found().any(|(_, found, _)| found.counts.is_some()) {
        let column = flips(comparison);
        remarks.push(note(format!("{column} counts the items that only one of the two got right")));
    }
    if found().any(|(_, found, _)| matches!(found.contrast, Contrast::Ratio | Contrast::MedianRatio)) {
        remarks.push(note(
            "a ratio is the second over the first, 1 where they agree; its picture is of its logarithm"
                .into(),
        ));
    }
    remarks.extend(overlap(comparison));
    let excludes = |found: &crate::compare::Found| {
        let agree = if matches!(found.contrast, Contrast::Ratio | Contrast::MedianRatio) { 1.0 } else { 0.0 };
        found.difference.interval.is_ok_and(|interval| interval.low > agree || interval.high < agree)
    };
    if found().any(|(_, found, pair)| excludes(found) && !pair.verdict.decision.found()) {
        let tests = comparison.questions.differences;
        remarks.push(note(format!(
            "an interval speaks of its own comparison alone; a verdict allows for all {tests} tests, so that an interval may leave out no difference and the verdict still be open"
        )));
    }
    remarks
}

/// The habit to look whether two intervals overlap, beside the answer of the paired test.
fn overlap(comparison: &Comparison) -> Option<Remark> {
    let looked = comparison
        .pairs()
        .filter_map(|(subject, pair)| Some((subject, pair, pair.outcome.found()?.intervals_overlap?)));
    let looked: Vec<(&Subject, &Pair, bool)> = looked.collect();
    if looked.is_empty() {
        return None;
    }
    let overlapping = looked.iter().filter(|(.., overlap)| *overlap).count();
    let hidden: Vec<String> = looked
        .iter()
        .filter(|(_, pair, overlap)| *overlap && pair.verdict.decision.found())
        .map(|(subject, ..)| subject.name())
        .collect();
    let hidden = match hidden.as_slice() {
        [] => String::new(),
        few @ ([_] | [_, _] | [_, _, _]) => {
            format!(" They overlap for {}, where the difference is shown all the same.", few.join(", "))
        }
        many => format!(" In {} of these the difference is shown all the same.", many.len()),
    };
    let all = match (overlapping, looked.len()) {
        (1, 1) => "The two models' own intervals overlap".to_owned(),
        (0, 1) => "The two models' own intervals do not overlap".to_owned(),
        (some, all) => format!("The models' own intervals overlap in {some} of {all} comparisons"),
    };
    Some(note(format!(
        "{all}. That decides nothing: it forgets that both answered the same items, most of them alike; the paired test looks only at where they differ, so it decides.{hidden}"
    )))
}

/// Where to go on.
fn onward(comparison: &Comparison, around: &Around) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let letters = comparison.sides.iter().map(|side| side.letter.as_str());
    for (letter, count) in letters.zip(&around.only_right).filter(|(_, count)| **count > 0) {
        let items = many(*count, "item");
        let text = format!("{} --only-right {letter}   ({items} that only {letter} has right)", around.show);
        remarks.push(Remark { mark: Mark::Next, text });
    }
    remarks.extend(around.folder.iter().map(|folder| Remark { mark: Mark::Next, text: folder.clone() }));
    remarks
}
