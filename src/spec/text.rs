//! A text as its author wrote it, and where.

use std::{borrow::Cow, fmt, ops::Deref};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use super::place::Place;

/// A text as written in the file: `no`, `1.10` and `007` stay what the author typed. It equals another text by its
/// characters, wherever they stand.
#[derive(Clone)]
pub struct Text {
    value: String,
    /// Where it stands.
    pub at: Place,
}

impl Text {
    /// A text at a place.
    pub fn new(value: impl Into<String>, at: Place) -> Self {
        Self { value: value.into(), at }
    }

    /// Its characters.
    pub fn as_str(&self) -> &str {
        &self.value
    }

    /// Other characters at the same place.
    #[must_use]
    pub fn with(&self, value: impl Into<String>) -> Self {
        Self { value: value.into(), at: self.at }
    }
}

impl Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        &self.value
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.value)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.value, f)
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Eq for Text {}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.value)
    }
}

impl JsonSchema for Text {
    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A text. What is written is meant: `no`, `1.10` and `007` stay as they are.",
            "type": ["string", "number", "boolean"]
        })
    }
}
