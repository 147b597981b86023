//! Characters that a terminal may show. What would steer it (categories Cc and Cf, line and paragraph separators) is made
//! visible, so that a hostile file cannot hide, forge or reorder what is said of it.

use std::fmt::Write as _;

use unicode_general_category::{GeneralCategory, get_general_category};
use unicode_width::UnicodeWidthStr as _;

/// Messages may quote a text of any length.
const LONGEST: usize = 600;

/// Words of ours, which may quote a file, on one line and of a bearable length.
pub(super) fn words(text: &str, unicode: bool) -> String {
    let mut shown = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == LONGEST {
            shown.push_str(if unicode { "…" } else { "..." });
            break;
        }
        match c {
            '\n' => shown.push_str(if unicode { "⏎" } else { "\\n" }),
            '\t' => shown.push_str(if unicode { "⇥" } else { "\\t" }),
            _ => push(&mut shown, c, unicode),
        }
    }
    shown
}

/// Lines of a file: their breaks and tabs stay.
pub(super) fn lines(text: &str, unicode: bool) -> String {
    let mut shown = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' | '\t' => shown.push(c),
            '\r' if chars.peek() == Some(&'\n') => {}
            _ => push(&mut shown, c, unicode),
        }
    }
    shown
}

/// Shown words broken into lines of at most so many columns, at spaces.
pub(super) fn wrap(shown: &str, columns: usize) -> String {
    let mut wrapped = String::new();
    let mut used = 0;
    for (index, word) in shown.split(' ').enumerate() {
        let width = word.width();
        if index > 0 && used + 1 + width > columns {
            wrapped.push('\n');
            used = 0;
        } else if index > 0 {
            wrapped.push(' ');
            used += 1;
        }
        wrapped.push_str(word);
        used += width;
    }
    wrapped
}

fn push(shown: &mut String, c: char, unicode: bool) {
    let steers = || {
        matches!(
            get_general_category(c),
            GeneralCategory::Control
                | GeneralCategory::Format
                | GeneralCategory::LineSeparator
                | GeneralCategory::ParagraphSeparator
        )
    };
    match c {
        ' '..='~' => shown.push(c),
        _ if unicode && !steers() => shown.push(c),
        '…' => shown.push_str("..."),
        '—' | '–' => shown.push('-'),
        '×' => shown.push('x'),
        '±' => shown.push_str("+-"),
        '≥' => shown.push_str(">="),
        '≤' => shown.push_str("<="),
        '→' => shown.push_str("->"),
        '·' => shown.push('|'),
        _ => write!(shown, "<U+{:04X}>", u32::from(c)).expect("a string grows"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(words("a\u{1b}[31m\u{202e}b\n", true), "a<U+001B>[31m<U+202E>b⏎");
        assert_eq!(words("日…\t", false), "<U+65E5>...\\t");
        assert_eq!(lines("a\r\n\tb\rc\u{85}\u{2028}", true), "a\n\tb<U+000D>c<U+0085><U+2028>");
        assert_eq!(words(&"x".repeat(5000), true).chars().count(), LONGEST + 1);
    }

    #[test]
    fn long_words_are_broken_at_spaces() {
        assert_eq!(wrap("one two three", 7), "one two\nthree");
        assert_eq!(wrap("unbreakable", 3), "unbreakable");
    }
}
