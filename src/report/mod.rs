//! A record as bytes: one format a file, all of them pure functions of what was recorded. Knows no kind and no engine.

pub mod text;
pub mod interval;
pub mod digits;
pub mod quantity;
pub mod csv_cell;
pub mod table;
pub mod items_csv;
pub mod items_jsonl;
pub mod details_jsonl;
pub mod metrics_csv;
pub mod run_json;
pub mod export;
pub mod schema;
pub mod next_token;
pub mod tokens;
pub mod power;
pub mod dry_run;
pub mod models;
mod remarks;
mod cost;
pub mod summary;
pub mod figures;
pub mod terminal;
pub mod summary_md;
mod latex;
pub mod format;
pub mod runs;
pub mod shard;
pub mod cache;
pub mod show;
pub mod compare;
pub mod comparisons_csv;
pub mod compare_json;
pub mod html;

pub use format::{Format, write};

/// The name of a plain case, as files have it: `one_item`.
fn name(case: &impl serde::Serialize) -> String {
    match serde_json::to_value(case) {
        Ok(serde_json::Value::String(name)) => name,
        other => unreachable!("a case without data is written as its name, not as {other:?}"),
    }
}
