//! How a prompt and an ending become one text: the one rule of the whole program.

/// The prompt without white space at its end, and the ending with whatever stands between them.
///
/// `between` is put before the ending unless there is white space already or nothing to join: an ending means the same
/// with and without a space of its own. White space at the end of a prompt belongs to the ending, instead of the ending's
/// own.
pub fn join(prompt: &str, ending: &str, between: &str) -> (String, String) {
    let bare = prompt.trim_end();
    let gap = &prompt[bare.len()..];
    let joined = gap.is_empty() && !bare.is_empty() && !ending.starts_with(char::is_whitespace);
    (bare.to_owned(), after(if joined { between } else { gap }, ending))
}

/// An ending after the white space that a prompt or a template leaves before it: that stays, and the ending's own goes. What
/// is nothing but white space stays whole.
pub fn after(gap: &str, ending: &str) -> String {
    let own = ending.trim_start();
    format!("{gap}{}", if gap.is_empty() || own.is_empty() { ending } else { own })
}

/// A word as it comes right after a prompt that stays exactly as it is, white space at its end included.
pub fn follow(prompt: &str, word: &str, between: &str) -> String {
    let (bare, joined) = join(prompt, word, between);
    joined.strip_prefix(&prompt[bare.len()..]).unwrap_or(&joined).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_is_never_doubled_and_never_lost() {
        let cases = [
            ("The capital is", "Paris", " ", "The capital is", " Paris"),
            ("The capital is", " Paris", " ", "The capital is", " Paris"),
            ("The capital is ", "Paris", " ", "The capital is", " Paris"),
            ("A:\n", "B", " ", "A:", "\nB"),
            ("The capital is ", " Paris", " ", "The capital is", " Paris"),
            ("A:\n", " B", "", "A:", "\nB"),
            ("A: ", "\n", " ", "A:", " \n"),
            ("日本の首都は", "東京", "", "日本の首都は", "東京"),
            ("", "Whole sentence.", " ", "", "Whole sentence."),
            ("def f(", "x", "", "def f(", "x"),
        ];
        for (prompt, ending, between, before, after) in cases {
            assert_eq!(join(prompt, ending, between), (before.to_owned(), after.to_owned()), "{prompt:?}");
        }
    }
    #[test]
    fn what_follows_a_prompt_needs_no_second_space() {
        for (prompt, word, follows) in [
            ("is", "Paris", " Paris"),
            ("is ", "Paris", "Paris"),
            ("is", " Paris", " Paris"),
            ("is ", " Paris", "Paris"),
        ] {
            assert_eq!(follow(prompt, word, " "), follows, "{prompt:?}");
        }
    }
}
