//! A declarative benchmark runner for language models.
//!
//! ```text
//! specs ──read──▶ tasks ──ask──▶ requests ══engine══▶ answers ──judge──▶ tables ──metrics──▶ estimates ──report──▶ files
//! ```
//!
//! Modules stand in reading order: each may use only those above it.

pub mod value;
pub mod random;
pub mod reference;
pub mod spec;
pub mod plan;
pub mod engine;
pub mod stats;
pub mod record;
pub mod metric;
pub mod task;
pub mod compare;
pub mod import;
pub mod report;
pub mod cli;
