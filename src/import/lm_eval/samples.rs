//! `samples_TASK_DATE.jsonl`: one line an item and filter. Numbers within answers are written as texts.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::super::{Opened, csv_cells, python_json};
use crate::{
    plan::{Failure, FailureKind},
    spec::{Finding, Findings, Place},
    value::Digest,
};

/// What every line has beside its metrics.
const FIXED: [&str; 13] = [
    "doc_id",
    "doc",
    "target",
    "arguments",
    "resps",
    "filtered_resps",
    "filter",
    "metrics",
    "doc_hash",
    "prompt_hash",
    "target_hash",
    "task_name",
    "schema_version",
];

/// One line.
pub(super) struct Sample {
    /// The item's number in its data set.
    pub(super) item: String,
    /// What was done to the answer before it was judged.
    pub(super) filter: String,
    /// What was asked and what was right.
    pub(super) content: Digest,
    pub(super) prompt: Option<String>,
    pub(super) target: Option<String>,
    /// The endings that were scored.
    pub(super) choices: Vec<String>,
    pub(super) logprobs: Vec<f64>,
    pub(super) output: Option<String>,
    pub(super) values: BTreeMap<String, Value>,
}

/// What a metric made of an item.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Number(f64),
    /// Two numbers, from which a total is made: a log-probability and a length, a gold class and a predicted one.
    Pair(f64, f64),
    /// There is none, for a reason.
    None(Failure),
    /// Anything else.
    Other,
}

/// Reads every line; faults are told.
pub(super) fn read(opened: &Opened, findings: &mut Findings) -> Vec<Sample> {
    let mut samples = Vec::new();
    let mut seen = BTreeMap::<(String, String), u32>::new();
    let mut start = 0;
    for (number, line) in opened.bytes.split(|byte| *byte == b'\n').enumerate() {
        let at = Place {
            source: opened.source,
            line: u32::try_from(number + 1).unwrap_or(u32::MAX),
            start: start as u64,
            len: u32::try_from(line.trim_ascii_end().len()).unwrap_or(u32::MAX),
        };
        start += line.len() + 1;
        let body = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii();
        if body.is_empty() {
            continue;
        }
        match python_json::read(body).map_err(|error| error.to_string()).and_then(sample) {
            Ok(sample) => match seen.insert((sample.item.clone(), sample.filter.clone()), at.line) {
                None => samples.push(sample),
                Some(first) => {
                    let message = format!(
                        "doc_id {} with filter `{}` stands on lines {first} and {}",
                        sample.item, sample.filter, at.line
                    );
                    let help = "two runs were written into one file: keep the lines of one";
                    findings.add(Finding::error("duplicate", at, message).help(help));
                }
            },
            Err(fault) => findings.add(
                Finding::error("sample", at, format!("line {}: {fault}", at.line))
                    .help("was the file cut off? One line is one JSON object with doc_id, target, arguments and metrics"),
            ),
        }
    }
    samples
}

fn sample(json: Json) -> Result<Sample, String> {
    let Json::Object(line) = json else { return Err("it is no JSON object".into()) };
    let item = match line.get("doc_id") {
        Some(Json::Number(number)) => number.to_string(),
        Some(Json::String(text)) if !text.is_empty() => text.clone(),
        Some(other) => return Err(format!("doc_id is a number; {other} is given")),
        None => return Err("it has no doc_id".into()),
    };
    let filter = line.get("filter").and_then(Json::as_str).unwrap_or("none").to_owned();
    let arguments = arguments(line.get("arguments"));
    let prompt = arguments.first().and_then(|(prompt, _)| prompt.clone());
    let choices: Vec<String> = arguments.iter().filter_map(|(_, ending)| ending.clone()).collect();
    let target = line.get("target").filter(|target| !target.is_null()).map(words);
    let answers = line.get("filtered_resps").and_then(Json::as_array).cloned().unwrap_or_default();
    let logprobs: Option<Vec<f64>> = answers.iter().map(logprob).collect();
    let output = answers.first().and_then(Json::as_str).map(str::to_owned);
    let hashes = ["doc_hash", "prompt_hash", "target_hash"].map(|name| line.get(name).and_then(Json::as_str));
    let content = match hashes {
        [Some(_), Some(_), Some(_)] => Digest::of_json(&hashes),
        // Files of old versions have no hashes; they have what would be hashed.
        _ => Digest::of_json(&(line.get("doc"), &prompt, &target)),
    };
    let values = values(&line);
    let scored = logprobs.filter(|logprobs| !logprobs.is_empty());
    let (choices, logprobs) = match scored {
        Some(logprobs) if choices.len() == logprobs.len() => (choices, logprobs),
        Some(logprobs) => (Vec::new(), logprobs),
        None => (Vec::new(), Vec::new()),
    };
    let output = output.filter(|_| logprobs.is_empty());
    Ok(Sample { item, filter, content, prompt, target, choices, logprobs, output, values })
}

/// Prompt and ending of each request: `{"gen_args_0": {"arg_0": …, "arg_1": …}}`, in old versions `[[…, …]]`.
fn arguments(json: Option<&Json>) -> Vec<(Option<String>, Option<String>)> {
    let text = |json: Option<&Json>| json.and_then(Json::as_str).map(str::to_owned);
    match json {
        Some(Json::Object(map)) => (0..map.len())
            .map_while(|number| map.get(&format!("gen_args_{number}")))
            .map(|request| (text(request.get("arg_0")), text(request.get("arg_1"))))
            .collect(),
        Some(Json::Array(list)) => {
            list.iter().map(|request| (text(request.get(0)), text(request.get(1)))).collect()
        }
        _ => Vec::new(),
    }
}

/// The log-probability of an answer `["-12.5", "False"]`.
fn logprob(answer: &Json) -> Option<f64> {
    number(answer.as_array()?.first()?)?.ok()
}

/// A number, also one that is written as a text.
fn number(json: &Json) -> Option<Result<f64, Failure>> {
    match json {
        Json::Number(number) => number.as_f64().map(Ok),
        Json::Bool(yes) => Some(Ok(f64::from(u8::from(*yes)))),
        Json::String(text) => csv_cells::score(text).ok(),
        Json::Null => Some(Err(Failure::new(FailureKind::NoScore, "the file has no number for this item"))),
        _ => None,
    }
}

fn values(line: &Map<String, Json>) -> BTreeMap<String, Value> {
    let named: Option<Vec<String>> = line
        .get("metrics")
        .and_then(Json::as_array)
        .map(|names| names.iter().filter_map(Json::as_str).map(str::to_owned).collect());
    // Old versions do not list their metrics.
    let names = named
        .unwrap_or_else(|| line.keys().filter(|name| !FIXED.contains(&name.as_str())).cloned().collect());
    names.into_iter().filter_map(|name| line.get(&name).map(value).map(|value| (name, value))).collect()
}

fn value(json: &Json) -> Value {
    if let Json::Array(list) = json {
        let [Some(Ok(first)), Some(Ok(second))] = [list.first(), list.get(1)].map(|entry| number(entry?))
        else {
            return Value::Other;
        };
        return if list.len() == 2 { Value::Pair(first, second) } else { Value::Other };
    }
    match number(json) {
        Some(Ok(number)) => Value::Number(number),
        Some(Err(failure)) => Value::None(failure),
        None => Value::Other,
    }
}

/// A target as it was shown: texts as they are.
fn words(json: &Json) -> String {
    json.as_str().map_or_else(|| json.to_string(), str::to_owned)
}
