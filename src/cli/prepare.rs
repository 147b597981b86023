//! What every command that runs specs begins with: reading them, and saying what is wrong with them.

use std::path::PathBuf;

use super::{Shell, exit::Exit};
use crate::{
    record::Command,
    spec::{self, Choices, Findings, Loaded, Severity, Sources},
    task::Task,
};

/// Which tasks and items, and how they are changed.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Filters {
    /// Only tasks whose name fits, such as `cloze/*`; may be given several times
    #[arg(long, value_name = "PATTERN")]
    only: Vec<String>,
    /// Change a key of every task, or of one: `limit=100`, `cloze/capitals.normalization=[none, byte]`
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// At most so many items a task, drawn by its seed
    #[arg(long, value_name = "N")]
    sample: Option<u64>,
}

impl Filters {
    /// With the models that take the place of those in the specs.
    pub(super) fn choices(&self, models: Vec<String>) -> Choices {
        Choices { set: self.set.clone(), only: self.only.clone(), sample: self.sample, models }
    }
}

/// Specs, and what the command line says of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Selection {
    /// Files and folders.
    pub(super) specs: Vec<PathBuf>,
    pub(super) choices: Choices,
}

impl Selection {
    /// The specs of an earlier run, from the copies in its folder.
    pub(super) fn of_run(folder: &std::path::Path, command: &Command) -> Self {
        let specs = command.specs.iter().map(|spec| folder.join(super::snapshot::SPEC).join(spec)).collect();
        let choices = Choices {
            set: command.set.clone(),
            only: command.only.clone(),
            sample: command.sample,
            models: vec![command.model.clone()],
        };
        Self { specs, choices }
    }

    /// Reads them, and prints what there is to say. Errors end the command.
    pub(super) fn load(&self, shell: &mut Shell) -> Result<Loaded<Task>, Exit> {
        let loaded = spec::load::<Task>(&self.specs, &self.choices);
        tell(&loaded.findings, &loaded.sources, shell);
        if loaded.findings.failed() {
            return Err(if only_filters(&loaded) { Exit::Nothing } else { Exit::Spec });
        }
        if loaded.suite.tasks.is_empty() {
            return Err(shell.fail(Exit::Nothing, "nothing to do: no task is left by the specs and filters"));
        }
        if loaded.suite.models.is_empty() {
            let message =
                "no model is named: add `model: reference` to the spec, or `--model reference` here";
            return Err(shell.fail(Exit::Usage, message));
        }
        Ok(loaded)
    }
}

/// Prints what a run should not go past unseen; when quiet, only what stops it.
pub(super) fn tell(findings: &Findings, sources: &Sources, shell: &mut Shell) {
    let findings = findings.without_advice();
    if findings.failed() || (shell.quiet == 0 && !findings.is_empty()) {
        let rendered = super::check::render(&findings, sources, shell);
        shell.say(rendered.trim_end());
    }
}

/// Whether nothing is wrong but that a filter fits no task: no fault of the specs.
fn only_filters(loaded: &Loaded<Task>) -> bool {
    let mut errors = loaded.findings.iter().filter(|finding| finding.severity == Severity::Error);
    errors.all(|finding| {
        let source = loaded.sources.get(finding.at().source);
        finding.code == "no-such-task" && source.name.starts_with("--only ")
    })
}
