//! `run.json`: where the numbers come from. Nothing here depends on what the numbers are.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::inside;
use crate::{
    engine::Card,
    plan::{FailureKind, Shard},
    value::{Digest, Level, Seed},
};

/// The format of `run.json`; a field more keeps the number, a field less or changed raises it.
pub const FORMAT: &str = "yardstick.run/1";

/// One model on one suite.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// `yardstick.run/1`.
    pub format: String,
    /// The folder's name.
    #[serde(deserialize_with = "inside::name")]
    pub run_id: String,
    /// How far it came.
    pub status: Status,
    /// How often it was taken up again.
    pub resumed: u32,
    /// The run whose answers these are, where nothing was asked anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scored_from: Option<Origin>,
    /// The piece of its plan that it asks, where it asks only one: such a run has answers and no numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// The shards that its answers come from, in their order, where it was merged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// The runs that it took answers from, where it did not ask for all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reused: Vec<Reused>,
    /// What wrote this.
    pub program: Program,
    /// Where the answers come from.
    #[serde(default)]
    pub origin: Provenance,
    /// How to run it again.
    pub command: Command,
    /// What was asked.
    pub suite: SuiteInfo,
    /// The repository that the specs lie in.
    pub workspace: Option<Workspace>,
    /// Who answered.
    pub model: Card,
    /// The digest of everything that can change an answer of the model, where that is known.
    pub model_digest: Option<Digest>,
    /// How it was computed, where that is known; none of this changes an answer.
    pub engine: Option<EngineInfo>,
    /// Where, where that is known.
    pub host: Option<Host>,
    /// Of every random choice.
    pub seed: Seed,
    /// The level of the intervals.
    pub level: Level,
    /// When, where that is known; of the last stretch, where the run was taken up again.
    pub time: Option<Times>,
    /// How much was read and written, where that is known.
    pub tokens: Option<Tokens>,
    /// The SHA-256 of `answers.jsonl`: two runs with the same digest have the same answers, byte for byte.
    pub answers_sha256: Option<Digest>,
    /// Items without an answer, by the reason; of a shard, requests.
    pub errors: BTreeMap<FailureKind, usize>,
    /// Items that are too long for the model and were left out, as the spec says.
    #[serde(default, skip_serializing_if = "is_none")]
    pub skipped: usize,
    /// What the checks of the specs warned of.
    pub warnings: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_none(skipped: &usize) -> bool {
    *skipped == 0
}

/// How far a run came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Being measured, or its process died.
    Running,
    /// Stopped early; it can be taken up again.
    Interrupted,
    /// Sealed.
    Complete,
}

/// The run that answers come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Origin {
    /// Its folder's name.
    pub run_id: String,
    /// The SHA-256 of its `answers.jsonl`.
    pub answers_sha256: Option<Digest>,
}

/// A shard of a merged run.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Part {
    /// Its folder's name.
    pub run_id: String,
    /// Which it is.
    pub shard: Shard,
    /// The version of the program that asked.
    pub version: String,
    /// How its answers were computed.
    pub engine: Option<EngineInfo>,
    /// Where.
    pub host: Option<Host>,
    /// When.
    pub time: Option<Times>,
    /// The SHA-256 of its `answers.jsonl`.
    pub answers_sha256: Option<Digest>,
}

/// A run that answers were taken from, instead of asking again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reused {
    /// Its folder's name.
    pub run_id: String,
    /// The version of the program that asked.
    pub version: String,
    /// How many.
    pub answers: usize,
}

/// Where the answers of a run come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Provenance {
    /// This program asked for them.
    #[default]
    Asked,
    /// Another program did; they were read from its files. What these do not say is not known.
    Imported(Imported),
}

/// Result files of another program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Imported {
    /// What wrote them, such as `lm-evaluation-harness`; a table does not say.
    pub tool: Option<String>,
    /// Which version of it.
    pub version: Option<String>,
    /// How they were read: `csv`, `lm-eval`.
    pub format: String,
    /// The files, by name.
    pub files: Vec<SourceFile>,
    /// Which of several runs of the model in them this is.
    pub run: Option<String>,
    /// When the model was asked, UTC.
    pub asked: Option<String>,
    /// What was in them and is not here, and why.
    pub left_out: Vec<String>,
}

impl Imported {
    /// What it was read from, in words: `lm-evaluation-harness 0.4.9`, `a table`.
    pub fn source(&self) -> String {
        match (&self.tool, &self.version) {
            (Some(tool), Some(version)) => format!("{tool} {version}"),
            (Some(tool), None) => tool.clone(),
            (None, _) => "a table".into(),
        }
    }
}

/// The program that ran.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Program {
    /// `yardstick`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What was built in.
    pub features: Vec<String>,
}

/// How a run was started: enough to plan it again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Command {
    /// The spec files, within `spec/`.
    #[serde(deserialize_with = "inside::paths")]
    pub specs: Vec<String>,
    /// The model, as it was named.
    pub model: String,
    /// `--only`.
    pub only: Vec<String>,
    /// `--set`.
    pub set: Vec<String>,
    /// `--sample`.
    pub sample: Option<u64>,
}

/// What was asked.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SuiteInfo {
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: Option<String>,
    /// Specs and data, as they were read.
    pub files: Vec<SourceFile>,
    /// Of the suite with every default filled in, where that is known.
    pub resolved_sha256: Option<Digest>,
    /// Of the requests, in order, with the model's digest, where they are known: two runs with the same plan ask the same.
    pub plan_sha256: Option<Digest>,
    /// How many tasks.
    pub tasks: usize,
    /// How many items.
    pub items: usize,
    /// How many different requests, where that is known.
    pub requests: Option<usize>,
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SourceFile {
    /// Within `spec/`; of what was imported, its name.
    #[serde(deserialize_with = "inside::path")]
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// Its content.
    pub sha256: Digest,
}

/// A git repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Workspace {
    /// The commit that is checked out.
    pub commit: String,
    /// Whether files differ from it.
    pub dirty: bool,
}

/// How answers were computed.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct EngineInfo {
    /// `cpu`.
    pub device: String,
    /// The instruction set of the kernels, where there are some.
    pub kernels: Option<String>,
    /// Threads.
    pub threads: usize,
    /// Tokens in a batch.
    pub batch_tokens: usize,
}

/// The machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Host {
    /// Its system.
    pub os: String,
    /// Its processor's architecture.
    pub arch: String,
    /// Its cores.
    pub cores: usize,
}

/// When a run was.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Times {
    /// UTC.
    pub started: String,
    /// UTC; none while it runs.
    pub finished: Option<String>,
    /// Seconds to open the model.
    pub load_s: f64,
    /// Seconds from the first request to the last answer.
    pub answer_s: f64,
}

/// How much was read and written, over the different requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tokens {
    /// Given.
    pub prompt: u64,
    /// Scored.
    pub scored: u64,
    /// Written.
    pub generated: u64,
}

impl Tokens {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.prompt + self.scored + self.generated
    }
}
