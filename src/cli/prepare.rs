//! What every command that runs specs begins with: reading them, and saying what is wrong with them.

use std::path::PathBuf;

use super::{Shell, exit::Exit};
use crate::{
    record::Command,
    spec::{self, Choices, Loaded},
    task::Task,
};

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
        if loaded.findings.failed() || (shell.quiet == 0 && !loaded.findings.is_empty()) {
            let rendered = super::check::render(&loaded, shell);
            shell.say(rendered.trim_end());
        }
        if loaded.findings.failed() {
            return Err(Exit::Spec);
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
