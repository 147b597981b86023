//! What is wrong with a spec, where, and what to do about it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::place::{Place, SourceId};

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The spec cannot be run.
    Error,
    /// It runs, and its numbers are likely not what was meant.
    Warning,
    /// It could be better.
    Advice,
}

/// One thing to tell the author.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// How much it weighs.
    pub severity: Severity,
    /// Its name, such as `same-answer`.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// Where, and what is there; the first one is what the message speaks of.
    pub labels: Vec<(Place, String)>,
    /// What to do.
    pub help: Option<String>,
    /// A better text for the first label's place.
    pub fix: Option<String>,
}

impl Finding {
    /// The spec cannot be run.
    pub fn error(code: &'static str, at: Place, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, at, message)
    }

    /// The numbers are likely not what was meant.
    pub fn warning(code: &'static str, at: Place, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, at, message)
    }

    /// It could be better.
    pub fn advice(code: &'static str, at: Place, message: impl Into<String>) -> Self {
        Self::new(Severity::Advice, code, at, message)
    }

    fn new(severity: Severity, code: &'static str, at: Place, message: impl Into<String>) -> Self {
        let labels = vec![(at, String::new())];
        Self { severity, code, message: message.into(), labels, help: None, fix: None }
    }

    /// Where it is.
    pub fn at(&self) -> Place {
        self.labels[0].0
    }

    /// What stands at the place itself.
    #[must_use]
    pub fn label(mut self, words: impl Into<String>) -> Self {
        self.labels[0].1 = words.into();
        self
    }

    /// A second place.
    #[must_use]
    pub fn also(mut self, at: Place, words: impl Into<String>) -> Self {
        self.labels.push((at, words.into()));
        self
    }

    /// What to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says which word was likely meant, or which there are.
    #[must_use]
    pub fn choices(mut self, given: &str, what: &str, choices: &[&str]) -> Self {
        let all = listed(choices);
        self.help = match nearest(given, choices) {
            Some(word) => {
                self.fix = Some(word.to_owned());
                Some(format!("did you mean `{word}`? {what}: {all}"))
            }
            None if choices.is_empty() => None,
            None => Some(format!("{what}: {all}")),
        };
        self
    }
}

/// The words, cut where there are very many.
fn listed(words: &[&str]) -> String {
    const MOST: usize = 24;
    let mut list = words.iter().take(MOST).copied().collect::<Vec<_>>().join(", ");
    if words.len() > MOST {
        list += &format!(", … ({} in all)", words.len());
    }
    list
}

/// The choice that a word was likely meant to be.
pub fn nearest<'a>(word: &str, choices: &[&'a str]) -> Option<&'a str> {
    choices
        .iter()
        .map(|choice| (strsim::damerau_levenshtein(word, choice), *choice))
        .filter(|(distance, choice)| *distance <= 1 + choice.len() / 4 && *distance < choice.chars().count())
        .min()
        .map(|(_, choice)| choice)
}

/// All findings so far.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    list: Vec<Finding>,
    seen: BTreeSet<(Place, &'static str, String)>,
    /// By scope, code and severity.
    tallies: BTreeMap<(String, &'static str, Severity), Tally>,
    scope: String,
}

/// How many alike there were, and where the last of them is.
#[derive(Clone, Debug, Default)]
struct Tally {
    listed: usize,
    unlisted: usize,
    last: SourceId,
}

/// Findings like others that are listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unlisted<'a> {
    /// The task or file that they are of.
    pub scope: &'a str,
    /// Their name.
    pub code: &'static str,
    /// How much they weigh.
    pub severity: Severity,
    /// Where they are.
    pub source: SourceId,
    /// How many there are.
    pub count: usize,
}

impl Findings {
    /// So many findings of one code are shown for one task; a data file of 100,000 rows may have as many.
    const SHOWN: usize = 8;

    /// Takes a finding in. One that is already there is not told twice; of very many alike, the first are kept and the rest counted.
    pub fn add(&mut self, finding: Finding) {
        let at = finding.at();
        let key = (self.scope.clone(), finding.code, finding.severity);
        let tally = self.tallies.entry(key).or_default();
        if tally.listed >= Self::SHOWN {
            tally.unlisted += 1;
            tally.last = at.source;
        } else if self.seen.insert((at, finding.code, finding.message.clone())) {
            tally.listed += 1;
            self.list.push(finding);
        }
    }

    /// Takes a finding in, if there is one.
    pub fn add_some(&mut self, finding: Option<Finding>) {
        if let Some(finding) = finding {
            self.add(finding);
        }
    }

    /// Takes all others in: those of another look at the same specs.
    pub fn append(&mut self, others: Self) {
        self.list.extend(others.list);
        self.seen.extend(others.seen);
        for (key, tally) in others.tallies {
            let mine = self.tallies.entry(key).or_default();
            mine.listed += tally.listed;
            mine.unlisted += tally.unlisted;
            mine.last = tally.last;
        }
    }

    /// Findings from here on belong to a task, or to a file.
    pub fn scope(&mut self, scope: impl Into<String>) {
        self.scope = scope.into();
    }

    /// All of them, in the order found.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.list.iter()
    }

    /// Those that are counted only.
    pub fn unlisted(&self) -> impl Iterator<Item = Unlisted<'_>> {
        let many = self.tallies.iter().filter(|(_, tally)| tally.unlisted > 0);
        many.map(|((scope, code, severity), tally)| Unlisted {
            scope,
            code,
            severity: *severity,
            source: tally.last,
            count: tally.unlisted,
        })
    }

    /// Those that a run should not go past unseen: no advice.
    #[must_use]
    pub fn without_advice(&self) -> Self {
        let mut findings = self.clone();
        findings.list.retain(|finding| finding.severity != Severity::Advice);
        findings.tallies.retain(|(_, _, severity), _| *severity != Severity::Advice);
        findings
    }

    /// Whether the spec cannot be run.
    pub fn failed(&self) -> bool {
        self.list.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// How many there are so far: a mark for `allow`.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Drops those of the present scope, found since a mark, that are allowed. Errors are never allowed.
    pub fn allow(&mut self, mark: usize, codes: &[&str]) {
        let drop = |code, severity| severity != Severity::Error && codes.contains(&code);
        let mut index = 0;
        self.list.retain(|finding| {
            index += 1;
            index <= mark || !drop(finding.code, finding.severity)
        });
        let scope = &self.scope;
        self.tallies.retain(|(of, code, severity), _| of != scope || !drop(*code, *severity));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_alike_the_first_are_listed_and_the_rest_counted() {
        let at = |line| Place { line, ..Place::start_of(SourceId::default()) };
        let mut findings = Findings::default();
        findings.scope("a/b");
        findings.add(Finding::error("type", at(1), "no text"));
        let mark = findings.len();
        (0..100).for_each(|line| findings.add(Finding::warning("odd-character", at(line), "odd")));
        assert_eq!(findings.len(), 9);
        assert_eq!(
            findings.unlisted().map(|more| (more.code, more.count)).collect::<Vec<_>>(),
            [("odd-character", 92)]
        );
        findings.allow(mark, &["odd-character"]);
        assert_eq!((findings.len(), findings.unlisted().count(), findings.failed()), (1, 0, true));
    }

    #[test]
    fn the_nearest_word_is_near() {
        assert_eq!(nearest("itmes", &["items", "data", "join"]), Some("items"));
        assert_eq!(nearest("clozee", &["cloze", "choice"]), Some("cloze"));
        assert_eq!(nearest("x", &["a", "b"]), None);
        assert_eq!(nearest("wholly-other", &["items"]), None);
    }
}
