//! `answers.jsonl`: the journal of a run and, once sealed, its truth. One line an answered request, keyed by the request's
//! digest and closed by a checksum; one `write` a line, forced to disk every two seconds.

use std::{
    collections::BTreeMap,
    fs::{File, TryLockError},
    io::{self, BufRead, BufReader, Read, Seek, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

use super::{
    disk::{self, Growing},
    folder::StoreError,
    inside,
};
use crate::{
    plan::{Answer, Failure},
    value::{Digest, Hasher},
};

/// The file's name in a run folder.
pub const ANSWERS: &str = "answers.jsonl";

/// What a power failure may cost.
const SYNC_EVERY: Duration = Duration::from_secs(2);
/// A longer line is no answer: one of a million tokens has a quarter of it.
const LONGEST: u64 = 256 << 20;

/// How long a locked journal is waited for.
const PATIENCE: Duration = Duration::from_millis(300);

/// What a request came to.
pub type Outcome = Result<Answer, Failure>;

/// The open journal of a run; no other process can open it meanwhile.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    lines: Growing,
    synced: Instant,
}

/// What a journal holds.
#[derive(Debug)]
pub struct Recovered {
    /// The outcomes by request digest; of two for one request, the later.
    pub outcomes: BTreeMap<Digest, Outcome>,
    /// Numbers (from 1) of lines that their checksum gives away as damaged; their requests are not in `outcomes`.
    pub damaged: Vec<usize>,
    /// Of all whole lines, the damaged ones too.
    pub sha256: Digest,
    /// Bytes of whole lines; what follows is a torn tail.
    whole: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Line<A, F> {
    Answer { request: Digest, answer: A },
    Failure { request: Digest, failure: F },
}

impl Journal {
    /// Opens the journal of a run folder, new or interrupted: recovers what it holds, drops a torn tail, and clears away
    /// what else a crash left half written.
    pub fn open(folder: &Path) -> Result<(Self, Recovered), StoreError> {
        let path = folder.join(ANSWERS);
        let failed = |source| StoreError::Io { doing: "open", path: path.clone(), source };
        if path.is_symlink() {
            let reason =
                "it is a link, and what is written to a run stays in its folder: put the file itself there";
            return Err(StoreError::Damaged { path, reason: reason.into() });
        }
        if path.exists() {
            inside::check_file(&path).map_err(failed)?;
        }
        let mut lines = loop {
            let mut lines = Growing::open(&path).map_err(failed)?;
            lock(lines.file(), folder)?;
            // The process that held the lock may have put the sealed file into the place of the one opened here.
            if lines.has_its_name().map_err(failed)? {
                break lines;
            }
        };
        let recovered = recover(lines.file()).map_err(failed)?;
        lines.cut(recovered.whole).map_err(failed)?;
        disk::remove_unfinished(folder).map_err(StoreError::io("clear", folder))?;
        Ok((Self { path, lines, synced: Instant::now() }, recovered))
    }

    /// Appends one outcome.
    pub fn append(&mut self, request: Digest, outcome: &Outcome) -> Result<(), StoreError> {
        self.lines.append(line(request, outcome).as_bytes()).map_err(self.failed("append to"))?;
        if self.synced.elapsed() >= SYNC_EVERY { self.save() } else { Ok(()) }
    }

    /// Forces everything to disk, and makes sure that it can be found there.
    pub fn save(&mut self) -> Result<(), StoreError> {
        self.synced = Instant::now();
        self.lines.sync().map_err(self.failed("save"))?;
        if self.lines.has_its_name().map_err(self.failed("find"))? {
            return Ok(());
        }
        let reason = "it was removed or replaced while the run was writing it, and what was answered is lost";
        Err(StoreError::Damaged { path: self.path.clone(), reason: reason.into() })
    }

    /// Puts the outcomes in plan order into the place of the journal, and returns the digest of the file: the run's result
    /// digest. The folder stays locked until the journal is dropped.
    pub fn seal<'a>(
        &mut self,
        outcomes: impl Iterator<Item = (Digest, &'a Outcome)>,
    ) -> Result<Digest, StoreError> {
        let lock = |file: &File| file.try_lock().map_err(io::Error::from);
        write(&self.path, lock, outcomes).map(|(digest, file)| {
            self.lines = file;
            digest
        })
    }

    fn failed(&self, doing: &'static str) -> impl FnOnce(io::Error) -> StoreError + use<> {
        StoreError::io(doing, &self.path)
    }
}

/// A process that ends, or starts another, may hold the lock a moment longer than it writes.
fn lock(file: &File, folder: &Path) -> Result<(), StoreError> {
    let patience = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if patience.elapsed() < PATIENCE => {
                std::thread::sleep(PATIENCE / 20);
            }
            Err(TryLockError::WouldBlock) => return Err(StoreError::Locked(folder.to_owned())),
            Err(TryLockError::Error(source)) => {
                return Err(StoreError::io("lock", &folder.join(ANSWERS))(source));
            }
        }
    }
}

/// Reads the answers of a run folder without touching them.
pub fn read(folder: &Path) -> Result<Recovered, StoreError> {
    let path = folder.join(ANSWERS);
    let failed = |source| StoreError::Io { doing: "read", path: path.clone(), source };
    let file = inside::check_file(&path).and_then(|()| File::open(&path));
    recover(&mut file.map_err(failed)?).map_err(failed)
}

/// Whether a process has the journal of a run folder open.
pub fn is_open(folder: &Path) -> bool {
    let path = folder.join(ANSWERS);
    let Ok(file) = inside::check_file(&path).and_then(|()| File::open(path)) else { return false };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

/// Writes the outcomes of a run that is never interrupted, in plan order, and returns the digest of the file.
pub fn seal<'a>(
    folder: &Path,
    outcomes: impl Iterator<Item = (Digest, &'a Outcome)>,
) -> Result<Digest, StoreError> {
    write(&folder.join(ANSWERS), |_| Ok(()), outcomes).map(|(digest, _)| digest)
}

fn write<'a>(
    path: &Path,
    prepare: impl FnOnce(&File) -> io::Result<()>,
    outcomes: impl Iterator<Item = (Digest, &'a Outcome)>,
) -> Result<(Digest, Growing), StoreError> {
    let mut hasher = Hasher::default();
    let file = disk::write_whole(path, prepare, |out| {
        for (request, outcome) in outcomes {
            let line = line(request, outcome);
            hasher.write_all(line.as_bytes())?;
            out.write_all(line.as_bytes())?;
        }
        Ok(())
    });
    Ok((hasher.finish(), Growing::of(path, file.map_err(StoreError::io("seal", path))?)))
}

fn line(request: Digest, outcome: &Outcome) -> String {
    let line = match outcome {
        Ok(answer) => Line::Answer { request, answer },
        Err(failure) => Line::Failure { request, failure },
    };
    let mut text = serde_json::to_string(&line).expect("answers are finite numbers, texts and lists");
    let check = check(&text);
    text.pop();
    text.push_str(",\"check\":\"");
    text.push_str(&check);
    text.push_str("\"}\n");
    text
}

fn check(text: &str) -> String {
    Digest::of(text).short(8)
}

fn parse(line: &str) -> Option<(Digest, Outcome)> {
    let (body, mark) = line.trim_end_matches('\n').rsplit_once(",\"check\":\"")?;
    let body = format!("{body}}}");
    if mark.strip_suffix("\"}")? != check(&body) {
        return None;
    }
    match serde_json::from_str(&body).ok()? {
        Line::Answer { request, answer } => Some((request, Ok(answer))),
        Line::Failure { request, failure } => Some((request, Err(failure))),
    }
}

fn recover(file: &mut File) -> io::Result<Recovered> {
    file.rewind()?;
    let (mut outcomes, mut damaged, mut whole) = (BTreeMap::new(), Vec::new(), 0);
    let mut reader = BufReader::with_capacity(1 << 16, Read::by_ref(file));
    let mut bytes = Vec::new();
    let mut hasher = Hasher::default();
    for number in 1.. {
        bytes.clear();
        let length = reader.by_ref().take(LONGEST).read_until(b'\n', &mut bytes)?;
        if length as u64 == LONGEST {
            let message = format!("line {number} is longer than {} MB, which no answer is", LONGEST >> 20);
            return Err(io::Error::other(message));
        }
        if bytes.last() != Some(&b'\n') {
            break;
        }
        whole += length as u64;
        hasher.write_all(&bytes)?;
        match std::str::from_utf8(&bytes).ok().and_then(parse) {
            Some((request, outcome)) => drop(outcomes.insert(request, outcome)),
            None => damaged.push(number),
        }
    }
    Ok(Recovered { outcomes, damaged, sha256: hasher.finish(), whole })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{FailureKind, Scored};

    fn outcomes() -> Vec<(Digest, Outcome)> {
        let scored = Scored {
            ids: vec![7],
            texts: vec![" é\n".into()],
            logprobs: vec![-0.1],
            bytes: 4,
            before: 1,
            dropped: 2,
            straddles: true,
        };
        vec![
            (Digest::of("a"), Ok(Answer::Scored(scored))),
            (Digest::of("b"), Err(Failure::new(FailureKind::TooLong, "2,000 tokens, where 1,024 fit"))),
            (Digest::of("c"), Ok(Answer::Scored(Scored::default()))),
        ]
    }

    fn written() -> (tempfile::TempDir, String) {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, _) = Journal::open(folder.path()).unwrap();
        for (request, outcome) in outcomes() {
            journal.append(request, &outcome).unwrap();
        }
        journal.save().unwrap();
        let text = std::fs::read_to_string(folder.path().join(ANSWERS)).unwrap();
        (folder, text)
    }

    #[test]
    fn what_was_written_reads_back_and_sealing_keeps_the_lines() {
        let (folder, text) = written();
        let all: BTreeMap<_, _> = outcomes().into_iter().collect();
        assert_eq!(read(folder.path()).unwrap().outcomes, all);
        let list = outcomes();
        let digest = seal(folder.path(), list.iter().map(|(request, outcome)| (*request, outcome))).unwrap();
        assert_eq!(std::fs::read_to_string(folder.path().join(ANSWERS)).unwrap(), text);
        assert_eq!(digest, Digest::of(&text));
    }

    #[test]
    fn every_cut_keeps_exactly_the_whole_lines() {
        let (folder, text) = written();
        let path = folder.path().join(ANSWERS);
        for cut in 0..=text.len() {
            std::fs::write(&path, &text.as_bytes()[..cut]).unwrap();
            let (_journal, recovered) = Journal::open(folder.path()).unwrap();
            let whole = text.bytes().take(cut).filter(|byte| *byte == b'\n').count();
            assert_eq!((recovered.outcomes.len(), recovered.damaged.len()), (whole, 0), "cut at {cut}");
            assert_eq!(std::fs::metadata(&path).unwrap().len(), recovered.whole);
        }
    }

    #[test]
    fn a_damaged_line_is_named_and_only_it_is_lost() {
        let (folder, text) = written();
        let damaged = text.replacen("-0.1", "-0.2", 1);
        assert_ne!(damaged, text);
        std::fs::write(folder.path().join(ANSWERS), damaged).unwrap();
        let recovered = read(folder.path()).unwrap();
        assert_eq!((recovered.damaged, recovered.outcomes.len()), (vec![1], 2));
    }

    #[test]
    fn a_folder_that_is_removed_ends_the_run_at_the_next_save() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("run");
        std::fs::create_dir(&folder).unwrap();
        let (mut journal, _) = Journal::open(&folder).unwrap();
        let (request, outcome) = &outcomes()[0];
        journal.append(*request, outcome).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        // Only what is said after two seconds looks again.
        journal.append(*request, outcome).unwrap();
        journal.synced -= SYNC_EVERY;
        let error = journal.append(*request, outcome).unwrap_err().to_string();
        assert!(error.contains("was removed or replaced"), "{error}");
    }

    #[test]
    fn what_is_older_than_two_seconds_survives_a_power_failure() {
        use crate::record::disk::faults::{self, Fault};
        let (home, after) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        faults::begin(home.path(), Fault::Never);
        let (mut journal, _) = Journal::open(home.path()).unwrap();
        let all = outcomes();
        for (number, (request, outcome)) in all.iter().enumerate() {
            if number == 1 {
                journal.synced -= SYNC_EVERY;
            }
            journal.append(*request, outcome).unwrap();
        }
        faults::end().after_power_failure(home.path(), after.path());
        let kept = read(after.path()).unwrap().outcomes;
        assert_eq!(kept, all.into_iter().take(2).collect());
    }

    #[test]
    fn a_sealed_run_stays_locked_and_half_written_files_are_cleared() {
        let folder = tempfile::tempdir().unwrap();
        let left_over = folder.path().join(format!("{}abc", disk::UNFINISHED));
        std::fs::write(&left_over, "half").unwrap();
        let (mut journal, _) = Journal::open(folder.path()).unwrap();
        assert!(!left_over.exists());
        let all = outcomes();
        journal.seal(all.iter().map(|(request, outcome)| (*request, outcome))).unwrap();
        assert!(is_open(folder.path()));
        assert!(matches!(Journal::open(folder.path()), Err(StoreError::Locked(_))));
        drop(journal);
        assert!(!is_open(folder.path()) && Journal::open(folder.path()).is_ok());
    }

    #[test]
    fn a_second_process_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let _first = Journal::open(folder.path()).unwrap();
        assert!(matches!(Journal::open(folder.path()), Err(StoreError::Locked(_))));
    }
}
