//! `import`: result files of other programs become run folders like ours.

use std::{collections::BTreeMap, path::PathBuf};

use super::{Shell, derive, exit::Exit, prepare, provenance};
use crate::{
    import::{self, Foreign, Format, Options},
    record::{
        Command, FORMAT, Provenance, Record, Run, Status, SuiteInfo,
        folder::{self, StoreError},
    },
    report::{digits, quantity::many},
    value::{Digest, Level, Seed},
};

/// Make run folders of result files of other programs, to be shown and compared like any run
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  yardstick import scores.csv                            a table: model,item,score[,run,group,task,correct,cluster,repeat]
  yardstick import scores.csv --metric f1                what its scores are called
  yardstick import output/gpt2 --format lm-eval          what lm-evaluation-harness wrote with --log_samples")]
pub(super) struct Arguments {
    /// Files, or folders of them
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// How they are read; the default goes by their names
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Where run folders are made
    #[arg(long, value_name = "FOLDER", default_value = "results")]
    out: PathBuf,
    /// What the results are called together; the default is the file's name
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The model, where the files do not name it
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// What the score of a table is called
    #[arg(long, value_name = "NAME")]
    metric: Option<String>,
    /// Less of the score of a table is better, as of an error or a perplexity
    #[arg(long)]
    lower_is_better: bool,
}

pub(super) fn run(arguments: &Arguments, shell: &mut Shell) -> Result<Exit, Exit> {
    let options = Options {
        name: arguments.name.clone(),
        model: arguments.model.clone(),
        metric: arguments.metric.clone(),
        lower_is_better: arguments.lower_is_better,
    };
    let format = format(arguments, shell)?;
    let reading = import::read(&arguments.paths, format, &options)
        .map_err(|fault| shell.fail(Exit::Spec, fault.to_string()))?;
    prepare::tell(&reading.findings, &reading.sources, shell);
    if reading.findings.failed() {
        return Err(shell.fail(Exit::Spec, "nothing is imported"));
    }
    if reading.results.is_empty() {
        return Err(shell.fail(Exit::Nothing, "there is nothing to import"));
    }
    folder::probe(&arguments.out).map_err(|error| shell.fail(Exit::Results, error))?;
    let mut exit = Exit::Success;
    for result in reading.results {
        let left_out = result.imported.left_out.clone();
        let (path, record) = keep(result, arguments).map_err(|error| shell.fail(Exit::Results, error))?;
        let rows = || record.tasks.iter().flat_map(|task| &task.table.rows);
        let (all, answered) = (rows().count(), rows().filter(|row| row.cells.is_ok()).count());
        let mut lines = vec![format!(
            "{}: {} in {}",
            record.run.model.name,
            many(all, "row"),
            many(record.tasks.len(), "task")
        )];
        if answered < all {
            exit = exit.worse(Exit::Items);
            lines.push(format!("  {} without a number", digits::grouped(all - answered)));
        }
        lines.extend(left_out.iter().map(|what| format!("  left out: {what}")));
        lines.push(format!("  {}", path.display()));
        shell
            .out
            .print_data(&(lines.join("\n") + "\n"))
            .map_err(|error| shell.fail(Exit::Results, format!("cannot write to stdout: {error}")))?;
    }
    Ok(exit)
}

/// The one format of all paths.
fn format(arguments: &Arguments, shell: &mut Shell) -> Result<Format, Exit> {
    if let Some(format) = arguments.format {
        return Ok(format);
    }
    let mut formats = Vec::new();
    for path in &arguments.paths {
        let Some(format) = import::guess(path) else {
            let message =
                format!("{} could be anything by its name: say how to read it with --format", path.display());
            return Err(shell.fail(Exit::Usage, message));
        };
        formats.push(format);
    }
    formats.dedup();
    match formats.as_slice() {
        [one] => Ok(*one),
        _ => Err(shell.fail(Exit::Usage, "the files are of several formats: import one format at a time")),
    }
}

/// Writes one model's results into a folder of their own.
fn keep(result: Foreign, arguments: &Arguments) -> Result<(PathBuf, Record), StoreError> {
    let Foreign { card, suite, tasks, imported } = result;
    let digests: Vec<Digest> = imported.files.iter().map(|file| file.sha256).collect();
    let digest = Digest::of_json(&(&digests, &card.name, &imported.run));
    let now = provenance::stamp(provenance::now());
    let id = [now, folder::slug(&card.name), folder::slug(&suite), digest.short(6)];
    let path = folder::create(&arguments.out, &id.join("-"))?;
    let mut errors = BTreeMap::new();
    for row in tasks.iter().flat_map(|task| &task.table.rows) {
        if let Err(failure) = &row.cells {
            *errors.entry(failure.kind).or_default() += 1;
        }
    }
    let run = Run {
        format: FORMAT.into(),
        run_id: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        status: Status::Complete,
        resumed: 0,
        scored_from: None,
        shard: None,
        parts: Vec::new(),
        reused: Vec::new(),
        program: provenance::program(),
        command: Command { model: card.name.clone(), ..Command::default() },
        suite: SuiteInfo {
            name: suite,
            title: None,
            files: Vec::new(),
            resolved_sha256: None,
            plan_sha256: None,
            tasks: tasks.len(),
            items: tasks.iter().map(|task| task.items.taken).sum(),
            requests: None,
        },
        workspace: None,
        model: card,
        model_digest: None,
        engine: None,
        host: None,
        seed: Seed::default(),
        level: Level::DEFAULT,
        time: None,
        tokens: None,
        answers_sha256: None,
        errors,
        skipped: 0,
        warnings: Vec::new(),
        origin: Provenance::Imported(imported),
    };
    let record = Record { run, tasks, expectations: Vec::new() };
    derive::write(&path, &record)?;
    folder::point_latest(&arguments.out, &path);
    Ok((path, record))
}
