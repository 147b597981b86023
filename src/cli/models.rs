//! `models`: which models run here, and what is known of one.

use super::{Shell, exit::Exit};
use crate::report::format::Format;

/// List the models that can be run, or say of one whether it will and what it takes
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Reads no weights and asks no network. Of a model that does not run, every reason is said, and \
                        the exit code is 7."
)]
pub(super) struct Arguments {
    /// `reference`, a folder, a file, or the name of a downloaded model; all without it
    #[arg(value_name = "NAME|FOLDER")]
    model: Option<String>,
    /// What stdout gets
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[cfg(not(feature = "local"))]
pub(super) fn run(_: &Arguments, shell: &mut Shell) -> Result<Exit, Exit> {
    Err(shell.fail(
        Exit::Model,
        "this build of yardstick runs no models: it was built without the feature `local`",
    ))
}

#[cfg(feature = "local")]
pub(super) use local::run;

#[cfg(feature = "local")]
mod local {
    use super::{Arguments, Exit, Format, Shell};
    use crate::{
        cli::{
            model::{self, Located},
            next::csv,
        },
        engine::local::{
            CheckpointError, Description, Files,
            hub::{self, Environment, Source},
            inspect::{Inspection, Rest},
            recurrent,
        },
        report::models::{Close, Fault, Model, Models, Size, Tokenizer},
    };

    pub(in crate::cli) fn run(arguments: &Arguments, shell: &mut Shell) -> Result<Exit, Exit> {
        let environment = Environment::from_lookup(|name| std::env::var_os(name));
        match &arguments.model {
            None => list(&environment, arguments.format, shell),
            Some(name) => look(name, &environment, arguments.format, shell),
        }
    }

    fn list(environment: &Environment, format: Format, shell: &mut Shell) -> Result<Exit, Exit> {
        let state_space: Vec<&str> = recurrent::FAMILIES.iter().map(|family| family.name).collect();
        let mut attention = crate::engine::local::families();
        attention.retain(|name| !state_space.contains(name));
        let mut models = vec![model(Source::REFERENCE, None, &Inspection::of(&Files::reference()))];
        let cache = environment.cache.as_deref();
        let entries =
            cache.map_or(Ok(Vec::new()), hub::list).map_err(|error| shell.fail(Exit::Model, error))?;
        for entry in entries {
            let inspection = Inspection::of(&Files::Folder(entry.folder));
            let model = model(&entry.id, Some(entry.commit.to_string()), &inspection);
            models.push(Model { bytes: entry.bytes, ..model });
        }
        let cache = cache.map(|cache| cache.display().to_string());
        let models = Models { attention, state_space, cache, models };
        let text = match format {
            Format::Human => models.terminal(&shell.out.look),
            Format::Json => format!("{:#}\n", models.json()),
            Format::Csv => csv(&models.table(), shell)?,
            Format::Md => models.table().markdown(),
            Format::Latex => models.table().plain_latex("models"),
        };
        shell.print(&text, format)
    }

    fn look(name: &str, environment: &Environment, format: Format, shell: &mut Shell) -> Result<Exit, Exit> {
        let Located { files, origin } =
            model::locate(name, None, environment, shell, |repository, environment, shell| {
                hub::look(repository, environment).map_err(|error| shell.fail(Exit::Model, error))
            })?;
        let inspection = Inspection::of(&files);
        let Rest { tokenizer, available, faults } = inspection.rest(&files);
        let mut model = model(name, origin.revision, &inspection);
        model.faults.extend(faults.iter().map(fault));
        let exit = if model.faults.is_empty() { Exit::Success } else { Exit::Model };
        let close = Close {
            model,
            unread: inspection.description.as_ref().map(|known| known.unread.clone()).unwrap_or_default(),
            size: inspection.description.map(
                |Description { parameters, memory, context, vocabulary, .. }| Size {
                    parameters,
                    memory,
                    context,
                    vocabulary,
                },
            ),
            tokenizer: tokenizer.map(|facts| Tokenizer {
                kind: facts.kind.to_owned(),
                begins: facts.begins,
                ends: facts.ends,
            }),
            available,
        };
        let text = match format {
            Format::Human => close.terminal(&shell.out.look),
            Format::Json => format!("{:#}\n", close.json()),
            Format::Csv => csv(&close.table(), shell)?,
            Format::Md => close.table().markdown(),
            Format::Latex => close.table().plain_latex("model"),
        };
        shell.print(&text, format)?;
        Ok(exit)
    }

    fn model(name: &str, revision: Option<String>, inspection: &Inspection) -> Model {
        Model {
            name: name.to_owned(),
            revision,
            family: inspection.family.clone(),
            dtypes: inspection.dtypes.clone(),
            bytes: inspection.file_bytes,
            faults: inspection.faults.iter().map(fault).collect(),
        }
    }

    fn fault(error: &CheckpointError) -> Fault {
        Fault { message: error.to_string(), remedy: error.remedy().to_owned() }
    }
}
