//! Reads the values of a `config.json`, each within its bounds, and collects everything that is wrong with them.

use std::{cell::RefCell, ops::RangeInclusive};

use serde_json::{Map, Value};

/// The values of one JSON object. Getters write down what is wrong and give a stand-in, so that one pass finds all faults;
/// whoever reads them asks for [`Config::faults`] before using the result.
#[derive(Debug)]
pub struct Config<'a> {
    values: &'a Map<String, Value>,
    faults: RefCell<Vec<String>>,
}

/// What is sensible for the sizes of a model.
pub const SIZE: RangeInclusive<u64> = 1..=1 << 24;

impl<'a> Config<'a> {
    /// Reads from these values.
    pub fn new(values: &'a Map<String, Value>) -> Self {
        Self { values, faults: RefCell::default() }
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

    /// The ids of one or several tokens; `default` where the key is left out, none where it is null.
    pub fn ids_or(&self, key: &str, default: u32) -> Vec<u32> {
        let id = |value: &Value| value.as_u64().and_then(|id| u32::try_from(id).ok());
        match self.values.get(key) {
            None => vec![default],
            Some(Value::Null) => vec![],
            Some(Value::Array(ids)) => ids.iter().filter_map(id).collect(),
            Some(value) => id(value).into_iter().collect(),
        }
    }

    /// An object within.
    pub fn object(&self, key: &str) -> Option<Config<'a>> {
        self.get(key)?.as_object().map(Config::new)
    }

    /// Notes what is wrong with values together.
    pub fn fault(&self, fault: impl Into<String>) {
        self.faults.borrow_mut().push(fault.into());
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
    fn get(&self, key: &str) -> Option<&'a Value> {
        self.values.get(key).filter(|value| !value.is_null())
    }
}
