//! `merge`: shards of a plan, answered anywhere, as the run that one machine would have made. No model is asked.

use std::path::PathBuf;

use super::{Shell, begin::Begun, derive, exit::Exit, measure, prepare::Selection, progress::Event, run};
use crate::{
    plan::Answers,
    record::{
        EngineInfo, Part, Record, Reused, Run, Status, Times,
        folder::{self, StoreError},
        journal,
        shards::{self, Found, Gathered},
    },
    report::format::{self, Format},
    spec::Loaded,
    task::{self, Plan, Task},
    value::Digest,
};

/// Make one run of shards: what `run --shard` left, on however many machines; no model is asked
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  yardstick merge 7f3a9c                         all shards of a plan in `results`, by the end of its id
  yardstick merge shards/                        all shards in a folder
  yardstick merge a/*-shard-* b/*-shard-*        shards from several places")]
pub(super) struct Arguments {
    /// Shards: their folders, folders that hold them, ids, or parts of ids; one alone stands for those beside it too
    #[arg(value_name = "SHARD", required = true)]
    shards: Vec<String>,
    /// Where run folders are, and where the new one is made
    #[arg(long, value_name = "FOLDER", default_value = "results")]
    out: PathBuf,
    /// What stdout gets
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(arguments: &Arguments, shell: &mut Shell) -> Result<Exit, Exit> {
    let (found, faults) = shards::find(&arguments.out, &arguments.shards);
    let mut gathered = Gathered::new(found);
    gathered.faults.splice(0..0, faults);
    let first = gathered.shards.values().next().cloned();
    let planned = match &first {
        Some(first) => Some(Planned::of(first, &mut gathered, shell)?),
        None => None,
    };
    for note in &gathered.notes {
        shell.listener.hear(&Event::Warning(note));
    }
    let (Some(first), Some(planned), []) = (first, planned, gathered.faults.as_slice()) else {
        let faults = gathered.faults.iter().map(|fault| format!("\n  {fault}"));
        let message =
            format!("these shards do not make a run, and nothing is written:{}", faults.collect::<String>());
        return Err(shell.fail(Exit::Results, message));
    };
    let parts: Vec<Found> = gathered.shards.into_values().collect();
    let kept = planned.keep(&first, &parts, arguments, shell);
    let (path, record) = kept.map_err(|error| shell.fail(Exit::Results, error))?;
    let (look, folder) = (shell.out.look, path.display().to_string());
    format::write(&mut shell.out, &record, Some(&folder), arguments.format, &look)
        .map_err(|error| shell.fail(Exit::Results, format!("cannot write to stdout: {error}")))?;
    Ok(run::verdict(&record))
}

/// The plan that the shards are pieces of, made again from the copies of its specs, and all answers to it.
struct Planned {
    selection: Selection,
    loaded: Loaded<Task>,
    plan: Plan,
    requests: Vec<Digest>,
    plan_digest: Digest,
    model_digest: Digest,
    answers: Answers,
}

impl Planned {
    /// What is wrong with the copies or the answers is added to the faults.
    fn of(first: &Found, gathered: &mut Gathered, shell: &mut Shell) -> Result<Self, Exit> {
        let (folder, run) = (&first.folder, &first.run);
        let selection = Selection::of_run(folder, &run.command);
        let loaded = selection.load(shell)?;
        let Some(model) = loaded.suite.models.first() else { return Err(Exit::Spec) };
        let (tasks, _) = loaded.suite.tasks_of(model);
        let plan = task::plan(&tasks).map_err(|unready| {
            shell.fail(Exit::Spec, format!("cannot be judged yet: {}", unready.join(", ")))
        })?;
        let Some(model_digest) = run.model_digest else {
            let message = format!("{} does not say which model answered", folder.display());
            return Err(shell.fail(Exit::Results, message));
        };
        let (requests, plan_digest) = measure::digests(&plan, &model_digest);
        // The files are read in the order in which they were listed.
        for (now, then) in loaded.suite.files.iter().zip(&run.suite.files) {
            if now.sha256 != then.sha256 {
                gathered.faults.push(format!("{} is not the copy that was made of {}", now.path, then.path));
            }
        }
        let answers = if Some(plan_digest) == run.suite.plan_sha256 {
            gathered.answers(&plan.requests, &requests)
        } else {
            let message = "the copies of its specs do not ask what was asked";
            gathered.faults.push(format!("{}: {message}", folder.display()));
            Answers::none(0)
        };
        Ok(Self { selection, loaded, plan, requests, plan_digest, model_digest, answers })
    }

    /// Writes the run.
    fn keep(
        self,
        first: &Found,
        parts: &[Found],
        arguments: &Arguments,
        shell: &mut Shell,
    ) -> Result<(PathBuf, Record), StoreError> {
        let Self { selection, loaded, plan, requests, plan_digest, model_digest, answers } = self;
        let (own, suite) = (&first.run, &loaded.suite);
        let tasks = suite.models.first().map_or_else(Vec::new, |model| suite.tasks_of(model).0);
        let (mut warnings, apart) = (said(parts), apart(parts));
        apart.iter().for_each(|warning| shell.listener.hear(&Event::Warning(warning)));
        warnings.extend(apart);
        let begun = Begun {
            suite,
            tasks: &tasks,
            plan: &plan,
            plan_digest,
            model: &own.model,
            model_digest,
            engine: engine(parts),
            host: agreed(parts, |run| run.host.as_ref()),
            load_s: 0.0,
            command: &own.command,
            specs: &selection.specs,
            warnings: &warnings,
            scored_from: None,
            shard: None,
        };
        let (path, mut run) = begun.make(&arguments.out)?;
        run.workspace = agreed(parts, |run| run.workspace.as_ref());
        run.resumed = parts.iter().map(|part| part.run.resumed).sum();
        run.time = times(parts);
        run.reused = reused(parts);
        run.parts = parts.iter().map(part).collect();
        derive::write_run(&path, &run)?;
        run.answers_sha256 = Some(journal::seal(&path, requests.iter().copied().zip(answers.iter()))?);
        run.tokens = Some(measure::tokens(&answers));
        run.status = Status::Complete;
        let record = derive::judge(run, suite, &tasks, plan, &answers);
        derive::write(&path, &record)?;
        folder::point_latest(&arguments.out, &path);
        Ok((path, record))
    }
}

fn part(found: &Found) -> Part {
    let Found { shard, run, .. } = found;
    Part {
        run_id: run.run_id.clone(),
        shard: *shard,
        version: run.program.version.clone(),
        engine: run.engine.clone(),
        host: run.host.clone(),
        time: run.time.clone(),
        answers_sha256: run.answers_sha256,
    }
}

/// What all shards say alike.
fn agreed<T: Clone + PartialEq>(parts: &[Found], of: impl Fn(&Run) -> Option<&T>) -> Option<T> {
    let first = of(&parts.first()?.run)?;
    parts.iter().all(|part| of(&part.run) == Some(first)).then(|| first.clone())
}

/// The engine of all shards; threads and batches, which differ between machines, are the first's.
fn engine(parts: &[Found]) -> Option<EngineInfo> {
    let kind = |run: &Run| run.engine.as_ref().map(|engine| (engine.device.clone(), engine.kernels.clone()));
    let first = &parts.first()?.run;
    parts.iter().all(|part| kind(&part.run) == kind(first)).then(|| first.engine.clone())?
}

/// From the first shard's start to the last one's end; the seconds of all machines together.
fn times(parts: &[Found]) -> Option<Times> {
    let times = || parts.iter().filter_map(|part| part.run.time.as_ref());
    Some(Times {
        started: times().map(|time| time.started.clone()).min()?,
        finished: times().filter_map(|time| time.finished.clone()).max(),
        load_s: times().map(|time| time.load_s).sum(),
        answer_s: times().map(|time| time.answer_s).sum(),
    })
}

/// The runs that any shard took answers from, each once.
fn reused(parts: &[Found]) -> Vec<Reused> {
    let mut all: Vec<Reused> = Vec::new();
    for reused in parts.iter().flat_map(|part| &part.run.reused) {
        match all.iter_mut().find(|known| known.run_id == reused.run_id) {
            Some(known) => known.answers += reused.answers,
            None => all.push(reused.clone()),
        }
    }
    all
}

/// What any shard warned of, each once.
fn said(parts: &[Found]) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    for warning in parts.iter().flat_map(|part| &part.run.warnings) {
        if !said.contains(warning) {
            said.push(warning.clone());
        }
    }
    said
}

/// What sets the shards apart that changes no answer, or should not.
fn apart(parts: &[Found]) -> Vec<String> {
    let facts: [(&str, fn(&Run) -> Option<String>); 4] = [
        ("devices", |run| Some(run.engine.as_ref()?.device.clone())),
        ("kernels", |run| run.engine.as_ref()?.kernels.clone()),
        ("versions of the program", |run| Some(run.program.version.clone())),
        ("commits of the specs' repository", |run| Some(run.workspace.as_ref()?.commit.clone())),
    ];
    let mut apart = Vec::new();
    for (what, of) in facts {
        let mut seen: Vec<(String, Vec<String>)> = Vec::new();
        for part in parts {
            let value = of(&part.run).unwrap_or_else(|| "not known".into());
            let shard = part.shard.index().to_string();
            match seen.iter_mut().find(|(known, _)| *known == value) {
                Some((_, shards)) => shards.push(shard),
                None => seen.push((value, vec![shard])),
            }
        }
        if seen.len() > 1 {
            let each = seen.iter().map(|(value, shards)| format!("{value} (shard {})", shards.join(", ")));
            apart.push(format!(
                "the shards were answered by several {what}: {}",
                each.collect::<Vec<_>>().join("; ")
            ));
        }
    }
    apart
}
