//! `tokens`: a text as a model reads it.

use super::{
    Shell,
    exit::Exit,
    model::{self, EngineOptions},
};
use crate::{
    report::{format::Format, summary, tokens},
};

/// Show a text as a model reads it, token by token
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// The text, exactly as it is
    #[arg(value_name = "TEXT")]
    text: String,
    /// Which model: `reference`, `mock`, a folder, or a name on the Hub
    #[arg(long, value_name = "NAME|FOLDER", default_value = "reference")]
    model: String,
    #[command(flatten)]
    engine: EngineOptions,
    /// What stdout gets
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(arguments: &Arguments, shell: &mut Shell) -> Exit {
    match show(arguments, shell) {
        Ok(()) => Exit::Success,
        Err(exit) => exit,
    }
}

fn show(arguments: &Arguments, shell: &mut Shell) -> Result<(), Exit> {
    let opened = model::open_named(&arguments.model, &arguments.engine, shell)?;
    let found = opened.engine.tokenizer().tokens(&arguments.text);
    let found = found.map_err(|failure| shell.fail(Exit::Items, failure.message))?;
    let card = opened.engine.card();
    let text = match arguments.format {
        Format::Human => {
            let model = summary::model(&card.name, card.revision.as_deref());
            tokens::terminal(&model, &arguments.text, &found, &shell.out.look)
        }
        Format::Json => format!("{:#}\n", tokens::table(&found).json()),
        Format::Csv => super::next::csv(&tokens::table(&found), shell)?,
        Format::Md => tokens::table(&found).markdown(),
    };
    shell.print(&text)
}
