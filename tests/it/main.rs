//! One test binary for everything that is seen from outside.

mod golden_stats;
#[cfg(feature = "hub")]
mod hub;
mod tidy;
