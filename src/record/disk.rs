//! Every change that a run makes on disk, in steps whose order survives a crash or a power failure between any two of
//! them: a file is whole under its name or not there, and what is under a name stays there.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

#[cfg(test)]
pub mod faults;

/// Begins the name of a file that is being written. What a crash leaves of it is removed when the run is taken up.
pub const UNFINISHED: &str = ".unfinished-";

/// One change, before it is made.
#[derive(Clone, Copy, Debug)]
pub enum Step<'a> {
    /// A folder is made.
    MakeFolder(&'a Path),
    /// A file is made, empty.
    Create(&'a Path),
    /// Bytes go to the end of a file.
    Write(&'a Path, &'a [u8]),
    /// A file loses its end.
    Cut(&'a Path),
    /// What is in a file is forced to disk.
    Sync(&'a Path),
    /// A file takes the name of another.
    Rename(&'a Path, &'a Path),
    /// A file is removed.
    Remove(&'a Path),
    /// The names in a folder are forced to disk.
    SyncFolder(&'a Path),
}

/// Tests refuse a step here; the program makes every one.
#[cfg(not(test))]
#[expect(clippy::unnecessary_wraps, reason = "a disk that refuses is played by tests")]
fn about_to(_: Step<'_>) -> io::Result<()> {
    Ok(())
}
#[cfg(test)]
use faults::about_to;

/// Makes a folder that is not there yet.
pub fn make_folder(path: &Path) -> io::Result<()> {
    about_to(Step::MakeFolder(path))?;
    fs::create_dir(path)?;
    sync_folder(parent(path))
}

/// Makes a folder, and those that it lies in, where they are not there yet.
pub fn make_folders(path: &Path) -> io::Result<()> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    make_folders(parent(path))?;
    match make_folder(path) {
        // Another process was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        made => made,
    }
}

/// Writes a file as a whole or not at all: beside its place, forced to disk, then renamed. Hands back the open file;
/// `prepare` has it before it has its name.
pub fn write_whole(
    path: &Path,
    prepare: impl FnOnce(&File) -> io::Result<()>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<File> {
    let folder = parent(path);
    // Made here and not by `tempfile`, whose files nobody else may read.
    let unfinished = tempfile::Builder::new().prefix(UNFINISHED).make_in(folder, |path| {
        about_to(Step::Create(path))?;
        OpenOptions::new().read(true).write(true).create_new(true).open(path)
    })?;
    prepare(unfinished.as_file())?;
    let mut out = BufWriter::with_capacity(1 << 16, Stepped(&unfinished));
    write(&mut out)?;
    out.flush()?;
    drop(out);
    about_to(Step::Sync(unfinished.path()))?;
    unfinished.as_file().sync_all()?;
    about_to(Step::Rename(unfinished.path(), path))?;
    let file = unfinished.persist(path).map_err(|error| error.error)?;
    sync_folder(folder)?;
    Ok(file)
}

/// Writes to a file that has no name of its own yet.
struct Stepped<'a>(&'a tempfile::NamedTempFile<File>);

impl Write for Stepped<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        about_to(Step::Write(self.0.path(), bytes))?;
        self.0.as_file().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Removes what a crash left of files that were being written to a folder. No other process may be writing there.
pub fn remove_unfinished(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            about_to(Step::Remove(&entry.path()))?;
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// A file that grows at its end, whole lines at a time.
#[derive(Debug)]
pub struct Growing {
    path: PathBuf,
    file: File,
}

impl Growing {
    /// Opens a file, new or not. Its name is on disk afterwards.
    pub fn open(path: &Path) -> io::Result<Self> {
        let is_new = !path.exists();
        if is_new {
            about_to(Step::Create(path))?;
        }
        let file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
        if is_new {
            sync_folder(parent(path))?;
        }
        Ok(Self { path: path.to_owned(), file })
    }

    /// A file that has its name and is open already.
    pub fn of(path: &Path, file: File) -> Self {
        Self { path: path.to_owned(), file }
    }

    /// The file, to be read and locked.
    pub fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Leaves only so many bytes of it.
    pub fn cut(&mut self, length: u64) -> io::Result<()> {
        if self.file.metadata()?.len() != length {
            about_to(Step::Cut(&self.path))?;
            self.file.set_len(length)?;
        }
        Ok(())
    }

    /// Puts bytes to its end.
    pub fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        about_to(Step::Write(&self.path, bytes))?;
        self.file.write_all(bytes)
    }

    /// Forces what is in it to disk.
    pub fn sync(&mut self) -> io::Result<()> {
        about_to(Step::Sync(&self.path))?;
        self.file.sync_data()
    }

    /// Whether the file is still the one under its name: a file that was removed takes everything, and keeps nothing.
    pub fn has_its_name(&self) -> io::Result<bool> {
        let named = match fs::metadata(&self.path) {
            Ok(named) => named,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let own = self.file.metadata()?;
            Ok((own.dev(), own.ino()) == (named.dev(), named.ino()))
        }
        #[cfg(not(unix))]
        {
            let _ = named;
            Ok(true)
        }
    }
}

/// Points a link at a name in the same folder, or does nothing where the folder cannot hold links.
#[cfg(unix)]
pub fn point(link: &Path, name: &std::ffi::OsStr) {
    let fresh = parent(link).join(format!("{UNFINISHED}{}", std::process::id()));
    let _ = fs::remove_file(&fresh);
    if std::os::unix::fs::symlink(name, &fresh).is_ok() && fs::rename(&fresh, link).is_err() {
        let _ = fs::remove_file(&fresh);
    }
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    about_to(Step::SyncFolder(folder))?;
    #[cfg(unix)]
    match File::open(folder)?.sync_all() {
        // Some network file systems cannot be asked for it.
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {}
        synced => synced?,
    }
    Ok(())
}

/// The folder that a path lies in; of a bare name, where the program is.
fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) => Path::new("."),
        None => path,
    }
}
