//! For tests: a disk that breaks at a chosen step, and one that remembers what a power failure would leave of it.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{Step, parent};

thread_local! {
    static DISK: RefCell<Option<Disk>> = const { RefCell::new(None) };
}

/// How the disk of this thread breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It never does.
    Never,
    /// One step fails, as when there is no room for a moment; a write leaves half of its bytes.
    Once(usize),
    /// A step and all later ones fail: to a process that is killed then, or a disk that stays full.
    From(usize),
}

/// What is on disk, as far as it is certain to be.
struct Disk {
    fault: Fault,
    steps: usize,
    /// What each file held when it was last forced to disk.
    forced: Vec<Vec<u8>>,
    /// What each path is now.
    names: BTreeMap<PathBuf, Entry>,
    /// What each path was when its folder was last forced to disk.
    certain: BTreeMap<PathBuf, Entry>,
}

#[derive(Clone, Copy)]
enum Entry {
    Folder,
    /// Place in `forced`.
    File(usize),
}

/// What became of the disk.
pub struct Ended {
    /// Steps that were begun.
    pub steps: usize,
    forced: Vec<Vec<u8>>,
    certain: BTreeMap<PathBuf, Entry>,
}

/// Everything that this thread does to the disk from here to [`end`] meets the fault. What lies in `root` is certain.
pub fn begin(root: &Path, fault: Fault) {
    let mut disk =
        Disk { fault, steps: 0, forced: Vec::new(), names: BTreeMap::new(), certain: BTreeMap::new() };
    disk.read(root);
    disk.certain = disk.names.clone();
    DISK.set(Some(disk));
}

/// Takes the fault away.
pub fn end() -> Ended {
    let Disk { steps, forced, certain, .. } = DISK.take().expect("a fault begins before it ends");
    Ended { steps, forced, certain }
}

/// What is about to happen on this thread.
pub(super) fn about_to(step: Step<'_>) -> io::Result<()> {
    DISK.with_borrow_mut(|disk| disk.as_mut().map_or(Ok(()), |disk| disk.take(step)))
}

impl Disk {
    fn read(&mut self, path: &Path) {
        if path.is_dir() {
            self.names.insert(path.to_owned(), Entry::Folder);
            for entry in fs::read_dir(path).unwrap() {
                self.read(&entry.unwrap().path());
            }
        } else {
            self.names.insert(path.to_owned(), Entry::File(self.forced.len()));
            self.forced.push(fs::read(path).unwrap());
        }
    }

    fn take(&mut self, step: Step<'_>) -> io::Result<()> {
        let number = self.steps;
        self.steps += 1;
        let fails = match self.fault {
            Fault::Never => false,
            Fault::Once(at) => number == at,
            Fault::From(at) => number >= at,
        };
        if fails {
            if let (Step::Write(path, bytes), true) = (step, number == self.first_failure()) {
                let mut file = OpenOptions::new().append(true).open(path)?;
                file.write_all(&bytes[..bytes.len() / 2])?;
            }
            return Err(io::Error::new(io::ErrorKind::StorageFull, "no space left (a test's fault)"));
        }
        match step {
            Step::MakeFolder(path) => drop(self.names.insert(path.to_owned(), Entry::Folder)),
            Step::Create(path) => {
                self.names.insert(path.to_owned(), Entry::File(self.forced.len()));
                self.forced.push(Vec::new());
            }
            Step::Write(..) | Step::Cut(_) => {}
            Step::Sync(path) => {
                if let Some(Entry::File(file)) = self.names.get(path) {
                    self.forced[*file] = fs::read(path)?;
                }
            }
            Step::Rename(from, to) => {
                if let Some(entry) = self.names.remove(from) {
                    self.names.insert(to.to_owned(), entry);
                }
            }
            Step::Remove(path) => drop(self.names.remove(path)),
            Step::SyncFolder(folder) => {
                self.certain.retain(|path, _| parent(path) != folder);
                let inside = self.names.iter().filter(|(path, _)| parent(path) == folder);
                self.certain.extend(inside.map(|(path, entry)| (path.clone(), *entry)));
            }
        }
        Ok(())
    }

    fn first_failure(&self) -> usize {
        match self.fault {
            Fault::Never => usize::MAX,
            Fault::Once(at) | Fault::From(at) => at,
        }
    }
}

impl Ended {
    /// Writes what a power failure leaves of `root` to another folder: names and bytes that were forced to disk, and
    /// nothing else.
    pub fn after_power_failure(&self, root: &Path, to: &Path) {
        for (path, entry) in &self.certain {
            let Ok(inside) = path.strip_prefix(root) else { continue };
            let copy = to.join(inside);
            // The names in a folder whose own name is lost cannot be found.
            match entry {
                _ if !parent(&copy).is_dir() => {}
                Entry::Folder => fs::create_dir_all(copy).unwrap(),
                Entry::File(file) => fs::write(copy, &self.forced[*file]).unwrap(),
            }
        }
    }
}
