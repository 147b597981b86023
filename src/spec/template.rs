//! Prompt templates: Jinja as people know it, strict, without escapes, without files, and with an end to its patience.

mod depth;

use std::{collections::BTreeSet, ops::Range};

use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, State, UndefinedBehavior,
    syntax::SyntaxConfig,
    value::{Serde, Value, ValueKind},
};
use serde::Serialize;

/// What is wrong with a template, and which of its bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// In words.
    pub message: String,
    /// Which bytes of the template.
    pub range: Option<Range<usize>>,
}

/// Compiles and renders templates.
#[derive(Debug)]
pub struct Renderer<'a>(Environment<'a>);

/// A template ready to be rendered.
pub struct Template<'r> {
    body: Body<'r>,
}

enum Body<'r> {
    /// Nothing but `{{ … }}`: its value may be a list.
    Expression(minijinja::Expression<'r, 'r>),
    Text(minijinja::Template<'r, 'r>),
}

impl Default for Renderer<'_> {
    fn default() -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        environment.set_fuel(Some(200_000));
        environment.set_unknown_method_callback(method);
        environment.set_formatter(|out, state, value| {
            if value.kind() != ValueKind::String && !fits(value, &mut { LONGEST }) {
                return Err(Error::new(ErrorKind::OutOfFuel, "a list is too long to be written"));
            }
            minijinja::escape_formatter(out, state, value)
        });
        environment.add_filter("literal", literal);
        if let Ok(syntax) = SyntaxConfig::builder().keep_trailing_newline(true).build() {
            environment.set_syntax(syntax);
        }
        Self(environment)
    }
}

/// The list that a cell of a table holds as Python or JSON writes it, such as `['a', "b"]`.
fn literal(text: &str) -> Result<Vec<String>, Error> {
    super::literal::texts(text).ok_or_else(|| {
        let message = format!("{text:?} is no list of texts such as ['a', 'b']");
        Error::new(ErrorKind::InvalidOperation, message)
    })
}

/// Methods of Python's strings, lists and mappings, and `list.index`.
fn method(state: &mut State<'_, '_>, value: &Value, name: &str, args: &[Value]) -> Result<Value, Error> {
    if name == "index"
        && let ([wanted], Ok(entries)) = (args, value.try_iter())
        && value.as_str().is_none()
    {
        return entries
            .into_iter()
            .position(|entry| entry == *wanted)
            .map(Value::from)
            .ok_or_else(|| Error::new(ErrorKind::InvalidOperation, format!("{wanted} is not in the list")));
    }
    minijinja_contrib::pycompat::unknown_method_callback(state, value, name, args)
}

impl<'a> Renderer<'a> {
    /// Compiles a template.
    pub fn compile<'r>(&'r self, source: &'r str) -> Result<Template<'r>, Fault>
    where
        'a: 'r,
    {
        if let Some(range) = depth::too_deep(source) {
            let message = format!(
                "it nests too deep: a tag holds at most {} words and signs outside of quotes, and a template as many \
                 `elif`s; put parts of it into variables with {{% set %}}",
                depth::MOST
            );
            return Err(Fault { message, range: Some(range) });
        }
        let environment: &'r Environment<'r> = &self.0;
        let body = match expression(source) {
            Some(inner) => {
                Body::Expression(environment.compile_expression(inner).map_err(|e| fault(&e, source))?)
            }
            None => Body::Text(environment.template_from_str(source).map_err(|e| fault(&e, source))?),
        };
        Ok(Template { body })
    }
}

/// The inside of a template that is one expression and nothing else.
fn expression(source: &str) -> Option<&str> {
    let inner = source.trim().strip_prefix("{{")?.strip_suffix("}}")?;
    (source.trim().len() == source.len()
        && !inner.contains("{{")
        && !inner.contains("}}")
        && !inner.contains("{%"))
    .then(|| inner.trim_start_matches('-').trim_end_matches('-'))
}

/// Bytes that a list or a mapping may take as a text.
const LONGEST: usize = 4 << 20;

/// Whether a list or a mapping takes at most so many bytes as a text, or about that. Lists are repeated without being made,
/// so that no fuel is asked for them before all of it is written. What can be gone through only once is not looked at.
fn fits(value: &Value, left: &mut usize) -> bool {
    let len = match value.kind() {
        ValueKind::Seq | ValueKind::Map | ValueKind::Iterable => value.len(),
        ValueKind::String => return take(left, value.len().unwrap_or_default()),
        _ => return take(left, 1),
    };
    let Some(len) = len else { return true };
    if !take(left, len) {
        return false;
    }
    let Ok(mut entries) = value.try_iter() else { return true };
    if value.kind() == ValueKind::Map {
        entries.all(|key| fits(&key, left) && value.get_item(&key).is_ok_and(|entry| fits(&entry, left)))
    } else {
        entries.all(|entry| fits(&entry, left))
    }
}

fn take(left: &mut usize, bytes: usize) -> bool {
    left.checked_sub(bytes).map(|rest| *left = rest).is_some()
}

/// A value as JSON.
fn json(value: &Value) -> Result<serde_json::Value, Fault> {
    let fault = |message: String| Fault { message, range: None };
    if value.kind() != ValueKind::String && !fits(value, &mut { LONGEST }) {
        return Err(fault(format!("its value takes more than {} MB", LONGEST >> 20)));
    }
    serde_json::to_value(value).map_err(|error| fault(error.to_string()))
}

impl Template<'_> {
    /// The names it takes from outside.
    pub fn names(&self) -> BTreeSet<String> {
        match &self.body {
            Body::Expression(expression) => expression.undeclared_variables(false).into_iter().collect(),
            Body::Text(template) => template.undeclared_variables(false).into_iter().collect(),
        }
    }

    /// Its value: a text, or whatever a lone `{{ … }}` gives.
    pub fn value(&self, context: &impl Serialize) -> Result<serde_json::Value, Fault> {
        let context = Value::from(Serde(context));
        match &self.body {
            Body::Expression(expression) => {
                let value = expression.eval(context).map_err(|e| fault(&e, ""))?;
                if value.is_undefined() {
                    return Err(Fault { message: "its value is not defined".to_owned(), range: None });
                }
                json(&value)
            }
            Body::Text(template) => template
                .render(context)
                .map(serde_json::Value::from)
                .map_err(|e| fault(&e, template.source())),
        }
    }

    /// Its text.
    pub fn text(&self, context: &impl Serialize) -> Result<String, Fault> {
        Ok(match self.value(context)? {
            serde_json::Value::String(text) => text,
            serde_json::Value::Null => String::new(),
            serde_json::Value::Bool(yes) => if yes { "True" } else { "False" }.to_owned(),
            other => other.to_string(),
        })
    }

    /// Its text before and after the place of one name, which stands for what the model is asked for. White space
    /// before that place is given apart: it belongs to what comes there.
    pub fn split(
        &self,
        context: &serde_json::Map<String, serde_json::Value>,
        name: &str,
    ) -> Result<Split, Fault> {
        /// A character of private use, which no prompt holds.
        const MARK: &str = "\u{f8f0}";
        let mut context = context.clone();
        context.insert(name.to_owned(), MARK.into());
        let text = self.text(&context)?;
        let Some((before, after)) = text.split_once(MARK) else {
            return Err(Fault { message: format!("it never comes to `{{{{ {name} }}}}`"), range: None });
        };
        let prompt = before.trim_end();
        Ok(Split {
            prompt: prompt.to_owned(),
            gap: before[prompt.len()..].to_owned(),
            after: after.replace(MARK, ""),
        })
    }
}

/// A template cut where the answer stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// What the model is given; it does not end in white space.
    pub prompt: String,
    /// White space that begins the answer.
    pub gap: String,
    /// What follows the answer in a solved example.
    pub after: String,
}

fn fault(error: &Error, source: &str) -> Fault {
    let mut message = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    if error.kind() == ErrorKind::OutOfFuel {
        "it does too much".clone_into(&mut message);
    }
    Fault { message, range: error.range().filter(|range| range.end <= source.len()) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(template: &str, context: &serde_json::Value) -> Result<String, Fault> {
        Renderer::default().compile(template)?.text(context)
    }

    #[test]
    fn jinja_as_people_know_it() {
        let context = json!({ "a": " x ", "list": ["A", "B"], "n": 2 });
        assert_eq!(text("[{{ a.strip() }}]\n", &context).unwrap(), "[x]\n");
        assert_eq!(text("{{ list.index('B') + 1 }}", &context).unwrap(), "2");
        let cell = json!({ "cell": r#"[' a', "it's", 'x\n']"# });
        assert_eq!(text("{{ (cell | literal)[1] }}", &cell).unwrap(), "it's");
        assert!(text("{{ n | string | literal }}", &context).unwrap_err().message.contains("no list"));
        assert_eq!(text("<b>{{ '&' }}{% if n > 1 %} many{% endif %}", &context).unwrap(), "<b>& many");
        assert_eq!(
            Renderer::default().compile("{{ list }}").unwrap().value(&context).unwrap(),
            json!(["A", "B"])
        );
    }

    #[test]
    fn what_is_wrong_is_told() {
        assert!(text("{{ nothing }}!", &json!({})).unwrap_err().message.contains("nothing"));
        assert!(text("{{ nothing }}", &json!({})).is_err());
        assert!(text("{{ 'x' * 1000000000 }}.", &json!({})).is_err());
        assert!(
            text(
                "{% for i in range(100000) %}{% for j in range(100000) %}.{% endfor %}{% endfor %}",
                &json!({})
            )
            .is_err()
        );
        assert!(text("{% include 'secret' %}", &json!({})).is_err());
        assert!(text("{{ a", &json!({ "a": 1 })).is_err());
    }

    #[test]
    fn one_template_for_examples_and_the_question() {
        let renderer = Renderer::default();
        let context = json!({ "input": "Great film!" });
        let template = renderer.compile("Review: {{ input }}\nSentiment: {{ label }}.").unwrap();
        let split = template.split(context.as_object().unwrap(), "label").unwrap();
        let wanted = ("Review: Great film!\nSentiment:", " ", ".");
        assert_eq!((split.prompt.as_str(), split.gap.as_str(), split.after.as_str()), wanted);
        let names: Vec<_> = template.names().into_iter().collect();
        assert_eq!(names, ["input", "label"]);
        assert!(
            renderer.compile("{{ input }}").unwrap().split(context.as_object().unwrap(), "label").is_err()
        );
    }
}
