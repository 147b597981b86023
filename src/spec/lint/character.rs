//! Characters that look like nothing or like another one, and change how a text is cut into tokens.

use unicode_normalization::{UnicodeNormalization as _, is_nfc};

use super::{
    super::{finding::Finding, text::Text},
    inside,
};

/// The first odd character of a text. `written` is the text as it stands in its file, for the exact place.
pub(super) fn odd(text: &Text, written: Option<&str>) -> Option<Finding> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\t' | b'\r')) {
        return None;
    }
    if let Some((at, c, name)) = first(text) {
        let place = written
            .and_then(|written| Some((written, first(written)?.0)))
            .map_or(text.at, |(written, at)| inside(text.at, written, at..at + c.len_utf8()));
        let shown = excerpt(text, at);
        let message = format!("the text has {name} (U+{:04X}) after “{shown}”", u32::from(c));
        let finding = Finding::warning("odd-character", place, message);
        return Some(finding.help("a tokenizer sees it, a reader does not; if it is meant, allow it"));
    }
    if is_nfc(text) {
        return None;
    }
    let odd = text.chars().zip(text.nfc()).position(|(c, composed)| c != composed).unwrap_or_default();
    let at = text.char_indices().nth(odd).map_or(text.len(), |(at, c)| at + c.len_utf8());
    let message =
        format!("the text spells “{}” with separate accents (it is not in NFC)", excerpt(text, at));
    let help = "tokenizers cut it in another way than the usual spelling: é is one character there";
    Some(Finding::warning("odd-character", text.at, message).help(help))
}

/// The end of the text before a place.
fn excerpt(text: &str, at: usize) -> String {
    const LONGEST: usize = 20;
    let before: Vec<char> = text[..at].chars().rev().take(LONGEST).collect();
    before.into_iter().rev().collect()
}

/// The first odd character, where it stands and what it is.
fn first(text: &str) -> Option<(usize, char, &'static str)> {
    text.char_indices().find_map(|(at, c)| Some((at, c, name(c, &text[..at])?)))
}

fn name(c: char, before: &str) -> Option<&'static str> {
    Some(match c {
        '\u{a0}' | '\u{202f}' => "a space that does not break",
        '\u{2000}'..='\u{200a}' | '\u{205f}' => "a space of unusual width",
        '\u{ad}' => "a soft hyphen",
        '\u{200b}' | '\u{2060}' => "a character of no width",
        // Needed in Persian, in scripts of India and in emoji.
        '\u{200c}' | '\u{200d}' if before.ends_with(|c: char| c.is_ascii()) => "a joiner of no width",
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            "a mark of writing direction"
        }
        '\u{feff}' => "a byte order mark",
        '\u{fffd}' => "a replacement character, the trace of a wrong encoding,",
        '\u{2028}' | '\u{2029}' => "a line separator",
        '\u{e000}'..='\u{f8ff}' => "a character of private use",
        '\n' | '\t' | '\r' => return None,
        c if c.is_control() => "a control character",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{super::super::place::{Place, SourceId}, *};

    fn told(text: &str) -> Option<String> {
        let at = Place::start_of(SourceId::default());
        odd(&Text::new(text, at), None).map(|finding| finding.message)
    }

    #[test]
    fn odd_characters_are_named_and_plain_ones_left_alone() {
        for fine in ["plain\ttext\n", "é ü ß", "日本の首都は", "می‌خواهم", "👩‍🔬", "“quoted” – dash…"] {
            assert_eq!(told(fine), None);
        }
        let cases = [
            ("a\u{a0}b", "a space that does not break (U+00A0) after “a”"),
            ("in\u{200b}visible", "a character of no width (U+200B) after “in”"),
            ("co\u{ad}op", "a soft hyphen (U+00AD) after “co”"),
            ("\u{feff}text", "a byte order mark (U+FEFF) after “”"),
            ("cafe\u{301} noir", "spells “cafe” with separate accents"),
            ("bell\u{7}", "a control character (U+0007)"),
            ("a\u{200d}b", "a joiner"),
        ];
        for (text, part) in cases {
            let message = told(text).unwrap_or_default();
            assert!(message.contains(part), "{text:?}: {message}");
        }
    }
}
