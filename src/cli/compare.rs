//! `compare`: saved runs side by side.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use super::{Shell, derive, exit::Exit, provenance};
use crate::{
    compare::{Comparison, Correction, Design, FailOn, Margins, Options, Refusal, Scope},
    metric::saved,
    record::{
        Record,
        folder::{self, StoreError, write_whole},
    },
    report::{
        Format,
        compare::{self as shown, Around, Compared},
        compare_json::CompareFile,
        comparisons_csv, figures, html,
        quantity::many,
        show,
    },
    spec,
    value::{Digest, Level},
};

/// Compare runs: what is better at what, by how much, and whether it is luck
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  yardstick compare 7f3a9c 1d02aa                             the second with the first
  yardstick compare a.run b.run c.run --all-pairs             each with each
  yardstick compare old new --fail-on regression              code 5 where the new one is shown to be worse
  yardstick compare old new --margin 0.02 --fail-on not-equivalent
  yardstick compare old new --format md >> \"$GITHUB_STEP_SUMMARY\"")]
pub(super) struct Arguments {
    /// Two runs or more: folders, ids, or `latest`; the first is the one that the others are compared with
    #[arg(value_name = "RUN", required = true, num_args = 1..)]
    runs: Vec<String>,
    /// Compare all others with this run: one of those named, by its letter or as it is named, or a further one
    #[arg(long, value_name = "RUN", conflicts_with = "all_pairs")]
    baseline: Option<String>,
    /// Compare each with each; the correction allows for all of these tests
    #[arg(long)]
    all_pairs: bool,
    /// How the p values allow for each other
    #[arg(long, value_enum, default_value_t)]
    correction: Correction,
    /// How often intervals hold the truth; a verdict may be wrong in what is left
    #[arg(long, value_name = "SHARE", value_parser = level, default_value_t = Level::DEFAULT.get())]
    level: f64,
    /// A difference that is too small to matter: `0.02`, or of one metric `perplexity=0.05` (of a ratio, as a share of
    /// it); may be given several times
    #[arg(long, value_name = "SIZE|METRIC=SIZE")]
    margin: Vec<String>,
    /// Only these numbers, in the summary of a run or not; `all` for everything; may be given several times
    #[arg(long, value_name = "NAME")]
    metric: Vec<String>,
    /// Only tasks whose name fits, such as `cloze/*`; may be given several times
    #[arg(long, value_name = "PATTERN")]
    task: Vec<String>,
    /// End with code 5 where a comparison comes to this
    #[arg(long, value_enum, value_name = "WHAT")]
    fail_on: Option<FailOn>,
    /// Where run folders are, and where that of the comparison is made
    #[arg(long, value_name = "FOLDER", default_value = "results")]
    out: PathBuf,
    /// Write no files
    #[arg(long)]
    no_save: bool,
    /// Write the figures as SVG files, for papers, into this folder
    #[arg(long, value_name = "FOLDER")]
    figures: Option<PathBuf>,
    /// What stdout gets
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(arguments: &Arguments, shell: &mut Shell) -> Result<Exit, Exit> {
    let margins = arguments.margins().map_err(|error| shell.fail(Exit::Usage, error))?;
    let (names, folders, base) = arguments.folders().map_err(|error| shell.fail(Exit::Results, error))?;
    let mut records: Vec<Record> = folders
        .iter()
        .map(|folder| saved::read(folder, !arguments.no_save))
        .collect::<Result<_, _>>()
        .map_err(|error| shell.fail(Exit::Results, error))?;
    let has_margin =
        records.iter().flat_map(|record| &record.tasks).any(|task| task.settings.margin.is_some());
    if arguments.fail_on == Some(FailOn::NotEquivalent) && arguments.margin.is_empty() && !has_margin {
        let message = "--fail-on not-equivalent needs a margin, by --margin or in the specs: there is no equivalence without one";
        return Err(shell.fail(Exit::Usage, message));
    }
    arguments.narrow(&mut records).map_err(|error| shell.fail(Exit::Nothing, error))?;
    let options = Options {
        design: if arguments.all_pairs { Design::AllPairs } else { Design::Baseline(base) },
        scope: if arguments.metric.is_empty() { Scope::Headline } else { Scope::Everything },
        correction: arguments.correction,
        level: Level::new(arguments.level).map_err(|error| shell.fail(Exit::Usage, error))?,
        margins,
        ..Options::default()
    };
    let place = (!arguments.no_save).then_some(arguments.out.as_path());
    let show = show_command(&names, &arguments.out);
    let comparison = compared(&records, &options, show, place, arguments.format, shell)?;
    if let Some(folder) = &arguments.figures {
        let figures = figures::of_comparison(&comparison);
        derive::write_figures(folder, &figures).map_err(|error| shell.fail(Exit::Results, error))?;
        shell.say(&format!("{} in {}", many(figures.len(), "figure"), folder.display()));
    }
    Ok(arguments.gate(&comparison, shell))
}

/// Compares runs, keeps what is found in a folder of `place`, and shows it. `show` is the command that shows their items.
pub(super) fn compared(
    records: &[Record],
    options: &Options,
    show: String,
    place: Option<&Path>,
    format: Format,
    shell: &mut Shell,
) -> Result<Comparison, Exit> {
    let comparison = Comparison::new(records, options).map_err(|refusal| {
        let exit = match refusal {
            Refusal::NothingShared(_) => Exit::Incomparable,
            _ => Exit::Usage,
        };
        shell.fail(exit, refusal)
    })?;
    let (entries, _) = show::shared(records);
    let only_right = (0..records.len()).map(|side| show::only_right(&entries, side)).collect();
    let mut around = Around { show, only_right, folder: None };
    if let Some(results) = place {
        let folder =
            save(results, &comparison, records, &around).map_err(|error| shell.fail(Exit::Results, error))?;
        around.folder = Some(folder.display().to_string());
    }
    let text = match format {
        Format::Human => Compared::new(&comparison, &around).terminal(&shell.out.look),
        Format::Md => Compared::new(&comparison, &around).markdown(),
        Format::Latex => shown::latex(&comparison),
        Format::Csv => {
            let mut bytes = Vec::new();
            comparisons_csv::write(&mut bytes, &comparison)
                .map_err(|error| shell.fail(Exit::Internal, error))?;
            String::from_utf8_lossy(&bytes).into_owned()
        }
        Format::Json => json(&comparison),
    };
    shell.print(&text, format)?;
    Ok(comparison)
}

impl Arguments {
    /// The runs as they are named, where they lie, and which of them is the baseline.
    fn folders(&self) -> Result<(Vec<String>, Vec<PathBuf>, usize), StoreError> {
        let mut names = self.runs.clone();
        let mut folders: Vec<PathBuf> =
            names.iter().map(|name| folder::find(&self.out, name)).collect::<Result<_, _>>()?;
        let Some(baseline) = &self.baseline else { return Ok((names, folders, 0)) };
        if let Some(side) = (0..folders.len()).find(|side| show::letter(*side) == *baseline) {
            return Ok((names, folders, side));
        }
        let found = folder::find(&self.out, baseline)?;
        if let Some(side) = folders.iter().position(|folder| *folder == found) {
            return Ok((names, folders, side));
        }
        names.insert(0, baseline.clone());
        folders.insert(0, found);
        Ok((names, folders, 0))
    }

    fn margins(&self) -> Result<Margins, String> {
        let number = |text: &str| {
            text.parse::<f64>()
                .map_err(|_| format!("--margin takes a number or `metric=number`, not `{text}`"))
        };
        let (mut general, mut by_metric) = (None, BTreeMap::new());
        for margin in &self.margin {
            match margin.rsplit_once('=') {
                Some((metric, size)) => drop(by_metric.insert(metric.to_owned(), number(size)?)),
                None => general = Some(number(margin)?),
            }
        }
        Ok(Margins { general, by_metric })
    }

    /// Leaves the tasks and numbers that are asked for.
    fn narrow(&self, records: &mut [Record]) -> Result<(), String> {
        let mut known: Vec<String> = Vec::new();
        for task in records.iter_mut().flat_map(|record| &mut record.tasks) {
            known.extend(task.metrics.iter().map(|metric| metric.name.clone()));
            if self.metric.is_empty() || self.metric.iter().any(|name| name == "all") {
                continue;
            }
            let kept = |name: &str| self.metric.iter().any(|wanted| wanted == name);
            task.metrics.retain(|metric| kept(&metric.name));
            task.measures.retain(|measure| kept(&measure.metric));
        }
        if !self.task.is_empty() {
            for record in records.iter_mut() {
                record
                    .tasks
                    .retain(|task| self.task.iter().any(|pattern| spec::names_task(pattern, &task.name)));
            }
        }
        if records.iter().all(|record| record.tasks.is_empty()) {
            return Err(format!("no task fits --task {}", self.task.join(" --task ")));
        }
        known.sort();
        known.dedup();
        match self.metric.iter().find(|name| *name != "all" && !known.contains(name)) {
            Some(name) => Err(format!("no number is called `{name}`; there are {}", known.join(", "))),
            None => Ok(()),
        }
    }

    /// Whether the comparison comes to what was to end with code 5, and of which numbers.
    fn gate(&self, comparison: &Comparison, shell: &mut Shell) -> Exit {
        let Some(on) = self.fail_on else { return Exit::Success };
        let failing = comparison.failing(on);
        let mut exit = Exit::Success;
        for (subject, pair) in failing {
            exit = shell.fail(Exit::Expectation, format!("{}: {}", subject.name(), pair.verdict.words));
        }
        exit
    }
}

/// How the items of these runs are looked at.
pub(super) fn show_command(names: &[String], results: &Path) -> String {
    let mut command = vec!["yardstick show".to_owned()];
    command.extend_from_slice(names);
    if results != Path::new("results") {
        command.extend(["--out".to_owned(), results.display().to_string()]);
    }
    command.join(" ")
}

/// Writes the files of a comparison into a folder of their own.
fn save(
    results: &Path,
    comparison: &Comparison,
    records: &[Record],
    around: &Around,
) -> Result<PathBuf, StoreError> {
    let json = json(comparison);
    let stamp = provenance::stamp(provenance::now());
    let folder = folder::create(results, &format!("compare-{stamp}-{}", Digest::of(&json).short(6)))?;
    let write =
        |name: &str, text: &str| write_whole(&folder.join(name), |out| out.write_all(text.as_bytes()));
    write_whole(&folder.join("comparisons.csv"), |out| {
        comparisons_csv::write(out, comparison).map_err(io::Error::from)
    })?;
    write("summary.md", &Compared::new(comparison, around).markdown())?;
    write("table.tex", &shown::latex(comparison))?;
    write("report.html", &html::compare_page(comparison, records, html::LIMIT))?;
    write("compare.json", &json)?;
    Ok(folder)
}

fn json(comparison: &Comparison) -> String {
    let mut text =
        serde_json::to_string_pretty(&CompareFile::new(comparison)).expect("a comparison has a JSON form");
    text.push('\n');
    text
}

fn level(text: &str) -> Result<f64, String> {
    let level = text.parse().map_err(|_| "not a number".to_owned())?;
    Level::new(level).map(Level::get)
}
