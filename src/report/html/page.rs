//! The frame of the page: its head with a policy that lets nothing in, its sections with a list of them, its data and its
//! program.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use super::{items::Blocks, shown::Foreign};

const STYLE: &str = concat!(include_str!("../figures/figures.css"), include_str!("page.css"));
const PROGRAM: &str = concat!(include_str!("page.js"), include_str!("items.js"));

/// A page to be written.
pub(super) struct Page<'a> {
    pub(super) title: &'a str,
    /// Below the title.
    pub(super) header: Markup,
    pub(super) sections: Vec<Section>,
    pub(super) items: Blocks,
}

/// A part of the page with a heading of its own.
pub(super) struct Section {
    /// Its place in the page's address.
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) body: Markup,
}

impl Section {
    pub(super) fn new(id: &'static str, title: &'static str, body: Markup) -> Self {
        Self { id, title, body }
    }
}

impl Page<'_> {
    pub(super) fn write(&self) -> String {
        let markup = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta http-equiv="Content-Security-Policy" content=(policy());
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="referrer" content="no-referrer";
                    title { (super::shown::Words(self.title)) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    a.skip href="#content" { "Skip to the results" }
                    header.top {
                        h1 { (Foreign(self.title)) }
                        (self.header)
                    }
                    nav aria-label="Sections" {
                        ul {
                            @for section in &self.sections { li { a href={ "#" (section.id) } { (section.title) } } }
                        }
                        button #theme type="button" hidden { "Dark" }
                    }
                    main #content tabindex="-1" {
                        @for section in &self.sections {
                            section id=(section.id) aria-labelledby={ (section.id) "-heading" } {
                                h2 id={ (section.id) "-heading" } { (section.title) }
                                (section.body)
                            }
                        }
                    }
                }
            }
        };
        let blocks = self.items.chunks.iter().map(String::len).sum::<usize>() + self.items.index.len();
        let mut page = markup.into_string();
        let end = "</body></html>";
        page.truncate(page.len() - end.len());
        page.reserve(blocks + PROGRAM.len() + 128 * (self.items.chunks.len() + 2));
        block(&mut page, "index", &self.items.index);
        for (number, chunk) in self.items.chunks.iter().enumerate() {
            block(&mut page, &format!("chunk-{number}"), chunk);
        }
        page.push_str("<script>");
        page.push_str(PROGRAM);
        page.push_str("</script>\n");
        page.push_str(end);
        page.push('\n');
        page
    }
}

/// Data that no browser runs: its type is no language, and base64 has no `<`.
fn block(page: &mut String, id: &str, data: &str) {
    page.push_str("<script type=\"application/gzip;base64\" id=\"");
    page.push_str(id);
    page.push_str("\">");
    page.push_str(data);
    page.push_str("</script>\n");
}

/// Nothing is loaded, nothing is sent, and only our own style and program count.
fn policy() -> String {
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text.as_bytes())));
    format!(
        "default-src 'none'; style-src {}; script-src {}; img-src data:; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(PROGRAM)
    )
}
