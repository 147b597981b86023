//! One test binary for everything that is seen from outside.

mod golden_stats;
mod cli;
mod spec;
mod tidy;
