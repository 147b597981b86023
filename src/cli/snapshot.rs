//! The specs and data of a run, copied into its folder as they were read: what a run needs to be taken up or looked at
//! again, wherever the originals went.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

use crate::record::{
    SourceFile, disk,
    folder::{StoreError, write_whole},
};

/// The copies' folder within a run's folder.
pub(super) const SPEC: &str = "spec";

/// How the originals lie to each other; the copies lie alike, so that paths between them hold.
#[derive(Debug)]
pub(super) struct Snapshot {
    /// The deepest folder that holds them all.
    root: PathBuf,
}

impl Snapshot {
    /// Of every file that was read and every path that was named.
    pub(super) fn new<'a>(files: impl Iterator<Item = &'a Path>, named: &'a [PathBuf]) -> Self {
        let folders = files.map(|file| absolute(file.parent().unwrap_or(Path::new("")))).chain(
            named.iter().map(|path| {
                if path.is_dir() { absolute(path) } else { absolute(path.parent().unwrap_or(Path::new(""))) }
            }),
        );
        let root = folders.reduce(|one, other| {
            one.components().zip(other.components()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
        });
        Self { root: root.unwrap_or_default() }
    }

    /// Where the copy of a path lies within `spec/`, in slashes.
    pub(super) fn place(&self, path: &Path) -> String {
        let whole = match (path.parent(), path.file_name()) {
            (Some(parent), Some(name)) => absolute(parent).join(name),
            _ => absolute(path),
        };
        let inside = whole.strip_prefix(&self.root).unwrap_or(&whole);
        let names = inside.components().filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_string_lossy()),
            _ => None,
        });
        let place = names.collect::<Vec<_>>().join("/");
        if place.is_empty() { ".".into() } else { place }
    }
}

/// Copies the files into a run's folder.
pub(super) fn copy(run: &Path, files: &[(PathBuf, SourceFile)]) -> Result<(), StoreError> {
    for (original, file) in files {
        let copy = run.join(SPEC).join(&file.path);
        if let Some(folder) = copy.parent() {
            disk::make_folders(folder).map_err(StoreError::io("make the folder", folder))?;
        }
        let mut source = fs::File::open(original).map_err(StoreError::io("read", original))?;
        write_whole(&copy, |out| std::io::copy(&mut source, out).map(drop))?;
    }
    Ok(())
}
/// A folder without links or `..`; as it stands where it cannot be looked at.
fn absolute(folder: &Path) -> PathBuf {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_lie_to_each_other_as_the_originals_do() {
        let home = tempfile::tempdir().unwrap();
        let (specs, data) = (home.path().join("specs/deep"), home.path().join("data"));
        fs::create_dir_all(&specs).unwrap();
        fs::create_dir_all(&data).unwrap();
        let (spec, rows) = (specs.join("a.yaml"), data.join("b.csv"));
        fs::write(&spec, "x").unwrap();
        fs::write(&rows, "y").unwrap();
        let through = specs.join("../../data/b.csv");
        let snapshot =
            Snapshot::new([spec.as_path(), through.as_path()].into_iter(), std::slice::from_ref(&specs));
        assert_eq!(snapshot.place(&spec), "specs/deep/a.yaml");
        assert_eq!(snapshot.place(&through), "data/b.csv");
        assert_eq!(snapshot.place(&specs), "specs/deep");
        let alone = Snapshot::new([spec.as_path()].into_iter(), std::slice::from_ref(&specs));
        assert_eq!(alone.place(&specs), ".");
    }
}
