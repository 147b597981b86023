//! How wide a text is, before any font has drawn it: the advances of DejaVu Sans, the widest of the usual sans-serif fonts,
//! so that what is laid out by them fits in all.

use std::borrow::Cow;

use unicode_width::UnicodeWidthChar;

/// The size of every text of a figure, in user units.
pub const SIZE: f64 = 12.0;
/// From the baseline to the top of the highest letters, and to the bottom of the lowest.
pub const ASCENT: f64 = 11.2;
/// See [`ASCENT`].
pub const DESCENT: f64 = 2.9;

/// Thousandths of the font's size, from the space to the tilde.
const ASCII: [u16; 95] = [
    318, 401, 460, 838, 637, 951, 780, 275, 391, 391, 500, 838, 318, 361, 318, 337, 637, 637, 637, 637, 637,
    637, 637, 637, 637, 637, 337, 337, 838, 838, 838, 531, 1000, 685, 687, 699, 771, 632, 576, 775, 752, 295,
    295, 656, 558, 863, 749, 788, 604, 788, 695, 635, 611, 732, 685, 989, 686, 611, 686, 391, 337, 391, 838,
    500, 500, 613, 635, 550, 635, 616, 353, 635, 634, 278, 278, 580, 278, 975, 634, 612, 635, 635, 412, 521,
    393, 634, 592, 818, 592, 592, 525, 637, 337, 637, 838,
];
/// A character of the monospaced font.
const MONO: u16 = 603;

/// The fonts of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Font {
    /// Words and numbers.
    Sans,
    /// Tokens.
    Mono,
}

/// The width of a text in user units.
pub fn width(text: &str, font: Font) -> f64 {
    let thousandths: u32 = text.chars().map(|c| u32::from(advance(c, font).0)).sum();
    f64::from(thousandths) * SIZE / 1000.0
}

/// Whether every character's advance is known; a text with others is told how wide it has to be.
pub fn is_known(text: &str, font: Font) -> bool {
    text.chars().all(|c| advance(c, font).1)
}

/// A text that is at most so wide, its middle cut out: names differ at their ends.
pub fn fit(text: &str, room: f64, font: Font) -> Cow<'_, str> {
    if width(text, font) <= room {
        return Cow::Borrowed(text);
    }
    let half = ((room - width("…", font)) / 2.0).max(0.0);
    let front = head(text, half, font);
    let back = tail(&text[front..], half, font);
    Cow::Owned(format!("{}…{back}", &text[..front]))
}

/// The bytes of the longest beginning that is at most so wide.
fn head(text: &str, room: f64, font: Font) -> usize {
    let mut used = 0.0;
    let over = text.char_indices().find(|(_, c)| {
        used += f64::from(advance(*c, font).0) * SIZE / 1000.0;
        used > room
    });
    over.map_or(text.len(), |(at, _)| at)
}

fn tail(text: &str, room: f64, font: Font) -> &str {
    let mut used = 0.0;
    let over = text.char_indices().rev().find(|(_, c)| {
        used += f64::from(advance(*c, font).0) * SIZE / 1000.0;
        used > room
    });
    over.map_or(text, |(at, c)| &text[at + c.len_utf8()..])
}

/// In thousandths of the size, and whether that is certain.
fn advance(c: char, font: Font) -> (u16, bool) {
    let columns = c.width().unwrap_or(0);
    match (font, c) {
        (Font::Mono, ' '..='~' | '·' | '…') => (MONO, true),
        (Font::Sans, ' '..='~') => (ASCII[c as usize - ' ' as usize], true),
        (Font::Sans, '·' | '’' | '‘') => (318, true),
        (Font::Sans, '…') => (1000, true),
        (Font::Sans, '×' | '±' | '−' | '≤' | '≥' | '→' | '←') => (838, true),
        (Font::Sans, '“' | '”' | '–') => (519, true),
        _ if columns == 0 => (0, false),
        _ if columns > 1 => (1000, false),
        (Font::Mono, _) => (MONO, false),
        (Font::Sans, c) if c.is_lowercase() => (640, false),
        (Font::Sans, _) => (780, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advances_are_those_of_the_font() {
        // DejaVu Sans 2.37, table `hmtx`: A 1401, i 569, space 651 of 2048 units.
        for (text, units) in [("A", 1401.0), ("i", 569.0), (" ", 651.0), ("Ai ", 2621.0)] {
            let font = units / 2048.0 * SIZE;
            let ours = width(text, Font::Sans);
            assert!(ours >= font && ours - font < 0.013 * text.len() as f64, "{text}: {ours} for {font}");
        }
        assert!((width("····", Font::Mono) - width("abcd", Font::Mono)).abs() < 1e-12);
    }

    #[test]
    fn long_names_keep_both_ends() {
        let name = "determiner_noun_agreement_irregular_2";
        let cut = fit(name, 120.0, Font::Sans);
        assert!(cut.starts_with("determ") && cut.ends_with("ar_2") && cut.contains('…'), "{cut}");
        assert!(width(&cut, Font::Sans) <= 120.0);
        assert_eq!(fit("short", 120.0, Font::Sans), "short");
    }
}
