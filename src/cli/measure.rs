//! One model on one suite: from the open model to a sealed run folder.

use std::{
    collections::BTreeMap,
    num::NonZeroUsize,
    ops::{ControlFlow, Range},
    path::{Path, PathBuf},
    time::Instant,
};

use super::{
    Shell,
    begin::Begun,
    derive,
    exit::Exit,
    interrupt,
    model::Opened,
    progress::Event,
    provenance,
    resume::{self, Asked, Unfinished},
    reuse::{Earlier, Taker},
    shard::Answered,
    verify::{self, Verified},
};
use crate::{
    engine::{self, replay::Replay},
    plan::{Answer, Answers, Shard},
    record::{
        Command, EngineInfo, Record, Run, Status, Tokens,
        folder::{self, StoreError},
        journal::{self, Journal, Outcome},
    },
    spec::{Suite, TaskSpec},
    task::{Plan, Task},
    value::Digest,
};

/// What is to be measured.
pub(super) struct Job<'a> {
    pub(super) suite: &'a Suite<Task>,
    pub(super) tasks: Vec<&'a TaskSpec<Task>>,
    pub(super) plan: Plan,
    pub(super) opened: Opened,
    /// How it was asked for; its specs are those that were named.
    pub(super) command: Command,
    pub(super) specs: &'a [PathBuf],
    pub(super) warnings: Vec<String>,
    pub(super) results: &'a Path,
    /// The folder of an interrupted run.
    pub(super) resume: Option<PathBuf>,
    /// Runs that answers are taken from.
    pub(super) earlier: &'a [Earlier],
    /// The piece of the plan that is asked, where a new run asks only one.
    pub(super) shard: Option<Shard>,
    /// How many requests are asked again afterwards.
    pub(super) verify: Option<NonZeroUsize>,
}

/// What came of it.
pub(super) enum Measured {
    /// Sealed, in its folder.
    Complete(Box<Record>, PathBuf, Option<Verified>),
    /// A piece of the plan, sealed: answers without numbers.
    Shard(Box<Answered>, Option<Verified>),
    /// Stopped early, and how; what is answered is kept, and the record is of that. Of a piece of a plan there is none.
    Interrupted(Option<Box<Record>>, PathBuf, Exit),
}

/// Measures, and keeps every answer as it comes.
pub(super) fn measure(job: Job<'_>, shell: &mut Shell) -> Result<Measured, Exit> {
    let mut begun = None;
    job.measure(&mut begun, shell).map_err(|error| {
        let refused = matches!(error, StoreError::Io { .. });
        let exit = shell.fail(Exit::Results, error);
        if let (Some(folder), true) = (begun, refused) {
            let folder = folder.display();
            shell.say("  what was answered is kept; once this is put right, go on with");
            shell.say(&format!("  yardstick run --resume {folder}"));
        }
        exit
    })
}

/// The digests of the requests to a model, in order, and that of the whole plan.
pub(super) fn digests(plan: &Plan, model: &Digest) -> (Vec<Digest>, Digest) {
    let requests: Vec<Digest> = plan.requests.iter().map(|request| request.digest(model)).collect();
    let plan = Digest::of_json(&requests);
    (requests, plan)
}

impl Job<'_> {
    /// Names the folder as soon as there is something to go on with.
    fn measure(mut self, begun: &mut Option<PathBuf>, shell: &mut Shell) -> Result<Measured, StoreError> {
        let model_digest = self.opened.engine.card().digest();
        let (requests, plan_digest) = digests(&self.plan, &model_digest);
        let (path, mut journal, recovered, mut run) = if let Some(path) = self.resume.take() {
            let (journal, recovered) = Journal::open(&path)?;
            // Read again now that nobody else writes there.
            let mut run = folder::read_run(&path)?;
            self.asked(plan_digest).same_as(&path, &run)?;
            run.resumed += 1;
            run.status = Status::Running;
            run.answers_sha256 = None;
            (path, journal, recovered, run)
        } else {
            let (path, run) = self.begin(model_digest, plan_digest)?;
            let (journal, recovered) = Journal::open(&path)?;
            (path, journal, recovered, run)
        };
        derive::write_run(&path, &run)?;
        *begun = Some(path.clone());
        for line in &recovered.damaged {
            let line = format!("line {line} of {} is damaged; its request is asked again", journal::ANSWERS);
            shell.listener.hear(&Event::Warning(&line));
            run.warnings.push(line);
        }
        let mut known: BTreeMap<Digest, Answer> = recovered
            .outcomes
            .into_iter()
            .filter_map(|(request, outcome)| Some((request, outcome.ok()?)))
            .collect();
        let Job { suite, tasks, plan, mut opened, results, earlier, verify, .. } = self;
        let part = run.shard.map_or(0..requests.len(), |shard| shard.part(&plan.requests));
        let (requests, all) = (&requests[part.clone()], requests.len());
        let taker = Taker { folder: &path, model: model_digest, version: &run.program.version };
        let reused = taker.take(earlier, requests, &mut known, &mut journal, shell.listener.as_mut())?;
        if !reused.is_empty() {
            run.reused.extend(reused);
            derive::write_run(&path, &run)?;
        }
        let start = Instant::now();
        let (answers, failed) = ask(&plan, part.clone(), requests, known, &mut opened, &mut journal, shell);
        if let Some(time) = &mut run.time {
            time.answer_s += start.elapsed().as_secs_f64();
            time.finished = Some(provenance::utc(provenance::now()));
        }
        run.tokens = Some(tokens(&answers));
        let saved = journal.save();
        if let Some(error) = failed {
            return Err(error);
        }
        saved?;
        if let Some(exit) = interrupt::asked() {
            run.status = Status::Interrupted;
            if run.shard.is_some() {
                derive::write_run(&path, &run)?;
                return Ok(Measured::Interrupted(None, path, exit));
            }
            let mut record = derive::judge(run, suite, &tasks, plan, &answers);
            // What is to be expected of all items is not yet to be expected.
            record.expectations.clear();
            derive::write(&path, &record)?;
            return Ok(Measured::Interrupted(Some(Box::new(record)), path, exit));
        }
        let sealed = journal.seal(requests.iter().copied().zip(answers.iter()))?;
        run.answers_sha256 = Some(sealed);
        run.status = Status::Complete;
        let verified =
            verify.map(|count| verify::verify(opened.engine.as_mut(), &plan.requests[part], &answers, count));
        if let Some(shard) = run.shard {
            let answered = Answered::new(run, shard, path, all, &answers);
            derive::write_run(&answered.folder, &answered.run)?;
            return Ok(Measured::Shard(Box::new(answered), verified));
        }
        let record = derive::judge(run, suite, &tasks, plan, &answers);
        derive::write(&path, &record)?;
        folder::point_latest(results, &path);
        Ok(Measured::Complete(Box::new(record), path, verified))
    }

    /// What another run must share to be gone on with.
    fn asked(&self, plan: Digest) -> Asked<'_> {
        Asked {
            card: self.opened.engine.card(),
            plan,
            shard: self.shard,
            seed: self.tasks.first().map(|task| task.settings.seed).unwrap_or_default(),
            files: self.suite.files.iter().map(|file| file.sha256).collect(),
            resolved: derive::resolved(self.suite, &self.tasks).1,
        }
    }

    /// The runs under the results folder that ask the same and did not end.
    pub(super) fn unfinished(&self) -> Vec<Unfinished> {
        let (_, plan) = digests(&self.plan, &self.opened.engine.card().digest());
        resume::find(self.results, &self.asked(plan))
    }

    /// What the run folder says of itself before anything is asked.
    fn begin(&self, model_digest: Digest, plan_digest: Digest) -> Result<(PathBuf, Run), StoreError> {
        let opened = &self.opened;
        let engine = EngineInfo {
            device: "cpu".into(),
            kernels: opened.kernels.clone(),
            threads: opened.threads,
            batch_tokens: opened.batch_tokens,
        };
        let begun = Begun {
            suite: self.suite,
            tasks: &self.tasks,
            plan: &self.plan,
            plan_digest,
            model: opened.engine.card(),
            model_digest,
            engine: Some(engine),
            host: Some(provenance::host()),
            load_s: opened.load.as_secs_f64(),
            command: &self.command,
            specs: self.specs,
            warnings: &self.warnings,
            scored_from: None,
            shard: self.shard,
        };
        begun.make(self.results)
    }
}

/// Asks what is not known yet of a part of the plan, whose requests have these digests. A journal that cannot be written
/// ends the run: nothing may be measured that is not kept.
fn ask(
    plan: &Plan,
    part: Range<usize>,
    requests: &[Digest],
    known: BTreeMap<Digest, Answer>,
    opened: &mut Opened,
    journal: &mut Journal,
    shell: &mut Shell,
) -> (Answers, Option<StoreError>) {
    let kept: Vec<bool> = requests.iter().map(|request| known.contains_key(request)).collect();
    let mut watch = Watch::new(plan);
    let mut failed = None;
    let listener = &mut shell.listener;
    listener.hear(&Event::Planned {
        tasks: plan.tasks.len(),
        items: plan.tasks.iter().map(|task| task.items.taken).sum(),
        requests: requests.len(),
    });
    let mut replay = Replay::new(opened.engine.as_mut(), known);
    let mut stopping = false;
    let answers = engine::drive(&mut replay, &plan.requests[part.clone()], &mut |index, outcome| {
        if !kept[index]
            && let Err(error) = journal.append(requests[index], outcome)
        {
            failed = Some(error);
            return ControlFlow::Break(());
        }
        watch.count(part.start + index, outcome);
        listener.hear(&Event::Answered { done: watch.done, total: requests.len(), tokens: watch.tokens });
        for (name, line) in watch.finished(part.start + index) {
            listener.hear(&Event::TaskDone { name, line: &line });
        }
        if interrupt::asked().is_some() {
            if !stopping {
                listener.hear(&Event::Interrupted);
            }
            stopping = true;
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    });
    listener.hear(&Event::Finished);
    (answers, failed)
}

/// Counts answers as they come, task by task.
struct Watch<'a> {
    done: usize,
    tokens: u64,
    /// The tasks that each request serves.
    serves: Vec<Vec<usize>>,
    /// Requests that each task still waits for.
    waits: Vec<usize>,
    tasks: Vec<(&'a str, usize)>,
}

impl<'a> Watch<'a> {
    fn new(plan: &'a Plan) -> Self {
        let mut serves = vec![Vec::new(); plan.requests.len()];
        for (number, task) in plan.tasks.iter().enumerate() {
            task.requests.iter().for_each(|request| serves[*request].push(number));
        }
        Self {
            done: 0,
            tokens: 0,
            serves,
            waits: plan.tasks.iter().map(|task| task.requests.len()).collect(),
            tasks: plan.tasks.iter().map(|task| (task.name.as_str(), task.items.taken)).collect(),
        }
    }

    fn count(&mut self, index: usize, outcome: &Outcome) {
        self.done += 1;
        self.tokens += outcome.as_ref().map_or(0, |answer| cost(answer).total());
        self.serves[index].iter().for_each(|task| self.waits[*task] -= 1);
    }

    /// The tasks that this answer was the last one for.
    fn finished(&self, index: usize) -> Vec<(&'a str, String)> {
        let done = self.serves[index].iter().filter(|task| self.waits[**task] == 0);
        done.map(|task| (self.tasks[*task].0, format!("{0}/{0}", self.tasks[*task].1))).collect()
    }
}

/// How much the answers read and wrote.
pub(super) fn tokens(answers: &Answers) -> Tokens {
    let mut sum = Tokens::default();
    for answer in answers.iter().filter_map(|outcome| outcome.as_ref().ok()) {
        let Tokens { prompt, scored, generated } = cost(answer);
        sum.prompt += prompt;
        sum.scored += scored;
        sum.generated += generated;
    }
    sum
}

fn cost(answer: &Answer) -> Tokens {
    match answer {
        Answer::Scored(scored) => {
            Tokens { prompt: scored.before.into(), scored: scored.ids.len() as u64, generated: 0 }
        }
        Answer::Ranked(ranked) => Tokens { prompt: ranked.prompt.len() as u64, ..Tokens::default() },
        Answer::Generated(generated) => {
            Tokens { prompt: generated.before.into(), scored: 0, generated: generated.ids.len() as u64 }
        }
    }
}
