//! Several lists of items in one task.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;

use super::{
    ids::Ids,
    item::{Content, Items, Unnamed},
    node::{Node, Value},
    reader::{Named, Read, Reader},
    text::Text,
};

/// Lists of items by name, whose ids differ across all of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Groups<C>(pub Vec<(Text, Items<C>)>);

impl<C> Groups<C> {
    /// No lists.
    pub fn none() -> Self {
        Self(Vec::new())
    }

    /// The items of a name.
    pub fn get(&self, name: &str) -> Option<&Items<C>> {
        self.0.iter().find(|(key, _)| key.as_str() == name).map(|(_, items)| items)
    }
}

impl<C: Content> Read for Groups<C> {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let Value::Map(entries) = &node.value else { return reader.expected(node, "a mapping of names") };
        let read = |(name, value): &(Text, Node)| Some((name.clone(), Unnamed::either(value, reader)?));
        let lists: Vec<Option<(Text, Unnamed<C>)>> = entries.iter().map(read).collect();
        let lists = lists.into_iter().collect::<Option<Vec<_>>>()?;
        let mut ids = Ids::given(lists.iter().flat_map(|(_, list)| list.given()), reader)?;
        Some(Self(lists.into_iter().map(|(name, list)| (name, list.named(&mut ids))).collect()))
    }
}

impl<C: Content> JsonSchema for Groups<C> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        <Named<Items<C>>>::schema_name()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        <Named<Items<C>>>::json_schema(generator)
    }
}

impl<C: Content> Serialize for Groups<C> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, items)| (name, items)))
    }
}
