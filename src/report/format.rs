//! A record on the standard output, in the format that was asked for.

use std::io::{self, Write};

use super::{latex, metrics_csv, run_json::RunFile, summary::Summary, summary_md, table::Look, terminal};
use crate::record::Record;

/// What the standard output is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// A table for people
    #[default]
    Human,
    /// What run.json holds
    Json,
    /// What metrics.csv holds
    Csv,
    /// What summary.md holds
    Md,
    /// Tables for a paper, with booktabs
    Latex,
}

/// Writes a record; `folder` is where its files lie.
pub fn write(
    mut out: impl Write,
    record: &Record,
    folder: Option<&str>,
    format: Format,
    look: &Look,
) -> io::Result<()> {
    match format {
        Format::Human => out.write_all(terminal::summary(&Summary::new(record, folder), look).as_bytes()),
        Format::Md => out.write_all(summary_md::summary(&Summary::new(record, folder)).as_bytes()),
        Format::Latex => out.write_all(latex::summary(record).as_bytes()),
        Format::Csv => metrics_csv::write(out, record).map_err(io::Error::from),
        Format::Json => {
            serde_json::to_writer_pretty(&mut out, &RunFile::new(record))?;
            out.write_all(b"\n")
        }
    }
}
