//! The JSON Schemas of the files that other programs read, from the types that write them.

use schemars::{JsonSchema, generate::SchemaSettings};

use super::{compare_json, items_jsonl, run_json};

/// Names and contents of the schema files.
pub fn all() -> [(&'static str, String); 3] {
    [
        ("run.schema.json", schema::<run_json::RunFile<'_>>("A run of Yardstick: run.json")),
        (
            "item.schema.json",
            schema::<items_jsonl::Line<'_>>("An item of a run of Yardstick: a line of items.jsonl"),
        ),
        (
            "compare.schema.json",
            schema::<compare_json::CompareFile<'_>>("A comparison of runs of Yardstick: compare.json"),
        ),
    ]
}

fn schema<T: JsonSchema>(title: &str) -> String {
    let mut schema = SchemaSettings::draft07().for_serialize().into_generator().into_root_schema_for::<T>();
    schema.insert("title".into(), title.into());
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema has a JSON form");
    text.push('\n');
    text
}
