//! How long work is shown on stderr: bars on a terminal, plain lines elsewhere. The work tells what happens and knows
//! neither.

mod bars;
mod pace;
mod plain;

use std::time::{Duration, Instant};

use indicatif::ProgressDrawTarget;

use crate::report::table::Look;

pub use bars::Bars;
pub use plain::Plain;

/// Bars are drawn anew at most this often.
const REDRAWS_PER_SECOND: u8 = 10;

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event<'a> {
    /// A model is being opened.
    Loading {
        /// Name and revision.
        name: &'a str,
        /// Size of its files.
        bytes: u64,
    },
    /// It is open.
    Loaded {
        /// Name and revision.
        name: &'a str,
        /// Size of its files.
        bytes: u64,
    },
    /// A file is on its way.
    Downloading {
        /// Its name.
        file: &'a str,
        /// Bytes that have come.
        done: u64,
        /// Bytes that it has, where the server says so.
        total: Option<u64>,
    },
    /// It is here.
    Downloaded {
        /// Its name.
        file: &'a str,
        /// Its size.
        bytes: u64,
    },
    /// What will be asked is known.
    Planned {
        /// How many tasks.
        tasks: usize,
        /// How many items.
        items: usize,
        /// How many different requests.
        requests: usize,
    },
    /// Requests are answered.
    Answered {
        /// Of this run, those from the journal included.
        done: usize,
        /// Of the plan.
        total: usize,
        /// Tokens read and written so far by this process.
        tokens: u64,
    },
    /// A task is finished.
    TaskDone {
        /// Its name.
        name: &'a str,
        /// Its headline, with the interval.
        line: &'a str,
    },
    /// The user wants it to stop.
    Interrupted,
    /// Something to know.
    Warning(&'a str),
    /// No more will come.
    Finished,
}

/// Hears what happens, from one thread at a time.
pub trait Listener: Send {
    /// Takes one event.
    fn hear(&mut self, event: &Event<'_>);
}

/// What is shown while working.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Progress {
    /// Bars on a terminal, else plain lines
    #[default]
    Auto,
    /// Bars
    Bar,
    /// One line a fact
    Plain,
    /// Nothing
    None,
}

/// The listener for a choice of `--progress`; `quiet` is how often `-q` was given.
pub fn listener(progress: Progress, quiet: u8, look: Look, is_terminal: bool) -> Box<dyn Listener> {
    let target = ProgressDrawTarget::stderr_with_hz(REDRAWS_PER_SECOND);
    match progress {
        _ if quiet > 0 => Box::new(Silent),
        Progress::None => Box::new(Silent),
        Progress::Auto if !is_terminal => Box::new(Plain::new(std::io::stderr(), look.charset, clock())),
        // Hidden bars would swallow the lines between them too.
        Progress::Auto | Progress::Bar if !target.is_hidden() => Box::new(Bars::new(target, look, clock())),
        _ => Box::new(Plain::new(std::io::stderr(), look.charset, clock())),
    }
}

/// The time since something.
pub type Clock = Box<dyn Fn() -> Duration + Send>;

fn clock() -> Clock {
    let start = Instant::now();
    Box::new(move || start.elapsed())
}

/// Says nothing.
struct Silent;

impl Listener for Silent {
    fn hear(&mut self, _: &Event<'_>) {}
}
