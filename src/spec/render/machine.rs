//! Findings for programs: JSON, and the commands that GitHub turns into annotations.

use serde::Serialize;

use super::{
    excerpt::{self, Spot},
    human::counted,
    ordered, plain,
};
use crate::spec::{
    finding::{Finding, Findings, Severity},
    place::{Body, Place, Sources},
};

/// A finding in JSON. Lines and columns count from 1, columns in characters; the end is the first column behind the place.
#[derive(Debug, Serialize)]
struct Entry<'a> {
    severity: Severity,
    code: &'a str,
    message: &'a str,
    #[serde(flatten)]
    at: Located<'a>,
    /// What stands at the place.
    label: Option<&'a str>,
    /// What to do.
    help: Option<&'a str>,
    /// A better text for the place.
    fix: Option<&'a str>,
    related: Vec<Related<'a>>,
}

/// A second place of a finding.
#[derive(Debug, Serialize)]
struct Related<'a> {
    message: &'a str,
    #[serde(flatten)]
    at: Located<'a>,
}

/// A file or words of the command line, and where in it.
#[derive(Debug, Serialize)]
struct Located<'a> {
    file: &'a str,
    line: Option<u64>,
    column: Option<u64>,
    end_line: Option<u64>,
    end_column: Option<u64>,
}

impl<'a> Located<'a> {
    fn of(place: Place, sources: &'a Sources) -> Self {
        let source = sources.get(place.source);
        let spot = excerpt::spot(place, sources);
        // A data file that has gone since still has its line.
        let line = matches!(source.body, Body::Data(_)).then_some(u64::from(place.line));
        Self {
            file: &source.name,
            line: spot.map(|spot| spot.line).or(line),
            column: spot.map(|spot| spot.column),
            end_line: spot.map(|spot| spot.end_line),
            end_column: spot.map(|spot| spot.end_column),
        }
    }
}

/// All findings as a JSON array. What was counted only is an entry without a place in its file.
pub fn json(findings: &Findings, sources: &Sources) -> String {
    let entry = |finding: &'_ Finding| -> serde_json::Value {
        let (first, others) = finding.labels.split_at(1);
        let entry = Entry {
            severity: finding.severity,
            code: finding.code,
            message: &finding.message,
            at: Located::of(finding.at(), sources),
            label: first.iter().map(|(_, label)| label.as_str()).find(|label| !label.is_empty()),
            help: finding.help.as_deref(),
            fix: finding.fix.as_deref(),
            related: others
                .iter()
                .map(|(at, message)| Related { message, at: Located::of(*at, sources) })
                .collect(),
        };
        serde_json::to_value(entry).expect("texts and numbers have a JSON form")
    };
    let mut entries: Vec<_> = ordered(findings, sources).into_iter().map(entry).collect();
    entries.extend(findings.unlisted().map(|more| {
        serde_json::json!({
            "severity": more.severity,
            "code": more.code,
            "message": format!("{} more like these in {}", counted(more.count, more.severity), more.scope),
            "file": sources.get(more.source).name,
            "line": null, "column": null, "end_line": null, "end_column": null,
            "label": null, "help": null, "fix": null, "related": [],
        })
    }));
    format!("{:#}\n", serde_json::Value::from(entries))
}

/// All findings as workflow commands of GitHub: one line each, shown beside the changed lines of a pull request.
pub fn github(findings: &Findings, sources: &Sources) -> String {
    let mut lines = String::new();
    for finding in ordered(findings, sources) {
        let at = finding.at();
        let source = sources.get(at.source);
        let is_file = !matches!(source.body, Body::Words(_));
        let mut properties = Vec::new();
        if is_file {
            properties.push(format!("file={}", property(&source.name)));
        }
        if let Some(Spot { line, column, end_line, end_column }) = excerpt::spot(at, sources) {
            properties.push(format!("line={line},endLine={end_line},col={column}"));
            // GitHub counts the last column in, and knows columns within one line only.
            if line == end_line && end_column > column {
                properties.push(format!("endColumn={}", end_column - 1));
            }
        }
        properties.push(format!("title={}", property(finding.code)));
        let message = match (&finding.help, is_file) {
            (help, false) => format!("{}: {}{}", source.name, finding.message, helped(help.as_deref())),
            (help, true) => format!("{}{}", finding.message, helped(help.as_deref())),
        };
        lines.push_str(&command(finding.severity, &properties.join(","), &message));
    }
    for more in findings.unlisted() {
        let message = format!("{} more like these in {}", counted(more.count, more.severity), more.scope);
        lines.push_str(&command(more.severity, &format!("title={}", property(more.code)), &message));
    }
    lines
}

fn helped(help: Option<&str>) -> String {
    help.map(|help| format!("\n{help}")).unwrap_or_default()
}

fn command(severity: Severity, properties: &str, message: &str) -> String {
    let name = match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Advice => "notice",
    };
    format!("::{name} {properties}::{}\n", data(message))
}

/// A message, escaped as GitHub reads it: <https://github.com/actions/toolkit>, `packages/core/src/command.ts`.
fn data(text: &str) -> String {
    let shown: Vec<String> = text.split('\n').map(|line| plain::words(line, true)).collect();
    shown.join("\n").replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
