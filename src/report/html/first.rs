//! What to know besides the numbers: before them only what is not as it should be; after them what was expected, what
//! differs, and what to be careful about.

use maud::html;

use super::{
    lines::{Line, Mark, folded},
    page::Section,
};
use crate::{
    metric::verdict,
    record::{Expectation, Outcome, Record},
    report::{figures::link::items, quantity::many, summary::Names},
};

/// What was expected and not found, and items without an answer.
pub(super) fn faults(record: &Record) -> Option<Section> {
    let failed: usize = record.run.errors.values().sum();
    let no_answer = (failed > 0).then(|| Line {
        mark: Mark::Bad,
        link: Some((items([("ok", "e")]), many(failed, "item"))),
        text: "without an answer; they count in no number".into(),
        code: None,
    });
    let missed = record.expectations.iter().filter(|expectation| expectation.outcome != Outcome::Pass);
    let names = Names::of(&record.tasks);
    let lines: Vec<Line> = missed.map(|missed| expected(missed, &names)).chain(no_answer).collect();
    (!lines.is_empty()).then(|| Section::new("faults", "Not as it should be", folded(&lines)))
}

/// What puts the numbers right.
pub(super) fn section(record: &Record) -> Option<Section> {
    let names = Names::of(&record.tasks);
    let of_task = |name: &str| Some(of_task(name, &names));
    let met = record.expectations.iter().filter(|expectation| expectation.outcome == Outcome::Pass);
    let mut differences = Vec::new();
    let (mut careful, mut notes) = (Vec::new(), Vec::new());
    for task in &record.tasks {
        let line = |mark, text: String, code| Line { mark, link: of_task(&task.name), text, code };
        let verdicts = task.measures.iter().filter(|measure| measure.headline).filter_map(verdict::verdict);
        differences.extend(verdicts.map(|verdict| line(Mark::Note, verdict.words, None)));
        let of_rule = |remark: &crate::record::Remark| {
            line(Mark::Careful, remark.text.clone(), Some(crate::report::name(&remark.rule)))
        };
        careful.extend(task.remarks.iter().map(of_rule));
        notes.extend(task.notes.iter().map(|note| line(Mark::Note, note.clone(), None)));
    }
    let warning = |text: &String| Line { mark: Mark::Careful, link: None, text: text.clone(), code: None };
    careful.extend(record.run.warnings.iter().map(warning));
    let blocks = [
        ("As expected", met.map(|met| expected(met, &names)).collect()),
        ("Differences within the run", differences),
        ("To be careful about", careful),
        ("Notes", notes),
    ];
    let blocks: Vec<(&str, Vec<Line>)> = blocks.into_iter().filter(|(_, lines)| !lines.is_empty()).collect();
    (!blocks.is_empty()).then(|| {
        let body = html! { @for (title, lines) in &blocks { h3 { (title) } (folded(lines)) } };
        Section::new("notes", "What to know", body)
    })
}

fn of_task(name: &str, names: &Names) -> (String, String) {
    (items([("task", name)]), names.shorten(name).to_owned())
}

fn expected(expectation: &Expectation, names: &Names) -> Line {
    let (mark, verdict) = match expectation.outcome {
        Outcome::Pass => (Mark::Good, "found"),
        Outcome::Fail => (Mark::Bad, "not met: found"),
        Outcome::Undefined => (Mark::Bad, "not met:"),
    };
    let text = format!("{} — {verdict} {}", expectation.text, expectation.found);
    let link = expectation.task.as_deref().map(|name| of_task(name, names));
    Line { mark, link, text, code: None }
}
