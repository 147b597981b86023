//! Where a prompt and what follows it meet: a space too few, or one too many.

use crate::spec::{Linter, Place, Severity, Text};

/// Joints of one task, told at the end, each sort once.
pub(in crate::task) struct Joints<'a> {
    between: &'a str,
    glued: Vec<Place>,
    spaced: Vec<(Place, char)>,
}

impl<'a> Joints<'a> {
    /// What is put between, where there is no white space already.
    pub(in crate::task) fn new(between: &'a str) -> Self {
        Self { between, glued: Vec::new(), spaced: Vec::new() }
    }

    /// Looks at one joint.
    pub(in crate::task) fn look(&mut self, prompt: &Text, ending: &str) {
        let (Some(last), Some(first)) = (prompt.chars().next_back(), ending.chars().next()) else { return };
        if last.is_whitespace() || first.is_whitespace() {
            return;
        }
        if self.between.is_empty() {
            let letters = last.is_alphanumeric() && first.is_alphanumeric();
            if letters && !is_unspaced(last) && !is_unspaced(first) {
                self.glued.push(prompt.at);
            }
        } else if self.between.starts_with(' ') && (is_unspaced(last) || opens(prompt, last)) {
            self.spaced.push((prompt.at, last));
        }
    }

    /// Tells what was seen.
    pub(in crate::task) fn tell(mut self, linter: &mut Linter<'_>) {
        self.glued.dedup();
        self.spaced.dedup();
        let message = format!("two words are joined without a space ({})", items(self.glued.len()));
        let help = "if the endings are words of their own, leave out `join: \"\"`";
        linter.tell_of(Severity::Advice, "glued", &self.glued, message, help);
        let Some((_, last)) = self.spaced.first() else { return };
        let message = format!("a space is put after “{last}” ({})", items(self.spaced.len()));
        let places: Vec<Place> = self.spaced.iter().map(|(at, _)| *at).collect();
        linter.tell_of(
            Severity::Advice,
            "no-space-script",
            &places,
            message,
            "write `join: \"\"` if there is to be none",
        );
    }
}

pub(in crate::task) fn items(count: usize) -> String {
    if count == 1 { "1 item".to_owned() } else { format!("{count} items") }
}

/// Whether no space follows a prompt that ends so: an opening bracket or quote, or a hyphen inside a word.
fn opens(prompt: &str, last: char) -> bool {
    let before = &prompt[..prompt.len() - last.len_utf8()];
    match last {
        '(' | '[' | '{' | '“' | '„' | '«' | '‘' => true,
        '"' => before.matches('"').count().is_multiple_of(2),
        '\'' => before.ends_with(char::is_whitespace),
        '-' => before.ends_with(char::is_alphanumeric),
        _ => false,
    }
}

/// Characters of scripts that put no spaces between words: those of China, Japan, Thailand, Laos, Tibet, Myanmar, Cambodia.
fn is_unspaced(c: char) -> bool {
    matches!(u32::from(c),
        0x0e00..=0x0fff | 0x1000..=0x109f | 0x1780..=0x17ff | 0x3000..=0x30ff | 0x31f0..=0x31ff
        | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0xff00..=0xff9f | 0x2_0000..=0x3_ffff)
}
