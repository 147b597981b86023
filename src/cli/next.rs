//! `next`: the most probable next tokens after a prompt.

use std::ops::ControlFlow;

use super::{
    Shell,
    exit::Exit,
    model::{self, EngineOptions, Wanted},
};
use crate::{
    engine,
    plan::Ask,
    report::{format::Format, next_token::NextTokens, summary, table::Table},
    spec::follow,
};

/// Show the most probable next tokens after a prompt
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Arguments {
    /// The text to continue, exactly as it is
    #[arg(value_name = "PROMPT")]
    prompt: String,
    /// Which model: `reference`, `mock`, a folder, or a name on the Hub
    #[arg(long, value_name = "NAME|FOLDER", default_value = "reference")]
    model: String,
    /// How many tokens are listed
    #[arg(long, value_name = "N", default_value_t = 10)]
    top_k: u32,
    /// A word that is listed in any case, with its rank; may be given several times
    #[arg(long, value_name = "WORD")]
    watch: Vec<String>,
    #[command(flatten)]
    engine: EngineOptions,
    /// What stdout gets
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(arguments: &Arguments, shell: &mut Shell) -> Result<Exit, Exit> {
    let mut opened = model::find(Wanted::named(&arguments.model), shell)?.load(&arguments.engine, shell)?;
    let watch: Vec<String> =
        arguments.watch.iter().map(|word| follow(&arguments.prompt, word, " ")).collect();
    let watch: Vec<&str> = watch.iter().map(String::as_str).collect();
    let mut ask = Ask::default();
    let ticket = ask.rank(&arguments.prompt, arguments.top_k, &watch);
    let answers =
        engine::drive(opened.engine.as_mut(), &ask.into_requests(), &mut |_, _| ControlFlow::Continue(()));
    let ranked = answers.get(ticket).map_err(|failure| shell.fail(Exit::Items, failure.message))?;
    let view = NextTokens::new(&arguments.prompt, ranked);
    let card = opened.engine.card();
    let text = match arguments.format {
        Format::Human => {
            view.terminal(&summary::model(&card.name, card.revision.as_deref()), &shell.out.look)
        }
        Format::Json => format!("{:#}\n", view.json()),
        Format::Csv => csv(&view.table(), shell)?,
        Format::Md => view.table().markdown(),
        Format::Latex => view.table().plain_latex("next-tokens"),
    };
    shell.print(&text, arguments.format)
}

/// A table for programs.
pub(super) fn csv(table: &Table, shell: &mut Shell) -> Result<String, Exit> {
    let bytes = table.csv().map_err(|error| shell.fail(Exit::Internal, error))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
