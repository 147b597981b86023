//! `cache`: what run folders hold that `run --reuse` can take, and which of them can go.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{Shell, exit::Exit, provenance};
use crate::{
    record::{
        Status,
        cache::{self, Kept, Removal, Why},
        folder::{self, StoreError},
    },
    report::{
        Format,
        cache::{Inventory, Removals},
    },
};

/// What earlier runs answered, for `run --reuse`: by model, how much it takes, and what can go
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  yardstick cache                              models, runs, answers, bytes
  yardstick cache prune                        what crashes left behind; shown, not removed
  yardstick cache prune --yes                  the same, removed
  yardstick cache prune --older-than 30d --model gpt2 --yes")]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Where run folders are
    #[arg(long, value_name = "FOLDER", default_value = "results", global = true)]
    out: PathBuf,
    /// What stdout gets
    #[arg(long, value_enum, default_value_t, global = true)]
    format: Format,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum Command {
    /// By model, the last used first; what `cache` alone does
    List,
    /// How much all of it is
    Size,
    /// Remove what can no longer be used: files that a crash left half written, and runs that were not finished and whose
    /// plan another run finished; or whole runs, by age and model
    Prune(Prune),
}

#[derive(Clone, Debug, clap::Args)]
struct Prune {
    /// Whole runs that have not been used for so long: `30d`, `6months`
    #[arg(long, value_name = "AGE", value_parser = humantime::parse_duration)]
    older_than: Option<Duration>,
    /// Whole runs of this model
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Remove it; without this it is only shown
    #[arg(long)]
    yes: bool,
}

pub(super) fn run(arguments: &Arguments, shell: &mut Shell) -> Result<Exit, Exit> {
    let failed = |error: StoreError, shell: &mut Shell| shell.fail(Exit::Results, error);
    let kept = cache::inventory(&arguments.out).map_err(|error| failed(error, shell))?;
    let inventory = Inventory(&kept);
    let text = match &arguments.command {
        None | Some(Command::List) => {
            if kept.is_empty() {
                shell.say(&format!("no answers in {}", arguments.out.display()));
            }
            match arguments.format {
                Format::Human if kept.is_empty() => String::new(),
                Format::Human => inventory.terminal(&shell.out.look),
                Format::Md => inventory.markdown(),
                Format::Json => format!("{:#}\n", inventory.files().json()),
                Format::Csv => super::next::csv(&inventory.files(), shell)?,
                Format::Latex => inventory.files().plain_latex("cache"),
            }
        }
        Some(Command::Size) => match arguments.format {
            Format::Human => inventory.size(),
            Format::Md => inventory.size_table().markdown(),
            Format::Json => format!("{:#}\n", inventory.size_table().json()),
            Format::Csv => super::next::csv(&inventory.size_table(), shell)?,
            Format::Latex => inventory.size_table().plain_latex("cache"),
        },
        Some(Command::Prune(prune)) => {
            let removals = prune.removals(&arguments.out, &kept, shell)?;
            let removals = if prune.yes { removed(&arguments.out, removals, shell)? } else { removals };
            let view = Removals { removals: &removals, done: prune.yes };
            match arguments.format {
                Format::Json => format!("{:#}\n", view.json()),
                Format::Human => view.terminal(&shell.out.look),
                Format::Csv | Format::Md | Format::Latex => {
                    return Err(shell.fail(Exit::Usage, "cache prune has the formats human and json"));
                }
            }
        }
    };
    shell.print(&text, arguments.format)
}

impl Prune {
    /// What is to go.
    fn removals(&self, results: &Path, kept: &[Kept], shell: &mut Shell) -> Result<Vec<Removal>, Exit> {
        let now = provenance::now();
        if self.older_than.is_none() && self.model.is_none() {
            return cache::leftovers(results, kept, now).map_err(|error| shell.fail(Exit::Results, error));
        }
        // Older than the clock is old: nothing is.
        let before = self.older_than.map(|age| now.saturating_sub(age));
        Ok(cache::chosen(kept, self.model.as_deref(), before, now))
    }
}

/// Removes, and returns what is gone.
fn removed(results: &Path, removals: Vec<Removal>, shell: &mut Shell) -> Result<Vec<Removal>, Exit> {
    let mut gone = Vec::new();
    for removal in removals {
        let removed = cache::remove(results, &removal, provenance::now());
        if removed.map_err(|error| shell.fail(Exit::Results, error))? {
            gone.push(removal);
        } else {
            shell.say(&format!("{} stays: a process works on it", removal.path.display()));
        }
    }
    if gone.iter().any(|removal| removal.why != Why::Unfinished) {
        repoint(results);
    }
    Ok(gone)
}

/// Points `latest` at the newest run that is left, where it pointed at one that is gone.
fn repoint(results: &Path) {
    let latest = results.join("latest");
    let dangles = fs::symlink_metadata(&latest).is_ok_and(|link| link.is_symlink()) && !latest.exists();
    if !dangles {
        return;
    }
    let left = cache::inventory(results).unwrap_or_default();
    let whole = left.iter().filter(|run| run.run.status == Status::Complete && run.run.shard.is_none());
    match whole.map(|run| &run.folder).max() {
        Some(newest) => folder::point_latest(results, newest),
        // A link to nothing is worse than none; where it cannot be removed, nothing is lost.
        None => drop(fs::remove_file(latest)),
    }
}
