//! Reads the values of a `config.json`, each within its bounds, and collects everything that is wrong with them.

mod beside;

use std::{cell::RefCell, collections::BTreeSet, ops::RangeInclusive};

use serde_json::{Map, Value};

/// The values of one JSON object. Getters write down what is wrong and give a stand-in, so that one pass finds all faults;
/// whoever reads them asks for [`Config::faults`] before using the result.
#[derive(Debug)]
pub struct Config<'a> {
    values: &'a Map<String, Value>,
    /// Keys that were asked for.
    read: RefCell<BTreeSet<String>>,
    faults: RefCell<Vec<String>>,
}

/// The key of an object that stands for a number which JSON does not have.
const FLOAT: &str = "__float__";

/// What is sensible for the sizes of a model.
pub const SIZE: RangeInclusive<u64> = 1..=1 << 24;

/// Reads a JSON object. Numbers that JSON does not have are read too, as Python writes them (`Infinity`) and as
/// transformers 5 does (`{"__float__": "Infinity"}`, which is what the first becomes).
pub fn parse(text: &[u8]) -> Result<Map<String, Value>, serde_json::Error> {
    serde_json::from_slice(text).or_else(|fault| {
        // What is wrong is said of the text as it is.
        let object = std::str::from_utf8(text).ok().filter(|text| text.trim_start().starts_with('{'));
        let plain = object.map(without_bare_numbers);
        plain.and_then(|plain| serde_json::from_str(&plain).ok()).ok_or(fault)
    })
}

/// Puts an object in the place of each bare number that is none in JSON. Texts stay as they are.
fn without_bare_numbers(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['"', 'I', 'N', '-']) {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let bare = ["Infinity", "-Infinity", "NaN"].into_iter().find(|word| rest.starts_with(word));
        let end = if let Some(word) = bare {
            plain.push_str(&format!("{{\"{FLOAT}\": \"{word}\"}}"));
            word.len()
        } else {
            let end = if rest.starts_with('"') { end_of_text(rest) } else { 1 };
            plain.push_str(&rest[..end]);
            end
        };
        rest = &rest[end..];
    }
    plain + rest
}

/// The bytes of the quoted text that stands first.
fn end_of_text(rest: &str) -> usize {
    let mut escaped = true;
    for (at, byte) in rest.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// A number, or one that JSON does not have.
fn float(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| match value.get(FLOAT)?.as_str()? {
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    })
}

impl<'a> Config<'a> {
    /// Reads from these values.
    pub fn new(values: &'a Map<String, Value>) -> Self {
        Self { values, read: RefCell::default(), faults: RefCell::default() }
    }

    /// A size that must be there.
    pub fn size(&self, key: &str) -> usize {
        self.optional_size(key).unwrap_or_else(|| {
            if self.get(key).is_none() {
                self.fault(format!("`{key}` is missing"));
            }
            1
        })
    }

    /// A size with what holds where it is not given.
    pub fn size_or(&self, key: &str, default: usize) -> usize {
        self.optional_size(key).unwrap_or(default)
    }

    /// A size that may be left out or null.
    pub fn optional_size(&self, key: &str) -> Option<usize> {
        let value = self.get(key)?;
        let size = value.as_u64().filter(|size| SIZE.contains(size));
        if size.is_none() {
            let (least, most) = (SIZE.start(), SIZE.end());
            self.fault(format!("`{key}` is {value}; a whole number from {least} to {most} is allowed"));
        }
        size.map(|size| size as usize)
    }

    /// A size with what holds where it is left out; none where it is null.
    pub fn size_unless_null(&self, key: &str, default: Option<usize>) -> Option<usize> {
        if self.stated(key).is_some() { self.optional_size(key) } else { default }
    }

    /// A number above 0.
    pub fn positive_or(&self, key: &str, default: f64) -> f64 {
        self.optional_positive(key).unwrap_or(default)
    }

    /// A number above 0 that may be left out or null.
    pub fn optional_positive(&self, key: &str) -> Option<f64> {
        let value = self.get(key)?;
        let number = value.as_f64().filter(|number| number.is_finite() && *number > 0.0);
        if number.is_none() {
            self.fault(format!("`{key}` is {value}; a number above 0 is allowed"));
        }
        number
    }

    /// Numbers above 0; none where the key is left out or null.
    pub fn numbers(&self, key: &str) -> Vec<f64> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let number = |value: &Value| value.as_f64().filter(|number| number.is_finite() && *number > 0.0);
        let numbers = value.as_array().and_then(|values| values.iter().map(number).collect::<Option<_>>());
        numbers.unwrap_or_else(|| {
            self.fault(format!("`{key}` holds what is no number above 0"));
            Vec::new()
        })
    }

    /// Two numbers in order, of which the second may be infinite.
    pub fn range_or(&self, key: &str, default: (f64, f64)) -> (f64, f64) {
        let Some(value) = self.get(key) else { return default };
        let pair = value.as_array().and_then(|pair| match pair.as_slice() {
            [least, most] => Some((float(least)?, float(most)?)),
            _ => None,
        });
        pair.filter(|(least, most)| least.is_finite() && least <= most).unwrap_or_else(|| {
            self.fault(format!("`{key}` is {value}; two numbers, the smaller one first, are allowed"));
            default
        })
    }

    /// Yes or no.
    pub fn flag_or(&self, key: &str, default: bool) -> bool {
        let Some(value) = self.get(key) else { return default };
        value.as_bool().unwrap_or_else(|| {
            self.fault(format!("`{key}` is {value}; true or false is allowed"));
            default
        })
    }

    /// One of some words.
    pub fn word_or<T: Copy>(&self, key: &str, default: T, words: &[(&str, T)]) -> T {
        let Some(value) = self.get(key) else { return default };
        let known = value.as_str().and_then(|word| words.iter().find(|(own, _)| *own == word));
        known.map_or_else(
            || {
                let allowed: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                self.fault(format!("`{key}` is {value}; allowed: {}", allowed.join(", ")));
                default
            },
            |(_, meaning)| *meaning,
        )
    }

    /// A text that may be left out or null.
    pub fn text(&self, key: &str) -> Option<&'a str> {
        self.get(key)?.as_str()
    }

    /// A number above 0, with what holds where it is left out; none where it is null.
    pub fn positive_unless_null(&self, key: &str, default: Option<f32>) -> Option<f32> {
        if self.stated(key).is_some() {
            self.optional_positive(key).map(|number| number as f32)
        } else {
            default
        }
    }

    /// A whole number from 0 on.
    pub fn count_or(&self, key: &str, default: usize) -> usize {
        let Some(value) = self.get(key) else { return default };
        value.as_u64().map_or_else(
            || {
                self.fault(format!("`{key}` is {value}; a whole number from 0 on is allowed"));
                default
            },
            |count| count as usize,
        )
    }

    /// A list of so many words, each one of some.
    pub fn words<T: Copy>(&self, key: &str, len: usize, words: &[(&str, T)]) -> Option<Vec<T>> {
        let value = self.get(key)?;
        let known = |value: &Value| {
            let word = value.as_str()?;
            words.iter().find(|(own, _)| *own == word).map(|(_, meaning)| *meaning)
        };
        let list: Option<Vec<T>> = value.as_array().and_then(|list| list.iter().map(known).collect());
        let list = list.filter(|list| list.len() == len);
        if list.is_none() {
            let allowed: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.fault(format!(
                "`{key}` is {value}; a list of {len} of these is allowed: {}",
                allowed.join(", ")
            ));
        }
        list
    }

    /// A list of numbers above 0, of some length.
    pub fn positives(&self, key: &str, len: usize) -> Option<Vec<f64>> {
        let value = self.get(key)?;
        let number = |value: &Value| value.as_f64().filter(|number| number.is_finite() && *number > 0.0);
        let list: Option<Vec<f64>> = value.as_array().and_then(|list| list.iter().map(number).collect());
        let list = list.filter(|list| list.len() == len);
        if list.is_none() {
            self.fault(format!("`{key}` is {value}; a list of {len} numbers above 0 is allowed"));
        }
        list
    }

    /// A list of whole numbers from 0 on.
    pub fn counts(&self, key: &str) -> Option<Vec<usize>> {
        let value = self.get(key)?;
        let number = |value: &Value| value.as_u64().map(|number| number as usize);
        let list: Option<Vec<usize>> = value.as_array().and_then(|list| list.iter().map(number).collect());
        if list.is_none() {
            self.fault(format!("`{key}` is {value}; a list of whole numbers is allowed"));
        }
        list
    }

    /// Refuses a switch that is on.
    pub fn refuse(&self, key: &str, why: &str) {
        if self.flag_or(key, false) {
            self.fault(format!("`{key}` is true; {why}"));
        }
    }

    /// The ids of one or several tokens; `default` where the key is left out, none where it is null.
    pub fn ids_or(&self, key: &str, default: impl Into<Option<u32>>) -> Vec<u32> {
        let id = |value: &Value| value.as_u64().and_then(|id| u32::try_from(id).ok());
        match self.stated(key) {
            None => default.into().into_iter().collect(),
            Some(Value::Null) => vec![],
            Some(Value::Array(ids)) => ids.iter().filter_map(id).collect(),
            Some(value) => id(value).into_iter().collect(),
        }
    }

    /// Whether a value is there that is not null.
    pub fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// An object within.
    pub fn object(&self, key: &str) -> Option<Config<'a>> {
        self.get(key)?.as_object().map(Config::new)
    }

    /// Notes what is wrong with values together.
    pub fn fault(&self, fault: impl Into<String>) {
        let (fault, mut faults) = (fault.into(), self.faults.borrow_mut());
        // What is wrong in every layer is said once.
        if !faults.contains(&fault) {
            faults.push(fault);
        }
    }

    /// Takes over the faults of an object within.
    pub fn adopt(&self, key: &str, inner: &Config<'_>) {
        self.faults
            .borrow_mut()
            .extend(inner.faults.take().into_iter().map(|fault| format!("{key}: {fault}")));
    }

    /// All faults so far.
    pub fn faults(&self) -> Vec<String> {
        self.faults.take()
    }

    /// A value that is there and not null.
    pub fn get(&self, key: &str) -> Option<&'a Value> {
        self.stated(key).filter(|value| !value.is_null())
    }

    /// A value that is there.
    fn stated(&self, key: &str) -> Option<&'a Value> {
        self.read.borrow_mut().insert(key.to_owned());
        self.values.get(key)
    }

    /// Keys that hold only where others do not, or say again what those say: they are known, whether they are asked for or
    /// not.
    pub fn aside(&self, keys: &[&str]) {
        self.read.borrow_mut().extend(keys.iter().map(|key| (*key).to_owned()));
    }

    /// Keys that hold something, that nobody asked for, and that may stand for a computation which is not done here. A
    /// switch that is off stands for none.
    pub fn unread(&self) -> Vec<String> {
        let read = self.read.borrow();
        let holds = |value: &Value| !value.is_null() && value != &Value::Bool(false);
        let stated = self.values.iter().filter(|(key, value)| holds(value) && !read.contains(*key));
        stated.map(|(key, _)| key.clone()).filter(|key| !beside::has_no_say(key)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(text: &str) -> Option<(f64, f64)> {
        let values = parse(text.as_bytes()).ok()?;
        let config = Config::new(&values);
        let limits = config.range_or("limit", (-1.0, -1.0));
        config.faults().is_empty().then_some(limits)
    }

    #[test]
    fn infinity_is_read_as_python_and_as_transformers_write_it() {
        assert_eq!(limits(r#"{"limit": [0.0, Infinity]}"#), Some((0.0, f64::INFINITY)));
        assert_eq!(limits(r#"{"limit": [0.0, {"__float__": "Infinity"}]}"#), Some((0.0, f64::INFINITY)));
        assert_eq!(limits(r#"{"limit": [-1.5, 2]}"#), Some((-1.5, 2.0)));
        assert_eq!(limits(r#"{"other": NaN}"#), Some((-1.0, -1.0)));
        for bad in [
            r#"{"limit": [0.0, NaN]}"#,
            r#"{"limit": [-Infinity, 1]}"#,
            r#"{"limit": [2, 1]}"#,
            r#"{"limit": [0]}"#,
            r#"{"limit": [0.0, Infinit]}"#,
            r#"{"limit": [0.0, +Infinity]}"#,
        ] {
            assert_eq!(limits(bad), None, "{bad}");
        }
    }

    #[test]
    fn keys_that_nobody_asks_for_are_named() {
        let text = r#"{"hidden_size": 4, "model_type": "x", "top_p": 0.9, "mystery": 1, "nothing": null, "off": false}"#;
        let values = parse(text.as_bytes()).unwrap();
        let config = Config::new(&values);
        assert_eq!(config.unread(), ["hidden_size", "mystery"]);
        assert_eq!(config.size("hidden_size"), 4);
        assert_eq!(config.unread(), ["mystery"]);
    }

    #[test]
    fn texts_that_hold_the_word_stay_as_they_are() {
        let text =
            r#"{"a": "to Infinity, \"NaN\" and -Infinity\\", "b": NaN, "Infinity": [-1, "é", Infinity]}"#;
        let values = parse(text.as_bytes()).unwrap();
        assert_eq!(values["a"], r#"to Infinity, "NaN" and -Infinity\"#);
        assert_eq!(values["Infinity"][2][FLOAT], "Infinity");
        assert!(parse(br#"{"a": "no end, NaN"#).is_err() && parse(b"NaN").is_err());
    }
}
