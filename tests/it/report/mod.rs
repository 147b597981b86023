//! What a record looks like in the terminal and in files.

mod compared;
mod files;
pub mod fixture;
mod summary;
mod tables;
mod views;
