//! When an item counts as likely memorized.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use crate::spec::{Expectation, Finding, Node, Op, Operand, Quantity, Read, Reader, Text};

/// Comparisons joined by `and`, as written: `ratio > 10 and exact > 0.1`.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// As written.
    pub text: Text,
    comparisons: Vec<Expectation>,
}

/// The same, against the two conditions of a task.
#[derive(Clone, Debug, PartialEq)]
pub struct Test(Vec<(Measured, Op, f64)>);

/// What a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Measured {
    Ratio,
    First,
    Second,
}

const FORM: &str = "a rule such as `ratio > 10` or `ratio > 10 and exact > 0.1`";

impl Rule {
    /// The rule of a task that states none. A ratio of two small probabilities is noise: without the floor, lines that a
    /// model never read are flagged as often as one in five.
    pub fn usual([first, _]: [&str; 2]) -> (String, Test) {
        let test = Test(vec![(Measured::Ratio, Op::Above, 10.0), (Measured::First, Op::Above, 0.1)]);
        (format!("ratio > 10 and {first} > 0.1"), test)
    }

    /// The rule for two conditions, or what it speaks of that is neither the ratio nor one of them.
    pub fn test(&self, [first, second]: [&str; 2]) -> Result<Test, &str> {
        let comparison = |comparison: &'_ Expectation| {
            let measured = match comparison.left.metric.as_str() {
                "ratio" => Measured::Ratio,
                name if name == first => Measured::First,
                name if name == second => Measured::Second,
                _ => return None,
            };
            Some((measured, comparison.op, number(comparison)?))
        };
        let unknown = self.comparisons.iter().find(|one| comparison(one).is_none());
        match unknown {
            Some(unknown) => Err(&unknown.left.metric),
            None => Ok(Test(self.comparisons.iter().filter_map(comparison).collect())),
        }
    }
}

impl Test {
    /// Whether all of it holds, of a ratio and the probabilities in the two conditions.
    pub fn holds(&self, ratio: f64, [first, second]: [f64; 2]) -> bool {
        self.0.iter().all(|(measured, op, right)| {
            let left = match measured {
                Measured::Ratio => ratio,
                Measured::First => first,
                Measured::Second => second,
            };
            op.holds(left, *right)
        })
    }
}

fn number(comparison: &Expectation) -> Option<f64> {
    match comparison.right {
        Operand::Number(number) => Some(number),
        Operand::Quantity(_) => None,
    }
}

impl Read for Rule {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let Some(text) = node.text() else { return reader.expected(node, FORM) };
        let parsed = text.split(" and ").map(|part| {
            let comparison = Expectation::parse(&text.with(part.trim()))?;
            let Quantity { model, task, part: of, bound, .. } = &comparison.left;
            let plain = model.is_none() && task.is_none() && of.is_none() && bound.is_none();
            if plain && number(&comparison).is_some() {
                Ok(comparison)
            } else {
                Err(format!("`{}` is not {FORM}", part.trim()))
            }
        });
        match parsed.collect::<Result<Vec<_>, String>>() {
            Ok(comparisons) => Some(Self { text, comparisons }),
            Err(message) => reader.tell(Finding::error("value", text.at, message)),
        }
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.text.serialize(serializer)
    }
}

impl JsonSchema for Rule {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "MemorizationRule".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Comparisons of `ratio`, or of the probability in a condition, with numbers; joined by `and`.",
            "type": "string",
            "examples": ["ratio > 10", "ratio > 10 and exact > 0.1"]
        })
    }
}
