//! How fast work goes, and how long the rest takes.

use std::time::Duration;

/// How fast it goes: over the last ten to twenty seconds, so that answers from a journal promise nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    older: Sample,
    newer: Sample,
}

/// How far it was at a time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sample {
    /// When.
    pub at: Duration,
    /// Requests answered by then.
    pub done: usize,
    /// Tokens read and written by then.
    pub tokens: u64,
}

impl Pace {
    const WINDOW: Duration = Duration::from_secs(10);

    pub(super) fn starting(at: Duration) -> Self {
        let sample = Sample { at, ..Sample::default() };
        Self { older: sample, newer: sample }
    }

    /// Requests and tokens in a second, once there is something to go by.
    pub(super) fn measure(&mut self, now: Sample) -> Option<(f64, f64)> {
        if now.at.saturating_sub(self.newer.at) > Self::WINDOW {
            (self.older, self.newer) = (self.newer, now);
        }
        let seconds = now.at.saturating_sub(self.older.at).as_secs_f64();
        let requests = now.done.saturating_sub(self.older.done) as f64;
        let tokens = now.tokens.saturating_sub(self.older.tokens) as f64;
        (seconds > 0.5 && requests > 0.0).then(|| (requests / seconds, tokens / seconds))
    }
}

/// The time that the rest takes at a pace.
pub(super) fn left(done: usize, total: usize, pace: Option<(f64, f64)>) -> Option<Duration> {
    let (requests, _) = pace?;
    Duration::try_from_secs_f64(total.saturating_sub(done) as f64 / requests).ok()
}

pub(super) fn percent(done: usize, total: usize) -> usize {
    (100 * done).checked_div(total).unwrap_or(100)
}
