//! The shards of a run, gathered from their folders: found by name, held against each other, and read. What keeps them from
//! being merged is told all at once.

mod differences;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use super::{
    Run, Status,
    folder::{self, RUN, StoreError},
    journal::{self, ANSWERS},
};
use crate::{
    plan::{Answers, Request, Shard},
    value::Digest,
};

/// Places of a list that are named before the rest is counted.
const MOST_NAMED: usize = 8;

/// A shard's folder, and what it says of itself.
#[derive(Clone, Debug)]
pub struct Found {
    /// Where it is.
    pub folder: PathBuf,
    /// Which piece it is.
    pub shard: Shard,
    /// Its `run.json`.
    pub run: Run,
}

/// Shards that belong together, by their numbers.
#[derive(Debug, Default)]
pub struct Gathered {
    /// One for each piece that is there, finished.
    pub shards: BTreeMap<u32, Found>,
    /// What keeps them from being merged.
    pub faults: Vec<String>,
    /// What was left out, and why that changes nothing.
    pub notes: Vec<String>,
}

/// Finds shards: folders, folders that hold some, ids and parts of ids. A single shard stands for its siblings too.
pub fn find(results: &Path, names: &[String]) -> (Vec<Found>, Vec<String>) {
    let (mut folders, mut faults) = (Vec::new(), Vec::new());
    for name in names {
        match named(results, name) {
            Ok(found) => folders.extend(found),
            Err(fault) => faults.push(fault),
        }
    }
    if let ([_], [one]) = (names, folders.as_slice()) {
        folders = siblings(one);
    }
    // The same folder by two names is no shard too many.
    let mut seen = BTreeSet::new();
    folders.retain(|folder| seen.insert(fs::canonicalize(folder).unwrap_or_else(|_| folder.clone())));
    let mut shards = Vec::new();
    for folder in folders {
        match folder::read_run(&folder) {
            Ok(run) => match run.shard {
                Some(shard) => shards.push(Found { folder, shard, run }),
                None => faults.push(format!("{} is no shard: it is a run of its own", folder.display())),
            },
            Err(error) => faults.push(error.to_string()),
        }
    }
    (shards, faults)
}

fn named(results: &Path, name: &str) -> Result<Vec<PathBuf>, String> {
    let direct = Path::new(name);
    if direct.join(RUN).is_file() {
        return Ok(vec![direct.to_owned()]);
    }
    if direct.is_dir() {
        let inside = ids(direct).into_iter().map(|id| direct.join(id));
        let shards: Vec<PathBuf> = inside.filter(|folder| shard_in(folder).is_some()).collect();
        return if shards.is_empty() { Err(format!("{name} holds no shards")) } else { Ok(shards) };
    }
    let shards = ids(results).into_iter().filter(|id| folder::is_shard(id) && folder::is_named(id, name));
    let shards: Vec<PathBuf> = shards.map(|id| results.join(id)).collect();
    if !shards.is_empty() {
        return Ok(shards);
    }
    folder::find(results, name).map(|found| vec![found]).map_err(|error| error.to_string())
}

/// The folders of runs in a folder, by name.
fn ids(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let runs = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let mut ids: Vec<String> = runs
        .filter(|entry| entry.path().join(RUN).is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    ids.sort();
    ids
}

fn shard_in(folder: &Path) -> Option<(Shard, Key)> {
    let run = folder::read_run(folder).ok()?;
    Some((run.shard?, key(&run)))
}

/// A shard and the others of its run beside it.
fn siblings(one: &Path) -> Vec<PathBuf> {
    let alone = || vec![one.to_owned()];
    let Some((_, own)) = shard_in(one) else { return alone() };
    let Some(beside) =
        one.parent().map(|parent| if parent == Path::new("") { Path::new(".") } else { parent })
    else {
        return alone();
    };
    let others = ids(beside).into_iter().filter(|id| folder::is_shard(id)).map(|id| beside.join(id));
    let of_the_run = others.filter(|folder| shard_in(folder).is_some_and(|(_, key)| key == own));
    alone().into_iter().chain(of_the_run).collect()
}

/// What shards of one run share.
type Key = (Option<Digest>, Option<Digest>, Option<u32>);

fn key(run: &Run) -> Key {
    (run.suite.plan_sha256, run.model_digest, run.shard.map(Shard::of))
}

impl Gathered {
    /// Holds shards against each other: those of most are right, and the others foreign.
    pub fn new(found: Vec<Found>) -> Self {
        let mut gathered = Self::default();
        let mut counts: BTreeMap<Key, usize> = BTreeMap::new();
        found.iter().for_each(|shard| *counts.entry(key(&shard.run)).or_default() += 1);
        let most = counts.values().copied().max().unwrap_or_default();
        let Some(first) = found.iter().find(|shard| counts[&key(&shard.run)] == most).cloned() else {
            return gathered;
        };
        let (own, foreign): (Vec<Found>, Vec<Found>) = found.into_iter().partition(|shard| {
            let same = differences::between(&first.run, &shard.run);
            if !same.is_empty() {
                let (folder, reference) = (shard.folder.display(), first.folder.display());
                let differences = same.join("; ");
                gathered.faults.push(format!("{folder} is of another run than {reference}: {differences}"));
            }
            same.is_empty()
        });
        let mut by_number: BTreeMap<u32, Vec<Found>> = BTreeMap::new();
        own.into_iter().for_each(|shard| by_number.entry(shard.shard.index()).or_default().push(shard));
        let of = first.shard.of();
        // A foreign shard is told of once, not as missing too.
        let foreign = foreign.iter().map(|found| found.shard).filter(|shard| shard.of() == of);
        let there = by_number.keys().copied().chain(foreign.map(Shard::index)).collect();
        gathered.missing(&there, of);
        for (number, same) in by_number {
            if let Some(shard) = gathered.one_of(same) {
                gathered.shards.insert(number, shard);
            }
        }
        gathered
    }

    fn missing(&mut self, there: &BTreeSet<u32>, of: u32) {
        // Ranges between those that are there, so that a huge number of shards costs nothing.
        let mut ranges = Vec::new();
        let mut next = 1;
        for number in there.iter().copied().map(u64::from).chain([u64::from(of) + 1]) {
            if number > next {
                let last = number - 1;
                ranges.push(if last == next { next.to_string() } else { format!("{next}-{last}") });
            }
            next = next.max(number + 1);
        }
        let Some(first) = ranges.first() else { return };
        let first = first.split('-').next().unwrap_or(first);
        let (noun, are) =
            if ranges.len() == 1 && !ranges[0].contains('-') { ("shard", "is") } else { ("shards", "are") };
        let remedy =
            format!("the same `yardstick run` with `--shard {first}/{of}` makes it, or name its folder too");
        self.faults.push(format!("{noun} {} of {of} {are} missing: {remedy}", listed(&ranges)));
    }

    /// Of several folders of one shard, the one whose answers are taken.
    fn one_of(&mut self, same: Vec<Found>) -> Option<Found> {
        let (finished, unfinished): (Vec<Found>, Vec<Found>) =
            same.into_iter().partition(|shard| shard.run.status == Status::Complete);
        let mut finished = finished.into_iter();
        let Some(first) = finished.next() else {
            self.faults.extend(unfinished.iter().map(not_finished));
            return None;
        };
        for shard in unfinished {
            let (left, taken) = (shard.folder.display(), first.folder.display());
            self.notes
                .push(format!("{left} is left out: it was not finished, and {taken} is the same shard"));
        }
        for shard in finished {
            let both = format!("{} and {}", first.folder.display(), shard.folder.display());
            let which = format!("shard {} of {}", first.shard.index(), first.shard.of());
            if shard.run.answers_sha256 == first.run.answers_sha256 {
                self.notes
                    .push(format!("{both} are both {which}, with the same answers: the first is taken"));
            } else {
                self.faults.push(format!(
                    "{both} are both {which}, with different answers, which should not be: \
                     `yardstick run … --verify` on their machines says which can be relied on; name only one"
                ));
            }
        }
        Some(first)
    }

    /// Reads the answers of all shards to a plan of these requests, in its order. What is wrong with them is added to the faults.
    pub fn answers(&mut self, plan: &[Request], digests: &[Digest]) -> Answers {
        let mut answers = Answers::none(plan.len());
        let places: BTreeMap<&Digest, usize> = digests.iter().zip(0..).collect();
        for found in self.shards.values() {
            let read = read(found, plan, &places, &mut answers);
            let faults = read.unwrap_or_else(|error| vec![error.to_string()]);
            let file = found.folder.join(ANSWERS);
            self.faults.extend(faults.into_iter().map(|fault| format!("{}: {fault}", file.display())));
        }
        answers
    }
}

/// Puts a shard's answers into their places, and says what is wrong with them.
fn read(
    found: &Found,
    plan: &[Request],
    places: &BTreeMap<&Digest, usize>,
    answers: &mut Answers,
) -> Result<Vec<String>, StoreError> {
    let recovered = journal::read(&found.folder)?;
    let mut faults = Vec::new();
    if !recovered.damaged.is_empty() {
        let lines: Vec<String> = recovered.damaged.iter().map(ToString::to_string).collect();
        faults.push(format!("damaged lines, by their checksums: {}", listed(&lines)));
    }
    let part = found.shard.part(plan);
    let mut missing = part.len();
    let (mut strange, mut others) = (0_usize, BTreeMap::<u32, usize>::new());
    for (request, outcome) in recovered.outcomes {
        match places.get(&request) {
            Some(place) if part.contains(place) => {
                answers.put(*place, outcome);
                missing -= 1;
            }
            Some(place) => {
                if let Some(shard) = Shard::asking(*place, plan, found.shard.of()) {
                    *others.entry(shard.index()).or_default() += 1;
                }
            }
            None => strange += 1,
        }
    }
    if missing > 0 {
        faults.push(format!("{missing} of its {} answers are not there", part.len()));
    }
    for (shard, answers) in others {
        faults.push(format!("{answers} of its answers are to what shard {shard} asks"));
    }
    if strange > 0 {
        faults.push(format!("{strange} of its answers are to what this plan does not ask"));
    }
    if faults.is_empty() && Some(recovered.sha256) != found.run.answers_sha256 {
        faults.push("it is not the file that was sealed: something changed it since".into());
    }
    Ok(faults)
}

fn not_finished(shard: &Found) -> String {
    let folder = shard.folder.display();
    if shard.run.status == Status::Running && journal::is_open(&shard.folder) {
        return format!("{folder} is not finished: a process writes to it; wait until it ends");
    }
    format!("{folder} is not finished: `yardstick run --resume {folder}` goes on with it")
}

fn listed(names: &[String]) -> String {
    let shown = names[..names.len().min(MOST_NAMED)].join(", ");
    match names.len().saturating_sub(MOST_NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
