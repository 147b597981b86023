//! How deep a template nests: the parser goes down a level for every operator, attribute and `elif` of it, and nothing but
//! the end of the stack would stop it.

use std::ops::Range;

/// Words and signs outside of quotes that a tag may hold, and `elif`s that a template may.
pub(super) const MOST: usize = 1000;

/// The first tag that holds too many, or the `elif` that is one too many.
pub(super) fn too_deep(source: &str) -> Option<Range<usize>> {
    let bytes = source.as_bytes();
    let (mut at, mut elifs) = (0, 0);
    while at + 1 < bytes.len() {
        match &bytes[at..at + 2] {
            b"{#" => at = source[at..].find("#}").map_or(bytes.len(), |end| at + end + 2),
            b"{{" | b"{%" => {
                let (end, words) = tag(bytes, at + 2);
                let inside = source[at + 2..end].trim_start_matches(['-', '+']).trim_start();
                elifs += usize::from(inside.starts_with("elif"));
                if words > MOST || elifs > MOST {
                    return Some(at..end);
                }
                at = end;
            }
            _ => at += 1,
        }
    }
    None
}

/// The end of the tag that begins before `start`, and its words and signs; commas and what is in quotes do not count.
fn tag(bytes: &[u8], start: usize) -> (usize, usize) {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii();
    let (mut at, mut words, mut braces) = (start, 0, 0_usize);
    while at < bytes.len() {
        match bytes[at] {
            quote @ (b'"' | b'\'') => {
                at += 1;
                while at < bytes.len() && bytes[at] != quote {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
            }
            b'}' if braces > 0 => braces -= 1,
            b'}' | b'%' if bytes.get(at + 1) == Some(&b'}') => return (at + 2, words),
            b'{' => braces += 1,
            b',' | b' ' | b'\n' | b'\t' | b'\r' => {}
            byte if is_word(byte) => {
                words += 1;
                while bytes.get(at + 1).is_some_and(|next| is_word(*next)) {
                    at += 1;
                }
            }
            _ => words += 1,
        }
        at += 1;
    }
    (bytes.len(), words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_outside_of_quotes_count_by_tag() {
        let words = |source: &str| tag(source.as_bytes(), 2).1;
        assert_eq!(words("{{ a ~ 'b c \\' d' ~ \"e\" }} f g"), 3);
        assert_eq!(words("{{ {'a': {}} ~ b }}"), 3);
        assert_eq!(words("{% if not x.y %}"), 5);
        assert_eq!(words("{{ ['a', 'b', 'c'] }}"), 2);
    }

    #[test]
    fn what_would_nest_without_end_is_found_and_long_texts_are_not() {
        for chain in ["not ", "-", "x ~ ", "x and ", "x if y else ", "x ** ", "{'a': {}} ~ ", "x."] {
            let source = format!("text {{{{ {} x }}}}", chain.repeat(MOST));
            assert_eq!(too_deep(&source).map(|range| range.start), Some(5), "{chain}");
        }
        let elifs = format!("{{% if x %}}{}{{% endif %}}", "{%- elif x %}".repeat(MOST + 1));
        assert!(too_deep(&elifs).is_some());
        for fine in ["{{ x }} and so on ".repeat(5000), format!("{{{{ [{}] }}}}", "'a', ".repeat(5000))] {
            assert_eq!(too_deep(&fine), None);
        }
        for torn in ["{{", "{{ '", "{{ 'a\\", "{# é", "é{%"] {
            assert_eq!(too_deep(torn), None);
        }
    }
}
