//! A task between its questions and its verdict: what was asked is known, what the answers mean is kept in a closure.

use crate::{
    metric::Metric,
    plan::Answers,
    record::Table,
};

/// What the answers of a task mean. Pure: the same answers give the same verdict.
pub type Judge = Box<dyn FnOnce(&Answers) -> Verdict>;

/// A task whose questions are asked.
pub struct Planned {
    /// `benchmark/task`.
    pub name: String,
    /// Its kind.
    pub kind: &'static str,
    /// How many items it has.
    pub items: usize,
    /// Its requests' places in the plan, each once; a place may serve several tasks.
    pub requests: Vec<usize>,
    /// What the answers mean.
    pub judge: Judge,
}

/// Rows, and the numbers that are to be made of them.
#[derive(Debug)]
pub struct Verdict {
    /// One row per item and repeat.
    pub table: Table,
    /// Further tables, such as tokens.
    pub details: Vec<Table>,
    /// Headline first.
    pub metrics: Vec<Metric>,
    /// What a reader must know to read the numbers right.
    pub notes: Vec<String>,
}
