//! Items from elsewhere: which file, and which column or template gives which field.

use std::path::{Path, PathBuf};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{
    finding::Finding,
    item::{Content, Draft},
    keys::{Keys as _, Object, keys},
    node::{Node, Value},
    reader::{Named, Read as _, Reader, shown},
    rows::{self, Layout, Row},
    sample::Limit,
    scalar::words,
    template::Template,
    text::Text,
};
use crate::value::Digest;

keys! {
    /// A file of items.
    pub struct Data short {
        /// A .jsonl, .json, .csv, .tsv or .txt file; its path starts from the folder of this spec.
        file: Text,
        /// How the file is cut into items, where its name does not say.
        cut ("as"): Option<Cut>,
        /// The names of the columns of a .csv or .tsv file without a heading line.
        columns: Vec<Text> = Vec::new(),
        /// The key under which a .json file that is an object has its list.
        rows: Option<Text>,
        /// Which column, or which template over the columns, gives each field.
        map: Named<Text> = Named::default(),
        /// At most so many of its rows.
        limit: Option<Limit>,
        /// Puts the rows in an order drawn from this number.
        shuffle: Option<u64>,
    }
}

words! {
    /// How a file is cut into items.
    pub enum Cut {
        /// One JSON object to a line.
        Jsonl = "jsonl",
        /// A list of JSON objects.
        Json = "json",
        /// Columns apart by commas, with a heading line.
        Csv = "csv",
        /// Columns apart by tabs, with a heading line.
        Tsv = "tsv",
        /// Every line that is not blank is one text.
        Lines = "lines",
        /// The whole file is one text.
        Text = "text",
    }
}

/// Where items are, as a mapping; a file's name alone is read too where nothing else could be meant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Located;

/// Where items are: a file's name or a mapping.
#[derive(Clone, Copy, Debug)]
pub(super) struct Anywhere;

impl JsonSchema for Anywhere {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "DataSource".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mapping = generator.subschema_for::<Located>();
        json_schema!({ "anyOf": [{ "type": "string" }, mapping] })
    }
}

impl JsonSchema for Located {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "DataMapping".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut file = Object::default();
        Data::describe(&mut file, generator);
        let mut file = file.finish();
        file.insert("description".into(), Data::DOC.trim().into());
        let mut hub = Object::default();
        Hub::describe(&mut hub, generator);
        let mut hub = hub.finish();
        hub.insert("description".into(), Hub::DOC.trim().into());
        json_schema!({ "anyOf": [file, hub] })
    }
}

keys! {
    /// A data set of the Hugging Face Hub. It can be checked but not run: items are read from local files only, so far.
    pub struct Hub {
        /// Its name, such as `allenai/ai2_arc`.
        hub: Text,
        /// A configuration of the data set.
        config: Option<Text>,
        /// A commit: without one the data may change between two runs.
        revision: Option<Text>,
        /// A part of the data set, such as `test`.
        split: Text,
        /// Which column, or which template over the columns, gives each field.
        map: Named<Text> = Named::default(),
        /// At most so many of its rows.
        limit: Option<Limit>,
        /// Puts the rows in an order drawn from this number.
        shuffle: Option<u64>,
    }
}

impl super::keys::Short for Data {
    const FORM: &'static str = "a file's name, or a mapping such as {file: items.jsonl}";
    fn short(node: &Node, reader: &mut Reader) -> Option<Self> {
        let Some(file) = node.text() else { return reader.expected(node, Self::FORM) };
        Some(Self {
            file,
            cut: None,
            columns: Vec::new(),
            rows: None,
            map: Named::default(),
            limit: None,
            shuffle: None,
        })
    }
    fn short_schemas(_: &mut SchemaGenerator) -> Vec<Schema> {
        vec![json_schema!({ "type": "string" })]
    }
}

impl Hub {
    /// Reads it, as far as that can be done without the data.
    pub(super) fn of<C: Content>(node: &Node, reader: &mut Reader) -> Option<Self> {
        let hub = Self::read(node, reader)?;
        if !map_is_sound::<C>(&hub.map, reader) {
            return None;
        }
        reader.findings.add(
            Finding::warning(
                "not-yet",
                hub.hub.at,
                "data sets of the Hub are not read yet: the task cannot run",
            )
            .help("download it as .jsonl or .csv, and name the file: `file: items.jsonl`"),
        );
        Some(hub)
    }
}

impl Data {
    /// Where the file is: paths start from the folder of the spec that names it.
    fn path(&self, reader: &Reader) -> PathBuf {
        reader.sources.folder(self.file.at.source).join(self.file.as_str())
    }

    /// How the file is cut.
    fn cut(&self, reader: &mut Reader) -> Option<Cut> {
        if self.cut.is_some() {
            return self.cut;
        }
        let extension =
            Path::new(self.file.as_str()).extension().unwrap_or_default().to_string_lossy().to_lowercase();
        match extension.as_str() {
            "jsonl" | "ndjson" => Some(Cut::Jsonl),
            "json" => Some(Cut::Json),
            "csv" => Some(Cut::Csv),
            "tsv" => Some(Cut::Tsv),
            "txt" => Some(Cut::Lines),
            _ => reader.tell(
                Finding::error("file", self.file.at, format!("how is `{}` to be read?", self.file))
                    .help("say it with `as:`, one of jsonl, json, csv, tsv, lines, text"),
            ),
        }
    }

    /// Reads the items of the file, row by row.
    pub(super) fn drafts<C: Content>(&self, reader: &mut Reader) -> Option<Vec<Draft<C>>> {
        let names = Draft::<C>::names();
        let cut = self.cut(reader)?;
        if !map_is_sound::<C>(&self.map, reader) || !self.fits(cut, reader) {
            return None;
        }
        let renderer = super::template::Renderer::default();
        let fields = self.fields(&names, &renderer, reader)?;
        let path = self.path(reader);
        let mut drafts = Vec::new();
        let mut sound = true;
        let layout = Layout { cut, line: names[0], columns: &self.columns, rows: self.rows.as_ref() };
        let read = rows::read(&path, self.file.at, layout, reader, &mut |row, reader| {
            let draft = item(&row, &fields, C::OPEN, reader).and_then(|node| Draft::<C>::read(&node, reader));
            sound &= draft.is_some();
            drafts.extend(draft);
        });
        reader.columns.clear();
        read?;
        if !sound {
            return None;
        }
        if drafts.is_empty() {
            let finding =
                Finding::error("empty-data", self.file.at, format!("{} has no items", shown(&path)));
            return reader.tell(finding);
        }
        if let Some(seed) = self.shuffle {
            let mut index = 0_usize;
            drafts.sort_by_cached_key(|_| {
                index += 1;
                Digest::of_json(&("shuffle", seed, index))
            });
        }
        Some(drafts)
    }

    /// Whether every key says something of files that are cut like this.
    fn fits(&self, cut: Cut, reader: &mut Reader) -> bool {
        let table = matches!(cut, Cut::Csv | Cut::Tsv);
        let columns = self.columns.first().filter(|_| !table).map(|text| (text.at, "columns", "a table"));
        let rows =
            self.rows.as_ref().filter(|_| cut != Cut::Json).map(|text| (text.at, "rows", "a JSON file"));
        for (at, key, of) in columns.into_iter().chain(rows) {
            let message = format!("`{key}` speaks of {of}, and this file is read as {}", cut.word());
            reader.findings.add(Finding::error("value", at, message));
        }
        columns.is_none() && rows.is_none()
    }

    /// How each field is found in a row.
    fn fields<'r>(
        &'r self,
        names: &[&'static str],
        renderer: &'r super::template::Renderer<'r>,
        reader: &mut Reader,
    ) -> Option<Vec<(Text, Given<'r>)>> {
        let mut fields = Vec::new();
        for (field, text) in &self.map.0 {
            let given = if text.contains("{{") || text.contains("{%") {
                match renderer.compile(text) {
                    Ok(template) => Given::Template(text, template),
                    Err(fault) => {
                        let message = format!("the template cannot be read: {fault}");
                        return reader.tell(Finding::error("template", text.at, message));
                    }
                }
            } else {
                Given::Column(text)
            };
            fields.push((field.clone(), given));
        }
        for name in names.iter().filter(|name| self.map.get(name).is_none()) {
            fields.push((Text::new(*name, self.file.at), Given::Same));
        }
        Some(fields)
    }
}

/// Whether every field that `map` gives is one that items have.
fn map_is_sound<C: Content>(map: &Named<Text>, reader: &mut Reader) -> bool {
    let names = Draft::<C>::names();
    let known = |field: &Text| C::OPEN || names.contains(&field.as_str());
    let mut sound = true;
    for (field, _) in map.0.iter().filter(|(field, _)| !known(field)) {
        let finding = Finding::error("unknown-key", field.at, format!("these items have no field `{field}`"));
        reader.findings.add(finding.choices(field, "their fields", &names));
        sound = false;
    }
    sound
}

/// How a field is found in a row.
enum Given<'r> {
    /// In the column of its own name, if there is one.
    Same,
    Column(&'r Text),
    Template(&'r Text, Template<'r>),
}

/// A row as the mapping that an item is read from: its fields, and where it is `open` every other column.
fn item(row: &Row, fields: &[(Text, Given<'_>)], open: bool, reader: &mut Reader) -> Option<Node> {
    let mut entries = Vec::new();
    let mut sound = true;
    for (name, given) in fields {
        let found = match given {
            Given::Same => match row.columns.get(name.as_str()) {
                None | Some(serde_json::Value::Null) => continue,
                Some(value) => Some(rows::node(value, row.at)),
            },
            Given::Column(column) => match row.columns.get(column.as_str()) {
                Some(value) => Some(rows::node(value, row.at)),
                None => no_such_column(column, column, row, reader),
            },
            Given::Template(text, template) => match template.value(&row.columns) {
                Ok(value) => Some(rows::node(&value, row.at)),
                Err(fault) => {
                    let missing = template.names().into_iter().find(|name| !row.columns.contains_key(name));
                    match missing {
                        Some(column) => no_such_column(&column, text, row, reader),
                        None => reader.tell(
                            Finding::error("template", text.at, format!("the template fails here: {fault}"))
                                .also(row.at, "on this row"),
                        ),
                    }
                }
            },
        };
        sound &= found.is_some();
        entries.extend(found.map(|value| (name.with(name.as_str()), value)));
    }
    if open {
        let other = |(name, value): (&String, &serde_json::Value)| {
            let given = fields.iter().any(|(field, _)| field.as_str() == name) || value.is_null();
            (!given).then(|| (Text::new(name, row.at), rows::node(value, row.at)))
        };
        entries.extend(row.columns.iter().filter_map(other));
    }
    sound.then(|| Node::new(row.at, Value::Map(entries)))
}

fn no_such_column(column: &str, named: &Text, row: &Row, reader: &mut Reader) -> Option<Node> {
    let columns: Vec<&str> = row.columns.keys().map(String::as_str).collect();
    let mut finding = Finding::error("no-such-column", named.at, format!("there is no column `{column}`"))
        .choices(column, "the columns", &columns);
    finding.fix = None;
    reader.tell(finding.also(row.at, "in this row"))
}
