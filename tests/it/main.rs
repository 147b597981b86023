//! One test binary for everything that is seen from outside.

mod cli;
mod golden_stats;
#[cfg(feature = "hub")]
mod hub;
mod spec;
#[cfg(feature = "local")]
mod local;
mod tidy;
