//! Faulty specs and what is said of them. Each file of `tests/bad` names its findings in comments, and nothing else may be
//! found:
//!
//! ```yaml
//! # error[code]: part of the message
//! the: line that it speaks of
//! # warning[code] data/items.csv:3: part of the message
//! # unlisted[code]: 12
//! ```
//! A comment speaks of the next line that is no such comment, or of a line of a data file.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use yardstick::{
    spec::{self, Choices, Finding, Loaded, Severity},
    task::Task,
};

const FOLDER: &str = "tests/bad";

/// A finding that a comment names: severity, code, file, line, and a part of the message.
struct Expected {
    sort: String,
    at: String,
    part: String,
}

fn expected(file: &str, text: &str) -> Vec<Expected> {
    let lines: Vec<&str> = text.lines().collect();
    let marks: Vec<Option<Expected>> = lines.iter().map(|line| mark(line)).collect();
    let mut all = Vec::new();
    for (index, found) in marks.into_iter().enumerate() {
        let Some(mut found) = found else { continue };
        if found.at.is_empty() {
            let next = (index..lines.len()).find(|line| mark(lines[*line]).is_none()).unwrap();
            found.at = format!("{file}:{}", next + 1);
        }
        all.push(found);
    }
    all
}

/// `# severity[code] file:line: part`.
fn mark(line: &str) -> Option<Expected> {
    let rest = line.trim_start().strip_prefix("# ")?;
    let end = rest.find(']')?;
    let sort = &rest[..=end];
    if !["error[", "warning[", "advice["].iter().any(|word| sort.starts_with(word)) {
        return None;
    }
    let (at, part) = rest[end + 1..].split_once(": ")?;
    Some(Expected { sort: sort.to_owned(), at: at.trim().to_owned(), part: part.to_owned() })
}

fn sort(finding: &Finding) -> String {
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Advice => "advice",
    };
    format!("{severity}[{}]", finding.code)
}

fn place(loaded: &Loaded<Task>, finding: &Finding) -> String {
    let at = finding.labels[0].0;
    let name = &loaded.sources.get(at.source).name;
    let file = Path::new(name).strip_prefix(FOLDER).map_or(name.clone(), |file| file.display().to_string());
    format!("{file}:{}", at.line)
}

fn compare(path: &Path) -> Vec<String> {
    let file = path.strip_prefix(FOLDER).unwrap().display().to_string();
    let text = fs::read_to_string(path).unwrap();
    let loaded: Loaded<Task> = spec::load(&[path.to_path_buf()], &Choices::default());
    let mut wanted = expected(&file, &text);
    let mut faults = Vec::new();
    for finding in loaded.findings.iter() {
        let (sort, at) = (sort(finding), place(&loaded, finding));
        let all = format!("{} {}", finding.message, finding.help.as_deref().unwrap_or_default());
        let fits = |wanted: &Expected| wanted.sort == sort && wanted.at == at && all.contains(&wanted.part);
        match wanted.iter().position(fits) {
            Some(index) => drop(wanted.remove(index)),
            None => faults.push(format!("found:  {at} {sort}: {all}")),
        }
    }
    faults.extend(
        wanted.iter().map(|wanted| format!("missed: {} {}: {}", wanted.at, wanted.sort, wanted.part)),
    );
    let counts = |line: &str| {
        let (code, count) = line.trim_start().strip_prefix("# unlisted[")?.split_once("]: ")?;
        Some((code.to_owned(), count.parse::<usize>().unwrap()))
    };
    let wanted: BTreeSet<_> = text.lines().filter_map(counts).collect();
    let given: BTreeSet<_> =
        loaded.findings.unlisted().map(|more| (more.code.to_owned(), more.count)).collect();
    if wanted != given {
        faults.push(format!("{file}: unlisted {given:?}, expected {wanted:?}"));
    }
    faults
}

fn cases() -> Vec<PathBuf> {
    let entries = fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = entries.filter(|path| path.extension().is_some_and(|e| e == "yaml")).collect();
    paths.sort();
    paths
}

#[test]
fn faulty_specs_are_told_what_is_wrong_and_nothing_else() {
    let faults: Vec<String> = cases().iter().flat_map(|path| compare(path)).collect();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// A code that no case shows may never be found.
#[test]
fn every_code_has_a_case() {
    let shown: BTreeSet<String> = cases()
        .iter()
        .flat_map(|path| fs::read_to_string(path).unwrap().lines().filter_map(mark).collect::<Vec<_>>())
        .map(|mark| mark.sort.split(['[', ']']).nth(1).unwrap().to_owned())
        .collect();
    let mut missing = BTreeSet::new();
    for code in codes(Path::new("src/spec")).union(&codes(Path::new("src/task"))) {
        if !shown.contains(code) && !ELSEWHERE.contains(&code.as_str()) {
            missing.insert(code.clone());
        }
    }
    assert!(missing.is_empty(), "no case for {missing:?}");
}

/// Codes that need a tokenizer, a command line, or a file that is no text.
const ELSEWHERE: [&str; 8] = [
    "no-such-task",
    "same-tokens",
    "boundary-merge",
    "shared-first-token",
    "not-one-token",
    "unequal-lengths",
    "too-long",
    "encoding",
];

/// The codes that the source names: the first word after `Finding::error(` and its like.
fn codes(folder: &Path) -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            codes.extend(self::codes(&path));
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for call in ["Finding::error(", "Finding::warning(", "Finding::advice(", ".fault("] {
            codes.extend(text.split(call).skip(1).filter_map(|rest| {
                let word = rest.trim_start().strip_prefix('"')?.split('"').next()?;
                Some(word.to_owned())
            }));
        }
    }
    codes
}

/// The examples are what people copy.
#[test]
fn the_examples_have_neither_errors_nor_warnings() {
    let loaded: Loaded<Task> = spec::load(&["specs".into()], &Choices::default());
    let found: Vec<_> = loaded
        .findings
        .iter()
        .map(|found| format!("{} {}: {}", place(&loaded, found), sort(found), found.message))
        .collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}
