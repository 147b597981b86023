//! JSON as Python writes it: `NaN` and `Infinity` stand in it as words. They are read as texts, which are no numbers.

use serde_json::Value as Json;

/// The words that are no JSON, longest first.
const WORDS: [&[u8]; 3] = [b"-Infinity", b"Infinity", b"NaN"];

/// Reads a value.
pub(super) fn read(bytes: &[u8]) -> Result<Json, serde_json::Error> {
    serde_json::from_slice(bytes).or_else(|error| match quoted(bytes) {
        Some(bytes) => serde_json::from_slice(&bytes),
        None => Err(error),
    })
}

/// The same with those words in quotes; `None` where there are none.
fn quoted(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes.len() + 16);
    let (mut at, mut in_text, mut changed) = (0, false, false);
    while at < bytes.len() {
        if !in_text && let Some(word) = WORDS.iter().find(|word| bytes[at..].starts_with(word)) {
            out.push(b'"');
            out.extend_from_slice(word);
            out.push(b'"');
            at += word.len();
            changed = true;
            continue;
        }
        let byte = bytes[at];
        out.push(byte);
        at += 1;
        match byte {
            b'"' => in_text = !in_text,
            b'\\' if in_text && at < bytes.len() => {
                out.push(bytes[at]);
                at += 1;
            }
            _ => {}
        }
    }
    changed.then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_python_are_texts() {
        let read = read(br#"{"a": NaN, "b": [-Infinity, 1], "c": "NaN \" Infinity"}"#).unwrap();
        assert_eq!(read, serde_json::json!({"a": "NaN", "b": ["-Infinity", 1], "c": "NaN \" Infinity"}));
        assert!(super::read(b"{NaN").is_err());
        assert!(super::read(br#"{"a": nan}"#).is_err());
    }
}
