//! Mappings with known keys. One macro makes the type, its reader, its schema and its JSON from one list, in which every
//! key has its documentation and, where it has one, its default.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde_json::{Map, Value as Json, json};

use super::{
    node::{Node, Value},
    reader::{Fields, Read, Reader},
};

/// A type that is read from keys of a mapping; it may share the mapping with others.
pub trait Keys: Sized {
    /// Its keys, in the order documented.
    fn names() -> Vec<&'static str>;
    /// Takes its keys out of a mapping.
    fn take(fields: &mut Fields<'_>, reader: &mut Reader) -> Option<Self>;
    /// Adds its keys to a schema.
    fn describe(object: &mut Object, generator: &mut SchemaGenerator);
    /// Its documentation.
    const DOC: &'static str;
}

/// The short forms of such a type, told apart by shape: a text or a list instead of a mapping.
pub trait Short: Keys {
    /// What may stand there, for messages.
    const FORM: &'static str = "a mapping";
    /// Reads a short form.
    fn short(node: &Node, reader: &mut Reader) -> Option<Self> {
        reader.expected(node, Self::FORM)
    }
    /// The schemas of the short forms.
    fn short_schemas(_: &mut SchemaGenerator) -> Vec<Schema> {
        Vec::new()
    }
}

/// Reads a mapping of known keys, or its short form.
pub fn read<T: Short>(node: &Node, reader: &mut Reader) -> Option<T> {
    let Value::Map(_) = &node.value else { return T::short(node, reader) };
    let mut fields = Fields::of(node)?;
    let value = T::take(&mut fields, reader);
    fields.finish(&T::names(), reader);
    value
}

/// The schema of a mapping of known keys, and of its short forms.
pub fn schema<T: Short>(generator: &mut SchemaGenerator) -> Schema {
    let mut object = Object::default();
    T::describe(&mut object, generator);
    let long = object.finish();
    let mut forms = T::short_schemas(generator);
    if forms.is_empty() {
        let mut schema = long;
        schema.insert("description".into(), T::DOC.trim().into());
        return schema;
    }
    forms.push(long);
    json_schema!({ "description": T::DOC.trim(), "anyOf": forms })
}

/// The keys of a mapping, for its schema.
#[derive(Debug, Default)]
pub struct Object {
    properties: Map<String, Json>,
    required: Vec<Json>,
    others: Option<Schema>,
}

impl Object {
    /// Adds a key. Without a default, and where its absence means nothing, it is required.
    pub fn key<T: Read + Serialize>(
        &mut self,
        name: &str,
        doc: &str,
        default: Option<&T>,
        generator: &mut SchemaGenerator,
    ) {
        let mut schema = generator.subschema_for::<T>();
        if default.is_none() && T::absent().is_none() {
            self.required.push(name.into());
        }
        // In draft-07 what stands beside a `$ref` is not read.
        if schema.get("$ref").is_some() {
            schema = json_schema!({ "allOf": [schema] });
        }
        schema.insert("description".into(), doc.trim().into());
        if let Some(value) = default {
            schema.insert("default".into(), json!(value));
        }
        self.properties.insert(name.to_owned(), schema.into());
    }

    /// Adds a key that is described by hand.
    pub fn plain(&mut self, name: &str, schema: Schema, required: bool) {
        self.properties.insert(name.to_owned(), schema.into());
        if required {
            self.required.push(name.into());
        }
    }

    /// Allows keys of any other name.
    pub fn others(&mut self, schema: Schema) {
        self.others = Some(schema);
    }

    /// The schema.
    pub fn finish(self) -> Schema {
        let others = self.others.unwrap_or_else(|| false.into());
        let mut schema = json_schema!({
            "type": "object", "properties": self.properties, "additionalProperties": others
        });
        if !self.required.is_empty() {
            schema.insert("required".into(), self.required.into());
        }
        schema
    }
}

/// Defines a mapping: `key: Type`, `key: Type = default`, `field("key"): Type` where the key is a word of Rust, and,
/// after `with`, other mappings that share the keys. `short` before the brace promises an own `impl Short`.
macro_rules! keys {
    (
        $(#[doc = $doc:literal])+
        pub struct $name:ident {$($body:tt)*} $($with:tt)*
    ) => {
        $crate::spec::keys! { @both [$($doc)+] $name {$($body)*} $($with)* }
        impl $crate::spec::Short for $name {}
    };
    (
        $(#[doc = $doc:literal])+
        pub struct $name:ident short {$($body:tt)*} $($with:tt)*
    ) => {
        $crate::spec::keys! { @both [$($doc)+] $name {$($body)*} $($with)* }
    };
    (@both [$($doc:literal)+] $name:ident {
        $($(#[doc = $about:literal])+ $field:ident $(($key:literal))? : $type:ty $(= $default:expr)?),* $(,)?
    } $(with {
        $($(#[doc = $shared_about:literal])+ $shared:ident : $shared_type:ty),* $(,)?
    })?) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, PartialEq, serde::Serialize)]
        pub struct $name {
            $($(#[doc = $about])+ $(#[serde(rename = $key)])? pub $field: $type,)*
            $($($(#[doc = $shared_about])+ #[serde(flatten)] pub $shared: $shared_type,)*)?
        }

        impl $crate::spec::Keys for $name {
            const DOC: &'static str = concat!($($doc, "\n"),+);

            fn names() -> Vec<&'static str> {
                #[allow(unused_mut, reason = "only with shared keys")]
                let mut names: Vec<&'static str> = vec![$($crate::spec::keys!(@name $field $($key)?)),*];
                $($(names.extend(<$shared_type as $crate::spec::Keys>::names());)*)?
                names
            }

            fn take(fields: &mut $crate::spec::Fields<'_>, reader: &mut $crate::spec::Reader) -> Option<Self> {
                $(let $field = fields.read::<$type>(
                    $crate::spec::keys!(@name $field $($key)?),
                    $crate::spec::keys!(@default $($default)?),
                    reader,
                );)*
                $($(let $shared = <$shared_type as $crate::spec::Keys>::take(fields, reader);)*)?
                Some(Self { $($field: $field?,)* $($($shared: $shared?,)*)? })
            }

            fn describe(object: &mut $crate::spec::Object, generator: &mut schemars::SchemaGenerator) {
                $(
                    let default: Option<$type> = $crate::spec::keys!(@default $($default)?);
                    let name = $crate::spec::keys!(@name $field $($key)?);
                    object.key(name, concat!($($about, "\n"),+), default.as_ref(), generator);
                )*
                $($(<$shared_type as $crate::spec::Keys>::describe(object, generator);)*)?
            }
        }

        impl $crate::spec::Read for $name {
            fn read(node: &$crate::spec::Node, reader: &mut $crate::spec::Reader) -> Option<Self> {
                $crate::spec::read_keys(node, reader)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $crate::spec::keys_schema::<Self>(generator)
            }
        }
    };
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident $key:literal) => { $key };
    (@default) => { None };
    (@default $default:expr) => { Some($default) };
}
pub(crate) use keys;
