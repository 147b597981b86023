//! `run --shard`: a piece of a plan that is asked and sealed, and what is said of it. No numbers are made of a piece.

use std::path::{Path, PathBuf};

use super::{Shell, exit::Exit};
use crate::{
    plan::{Answers, Shard},
    record::Run,
    report::{Format, shard::AnsweredShard},
};

/// A shard whose answers are sealed.
pub(super) struct Answered {
    pub(super) run: Run,
    pub(super) shard: Shard,
    pub(super) folder: PathBuf,
    /// How many requests it asked.
    pub(super) asked: usize,
    /// How many there are in the whole plan.
    all: usize,
}

impl Answered {
    /// Counts what has no answer.
    pub(super) fn new(mut run: Run, shard: Shard, folder: PathBuf, all: usize, answers: &Answers) -> Self {
        run.errors.clear();
        let (mut asked, failures) = (0, &mut run.errors);
        for outcome in answers.iter() {
            asked += 1;
            if let Err(failure) = outcome {
                *failures.entry(failure.kind).or_default() += 1;
            }
        }
        Self { run, shard, folder, asked, all }
    }
}

/// Says how much was answered, and how all shards become one run.
pub(super) fn show(
    answered: &Answered,
    results: &Path,
    format: Format,
    shell: &mut Shell,
) -> Result<Exit, Exit> {
    let Answered { run, shard, folder, asked, all } = answered;
    let (folder, merge) = (folder.display().to_string(), command(run, results));
    let (asked, all) = (*asked, *all);
    let view = AnsweredShard { run, shard: *shard, asked, all, folder: &folder, merge: &merge };
    let text = match format {
        Format::Human => view.terminal(&shell.out.look),
        Format::Json => format!("{:#}\n", view.files().json()),
        Format::Csv => super::next::csv(&view.files(), shell)?,
        Format::Md => view.files().markdown(),
        Format::Latex => view.files().plain_latex("shard"),
    };
    shell.print(&text, format)?;
    Ok(if run.errors.is_empty() { Exit::Success } else { Exit::Items })
}

/// The command that merges all shards of a run.
fn command(run: &Run, results: &Path) -> String {
    let plan = run.suite.plan_sha256.map_or_else(|| run.run_id.clone(), |plan| plan.short(6));
    let mut command = format!("yardstick merge {plan}");
    if results != Path::new("results") {
        command.push_str(&format!(" --out {}", results.display()));
    }
    command
}
