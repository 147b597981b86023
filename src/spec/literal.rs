//! Lists of texts as Python and JSON write them: tables on the web hold them as the text of a cell.

use std::{iter::Peekable, str::Chars};

/// The texts of a list such as `['a', "b"]`; `None` for anything else.
pub(super) fn texts(list: &str) -> Option<Vec<String>> {
    let mut rest = list.trim().strip_prefix('[')?.strip_suffix(']')?.chars().peekable();
    let mut texts = Vec::new();
    loop {
        skip_space(&mut rest);
        let Some(quote) = rest.next() else { return Some(texts) };
        texts.push(quoted(quote, &mut rest)?);
        skip_space(&mut rest);
        match rest.next() {
            None => return Some(texts),
            Some(',') => {}
            Some(_) => return None,
        }
    }
}

fn skip_space(rest: &mut Peekable<Chars<'_>>) {
    while rest.next_if(|c| c.is_whitespace()).is_some() {}
}

/// What stands up to the closing quote, escapes undone.
fn quoted(quote: char, rest: &mut Peekable<Chars<'_>>) -> Option<String> {
    if quote != '\'' && quote != '"' {
        return None;
    }
    let mut text = String::new();
    loop {
        match rest.next()? {
            c if c == quote => return Some(text),
            '\\' => text.push(match rest.next()? {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                'x' => coded(2, rest)?,
                'u' => coded(4, rest)?,
                'U' => coded(8, rest)?,
                plain @ ('\\' | '\'' | '"' | '/') => plain,
                _ => return None,
            }),
            c => text.push(c),
        }
    }
}

/// A character by its number, in so many hexadecimal digits.
fn coded(digits: usize, rest: &mut Peekable<Chars<'_>>) -> Option<char> {
    let code: String = rest.by_ref().take(digits).collect();
    char::from_u32(u32::from_str_radix(&code, 16).ok().filter(|_| code.len() == digits)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_both_languages_are_read_and_nothing_else() {
        let read = |list| texts(list).map(|texts| texts.join("|"));
        assert_eq!(read(r#"[' a', "it's", 'say \"x\"']"#).as_deref(), Some(r#" a|it's|say "x""#));
        assert_eq!(read(r"['\xe9\u00e9\n', '\\']").as_deref(), Some("éé\n|\\"));
        assert_eq!(read(" [] ").as_deref(), Some(""));
        assert_eq!(read("['a',]").as_deref(), Some("a"));
        for wrong in ["", "a", "['a'", "['a' 'b']", "[1, 2]", "['a]", r"['\x1']", "[a]", "['a'] + ['b']"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
