//! When a written answer is right: the ways to read it, and what two texts must have in common.

use std::{collections::BTreeMap, sync::LazyLock};

use regex::Regex;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use crate::spec::{Finding, Node, Read, Reader, Text, words};

/// When an answer is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match {
    /// It is the target, white space at its ends aside.
    Exact,
    /// It holds the target.
    Contains,
    /// Its last number is that of the target.
    Number,
    /// What a regular expression finds in it is the target.
    Regex(Pattern),
}

/// A regular expression, which takes time in proportion to the text, whatever the text: it has no look-around and no
/// back-references.
#[derive(Clone, Debug)]
pub struct Pattern {
    written: Text,
    regex: Regex,
}

const WORDS: [&str; 3] = ["exact", "contains", "number"];

impl Match {
    /// As it is written in a spec.
    pub fn word(&self) -> &str {
        match self {
            Self::Exact => WORDS[0],
            Self::Contains => WORDS[1],
            Self::Number => WORDS[2],
            Self::Regex(pattern) => &pattern.written,
        }
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}
impl Eq for Pattern {}

impl Serialize for Match {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

impl Read for Match {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let Some(written) = node.text() else {
            return reader.expected(node, "`exact`, `contains`, `number` or a regular expression, a text,");
        };
        match written.as_str() {
            "exact" => return Some(Self::Exact),
            "contains" => return Some(Self::Contains),
            "number" => return Some(Self::Number),
            _ => {}
        }
        // A mistyped word would be an expression that finds only itself.
        if regex::escape(&written) == *written {
            let message =
                format!("`{written}` is no way to compare, and as a regular expression finds only itself");
            let finding = Finding::error("value", written.at, message);
            return reader.tell(finding.choices(&written, "the choices, or a regular expression", &WORDS));
        }
        match Regex::new(&written) {
            Ok(regex) => Some(Self::Regex(Pattern { written, regex })),
            Err(error) => {
                let message = format!("the regular expression cannot be read: {}", reason(&error));
                let finding = Finding::error("value", written.at, message);
                reader.tell(
                    finding.help("the syntax is that of the Rust library regex, which has no look-around"),
                )
            }
        }
    }
}

/// The last line of an error of several.
fn reason(error: &regex::Error) -> String {
    let message = error.to_string();
    let last = message.lines().last().unwrap_or_default();
    last.trim().trim_start_matches("error: ").to_owned()
}

impl JsonSchema for Match {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Match".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "enum": WORDS }, { "type": "string", "format": "regex" }] })
    }
}

words! {
    /// What two texts may differ in and still be the same.
    pub enum Normalize {
        /// Capital letters are small ones.
        Case = "case",
        /// The punctuation of ASCII is left out.
        Punctuation = "punctuation",
        /// `a`, `an` and `the` are left out.
        Articles = "articles",
        /// White space is one space.
        WhiteSpace = "white_space",
    }
}

/// Everything that SQuAD's own evaluation leaves aside (Rajpurkar et al. 2016).
const SQUAD: [Normalize; 4] =
    [Normalize::Case, Normalize::Punctuation, Normalize::Articles, Normalize::WhiteSpace];

/// A text without what it may differ in: white space at its ends, then the steps asked for in the order of SQuAD's script,
/// which is case, punctuation, articles, white space.
pub(super) fn normalized(text: &str, steps: &[Normalize]) -> String {
    static ARTICLES: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?i)\b(?:a|an|the)\b").expect("it is fixed, and tested"));
    let mut text = text.trim().to_owned();
    if steps.contains(&Normalize::Case) {
        text = text.to_lowercase();
    }
    if steps.contains(&Normalize::Punctuation) {
        text.retain(|c| !c.is_ascii_punctuation());
    }
    if steps.contains(&Normalize::Articles) {
        text = ARTICLES.replace_all(&text, " ").into_owned();
    }
    if steps.contains(&Normalize::WhiteSpace) {
        text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    text.trim().to_owned()
}

/// How answers are held against targets.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) matching: Match,
    pub(super) normalize: Vec<Normalize>,
}

impl Rule {
    /// What of an answer is compared; nothing where it is empty, has no number, or the expression finds nothing.
    pub(super) fn answer(&self, answer: &str) -> Option<String> {
        let read = match &self.matching {
            Match::Exact | Match::Contains => normalized(answer, &self.normalize),
            Match::Number => last_number(answer)?,
            Match::Regex(pattern) => normalized(pattern.find(answer)?, &self.normalize),
        };
        (!read.is_empty()).then_some(read)
    }

    /// What of a target is compared; nothing where nothing of it is left.
    pub(super) fn target(&self, target: &str) -> Option<String> {
        let read = match self.matching {
            Match::Exact | Match::Contains | Match::Regex(_) => normalized(target, &self.normalize),
            Match::Number => last_number(target)?,
        };
        (!read.is_empty()).then_some(read)
    }

    /// Whether the one is right where the other is wanted.
    pub(super) fn fits(&self, answer: &str, target: &str) -> bool {
        match self.matching {
            Match::Contains => answer.contains(target),
            Match::Exact | Match::Number | Match::Regex(_) => answer == target,
        }
    }
}

impl Pattern {
    /// What the first group finds first, or the whole expression where it has no group.
    pub(super) fn find<'a>(&self, text: &'a str) -> Option<&'a str> {
        let found = self.regex.captures(text)?;
        found.get(1).or_else(|| found.get(0).filter(|_| found.len() == 1)).map(|part| part.as_str())
    }
}

/// The last number of a text, as GSM8K's answers are read (Cobbe et al. 2021), in one form for equal numbers: `1,234.50` is
/// `1234.5`, `-0` is `0`. Commas are read where they set off thousands. A sign counts where no letter, digit or bracket is
/// before it: `10-4` ends in 4. A currency may stand between sign and digits.
pub(super) fn last_number(text: &str) -> Option<String> {
    static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"[0-9]+(?:,[0-9]+)*(?:\.[0-9]+)?|\.[0-9]+").expect("it is fixed, and tested")
    });
    let found = NUMBER.find_iter(text).last()?;
    let (whole, fraction) = found.as_str().split_once('.').unwrap_or((found.as_str(), ""));
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let thousands = first.len() <= 3 && groups.clone().all(|group| group.len() == 3);
    let (whole, alone) = match groups.next_back() {
        Some(_) if thousands => (whole.replace(',', ""), true),
        Some(last) => (last.to_owned(), false),
        None => (first.to_owned(), true),
    };
    let whole = Some(whole.trim_start_matches('0')).filter(|whole| !whole.is_empty()).unwrap_or("0");
    let fraction = fraction.trim_end_matches('0');
    let number = if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") };
    let negative = alone && number != "0" && ends_in_minus(&text[..found.start()]);
    Some(if negative { format!("-{number}") } else { number })
}

/// Whether a text ends in a minus that is a sign.
fn ends_in_minus(before: &str) -> bool {
    let before = before.strip_suffix(['$', '€', '£', '¥']).unwrap_or(before);
    before
        .strip_suffix(['-', '−'])
        .is_some_and(|rest| !rest.ends_with(|c: char| c.is_alphanumeric() || matches!(c, ')' | ']')))
}

/// The F1 of the words of two texts, normalised as SQuAD does: twice the words in common over the words of both. Where one
/// has no words, 1 if the other has none either, else 0 (Rajpurkar et al. 2016 and 2018).
pub(super) fn token_f1(answer: &str, target: &str) -> f64 {
    let [answer, target] = [answer, target].map(|text| normalized(text, &SQUAD));
    let mut wanted = BTreeMap::<&str, usize>::new();
    for word in target.split_whitespace() {
        *wanted.entry(word).or_default() += 1;
    }
    let words = [&answer, &target].map(|text| text.split_whitespace().count());
    if words.contains(&0) {
        return f64::from(u8::from(words == [0, 0]));
    }
    let common = answer.split_whitespace().filter(|word| match wanted.get_mut(word) {
        Some(left @ 1..) => {
            *left -= 1;
            true
        }
        _ => false,
    });
    2.0 * common.count() as f64 / (words[0] + words[1]) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squad_normalises_in_its_order() {
        // By `normalize_answer` of SQuAD's evaluate-v1.1.py.
        let cases = [
            ("The Cat's  pyjamas!", "cats pyjamas"),
            ("a an the", ""),
            ("U.S.A.", "usa"),
            ("An apple, a day", "apple day"),
            ("theatre", "theatre"),
            ("the-end", "theend"),
            ("Ärger\tin the Überschrift", "ärger in überschrift"),
            ("«The» year — 1999", "« » year — 1999"),
        ];
        for (text, wanted) in cases {
            assert_eq!(normalized(text, &SQUAD), wanted, "{text}");
        }
    }

    #[test]
    fn each_step_does_one_thing() {
        let text = " The  End, an End ";
        assert_eq!(normalized(text, &[]), "The  End, an End");
        assert_eq!(normalized(text, &[Normalize::Case]), "the  end, an end");
        assert_eq!(normalized(text, &[Normalize::Punctuation]), "The  End an End");
        assert_eq!(normalized(text, &[Normalize::Articles]), "End,   End");
        assert_eq!(normalized(text, &[Normalize::WhiteSpace]), "The End, an End");
    }

    #[test]
    fn the_last_number_in_one_form() {
        let cases = [
            ("5", Some("5")),
            ("The answer is 1,234.50.", Some("1234.5")),
            ("so she has 7 apples\n#### 72", Some("72")),
            ("007", Some("7")),
            ("0.0", Some("0")),
            ("-0", Some("0")),
            ("= -3", Some("-3")),
            ("10-4", Some("4")),
            ("(2)-1", Some("1")),
            ("−12.0 degrees", Some("-12")),
            ("-$1,000,000", Some("-1000000")),
            ("$18.", Some("18")),
            (".5", Some("0.5")),
            ("1,2345", Some("2345")),
            ("1234,567", Some("567")),
            ("3, 4", Some("4")),
            ("50%", Some("50")),
            ("seven", None),
            ("", None),
            ("٣", None),
        ];
        for (text, wanted) in cases {
            assert_eq!(last_number(text).as_deref(), wanted, "{text}");
        }
    }

    #[test]
    fn words_in_common() {
        // By `f1_score` of SQuAD's evaluate-v2.0.py (`compute_f1`).
        let cases = [
            ("the Eiffel Tower", "Eiffel Tower", 1.0),
            ("It is the Eiffel Tower.", "Eiffel Tower", 2.0 * 2.0 / 6.0),
            ("Paris", "London", 0.0),
            ("to be to be", "to be", 2.0 * 2.0 / 6.0),
            ("", "the", 1.0),
            ("", "Paris", 0.0),
        ];
        for (answer, target, wanted) in cases {
            assert!((token_f1(answer, target) - wanted).abs() < 1e-15, "{answer}");
        }
    }
}
