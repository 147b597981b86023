//! Result files of other programs as records that are compared and shown like ours. What a file does not say is not known;
//! what it says and a record has no place for is named, with the reason.

mod csv_cells;
mod lm_eval;
mod python_json;
mod tidy_csv;
mod tidy_rows;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    engine::Card,
    metric,
    record::{Imported, Metric, Settings, SourceFile, Table, Taken, TaskRecord},
    spec::{Body, Findings, LongPrompts, Source, SourceId, Sources},
    value::Digest,
};

/// How a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// A table with a heading and one row an item
    Csv,
    /// What lm-evaluation-harness writes with --log_samples
    LmEval,
}

/// What the files do not say.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What the results are called together; the file's name without one.
    pub name: Option<String>,
    /// The model, where no column names it.
    pub model: Option<String>,
    /// What the score is called.
    pub metric: Option<String>,
    /// Whether less of it is better.
    pub lower_is_better: bool,
}

/// One model's results.
#[derive(Clone, Debug)]
pub struct Foreign {
    /// What is known of the model.
    pub card: Card,
    /// What the results are called together.
    pub suite: String,
    /// In the order of the files.
    pub tasks: Vec<TaskRecord>,
    /// Where they come from.
    pub imported: Imported,
}

/// What was read, what is wrong with it, and where.
#[derive(Debug, Default)]
pub struct Reading {
    /// One a model and run.
    pub results: Vec<Foreign>,
    /// What there is to tell.
    pub findings: Findings,
    /// The files.
    pub sources: Sources,
}

/// A file that the system does not give.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be read: {source}", path.display())]
pub struct Unreadable {
    path: PathBuf,
    source: io::Error,
}

/// Reads files of a format. Where anything is wrong, all that is wrong is told and nothing counts as read.
pub fn read(paths: &[PathBuf], format: Format, options: &Options) -> Result<Reading, Unreadable> {
    let mut reading = Reading::default();
    for path in paths {
        match format {
            Format::Csv => tidy_csv::read(path, options, &mut reading)?,
            Format::LmEval => lm_eval::read(path, options, &mut reading)?,
        }
    }
    if reading.findings.failed() {
        reading.results.clear();
    }
    Ok(reading)
}

/// The format that a path is of, by its name.
pub fn guess(path: &Path) -> Option<Format> {
    let name = path.file_name()?.to_string_lossy().to_ascii_lowercase();
    if name.ends_with(".csv") || name.ends_with(".tsv") {
        Some(Format::Csv)
    } else if path.is_dir() || (name.starts_with("samples_") && name.ends_with(".jsonl")) {
        Some(Format::LmEval)
    } else {
        None
    }
}

/// A file's bytes, with what is to be known of it.
struct Opened {
    bytes: Vec<u8>,
    file: SourceFile,
    source: SourceId,
}

fn open(path: &Path, sources: &mut Sources) -> Result<Opened, Unreadable> {
    let fault = |source| Unreadable { path: path.to_owned(), source };
    // A pipe or a device may never end.
    if !fs::metadata(path).map_err(fault)?.is_file() {
        return Err(fault(io::Error::other("it is not a file")));
    }
    let bytes = fs::read(path).map_err(fault)?;
    let source = source(path, sources);
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let file = SourceFile { path: name, bytes: bytes.len() as u64, sha256: Digest::of(&bytes) };
    Ok(Opened { bytes, file, source })
}

fn source(path: &Path, sources: &mut Sources) -> SourceId {
    sources.add(Source {
        name: path.display().to_string(),
        folder: path.parent().map(Path::to_path_buf).unwrap_or_default(),
        body: Body::Data(path.to_owned()),
    })
}

/// A model of which nothing but its name is known.
fn named(name: &str, format: &str) -> Card {
    Card {
        name: name.to_owned(),
        engine: format.to_owned(),
        source: name.to_owned(),
        revision: None,
        files: Vec::new(),
        family: None,
        dtype: None,
        parameters: None,
        vocabulary: None,
        context: None,
        begins_with: None,
    }
}

/// A task's rows with its numbers.
fn task(
    name: &str,
    kind: &'static str,
    table: Table,
    metrics: Vec<Metric>,
    items: Taken,
    notes: Vec<String>,
) -> TaskRecord {
    let settings = Settings::of(name);
    let measures = metric::evaluate(&metrics, &table, &settings);
    let Taken { taken, available } = items;
    let case = metric::Case {
        table: &table,
        metrics: &metrics,
        measures: &measures,
        taken,
        available,
        long_prompts: LongPrompts::Error,
        context: None,
    };
    let remarks = metric::remarks(&case);
    TaskRecord {
        name: name.to_owned(),
        kind,
        table,
        details: Vec::new(),
        measures,
        notes,
        remarks,
        metrics,
        settings,
        items,
    }
}
