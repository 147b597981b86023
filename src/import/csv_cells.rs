//! Cells of a foreign table: numbers, yes and no, counts, and the many ways to write that there is nothing.

use crate::plan::{Failure, FailureKind};

/// What stands for a missing value in files of R, pandas and databases.
const NOTHING: [&str; 8] = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None"];

/// Whether a cell says that there is nothing.
pub(super) fn is_missing(cell: &str) -> bool {
    NOTHING.contains(&cell.trim())
}

/// A score: a finite number, or why there is none. `Err` for what was not meant as a number.
pub(super) fn score(cell: &str) -> Result<Result<f64, Failure>, ()> {
    let cell = cell.trim();
    if is_missing(cell) {
        let given =
            if cell.is_empty() { "the cell is empty".to_owned() } else { format!("it says `{cell}`") };
        return Ok(Err(Failure::new(FailureKind::NoScore, format!("the file has no score: {given}"))));
    }
    match cell.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(Ok(number)),
        Ok(_) => {
            let message = format!("the score is `{cell}`, which is no finite number");
            Ok(Err(Failure::new(FailureKind::NotFinite, message)))
        }
        Err(_) => match cell.to_ascii_lowercase().as_str() {
            "true" => Ok(Ok(1.0)),
            "false" => Ok(Ok(0.0)),
            _ => Err(()),
        },
    }
}

/// Right or wrong, or why that is not known.
pub(super) fn correct(cell: &str) -> Result<Result<f64, Failure>, ()> {
    match score(cell)? {
        Ok(number) if !(0.0..=1.0).contains(&number) => Err(()),
        other => Ok(other),
    }
}

/// The number of a repeat; tables of pandas have whole numbers as `0.0` where others are missing.
pub(super) fn repeat(cell: &str) -> Option<u32> {
    let cell = cell.trim();
    cell.strip_suffix(".0").unwrap_or(cell).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_numbers_or_say_why_not() {
        assert_eq!(score(" 0.5 "), Ok(Ok(0.5)));
        assert_eq!(score("-1e-3"), Ok(Ok(-0.001)));
        assert_eq!(score("True"), Ok(Ok(1.0)));
        for (cell, kind) in [
            ("", FailureKind::NoScore),
            ("NA", FailureKind::NoScore),
            ("nan", FailureKind::NoScore),
            ("inf", FailureKind::NotFinite),
            ("-Infinity", FailureKind::NotFinite),
            ("1e999", FailureKind::NotFinite),
        ] {
            assert_eq!(score(cell).unwrap().unwrap_err().kind, kind, "{cell}");
        }
        for cell in ["good", "0,5", "1/2", "50%", "0x1", "=1"] {
            assert_eq!(score(cell), Err(()), "{cell}");
        }
        assert_eq!(correct("2"), Err(()));
        assert_eq!(correct("0.5"), Ok(Ok(0.5)));
    }

    #[test]
    fn repeats_are_counted() {
        assert_eq!(
            (repeat("3"), repeat("3.0"), repeat("-1"), repeat("1.5"), repeat("4294967296")),
            (Some(3), Some(3), None, None, None)
        );
    }
}
