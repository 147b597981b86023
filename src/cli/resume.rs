//! Runs that did not end: found again by what they ask, and taken up only where nothing has changed since.

use std::{
    fs,
    io::{self, BufRead, IsTerminal},
    path::{Path, PathBuf},
};

use super::{Shell, exit::Exit, interrupt, snapshot::SPEC};
use crate::{
    engine::Card,
    plan::Shard,
    record::{
        Run, SourceFile, Status,
        folder::{self, StoreError},
        journal,
    },
    report::quantity::many,
    value::{Digest, Seed},
};

/// Everything that two runs share of which one can go on with the other.
pub(super) struct Asked<'a> {
    pub(super) card: &'a Card,
    pub(super) plan: Digest,
    /// The piece of it, where it is one.
    pub(super) shard: Option<Shard>,
    pub(super) seed: Seed,
    /// The specs and data that were read.
    pub(super) files: Vec<Digest>,
    /// What they say, with every default filled in.
    pub(super) resolved: Digest,
}

/// A run that can be taken up.
pub(super) struct Unfinished {
    folder: PathBuf,
    run: Run,
    answered: usize,
}

/// The named run, or why it cannot be taken up. A sealed one can where its answers were damaged since.
pub(super) fn named(results: &Path, name: &str, shell: &mut Shell) -> Result<(PathBuf, Run), Exit> {
    let found = folder::find(results, name).and_then(|folder| Ok((folder::read_run(&folder)?, folder)));
    let (run, folder) = found.map_err(|error| shell.fail(Exit::Results, error))?;
    if run.model_digest.is_none() {
        let message =
            format!("{} was imported: there is no model that it could go on with", folder.display());
        return Err(shell.fail(Exit::Usage, message));
    }
    if run.status == Status::Complete {
        let kept = journal::read(&folder).map_err(|error| shell.fail(Exit::Results, error))?;
        if Some(kept.sha256) == run.answers_sha256 {
            let message = format!("{} is complete: there is nothing to resume", folder.display());
            return Err(shell.fail(Exit::Usage, message));
        }
    }
    Ok((folder, run))
}

/// The runs of a results folder that ask exactly this and did not end, the one with most answers first. Folders of other
/// plans are not opened: a run's name holds the beginning of its plan's digest.
pub(super) fn find(results: &Path, asked: &Asked<'_>) -> Vec<Unfinished> {
    let plan = asked.plan.short(6);
    let named = |folder: &PathBuf| {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        name.split('-').any(|part| part == plan)
    };
    let folders = fs::read_dir(results).into_iter().flatten().flatten();
    let mut found: Vec<Unfinished> = folders
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .filter(named)
        .filter_map(|folder| {
            let run = folder::read_run(&folder).ok()?;
            let same = run.status != Status::Complete
                && run.shard == asked.shard
                && run.suite.resolved_sha256 == Some(asked.resolved)
                && run.suite.files.iter().map(|file| file.sha256).eq(asked.files.iter().copied())
                && asked.changes(&folder, &run).is_empty();
            if !same || journal::is_open(&folder) {
                return None;
            }
            let outcomes = journal::read(&folder).ok()?.outcomes;
            Some(Unfinished {
                folder,
                run,
                answered: outcomes.values().filter(|outcome| outcome.is_ok()).count(),
            })
        })
        .collect();
    found.sort_by(|a, b| b.answered.cmp(&a.answered).then_with(|| b.folder.cmp(&a.folder)));
    found
}

/// Which of them to go on with: the first where `always`, the one that is chosen where somebody can be asked, else none,
/// and it is said how.
pub(super) fn choose(mut found: Vec<Unfinished>, always: bool, shell: &mut Shell) -> Option<PathBuf> {
    if found.is_empty() {
        return None;
    }
    let place = if always {
        0
    } else if shell.out.err_is_terminal && io::stdin().is_terminal() {
        for (number, unfinished) in found.iter().enumerate() {
            shell.say(&format!("{}. {}", number + 1, unfinished.words()));
        }
        let which =
            if found.len() == 1 { "[Y/n]".into() } else { format!("[1-{}, n for none]", found.len()) };
        shell.say(&format!("The same was begun and did not end. Go on with it? {which}"));
        let mut said = String::new();
        // Nothing is lost yet.
        let heard = interrupt::at_once(|| io::stdin().lock().read_line(&mut said));
        chosen(heard.map_or("n", |_| said.trim()), found.len())?
    } else {
        if shell.quiet == 0 {
            shell.say(&format!("note: {} asks the same and did not end", found[0].words()));
            shell.say("  this is a new run; --continue goes on with that one");
        }
        return None;
    };
    Some(found.swap_remove(place).folder)
}

/// The place that an answer names.
fn chosen(said: &str, runs: usize) -> Option<usize> {
    match said {
        "" | "y" | "Y" | "yes" => Some(0),
        number => number.parse::<usize>().ok()?.checked_sub(1).filter(|place| *place < runs),
    }
}

impl Unfinished {
    fn words(&self) -> String {
        let began = self.run.time.as_ref().map_or("", |time| &time.started);
        let of = self.run.suite.requests.map_or(String::new(), |all| format!(" of {}", many(all, "request")));
        format!("{} ({}{of} answered; began {began})", self.folder.display(), self.answered)
    }
}

impl Asked<'_> {
    /// Refuses to go on with a run that would now ask something else, or someone else.
    pub(super) fn same_as(&self, folder: &Path, run: &Run) -> Result<(), StoreError> {
        let changes = self.changes(folder, run);
        if changes.is_empty() {
            return Ok(());
        }
        Err(StoreError::Changed { path: folder.to_owned(), changes })
    }

    /// What would make other requests, or other answers, than the run has.
    fn changes(&self, folder: &Path, run: &Run) -> Vec<String> {
        let mut changes = Vec::new();
        if run.model_digest != Some(self.card.digest()) {
            changes.extend(changes_of_model(&run.model, self.card));
        }
        if run.suite.plan_sha256 == Some(self.plan) {
            return changes;
        }
        let edited = |file: &&SourceFile| {
            let text = fs::read(folder.join(SPEC).join(&file.path));
            text.map_or(true, |text| Digest::of(text) != file.sha256)
        };
        let before = changes.len();
        changes.extend(
            run.suite.files.iter().filter(edited).map(|file| format!("{SPEC}/{} was edited", file.path)),
        );
        if run.seed != self.seed {
            changes.push(format!("the seed was {}, and is {}", run.seed.0, self.seed.0));
        }
        let now = env!("CARGO_PKG_VERSION");
        if run.program.version != now {
            changes.push(format!("yardstick was {}, and is {now}", run.program.version));
        }
        if changes.len() == before && run.model_digest == Some(self.card.digest()) {
            changes.push("what is to be asked: the `command` in run.json was edited".into());
        }
        changes
    }
}

fn changes_of_model(before: &Card, now: &Card) -> Vec<String> {
    let mut changes = Vec::new();
    for file in &before.files {
        match now.files.iter().find(|other| other.name == file.name) {
            None => changes.push(format!("the model's {} is gone", file.name)),
            Some(other) if other.sha256 != file.sha256 => changes.push(format!(
                "the model's {} is another file: its SHA-256 began with {}, and begins with {}",
                file.name,
                file.sha256.short(12),
                other.sha256.short(12)
            )),
            Some(_) => {}
        }
    }
    let known = |name: &str| before.files.iter().any(|file| file.name == name);
    let added = now.files.iter().filter(|file| !known(&file.name));
    changes.extend(added.map(|file| format!("the model has a file more, {}", file.name)));
    let words = |dtype: &Option<String>| dtype.clone().unwrap_or_else(|| "not known".into());
    if before.dtype != now.dtype {
        changes.push(format!("numbers were {}, and are {}", words(&before.dtype), words(&now.dtype)));
    }
    if before.engine != now.engine {
        changes.push(format!("the engine was {}, and is {}", before.engine, now.engine));
    }
    if changes.is_empty() {
        changes.push("the model: `model_digest` in run.json is not that of its files".into());
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_names_a_run_or_none() {
        assert_eq!([chosen("", 1), chosen("y", 2), chosen("2", 2)], [Some(0), Some(0), Some(1)]);
        assert_eq!([chosen("n", 1), chosen("0", 2), chosen("3", 2), chosen("-1", 2)], [None; 4]);
    }
}
