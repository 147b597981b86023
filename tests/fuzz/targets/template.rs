//! Templates, as prompts and data files use them.

use serde_json::json;
use yardstick::spec::Renderer;

/// The bytes are a template.
pub fn run(data: &[u8]) {
    let Ok(source) = std::str::from_utf8(data) else { return };
    let renderer = Renderer::default();
    let Ok(template) = renderer.compile(source) else { return };
    template.names();
    let context = json!({
        "input": " A great film! ", "label": "good", "n": 7, "f": -0.5, "yes": true, "none": null,
        "list": ["b", "a", "c"], "map": { "key": "value", "other": [1, 2] }, "cell": "['x', \"y\"]",
    });
    drop(template.value(&context));
    drop(template.text(&context));
    drop(template.split(context.as_object().expect("an object was made"), "label"));
}
