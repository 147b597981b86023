//! One test binary for everything that is seen from outside.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod golden_stats;
mod progress;
mod report;
mod tidy;
