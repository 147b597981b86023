//! Paths to a suite: files are read, settings filled in from the nearest place that says them, tasks made.

use std::{collections::BTreeMap, path::PathBuf, rc::Rc};

use super::{
    change::{self, Change},
    document::{self, Benchmark, Document, Shelf},
    expect::Expectation,
    file::{Compare, Model},
    finding::{Finding, Findings},
    glob,
    keys::Keys as _,
    kind::{Kinds, Reported},
    lint::{Linter, lint_written},
    models,
    node::Node,
    place::{Place, Sources},
    reader::{Fields, FileRead, Reader},
    sample::Draw,
    settings::Settings,
    text::Text,
};

/// What the command line says of a spec.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    /// `key=value` or `task.key=value`; values are YAML.
    pub set: Vec<String>,
    /// Patterns of task names; all tasks where there are none.
    pub only: Vec<String>,
    /// At most so many items a task, drawn by the task's seed from those that the spec selects.
    pub sample: Option<u64>,
    /// Models, which take the place of those in the spec.
    pub models: Vec<String>,
}

/// What was read, and what was noticed.
#[derive(Debug)]
pub struct Loaded<T> {
    /// As far as it could be read: not to be run if `findings.failed()`.
    pub suite: Suite<T>,
    /// Everything that was noticed.
    pub findings: Findings,
    /// What places speak of.
    pub sources: Sources,
}

/// Tasks to run on models.
#[derive(Clone, Debug)]
pub struct Suite<T> {
    /// Its name, or that of its only benchmark.
    pub name: String,
    /// A line for the heading of the report.
    pub title: Option<Text>,
    /// What it is for.
    pub description: Option<Text>,
    /// The models; none if neither spec nor command line names one.
    pub models: Vec<Model>,
    /// In the order written. Where an override speaks of some models only, a task is there once for each way.
    pub tasks: Vec<TaskSpec<T>>,
    /// How models are compared.
    pub compare: Option<Compare>,
    /// Expectations that speak of several tasks or models.
    pub expect: Vec<Expectation>,
    /// Every spec and data file that was read.
    pub files: Vec<FileRead>,
}

/// One task, with all settings filled in.
#[derive(Clone, Debug)]
pub struct TaskSpec<T> {
    /// `benchmark/task`.
    pub name: String,
    /// Its kind, and what it asks.
    pub kind: T,
    /// What every task says.
    pub settings: Settings,
    /// What it reports, of all its items: a sample may leave out a whole part.
    pub reports: Vec<Reported>,
    /// The models that this way of the task is for; all of them where none are named.
    pub models: Option<Vec<String>>,
    /// Where its name stands.
    pub at: Place,
}

impl<T: Kinds> Suite<T> {
    /// Everything that the specs say, with every default filled in: what results are kept with.
    pub fn resolved(&self) -> serde_json::Value {
        serde_json::json!({
            "suite": self.name,
            "title": self.title,
            "description": self.description,
            "models": self.models,
            "tasks": self.tasks.iter().map(TaskSpec::resolved).collect::<Vec<_>>(),
            "compare": self.compare,
            "expect": self.expect,
        })
    }

    /// The tasks that a model runs, and those that it skips by its own word.
    pub fn tasks_of(&self, model: &Model) -> (Vec<&TaskSpec<T>>, Vec<&TaskSpec<T>>) {
        let mine = self.tasks.iter().filter(|task| {
            task.models.as_ref().is_none_or(|models| models.iter().any(|name| *name == *model.id))
        });
        mine.partition(|task| {
            !model
                .skip
                .iter()
                .any(|skip| skip.as_str() == task.kind.name() || glob::names_task(skip, &task.name))
        })
    }
}

impl<T: Kinds> TaskSpec<T> {
    /// Everything that the spec says of the task, with every default filled in.
    pub fn resolved(&self) -> serde_json::Value {
        let mut task =
            serde_json::json!({ "task": self.name, "kind": self.kind.name(), "models": self.models });
        for part in [serde_json::to_value(&self.settings), serde_json::to_value(&self.kind)] {
            let part = part.expect("names are texts and numbers finite, so a task has a JSON form");
            if let (Some(task), serde_json::Value::Object(part)) = (task.as_object_mut(), part) {
                task.extend(part);
            }
        }
        task
    }
}

/// Reads files and folders of specs into one suite.
pub fn load<T: Kinds>(paths: &[PathBuf], choices: &Choices) -> Loaded<T> {
    let mut reader = Reader::default();
    let mut shelf = Shelf::default();
    let found = shelf.open(paths, &mut reader);
    let (mut suites, mut benchmarks) = (Vec::new(), Vec::new());
    for entry in found {
        match entry.document {
            // A suite that lies in a folder of benchmarks is not meant by naming the folder.
            Document::Suite(suite) if entry.named => suites.push(suite),
            Document::Suite(_) => {}
            Document::Benchmark(benchmark) => benchmarks.push(benchmark),
        }
    }
    let suite = match suites.as_slice() {
        [] => assemble(None, &benchmarks, choices, &mut reader),
        [suite] if benchmarks.is_empty() => {
            let benchmarks = shelf.benchmarks(suite, &mut reader);
            assemble(Some(suite), &benchmarks, choices, &mut reader)
        }
        [suite, ..] => {
            let finding =
                Finding::error("file", suite.name.at, "a suite is run alone: it names its benchmarks itself");
            reader.findings.add(finding.help("name one suite, or any number of benchmarks"));
            assemble(None, &benchmarks, choices, &mut reader)
        }
    };
    Loaded {
        suite: Suite { files: reader.files, ..suite },
        findings: reader.findings,
        sources: reader.sources,
    }
}

/// Tasks of benchmarks, as a suite or the command line wants them.
pub(super) fn assemble<T: Kinds>(
    suite: Option<&document::Suite>,
    benchmarks: &[Rc<Benchmark>],
    choices: &Choices,
    reader: &mut Reader,
) -> Suite<T> {
    let models = models::gather(suite, benchmarks, choices, reader);
    let mut maker = Maker {
        suite,
        choices,
        models: &models,
        changes: change::gather::<T>(suite, &choices.set, reader),
        names: Vec::new(),
        reader,
    };
    let mut tasks = Vec::new();
    let mut seen = BTreeMap::<&str, Place>::new();
    for benchmark in benchmarks {
        if let Some(first) = seen.insert(&benchmark.name, benchmark.name.at) {
            let message = format!("two benchmarks are called `{}`", benchmark.name);
            maker
                .reader
                .findings
                .add(Finding::error("same-name", benchmark.name.at, message).also(first, "first"));
        }
        maker.benchmark(benchmark, &mut tasks);
    }
    let Maker { changes, names, reader, .. } = maker;
    changes.iter().for_each(|change| change.unused(&names, reader));
    for pattern in
        choices.only.iter().filter(|pattern| !names.iter().any(|name| glob::names_task(pattern, name)))
    {
        let node = reader.words(&format!("--only {pattern}"), "''");
        let all: Vec<&str> = names.iter().map(String::as_str).collect();
        if let Some(node) = node {
            let finding = Finding::error("no-such-task", node.at, format!("no task fits `{pattern}`"));
            reader.findings.add(finding.choices(pattern, "the tasks", &all));
        }
    }
    let mut expect = suite.map(|suite| suite.file.expect.clone()).unwrap_or_default();
    let own = tasks.iter_mut().flat_map(|task| &mut task.settings.expect);
    own.chain(&mut expect).for_each(|expectation| expectation.settle(&names));
    super::verify::expectations(&tasks, &expect, &names, &models, choices, reader);
    let only = match benchmarks {
        [only] if suite.is_none() => Some(only),
        _ => None,
    };
    Suite {
        name: suite.map_or_else(|| joined(benchmarks), |suite| suite.name.to_string()),
        title: suite.and_then(|s| s.file.title.clone()).or_else(|| only.and_then(|b| b.file.title.clone())),
        description: suite
            .and_then(|s| s.file.description.clone())
            .or_else(|| only.and_then(|b| b.file.description.clone())),
        models,
        tasks,
        compare: suite.and_then(|s| s.file.compare.clone()),
        expect,
        files: Vec::new(),
    }
}

/// A name for benchmarks that were given one by one.
fn joined(benchmarks: &[Rc<Benchmark>]) -> String {
    match benchmarks {
        [] => "nothing".to_owned(),
        [only] => only.name.to_string(),
        [first, others @ ..] => format!("{}-and-{}-more", first.name, others.len()),
    }
}

/// Makes tasks.
struct Maker<'a> {
    suite: Option<&'a document::Suite>,
    choices: &'a Choices,
    models: &'a [Model],
    changes: Vec<Change>,
    /// Of all tasks, also those that are not chosen.
    names: Vec<String>,
    reader: &'a mut Reader,
}

impl Maker<'_> {
    fn benchmark<T: Kinds>(&mut self, benchmark: &Benchmark, tasks: &mut Vec<TaskSpec<T>>) {
        let mut seen = BTreeMap::<String, Place>::new();
        for node in benchmark.file.tasks.iter() {
            let Some((kind, name)) = self.heading::<T>(node) else { continue };
            if let Some(first) = seen.insert(name.to_string(), name.at) {
                let finding = Finding::error("same-name", name.at, format!("two tasks are called `{name}`"));
                self.reader.findings.add(finding.label("again").also(first, "first"));
                continue;
            }
            let full = format!("{}/{name}", benchmark.name);
            self.reader.findings.scope(full.clone());
            self.names.push(full.clone());
            let keys = T::keys(&kind);
            // Also of tasks that are not chosen: a change that speaks of one of them is no mistake.
            let fitting: Vec<usize> =
                (0..self.changes.len()).filter(|index| self.changes[*index].fits(&full, &keys)).collect();
            let only = &self.choices.only;
            if only.is_empty() || only.iter().any(|pattern| glob::names_task(pattern, &full)) {
                self.ways(benchmark, node, (&kind, &name, &full), fitting, tasks);
            }
        }
    }

    /// The kind and name of a task.
    fn heading<T: Kinds>(&mut self, node: &Node) -> Option<(Text, Text)> {
        let first = Fields::of(node).and_then(|mut fields| fields.first());
        let Some((kind, name)) = first else {
            return self.reader.expected(node, "a task such as `cloze: capitals`");
        };
        if T::NAMES.contains(&kind.as_str()) {
            return document::name(name, "a task", self.reader).map(|name| (kind.clone(), name));
        }
        let later = T::NAMES.iter().find(|name| node.get(name).is_some());
        let finding = match later {
            Some(later) => Finding::error(
                "unknown-kind",
                kind.at,
                format!("a task begins with its kind, not with `{kind}`"),
            )
            .help(format!("put `{later}: …` first")),
            None => Finding::error("unknown-kind", kind.at, format!("`{kind}` is not a kind of task"))
                .choices(kind, "the kinds", T::NAMES),
        };
        self.reader.tell(finding)
    }

    /// One task, once for each way in which models are to run it.
    fn ways<T: Kinds>(
        &mut self,
        benchmark: &Benchmark,
        node: &Node,
        heading: (&Text, &Text, &str),
        fitting: Vec<usize>,
        tasks: &mut Vec<TaskSpec<T>>,
    ) {
        let mut ways = BTreeMap::<Vec<usize>, Vec<String>>::new();
        let depends = fitting.iter().any(|index| !self.changes[*index].models.is_empty());
        if depends {
            for model in self.models {
                let mine = fitting.iter().copied().filter(|index| self.changes[*index].fits_model(&model.id));
                ways.entry(mine.collect()).or_default().push(model.id.to_string());
            }
        }
        if ways.len() <= 1 {
            let way = ways.into_keys().next().unwrap_or_else(|| {
                fitting.into_iter().filter(|index| self.changes[*index].models.is_empty()).collect()
            });
            tasks.extend(self.task(benchmark, node, heading, (&way, None)));
            return;
        }
        for (way, models) in ways {
            tasks.extend(self.task(benchmark, node, heading, (&way, Some(models))));
        }
    }

    fn task<T: Kinds>(
        &mut self,
        benchmark: &Benchmark,
        node: &Node,
        (kind, name, full): (&Text, &Text, &str),
        (changes, models): (&[usize], Option<Vec<String>>),
    ) -> Option<TaskSpec<T>> {
        let mark = self.reader.findings.len();
        let mut over = inherited(node, benchmark, self.suite);
        changes.iter().for_each(|index| self.changes[*index].apply(node, &mut over));
        let mut fields = Fields::of(node)?;
        fields.take(kind);
        fields.cover(&over);
        let settings = Settings::take(&mut fields, self.reader);
        let mut read = T::take(kind, &mut fields, self.reader);
        let mut known = T::keys(kind);
        known.extend(Settings::names());
        fields.finish(&known, self.reader);
        if settings.is_some() {
            lint_written(node, &self.reader.sources, &mut self.reader.findings);
        }
        let mut reports = Vec::new();
        if let (Some(read), Some(settings)) = (&mut read, &settings) {
            let Reader { findings, sources, .. } = &mut *self.reader;
            let mut linter = Linter::new(findings, sources, name.at, settings);
            read.kind().lint(&mut linter);
            reports = read.kind().metrics();
            let sample = self.choices.sample;
            read.kind_mut().select(&Draw { limit: settings.limit, sample, seed: settings.seed, name: full });
            read.kind().lint_selection(&mut linter);
            // What depends on how many items there are.
            let further: Vec<Reported> =
                read.kind().metrics().into_iter().filter(|one| !reports.contains(one)).collect();
            reports.extend(further);
        }
        let allowed: Vec<&str> =
            settings.iter().flat_map(|settings| &settings.allow).map(|lint| lint.word()).collect();
        self.reader.findings.allow(mark, &allowed);
        let (kind, settings) = (read?, settings?);
        Some(TaskSpec { name: full.to_owned(), kind, settings, reports, models, at: name.at })
    }
}

/// The settings that a task does not say itself, from its benchmark and suite. Of `confidence`, each key by itself.
fn inherited(task: &Node, benchmark: &Benchmark, suite: Option<&document::Suite>) -> Vec<(Text, Node)> {
    let mut over = Vec::new();
    for key in Settings::INHERITED {
        let further = [benchmark.node.get(key), suite.and_then(|suite| suite.node.get(key))];
        let mut value = task.get(key).cloned();
        for outer in further.into_iter().flatten() {
            match &mut value {
                None => value = Some(outer.clone()),
                Some(own) if key == "confidence" => own.fill(outer),
                Some(_) => {}
            }
        }
        over.extend(value.map(|value| (Text::new(key, value.at), value)));
    }
    over
}
