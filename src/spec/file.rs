//! What the two sorts of spec files say: a benchmark, or a suite of benchmarks.

use schemars::{Schema, SchemaGenerator, json_schema};

use super::{
    expect::Expectation,
    keys::{Short, keys},
    node::Node,
    reader::{Named, Reader},
    sample::Limit,
    scalar::{OneOrMore, words},
    settings::{Confidence, Lint, LongPrompts},
    text::Text,
};
use crate::value::{Margin, NonEmpty, Seed};

keys! {
    /// A benchmark: its name. One file, one benchmark, one or more tasks.
    pub struct BenchmarkFile {
        /// A line for the heading of the report.
        title: Option<Text>,
        /// What it measures, and why.
        description: Option<Text>,
        /// The benchmark's own version; results of different versions are not compared.
        version: Option<Text>,
        /// Words to select benchmarks by.
        tags: Vec<Text> = Vec::new(),
        /// The model to run when none is named elsewhere.
        model: Option<Model>,
        /// A place for YAML anchors; it is not read.
        shared: Option<Node>,
        /// At most so many items a task.
        limit: Option<Limit>,
        /// The seed of everything random.
        seed: Option<Seed>,
        /// How intervals are made.
        confidence: Option<Confidence>,
        /// A difference between two models that is too small to matter.
        margin: Option<Margin>,
        /// What becomes of prompts that are too long for the model.
        long_prompts: Option<LongPrompts>,
        /// Findings that are known and meant.
        allow: Option<Vec<Lint>>,
        /// What is measured, in order.
        tasks: NonEmpty<Node>,
    }
}

keys! {
    /// A suite: its name. Several benchmarks, on one or more models.
    pub struct SuiteFile {
        /// A line for the heading of the report.
        title: Option<Text>,
        /// What it is for.
        description: Option<Text>,
        /// Files of benchmarks, or patterns of them such as `*.yaml`; they start from the folder of this file.
        benchmarks: OneOrMore<Text>,
        /// The models; those named on the command line take their place.
        models: Vec<Model> = Vec::new(),
        /// At most so many items a task.
        limit: Option<Limit>,
        /// The seed of everything random.
        seed: Option<Seed>,
        /// How intervals are made.
        confidence: Option<Confidence>,
        /// A difference between two models that is too small to matter.
        margin: Option<Margin>,
        /// What becomes of prompts that are too long for the model.
        long_prompts: Option<LongPrompts>,
        /// Findings that are known and meant.
        allow: Option<Vec<Lint>>,
        /// Changes to tasks, applied in order.
        overrides: Vec<Override> = Vec::new(),
        /// How models are compared.
        compare: Option<Compare>,
        /// What must hold for the run to pass, such as `gpt2:facts/capitals.accuracy >= 0.7`.
        expect: Vec<Expectation> = Vec::new(),
    }
}

keys! {
    /// A model: its name, or a mapping.
    pub struct Model short {
        /// Its name in reports, and where `model` does not say otherwise also on the Hub.
        id: Text,
        /// Its name on the Hub or on the server, or a folder or file.
        model: Option<Text>,
        /// A commit of the model: without one the files may change between two runs.
        revision: Option<Text>,
        /// Where it runs.
        engine: EngineKind = EngineKind::Local,
        /// The server's address, for `engine: openai`.
        base_url: Option<Text>,
        /// The number format of the weights; the file's own where none is named.
        dtype: Option<Dtype>,
        /// How quantized weights of a GGUF file lie in memory; the answers are the same.
        weights: WeightsForm = WeightsForm::Dequantized,
        /// Kinds of tasks, or tasks, that it does not run.
        skip: Vec<Text> = Vec::new(),
    }
}

impl Short for Model {
    const FORM: &'static str = "a model's name, or a mapping such as {id: gpt2, dtype: f32}";
    fn short(node: &Node, reader: &mut Reader) -> Option<Self> {
        match node.text() {
            Some(id) => Some(Self::named(id)),
            None => reader.expected(node, Self::FORM),
        }
    }
    fn short_schemas(_: &mut SchemaGenerator) -> Vec<Schema> {
        vec![json_schema!({ "type": "string" })]
    }
}

impl Model {
    /// A model of which nothing but its name is said.
    pub fn named(id: Text) -> Self {
        Self {
            id,
            model: None,
            revision: None,
            engine: EngineKind::Local,
            base_url: None,
            dtype: None,
            weights: WeightsForm::Dequantized,
            skip: Vec::new(),
        }
    }

    /// What the engine is asked for.
    pub fn source(&self) -> &Text {
        self.model.as_ref().unwrap_or(&self.id)
    }
}

words! {
    /// Where a model runs.
    pub enum EngineKind {
        /// In this process.
        Local = "local",
        /// On a server that speaks the OpenAI API.
        Openai = "openai",
        /// Nowhere: answers are made up, always the same ones, for trying a spec out.
        Mock = "mock",
    }
}

words! {
    /// A number format of weights.
    pub enum Dtype {
        /// 32 bits.
        F32 = "f32",
        /// 16 bits, IEEE.
        F16 = "f16",
        /// 16 bits with the range of 32.
        Bf16 = "bf16",
    }
}

words! {
    /// How quantized weights lie in memory.
    pub enum WeightsForm {
        /// As the numbers that they stand for: faster, and 4 bytes a weight.
        Dequantized = "dequantized",
        /// In the blocks of the file, which every product dequantizes anew: slower, and the file's size.
        Quantized = "quantized",
    }
}

keys! {
    /// A change to tasks.
    pub struct Override {
        /// Which tasks: `benchmark/task`, with `*` for any text; or several of these.
        tasks: OneOrMore<Text>,
        /// Only for these models.
        models: Vec<Text> = Vec::new(),
        /// Keys of the tasks and their new values; `confidence.level` reaches inside.
        set: Named<Node>,
    }
}

keys! {
    /// How models are compared.
    pub struct Compare {
        /// The model that the others are compared with; the first one where none is named.
        baseline: Option<Text>,
        /// How the p values of several tests allow for each other.
        correction: Correction = Correction::Holm,
    }
}

words! {
    /// How several tests are corrected.
    pub enum Correction {
        /// Holm's step-down: the chance of one false alarm stays below the level.
        Holm = "holm",
        /// Benjamini and Hochberg's: the share of false alarms stays below the level.
        Bh = "bh",
    }
}
