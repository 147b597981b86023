//! Texts of a model, a spec or a file as a terminal may show them. Every character that would steer the terminal instead
//! of being shown (general categories Cc and Cf, line and paragraph separators) is made visible, and so is every character
//! that would read as one of our own marks: what is shown can be told apart and told back.

use std::{borrow::Cow, fmt::Write as _};

use unicode_general_category::{GeneralCategory, get_general_category};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What the terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    /// Everything.
    Unicode,
    /// Nothing but ASCII; all else is written as `<U+65E5>`.
    Ascii,
}

impl Charset {
    /// One of two ways to draw something.
    pub fn pick<T>(self, unicode: T, ascii: T) -> T {
        match self {
            Self::Unicode => unicode,
            Self::Ascii => ascii,
        }
    }
}

/// A text on one line: spaces stay spaces.
pub fn visible(text: &str, charset: Charset) -> Cow<'_, str> {
    show(text, charset, Spaces::Kept)
}

/// A token: its spaces are marked, `·` or in ASCII `_`.
pub fn token(text: &str, charset: Charset) -> Cow<'_, str> {
    show(text, charset, Spaces::Marked)
}

/// Words of our own, which may quote others: typographic characters get their ASCII forms where there is nothing else.
pub fn words(text: &str, charset: Charset) -> Cow<'_, str> {
    if charset == Charset::Unicode || text.is_ascii() {
        return visible(text, charset);
    }
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '·' => plain.push('|'),
            '—' | '–' | '−' => plain.push('-'),
            '×' => plain.push('x'),
            '±' => plain.push_str("+-"),
            '≥' => plain.push_str(">="),
            '≤' => plain.push_str("<="),
            '→' => plain.push_str("->"),
            'Δ' => plain.push_str("diff"),
            '…' => plain.push_str("..."),
            '’' | '‘' => plain.push('\''),
            '“' | '”' => plain.push('"'),
            other => plain.push(other),
        }
    }
    Cow::Owned(visible(&plain, charset).into_owned())
}

/// How many columns a shown text takes.
pub fn width(shown: &str) -> usize {
    shown.width()
}

/// A shown text in at most `columns` columns, its end cut off.
pub fn clip(shown: &str, columns: usize, charset: Charset) -> Cow<'_, str> {
    if width(shown) <= columns {
        return Cow::Borrowed(shown);
    }
    let mark = charset.pick("…", "...");
    let mut kept = head(shown, columns.saturating_sub(width(mark))).to_owned();
    kept.push_str(mark);
    Cow::Owned(kept)
}

/// A shown name in at most `columns` columns, its middle cut out: names differ at their ends.
pub fn clip_middle(shown: &str, columns: usize, charset: Charset) -> Cow<'_, str> {
    if width(shown) <= columns {
        return Cow::Borrowed(shown);
    }
    let mark = charset.pick("…", "...");
    let room = columns.saturating_sub(width(mark));
    let front = head(shown, room - room / 2);
    let back = tail(&shown[front.len()..], room / 2);
    Cow::Owned([front, mark, back].concat())
}

/// Shown words broken into lines of at most `columns` columns; later lines are indented.
pub fn wrap(shown: &str, columns: usize, indent: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for (at, word) in shown.split(' ').enumerate() {
        let wide = width(word);
        if at > 0 && used + 1 + wide > columns && used > indent {
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
            used = indent;
        } else if at > 0 {
            line.push(' ');
            used += 1;
        }
        line.push_str(word);
        used += wide;
    }
    lines.push(line);
    lines
}

/// A shown text broken into lines of at most `columns` columns wherever one is full; later lines are indented.
pub fn fold(shown: &str, columns: usize, indent: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut rest, mut before) = (shown, String::new());
    loop {
        let first = head(rest, columns.saturating_sub(before.len()));
        if first.len() == rest.len() {
            lines.push(before + rest);
            return lines;
        }
        // A terminal narrower than one character still makes progress.
        let at = first.len().max(rest.chars().next().map_or(0, char::len_utf8));
        lines.push(before + &rest[..at]);
        (rest, before) = (&rest[at..], " ".repeat(indent));
    }
}

#[derive(Clone, Copy)]
enum Spaces {
    Kept,
    Marked,
}

fn show(text: &str, charset: Charset, spaces: Spaces) -> Cow<'_, str> {
    let marked = matches!(spaces, Spaces::Marked);
    if text.chars().all(|c| stays(c, charset, marked)) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match (charset, c) {
            (_, c) if stays(c, charset, marked) => shown.push(c),
            (Charset::Unicode, ' ') => shown.push('·'),
            (Charset::Unicode, '\n') => shown.push('⏎'),
            (Charset::Unicode, '\t') => shown.push('⇥'),
            (Charset::Ascii, ' ') => shown.push('_'),
            (Charset::Ascii, '\n') => shown.push_str("\\n"),
            (Charset::Ascii, '\t') => shown.push_str("\\t"),
            (Charset::Ascii, '_' | '\\') => shown.extend(['\\', c]),
            (Charset::Unicode, c) => write!(shown, "⟨U+{:04X}⟩", u32::from(c)).expect("a string grows"),
            (Charset::Ascii, c) => write!(shown, "<U+{:04X}>", u32::from(c)).expect("a string grows"),
        }
    }
    Cow::Owned(shown)
}

/// Whether a character is shown as it is.
fn stays(c: char, charset: Charset, marked: bool) -> bool {
    match charset {
        _ if c == ' ' => !marked,
        Charset::Ascii => (c.is_ascii_graphic() && c != '\\') && !(marked && c == '_'),
        Charset::Unicode if c.is_ascii() => !c.is_ascii_control(),
        Charset::Unicode => match c {
            '⏎' | '⇥' | '⟨' => false,
            '·' => !marked,
            _ => match get_general_category(c) {
                GeneralCategory::Control
                | GeneralCategory::Format
                | GeneralCategory::LineSeparator
                | GeneralCategory::ParagraphSeparator => false,
                GeneralCategory::SpaceSeparator => !marked,
                _ => true,
            },
        },
    }
}

fn head(shown: &str, columns: usize) -> &str {
    let mut used = 0;
    let cut = shown.char_indices().find(|(_, c)| {
        used += c.width().unwrap_or(0);
        used > columns
    });
    cut.map_or(shown, |(at, _)| &shown[..at])
}

fn tail(shown: &str, columns: usize) -> &str {
    let mut used = 0;
    let cut = shown.char_indices().rev().find(|(_, c)| {
        used += c.width().unwrap_or(0);
        used > columns
    });
    cut.map_or(shown, |(at, c)| &shown[at + c.len_utf8()..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tokens_show_what_they_are_made_of() {
        let shown = |text| token(text, Charset::Unicode).into_owned();
        assert_eq!(shown(" Paris"), "·Paris");
        assert_eq!(shown("\n\t"), "⏎⇥");
        assert_eq!(shown("a\u{202e}b\u{1b}[2J"), "a⟨U+202E⟩b⟨U+001B⟩[2J");
        assert_eq!(shown("·\u{a0}"), "⟨U+00B7⟩⟨U+00A0⟩");
        let ascii = |text| token(text, Charset::Ascii).into_owned();
        assert_eq!(ascii(" Paris"), "_Paris");
        assert_eq!(ascii("_name\n"), "\\_name\\n");
        assert_eq!(ascii("日"), "<U+65E5>");
    }

    #[test]
    fn texts_keep_their_spaces_and_our_words_their_sense() {
        assert_eq!(visible("a b · c\r\n", Charset::Unicode), "a b · c⟨U+000D⟩⏎");
        assert_eq!(words("2 × 3 — at least", Charset::Ascii), "2 x 3 - at least");
    }

    #[test]
    fn long_names_keep_both_ends() {
        assert_eq!(
            clip_middle("determiner_noun_agreement_irregular_2", 21, Charset::Unicode),
            "determiner…rregular_2"
        );
        assert_eq!(clip("日本語のテキスト", 7, Charset::Unicode), "日本語…");
        assert_eq!(clip("short", 5, Charset::Ascii), "short");
    }

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrap("one two three four", 9, 2), ["one two", "  three", "  four"]);
        assert_eq!(wrap("unbreakable word", 5, 2), ["unbreakable", "  word"]);
    }

    proptest! {
        #[test]
        fn nothing_steers_the_terminal(text in any::<String>()) {
            for charset in [Charset::Unicode, Charset::Ascii] {
                for shown in [visible(&text, charset), token(&text, charset), words(&text, charset)] {
                    let steers = |c| matches!(
                        get_general_category(c),
                        GeneralCategory::Control | GeneralCategory::Format
                    );
                    prop_assert!(!shown.chars().any(steers));
                    prop_assert!(charset == Charset::Unicode || shown.is_ascii());
                }
            }
        }

        #[test]
        fn different_tokens_look_different(a in "[ _·⏎\\\\n\n\t⟨U+0A⟩<>]{0,6}", b in "[ _·⏎\\\\n\n\t⟨U+0A⟩<>]{0,6}") {
            if a != b {
                prop_assert_ne!(token(&a, Charset::Unicode), token(&b, Charset::Unicode));
            }
        }

        #[test]
        fn clipped_texts_fit(text in "\\PC{0,40}", columns in 4_usize..30) {
            let shown = visible(&text, Charset::Unicode);
            prop_assert!(width(&clip(&shown, columns, Charset::Unicode)) <= columns);
            prop_assert!(width(&clip_middle(&shown, columns, Charset::Unicode)) <= columns);
        }
    }
}
