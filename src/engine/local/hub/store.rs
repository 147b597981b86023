//! Writes into the cache: a file grows beside its final place, under the name and the lock that Python uses too, and is moved
//! there when it is complete and checked.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use hf_hub::{Cache, CacheRepo, Repo};

use super::{Commit, Event, Listener, client::tell, fault::DownloadError};
use crate::value::{Digest, Hasher};

/// One repository of the cache, at one commit.
pub(super) struct Store {
    repo: CacheRepo,
    locks: PathBuf,
    commit: Commit,
}

impl Store {
    pub(super) fn new(cache: &Path, repo: Repo, commit: Commit) -> Self {
        let locks = cache.join(".locks").join(repo.folder_name());
        Self { repo: Cache::new(cache.to_owned()).repo(repo), locks, commit }
    }

    /// Where the files of the commit lie.
    pub(super) fn snapshot(&self) -> PathBuf {
        self.repo.pointer_path(self.commit.as_str())
    }

    /// Whether the snapshot has a file.
    pub(super) fn holds(&self, name: &str) -> bool {
        self.snapshot().join(name).exists()
    }

    /// Keeps others from writing a blob, as long as the lock lives.
    pub(super) fn lock(&self, blob: &str, listener: Listener<'_>) -> Result<File, DownloadError> {
        let path = self.locks.join(format!("{blob}.lock"));
        let file = make_folder(&self.locks)
            .and_then(|()| File::create(&path).map_err(|error| DownloadError::disk(&path, error)))?;
        loop {
            match file.try_lock() {
                Err(TryLockError::WouldBlock) => {
                    tell(
                        listener,
                        Event::Waits { why: "another process is fetching the same file", left: None },
                    )?;
                    thread::sleep(Duration::from_millis(200));
                }
                // A file system without locks: two processes may fetch the same file, and the check of its content decides.
                Ok(()) | Err(TryLockError::Error(_)) => return Ok(file),
            }
        }
    }

    /// Whether a blob is there, with the right size where that is known.
    pub(super) fn has_blob(&self, blob: &str, size: Option<u64>) -> bool {
        fs::metadata(self.repo.blob_path(blob)).is_ok_and(|file| size.is_none_or(|size| size == file.len()))
    }

    /// The beginning of a blob that an earlier download left, or an empty one.
    pub(super) fn part(&self, blob: &str) -> Result<Part, DownloadError> {
        let blob = self.repo.blob_path(blob);
        make_folder(blob.parent().expect("a blob lies in a folder"))?;
        Part::open(blob)
    }

    /// Shows a blob in the snapshot under its name.
    pub(super) fn link(&self, blob: &str, name: &str) -> Result<(), DownloadError> {
        let folder = self.snapshot();
        let link = folder.join(name);
        make_folder(&folder)?;
        if link.exists() {
            return Ok(());
        }
        let fault = |error| DownloadError::disk(&link, error);
        if link.is_symlink() {
            // It leads nowhere.
            fs::remove_file(&link).map_err(fault)?;
        }
        symlink(&Path::new("../../blobs").join(blob), &link)
            // A file system without links.
            .or_else(|_| fs::rename(self.repo.blob_path(blob), &link))
            .map_err(fault)
    }

    /// Notes that the branch or tag stands for the commit now.
    pub(super) fn remember_revision(&self) -> Result<(), DownloadError> {
        self.repo
            .create_ref(self.commit.as_str())
            .map_err(|error| DownloadError::disk(self.snapshot(), error))
    }
}

/// A blob that is not complete yet.
pub(super) struct Part {
    blob: PathBuf,
    path: PathBuf,
    file: File,
    length: u64,
    hasher: Hasher,
}

impl Part {
    fn open(blob: PathBuf) -> Result<Self, DownloadError> {
        let mut path = blob.clone().into_os_string();
        path.push(".incomplete");
        let path = PathBuf::from(path);
        let mut hasher = Hasher::default();
        let fault = |error| DownloadError::disk(&path, error);
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(&path).map_err(fault)?;
        let length = io::copy(&mut file, &mut hasher).map_err(fault)?;
        Ok(Self { blob, path, file, length, hasher })
    }

    /// How many bytes are there.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<(), DownloadError> {
        self.file.write_all(bytes).map_err(|error| DownloadError::disk(&self.path, error))?;
        self.hasher.write_all(bytes).expect("a digest takes any bytes");
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Throws away what is there.
    pub(super) fn restart(&mut self) -> Result<(), DownloadError> {
        self.file.set_len(0).map_err(|error| DownloadError::disk(&self.path, error))?;
        self.length = 0;
        self.hasher = Hasher::default();
        Ok(())
    }

    /// Of what is there.
    pub(super) fn digest(&self) -> Digest {
        self.hasher.clone().finish()
    }

    /// Gives the blob its final name, once its bytes are on the disk.
    pub(super) fn finish(self) -> Result<(), DownloadError> {
        self.file.sync_all().map_err(|error| DownloadError::disk(&self.path, error))?;
        fs::rename(&self.path, &self.blob).map_err(|error| DownloadError::disk(&self.blob, error))
    }
}

fn make_folder(path: &Path) -> Result<(), DownloadError> {
    fs::create_dir_all(path).map_err(|error| DownloadError::disk(path, error))
}

#[cfg(unix)]
fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(windows)]
fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_file(target, link)
}
