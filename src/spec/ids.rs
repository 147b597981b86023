//! Ids of items: those that are given, and those made of an item's first words.

use std::collections::{BTreeMap, BTreeSet};

use unicode_normalization::UnicodeNormalization as _;

use super::{finding::Finding, place::Place, reader::Reader, text::Text};

/// The ids of a list of items: those given, and those made.
pub(super) struct Ids(BTreeSet<String>, BTreeMap<String, usize>);

/// Words that programs that read CSV take for something else.
const RESERVED: [&str; 9] = ["NA", "NaN", "nan", "None", "null", "true", "false", "TRUE", "FALSE"];

impl Ids {
    /// Those that are given, if each can be one and none is there twice.
    pub(super) fn given<'a>(ids: impl Iterator<Item = &'a Text>, reader: &mut Reader) -> Option<Self> {
        let mut all = BTreeMap::<String, Place>::new();
        let mut sound = true;
        for id in ids {
            let fault = if RESERVED.contains(&id.as_str()) {
                Some(Finding::error("name", id.at, format!("`{id}` cannot be an id")).help(
                    "programs that read CSV take it for a missing value or a boolean; give it another name",
                ))
            } else if !is_id(id) {
                Some(
                    Finding::error("name", id.at, format!("`{id}` cannot be an id"))
                        .help("an id begins with a letter or digit and goes on with letters, digits, `.`, `_`, `/` or `-`"),
                )
            } else {
                all.insert(id.to_string(), id.at).map(|first| {
                    Finding::error("same-name", id.at, format!("two items have the id `{id}`"))
                        .label("again")
                        .also(first, "first")
                })
            };
            if let Some(fault) = fault {
                sound = false;
                reader.findings.add(fault);
            }
        }
        sound.then(|| Self(all.into_keys().collect(), BTreeMap::new()))
    }

    /// A readable id that no other item has.
    pub(super) fn make(&mut self, title: &str, index: usize) -> String {
        let stem = slug(title).unwrap_or_else(|| format!("item-{}", index + 1));
        let mut id = stem.clone();
        let count = self.1.entry(stem.clone()).or_insert(1);
        while RESERVED.contains(&id.as_str()) || !self.0.insert(id.clone()) {
            *count += 1;
            id = format!("{stem}-{count}");
        }
        id
    }
}

/// Whether a text can be an id: safe as a file name and in every table.
fn is_id(id: &str) -> bool {
    id.starts_with(|first: char| first.is_ascii_alphanumeric())
        && id.len() <= 128
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._/-".contains(&byte))
}

/// The first words of a text, in small letters and hyphens.
fn slug(text: &str) -> Option<String> {
    const LONGEST: usize = 40;
    let mut slug = String::new();
    // A long text need not be looked at whole.
    for c in text.chars().take(4 * LONGEST).nfkd() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty()
            && !slug.ends_with('-')
            && !unicode_normalization::char::is_combining_mark(c)
        {
            slug.push('-');
        }
    }
    if slug.len() > LONGEST {
        let cut = slug[..=LONGEST].rfind('-').filter(|cut| *cut > LONGEST / 2).unwrap_or(LONGEST);
        slug.truncate(cut);
    }
    let slug = slug.trim_end_matches('-');
    (!slug.is_empty()).then(|| slug.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_readable_and_unique() {
        let mut ids = Ids(BTreeSet::from(["paris-2".to_owned()]), BTreeMap::new());
        let made: Vec<_> = ["Paris", "Paris!", "Ça & là", "日本", "null"]
            .iter()
            .enumerate()
            .map(|(index, title)| ids.make(title, index))
            .collect();
        assert_eq!(made, ["paris", "paris-3", "ca-la", "item-4", "null-2"]);
        assert_eq!(
            slug("The capital of the largest country of the continent is"),
            Some("the-capital-of-the-largest-country-of".to_owned())
        );
    }
}
