//! `report`: what a run folder says, and its derived files made anew.

use std::path::{Path, PathBuf};

use super::{Shell, derive, exit::Exit, measure, prepare::Selection};
use crate::{
    metric,
    plan::Answers,
    record::{Provenance, Record, Status, folder, journal},
    report::{
        format::{self, Format},
        quantity::many,
    },
    task,
};

/// Show a run again, and rebuild its tables from its answers and its copies of the specs
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Arguments {
    /// Its folder, its id, the last part of its id, or `latest`
    #[arg(value_name = "RUN", default_value = "latest")]
    run: String,
    /// Where run folders are
    #[arg(long, value_name = "FOLDER", default_value = "results")]
    out: PathBuf,
    /// What stdout gets
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Write the figures as SVG files, for papers; into its own folder `figures` without another
    #[arg(long, value_name = "FOLDER", num_args = 0..=1)]
    #[expect(
        clippy::option_option,
        reason = "the form in which clap gives an option whose value may be left out"
    )]
    figures: Option<Option<PathBuf>>,
}

pub(super) fn run(arguments: &Arguments, shell: &mut Shell) -> Result<Exit, Exit> {
    let path =
        folder::find(&arguments.out, &arguments.run).map_err(|error| shell.fail(Exit::Results, error))?;
    let run = folder::read_run(&path).map_err(|error| shell.fail(Exit::Results, error))?;
    folder::whole(&path, &run).map_err(|error| shell.fail(Exit::Results, error))?;
    if let Provenance::Imported(_) = run.origin {
        return imported(&path, arguments, shell);
    }
    let loaded = Selection::of_run(&path, &run.command).load(shell)?;
    let suite = &loaded.suite;
    let Some(model) = suite.models.first() else { return Err(Exit::Spec) };
    let (tasks, _) = suite.tasks_of(model);
    let plan = task::plan(&tasks)
        .map_err(|unready| shell.fail(Exit::Spec, format!("cannot be judged yet: {}", unready.join(", "))))?;
    let Some(model_digest) = run.model_digest else {
        let message = "it does not say which model answered; nothing is rebuilt";
        return Err(shell.fail(Exit::Results, format!("{}: {message}", path.display())));
    };
    let (requests, plan_digest) = measure::digests(&plan, &model_digest);
    if Some(plan_digest) != run.suite.plan_sha256 {
        let message = "the copies of its specs no longer ask what was asked; nothing is rebuilt";
        return Err(shell.fail(Exit::Results, format!("{}: {message}", path.display())));
    }
    let recovered = journal::read(&path).map_err(|error| shell.fail(Exit::Results, error))?;
    let mut answers = Answers::none(plan.requests.len());
    let mut outcomes = recovered.outcomes;
    for (index, request) in requests.iter().enumerate() {
        if let Some(outcome) = outcomes.remove(request) {
            answers.put(index, outcome);
        }
    }
    for line in recovered.damaged {
        shell.say(&format!(
            "warning: line {line} of {} is damaged; its request counts as not answered",
            journal::ANSWERS
        ));
    }
    let complete = run.status == Status::Complete;
    let mut record: Record = derive::judge(run, suite, &tasks, plan, &answers);
    if complete {
        let resolved =
            derive::write_resolved(&path, suite, &tasks).map_err(|error| shell.fail(Exit::Results, error))?;
        record.run.suite.resolved_sha256 = Some(resolved);
        derive::write(&path, &record).map_err(|error| shell.fail(Exit::Results, error))?;
    }
    show(&path, &record, arguments, shell)
}

/// A run that was imported has no answers: its numbers follow from its rows.
fn imported(path: &Path, arguments: &Arguments, shell: &mut Shell) -> Result<Exit, Exit> {
    let record = metric::saved::read(path, true).map_err(|error| shell.fail(Exit::Results, error))?;
    derive::write(path, &record).map_err(|error| shell.fail(Exit::Results, error))?;
    show(path, &record, arguments, shell)
}

/// Figures, where they are wanted, and what stdout gets.
fn show(path: &Path, record: &Record, arguments: &Arguments, shell: &mut Shell) -> Result<Exit, Exit> {
    if let Some(folder) = &arguments.figures {
        let folder = folder.clone().unwrap_or_else(|| path.join(derive::FIGURES));
        let figures = derive::figures(record);
        derive::write_figures(&folder, &figures).map_err(|error| shell.fail(Exit::Results, error))?;
        shell.say(&format!("{} in {}", many(figures.len(), "figure"), folder.display()));
    }
    let (look, folder) = (shell.out.look, path.display().to_string());
    format::write(&mut shell.out, record, Some(&folder), arguments.format, &look)
        .map_err(|error| shell.fail(Exit::Results, format!("cannot write to stdout: {error}")))?;
    Ok(Exit::Success)
}
