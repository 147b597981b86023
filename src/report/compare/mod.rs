//! Several runs side by side: who they are, what to know before any number, the numbers, and what they come to. Filled in
//! once, for the terminal, for Markdown and for papers.

mod notes;
mod paper;
mod tables;

pub use paper::latex;

use super::{
    summary::Remark,
    table::{Look, Table, escaped},
    terminal::{push_remark, push_wrapped},
    text,
};
use crate::compare::Comparison;

/// What a report of a comparison says.
#[derive(Clone, Debug)]
pub struct Compared {
    /// A line for each run.
    pub header: Vec<String>,
    /// What sets the runs apart besides their answers.
    pub cautions: Vec<Remark>,
    /// The numbers, where there are more than two runs first those of each run.
    pub tables: Vec<Table>,
    /// What they come to, and how that was found; block by block.
    pub remarks: Vec<Vec<Remark>>,
}

/// What a report says besides the comparison itself.
#[derive(Clone, Debug, Default)]
pub struct Around {
    /// The command that shows the items of these runs.
    pub show: String,
    /// How many items each run alone has right.
    pub only_right: Vec<usize>,
    /// Where the files of the comparison lie, where there are some.
    pub folder: Option<String>,
}

impl Compared {
    /// Of a comparison.
    pub fn new(comparison: &Comparison, around: &Around) -> Self {
        Self {
            header: notes::header(comparison),
            cautions: notes::cautions(comparison),
            tables: tables::all(comparison),
            remarks: notes::remarks(comparison, around),
        }
    }

    /// For people.
    pub fn terminal(&self, look: &Look) -> String {
        let mut out = String::new();
        for line in &self.header {
            push_wrapped(&mut out, &text::words(line, look.charset), 3, look);
        }
        for caution in &self.cautions {
            push_remark(&mut out, caution, look);
        }
        for table in &self.tables {
            out.push('\n');
            out.push_str(&table.terminal(look));
        }
        for block in &self.remarks {
            out.push('\n');
            block.iter().for_each(|remark| push_remark(&mut out, remark, look));
        }
        out
    }

    /// `summary.md`.
    pub fn markdown(&self) -> String {
        let mut out = String::from("# Comparison\n\n");
        for line in &self.header {
            out.push_str(&format!("- {}\n", escaped(line)));
        }
        let block = |out: &mut String, remarks: &[Remark]| {
            out.push('\n');
            remarks.iter().for_each(|remark| out.push_str(&(super::summary_md::line(remark) + "\n")));
        };
        if !self.cautions.is_empty() {
            block(&mut out, &self.cautions);
        }
        for table in &self.tables {
            out.push('\n');
            out.push_str(&table.markdown());
        }
        self.remarks.iter().for_each(|remarks| block(&mut out, remarks));
        out
    }
}
