//! Plain lines, for logs and pipes.

use std::{io::Write, time::Duration};

use super::{
    Clock, Event, Listener,
    pace::{Pace, Sample, left, percent},
};
use crate::report::{
    quantity::{self, many},
    text::{self, Charset},
};

/// How far things are is said at each tenth, but at most this often.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// One fact a line, for logs.
pub struct Plain<W> {
    out: W,
    charset: Charset,
    clock: Clock,
    loading_since: Duration,
    started: Duration,
    beat: Duration,
    tenths: usize,
    pace: Pace,
}

impl<W: Write + Send> Plain<W> {
    /// Lines into a log.
    pub fn new(out: W, charset: Charset, clock: Clock) -> Self {
        let zero = Duration::ZERO;
        Self {
            out,
            charset,
            clock,
            loading_since: zero,
            started: zero,
            beat: zero,
            tenths: 0,
            pace: Pace::default(),
        }
    }

    fn say(&mut self, line: &str) {
        // A log that cannot be written cannot be told so.
        let _ = writeln!(self.out, "{}", text::words(line, self.charset));
    }

    /// Whether a line is due: a tenth more is done, and the last line is long enough ago.
    fn is_due(&mut self, done: u64, total: u64) -> bool {
        let now = (self.clock)();
        let tenths = (10 * done).checked_div(total).unwrap_or(0) as usize;
        let due = tenths > self.tenths && tenths < 10 && now.saturating_sub(self.beat) >= HEARTBEAT;
        if due {
            (self.tenths, self.beat) = (tenths, now);
        }
        due
    }
}

impl<W: Write + Send> Listener for Plain<W> {
    fn hear(&mut self, event: &Event<'_>) {
        let now = (self.clock)();
        match *event {
            Event::Loading { name, bytes } => {
                self.loading_since = now;
                self.say(&format!("loading {name} ({})", quantity::bytes(bytes)));
            }
            Event::Loaded { name, .. } => {
                let time = quantity::duration(now.saturating_sub(self.loading_since));
                self.say(&format!("loaded {name} in {time}"));
            }
            Event::Downloading { file, done, total } => {
                if done == 0 {
                    (self.tenths, self.beat) = (0, now);
                    let size = total.map_or(String::new(), |total| format!(" ({})", quantity::bytes(total)));
                    self.say(&format!("getting {file}{size}"));
                } else if let Some(total) = total.filter(|total| self.is_due(done, *total)) {
                    let (done, total) = (quantity::bytes(done), quantity::bytes(total));
                    self.say(&format!("getting {file}: {done} of {total}"));
                }
            }
            Event::Downloaded { file, bytes } => {
                self.say(&format!("got {file} ({})", quantity::bytes(bytes)));
            }
            Event::Planned { tasks, items, requests } => {
                (self.started, self.beat, self.tenths) = (now, now, 0);
                self.pace = Pace::starting(now);
                let plan = [many(tasks, "task"), many(items, "item"), many(requests, "request")].join(", ");
                self.say(&format!("plan: {plan}"));
            }
            Event::Answered { done, total, tokens } => {
                let pace = self.pace.measure(Sample { at: now, done, tokens });
                if self.is_due(done as u64, total as u64) {
                    let elapsed = quantity::duration(now.saturating_sub(self.started));
                    let left = left(done, total, pace)
                        .map_or(String::new(), |left| format!(", {} left", quantity::duration(left)));
                    let percent = percent(done, total);
                    self.say(&format!("progress {done}/{total} ({percent}%) after {elapsed}{left}"));
                }
            }
            Event::TaskDone { name, line } => self.say(&format!("done {name} {line}")),
            Event::Interrupted => {
                self.say("stopping after the requests in flight; press Ctrl-C again to stop now");
            }
            Event::Warning(line) => self.say(&format!("warning: {line}")),
            Event::Finished => {}
        }
    }
}
