//! `score`: a saved run measured again by other rules, from the answers that it has. No model is asked.

use std::path::{Path, PathBuf};

use super::{
    Shell,
    begin::Begun,
    derive,
    exit::Exit,
    measure,
    prepare::{Filters, Selection},
    provenance, run,
};
use crate::{
    plan::{Answers, Request},
    record::{self, Origin, Run, Status, folder, journal},
    report::{
        format::{self, Format},
        quantity::many,
        text::{self, Charset},
    },
    spec::Severity,
    task,
    value::Digest,
};

/// Requests that are listed where answers are missing.
const MOST_LISTED: usize = 10;
/// Columns of a text in that list.
const MOST_COLUMNS: usize = 60;

/// Measure a saved run again under other metrics, matching, normalisation or expectations, without asking the model
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  yardstick score latest --set normalization=[none,byte]      the same answers, other normalisations
  yardstick score latest --set 'expect=[accuracy >= 0.8]'     the same answers, other expectations
  yardstick score 7f3a9c --spec changed.yaml                  a changed spec that asks the same")]
pub(super) struct Arguments {
    /// Whose answers: its folder, its id, the last part of its id, or `latest`
    #[arg(value_name = "RUN", default_value = "latest")]
    run: String,
    /// Measure by this spec; by the run's own copies without one; may be given several times
    #[arg(long = "spec", value_name = "SPEC")]
    specs: Vec<PathBuf>,
    /// Where run folders are, and where the new one is made
    #[arg(long, value_name = "FOLDER", default_value = "results")]
    out: PathBuf,
    #[command(flatten)]
    filters: Filters,
    /// What stdout gets
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(arguments: &Arguments, shell: &mut Shell) -> Result<Exit, Exit> {
    let source =
        folder::find(&arguments.out, &arguments.run).map_err(|error| shell.fail(Exit::Results, error))?;
    let scored = folder::read_run(&source).map_err(|error| shell.fail(Exit::Results, error))?;
    folder::whole(&source, &scored).map_err(|error| shell.fail(Exit::Results, error))?;
    let Some(model_digest) = scored.model_digest else {
        let message = "it was imported: it has no answers to be scored anew";
        return Err(shell.fail(Exit::Results, format!("{}: {message}", source.display())));
    };
    let selection = arguments.selection(&source, &scored);
    let loaded = selection.load(shell)?;
    let suite = &loaded.suite;
    let Some(model) = suite.models.first() else { return Err(Exit::Spec) };
    let (tasks, _) = suite.tasks_of(model);
    let plan = task::plan(&tasks)
        .map_err(|unready| shell.fail(Exit::Spec, format!("cannot be judged yet: {}", unready.join(", "))))?;
    let (requests, plan_digest) = measure::digests(&plan, &model_digest);
    let recovered = journal::read(&source).map_err(|error| shell.fail(Exit::Results, error))?;
    let mut outcomes = recovered.outcomes;
    let missing: Vec<(&Request, &Digest)> =
        plan.requests.iter().zip(&requests).filter(|(_, digest)| !outcomes.contains_key(digest)).collect();
    if !missing.is_empty() {
        return Err(shell.fail(Exit::Spec, refusal(&source, &missing, requests.len(), scored.status)));
    }
    let mut answers = Answers::none(plan.requests.len());
    for (index, request) in requests.iter().enumerate() {
        if let Some(outcome) = outcomes.remove(request) {
            answers.put(index, outcome);
        }
    }
    let warned = loaded.findings.iter().filter(|finding| finding.severity == Severity::Warning);
    let warnings: Vec<String> =
        warned.map(|finding| format!("{}: {}", finding.code, finding.message)).collect();
    let begun = Begun {
        suite,
        tasks: &tasks,
        plan: &plan,
        plan_digest,
        model: &scored.model,
        model_digest,
        engine: scored.engine.clone(),
        host: scored.host.clone(),
        load_s: scored.time.as_ref().map_or(0.0, |time| time.load_s),
        command: &record::Command {
            specs: Vec::new(),
            model: scored.command.model.clone(),
            only: selection.choices.only.clone(),
            set: selection.choices.set.clone(),
            sample: selection.choices.sample,
        },
        specs: &selection.specs,
        warnings: &warnings,
        scored_from: Some(Origin { run_id: scored.run_id.clone(), answers_sha256: scored.answers_sha256 }),
        shard: None,
    };
    let stored = begun.make(&arguments.out).and_then(|(path, mut run)| {
        derive::write_run(&path, &run)?;
        run.answers_sha256 = Some(journal::seal(&path, requests.iter().copied().zip(answers.iter()))?);
        run.tokens = Some(measure::tokens(&answers));
        if let (Some(time), Some(scored)) = (&mut run.time, &scored.time) {
            time.answer_s = scored.answer_s;
            time.finished = Some(provenance::utc(provenance::now()));
        }
        run.status = Status::Complete;
        let record = derive::judge(run, suite, &tasks, plan, &answers);
        derive::write(&path, &record)?;
        folder::point_latest(&arguments.out, &path);
        Ok((path, record))
    });
    let (path, record) = stored.map_err(|error| shell.fail(Exit::Results, error))?;
    let (look, folder) = (shell.out.look, path.display().to_string());
    format::write(&mut shell.out, &record, Some(&folder), arguments.format, &look)
        .map_err(|error| shell.fail(Exit::Results, format!("cannot write to stdout: {error}")))?;
    Ok(run::verdict(&record))
}

impl Arguments {
    /// The specs that are named, else the run's own copies, as the run changed them; then the changes of this command.
    fn selection(&self, source: &Path, run: &Run) -> Selection {
        let own = self.filters.choices(vec![run.command.model.clone()]);
        if !self.specs.is_empty() {
            return Selection { specs: self.specs.clone(), choices: own };
        }
        let mut selection = Selection::of_run(source, &run.command);
        selection.choices.set.extend(own.set);
        if !own.only.is_empty() {
            selection.choices.only = own.only;
        }
        selection.choices.sample = own.sample.or(selection.choices.sample);
        selection
    }
}

/// What was never asked.
fn refusal(source: &Path, missing: &[(&Request, &Digest)], all: usize, status: Status) -> String {
    let mut lines = vec![format!(
        "{} of {} were never asked in {}; a run measured again asks nothing",
        missing.len(),
        many(all, "request"),
        source.display()
    )];
    for (request, digest) in missing.iter().take(MOST_LISTED) {
        lines.push(format!("  {}  {}", digest.short(8), asked(request)));
    }
    if let more @ 1.. = missing.len().saturating_sub(MOST_LISTED) {
        lines.push(format!("  and {more} more"));
    }
    lines.push(match status {
        Status::Complete => "  ask them with `yardstick run`, or leave their tasks out with --only".into(),
        _ => format!(
            "  the run is not complete: `yardstick run --resume {}` goes on with it",
            source.display()
        ),
    });
    lines.join("\n")
}

/// A request on one line.
fn asked(request: &Request) -> String {
    let (what, texts) = match request {
        Request::Score { prompt, ending, .. } => ("score", vec![prompt, ending]),
        Request::Rank { prompt, .. } => ("rank", vec![prompt]),
        Request::Generate { prompt, .. } => ("generate", vec![prompt]),
    };
    let texts = texts.into_iter().map(|text| {
        let shown = text::visible(text, Charset::Unicode);
        text::clip_middle(&shown, MOST_COLUMNS, Charset::Unicode).into_owned()
    });
    format!("{what} {}", texts.collect::<Vec<_>>().join(" │ "))
}
