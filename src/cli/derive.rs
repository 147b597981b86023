//! Everything in a run folder that follows from its answers: judged, counted, and written for people and programs.

use std::{collections::BTreeMap, fs, io, path::Path};

use serde_json::json;

use super::snapshot::SPEC;
use crate::{
    metric::expect,
    plan::Answers,
    record::{
        Expectation, Record, Run, SourceFile, disk,
        folder::{RUN, StoreError, write_whole},
        saved::{DETAILS, ITEMS},
    },
    report::{
        details_jsonl,
        figures::{self, Figure},
        html::{self, SpecText},
        items_csv, items_jsonl, metrics_csv,
        run_json::RunFile,
        summary::Summary,
        summary_md,
    },
    spec::{Suite, TaskSpec},
    task::{Plan, Task},
    value::Digest,
};

/// The suite with every default filled in, in a run's folder.
const RESOLVED: &str = "resolved.json";
/// The folder of a run's figures.
pub(super) const FIGURES: &str = "figures";

/// What the answers mean. Pure: the same answers give the same record.
pub(super) fn judge(
    mut run: Run,
    suite: &Suite<Task>,
    tasks: &[&TaskSpec<Task>],
    plan: Plan,
    answers: &Answers,
) -> Record {
    let context = run.model.context;
    let judged: Vec<_> = plan.tasks.into_iter().map(|task| task.judge(answers, context)).collect();
    (run.errors, run.skipped) = (BTreeMap::new(), 0);
    for row in judged.iter().flat_map(|task| &task.table.rows) {
        if let Err(failure) = &row.cells {
            if failure.is_skip() {
                run.skipped += 1;
                continue;
            }
            *run.errors.entry(failure.kind).or_default() += 1;
        }
    }
    let model = run.command.model.clone();
    let own = tasks
        .iter()
        .flat_map(|task| task.settings.expect.iter().map(|expected| (Some(task.name.as_str()), expected)));
    let shared = suite.expect.iter().map(|expected| (None, expected));
    let expectations: Vec<Expectation> = own
        .chain(shared)
        .filter_map(|(task, expected)| expect::check(expected, task, &model, &judged))
        .collect();
    Record { run, tasks: judged, expectations }
}

/// Writes `run.json` before there are any numbers.
pub(super) fn write_run(folder: &Path, run: &Run) -> Result<(), StoreError> {
    let record = Record { run: run.clone(), tasks: Vec::new(), expectations: Vec::new() };
    write_run_file(folder, &record)
}

/// The suite as it was understood, with every default filled in, and its digest.
pub(super) fn resolved(suite: &Suite<Task>, tasks: &[&TaskSpec<Task>]) -> (serde_json::Value, Digest) {
    let tasks: Vec<_> = tasks.iter().map(|task| task.resolved()).collect();
    let resolved = json!({ "suite": suite.name, "tasks": tasks, "expect": suite.expect });
    let digest = Digest::of_json(&resolved);
    (resolved, digest)
}

/// Writes the suite as it was understood, and returns its digest.
pub(super) fn write_resolved(
    folder: &Path,
    suite: &Suite<Task>,
    tasks: &[&TaskSpec<Task>],
) -> Result<Digest, StoreError> {
    let (resolved, digest) = resolved(suite, tasks);
    write_whole(&folder.join(RESOLVED), |out| {
        serde_json::to_writer_pretty(&mut *out, &resolved)?;
        out.write_all(b"\n")
    })?;
    Ok(digest)
}

/// Writes every derived file of a run.
pub(super) fn write(folder: &Path, record: &Record) -> Result<(), StoreError> {
    write_whole(&folder.join(ITEMS), |out| items_jsonl::write(out, record))?;
    if record.tasks.iter().any(|task| !task.details.is_empty()) {
        write_whole(&folder.join(DETAILS), |out| details_jsonl::write(out, record))?;
    }
    write_whole(&folder.join("items.csv"), |out| items_csv::write(out, record).map_err(io::Error::from))?;
    write_whole(&folder.join("metrics.csv"), |out| metrics_csv::write(out, record).map_err(io::Error::from))?;
    for name in items_csv::detail_names(&record.tasks) {
        write_whole(&folder.join(format!("{name}.csv")), |out| {
            items_csv::write_details(out, &record.tasks, name).map_err(io::Error::from)
        })?;
    }
    write_whole(&folder.join("summary.md"), |out| {
        out.write_all(summary_md::summary(&Summary::new(record, None)).as_bytes())
    })?;
    let page = html::run_page(record, &specs(folder, &record.run), html::LIMIT);
    write_whole(&folder.join("report.html"), |out| out.write_all(page.as_bytes()))?;
    // Last: a run is complete when its other files are.
    write_run_file(folder, record)
}

/// The run's copies of its specs; data files, which may be large, are not shown, nor what a foreign run does not have.
pub(super) fn specs(folder: &Path, run: &Run) -> Vec<SpecText> {
    let files = run
        .suite
        .files
        .iter()
        .filter(|file| Path::new(&file.path).extension().is_some_and(|e| e == "yaml" || e == "yml"));
    let copies = fs::canonicalize(folder).ok().map(|folder| folder.join(SPEC));
    let read = |file: &SourceFile| {
        // A link in a folder from elsewhere must not put a file of this machine into a page.
        let path = fs::canonicalize(folder.join(SPEC).join(&file.path)).ok()?;
        let text =
            (path.starts_with(copies.as_ref()?) && path.is_file()).then(|| fs::read_to_string(path))?.ok()?;
        Some(SpecText { path: file.path.clone(), text })
    };
    files.filter_map(read).collect()
}

/// The figures of a run.
pub(super) fn figures(record: &Record) -> Vec<Figure> {
    let mut figures = figures::of_record(record);
    figures.extend(record.tasks.iter().flat_map(figures::of_task));
    figures
}

/// Writes figures as files.
pub(super) fn write_figures(folder: &Path, figures: &[Figure]) -> Result<(), StoreError> {
    disk::make_folders(folder).map_err(StoreError::io("make the folder", folder))?;
    for figure in figures {
        write_whole(&folder.join(format!("{}.svg", figure.id)), |out| {
            out.write_all(figure.file().as_bytes())
        })?;
    }
    Ok(())
}

fn write_run_file(folder: &Path, record: &Record) -> Result<(), StoreError> {
    write_whole(&folder.join(RUN), |out| {
        serde_json::to_writer_pretty(&mut *out, &RunFile::new(record))?;
        out.write_all(b"\n")
    })
}
