//! `run`: specs on models, into run folders and a table.

use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use super::{
    Shell, compare, dry_run,
    exit::Exit,
    export, interrupt,
    measure::{self, Job, Measured},
    model::{self, EngineOptions, Wanted},
    prepare::{self, Filters, Selection},
    progress::Event,
    resume,
    reuse::{self, Earlier},
    shard,
    verify::Verified,
};
use crate::{
    compare::{Correction, Design, Options},
    metric::expect,
    plan::Shard,
    record::{self, Expectation, Outcome, Record, TaskRecord, folder},
    report::format::{self, Format},
    spec::{self, Loaded, Model, Severity, Suite},
    task::{self, Task},
    value::Level,
};

/// Run specs on models; results go into a folder of their own
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Arguments {
    /// Benchmarks (files or folders), or one suite
    #[arg(value_name = "SPEC", required_unless_present = "resume")]
    specs: Vec<PathBuf>,
    /// Run on this model instead of those that the spec names: `reference`, `mock`, a folder, or a name on the Hub
    /// (`gpt2`, `owner/name@revision`); may be given several times
    #[arg(long = "model", value_name = "NAME|FOLDER")]
    models: Vec<String>,
    /// Where run folders are made
    #[arg(long, value_name = "FOLDER", default_value = "results")]
    out: PathBuf,
    #[command(flatten)]
    filters: Filters,
    #[command(flatten)]
    engine: EngineOptions,
    /// Say what would be asked, and ask nothing
    #[arg(long)]
    dry_run: bool,
    /// Go on with an interrupted run: its folder, its id, or the last part of its id
    #[arg(long, value_name = "RUN", conflicts_with_all = ["specs", "models", "only", "set", "sample", "dry_run"])]
    resume: Option<String>,
    /// Go on with a run of the same that did not end, where there is one: the same command line begins a run and goes on
    /// with it, as a scheduler that starts a job again needs it
    #[arg(long = "continue", conflicts_with_all = ["resume", "dry_run"])]
    go_on: bool,
    /// Ask only the I-th of N pieces of the plan, such as `2/4`; `yardstick merge` makes one run of all
    #[arg(long, value_name = "I/N", conflicts_with_all = ["resume", "dry_run", "junit"])]
    shard: Option<Shard>,
    /// Take answers that earlier runs of the same model have to the same requests: from this run, or without a name from
    /// all under --out; may be given several times
    #[arg(long, value_name = "RUN", num_args = 0..=1, require_equals = true, default_missing_value = reuse::ALL, conflicts_with = "dry_run")]
    reuse: Vec<String>,
    /// Afterwards ask so many of the answered requests again, each alone; any other answer ends the program with code 9
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "20")]
    verify: Option<NonZeroUsize>,
    /// Write the expectations as JUnit's XML too, for a build server
    #[arg(long, value_name = "PATH", conflicts_with = "dry_run")]
    junit: Option<PathBuf>,
    /// What stdout gets
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs every model of the selection, one after the other.
pub(super) fn run(arguments: &Arguments, shell: &mut Shell) -> Result<Exit, Exit> {
    interrupt::listen();
    let resumed = match &arguments.resume {
        Some(name) => Some(resume::named(&arguments.out, name, shell)?),
        None => None,
    };
    let selection = match &resumed {
        Some((folder, run)) => Selection::of_run(folder, &run.command),
        None => Selection {
            specs: arguments.specs.clone(),
            choices: arguments.filters.choices(arguments.models.clone()),
        },
    };
    let loaded = selection.load(shell)?;
    if !arguments.dry_run {
        // A folder that cannot be written to is better known now than after the model is loaded.
        let beside = arguments.junit.as_deref().and_then(Path::parent);
        let beside = beside.filter(|folder| !folder.as_os_str().is_empty());
        for folder in [Some(arguments.out.as_path()), beside].into_iter().flatten() {
            folder::probe(folder).map_err(|error| shell.fail(Exit::Results, error))?;
        }
    }
    let earlier = reuse::earlier(&arguments.out, &arguments.reuse);
    let earlier = earlier.map_err(|error| shell.fail(Exit::Results, error))?;
    let base = baseline(&loaded.suite, shell)?;
    let mut exit = Exit::Success;
    let (mut names, mut records) = (Vec::new(), Vec::new());
    for model in &loaded.suite.models {
        let one = One { arguments, selection: &selection, loaded: &loaded, earlier: &earlier, model };
        match one.run(resumed.as_ref().map(|(folder, _)| folder.clone()), shell) {
            Ok(Ended::Run(record)) => {
                exit = exit.worse(verdict(&record));
                names.push(model.id.to_string());
                records.push(*record);
            }
            Ok(Ended::Shard(ended)) => exit = exit.worse(ended),
            Ok(Ended::Plan) => {}
            Err(error) => exit = exit.worse(error),
        }
        if let Some(signal) = interrupt::asked() {
            return Ok(exit.worse(signal));
        }
    }
    if let Some(path) = &arguments.junit {
        export::write_junit(path, &records).map_err(|error| shell.fail(Exit::Results, error))?;
    }
    // Plans and shards have no numbers, and a run that is taken up only one model's.
    if arguments.dry_run || arguments.shard.is_some() || resumed.is_some() {
        return Ok(exit);
    }
    if records.len() > 1 {
        exit = exit.worse(side_by_side(arguments, &loaded.suite, (&names, &records), base, shell));
    }
    let tasks: Vec<_> = names.into_iter().zip(records.into_iter().map(|record| record.tasks)).collect();
    Ok(exit.worse(across(&loaded.suite, &tasks, shell)))
}

/// The name of the model that the others are compared with, where the suite says which.
fn baseline<'a>(suite: &'a Suite<Task>, shell: &mut Shell) -> Result<Option<&'a str>, Exit> {
    let Some(named) = suite.compare.as_ref().and_then(|compare| compare.baseline.as_deref()) else {
        return Ok(None);
    };
    let known: Vec<String> = suite.models.iter().map(|model| model.id.to_string()).collect();
    if known.iter().any(|model| model == named) {
        return Ok(Some(named));
    }
    let message = format!(
        "compare.baseline names `{named}`, which is none of the models: {}; name one of these, or add it",
        known.join(", ")
    );
    Err(shell.fail(Exit::Spec, message))
}

/// Holds the models against each other on the items that they share, without being asked: that one number is larger than
/// another says nothing.
fn side_by_side(
    arguments: &Arguments,
    suite: &Suite<Task>,
    (models, records): (&[String], &[Record]),
    base: Option<&str>,
    shell: &mut Shell,
) -> Exit {
    let base = models.iter().position(|model| Some(model.as_str()) == base).unwrap_or(0);
    let correction = match suite.compare.as_ref().map(|compare| compare.correction) {
        Some(spec::Correction::Bh) => Correction::BenjaminiHochberg,
        Some(spec::Correction::Holm) | None => Correction::Holm,
    };
    let level = records.first().map_or(Level::DEFAULT, |record| record.run.level);
    let options = Options { design: Design::Baseline(base), correction, level, ..Options::default() };
    let names: Vec<String> = records.iter().map(|record| record.run.run_id.clone()).collect();
    let show = compare::show_command(&names, &arguments.out);
    match compare::compared(records, &options, show, Some(&arguments.out), arguments.format, shell) {
        Ok(_) => Exit::Success,
        // That two models share nothing is no fault of a suite that gives them different tasks.
        Err(Exit::Incomparable) => Exit::Success,
        Err(exit) => exit,
    }
}

/// What came of one model.
enum Ended {
    /// A whole run.
    Run(Box<Record>),
    /// A piece of one, and what it means for the end of the program.
    Shard(Exit),
    /// A plan that was shown.
    Plan,
}

/// One model.
struct One<'a> {
    arguments: &'a Arguments,
    selection: &'a Selection,
    loaded: &'a Loaded<Task>,
    earlier: &'a [Earlier],
    model: &'a Model,
}

impl One<'_> {
    fn run(&self, resume: Option<PathBuf>, shell: &mut Shell) -> Result<Ended, Exit> {
        let suite = &self.loaded.suite;
        let (tasks, skipped) = suite.tasks_of(self.model);
        for task in skipped {
            shell.listener.hear(&Event::Warning(&format!(
                "{} is skipped on {}, as the spec says",
                task.name, self.model.id
            )));
        }
        let plan = task::plan(&tasks).map_err(|unready| {
            let message = "data sets of the Hub are not read yet, and these tasks need one";
            let help = "download it as .jsonl or .csv and name the file, or leave the task out with --only";
            shell.fail(Exit::Spec, format!("{message}: {}\n  {help}", unready.join(", ")))
        })?;
        if plan.requests.is_empty() {
            return Err(shell.fail(Exit::Nothing, format!("nothing to ask {}", self.model.id)));
        }
        let found = model::find(Wanted::of(self.model), shell)?;
        let cut = task::lint_tokens(&tasks, found.tokenizer(), &self.loaded.sources);
        prepare::tell(&cut, &self.loaded.sources, shell);
        if cut.failed() {
            return Err(Exit::Spec);
        }
        let warned = self.loaded.findings.iter().chain(cut.iter());
        let warnings = warned
            .filter(|finding| finding.severity == Severity::Warning)
            .map(|finding| format!("{}: {}", finding.code, finding.message))
            .collect();
        if self.arguments.dry_run {
            let (engine, format) = (&self.arguments.engine, self.arguments.format);
            return dry_run::show(&plan, &found, engine, format, shell).map(|_| Ended::Plan);
        }
        let opened = interrupt::at_once(|| found.load(&self.arguments.engine, shell))?;
        if let Some(signal) = interrupt::asked() {
            return Err(signal);
        }
        let command = record::Command {
            specs: Vec::new(),
            model: self.model.id.to_string(),
            only: self.selection.choices.only.clone(),
            set: self.selection.choices.set.clone(),
            sample: self.selection.choices.sample,
        };
        let mut job = Job {
            suite,
            tasks,
            plan,
            opened,
            command,
            specs: &self.selection.specs,
            warnings,
            results: &self.arguments.out,
            resume,
            earlier: self.earlier,
            shard: self.arguments.shard,
            verify: self.arguments.verify,
        };
        if job.resume.is_none() {
            job.resume = resume::choose(job.unfinished(), self.arguments.go_on, shell);
        }
        match measure::measure(job, shell)? {
            Measured::Interrupted(record, folder, exit) => {
                if let Some(record) = &record {
                    self.show(record, &folder, shell)?;
                }
                // The table for people ends with it.
                if record.is_none() || self.arguments.format != Format::Human {
                    shell.say(&format!("resume with  yardstick run --resume {}", folder.display()));
                }
                Err(exit)
            }
            Measured::Shard(answered, verified) => {
                let exit = shard::show(&answered, &self.arguments.out, self.arguments.format, shell)?;
                reuse::summary(&answered.run, answered.asked).iter().for_each(|line| shell.say(line));
                said(verified, shell).map(|()| Ended::Shard(exit))
            }
            Measured::Complete(record, folder, verified) => {
                self.show(&record, &folder, shell)?;
                let asked = record.run.suite.requests.unwrap_or_default();
                reuse::summary(&record.run, asked).iter().for_each(|line| shell.say(line));
                said(verified, shell).map(|()| Ended::Run(record))
            }
        }
    }

    fn show(&self, record: &Record, folder: &Path, shell: &mut Shell) -> Result<(), Exit> {
        let (look, folder) = (shell.out.look, folder.display().to_string());
        format::write(&mut shell.out, record, Some(&folder), self.arguments.format, &look)
            .map_err(|error| shell.fail(Exit::Results, format!("cannot write to stdout: {error}")))
    }
}

/// Says what asking again came to.
fn said(verified: Option<Verified>, shell: &mut Shell) -> Result<(), Exit> {
    let Some(verified) = verified else { return Ok(()) };
    if let Some(different) = &verified.different {
        return Err(shell.fail(Exit::Unstable, different.message()));
    }
    shell.say(&verified.summary());
    Ok(())
}

/// How a finished run ends the program.
pub(super) fn verdict(record: &Record) -> Exit {
    let met = record.expectations.iter().all(|expectation| expectation.outcome == Outcome::Pass);
    let answered = record.run.errors.is_empty();
    let expectations = if met { Exit::Success } else { Exit::Expectation };
    expectations.worse(if answered { Exit::Success } else { Exit::Items })
}

/// Expectations that compare models, once all of them have run.
fn across(suite: &Suite<Task>, records: &[(String, Vec<TaskRecord>)], shell: &mut Shell) -> Exit {
    let mut exit = Exit::Success;
    let of_tasks = suite.tasks.iter().flat_map(|task| {
        task.settings.expect.iter().map(move |expected| (Some(task.name.as_str()), expected))
    });
    for (task, expected) in of_tasks.chain(suite.expect.iter().map(|expected| (None, expected))) {
        let Some(Expectation { text, outcome, found, .. }) = expect::check_across(expected, task, records)
        else {
            continue;
        };
        let mark = if outcome == Outcome::Pass { "holds" } else { "does not hold" };
        shell.say(&format!("expectation {mark}: {text} ({found})"));
        if outcome != Outcome::Pass {
            exit = Exit::Expectation;
        }
    }
    exit
}
