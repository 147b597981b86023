//! JUnit's XML: one test case an expectation of the spec. A model's wrong answer is no failing test; an item without an
//! answer is an error.

use std::fmt::Write as _;

use crate::{
    record::{Expectation, Outcome, Record, TaskRecord},
    report::{name, quantity::many},
};

/// Longer names and messages are cut: servers refuse or cut them themselves.
const LONGEST_NAME: usize = 512;
const LONGEST_MESSAGE: usize = 1024;

/// The whole file, of one run or several.
pub fn xml<'a>(records: impl IntoIterator<Item = &'a Record>) -> String {
    let suites: Vec<Suite> = records.into_iter().flat_map(suites).collect();
    let [tests, failures, errors] =
        [Suite::tests, Suite::failures, Suite::errors].map(|count| suites.iter().map(count).sum::<usize>());
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        out,
        "<testsuites name=\"yardstick\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\">"
    );
    suites.iter().for_each(|suite| suite.write(&mut out));
    out.push_str("</testsuites>\n");
    out
}

/// The expectations of a task on a model.
struct Suite {
    name: String,
    model: String,
    cases: Vec<Case>,
}

struct Case {
    name: String,
    verdict: Verdict,
}

/// How a case ends, with what is said of it.
enum Verdict {
    Passed,
    Failed(String),
    Error { kind: String, message: String },
}

fn suites(record: &Record) -> Vec<Suite> {
    let model = &record.run.model.name;
    let named = |name: &str, cases: Vec<Case>| Suite { name: name.to_owned(), model: model.clone(), cases };
    let of = |task: Option<&str>| -> Vec<Case> {
        let own = record.expectations.iter().filter(|expectation| expectation.task.as_deref() == task);
        own.map(case).collect()
    };
    let tasks = record
        .tasks
        .iter()
        .map(|task| named(&task.name, of(Some(&task.name)).into_iter().chain(unanswered(task)).collect()));
    let whole = named(&record.run.suite.name, of(None));
    // Expectations of tasks that are not there are not lost either.
    let known = |name: &str| record.tasks.iter().any(|task| task.name == name);
    let stray = record
        .expectations
        .iter()
        .filter(|expectation| expectation.task.as_deref().is_some_and(|task| !known(task)));
    let stray = stray
        .map(|expectation| named(expectation.task.as_deref().unwrap_or_default(), vec![case(expectation)]));
    tasks.chain(stray).chain([whole]).filter(|suite| !suite.cases.is_empty()).collect()
}

fn case(expectation: &Expectation) -> Case {
    let Expectation { text, outcome, found, .. } = expectation;
    let verdict = match outcome {
        Outcome::Pass => Verdict::Passed,
        Outcome::Fail => Verdict::Failed(format!("{text}: found {found}")),
        Outcome::Undefined => Verdict::Failed(format!("{text}: {found}")),
    };
    Case { name: text.clone(), verdict }
}

/// One case for the items without an answer, where there are some.
fn unanswered(task: &TaskRecord) -> Option<Case> {
    // What the spec leaves out is no error.
    let failures = task
        .table
        .rows
        .iter()
        .filter_map(|row| Some((row, row.cells.as_ref().err()?)))
        .filter(|(_, failure)| !failure.is_skip());
    let (row, first) = failures.clone().next()?;
    let message = format!(
        "{} of {} without an answer, such as {}: {}",
        failures.count(),
        many(task.table.rows.len(), "row"),
        row.key.item,
        first.message
    );
    let verdict = Verdict::Error { kind: name(&first.kind), message };
    Some(Case { name: "every item has an answer".into(), verdict })
}

impl Suite {
    fn tests(&self) -> usize {
        self.cases.len()
    }

    fn failures(&self) -> usize {
        self.cases.iter().filter(|case| matches!(case.verdict, Verdict::Failed(_))).count()
    }

    fn errors(&self) -> usize {
        self.cases.iter().filter(|case| matches!(case.verdict, Verdict::Error { .. })).count()
    }

    fn write(&self, out: &mut String) {
        let class = attribute(&format!("{}.{}", self.model, self.name), LONGEST_NAME);
        let _ = writeln!(
            out,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\">",
            attribute(&self.name, LONGEST_NAME),
            self.tests(),
            self.failures(),
            self.errors()
        );
        for case in &self.cases {
            let name = attribute(&case.name, LONGEST_NAME);
            let _ = write!(out, "    <testcase classname=\"{class}\" name=\"{name}\"");
            let _ = match &case.verdict {
                Verdict::Passed => writeln!(out, "/>"),
                Verdict::Failed(message) => writeln!(
                    out,
                    ">\n      <failure type=\"expectation\" message=\"{}\"/>\n    </testcase>",
                    attribute(message, LONGEST_MESSAGE)
                ),
                Verdict::Error { kind, message } => writeln!(
                    out,
                    ">\n      <error type=\"{kind}\" message=\"{}\"/>\n    </testcase>",
                    attribute(message, LONGEST_MESSAGE)
                ),
            };
        }
        out.push_str("  </testsuite>\n");
    }
}

/// A text within quotes: cut, without what XML cannot hold, white space kept as it is.
fn attribute(text: &str, longest: usize) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.chars().filter(|c| is_xml(*c)).enumerate() {
        if at == longest {
            out.push('…');
            break;
        }
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&#9;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            _ => out.push(c),
        }
    }
    out
}

/// What XML 1.0 can hold at all (its production 2).
fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}
