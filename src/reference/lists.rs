//! The plain text that world and grammar are written in: named lists of entries.
//!
//! `name: entry; entry` on one line, or `name:` and the entries indented below, one or several a line. A line that begins
//! with `#` is a comment.

use std::collections::BTreeMap;

/// Named lists, each in the order of its file.
pub(super) struct Lists(BTreeMap<&'static str, Vec<&'static str>>);

impl Lists {
    /// Reads files that are part of this program.
    pub(super) fn read(files: &[&'static str]) -> Self {
        let mut lists: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let mut name = "";
        let lines = files.iter().flat_map(|file| file.lines());
        for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let entries = if let Some(entries) = line.strip_prefix("  ") {
                entries
            } else {
                let (head, entries) = line.split_once(':').expect("a list begins with its name and a colon");
                name = head;
                entries.trim_start()
            };
            lists.entry(name).or_default().extend(entries.split("; ").filter(|entry| !entry.is_empty()));
        }
        Self(lists)
    }

    /// A list that must be there.
    pub(super) fn get(&self, name: &str) -> &[&'static str] {
        self.0.get(name).unwrap_or_else(|| panic!("the world's files have no list `{name}`"))
    }

    /// A list whose entries read `left = right`.
    pub(super) fn pairs(&self, name: &str) -> Vec<(&'static str, &'static str)> {
        let pair = |entry: &&'static str| entry.split_once(" = ").expect("an entry reads `left = right`");
        self.get(name).iter().map(pair).collect()
    }

    /// All lists with their names.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static str, &[&'static str])> {
        self.0.iter().map(|(name, entries)| (*name, entries.as_slice()))
    }
}
