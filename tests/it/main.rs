//! One test binary for everything that is seen from outside.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod check;
mod bad;
mod browser;
mod cli;
mod compare;
mod compared;
mod crash;
mod environment;
mod export;
mod figures;
mod golden_paired;
mod golden_stats;
#[cfg(feature = "hub")]
mod hub;
mod kinds;
mod kinds_choice;
mod kinds_generate;
mod kinds_icl;
mod kinds_memorization;
mod kinds_sampling;
#[cfg(feature = "local")]
mod local;
mod foreign;
#[cfg(feature = "local")]
mod fuzz_corpus;
mod hostile;
mod hostile_data;
mod hostile_runs;
mod import;
mod import_lm_eval;
#[cfg(feature = "local")]
mod models;
mod power;
mod progress;
mod real_sets;
mod reference;
#[cfg(feature = "local")]
mod reference_training;
mod report;
mod runs;
mod reuse;
mod saved;
mod schema;
mod sharding_page;
mod shards;
mod shards_refused;
mod spec;
mod tidy;
mod tokens;
mod unsafe_code;

/// A part of the test data, or nothing, which is said past the test harness: it shows nothing that a passing test prints.
#[expect(clippy::explicit_write, reason = "`eprintln!` is what the harness takes")]
fn data(part: &str) -> Option<std::path::PathBuf> {
    use std::io::Write as _;
    let Some(data) = std::env::var_os("YARDSTICK_TEST_DATA") else {
        writeln!(std::io::stderr(), "skipped: YARDSTICK_TEST_DATA names no folder with {part}").unwrap();
        return None;
    };
    Some(std::path::PathBuf::from(data).join(part))
}
