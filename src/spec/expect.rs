//! Expectations: what must hold for a run to pass, as `accuracy.low > 0.5`.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use super::{
    finding::Finding,
    node::Node,
    reader::{Read, Reader},
    text::Text,
};

/// A comparison of a measured number with another, or with a fixed one.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// As written.
    pub text: Text,
    /// What is measured.
    pub left: Quantity,
    /// How it is compared.
    pub op: Op,
    /// What it is compared with.
    pub right: Operand,
}

/// The right side of a comparison.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Operand {
    /// A fixed number.
    Number(f64),
    /// Another measured number.
    Quantity(Quantity),
}

/// How two numbers are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Op {
    /// `>=`
    #[serde(rename = ">=")]
    AtLeast,
    /// `>`
    #[serde(rename = ">")]
    Above,
    /// `<=`
    #[serde(rename = "<=")]
    AtMost,
    /// `<`
    #[serde(rename = "<")]
    Below,
    /// `==`
    #[serde(rename = "==")]
    Equal,
}

impl Op {
    /// As it is written.
    pub fn sign(self) -> &'static str {
        match self {
            Self::AtLeast => ">=",
            Self::Above => ">",
            Self::AtMost => "<=",
            Self::Below => "<",
            Self::Equal => "==",
        }
    }

    /// Whether it holds.
    #[expect(clippy::float_cmp, reason = "`==` is asked for, of shares such as 1")]
    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::AtLeast => left >= right,
            Self::Above => left > right,
            Self::AtMost => left <= right,
            Self::Below => left < right,
            Self::Equal => left == right,
        }
    }
}

/// A measured number: `[model:][benchmark/task.][part.]metric[.low|.high]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Quantity {
    /// The model; every model of the run where none is named.
    pub model: Option<String>,
    /// The full name of the task; the task whose expectation it is where none is named.
    pub task: Option<String>,
    /// A strategy or group of the task.
    pub part: Option<String>,
    /// The name of the metric.
    pub metric: String,
    /// The end of its interval instead of the number itself.
    pub bound: Option<Bound>,
}

/// An end of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// The lower one.
    Low,
    /// The upper one.
    High,
}

const EXAMPLE: &str = "a comparison such as `accuracy >= 0.7` or `accuracy.low > 0.5`";

impl Expectation {
    /// Reads a comparison, or says what is wrong with it.
    pub fn parse(text: &Text) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not {EXAMPLE}");
        // A lone `=` is part of a name, as in `temperature=0.7.distinct_texts`.
        let signs = [text.find(['<', '>']), text.find("==")];
        let start = signs.into_iter().flatten().min().ok_or_else(wrong)?;
        let rest = text[start..].trim_start_matches(['<', '>', '=']);
        let op = match &text[start..text.len() - rest.len()] {
            ">=" => Op::AtLeast,
            ">" => Op::Above,
            "<=" => Op::AtMost,
            "<" => Op::Below,
            "==" => Op::Equal,
            other => return Err(format!("`{other}` does not compare: write >=, >, <=, < or ==")),
        };
        let right = match rest.trim().parse::<f64>() {
            Ok(number) if number.is_finite() => Operand::Number(number),
            Ok(_) => return Err(format!("`{}` is not a finite number", rest.trim())),
            Err(_) => Operand::Quantity(Quantity::parse(rest.trim())?),
        };
        let left = Quantity::parse(text[..start].trim())?;
        Ok(Self { text: text.clone(), left, op, right })
    }

    /// Tells the end of a task's name from the part that follows it, both of which may hold dots.
    pub(super) fn settle(&mut self, tasks: &[String]) {
        let right = match &mut self.right {
            Operand::Quantity(quantity) => Some(quantity),
            Operand::Number(_) => None,
        };
        std::iter::once(&mut self.left).chain(right).for_each(|quantity| quantity.settle(tasks));
    }

    /// Both sides, those that are measured.
    pub fn quantities(&self) -> impl Iterator<Item = &Quantity> {
        let right = match &self.right {
            Operand::Quantity(quantity) => Some(quantity),
            Operand::Number(_) => None,
        };
        std::iter::once(&self.left).chain(right)
    }
}

impl Quantity {
    fn settle(&mut self, tasks: &[String]) {
        let (Some(task), Some(part)) = (&self.task, &self.part) else { return };
        if tasks.contains(task) {
            return;
        }
        let written = format!("{task}.{part}");
        let rest = |name: &String| {
            written.strip_prefix(name.as_str()).filter(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let longest =
            tasks.iter().filter_map(|name| Some((name, rest(name)?))).max_by_key(|(name, _)| name.len());
        if let Some((name, rest)) = longest {
            self.task = Some(name.clone());
            self.part = rest.strip_prefix('.').map(str::to_owned);
        }
    }

    fn parse(written: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{written}` is not the name of a number; it is written [model:][benchmark/task.][part.]metric[.low|.high]"
            )
        };
        let (model, rest) = match written.rsplit_once(':') {
            Some((model, rest)) => (Some(model.to_owned()), rest),
            None => (None, written),
        };
        let mut names: Vec<&str> = rest.split('.').collect();
        if rest.contains(char::is_whitespace)
            || names.iter().any(|name| name.is_empty())
            || model.as_deref() == Some("")
        {
            return Err(wrong());
        }
        let bound = match names.last() {
            Some(&"low") => Some(Bound::Low),
            Some(&"high") => Some(Bound::High),
            _ => None,
        };
        names.truncate(names.len() - usize::from(bound.is_some()));
        let metric = names.pop().ok_or_else(wrong)?.to_owned();
        // A task's own name may hold dots too: see `settle`.
        let task = rest.contains('/').then(|| {
            let slash = names.iter().position(|name| name.contains('/')).unwrap_or(0);
            names.drain(..=slash).collect::<Vec<_>>().join(".")
        });
        if metric.contains('/') {
            return Err(wrong());
        }
        let part = (!names.is_empty()).then(|| names.join("."));
        Ok(Self { model, task, part, metric, bound })
    }
}

impl Serialize for Expectation {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.text.serialize(serializer)
    }
}

impl Read for Expectation {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let Some(text) = node.text() else { return reader.expected(node, EXAMPLE) };
        Self::parse(&text)
            .map_or_else(|message| reader.tell(Finding::error("expect", node.at, message)), Some)
    }
}

impl JsonSchema for Expectation {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Expectation".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A comparison: [model:][benchmark/task.][strategy.|group.]metric[.low|.high], then >=, >, <=, < or ==, then a number or another metric.",
            "type": "string",
            "pattern": "^\\S+\\s*(>=|>|<=|<|==)\\s*\\S+$",
            "examples": ["accuracy >= 0.7", "accuracy.low > 0.5", "icl.accuracy > instruction.accuracy"]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::place::{Place, Sources};

    fn parse(text: &str) -> Result<Expectation, String> {
        let source = Sources::default().add(crate::spec::place::Source {
            name: String::new(),
            folder: std::path::PathBuf::new(),
            body: crate::spec::place::Body::Text("".into()),
        });
        Expectation::parse(&Text::new(text, Place::start_of(source)))
    }

    #[test]
    fn comparisons_are_read() {
        let full = parse("gpt2-medium:sentiment/three-ways.icl.accuracy.low >= 0.6").unwrap();
        let quantity = Quantity {
            model: Some("gpt2-medium".into()),
            task: Some("sentiment/three-ways".into()),
            part: Some("icl".into()),
            metric: "accuracy".into(),
            bound: Some(Bound::Low),
        };
        assert_eq!((&full.left, full.op, &full.right), (&quantity, Op::AtLeast, &Operand::Number(0.6)));
        let short = parse("icl.accuracy>instruction.accuracy").unwrap();
        assert_eq!(short.left.part.as_deref(), Some("icl"));
        assert!(
            matches!(short.right, Operand::Quantity(Quantity { part: Some(part), .. }) if part == "instruction")
        );
        assert_eq!(
            parse("openai-community/gpt2:a/b.accuracy == 1").unwrap().left.task.as_deref(),
            Some("a/b")
        );
    }

    #[test]
    fn names_may_hold_dots_and_equals_signs() {
        let mut dotted = parse("quiz/arc.easy.letters.accuracy > temperature=0.7,top_k=5.length").unwrap();
        let Operand::Quantity(right) = &dotted.right else { panic!("{dotted:?}") };
        assert_eq!(
            (right.part.as_deref(), right.metric.as_str()),
            (Some("temperature=0.7,top_k=5"), "length")
        );
        dotted.settle(&["quiz/arc.easy".to_owned(), "quiz/arc.e".to_owned()]);
        assert_eq!(
            (dotted.left.task.as_deref(), dotted.left.part.as_deref()),
            (Some("quiz/arc.easy"), Some("letters"))
        );
    }

    #[test]
    fn what_is_no_comparison_is_refused() {
        for text in [
            "accuracy over 75%",
            "accuracy => 0.5",
            "accuracy >=",
            "> 0.5",
            "accuracy > nan",
            "a..b > 1",
            "low > 1",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
