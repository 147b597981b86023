//! `show`: the items of saved runs.

use std::path::PathBuf;

use super::{Shell, exit::Exit};
use crate::{
    metric::saved,
    record::{
        Record,
        folder::{self, StoreError},
    },
    report::{
        Format,
        show::{self, Sort, Wanted, Worth},
        summary,
    },
};

/// Show items: which are right or wrong, and all that is known of one
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  yardstick show latest --wrong --sort margin         the surest mistakes first
  yardstick show latest capitals/france               all that is known of one item
  yardstick show 7f3a9c 1d02aa --only-right B         what only the second of two runs got right
  yardstick show latest --grep Paris --format csv     for scripts: every text, every digit")]
pub(super) struct Arguments {
    /// A run (its folder, its id, or `latest`), further runs of the same items, and last an item: its id, or as in
    /// `items.jsonl` `task/item/repeat`
    #[arg(value_name = "RUN|ITEM", default_value = "latest")]
    names: Vec<String>,
    /// Where run folders are
    #[arg(long, value_name = "FOLDER", default_value = "results")]
    out: PathBuf,
    /// Only tasks whose name fits, such as `cloze/*`; may be given several times
    #[arg(long, value_name = "PATTERN")]
    task: Vec<String>,
    /// Only this group
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
    /// Only what is wrong, of several runs in all of them
    #[arg(long, conflicts_with_all = ["right", "only_right"])]
    wrong: bool,
    /// Only what is right, of several runs in all of them
    #[arg(long, conflicts_with = "only_right")]
    right: bool,
    /// Only what this run alone has right: `A` for the first, `B` for the second
    #[arg(long, value_name = "LETTER")]
    only_right: Option<String>,
    /// Only items with this text in the prompt, the right answer or the output, in any letters
    #[arg(long, value_name = "TEXT")]
    grep: Option<String>,
    /// In which order
    #[arg(long, value_enum, default_value_t)]
    sort: Sort,
    /// At most so many; a terminal gets 50 where nothing is said
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// What stdout gets
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(arguments: &Arguments, shell: &mut Shell) -> Result<Exit, Exit> {
    let (folders, item) = arguments.folders().map_err(|error| shell.fail(Exit::Results, error))?;
    let read = |folder: &PathBuf| saved::read(folder, item.is_some());
    let records: Vec<Record> = folders
        .iter()
        .map(read)
        .collect::<Result<_, _>>()
        .map_err(|error| shell.fail(Exit::Results, error))?;
    let only_right = arguments.only_right(records.len()).map_err(|error| shell.fail(Exit::Usage, error))?;
    let worth = match (arguments.right, arguments.wrong) {
        (true, _) => Some(Worth::Right),
        (_, true) => Some(Worth::Wrong),
        _ => None,
    };
    let wanted = Wanted {
        tasks: &arguments.task,
        group: arguments.group.as_deref(),
        worth,
        only_right,
        text: arguments.grep.as_deref(),
        sort: arguments.sort,
    };
    let (shared, missing) = show::shared(&records);
    if missing > 0 {
        let items = crate::report::quantity::many(missing, "item");
        shell.say(&format!("{items} of the first run are not in all others with the same content: left out"));
    }
    let entries = show::select(shared, &wanted);
    let model =
        |record: &Record| summary::model(&record.run.model.name, record.run.model.revision.as_deref());
    let models: Vec<String> = records.iter().map(model).collect();
    if let Some(item) = item {
        let found = show::named(&entries, item);
        if found.is_empty() {
            let message = format!(
                "no item is named `{item}`, and no run; `yardstick show {}` lists the items",
                arguments.names[0]
            );
            return Err(shell.fail(Exit::Nothing, message));
        }
        let ids: Vec<&str> = records.iter().map(|record| record.run.run_id.as_str()).collect();
        let look = shell.out.look;
        let text = match arguments.format {
            Format::Human => {
                found.iter().map(|entry| show::item(entry, &models, &look)).collect::<Vec<_>>().join("\n")
            }
            Format::Json => {
                format!(
                    "{:#}\n",
                    found.iter().map(|entry| show::item_json(entry, &ids)).collect::<serde_json::Value>()
                )
            }
            Format::Csv => super::next::csv(&show::table(&found, records.len()), shell)?,
            Format::Md => show::table(&found, records.len()).markdown(),
            Format::Latex => show::table(&found, records.len()).plain_latex("items"),
        };
        return shell.print(&text, arguments.format);
    }
    if entries.is_empty() {
        return Err(shell.fail(Exit::Nothing, "no item is left by the filters"));
    }
    let most = arguments.limit.unwrap_or(usize::MAX).min(entries.len());
    let files = || show::table(&entries[..most], records.len());
    let text = match arguments.format {
        Format::Human => {
            show::terminal(&entries, &models, arguments.limit.unwrap_or(show::MOST), &shell.out.look)
        }
        Format::Json => format!("{:#}\n", files().json()),
        Format::Csv => super::next::csv(&files(), shell)?,
        Format::Md => files().markdown(),
        Format::Latex => files().plain_latex("items"),
    };
    shell.print(&text, arguments.format)
}

impl Arguments {
    /// The runs, and the last name where it is none: an item.
    fn folders(&self) -> Result<(Vec<PathBuf>, Option<&str>), StoreError> {
        let mut folders = Vec::new();
        for (at, name) in self.names.iter().enumerate() {
            match folder::find(&self.out, name) {
                Ok(folder) => folders.push(folder),
                Err(StoreError::NotFound { .. }) if at > 0 && at + 1 == self.names.len() => {
                    return Ok((folders, Some(name)));
                }
                Err(error) => return Err(error),
            }
        }
        Ok((folders, None))
    }

    /// The place of the run that alone is to be right.
    fn only_right(&self, runs: usize) -> Result<Option<usize>, String> {
        let Some(letter) = &self.only_right else { return Ok(None) };
        if runs < 2 {
            return Err("--only-right takes two runs or more: `yardstick show RUN RUN --only-right B`".into());
        }
        let found = (0..runs).find(|run| show::letter(*run).eq_ignore_ascii_case(letter));
        let last = show::letter(runs - 1);
        found.map(Some).ok_or_else(|| format!("--only-right takes a letter from A to {last}, not `{letter}`"))
    }
}
