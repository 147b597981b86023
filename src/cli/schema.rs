//! `schema`: the JSON Schemas of this build.

use super::{Shell, exit::Exit};
use crate::{report, spec, task::Task};

/// Print the JSON Schema of specs, or of what a run leaves behind
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Arguments {
    /// Of what
    #[arg(value_enum, default_value_t)]
    of: Of,
}

/// What there are schemas of.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum Of {
    /// Benchmarks and suites, for editors
    #[default]
    Spec,
    /// run.json
    Run,
    /// A line of items.jsonl
    Item,
    /// compare.json
    Compare,
}

pub(super) fn run(arguments: &Arguments, shell: &mut Shell) -> Result<Exit, Exit> {
    let [(_, run), (_, item), (_, compare)] = report::schema::all();
    let schema = match arguments.of {
        Of::Spec => spec::schema::<Task>(),
        Of::Run => run,
        Of::Item => item,
        Of::Compare => compare,
    };
    shell.print(&schema, report::Format::Json)
}
