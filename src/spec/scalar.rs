//! How plain values are read: texts, numbers, words, lists.

use std::{
    borrow::Cow,
    num::{NonZeroU32, NonZeroU64},
    ops::Deref,
};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use super::{
    node::{Node, Value},
    reader::{Read, Reader},
    text::Text,
};
use crate::value::{Level, Margin, MinP, NonEmpty, RepetitionPenalty, Seed, Temperature, TopP};

impl Read for Node {
    fn read(node: &Node, _: &mut Reader) -> Option<Self> {
        Some(node.clone())
    }
}

impl JsonSchema for Node {
    fn schema_name() -> Cow<'static, str> {
        "Anything".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!(true)
    }
}

impl Read for Text {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        node.text().or_else(|| reader.expected(node, "a text"))
    }
}

impl Read for String {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        Text::read(node, reader).map(|text| text.to_string())
    }
}

impl Read for bool {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.value {
            Value::Bare(word) if word == "true" => Some(true),
            Value::Bare(word) if word == "false" => Some(false),
            _ => reader.expected(node, "`true` or `false`"),
        }
    }
}

/// A number as it was written, if it is one.
fn number<T: std::str::FromStr>(node: &Node, what: &str, reader: &mut Reader) -> Option<T> {
    match &node.value {
        Value::Bare(word) if !matches!(word.as_str(), "true" | "false") => word
            .parse()
            .ok()
            .or_else(|| reader.refuse(node.at, format!("{what} is needed here; `{word}` is not one"))),
        Value::Text(word) if word.parse::<T>().is_ok() => {
            reader.refuse(node.at, format!("{what} is needed here, not a text: leave out the quotes"))
        }
        _ => reader.expected(node, what),
    }
}

macro_rules! numbers {
    ($($type:ty: $what:literal),* $(,)?) => {
        $(impl Read for $type {
            fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
                number(node, $what, reader)
            }
        })*
    };
}
numbers! {
    u32: "a whole number from 0",
    u64: "a whole number from 0",
    NonZeroU32: "a whole number from 1",
    NonZeroU64: "a whole number from 1",
}

impl Read for f64 {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let value: Self = number(node, "a number", reader)?;
        if value.is_finite() { Some(value) } else { reader.refuse(node.at, "a finite number is needed here") }
    }
}

impl Read for Seed {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        u64::read(node, reader).map(Self)
    }
}

macro_rules! checked {
    ($($type:ty),* $(,)?) => {
        $(impl Read for $type {
            fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
                Self::new(f64::read(node, reader)?).map_or_else(|message| reader.refuse(node.at, message), Some)
            }
        })*
    };
}
checked! { Level, Margin, Temperature, TopP, MinP, RepetitionPenalty }

impl<T: Read> Read for Option<T> {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        match node.value {
            Value::Nothing => Some(None),
            _ => T::read(node, reader).map(Some),
        }
    }
    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let Value::List(entries) = &node.value else { return reader.expected(node, "a list") };
        // Every entry is read before any of them decides, so that all faults are told.
        let read: Vec<_> = entries.iter().map(|entry| T::read(entry, reader)).collect();
        read.into_iter().collect()
    }
}

impl<T: Read> Read for NonEmpty<T> {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        Self::new(Vec::read(node, reader)?).or_else(|| reader.refuse(node.at, "the list is empty"))
    }
}

impl<T: JsonSchema> JsonSchema for NonEmpty<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("NonEmpty{}", T::schema_name()).into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let entry = generator.subschema_for::<T>();
        json_schema!({ "type": "array", "items": entry, "minItems": 1 })
    }
}

/// One value, or a list of several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OneOrMore<T>(pub NonEmpty<T>);

impl<T> OneOrMore<T> {
    /// One value.
    pub fn one(value: T) -> Self {
        Self(NonEmpty::one(value))
    }
}

impl<T> Deref for OneOrMore<T> {
    type Target = NonEmpty<T>;
    fn deref(&self) -> &NonEmpty<T> {
        &self.0
    }
}

impl<T: Read> Read for OneOrMore<T> {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        match node.value {
            Value::List(_) => NonEmpty::read(node, reader).map(Self),
            _ => T::read(node, reader).map(Self::one),
        }
    }
}

impl<T: JsonSchema> JsonSchema for OneOrMore<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("OneOrMore{}", T::schema_name()).into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] })
    }
}

/// A choice among words: the enum, its documentation, and how it is read.
macro_rules! words {
    (
        $(#[$meta:meta])*
        pub enum $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),+ $(,)? }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, schemars::JsonSchema)]
        pub enum $name { $($(#[$doc])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// As it is written in a spec.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        $crate::spec::read_words!($name { $($variant = $word),+ });
    };
}
pub(crate) use words;

/// How an enum of words is read, where the enum itself stands elsewhere.
macro_rules! read_words {
    ($name:ty { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $crate::spec::Read for $name {
            fn read(node: &$crate::spec::Node, reader: &mut $crate::spec::Reader) -> Option<Self> {
                let words = [$($word),+];
                let Some(text) = node.text() else { return reader.expected(node, "a word") };
                match text.as_str() {
                    $($word => Some(Self::$variant),)+
                    other => {
                        let message = format!("`{other}` is not one of the choices");
                        let finding = $crate::spec::Finding::error("value", node.at, message);
                        reader.tell(finding.choices(other, "the choices", &words))
                    }
                }
            }
        }
    };
}
pub(crate) use read_words;
