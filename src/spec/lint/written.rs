//! How texts are written: what YAML drops without a word. Looks at the values of a task as they stand in the file.

use super::{
    super::{
        finding::{Finding, Findings},
        node::{Node, Value},
        place::{Place, Sources},
        text::Text,
    },
    character, inside,
};

/// Looks at every text of a task.
pub(in crate::spec) fn lint(task: &Node, sources: &Sources, findings: &mut Findings) {
    let mut look = Look { sources, findings };
    match &task.value {
        // The first key is the kind and the name, which are checked as such.
        Value::Map(entries) => {
            for (_, value) in entries.iter().skip(1) {
                look.node(value, false);
            }
        }
        _ => look.node(task, false),
    }
}

struct Look<'a> {
    sources: &'a Sources,
    findings: &'a mut Findings,
}

impl Look<'_> {
    /// Looks at a value; `among` others in brackets.
    fn node(&mut self, node: &Node, among: bool) {
        match &node.value {
            Value::List(entries) => {
                let brackets = self.written_from(node.at).starts_with('[');
                for entry in entries {
                    self.node(entry, brackets);
                }
            }
            Value::Map(entries) => {
                for (_, value) in entries {
                    self.node(value, false);
                }
            }
            Value::Text(text) => self.text(&Text::new(text.as_str(), node.at), among),
            Value::Nothing | Value::Bare(_) => {}
        }
    }

    /// The rest of the file from a place on.
    fn written_from(&self, at: Place) -> &str {
        let text = self.sources.text(at.source).unwrap_or_default();
        text.get(at.range().start..).unwrap_or_default()
    }

    fn text(&mut self, text: &Text, among: bool) {
        let Some(written) = self.sources.written(text.at) else { return };
        self.findings.add_some(character::odd(text, Some(written)));
        let plain = !written.starts_with(['"', '\'']) && self.sources.block(text.at).is_none();
        if plain {
            self.findings.add_some(comment(text, self.written_from(text.at)));
        }
        if plain && among {
            self.findings.add_some(self.lost_space(text, written));
        }
    }

    /// Two spaces before a text in brackets: one of them was likely meant to begin the text. Columns put under each other are
    /// no sign of that.
    fn lost_space(&self, text: &Text, written: &str) -> Option<Finding> {
        let all = self.sources.text(text.at.source)?;
        let start = text.at.range().start;
        let begin = all[..start].rfind('\n').map_or(0, |at| at + 1);
        let column = all[begin..start].chars().count();
        let before = all[begin..start].strip_suffix("  ")?;
        let end = all[start..].find('\n').map_or(all.len(), |at| start + at);
        let above = all[..begin.saturating_sub(1)].lines().next_back().unwrap_or_default();
        let below = all[end..].lines().nth(1).unwrap_or_default();
        if !before.ends_with([',', '[']) || begins_entry(above, column) || begins_entry(below, column) {
            return None;
        }
        let message = format!("a space before a text without quotes is dropped: it reads `{}`", &**text);
        let at = Place { start: text.at.start - 2, len: text.at.len + 2, ..text.at };
        let mut finding = Finding::warning("lost-space", at, message)
            .help("if the text begins with a space, put it in quotes; else write one space");
        finding.fix = Some(format!(" \" {written}\""));
        Some(finding)
    }
}

/// Whether an entry of a list begins at a column of a line.
fn begins_entry(line: &str, column: usize) -> bool {
    let at = line.char_indices().nth(column).map(|(at, _)| at);
    at.is_some_and(|at| {
        line[..at].ends_with(' ')
            && line[..at].trim_end().ends_with([',', '['])
            && !line[at..].starts_with(' ')
    })
}

/// A comment right after a text, without the space that people put after `#`: it was likely part of the text.
fn comment(text: &Text, from: &str) -> Option<Finding> {
    let written = from.get(..text.at.len as usize)?;
    let rest = &from[written.len()..];
    let rest = rest.split('\n').next().unwrap_or_default();
    let lost = rest.trim_start_matches([' ', '\t']);
    let close = lost.strip_prefix('#').is_some_and(|after| {
        lost.len() < rest.len() && !after.starts_with([' ', '\t', '#', '!']) && !after.trim().is_empty()
    });
    if !close {
        return None;
    }
    let end = written.len() + rest.len();
    let lost = inside(text.at, from, end - lost.len()..end);
    let finding = Finding::warning("comment-in-text", text.at, "the text ends where ` #` begins a comment")
        .label(format!("reads \"{}\"", &**text))
        .also(lost, "not read");
    Some(finding.help("put the text in quotes, or a space after the `#`"))
}
