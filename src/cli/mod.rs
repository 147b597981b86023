//! One command a file. The only place that prints, exits, and reads the clock or the environment.

mod begin;
mod cache;
mod check;
mod compare;
mod derive;
mod dry_run;
pub mod exit;
mod export;
#[cfg(test)]
mod faults;
mod import;
mod interrupt;
mod measure;
mod merge;
#[cfg_attr(
    not(feature = "local"),
    expect(
        dead_code,
        unused_variables,
        clippy::unnecessary_wraps,
        reason = "without `local` there is only the mock, which cannot fail to open"
    )
)]
mod model;
mod models;
mod next;
pub mod out;
mod pilot;
mod power;
mod prepare;
pub mod progress;
mod provenance;
mod report;
mod resume;
mod reuse;
mod run;
mod runs;
mod schema;
mod score;
mod shard;
mod show;
mod snapshot;
mod tokens;
mod verify;

use std::{
    fmt::Display,
    io::Write,
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
};

use anstyle::AnsiColor;
use clap::Parser;

use self::{exit::Exit, out::Out, progress::Listener};
use crate::report::{Format, text};

/// A declarative benchmark runner for language models
#[derive(Debug, Parser)]
#[command(name = "yardstick", version, about, after_help = exit::HELP, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// When colours are used
    #[arg(long, value_enum, default_value_t, global = true)]
    color: out::Color,
    /// Only ASCII characters; the default where the locale is not UTF-8
    #[arg(long, global = true)]
    ascii: bool,
    /// How work is shown on stderr
    #[arg(long, value_enum, default_value_t, global = true)]
    progress: progress::Progress,
    /// Less on stderr: once for results and errors only, twice for errors only
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    quiet: u8,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Run(Box<run::Arguments>),
    Check(check::Arguments),
    Schema(schema::Arguments),
    Next(next::Arguments),
    Tokens(tokens::Arguments),
    Models(models::Arguments),
    Report(report::Arguments),
    Runs(runs::Arguments),
    Compare(Box<compare::Arguments>),
    Score(score::Arguments),
    Merge(merge::Arguments),
    Show(show::Arguments),
    Power(power::Arguments),
    Import(import::Arguments),
    Export(export::Arguments),
    Cache(cache::Arguments),
}

/// The two ends of the program, and how work is shown.
struct Shell {
    out: Out,
    err: Box<dyn Write>,
    listener: Box<dyn Listener>,
    quiet: u8,
}

/// The program.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers, not errors; a reader that has gone is none either.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Success }.into();
        }
    };
    std::panic::set_hook(Box::new(|panic| {
        let _ =
            writeln!(std::io::stderr(), "error: a fault of the program itself, please report it: {panic}");
    }));
    catch_unwind(AssertUnwindSafe(|| cli.run())).unwrap_or(Exit::Internal).into()
}

impl Cli {
    fn run(self) -> Exit {
        let out = Out::new(&out::Environment::read(), self.color, self.ascii);
        let listener = progress::listener(self.progress, self.quiet, out.err_look, out.err_is_terminal);
        let err = Box::new(std::io::stderr());
        let mut shell = Shell { out, err, listener, quiet: self.quiet };
        if let Err(message) = model::check_environment() {
            return shell.fail(Exit::Usage, message);
        }
        self.command.run(&mut shell)
    }
}

impl Command {
    fn run(self, shell: &mut Shell) -> Exit {
        let ended = match self {
            Command::Run(arguments) => run::run(&arguments, shell),
            Command::Check(arguments) => check::run(&arguments, shell),
            Command::Schema(arguments) => schema::run(&arguments, shell),
            Command::Next(arguments) => next::run(&arguments, shell),
            Command::Tokens(arguments) => tokens::run(&arguments, shell),
            Command::Models(arguments) => models::run(&arguments, shell),
            Command::Report(arguments) => report::run(&arguments, shell),
            Command::Runs(arguments) => runs::run(&arguments, shell),
            Command::Show(arguments) => show::run(&arguments, shell),
            Command::Score(arguments) => score::run(&arguments, shell),
            Command::Merge(arguments) => merge::run(&arguments, shell),
            Command::Compare(arguments) => compare::run(&arguments, shell),
            Command::Power(arguments) => power::run(&arguments, shell),
            Command::Import(arguments) => import::run(&arguments, shell),
            Command::Export(arguments) => export::run(&arguments, shell),
            Command::Cache(arguments) => cache::run(&arguments, shell),
        };
        let (Ok(exit) | Err(exit)) = ended;
        match shell.out.flush() {
            Ok(()) => exit,
            Err(error) => shell.fail(exit.worse(Exit::Results), format!("cannot write to stdout: {error}")),
        }
    }
}

impl Shell {
    /// Says an error and hands on how the program ends.
    fn fail(&mut self, exit: Exit, message: impl Display) -> Exit {
        self.listener.hear(&progress::Event::Finished);
        let (mut before, mut after) = (String::new(), String::new());
        if self.out.err_look.colour {
            let style = AnsiColor::Red.on_default().bold();
            (before, after) = (style.to_string(), format!("{style:#}"));
        }
        // It may quote a model's files or a server: nothing of that may drive the terminal.
        let message = message.to_string();
        let lines = message.lines().map(|line| text::words(line, self.out.err_look.charset));
        let message = lines.collect::<Vec<_>>().join("\n");
        self.say(&format!("{before}error{after}: {message}"));
        exit
    }

    /// A line on stderr.
    fn say(&mut self, line: &str) {
        // Nothing can be done where stderr is gone.
        let _ = writeln!(self.err, "{line}");
    }

    /// A piece of the result on stdout: a view for people as it is, data made safe where it meets a terminal.
    fn print(&mut self, text: &str, format: Format) -> Result<Exit, Exit> {
        let written = if format == Format::Human { self.out.print(text) } else { self.out.print_data(text) };
        written
            .map(|()| Exit::Success)
            .map_err(|error| self.fail(Exit::Results, format!("cannot write to stdout: {error}")))
    }
}
