//! A spec as a tree: every value with its place, and every scalar as it was written.

use serde::{Serialize, Serializer};

use super::{place::Place, text::Text};

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Of a list or mapping, the place where it begins.
    pub at: Place,
    /// What stands there.
    pub value: Value,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing, `null` or `~`.
    Nothing,
    /// A scalar without quotes that may be a number or a boolean: as written.
    Bare(String),
    /// Any other scalar.
    Text(String),
    /// `[…]`, or lines that begin with `-`.
    List(Vec<Node>),
    /// `{…}`, or lines of `key: value`, in the order written.
    Map(Vec<(Text, Node)>),
}

impl Node {
    /// A value at a place.
    pub fn new(at: Place, value: Value) -> Self {
        Self { at, value }
    }

    /// What it is, for messages.
    pub fn what(&self) -> &'static str {
        match &self.value {
            Value::Nothing => "nothing",
            Value::Bare(word) if matches!(word.as_str(), "true" | "false") => "a boolean",
            Value::Bare(_) => "a number",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }

    /// A scalar as a text.
    pub fn text(&self) -> Option<Text> {
        match &self.value {
            Value::Bare(text) | Value::Text(text) => Some(Text::new(text, self.at)),
            Value::Nothing | Value::List(_) | Value::Map(_) => None,
        }
    }

    /// The value of a key of a mapping.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match &self.value {
            Value::Map(entries) => {
                entries.iter().find(|(name, _)| name.as_str() == key).map(|(_, node)| node)
            }
            Value::Nothing | Value::Bare(_) | Value::Text(_) | Value::List(_) => None,
        }
    }

    /// Puts a value under a key of a mapping, or under keys of mappings inside it: `confidence.level`. What is no
    /// mapping becomes one.
    pub fn set(&mut self, path: &[&str], new: Self) {
        let Some((key, rest)) = path.split_first() else {
            *self = new;
            return;
        };
        if !matches!(self.value, Value::Map(_)) {
            self.value = Value::Map(Vec::new());
            self.at = new.at;
        }
        let Value::Map(entries) = &mut self.value else { return };
        let index = entries.iter().position(|(name, _)| name.as_str() == *key).unwrap_or_else(|| {
            entries.push((Text::new(*key, new.at), Self::new(new.at, Value::Map(Vec::new()))));
            entries.len() - 1
        });
        entries[index].1.set(rest, new);
    }

    /// Fills in what a mapping does not say, from a mapping further away.
    pub fn fill(&mut self, further: &Self) {
        let (Value::Map(own), Value::Map(others)) = (&mut self.value, &further.value) else { return };
        for (key, value) in others {
            match own.iter_mut().find(|(name, _)| name == key) {
                Some((_, mine)) => mine.fill(value),
                None => own.push((key.clone(), value.clone())),
            }
        }
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.value {
            Value::Nothing => serializer.serialize_unit(),
            Value::Bare(word) => match serde_json::from_str::<serde_json::Value>(word) {
                Ok(number) => number.serialize(serializer),
                Err(_) => serializer.serialize_str(word),
            },
            Value::Text(text) => serializer.serialize_str(text),
            Value::List(entries) => serializer.collect_seq(entries),
            Value::Map(entries) => serializer.collect_map(entries.iter().map(|(key, value)| (key, value))),
        }
    }
}
