//! The items: what is said in both conditions, or in one.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer, ser::SerializeMap as _};

use super::super::pair;
use crate::spec::{
    Content, Fields, Finding, Keys, Named, Node, Object, Read, Reader, Short, Tag, Text, Value, keys,
};

/// The two conditions that are compared, the first with the second.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Conditions([Text; 2]);

impl Conditions {
    /// Their names.
    pub fn names(&self) -> [&str; 2] {
        self.0.each_ref().map(Text::as_str)
    }
}

impl Read for Conditions {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let names: Vec<Text> = Vec::read(node, reader)?;
        match <[Text; 2]>::try_from(names) {
            Ok([first, second]) if first == second => {
                let message = format!("the condition `{second}` is compared with itself");
                let finding =
                    Finding::error("value", second.at, message).label("again").also(first.at, "first");
                reader.tell(finding.help("name another one, such as `conditions: [exact, paraphrase]`"))
            }
            Ok(names) => Some(Self(names)),
            Err(names) => {
                let at = names.first().map_or(node.at, |name| name.at);
                let message = format!("two conditions are compared, and {} named", names.len());
                let finding = Finding::error("value", at, message);
                reader.tell(finding.help("such as `conditions: [exact, paraphrase]`"))
            }
        }
    }
}

impl JsonSchema for Conditions {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Conditions".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        pair::two_texts(generator)
    }
}

/// One thing, said in several conditions.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The target of every prompt that has none of its own.
    pub target: Option<Text>,
    /// A part of the task that is also reported by itself.
    pub group: Option<Text>,
    /// What is said, by condition; of a data file, also what further columns hold.
    pub said: Named<Vec<Continuation>>,
}

keys! {
    /// A prompt and its target: `[prompt, target]`, or a prompt alone where the item names the target.
    pub struct Continuation short {
        /// The text before the target.
        prompt: Text,
        /// What is scored.
        target: Option<Text>,
    }
}

impl Line {
    const OWN: [&'static str; 2] = ["target", "group"];

    /// The prompts of a condition, each with its target if it has one.
    pub fn said(&self, condition: &str) -> impl Iterator<Item = (&Text, Option<&Text>)> {
        let said = self.said.get(condition).into_iter().flatten();
        said.map(|said| (&said.prompt, said.target.as_ref().or(self.target.as_ref())))
    }
}

/// What stands under a condition: one prompt or several, with their targets where the item has none.
fn said(node: &Node, targeted: bool, reader: &mut Reader) -> Option<Vec<Continuation>> {
    let Value::List(entries) = &node.value else {
        return Continuation::read(node, reader).map(|one| vec![one]);
    };
    let texts = !entries.is_empty() && entries.iter().all(|entry| entry.text().is_some());
    if texts && !targeted {
        return Continuation::read(node, reader).map(|one| vec![one]);
    }
    if entries.is_empty() {
        return reader.refuse(node.at, "the list is empty");
    }
    Vec::read(node, reader)
}

/// Whether a column of a data file can be a condition.
fn can_be_said(node: &Node) -> bool {
    match &node.value {
        Value::Bare(_) | Value::Text(_) => true,
        Value::List(entries) => !entries.is_empty() && entries.iter().all(can_be_said),
        Value::Map(_) => node.get("prompt").is_some(),
        Value::Nothing => false,
    }
}

impl Keys for Line {
    const DOC: &'static str = "One thing said in both conditions, under the names of the conditions.";

    fn names() -> Vec<&'static str> {
        Self::OWN.to_vec()
    }

    fn take(fields: &mut Fields<'_>, reader: &mut Reader) -> Option<Self> {
        let target: Option<Option<Text>> = fields.read("target", None, reader);
        let group = fields.read("group", None, reader);
        let targeted = target.as_ref().is_none_or(Option::is_some);
        let data = reader.sources.is_data(fields.at);
        let known = [Self::names(), Tag::names()].concat();
        let mut all = Vec::new();
        for (name, node) in fields.others(&known) {
            if !data || can_be_said(node) {
                all.push(said(node, targeted, reader).map(|said| (name.clone(), said)));
            }
        }
        Some(Self { target: target?, group: group?, said: Named(all.into_iter().collect::<Option<_>>()?) })
    }

    fn describe(object: &mut Object, generator: &mut SchemaGenerator) {
        object.key::<Option<Text>>(
            "target",
            "The target of every prompt that has none of its own.",
            None,
            generator,
        );
        object.key::<Option<Text>>(
            "group",
            "A part of the task that is also reported by itself, such as how often a text was seen.",
            None,
            generator,
        );
        let one = generator.subschema_for::<Continuation>();
        let text = generator.subschema_for::<Text>();
        object.others(json_schema!({
            "description": "A condition: a prompt or a list of them where the item has a `target`, else [prompt, target] or a list of these.",
            "anyOf": [one, { "type": "array", "items": { "anyOf": [text, one] }, "minItems": 1 }]
        }));
    }
}

impl Short for Line {
    const FORM: &'static str = "a mapping such as {target: …, exact: …, paraphrase: …}";
}

impl Content for Line {
    const OPEN: bool = true;

    /// A column of a data file may be a number or a word; a prompt mostly has several words.
    fn title(&self) -> &str {
        let prompts = || self.said.0.iter().flat_map(|(_, said)| said).map(|said| said.prompt.as_str());
        prompts().find(|prompt| prompt.contains(' ')).or_else(|| prompts().next()).unwrap_or_default()
    }
    fn texts(&self) -> Vec<&Text> {
        let said = self.said.0.iter().flat_map(|(_, said)| said).flat_map(Continuation::texts);
        said.chain(&self.target).collect()
    }
}

impl Serialize for Line {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("target", &self.target)?;
        map.serialize_entry("group", &self.group)?;
        for (condition, said) in &self.said.0 {
            map.serialize_entry(condition, said)?;
        }
        map.end()
    }
}

impl Short for Continuation {
    const FORM: &'static str = "a prompt, or [prompt, target]";
    fn short(node: &Node, reader: &mut Reader) -> Option<Self> {
        if let Some(prompt) = node.text() {
            return Some(Self { prompt, target: None });
        }
        let [prompt, target] = pair::two(node, Self::FORM, reader)?;
        Some(Self { prompt, target: Some(target) })
    }
    fn short_schemas(generator: &mut SchemaGenerator) -> Vec<Schema> {
        vec![generator.subschema_for::<Text>(), pair::two_texts(generator)]
    }
}

impl Content for Continuation {
    fn title(&self) -> &str {
        &self.prompt
    }
    fn texts(&self) -> Vec<&Text> {
        std::iter::once(&self.prompt).chain(&self.target).collect()
    }
}
