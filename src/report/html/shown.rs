//! Words of others on the page: escaped, set apart from the direction of the text around, and with every character that
//! would be obeyed instead of shown made visible.

use maud::{Markup, Render, html};

use crate::report::text::{self, Charset};

/// A text that somebody else wrote, on one line.
pub(super) struct Foreign<'a>(pub(super) &'a str);

/// Words of our own that may quote others.
pub(super) struct Words<'a>(pub(super) &'a str);

/// A token: its spaces are marked.
pub(super) struct Token<'a>(pub(super) &'a str);

/// A text with lines of its own.
pub(super) struct Source<'a>(pub(super) &'a str);

/// A text of others as an attribute has it.
pub(super) fn plain(text: &str) -> std::borrow::Cow<'_, str> {
    text::visible(text, Charset::Unicode)
}

impl Render for Foreign<'_> {
    fn render(&self) -> Markup {
        html! { bdi { (text::visible(self.0, Charset::Unicode)) } }
    }
}

impl Render for Words<'_> {
    fn render(&self) -> Markup {
        html! { (text::visible(self.0, Charset::Unicode)) }
    }
}

impl Render for Token<'_> {
    fn render(&self) -> Markup {
        html! { bdi { (text::token(self.0, Charset::Unicode)) } }
    }
}

impl Render for Source<'_> {
    fn render(&self) -> Markup {
        html! {
            pre { code { bdi {
                @for line in self.0.lines() { (text::visible(&line.replace('\t', "    "), Charset::Unicode)) "\n" }
            } } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_others_are_shown_and_not_obeyed() {
        let shown = html! { (Foreign("</bdi><script>\u{202e}\0\u{1b}[2J&")) }.into_string();
        assert_eq!(shown, "<bdi>&lt;/bdi&gt;&lt;script&gt;⟨U+202E⟩⟨U+0000⟩⟨U+001B⟩[2J&amp;</bdi>");
        let source = html! { (Source("a: </code>\r\n\tb\n")) }.into_string();
        assert_eq!(source, "<pre><code><bdi>a: &lt;/code&gt;\n    b\n</bdi></code></pre>");
    }
}
