//! The JSON Schema of specs, from the types that read them.

use schemars::{Schema, SchemaGenerator, generate::SchemaSettings, json_schema};
use serde_json::{Map, Value as Json, json};

use super::{
    file::{BenchmarkFile, SuiteFile},
    keys::{Keys, Object},
    kind::Kinds,
    settings::Settings,
};

/// The schema of a spec file whose tasks are of these kinds, as JSON text (draft-07, as editors know it best).
pub fn schema<T: Kinds>() -> String {
    let mut generator = SchemaSettings::draft07().into_generator();
    let kinds: Vec<Schema> = T::schemas(&mut generator).into_iter().map(|(_, schema)| schema).collect();
    let task = json_schema!({ "description": "A task; its first key names its kind.", "oneOf": kinds });
    let mut benchmark = keyed::<BenchmarkFile>("benchmark", &mut generator);
    if let Some(tasks) = benchmark.pointer_mut("/properties/tasks") {
        tasks["items"] = json!({ "$ref": "#/definitions/Task" });
    }
    let suite = keyed::<SuiteFile>("suite", &mut generator);
    let mut definitions = generator.take_definitions(true);
    definitions.insert("Task".into(), task.into());
    let mut root = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Benchmark or suite",
        "description": "A spec file of yardstick: its first key is `benchmark` or `suite`.",
        "oneOf": [benchmark, suite],
        "definitions": definitions,
    });
    without_null(&mut root);
    let mut text = serde_json::to_string_pretty(&root).expect("a schema is JSON");
    text.push('\n');
    text
}

/// The schema of a kind of task: its first key, its own keys, and those that every task has.
pub fn task_schema<T: Keys>(kind: &str, generator: &mut SchemaGenerator) -> Schema {
    let mut object = Object::default();
    T::describe(&mut object, generator);
    Settings::describe(&mut object, generator);
    named(kind, T::DOC, object.finish())
}

fn keyed<T: Keys>(key: &str, generator: &mut SchemaGenerator) -> Schema {
    let mut object = Object::default();
    T::describe(&mut object, generator);
    named(key, T::DOC, object.finish())
}

/// Puts the key that holds the name before the others.
fn named(key: &str, doc: &str, mut schema: Schema) -> Schema {
    let object = schema.ensure_object();
    let doc = doc.trim();
    let name =
        json!({ "description": doc, "type": "string", "pattern": "^[a-z0-9][a-z0-9_.-]*$", "maxLength": 64 });
    let mut properties = Map::from_iter([(key.to_owned(), name)]);
    if let Some(Json::Object(others)) = object.remove("properties") {
        properties.extend(others);
    }
    let mut required = vec![Json::from(key)];
    if let Some(Json::Array(others)) = object.remove("required") {
        required.extend(others);
    }
    json_schema!({
        "title": key, "description": doc, "type": "object",
        "properties": properties, "required": required, "additionalProperties": false
    })
}

/// That a key may also be given as nothing is only noise to an editor.
fn without_null(schema: &mut Json) {
    match schema {
        Json::Object(object) => {
            if let Some(Json::Array(types)) = object.get_mut("type") {
                types.retain(|name| name != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    object.insert("type".into(), only);
                }
            }
            if let Some(Json::Array(forms)) = object.get_mut("anyOf") {
                forms.retain(|form| *form != json!({ "type": "null" }));
                if let [Json::Object(only)] = forms.as_slice() {
                    let only = only.clone();
                    object.remove("anyOf");
                    if only.contains_key("$ref") {
                        // In draft-07 what stands beside a `$ref` is not read.
                        object.insert("allOf".into(), json!([only]));
                    } else {
                        for (key, value) in only {
                            object.entry(key).or_insert(value);
                        }
                    }
                }
            }
            object.values_mut().for_each(without_null);
        }
        Json::Array(entries) => entries.iter_mut().for_each(without_null),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}
