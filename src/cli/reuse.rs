//! `run --reuse`: what earlier runs answered is taken from them. A request's digest covers everything that its answer depends
//! on, so that it is the answer that would be given.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use super::progress::{Event, Listener};
use crate::{
    plan::Answer,
    record::{
        Reused, Run, Status,
        folder::{self, StoreError},
        journal::{self, ANSWERS, Journal},
        listing,
    },
    report::{digits::grouped, quantity::many},
    value::Digest,
};

/// What `--reuse` stands for where it names no run.
pub(super) const ALL: &str = "all";
/// Runs that are named before the rest is counted.
const MOST_NAMED: usize = 3;

/// An earlier run.
#[derive(Clone, Debug)]
pub(super) struct Earlier {
    folder: PathBuf,
    /// Named by the user, who is told when nothing comes of it.
    named: bool,
}

/// The runs that are named, or with [`ALL`] those of the results folder, newest first.
pub(super) fn earlier(results: &Path, names: &[String]) -> Result<Vec<Earlier>, StoreError> {
    let mut found = Vec::new();
    for name in names {
        if name == ALL {
            let listed = listing::list(results)?.into_iter().filter(|listed| listed.run.is_ok());
            found.extend(listed.map(|run| Earlier { folder: results.join(run.folder), named: false }));
        } else {
            found.push(Earlier { folder: folder::find(results, name)?, named: true });
        }
    }
    Ok(found)
}

/// The run that answers are taken for.
pub(super) struct Taker<'a> {
    pub(super) folder: &'a Path,
    pub(super) model: Digest,
    pub(super) version: &'a str,
}

impl Taker<'_> {
    /// Takes what is not `known` yet from earlier runs of the same model, into the journal first, so that a crash loses none of it.
    pub(super) fn take(
        &self,
        earlier: &[Earlier],
        requests: &[Digest],
        known: &mut BTreeMap<Digest, Answer>,
        journal: &mut Journal,
        listener: &mut dyn Listener,
    ) -> Result<Vec<Reused>, StoreError> {
        let mut wanted: BTreeSet<Digest> =
            requests.iter().filter(|request| !known.contains_key(request)).copied().collect();
        let own = fs::canonicalize(self.folder).ok();
        let mut taken = Vec::new();
        for Earlier { folder, named } in earlier {
            if wanted.is_empty() {
                break;
            }
            if fs::canonicalize(folder).ok() == own {
                continue;
            }
            let (name, mut notes) = (folder.display(), Vec::new());
            let (run, answers) = match self.answers(folder, &mut notes) {
                Ok(read) => read,
                Err(reason) => {
                    if *named {
                        listener.hear(&Event::Warning(&format!("nothing is reused of {name}: {reason}")));
                    }
                    continue;
                }
            };
            let mut count = 0;
            for (request, answer) in answers {
                if !wanted.remove(&request) {
                    continue;
                }
                let outcome = Ok(answer);
                journal.append(request, &outcome)?;
                known.extend(outcome.ok().map(|answer| (request, answer)));
                count += 1;
            }
            if count > 0 && run.program.version != self.version {
                let (then, now) = (&run.program.version, self.version);
                notes.push(format!(
                    "its answers were given by version {then} of the program, and this is {now}"
                ));
            }
            if count == 0 && *named {
                notes.push("it has no answer to what is asked here".into());
            }
            notes.iter().for_each(|note| listener.hear(&Event::Warning(&format!("{name}: {note}"))));
            if count > 0 {
                taken.push(Reused { run_id: run.run_id, version: run.program.version, answers: count });
            }
        }
        Ok(taken)
    }

    /// What an earlier run answered, or why nothing of it can be taken. Answers of another model are not even read.
    fn answers(
        &self,
        folder: &Path,
        notes: &mut Vec<String>,
    ) -> Result<(Run, BTreeMap<Digest, Answer>), String> {
        let run = folder::read_run(folder).map_err(|error| error.to_string())?;
        if run.model_digest != Some(self.model) {
            return Err(format!("another model answered it, {}", run.model.name));
        }
        let recovered = journal::read(folder).map_err(|error| error.to_string())?;
        if !recovered.damaged.is_empty() {
            let lines: Vec<String> = recovered.damaged.iter().map(ToString::to_string).collect();
            notes.push(format!("damaged lines of {ANSWERS} are not reused: {}", lines.join(", ")));
        } else if run.status == Status::Complete && run.answers_sha256 != Some(recovered.sha256) {
            return Err(format!("its {ANSWERS} is not the file that was sealed: something changed it since"));
        }
        // What failed is asked again.
        let answered =
            recovered.outcomes.into_iter().filter_map(|(request, outcome)| Some((request, outcome.ok()?)));
        Ok((run, answered.collect()))
    }
}

/// How much of a run was not asked anew; nothing where all was.
pub(super) fn summary(run: &Run, asked: usize) -> Option<String> {
    let taken: usize = run.reused.iter().map(|reused| reused.answers).sum();
    let named = run.reused.iter().take(MOST_NAMED);
    let mut from: Vec<String> = match run.reused.as_slice() {
        [] => return None,
        [one] => vec![one.run_id.clone()],
        _ => named.map(|reused| format!("{} ({})", reused.run_id, grouped(reused.answers))).collect(),
    };
    if let more @ 1.. = run.reused.len().saturating_sub(MOST_NAMED) {
        from.push(many(more, "more run"));
    }
    Some(format!("{} of {} taken from {}", grouped(taken), many(asked, "answer"), from.join(", ")))
}
