//! A new run's folder: its name, its copies of what is asked, and what `run.json` says before there are any answers.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{
    derive, provenance,
    snapshot::{self, Snapshot},
};
use crate::{
    engine::Card,
    plan::Shard,
    record::{
        Command, EngineInfo, FORMAT, Host, Origin, Provenance, Run, SourceFile, Status, SuiteInfo, Times,
        Tokens,
        folder::{self, StoreError},
    },
    spec::{Suite, TaskSpec},
    task::{Plan, Task},
    value::{Digest, Level},
};

/// What ends the name of a run whose answers are those of another.
const SCORED: &str = "scored";

/// A run that begins.
pub(super) struct Begun<'a> {
    pub(super) suite: &'a Suite<Task>,
    pub(super) tasks: &'a [&'a TaskSpec<Task>],
    pub(super) plan: &'a Plan,
    pub(super) plan_digest: Digest,
    pub(super) model: &'a Card,
    pub(super) model_digest: Digest,
    pub(super) engine: Option<EngineInfo>,
    pub(super) host: Option<Host>,
    /// Seconds that it took to open the model.
    pub(super) load_s: f64,
    /// How it was asked for; its specs are those below.
    pub(super) command: &'a Command,
    pub(super) specs: &'a [PathBuf],
    pub(super) warnings: &'a [String],
    /// The run whose answers it takes, where it asks nothing.
    pub(super) scored_from: Option<Origin>,
    /// The piece of the plan that it asks, where it asks only one.
    pub(super) shard: Option<Shard>,
}

impl Begun<'_> {
    /// Makes the folder, with copies of what is asked.
    pub(super) fn make(self, results: &Path) -> Result<(PathBuf, Run), StoreError> {
        let started = provenance::now();
        let mut id = vec![
            provenance::stamp(started),
            folder::slug(&self.model.name),
            folder::slug(&self.suite.name),
            self.plan_digest.short(6),
        ];
        id.extend(self.scored_from.is_some().then(|| SCORED.to_owned()));
        id.extend(self.shard.map(Shard::slug));
        let path = folder::create(results, &id.join("-"))?;
        let files: Vec<PathBuf> = self.suite.files.iter().map(|file| PathBuf::from(&file.path)).collect();
        let snapshot = Snapshot::new(files.iter().map(PathBuf::as_path), self.specs);
        let copies: Vec<(PathBuf, SourceFile)> = files
            .into_iter()
            .zip(&self.suite.files)
            .map(|(original, file)| {
                let path = snapshot.place(&original);
                (original, SourceFile { path, bytes: file.bytes, sha256: file.sha256 })
            })
            .collect();
        snapshot::copy(&path, &copies)?;
        // Seed and level may differ between tasks; `resolved.json` has each task's own.
        let settings = self.tasks.first().map(|task| &task.settings);
        let run = Run {
            format: FORMAT.into(),
            run_id: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            status: Status::Running,
            resumed: 0,
            scored_from: self.scored_from,
            shard: self.shard,
            parts: Vec::new(),
            reused: Vec::new(),
            program: provenance::program(),
            origin: Provenance::Asked,
            command: Command {
                specs: self.specs.iter().map(|spec| snapshot.place(spec)).collect(),
                ..self.command.clone()
            },
            suite: SuiteInfo {
                name: self.suite.name.clone(),
                title: self.suite.title.as_ref().map(ToString::to_string),
                files: copies.into_iter().map(|(_, file)| file).collect(),
                resolved_sha256: Some(derive::write_resolved(&path, self.suite, self.tasks)?),
                plan_sha256: Some(self.plan_digest),
                tasks: self.plan.tasks.len(),
                items: self.plan.tasks.iter().map(|task| task.items.taken).sum(),
                requests: Some(self.plan.requests.len()),
            },
            workspace: self.specs.first().and_then(|spec| provenance::workspace(spec)),
            model: self.model.clone(),
            model_digest: Some(self.model_digest),
            engine: self.engine,
            host: self.host,
            seed: settings.map(|settings| settings.seed).unwrap_or_default(),
            level: settings.map_or(Level::DEFAULT, |settings| settings.confidence.level),
            time: Some(Times {
                started: provenance::utc(started),
                finished: None,
                load_s: self.load_s,
                answer_s: 0.0,
            }),
            tokens: Some(Tokens::default()),
            answers_sha256: None,
            errors: BTreeMap::new(),
            skipped: 0,
            warnings: self.warnings.to_vec(),
        };
        Ok((path, run))
    }
}
