//! `export`: a run in the files of other programs.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use super::{Shell, exit::Exit};
use crate::{
    metric,
    record::{
        Record, Status,
        folder::{self, StoreError, write_whole},
    },
    report::{
        export::{Exported, File, eee, junit, lm_eval},
        summary::Summary,
        summary_md, text,
    },
};

/// Write runs in the formats of other programs
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  yardstick export lm-eval latest -o harness           the files that lm-evaluation-harness writes
  yardstick export junit latest -o expectations.xml    the expectations, for a build server
  yardstick export markdown latest >> \"$GITHUB_STEP_SUMMARY\"")]
pub(super) struct Arguments {
    /// In which format
    #[arg(value_enum, value_name = "FORMAT")]
    format: Kind,
    /// Runs: their folders, their ids, the last parts of their ids, or `latest`
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<String>,
    /// Where to: a file, for lm-eval and eee a folder; the default is stdout
    #[arg(short = 'o', long = "output", value_name = "PATH")]
    output: Option<PathBuf>,
    /// Where run folders are
    #[arg(long, value_name = "FOLDER", default_value = "results")]
    out: PathBuf,
}

/// The formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    /// results_DATE.json and samples_TASK_DATE.jsonl of lm-evaluation-harness
    LmEval,
    /// A record of Every Eval Ever, one file a run
    Eee,
    /// JUnit's XML: one test case an expectation
    Junit,
    /// GitHub's Markdown
    Markdown,
}

pub(super) fn run(arguments: &Arguments, shell: &mut Shell) -> Result<Exit, Exit> {
    let records = arguments
        .runs
        .iter()
        .map(|name| read(&arguments.out, name))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| shell.fail(Exit::Results, error))?;
    let written = match arguments.format {
        // As lm-evaluation-harness has it, in a folder that is named after the model.
        Kind::LmEval => {
            let named =
                |record: &Record| (lm_eval::sanitized(&record.run.model.name), lm_eval::files(record));
            return folders(arguments, records.iter().map(named), shell);
        }
        Kind::Eee => {
            return folders(
                arguments,
                records.iter().map(|record| (String::new(), eee::files(record))),
                shell,
            );
        }
        Kind::Junit => junit::xml(&records),
        Kind::Markdown => {
            let summaries = records.iter().map(|record| summary_md::summary(&Summary::new(record, None)));
            summaries.collect::<Vec<_>>().join("\n")
        }
    };
    match &arguments.output {
        Some(path) => write_whole(path, |out| out.write_all(written.as_bytes()))
            .map(|()| Exit::Success)
            .map_err(|error| shell.fail(Exit::Results, error)),
        None => shell
            .out
            .print_data(&written)
            .map(|()| Exit::Success)
            .map_err(|error| shell.fail(Exit::Results, format!("cannot write to stdout: {error}"))),
    }
}

/// A run that is whole.
fn read(results: &Path, name: &str) -> Result<Record, StoreError> {
    let path = folder::find(results, name)?;
    let record = metric::saved::read(&path, false)?;
    if record.run.status != Status::Complete {
        return Err(StoreError::Damaged { path, reason: "the run is not complete: resume it first".into() });
    }
    Ok(record)
}

/// Formats of several files.
fn folders(
    arguments: &Arguments,
    exports: impl Iterator<Item = (String, Exported)>,
    shell: &mut Shell,
) -> Result<Exit, Exit> {
    let Some(output) = &arguments.output else {
        let message = "this format is one file or more a run: name a folder for them with -o FOLDER";
        return Err(shell.fail(Exit::Usage, message));
    };
    for (name, exported) in exports {
        let folder = if name.is_empty() { output.clone() } else { output.join(name) };
        // Parts of a task leave out the same numbers; once is enough.
        let mut said = BTreeSet::new();
        for what in exported.left_out.iter().filter(|what| said.insert(what.as_str())) {
            let line = format!("left out: {what}");
            shell.say(&text::words(&line, shell.out.err_look.charset));
        }
        keep(&folder, &exported.files).map_err(|error| shell.fail(Exit::Results, error))?;
        for file in &exported.files {
            let line = format!("{}\n", folder.join(&file.name).display());
            shell
                .out
                .print_data(&line)
                .map_err(|error| shell.fail(Exit::Results, format!("cannot write to stdout: {error}")))?;
        }
    }
    Ok(Exit::Success)
}

fn keep(folder: &Path, files: &[File]) -> Result<(), StoreError> {
    fs::create_dir_all(folder).map_err(StoreError::io("make the folder", folder))?;
    files.iter().try_for_each(|file| write_whole(&folder.join(&file.name), |out| out.write_all(&file.bytes)))
}

/// The expectations of runs as JUnit's XML.
pub(super) fn write_junit(path: &Path, records: &[Record]) -> Result<(), StoreError> {
    write_whole(path, |out| out.write_all(junit::xml(records).as_bytes()))
}
