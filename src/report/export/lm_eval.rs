//! The files of lm-evaluation-harness: `results_DATE.json` with the totals and `samples_TASK_DATE.jsonl` with the items.
//! Numbers within answers are texts there; what we do not know is left out or null.

use std::{
    collections::BTreeMap,
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Map, Value as Json, json};

use super::{Exported, File};
use crate::{
    metric::{ClassScore, Formula, Metric},
    record::{Better, Cell, Column, Measure, Provenance, Record, Row, TaskRecord},
    value::Digest,
};

/// All files of a run.
pub fn files(record: &Record) -> Exported {
    let date = date(record);
    let mut exported = Exported::default();
    let mut totals = Totals::default();
    let mut samples = Vec::new();
    for task in &record.tasks {
        let (kept, left_out) = kept(task);
        exported.left_out.extend(left_out.into_iter().map(|what| format!("{}: {what}", task.name)));
        if kept.is_empty() {
            exported.left_out.push(format!("{}: none of its numbers", task.name));
            continue;
        }
        let mut lines =
            Lines { task, kept: &kept, numbers: BTreeMap::new(), bytes: Vec::new(), hashes: String::new() };
        task.table.rows.iter().for_each(|row| lines.row(row));
        let Lines { bytes, hashes, .. } = lines;
        let unanswered = task.table.rows.iter().filter(|row| row.cells.is_err()).count();
        if unanswered > 0 {
            exported.left_out.push(format!("{}: {unanswered} rows without an answer", task.name));
        }
        totals.task(task, &kept, &hashes);
        let plain = task.name.replace(|c: char| !c.is_alphanumeric(), "_");
        samples.push(File { name: format!("samples_{plain}_{date}.jsonl"), bytes });
    }
    let mut bytes = serde_json::to_vec_pretty(&totals.json(record)).expect("totals have a JSON form");
    bytes.push(b'\n');
    exported.files.push(File { name: format!("results_{date}.json"), bytes });
    exported.files.extend(samples);
    exported
}

/// `20261124T011203Z-…` as `2026-11-24T01-12-03`: names of files have no colons.
fn date(record: &Record) -> String {
    let stamp = record.run.run_id.split('-').next().unwrap_or_default();
    let digits: Vec<&str> =
        [0..4, 4..6, 6..8, 9..11, 11..13, 13..15].into_iter().filter_map(|part| stamp.get(part)).collect();
    match digits.as_slice() {
        [year, month, day, hour, minute, second] => format!("{year}-{month}-{day}T{hour}-{minute}-{second}"),
        _ => "undated".into(),
    }
}

/// A metric that the format has a place for.
struct Kept<'a> {
    name: String,
    filter: String,
    metric: &'a Metric,
    measure: &'a Measure,
    source: Source<'a>,
}

/// What a line has of it.
#[derive(Clone, Copy)]
enum Source<'a> {
    Number(Column),
    /// A log-probability; the column has its negative.
    Logarithm(Column),
    /// A log-probability and what it is shared among.
    Pair(Column, Column),
    /// A gold class and a predicted one, by their numbers.
    Classes(&'a str, &'a str),
}

fn kept(task: &TaskRecord) -> (Vec<Kept<'_>>, Vec<String>) {
    let pairs = || task.metrics.iter().zip(&task.measures);
    let whole = pairs().any(|(metric, _)| metric.part().is_none() && source(task, metric).is_some());
    let mut kept: Vec<Kept<'_>> = Vec::new();
    let mut left_out = Vec::new();
    for (metric, measure) in pairs() {
        let plain = metric.within.is_none() && metric.part.is_none() && (metric.group.is_none() == whole);
        let Some((name, source)) = source(task, metric).filter(|_| plain) else {
            let of = metric.part().map(|part| format!(" of {part}")).unwrap_or_default();
            left_out.push(format!("`{}`{of}", metric.name));
            continue;
        };
        let filter = metric.group.clone().unwrap_or_else(|| "none".into());
        if kept.iter().any(|known| (&known.name, &known.filter) == (&name, &filter)) {
            left_out.push(format!("`{}`, whose name another one has", metric.name));
            continue;
        }
        kept.push(Kept { name, filter, metric, measure, source });
    }
    (kept, left_out)
}

/// What lm-evaluation-harness calls a metric, and where its items are.
fn source<'a>(task: &TaskRecord, metric: &'a Metric) -> Option<(String, Source<'a>)> {
    let of_denominator = |column: &str| match column {
        "words" => Some("word_perplexity"),
        "bytes" => Some("byte_perplexity"),
        "tokens" => Some("token_perplexity"),
        _ => None,
    };
    let (name, source) = match &metric.formula {
        Formula::Proportion(column) | Formula::Mean(column) => {
            (if metric.name == "accuracy" { "acc" } else { &metric.name }, Source::Number(column))
        }
        Formula::GeometricMean(column) if metric.name == "perplexity" => {
            ("perplexity", Source::Logarithm(column))
        }
        Formula::ExpRatio { numerator, denominator } => {
            (of_denominator(denominator)?, Source::Pair(numerator, denominator))
        }
        Formula::BitsPer { nats, bytes } if *bytes == "bytes" => ("bits_per_byte", Source::Pair(nats, bytes)),
        Formula::Classes { gold, predicted, score } => {
            let name = match score {
                ClassScore::F1(class) if class == "1" => "f1",
                ClassScore::Mcc => "mcc",
                _ => return None,
            };
            // Classes are numbers there.
            let place = task.table.column(gold)?;
            let numbered = |row: &Row| match row.cells.as_ref().ok().and_then(|cells| cells.get(place)) {
                Some(Cell::Text(class)) => class.parse::<u32>().is_ok(),
                _ => true,
            };
            if !task.table.rows.iter().all(numbered) {
                return None;
            }
            (name, Source::Classes(gold, predicted))
        }
        _ => return None,
    };
    Some((name.to_owned(), source))
}

/// The lines of one task.
struct Lines<'a> {
    task: &'a TaskRecord,
    kept: &'a [Kept<'a>],
    /// The number of each item and repeat, where ids are no numbers.
    numbers: BTreeMap<(String, u32), usize>,
    bytes: Vec<u8>,
    hashes: String,
}

impl Lines<'_> {
    fn row(&mut self, row: &Row) {
        let Ok(cells) = &row.cells else { return };
        let cell =
            |name: &str| cells.get(self.task.table.column(name)?).filter(|cell| **cell != Cell::Missing);
        let text = |name: &str| cell(name).and_then(Cell::text).unwrap_or_default().to_owned();
        let filter = if self.kept.iter().any(|kept| kept.filter != "none") {
            row.key.group.clone().unwrap_or_else(|| "none".into())
        } else {
            "none".into()
        };
        let next = self.numbers.len();
        let number = *self.numbers.entry((row.key.item.clone(), row.key.repeat)).or_insert(next);
        // The numbers of items that came from there are theirs.
        let id = match row.key.item.parse::<u64>() {
            Ok(id) if row.key.repeat == 0 && id.to_string() == row.key.item => json!(id),
            _ => json!(number),
        };
        let doc = json!({
            "item": row.key.item,
            "repeat": row.key.repeat,
            "group": row.key.group,
            "cluster": row.key.cluster,
            "content_sha256": row.key.content.to_string(),
        });
        let (prompt, target) = (text("prompt"), text("gold"));
        let (arguments, responses) = asked(&prompt, cell("choices"), cell("logprobs"), cell("output"));
        let hashed = |text: &str| Digest::of(text).to_string();
        let pretty = serde_json::to_string_pretty(&doc).expect("an object has a JSON form");
        let hashes = [hashed(&pretty), hashed(&prompt), hashed(&target)];
        self.hashes.extend(hashes.iter().map(String::as_str));
        let mut line = Map::new();
        let mut put = |name: &str, value: Json| drop(line.insert(name.to_owned(), value));
        put("doc_id", id);
        put("doc", doc);
        put("target", target.into());
        put("arguments", arguments);
        put("resps", responses.iter().map(|response| json!([response])).collect());
        put("filtered_resps", responses.into());
        put("filter", filter.clone().into());
        let mut names = Vec::new();
        let mut values = Vec::new();
        for kept in self.kept.iter().filter(|kept| kept.filter == filter) {
            if let Some(value) = kept.source.value(&|name| cell(name)) {
                names.push(Json::from(kept.name.as_str()));
                values.push((kept.name.clone(), value));
            }
        }
        put("metrics", names.into());
        for (name, hash) in ["doc_hash", "prompt_hash", "target_hash"].into_iter().zip(hashes) {
            put(name, hash.into());
        }
        values.into_iter().for_each(|(name, value)| put(&name, value));
        serde_json::to_writer(&mut self.bytes, &line).expect("a line has a JSON form");
        self.bytes.push(b'\n');
    }
}

impl Source<'_> {
    fn value<'c>(&self, cell: &dyn Fn(&str) -> Option<&'c Cell>) -> Option<Json> {
        let number = |name: &str| cell(name)?.number();
        let class = |name: &str| cell(name)?.text()?.parse::<u32>().ok();
        match self {
            Self::Number(column) => number(column).map(Json::from),
            Self::Logarithm(column) => number(column).map(|nats| json!(-nats)),
            Self::Pair(nats, count) => Some(json!([-number(nats)?, number(count)?])),
            Self::Classes(gold, predicted) => Some(json!([class(gold)?, class(predicted)?])),
        }
    }
}

/// The requests of a line and what came back: endings with their log-probabilities, or a text.
fn asked(
    prompt: &str,
    choices: Option<&Cell>,
    logprobs: Option<&Cell>,
    output: Option<&Cell>,
) -> (Json, Vec<Json>) {
    let request = |ending: Json| json!({ "arg_0": prompt, "arg_1": ending });
    let mut arguments = Map::new();
    if let (Some(Cell::List(choices)), Some(Cell::List(logprobs))) = (choices, logprobs) {
        for (number, ending) in choices.iter().enumerate() {
            arguments.insert(format!("gen_args_{number}"), request(ending.text().into()));
        }
        // Whether an ending is the most probable one was not kept.
        let scored =
            logprobs.iter().filter_map(Cell::number).map(|logprob| json!([logprob.to_string(), "None"]));
        return (arguments.into(), scored.collect());
    }
    arguments.insert("gen_args_0".into(), request(json!({})));
    let output = output.and_then(Cell::text).unwrap_or_default();
    (arguments.into(), vec![output.into()])
}

/// The totals, by task.
#[derive(Default)]
struct Totals {
    results: Map<String, Json>,
    configs: Map<String, Json>,
    higher: Map<String, Json>,
    samples: Map<String, Json>,
    hashes: Map<String, Json>,
}

impl Totals {
    fn task(&mut self, task: &TaskRecord, kept: &[Kept<'_>], hashes: &str) {
        let mut results = Map::new();
        let answered = task.table.rows.iter().filter(|row| row.cells.is_ok()).count();
        results.insert("name".into(), task.name.as_str().into());
        results.insert("alias".into(), task.name.as_str().into());
        results.insert("sample_len".into(), answered.into());
        let mut higher = Map::new();
        for Kept { name, filter, metric, measure, .. } in kept {
            let known = |number: Option<f64>| number.map_or_else(|| json!("N/A"), Json::from);
            results.insert(format!("{name},{filter}"), known(measure.estimate.value.ok()));
            results.insert(format!("{name}_stderr,{filter}"), known(measure.estimate.std_error));
            higher.insert(name.clone(), json!(metric.better.map(|better| better == Better::Higher)));
        }
        let name = &task.name;
        // Files without a results file did not say it.
        let kind = Some(task.kind).filter(|kind| *kind != "lm_eval");
        self.results.insert(name.clone(), results.into());
        self.configs.insert(name.clone(), json!({ "task": name, "output_type": kind }));
        self.higher.insert(name.clone(), higher.into());
        let samples = json!({ "original": task.items.available, "effective": task.items.taken });
        self.samples.insert(name.clone(), samples);
        self.hashes.insert(name.clone(), Digest::of(hashes).to_string().into());
    }

    fn json(self, record: &Record) -> Json {
        let run = &record.run;
        let model = &run.model;
        let (asked, version) = match &run.origin {
            Provenance::Asked => (run.time.as_ref().map(|time| time.started.clone()), None),
            Provenance::Imported(imported) => (imported.asked.clone(), imported.version.clone()),
        };
        let seconds =
            |time: SystemTime| time.duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs_f64());
        let date = asked.and_then(|asked| humantime::parse_rfc3339(&asked).ok()).and_then(seconds);
        let taken = run.time.as_ref().map(|time| (time.load_s + time.answer_s).to_string());
        json!({
            "results": self.results,
            "group_subtasks": {},
            "configs": self.configs,
            "versions": {},
            "n-shot": {},
            "higher_is_better": self.higher,
            "n-samples": self.samples,
            "config": {
                "model": model.engine,
                "model_args": format!("pretrained={}", model.source),
                "model_num_parameters": model.parameters,
                "model_dtype": model.dtype,
                "model_revision": model.revision,
                "model_sha": model.revision,
                "batch_size": null,
                "batch_sizes": [],
                "device": run.engine.as_ref().map(|engine| engine.device.as_str()),
                "limit": null,
                "random_seed": run.seed.0,
            },
            "git_hash": null,
            "date": date,
            "lm_eval_version": version,
            "max_length": model.context,
            "task_hashes": self.hashes,
            "model_source": model.engine,
            "model_name": model.name,
            "model_name_sanitized": sanitized(&model.name),
            "system_instruction": null,
            "chat_template": null,
            "total_evaluation_time_seconds": taken,
            "exported_by": { "name": run.program.name, "version": run.program.version, "run_id": run.run_id },
        })
    }
}

/// A model's name as a folder's, as lm-evaluation-harness makes it where that is a folder of its own.
pub fn sanitized(name: &str) -> String {
    let mut out = String::new();
    let mut replaced = false;
    for c in name.chars() {
        let refused = matches!(c, '"' | '<' | '>' | ':' | '/' | '|' | '\\' | '?' | '*' | '[' | ']');
        if !refused {
            out.push(c);
        } else if !replaced {
            out.push_str("__");
        }
        replaced = refused;
    }
    // These are folders already, and other ones.
    if matches!(out.as_str(), "" | "." | "..") { "__".to_owned() } else { out }
}
