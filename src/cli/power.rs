//! `power`: how many items it takes, and what so many can show. Asks no model.

use std::path::PathBuf;

use super::{Shell, exit::Exit, pilot};
use crate::{
    report::{
        self, Format,
        power::{Given, Plan, Question},
        table::Caption,
    },
    stats::power::{Goal, PlannedPairs},
    value::Level,
};

/// Say how many items are needed, or what so many items can show
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  yardstick power --half-width 0.05                      how closely one share is known
  yardstick power --difference 0.05 --discordant 0.2     two models or prompts on the same items
  yardstick power --difference 0.1 --sd 0.5              a mean of differences, such as margins
  yardstick power --items 120 --tests 5                  what 120 items can show
  yardstick power latest --task capitals --items 400     with what an earlier run found
  yardstick power --from 7f3a9c 1d02aa                   what two pilot runs would take, task by task")]
#[command(group = clap::ArgGroup::new("given").required(true).multiple(true).args(["half_width", "difference", "items", "from"]))]
#[command(group = clap::ArgGroup::new("pilot").args(["run", "from"]))]
pub(super) struct Arguments {
    /// An earlier run, whose numbers take the place of assumptions: its folder, its id, or `latest`
    #[arg(value_name = "RUN", requires = "task")]
    run: Option<String>,
    /// Pilot runs, task by task: of one how high its shares are, of two or more on how many items they differ and how
    /// widely; without --difference, for the difference that they show
    #[arg(long, value_name = "RUN", num_args = 1..)]
    from: Vec<String>,
    /// Which task of that run; of pilot runs, tasks whose name fits
    #[arg(long, value_name = "NAME", requires = "pilot")]
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
        (Some(run), Some(task)) => pilot::run(&arguments.out, run, task, level, goal, shell)?,
        _ if !arguments.from.is_empty() => {
            pilot::from(&arguments.out, &arguments.from, arguments.task.as_deref(), level, goal, shell)?
        }
        _ => assumed(arguments, level, goal),
    };
    // Pilot runs alone answer for what they show.
    let open = arguments.half_width.is_none() && arguments.difference.is_none() && arguments.items.is_none();
    let mut plans = Vec::new();
    for Asked { source, question, seen } in questions {
        let size = match question {
            _ if open => None,
            // Of a difference, how closely each side is known says little.
            Question::Share { .. } if arguments.difference.is_some() => continue,
            Question::Share { .. } => arguments.half_width,
            Question::Pairs { .. } | Question::Means { .. } => arguments.difference,
        };
        let given = match (size, arguments.items) {
            (Some(size), Some(items)) => Given::Both(size, items),
            (Some(size), None) => Given::Size(size),
            (None, Some(items)) => Given::Items(items),
            (None, None) => match seen.filter(|_| open) {
                Some(given) => given,
                None => continue,
            },
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
            let table = match plans.as_slice() {
                [plan] => plan.points(),
                several => report::power::points(several),
            };
            super::next::csv(&table, shell)?
        }
    };
    shell.print(&text, arguments.format)
}

/// A question, with where its numbers come from and what was seen there.
pub(super) struct Asked {
    pub(super) source: Option<String>,
    pub(super) question: Question,
    pub(super) seen: Option<Given>,
}

fn assumed(arguments: &Arguments, level: Level, goal: Goal) -> Vec<Asked> {
    let tested = match arguments.sd {
        Some(deviation) => Question::Means { deviation, goal },
        None => Question::Pairs { discordant: arguments.discordant, goal },
    };
    let share = Question::Share { near: arguments.near, level };
    [share, tested].map(|question| Asked { source: None, question, seen: None }).into()
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
