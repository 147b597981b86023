//! `compare.json`: a comparison with all its numbers, for programs.

use schemars::JsonSchema;
use serde::Serialize;

use crate::compare::Comparison;

/// The format of `compare.json`; a field more keeps the number, a field less or changed raises it.
pub const FORMAT: &str = "yardstick.compare/1";

/// The whole file.
#[derive(Serialize, JsonSchema)]
pub struct CompareFile<'a> {
    /// `yardstick.compare/1`.
    format: &'static str,
    /// What was compared, and what came of it.
    #[serde(flatten)]
    comparison: &'a Comparison,
}

impl<'a> CompareFile<'a> {
    /// Of a comparison.
    pub fn new(comparison: &'a Comparison) -> Self {
        Self { format: FORMAT, comparison }
    }
}
