//! One cell of a CSV file: what spreadsheets, R and pandas read back as it was, and what no spreadsheet runs as a formula.

use std::borrow::Cow;

use crate::record::Cell;

/// Longer cells are cut: a spreadsheet holds 32,767 characters.
pub const LONGEST: usize = 32_000;

/// A text as a cell.
#[derive(Debug, PartialEq)]
pub struct Content<'a> {
    /// What is written.
    pub content: Cow<'a, str>,
    /// Whether the end is missing.
    pub truncated: bool,
}

/// Free text: cut to [`LONGEST`] characters and, where a spreadsheet would take it for a formula, behind an apostrophe
/// (CWE-1236; the OWASP list of first characters, with their full-width forms).
pub fn text(text: &str) -> Content<'_> {
    // A text of that many bytes has no more characters, which spares the count.
    let cut = if text.len() <= LONGEST { None } else { text.char_indices().nth(LONGEST) };
    let kept = cut.map_or(text, |(at, _)| &text[..at]);
    let formula = kept.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\0', '＝', '＋', '－', '＠']);
    let content = if formula { Cow::Owned(format!("'{kept}")) } else { Cow::Borrowed(kept) };
    Content { content, truncated: cut.is_some() }
}

/// The shortest decimals that read back as the same number; whole numbers without a point.
pub fn number(number: f64) -> String {
    if !number.is_finite() {
        return String::new();
    }
    let mut shown = format!("{number:?}");
    if shown.ends_with(".0") {
        shown.truncate(shown.len() - 2);
    }
    shown
}

/// A cell of a record: nothing for what is missing, 0 and 1 for no and yes, a list as JSON.
pub fn cell(cell: &Cell) -> Content<'_> {
    let whole = |content| Content { content, truncated: false };
    match cell {
        Cell::Missing => whole(Cow::Borrowed("")),
        Cell::Flag(flag) => whole(Cow::Borrowed(if *flag { "1" } else { "0" })),
        Cell::Count(count) => whole(Cow::Owned(count.to_string())),
        Cell::Number(value) => whole(Cow::Owned(number(*value))),
        Cell::Text(words) => text(words),
        Cell::List(list) => {
            let json = serde_json::to_string(list).expect("cells have a JSON form");
            let Content { content, truncated } = text(&json);
            Content { content: Cow::Owned(content.into_owned()), truncated }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn formulas_are_disarmed_and_numbers_stay_numbers() {
        for hostile in
            ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\0=1", "＝1", "－1"]
        {
            assert_eq!(text(hostile).content, format!("'{hostile}"));
        }
        assert_eq!(text("NA").content, "NA");
        assert_eq!(text(" =1").content, " =1");
        assert_eq!(cell(&Cell::Number(-3.2)).content, "-3.2");
        assert_eq!(cell(&Cell::Number(0.5)).content, "0.5");
        assert_eq!(cell(&Cell::Number(1.0)).content, "1");
        assert_eq!(cell(&Cell::Flag(true)).content, "1");
        assert_eq!(cell(&Cell::List(vec![Cell::Text("=".into()), Cell::Missing])).content, r#"["=",null]"#);
    }

    #[test]
    fn long_texts_are_cut_at_a_character() {
        let long = "é".repeat(LONGEST + 1);
        let cut = text(&long);
        assert!(cut.truncated);
        assert_eq!(cut.content.chars().count(), LONGEST);
        assert!(!text(&long[..2 * LONGEST]).truncated);
    }

    proptest! {
        #[test]
        fn numbers_read_back_exactly(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            if value.is_finite() {
                prop_assert_eq!(number(value).parse::<f64>().map(f64::to_bits), Ok(bits));
            } else {
                prop_assert_eq!(number(value), "");
            }
        }
    }
}
