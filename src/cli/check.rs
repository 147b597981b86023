//! `check`: everything that is wrong with specs, and nothing run.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::PathBuf,
};

use anstyle::AnsiColor;

use super::{
    Shell,
    exit::Exit,
    model::{self, Wanted},
    prepare::Filters,
};
use crate::{
    report::{digits::grouped, quantity::many, table, text},
    spec::{
        self, Body, Counted, Findings, Kinds as _, Loaded, Severity, Sources,
        render::{self, counts},
    },
    task::{self, Task},
};

/// Check specs and the data that they name; nothing is run
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Arguments {
    /// Benchmarks (files or folders), or one suite
    #[arg(value_name = "SPEC", required = true)]
    specs: Vec<PathBuf>,
    /// Warnings are errors
    #[arg(long)]
    strict: bool,
    /// Also check what depends on how this model cuts texts into tokens; may be given several times
    #[arg(long = "model", value_name = "NAME|FOLDER")]
    models: Vec<String>,
    #[command(flatten)]
    filters: Filters,
    /// What stdout gets
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// How findings are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// With the lines that they speak of
    #[default]
    Human,
    /// An array of objects
    Json,
    /// Annotations of a pull request
    Github,
}

/// Reads the specs as `run` does, and says all there is to say.
pub(super) fn run(arguments: &Arguments, shell: &mut Shell) -> Result<Exit, Exit> {
    let mut loaded = spec::load::<Task>(&arguments.specs, &arguments.filters.choices(Vec::new()));
    for name in &arguments.models {
        let found = model::find(Wanted::named(name), shell)?;
        let tasks: Vec<_> = loaded.suite.tasks.iter().collect();
        let findings = task::lint_tokens(&tasks, found.tokenizer(), &loaded.sources);
        loaded.findings.append(findings);
    }
    let written = match arguments.format {
        Format::Human => {
            let look = shell.out.look;
            shell.out.print(&(findings(&loaded.findings, &loaded.sources, &look) + &overview(&loaded, &look)))
        }
        Format::Json => shell.out.print_data(&render::json(&loaded.findings, &loaded.sources)),
        Format::Github => shell.out.print(&render::github(&loaded.findings, &loaded.sources)),
    };
    written.map_err(|error| shell.fail(Exit::Results, format!("cannot write to stdout: {error}")))?;
    let warned = || loaded.findings.iter().any(|finding| finding.severity == Severity::Warning);
    let failed = loaded.findings.failed() || (arguments.strict && warned());
    Ok(if failed { Exit::Spec } else { Exit::Success })
}

/// What was found on the way to a run, for stderr.
pub(super) fn render(found: &Findings, sources: &Sources, shell: &Shell) -> String {
    findings(found, sources, &shell.out.err_look)
}

fn findings(found: &Findings, sources: &Sources, look: &table::Look) -> String {
    let look = render::Look {
        colour: look.colour,
        unicode: look.charset == text::Charset::Unicode,
        width: look.width,
    };
    render::human(found, sources, look)
}

/// What one file holds.
#[derive(Default)]
struct File<'a> {
    name: &'a str,
    tasks: BTreeSet<&'a str>,
    items: Counted,
    found: Found,
}

/// Errors, warnings and advice.
#[derive(Clone, Copy, Default)]
struct Found([usize; 3]);

impl Found {
    fn add(&mut self, severity: Severity, count: usize) {
        let place = match severity {
            Severity::Error => 0,
            Severity::Warning => 1,
            Severity::Advice => 2,
        };
        self.0[place] += count;
    }

    fn words(self) -> String {
        let [errors, warnings, advice] = self.0;
        counts(errors, warnings, advice)
    }
}

/// The specs in the order read, and whatever else there is something to say of.
struct Files<'a> {
    list: Vec<File<'a>>,
    places: BTreeMap<&'a str, usize>,
    /// How many of them are specs.
    specs: usize,
}

impl<'a> Files<'a> {
    fn of(loaded: &'a Loaded<Task>) -> Self {
        let mut files = Self { list: Vec::new(), places: BTreeMap::new(), specs: 0 };
        for source in loaded.sources.iter().filter(|source| matches!(source.body, Body::Text(_))) {
            files.at(&source.name);
        }
        files.specs = files.list.len();
        let name = |source| loaded.sources.get(source).name.as_str();
        for task in &loaded.suite.tasks {
            let file = files.at(name(task.at.source));
            // A task may be there once for each model.
            if file.tasks.insert(&task.name) {
                file.items = [file.items, task.kind.kind().items()].into_iter().sum();
            }
        }
        for finding in loaded.findings.iter() {
            files.at(name(finding.at().source)).found.add(finding.severity, 1);
        }
        for more in loaded.findings.unlisted() {
            files.at(name(more.source)).found.add(more.severity, more.count);
        }
        files
    }

    fn at(&mut self, name: &'a str) -> &mut File<'a> {
        let index = *self.places.entry(name).or_insert_with(|| {
            self.list.push(File { name, ..File::default() });
            self.list.len() - 1
        });
        &mut self.list[index]
    }
}

/// A line for each file, and one for all.
fn overview(loaded: &Loaded<Task>, look: &table::Look) -> String {
    let files = Files::of(loaded);
    let names: Vec<_> = files.list.iter().map(|file| text::visible(file.name, look.charset)).collect();
    let longest = names.iter().map(|name| text::width(name)).max().unwrap_or_default();
    let mut lines = String::new();
    for (file, name) in files.list.iter().zip(&names) {
        let gap = " ".repeat(longest - text::width(name));
        let said = [file.found.words(), file.holds(look)];
        let said: Vec<_> = said.into_iter().filter(|words| !words.is_empty()).collect();
        let line = match said.as_slice() {
            // A suite, or a benchmark that what is wrong elsewhere leaves without tasks.
            [] => name.to_string(),
            said => {
                let said = said.join(look.charset.pick(" · ", " | "));
                format!("{name}{gap}  {} {said}", mark(file.found, look))
            }
        };
        writeln!(lines, "{line}").expect("a string grows");
    }
    lines + "\n" + &total(loaded, look)
}

impl File<'_> {
    /// `2 tasks · 60 items`; nothing of a suite or a file that was not read.
    fn holds(&self, look: &table::Look) -> String {
        if self.tasks.is_empty() {
            return String::new();
        }
        let Counted { taken, available, unread } = self.items;
        let items = if taken == available {
            many(taken, "item")
        } else {
            format!("{} of {}", grouped(taken), many(available, "item"))
        };
        let elsewhere = if unread > 0 { ", and what is on the Hub" } else { "" };
        format!("{}{}{items}{elsewhere}", many(self.tasks.len(), "task"), look.charset.pick(" · ", " | "))
    }
}

/// One line on everything.
fn total(loaded: &Loaded<Task>, look: &table::Look) -> String {
    let files = Files::of(loaded);
    let mut found = Found::default();
    for file in &files.list {
        found.0.iter_mut().zip(file.found.0).for_each(|(sum, count)| *sum += count);
    }
    let read = many(files.specs, "file");
    let said = match found.words() {
        words if words.is_empty() => format!("{read}, nothing to find fault with"),
        words => format!("{words} in {read}"),
    };
    format!("{} {said}\n", mark(found, look))
}

fn mark(found: Found, look: &table::Look) -> String {
    let (sign, plain, color) = match found.0 {
        [0, 0, _] => ("✓", "ok", AnsiColor::Green),
        [0, ..] => ("⚠", "!", AnsiColor::Yellow),
        _ => ("✗", "x", AnsiColor::Red),
    };
    let sign = look.charset.pick(sign, plain);
    let style = color.on_default().bold();
    if look.colour { format!("{style}{sign}{style:#}") } else { sign.to_owned() }
}
