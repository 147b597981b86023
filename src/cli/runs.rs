//! `runs`: what lies in a results folder.

use std::path::PathBuf;

use super::{Shell, exit::Exit};
use crate::{
    record::listing,
    report::{Format, runs},
};

/// List runs: what they measured, how they ended, where they can be taken up again
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Arguments {
    /// Where run folders are
    #[arg(long, value_name = "FOLDER", default_value = "results")]
    out: PathBuf,
    /// At most so many, the newest
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// What stdout gets
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(arguments: &Arguments, shell: &mut Shell) -> Result<Exit, Exit> {
    let mut listed = listing::list(&arguments.out).map_err(|error| shell.fail(Exit::Results, error))?;
    let all = listed.len();
    listed.truncate(arguments.limit.unwrap_or(all));
    if all == 0 {
        shell.say(&format!("no runs in {}", arguments.out.display()));
    }
    let text = match arguments.format {
        Format::Human if all == 0 => String::new(),
        Format::Human => runs::terminal(&listed, &shell.out.look),
        Format::Md => runs::markdown(&listed),
        Format::Latex => runs::files(&listed).plain_latex("runs"),
        Format::Csv => super::next::csv(&runs::files(&listed), shell)?,
        Format::Json => format!("{:#}\n", runs::files(&listed).json()),
    };
    shell.print(&text, arguments.format)
}
