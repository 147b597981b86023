//! Items: what a task asks about. Inline or from a data file, every one has an id, and may have tags and a cluster.

use std::ops::Deref;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, ser::SerializeMap as _};

use super::{
    data::{Data, Hub},
    finding::Finding,
    ids::Ids,
    keys::{Keys, Object, Short, keys},
    node::{Node, Value},
    place::Place,
    reader::{Fields, Read, Reader},
    sample::Draw,
    text::Text,
};

/// What an item of a kind says.
pub trait Content: Short + Clone + std::fmt::Debug + PartialEq + Serialize {
    /// The key under which items stand inline.
    const KEY: &'static str = "items";
    /// Whether a lone item may stand there without a list.
    const ALONE: bool = false;
    /// Whether it takes keys of any name besides its own; of a data file, every column.
    const OPEN: bool = false;
    /// The text that an id is made of, where none is given.
    fn title(&self) -> &str;
    /// Every text that a model may read of it.
    fn texts(&self) -> Vec<&Text>;
}

/// One item.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Item<C> {
    /// Unique within its task.
    pub id: String,
    /// Words to look at parts of the results by.
    pub tags: Vec<Text>,
    /// Items with the same cluster hang together, such as those that share a subject.
    pub cluster: Option<Text>,
    /// Where it stands.
    #[serde(skip)]
    pub at: Place,
    /// What it says.
    #[serde(flatten)]
    pub content: C,
}

impl<C> Deref for Item<C> {
    type Target = C;
    fn deref(&self) -> &C {
        &self.content
    }
}

keys! {
    /// What every item may say of itself.
    pub struct Tag {
        /// Its name in the results, unique within the task; made of its first words where none is given.
        id: Option<Text>,
        /// Words to look at parts of the results by.
        tags: Vec<Text> = Vec::new(),
        /// Items with the same cluster hang together, such as those that share a subject; intervals respect it.
        cluster: Option<Text>,
    }
}

/// An item that may not have an id yet.
#[derive(Clone, Debug)]
pub(super) struct Draft<C> {
    pub(super) tag: Tag,
    pub(super) at: Place,
    pub(super) content: C,
}

impl<C: Content> Draft<C> {
    /// The keys of such an item.
    pub(super) fn names() -> Vec<&'static str> {
        let mut names = C::names();
        names.extend(Tag::names());
        names
    }

    /// Reads one item, from a short form or a mapping.
    pub(super) fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let Value::Map(_) = &node.value else {
            let tag = Tag { id: None, tags: Vec::new(), cluster: None };
            return C::short(node, reader).map(|content| Self { tag, at: node.at, content });
        };
        let mut fields = Fields::of(node)?;
        let content = C::take(&mut fields, reader);
        let tag = Tag::take(&mut fields, reader);
        fields.finish(&Self::names(), reader);
        Some(Self { tag: tag?, at: node.at, content: content? })
    }
}

/// Where items come from.
#[derive(Clone, Debug, PartialEq)]
enum Origin {
    Spec,
    File(Data),
    /// Not read yet: there are no items.
    Hub(Hub),
}

/// The items of a task, or of a part of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Items<C> {
    list: Vec<Item<C>>,
    origin: Origin,
    available: usize,
}

impl<C> Deref for Items<C> {
    type Target = [Item<C>];
    fn deref(&self) -> &[Item<C>] {
        &self.list
    }
}

impl<C> Items<C> {
    /// How many there were before any were left out by `limit` or on the command line.
    pub fn available(&self) -> usize {
        self.available
    }

    /// Whether they stand in the spec itself.
    pub fn are_written(&self) -> bool {
        self.origin == Origin::Spec
    }

    /// Whether they lie where they cannot be read from yet.
    pub fn are_unread(&self) -> bool {
        matches!(self.origin, Origin::Hub(_))
    }

    /// Leaves out what a limit or a sample leaves out; what stays keeps its order.
    pub fn select(&mut self, draw: &Draw<'_>) {
        if let Origin::File(Data { limit: Some(limit), .. }) = self.origin {
            self.keep(&Draw { limit: Some(limit), sample: None, ..*draw });
        }
        self.keep(draw);
    }

    fn keep(&mut self, draw: &Draw<'_>) {
        let keep = draw.keep(self.list.len());
        let mut index = 0;
        self.list.retain(|_| {
            index += 1;
            keep.as_ref().is_none_or(|keep| keep.contains(&(index - 1)))
        });
    }
}

impl<C: Content> Items<C> {
    /// Items written in the spec: a list, or a lone one where that is allowed.
    pub fn inline(node: &Node, reader: &mut Reader) -> Option<Self> {
        Unnamed::inline(node, reader)?.alone(reader)
    }

    /// Items of a data file; none yet of a data set of the Hub.
    pub fn from_data(node: &Node, reader: &mut Reader) -> Option<Self> {
        Unnamed::from_data(node, reader)?.alone(reader)
    }

    /// Items written in the spec, or a mapping that says where they are.
    pub fn either(node: &Node, reader: &mut Reader) -> Option<Self> {
        Unnamed::either(node, reader)?.alone(reader)
    }
}

/// Items that may not have ids yet.
pub(super) struct Unnamed<C> {
    drafts: Vec<Draft<C>>,
    origin: Origin,
}

impl<C: Content> Unnamed<C> {
    fn inline(node: &Node, reader: &mut Reader) -> Option<Self> {
        let drafts: Vec<_> = match &node.value {
            Value::List(entries) => entries.iter().map(|entry| Draft::read(entry, reader)).collect(),
            _ if C::ALONE => vec![Draft::read(node, reader)],
            _ => return reader.expected(node, "a list of items"),
        };
        if drafts.is_empty() {
            return reader.tell(Finding::error("empty-data", node.at, "there are no items"));
        }
        Some(Self { drafts: drafts.into_iter().collect::<Option<_>>()?, origin: Origin::Spec })
    }

    fn from_data(node: &Node, reader: &mut Reader) -> Option<Self> {
        if node.get("hub").is_some() {
            let hub = Hub::of::<C>(node, reader)?;
            return Some(Self { drafts: Vec::new(), origin: Origin::Hub(hub) });
        }
        let data = Data::read(node, reader)?;
        Some(Self { drafts: data.drafts(reader)?, origin: Origin::File(data) })
    }

    pub(super) fn either(node: &Node, reader: &mut Reader) -> Option<Self> {
        let elsewhere = node.get("file").or_else(|| node.get("hub")).is_some();
        if elsewhere { Self::from_data(node, reader) } else { Self::inline(node, reader) }
    }

    pub(super) fn given(&self) -> impl Iterator<Item = &Text> {
        self.drafts.iter().filter_map(|draft| draft.tag.id.as_ref())
    }

    /// With ids that differ within the list.
    fn alone(self, reader: &mut Reader) -> Option<Items<C>> {
        let mut ids = Ids::given(self.given(), reader)?;
        Some(self.named(&mut ids))
    }

    pub(super) fn named(self, ids: &mut Ids) -> Items<C> {
        let item = |(index, Draft { tag, at, content }): (usize, Draft<C>)| Item {
            id: tag.id.map_or_else(|| ids.make(content.title(), index), |id| id.to_string()),
            tags: tag.tags,
            cluster: tag.cluster,
            at,
            content,
        };
        let available = self.drafts.len();
        let list = self.drafts.into_iter().enumerate().map(item).collect();
        Items { list, origin: self.origin, available }
    }
}

impl<C: Content> Keys for Items<C> {
    const DOC: &'static str = <Option<Self> as Keys>::DOC;

    fn names() -> Vec<&'static str> {
        <Option<Self> as Keys>::names()
    }

    fn take(fields: &mut Fields<'_>, reader: &mut Reader) -> Option<Self> {
        <Option<Self> as Keys>::take(fields, reader)?
            .or_else(|| fields.missing(&format!("{}` or `data", C::KEY), reader))
    }

    fn describe(object: &mut Object, generator: &mut SchemaGenerator) {
        <Option<Self> as Keys>::describe(object, generator);
    }
}

impl<C: Content> Keys for Option<Items<C>> {
    const DOC: &'static str = "Items, or where they come from.";

    fn names() -> Vec<&'static str> {
        vec![C::KEY, "data"]
    }

    fn take(fields: &mut Fields<'_>, reader: &mut Reader) -> Option<Self> {
        match (fields.take(C::KEY), fields.take("data")) {
            (Some(items), None) => Items::inline(items, reader).map(Some),
            (None, Some(data)) => Items::from_data(data, reader).map(Some),
            (Some(items), Some(data)) => {
                let message = format!("`{}` and `data` cannot both be given", C::KEY);
                reader.tell(Finding::error("value", data.at, message).also(items.at, "the items in the spec"))
            }
            (None, None) => Some(None),
        }
    }

    fn describe(object: &mut Object, generator: &mut SchemaGenerator) {
        let item = generator.subschema_for::<Item<C>>();
        let mut list = json_schema!({ "type": "array", "items": item, "minItems": 1 });
        if C::ALONE {
            list = json_schema!({ "anyOf": [generator.subschema_for::<Item<C>>(), list] });
        }
        list.insert("description".into(), format!("The items: {}.", C::FORM).into());
        object.plain(C::KEY, list, false);
        let data = generator.subschema_for::<super::data::Anywhere>();
        let data = json_schema!({ "description": "A file that holds the items.", "allOf": [data] });
        object.plain("data", data, false);
    }
}

impl<C: Content> JsonSchema for Item<C> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        std::any::type_name::<C>().rsplit("::").next().unwrap_or("Item").to_owned().into()
    }
    fn schema_id() -> std::borrow::Cow<'static, str> {
        // What an item says may stand elsewhere without the keys of items, under the same name.
        std::any::type_name::<Self>().into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut object = Object::default();
        C::describe(&mut object, generator);
        Tag::describe(&mut object, generator);
        let mut forms = C::short_schemas(generator);
        forms.push(object.finish());
        json_schema!({ "description": C::DOC.trim(), "anyOf": forms })
    }
}

impl<C: Content> Read for Items<C> {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        Self::either(node, reader)
    }
}

impl<C: Content> JsonSchema for Items<C> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("ItemsOf{}", Item::<C>::schema_name()).into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let item = generator.subschema_for::<Item<C>>();
        let mut forms = vec![json_schema!({ "type": "array", "items": item, "minItems": 1 })];
        if C::ALONE {
            forms.push(item);
        }
        forms.push(generator.subschema_for::<super::data::Located>());
        json_schema!({ "anyOf": forms })
    }
}

impl<C: Content> Serialize for Items<C> {
    /// Those of a spec in full, those of a data file by where they are: the file's digest stands with the files.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match &self.origin {
            Origin::Spec => map.serialize_entry(C::KEY, &self.list)?,
            Origin::Hub(hub) => map.serialize_entry("data", hub)?,
            Origin::File(data) => {
                map.serialize_entry("data", data)?;
                map.serialize_entry("rows", &self.available)?;
            }
        }
        map.end()
    }
}

impl<C> Items<C> {
    /// No items.
    pub fn none() -> Self {
        Self { list: Vec::new(), origin: Origin::Spec, available: 0 }
    }
}
