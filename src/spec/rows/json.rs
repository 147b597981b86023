//! Rows of a JSON file: the entries of a list, streamed.

use std::{
    cell::Cell,
    io::{self, BufRead},
    rc::Rc,
};

use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::{Map, Value as Json};

use super::{Pass, words};
use crate::spec::finding::Finding;

impl Pass<'_> {
    /// A list of objects; where the layout names a key, the list that stands under it.
    pub(super) fn json(&mut self, input: &mut impl BufRead) -> io::Result<()> {
        let marks = Marks::default();
        let tracked = Tracked { input, marks: marks.clone() };
        let mut json = serde_json::Deserializer::from_reader(tracked);
        let key = self.layout.rows;
        let entries = Entries { pass: self, marks: &marks };
        let read = match key {
            None => entries.deserialize(&mut json),
            Some(key) => json.deserialize_map(Under { key, entries }),
        };
        match read.and_then(|()| json.end()) {
            Ok(()) => Ok(()),
            Err(error) if error.is_io() => Err(error.into()),
            Err(error) => {
                let at = self.place(error.line() as u64, 0, 0);
                let what = match key {
                    None => "the file is no list of JSON objects".to_owned(),
                    Some(key) => format!("the file has no list of JSON objects under `{key}`"),
                };
                let finding = Finding::error("data", at, format!("{what}: {}", words(&error)));
                self.wrong(finding.help(
                    "write [{…}, {…}], or one object to a line in a .jsonl file; `rows: KEY` names the list of an object",
                ));
                Ok(())
            }
        }
    }
}

/// Where a streamed JSON file is read: lines, bytes, and where the entry began.
#[derive(Clone, Default)]
struct Marks(Rc<Cell<(u64, u64)>>, Rc<Cell<Option<(u64, u64)>>>);

struct Tracked<R> {
    input: R,
    marks: Marks,
}

impl<R: BufRead> io::Read for Tracked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // One byte at a time, as the parser asks: its place must be known exactly.
        let Some(slot) = buffer.first_mut() else { return Ok(0) };
        let Some(byte) = self.input.fill_buf()?.first().copied() else { return Ok(0) };
        self.input.consume(1);
        *slot = byte;
        let (line, at) = self.marks.0.get();
        if byte == b'{' && self.marks.1.get().is_none() {
            self.marks.1.set(Some((line, at)));
        }
        self.marks.0.set((line + u64::from(byte == b'\n'), at + 1));
        Ok(1)
    }
}

/// What stands where a row is wanted.
pub(super) enum Entry {
    /// An object, no key of which is given twice.
    Object(Map<String, Json>),
    /// No object.
    Other,
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Shape;
        impl<'de> Visitor<'de> for Shape {
            type Value = Entry;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Entry, M::Error> {
                let mut columns = Map::new();
                while let Some(key) = map.next_key::<String>()? {
                    if columns.contains_key(&key) {
                        return Err(de::Error::custom(format!("`{key}` is given twice")));
                    }
                    columns.insert(key, map.next_value()?);
                }
                Ok(Entry::Object(columns))
            }
            fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Entry, S::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Entry::Other)
            }
            fn visit_unit<E>(self) -> Result<Entry, E> {
                Ok(Entry::Other)
            }
            fn visit_bool<E>(self, _: bool) -> Result<Entry, E> {
                Ok(Entry::Other)
            }
            fn visit_i64<E>(self, _: i64) -> Result<Entry, E> {
                Ok(Entry::Other)
            }
            fn visit_u64<E>(self, _: u64) -> Result<Entry, E> {
                Ok(Entry::Other)
            }
            fn visit_f64<E>(self, _: f64) -> Result<Entry, E> {
                Ok(Entry::Other)
            }
            fn visit_str<E>(self, _: &str) -> Result<Entry, E> {
                Ok(Entry::Other)
            }
        }
        deserializer.deserialize_any(Shape)
    }
}

struct Entries<'a, 'p> {
    pass: &'a mut Pass<'p>,
    marks: &'a Marks,
}

impl<'de> DeserializeSeed<'de> for Entries<'_, '_> {
    type Value = ();
    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Entries<'_, '_> {
    type Value = ();
    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list")
    }
    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<(), S::Error> {
        loop {
            self.marks.1.set(None);
            self.pass.tally.0.set(0);
            let Some(entry) = list.next_element::<Entry>()? else { return Ok(()) };
            let end = self.marks.0.get();
            let (line, start) = self.marks.1.get().unwrap_or(end);
            let at = self.pass.place(line + 1, start, usize::try_from(end.1 - start).unwrap_or(usize::MAX));
            match entry {
                Entry::Object(columns) => self.pass.row(at, columns),
                Entry::Other => self.pass.wrong(Finding::error("data", at, "the entry is no JSON object")),
            }
        }
    }
}

/// The entries under a key of an object.
struct Under<'a, 'p> {
    key: &'a str,
    entries: Entries<'a, 'p>,
}

impl<'de> Visitor<'de> for Under<'_, '_> {
    type Value = ();
    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }
    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        let mut entries = Some(self.entries);
        while let Some(key) = map.next_key::<String>()? {
            match entries.take_if(|_| key == self.key) {
                Some(entries) => map.next_value_seed(entries)?,
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        if entries.is_some() { Err(de::Error::custom("there is no such key")) } else { Ok(()) }
    }
}
