//! `tokens`: a text as a model reads it.

use super::{
    Shell,
    exit::Exit,
    model::{self, Wanted},
};
use crate::report::{format::Format, summary, tokens};

/// Show a text as a model reads it, token by token
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Arguments {
    /// The text, exactly as it is
    #[arg(value_name = "TEXT")]
    text: String,
    /// Which model: `reference`, `mock`, a folder, or a name on the Hub
    #[arg(long, value_name = "NAME|FOLDER", default_value = "reference")]
    model: String,
    /// What stdout gets
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(arguments: &Arguments, shell: &mut Shell) -> Result<Exit, Exit> {
    let model = model::find(Wanted::named(&arguments.model), shell)?;
    let found = model.tokenizer().tokens(&arguments.text);
    let found = found.map_err(|failure| shell.fail(Exit::Items, failure.message))?;
    let (name, revision) = model.title();
    let text = match arguments.format {
        Format::Human => {
            tokens::terminal(&summary::model(name, revision), &arguments.text, &found, &shell.out.look)
        }
        Format::Json => format!("{:#}\n", tokens::table(&found).json()),
        Format::Csv => super::next::csv(&tokens::table(&found), shell)?,
        Format::Md => tokens::table(&found).markdown(),
        Format::Latex => tokens::table(&found).plain_latex("tokens"),
    };
    shell.print(&text, arguments.format)
}
