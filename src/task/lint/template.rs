//! Templates: can they be read, do they use what they must, and nothing else?

use serde_json::{Map, Value as Json};

use crate::spec::{Fault, Finding, Linter, Renderer, Text};

/// The names that a template fills in.
pub(in crate::task) struct Blanks<'a> {
    /// All of them, with values of one item.
    pub(in crate::task) item: Map<String, Json>,
    /// Those that a template must use.
    pub(in crate::task) needed: &'a [&'a str],
    /// The one that the model is to give.
    pub(in crate::task) answer: &'a str,
}

impl Blanks<'_> {
    /// Looks at a template.
    pub(in crate::task) fn check(&self, text: &Text, linter: &mut Linter<'_>) {
        let renderer = Renderer::default();
        let template = match renderer.compile(text) {
            Ok(template) => template,
            Err(fault) => {
                let finding = broken(text, "cannot be read", &fault, linter);
                return linter.tell(finding);
            }
        };
        let used = template.names();
        let known: Vec<&str> = self.item.keys().map(String::as_str).collect();
        let mut sound = true;
        for name in used.iter().filter(|name| !known.contains(&name.as_str())) {
            let finding = Finding::error(
                "template",
                linter.part(text, name),
                format!("nothing here is called `{name}`"),
            );
            linter.tell(finding.choices(name, "what may stand here", &known));
            sound = false;
        }
        for name in self.needed.iter().filter(|name| !used.contains(**name)) {
            let message = format!("the template never uses `{{{{ {name} }}}}`");
            let finding = Finding::error("template", text.at, message);
            linter.tell(if *name == self.answer {
                finding.help("it stands where the model is to go on")
            } else {
                finding
            });
            sound = false;
        }
        if sound && let Err(fault) = template.split(&self.item, self.answer) {
            let finding = broken(text, "fails on the first item", &fault, linter);
            linter.tell(finding);
        }
    }
}

fn broken(text: &Text, how: &str, fault: &Fault, linter: &Linter<'_>) -> Finding {
    let part = fault.range.clone().and_then(|range| text.get(range)).filter(|part| !part.trim().is_empty());
    let at = part.map_or(text.at, |part| linter.part(text, part));
    Finding::error("template", at, format!("the template {how}: {fault}"))
}
