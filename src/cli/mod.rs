//! One command a file. The only place that prints, exits, and reads the clock or the environment.

pub mod exit;
pub mod out;
pub mod progress;
