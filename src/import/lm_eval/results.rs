//! `results_DATE.json`: which model was asked, and the totals that the items must come to.

use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Map, Value as Json};

use super::super::{Opened, csv_cells, python_json};
use crate::{
    record::{Better, Measure, TaskRecord},
    spec::{Finding, Findings, Place, SourceId},
};

/// Totals are printed with all their digits; sums differ in the last ones by their order.
const TOLERANCE: f64 = 1e-6;

/// What the file says.
#[derive(Default)]
pub(super) struct Results {
    pub(super) model: Option<String>,
    /// Another program that wrote the files.
    pub(super) tool: Option<String>,
    pub(super) version: Option<String>,
    pub(super) revision: Option<String>,
    pub(super) dtype: Option<String>,
    pub(super) parameters: Option<u64>,
    pub(super) context: Option<usize>,
    pub(super) asked: Option<String>,
    file: Map<String, Json>,
    source: Option<SourceId>,
}

impl Results {
    pub(super) fn read(opened: &Opened, findings: &mut Findings) -> Option<Self> {
        let at = Place::start_of(opened.source);
        let file = match python_json::read(&opened.bytes) {
            Ok(Json::Object(file)) => file,
            Ok(_) => {
                findings.add(Finding::error("results", at, "the file is no JSON object"));
                return None;
            }
            Err(error) => {
                let at = Place { line: u32::try_from(error.line()).unwrap_or(1).max(1), ..at };
                findings.add(Finding::error("results", at, format!("the file is not JSON: {error}")));
                return None;
            }
        };
        let config = file.get("config").and_then(Json::as_object);
        let text = |json: Option<&Json>| {
            let text = json?.as_str()?.trim();
            (!text.is_empty() && text != "N/A").then(|| text.to_owned())
        };
        let of_config = |name: &str| config.and_then(|config| config.get(name));
        let date = file.get("date").and_then(Json::as_f64).filter(|date| *date > 0.0 && *date < 1e11);
        Some(Self {
            model: text(file.get("model_name")).or_else(|| of_arguments(of_config("model_args")?)),
            tool: text(file.get("exported_by").and_then(|by| by.get("name"))),
            version: text(file.get("lm_eval_version")),
            revision: text(of_config("model_sha")).or_else(|| text(of_config("model_revision"))),
            // `torch.bfloat16`
            dtype: text(of_config("model_dtype"))
                .map(|dtype| dtype.strip_prefix("torch.").unwrap_or(&dtype).to_owned()),
            parameters: of_config("model_num_parameters").and_then(Json::as_u64).filter(|count| *count > 0),
            context: file
                .get("max_length")
                .and_then(Json::as_u64)
                .and_then(|tokens| usize::try_from(tokens).ok()),
            asked: date.map(|date| {
                humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(date as u64)).to_string()
            }),
            source: Some(opened.source),
            file,
        })
    }

    fn of(&self, part: &str, task: &str) -> Option<&Json> {
        self.file.get(part)?.get(task)
    }

    /// The task that a file is named after: names of files have fewer characters than names of tasks.
    pub(super) fn task(&self, in_name: &str) -> String {
        let plain = |name: &str| name.replace(|c: char| !c.is_alphanumeric(), "_");
        let known = self.file.get("results").and_then(Json::as_object);
        let mut names = known.into_iter().flat_map(Map::keys);
        let exact = names.clone().find(|name| *name == in_name);
        exact
            .or_else(|| names.find(|name| plain(name) == plain(in_name)))
            .map_or_else(|| in_name.to_owned(), Clone::clone)
    }

    /// What sort of task it is, such as `multiple_choice`.
    pub(super) fn kind(&self, task: &str) -> Option<&str> {
        self.of("configs", task)?.get("output_type")?.as_str()
    }

    /// Which direction of a metric is good: as the file says, else as its name is commonly meant.
    pub(super) fn better(&self, task: &str, metric: &str) -> Option<Better> {
        let said =
            self.of("higher_is_better", task).and_then(|task| task.get(metric)).and_then(Json::as_bool);
        let lower = ["perplexity", "bits_per_byte", "brier", "loss", "wer", "ter"];
        let higher = ["acc", "exact_match", "em", "f1", "mcc", "bleu", "rouge", "chrf", "pass", "likelihood"];
        let begins = |words: &[&str]| words.iter().any(|word| metric.contains(word));
        match said {
            Some(true) => Some(Better::Higher),
            Some(false) => Some(Better::Lower),
            None if begins(&lower) => Some(Better::Lower),
            None if begins(&higher) => Some(Better::Higher),
            None => None,
        }
    }

    /// How many items there were before a limit.
    pub(super) fn available(&self, task: &str) -> Option<usize> {
        usize::try_from(self.of("n-samples", task)?.get("original")?.as_u64()?).ok()
    }

    /// What a reader must know of a task.
    pub(super) fn notes(&self, task: &str) -> Vec<String> {
        let mut parts = Vec::new();
        if let Some(version) = self.of("versions", task).filter(|version| !version.is_null()) {
            parts.push(format!("version {} of the task", plain(version)));
        }
        if let Some(shots) = self.of("n-shot", task).and_then(Json::as_u64) {
            parts.push(format!("{shots} solved examples in each prompt"));
        }
        if parts.is_empty() { Vec::new() } else { vec![parts.join(", ")] }
    }

    /// The numbers of the items against the totals.
    pub(super) fn hold_against(&self, task: &TaskRecord, findings: &mut Findings) {
        let Some(source) = self.source else { return };
        for measure in &task.measures {
            let Measure { metric, group, estimate, .. } = measure;
            let key = format!("{metric},{}", group.as_deref().unwrap_or("none"));
            let (Some(said), Ok(found)) = (self.total(&task.name, &key), estimate.value) else { continue };
            if (said - found).abs() > TOLERANCE * said.abs().max(1.0) {
                let message =
                    format!("{}: `{key}` is {said} in the results and {found} over the items", task.name);
                let help =
                    "the number over the items is the one that is kept; were the files of two runs mixed?";
                findings.add(Finding::warning("total", Place::start_of(source), message).help(help));
            }
        }
    }

    fn total(&self, task: &str, key: &str) -> Option<f64> {
        match self.of("results", task)?.get(key)? {
            Json::Number(number) => number.as_f64(),
            Json::String(text) => csv_cells::score(text).ok()?.ok(),
            _ => None,
        }
    }

    /// Groups, and tasks without items.
    pub(super) fn left_out(&self, tasks: &[TaskRecord]) -> Vec<String> {
        let known = |name: &str| tasks.iter().any(|task| task.name == name);
        let groups = self.file.get("group_subtasks").and_then(Json::as_object);
        let subtasks = |name: &str| groups?.get(name)?.as_array().map(Vec::len).filter(|count| *count > 0);
        let totals = self.file.get("results").and_then(Json::as_object);
        let names = totals.into_iter().flat_map(Map::keys).filter(|name| !known(name));
        names
            .map(|name| match subtasks(name) {
                Some(count) => {
                    format!("{name}: the mean of a group of {count}; its tasks are here one by one")
                }
                None => format!("{name}: there are only totals of it, no samples_{name}_DATE.jsonl"),
            })
            .collect()
    }
}

/// The model among the arguments of the program: `pretrained=gpt2,dtype=float32`, or the same as an object.
fn of_arguments(arguments: &Json) -> Option<String> {
    let names = ["pretrained", "model", "path", "engine"];
    match arguments {
        Json::String(text) => names.iter().find_map(|name| {
            let mut pairs = text.split(',').filter_map(|pair| pair.split_once('='));
            pairs.find(|(key, _)| key.trim() == *name).map(|(_, value)| value.trim().to_owned())
        }),
        Json::Object(map) => names.iter().find_map(|name| map.get(*name)?.as_str().map(str::to_owned)),
        _ => None,
    }
}

fn plain(json: &Json) -> String {
    json.as_str().map_or_else(|| json.to_string(), str::to_owned)
}
