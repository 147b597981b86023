//! Every Eval Ever's aggregate record (schema 0.2.1): who was asked, by what, and every number with its interval.

use serde_json::{Map, Value as Json, json};

use super::{Exported, File};
use crate::{
    record::{Better, Measure, Provenance, Record, TaskRecord, Unit},
    report::name,
};

/// The version whose fields these are.
const SCHEMA: &str = "0.2.1";

/// One file a run.
pub fn files(record: &Record) -> Exported {
    let run = &record.run;
    let mut left_out = Vec::new();
    let mut results = Vec::new();
    for task in &record.tasks {
        for measure in &task.measures {
            match result(record, task, measure) {
                Ok(result) => results.push(result),
                Err(why) => left_out.push(format!("{}: `{}`, {why}", task.name, measure.metric)),
            }
        }
    }
    let when = when(&run.run_id);
    let (library, version, asked) = match &run.origin {
        Provenance::Asked => (
            run.program.name.clone(),
            Some(run.program.version.clone()),
            run.time.as_ref().map(|time| time.started.clone()),
        ),
        Provenance::Imported(imported) => {
            (imported.source(), imported.version.clone(), imported.asked.clone())
        }
    };
    let mut json = json!({
        "schema_version": SCHEMA,
        "evaluation_id": format!("{}/{}/{when}", run.suite.name, run.model.source),
        "retrieved_timestamp": when,
        "source_metadata": {
            "source_name": run.suite.name,
            "source_type": "evaluation_run",
            "source_organization_name": "not stated",
            "evaluator_relationship": "other",
        },
        "eval_library": {
            "name": library,
            "version": version.unwrap_or_else(|| "unknown".into()),
            "additional_details": { "run_id": run.run_id },
        },
        "model_info": model(record),
        "evaluation_results": results,
    });
    if let Some(asked) = asked {
        json["evaluation_timestamp"] = asked.into();
    }
    let mut bytes = serde_json::to_vec_pretty(&json).expect("a record has a JSON form");
    bytes.push(b'\n');
    Exported { files: vec![File { name: format!("{}.json", run.run_id), bytes }], left_out }
}

/// The seconds since 1970 at which a run folder was made, from its name; `0` where that says no time.
fn when(run_id: &str) -> String {
    let stamp = run_id.split('-').next().unwrap_or_default();
    let part = |from: usize, to: usize| stamp.get(from..to).unwrap_or_default();
    let text = format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0, 4),
        part(4, 6),
        part(6, 8),
        part(9, 11),
        part(11, 13),
        part(13, 15)
    );
    let time = humantime::parse_rfc3339(&text).ok();
    let since = time.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    since.map_or(0, |since| since.as_secs()).to_string()
}

fn model(record: &Record) -> Json {
    let model = &record.run.model;
    let mut details = Map::new();
    let known = [
        ("revision", model.revision.clone()),
        ("dtype", model.dtype.clone()),
        ("family", model.family.clone()),
        ("parameters", model.parameters.map(|count| count.to_string())),
        ("files_sha256", record.run.model_digest.map(|digest| digest.to_string())),
    ];
    for (name, value) in known {
        if let Some(value) = value {
            details.insert(name.into(), value.into());
        }
    }
    let mut json = json!({ "name": model.name, "id": model.source, "additional_details": details });
    if record.run.origin == Provenance::Asked {
        json["inference_engine"] =
            json!({ "name": record.run.program.name, "version": record.run.program.version });
    }
    json
}

/// One number; or why it has no place.
fn result(record: &Record, task: &TaskRecord, measure: &Measure) -> Result<Json, String> {
    let estimate = &measure.estimate;
    let value = estimate.value.map_err(|reason| format!("which is not defined: {reason}"))?;
    let better = measure.better.ok_or("of which neither more nor less is better")?;
    let mut config = json!({
        "evaluation_description": measure.metric,
        "lower_is_better": better == Better::Lower,
        "additional_details": { "unit": name(&measure.unit), "task_kind": task.kind },
    });
    let range = match measure.unit {
        Unit::Proportion => Some((0.0, 1.0)),
        Unit::Difference => Some((-1.0, 1.0)),
        _ => None,
    };
    if let Some((least, most)) = range {
        config["score_type"] = "continuous".into();
        config["min_score"] = json!(least);
        config["max_score"] = json!(most);
    }
    let mut uncertainty = json!({ "num_samples": estimate.n });
    if let Some(error) = estimate.std_error {
        uncertainty["standard_error"] = json!({ "value": error, "method": "analytic" });
    }
    if let Ok(interval) = estimate.interval {
        uncertainty["confidence_interval"] = json!({
            "lower": interval.low,
            "upper": interval.high,
            "confidence_level": interval.level.get(),
            "method": name(&interval.method),
        });
    }
    let of = measure.group.as_ref().map(|group| format!("/{group}")).unwrap_or_default();
    Ok(json!({
        "evaluation_name": format!("{}{of}/{}", task.name, measure.metric),
        "source_data": { "dataset_name": format!("{}{of}", task.name), "source_type": "other" },
        "metric_config": config,
        "score_details": { "score": value, "uncertainty": uncertainty },
        "generation_config": { "additional_details": { "suite": record.run.suite.name } },
    }))
}
