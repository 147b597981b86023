//! `power`: how many items it takes, and what so many can show. Asks no model.

use std::{fs, path::PathBuf};

use serde::Deserialize;

use super::{Shell, exit::Exit};
use crate::{
    record::folder,
    report::{
        Format,
        power::{Given, Plan, Question},
        table::Caption,
    },
    stats::power::{self, Goal, PlannedPairs},
    value::Level,
};

/// Say how many items are needed, or what so many items can show
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  yardstick power --half-width 0.05                      how closely one share is known
  yardstick power --difference 0.05 --discordant 0.2     two models or prompts on the same items
  yardstick power --difference 0.1 --sd 0.5              a mean of differences, such as margins
  yardstick power --items 120 --tests 5                  what 120 items can show
  yardstick power latest --task capitals --items 400     with what an earlier run found")]
#[command(group = clap::ArgGroup::new("given").required(true).multiple(true).args(["half_width", "difference", "items"]))]
pub(super) struct Arguments {
    /// An earlier run, whose numbers take the place of assumptions: its folder, its id, or `latest`
    #[arg(value_name = "RUN", requires = "task")]
    run: Option<String>,
    /// Which task of that run
    #[arg(long, value_name = "NAME", requires = "run")]
    task: Option<String>,
    /// Where run folders are
    #[arg(long, value_name = "FOLDER", default_value = "results")]
    out: PathBuf,
    /// How closely a share is to be known: plus or minus this
    #[arg(long, value_name = "SHARE", value_parser = half, conflicts_with_all = ["difference", "items"])]
    half_width: Option<f64>,
    /// Where that share lies, about
    #[arg(long, value_name = "SHARE", value_parser = share, default_value_t = 0.5)]
    near: f64,
    /// The difference that is to be found on the same items
    #[arg(long, value_name = "SIZE", value_parser = positive)]
    difference: Option<f64>,
    /// On which share of the items the two differ
    #[arg(long, value_name = "SHARE", value_parser = share, default_value_t = 0.2)]
    discordant: f64,
    /// The standard deviation of the differences, where they are numbers and not right or wrong
    #[arg(long, value_name = "SIZE", value_parser = positive, conflicts_with = "discordant")]
    sd: Option<f64>,
    /// How many items there are
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    items: Option<u64>,
    /// How often a difference that is there is to be found
    #[arg(long, value_name = "SHARE", value_parser = inner, default_value_t = 0.8)]
    power: f64,
    /// How often intervals are to hold the truth; a test is wrong in what is left
    #[arg(long, value_name = "SHARE", value_parser = inner, default_value_t = Level::DEFAULT.get())]
    level: f64,
    /// Among how many tests; each gets its part of what may go wrong
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..=1_000_000), default_value_t = 1)]
    tests: u32,
    /// What stdout gets
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(arguments: &Arguments, shell: &mut Shell) -> Result<Exit, Exit> {
    let level = Level::new(arguments.level).map_err(|error| shell.fail(Exit::Usage, error))?;
    let goal = Goal { alpha: (1.0 - level.get()) / f64::from(arguments.tests), power: arguments.power };
    if goal.power <= goal.alpha {
        let message =
            format!("--power {} is no more than what a test finds by chance, {}", goal.power, goal.alpha);
        return Err(shell.fail(Exit::Usage, message));
    }
    let questions = match (&arguments.run, &arguments.task) {
        (Some(run), Some(task)) => pilot(arguments, run, task, level, goal, shell)?,
        _ => assumed(arguments, level, goal),
    };
    let mut plans = Vec::new();
    for (source, question) in questions {
        let size = match question {
            // Of a difference, how closely each side is known says little.
            Question::Share { .. } if arguments.difference.is_some() => continue,
            Question::Share { .. } => arguments.half_width,
            Question::Pairs { .. } | Question::Means { .. } => arguments.difference,
        };
        let given = match (size, arguments.items) {
            (Some(size), Some(items)) => Given::Both(size, items),
            (Some(size), None) => Given::Size(size),
            (None, Some(items)) => Given::Items(items),
            (None, None) => continue,
        };
        if let (None, Question::Pairs { discordant, .. }, Some(size)) = (&source, question, size) {
            PlannedPairs::new(discordant, size).map_err(|error| {
                shell.fail(Exit::Usage, format!("{error}; --discordant gives that share"))
            })?;
        }
        plans.push(Plan { source, question, given, tests: arguments.tests });
    }
    if plans.is_empty() {
        let message =
            "the task has no numbers of that sort: --half-width takes a share, --difference a difference";
        return Err(shell.fail(Exit::Nothing, message));
    }
    let text = match arguments.format {
        Format::Human => {
            plans.iter().map(|plan| plan.terminal(&shell.out.look)).collect::<Vec<_>>().join("\n")
        }
        Format::Json => format!("{:#}\n", plans.iter().map(Plan::json).collect::<serde_json::Value>()),
        Format::Md => {
            let plan = |plan: &Plan| format!("{}\n\n{}", plan.words(), plan.curve().markdown());
            plans.iter().map(plan).collect::<Vec<_>>().join("\n")
        }
        Format::Latex => {
            let plan = |plan: &Plan| {
                let caption = Caption { words: plan.words(), label: "power".into() };
                plan.curve().latex(&caption, &|_, _| false)
            };
            plans.iter().map(plan).collect::<Vec<_>>().join("\n")
        }
        Format::Csv => {
            if let [plan] = plans.as_slice() {
                super::next::csv(&plan.points(), shell)?
            } else {
                let message =
                    "several tables do not fit one CSV file; --half-width or --difference asks for one";
                return Err(shell.fail(Exit::Usage, message));
            }
        }
    };
    shell.print(&text, arguments.format)
}

fn assumed(arguments: &Arguments, level: Level, goal: Goal) -> Vec<(Option<String>, Question)> {
    let tested = match arguments.sd {
        Some(deviation) => Question::Means { deviation, goal },
        None => Question::Pairs { discordant: arguments.discordant, goal },
    };
    vec![(None, Question::Share { near: arguments.near, level }), (None, tested)]
}

/// What of a run's numbers is looked at.
#[derive(Deserialize)]
struct Numbers {
    metrics: Vec<Number>,
}

#[derive(Deserialize)]
struct Number {
    task: String,
    group: Option<String>,
    metric: String,
    value: Option<f64>,
    std_error: Option<f64>,
    n: usize,
    clusters: Option<usize>,
    successes: Option<f64>,
    difference_from: Option<String>,
    test: Option<Tested>,
}

#[derive(Deserialize)]
struct Tested {
    discordant: Option<[u64; 2]>,
}

fn pilot(
    arguments: &Arguments,
    run: &str,
    task: &str,
    level: Level,
    goal: Goal,
    shell: &mut Shell,
) -> Result<Vec<(Option<String>, Question)>, Exit> {
    let folder = folder::find(&arguments.out, run).map_err(|error| shell.fail(Exit::Results, error))?;
    let path = folder.join(folder::RUN);
    let numbers: Numbers = fs::read_to_string(&path)
        .map_err(|error| error.to_string())
        .and_then(|text| serde_json::from_str(&text).map_err(|error| error.to_string()))
        .map_err(|error| shell.fail(Exit::Results, format!("{}: {error}", path.display())))?;
    let named = |name: &str| name == task || name.rsplit('/').next() == Some(task);
    let mut tasks: Vec<&str> = numbers.metrics.iter().map(|number| number.task.as_str()).collect();
    tasks.dedup();
    if !tasks.iter().any(|name| named(name)) {
        let message = format!("the run has no task `{task}`; it has {}", tasks.join(", "));
        return Err(shell.fail(Exit::Nothing, message));
    }
    let of_task = numbers.metrics.iter().filter(|number| named(&number.task));
    Ok(of_task.filter_map(|number| Some((Some(number.name()), number.question(level, goal)?))).collect())
}

impl Number {
    fn name(&self) -> String {
        let group = self.group.as_ref().map(|group| format!(" of {group}")).unwrap_or_default();
        let from = self.difference_from.as_ref().map(|from| format!(" minus {from}")).unwrap_or_default();
        format!("{} {}{group}{from}", self.task, self.metric)
    }

    fn question(&self, level: Level, goal: Goal) -> Option<Question> {
        if self.difference_from.is_none() {
            self.successes?;
            return Some(Question::Share { near: self.value?, level });
        }
        if let Some([first, second]) = self.test.as_ref()?.discordant {
            let discordant = power::discordant_share(first + second, self.n as u64).ok()?;
            return Some(Question::Pairs { discordant, goal });
        }
        let units = self.clusters.unwrap_or(self.n) as f64;
        Some(Question::Means { deviation: self.std_error? * units.sqrt(), goal })
    }
}

fn number(text: &str) -> Result<f64, String> {
    text.parse().map_err(|_| "not a number".to_owned())
}

fn share(text: &str) -> Result<f64, String> {
    let share = number(text)?;
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err("a share lies between 0 and 1".to_owned()) }
}

fn inner(text: &str) -> Result<f64, String> {
    let share = number(text)?;
    if share > 0.0 && share < 1.0 {
        Ok(share)
    } else {
        Err("it lies between 0 and 1, at neither end".to_owned())
    }
}

fn half(text: &str) -> Result<f64, String> {
    let half = number(text)?;
    // 10⁻⁵ takes ten thousand million items.
    if (1e-5..0.5).contains(&half) {
        Ok(half)
    } else {
        Err("a half-width lies between 0.00001 and 0.5".to_owned())
    }
}

fn positive(text: &str) -> Result<f64, String> {
    let size = number(text)?;
    if size > 0.0 && size.is_finite() { Ok(size) } else { Err("it is above 0".to_owned()) }
}
