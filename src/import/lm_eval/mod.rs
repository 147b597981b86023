//! What lm-evaluation-harness leaves: `samples_TASK_DATE.jsonl`, one line an item and filter, and beside it
//! `results_DATE.json` with the totals. The items are read and counted anew; the totals are held against them.

mod results;
mod samples;
mod table;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use self::results::Results;
use super::{Foreign, Options, Reading, Unreadable, named};
use crate::{
    record::{Imported, TaskRecord},
    spec::{Finding, Place},
};

/// Folders in folders: results, model, and some more.
const DEEPEST: usize = 6;

/// Reads a folder with everything below it, or one file of samples.
pub(super) fn read(path: &Path, options: &Options, reading: &mut Reading) -> Result<(), Unreadable> {
    let mut files = Vec::new();
    collect(path, 0, &mut files)?;
    // What was written at one time into one folder is one run of one model.
    let mut runs = BTreeMap::<(PathBuf, String), Vec<(String, PathBuf)>>::new();
    for file in files {
        let Some((task, date)) = parts(&file) else { continue };
        let folder = file.parent().map(Path::to_path_buf).unwrap_or_default();
        runs.entry((folder, date)).or_default().push((task, file));
    }
    if runs.is_empty() {
        let source = super::source(path, &mut reading.sources);
        reading.findings.scope(path.display().to_string());
        let message = format!("{} holds no samples_TASK_DATE.jsonl", path.display());
        let help = "lm_eval writes them with --log_samples --output_path FOLDER; totals alone cannot be compared item by item";
        reading.findings.add(Finding::error("samples", Place::start_of(source), message).help(help));
    }
    for ((folder, date), files) in runs {
        if let Some(result) = run(&folder, &date, files, options, reading)? {
            reading.results.push(result);
        }
    }
    Ok(())
}

fn collect(path: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), Unreadable> {
    let fault = |source| Unreadable { path: path.to_owned(), source };
    if !fs::metadata(path).map_err(fault)?.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    if depth > DEEPEST {
        return Ok(());
    }
    let entries = fs::read_dir(path).map_err(fault)?;
    let mut entries =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>().map_err(fault)?;
    entries.sort();
    entries.iter().try_for_each(|entry| collect(entry, depth + 1, files))
}

/// The task and the date in a file's name: neither date nor time has an underscore, tasks have many.
fn parts(path: &Path) -> Option<(String, String)> {
    let name = path.file_name()?.to_str()?;
    let (task, date) = name.strip_prefix("samples_")?.strip_suffix(".jsonl")?.rsplit_once('_')?;
    Some((task.to_owned(), date.to_owned()))
}

/// One model's tasks.
fn run(
    folder: &Path,
    date: &str,
    files: Vec<(String, PathBuf)>,
    options: &Options,
    reading: &mut Reading,
) -> Result<Option<Foreign>, Unreadable> {
    let totals = folder.join(format!("results_{date}.json"));
    let mut read = Vec::new();
    let results = if totals.is_file() {
        let opened = super::open(&totals, &mut reading.sources)?;
        reading.findings.scope(totals.display().to_string());
        let results = Results::read(&opened, &mut reading.findings);
        read.push(opened.file);
        results
    } else {
        None
    };
    let totals = results.is_some();
    let results = results.unwrap_or_default();
    let model = options.model.clone().or_else(|| results.model.clone()).or_else(|| named_by(folder));
    let mut left_out = Vec::new();
    let mut tasks: Vec<TaskRecord> = Vec::new();
    for (in_name, path) in files {
        let opened = super::open(&path, &mut reading.sources)?;
        reading.findings.scope(path.display().to_string());
        read.push(opened.file.clone());
        let name = results.task(&in_name);
        let samples = samples::read(&opened, &mut reading.findings);
        if samples.is_empty() {
            continue;
        }
        let (task, omitted) = table::task(&name, samples, &results);
        left_out.extend(omitted.into_iter().map(|what| format!("{name}: {what}")));
        results.hold_against(&task, &mut reading.findings);
        tasks.push(task);
    }
    left_out.extend(results.left_out(&tasks));
    if !totals {
        left_out.push(format!(
            "there is no results_{date}.json: model, versions and directions are not known from it"
        ));
    }
    let Some(model) = model else {
        let source = super::source(folder, &mut reading.sources);
        let message = "no file says which model this is";
        let help = "`--model NAME` says it";
        reading.findings.add(Finding::error("model", Place::start_of(source), message).help(help));
        return Ok(None);
    };
    let mut card = named(&model, "lm-eval");
    card.revision.clone_from(&results.revision);
    card.dtype.clone_from(&results.dtype);
    card.parameters = results.parameters;
    card.context = results.context;
    let imported = Imported {
        tool: Some(results.tool.clone().unwrap_or_else(|| "lm-evaluation-harness".into())),
        version: results.version.clone(),
        format: "lm-eval".into(),
        files: read,
        run: Some(date.to_owned()),
        asked: results.asked.clone(),
        left_out,
    };
    let suite = options.name.clone().unwrap_or_else(|| match tasks.as_slice() {
        [one] => one.name.clone(),
        _ => "lm-eval".into(),
    });
    Ok((!tasks.is_empty()).then_some(Foreign { card, suite, tasks, imported }))
}

/// The model whose name a folder has, as lm-evaluation-harness writes it: `EleutherAI__pythia-14m`.
fn named_by(folder: &Path) -> Option<String> {
    let name = folder.file_name()?.to_str()?;
    Some(name.replace("__", "/"))
}
