//! Bars at the bottom of a terminal.

use std::time::Duration;

use anstyle::AnsiColor;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{
    Clock, Event, Listener, REDRAWS_PER_SECOND,
    pace::{Pace, Sample, left, percent},
};
use crate::report::{
    digits::{Digits, grouped},
    quantity::{self, many},
    table::Look,
    text,
};

/// Bars at the bottom of the terminal, with lines for what is finished above them.
pub struct Bars {
    multi: MultiProgress,
    look: Look,
    clock: Clock,
    /// The bar of what goes on, such as a download or the whole run.
    current: Option<(String, ProgressBar)>,
    loading_since: Duration,
    drawn: Option<Duration>,
    pace: Pace,
}

impl Bars {
    /// Bars of a look on a target.
    pub fn new(target: ProgressDrawTarget, look: Look, clock: Clock) -> Self {
        Self {
            multi: MultiProgress::with_draw_target(target),
            look,
            clock,
            current: None,
            loading_since: Duration::ZERO,
            drawn: None,
            pace: Pace::default(),
        }
    }

    /// The bar for something, in the place of the one for anything else.
    fn bar(&mut self, name: &str, template: &str) -> &ProgressBar {
        if self.current.as_ref().is_none_or(|(shown, _)| shown != name) {
            self.clear();
            let (full, chars) = self.look.charset.pick(("█", "▉▊▋▌▍▎▏ "), ("#", " "));
            let style = ProgressStyle::with_template(template)
                .expect("our templates are well-formed")
                .progress_chars(&format!("{full}{chars}"));
            let bar = self.multi.add(ProgressBar::new(0).with_style(style));
            self.current = Some((name.to_owned(), bar));
        }
        &self.current.as_ref().expect("it was just put there").1
    }

    fn clear(&mut self) {
        if let Some((_, bar)) = self.current.take() {
            bar.finish_and_clear();
            self.multi.remove(&bar);
        }
    }

    /// A line that stays, with what it is about in front.
    fn say(&self, about: &str, line: &str) {
        let line = text::words(line, self.look.charset);
        let mut shown = format!("{about:>9} ");
        if self.look.colour {
            let style = AnsiColor::Green.on_default().bold();
            shown = format!("{style}{shown}{style:#}");
        }
        shown.push_str(&line);
        // A terminal that is gone cannot be told so.
        let _ = self.multi.println(shown);
    }

    /// Whether it is time to draw again: never more often than anyone can see.
    fn is_due(&mut self, done: bool) -> bool {
        let now = (self.clock)();
        let due = done
            || self.drawn.is_none_or(|drawn| {
                now.saturating_sub(drawn) >= Duration::from_secs(1) / u32::from(REDRAWS_PER_SECOND)
            });
        if due {
            self.drawn = Some(now);
        }
        due
    }
}

impl Listener for Bars {
    fn hear(&mut self, event: &Event<'_>) {
        match *event {
            Event::Loading { name, bytes } => {
                self.loading_since = (self.clock)();
                let line = format!("{}  {}", text::words(name, self.look.charset), quantity::bytes(bytes));
                let bar = self.bar("loading", "  Loading {msg}");
                bar.set_message(line);
                bar.tick();
            }
            Event::Loaded { name, bytes } => {
                self.clear();
                let time = quantity::duration((self.clock)().saturating_sub(self.loading_since));
                self.say("Loading", &format!("{name}  {}  {time}", quantity::bytes(bytes)));
            }
            Event::Downloading { file, done, total } => {
                if self.is_due(total == Some(done)) {
                    let message = match total {
                        Some(total) => format!("{} of {}", quantity::bytes(done), quantity::bytes(total)),
                        None => quantity::bytes(done),
                    };
                    let name =
                        text::clip_middle(&text::words(file, self.look.charset), 24, self.look.charset)
                            .into_owned();
                    let bar = self.bar(file, "  Getting {prefix} [{wide_bar}] {msg}");
                    bar.set_prefix(name);
                    bar.set_length(total.unwrap_or(0));
                    bar.set_message(message);
                    bar.set_position(done);
                }
            }
            Event::Downloaded { file, bytes } => {
                self.clear();
                self.say("Getting", &format!("{file}  {}", quantity::bytes(bytes)));
            }
            Event::Planned { tasks, items, requests } => {
                let plan = [many(tasks, "task"), many(items, "item"), many(requests, "request")].join(" · ");
                self.say("Plan", &plan);
                self.pace = Pace::starting((self.clock)());
            }
            Event::Answered { done, total, tokens } => {
                if self.is_due(done == total) {
                    let pace = self.pace.measure(Sample { at: (self.clock)(), done, tokens });
                    let mut message =
                        format!("{}/{} {:>3}%", grouped(done), grouped(total), percent(done, total));
                    if let Some(left) = left(done, total, pace).filter(|_| done < total) {
                        message = format!("{message}  {} left", quantity::duration(left));
                    }
                    if let Some((_, tokens)) =
                        pace.filter(|(_, tokens)| self.look.width >= 100 && *tokens >= 1.0)
                    {
                        message = format!("{message}  {} tok/s", Digits::Grouped.show(tokens));
                    }
                    let bar = self.bar("answers", "          [{wide_bar}] {msg}");
                    bar.set_length(total as u64);
                    bar.set_message(message);
                    bar.set_position(done as u64);
                }
            }
            Event::TaskDone { name, line } => self.say("Done", &format!("{name}  {line}")),
            Event::Interrupted => {
                self.say("Stopping", "after the requests in flight; press Ctrl-C again to stop now");
            }
            Event::Warning(line) => self.say("Warning", line),
            Event::Finished => self.clear(),
        }
    }
}
