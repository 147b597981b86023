//! YAML specs: text to checked values with their places. Knows no task kind and no engine: a kind brings its keys, and
//! everything else is here.
//!
//! ```text
//! files ──yaml──▶ Node ──settings filled in──▶ Fields ──Read──▶ a kind's own type ──lint──▶ Suite
//! ```
//! Whatever cannot be read is told, with its place, and reading goes on: one pass finds everything.

mod place;
mod finding;
mod text;
mod node;
mod yaml;
mod reader;
mod scalar;
mod keys;
mod glob;
mod literal;
mod template;
mod join;
mod sample;
mod rows;
mod data;
mod ids;
mod item;
mod groups;
mod expect;
mod settings;
mod lint;
mod kind;
mod file;
mod document;
mod change;
mod verify;
mod models;
mod load;
mod schema;
pub mod render;

pub use data::{Cut, Data};
pub use expect::{Bound, Expectation, Op, Operand, Quantity};
pub use file::{Compare, Correction, Dtype, EngineKind, Model, WeightsForm};
pub use finding::{Finding, Findings, Severity, Unlisted, nearest};
pub use glob::{matches, names_task};
pub use groups::Groups;
pub use item::{Content, Item, Items, Tag};
pub use join::{after, follow, join};
pub use keys::{Keys, Object, Short, read as read_keys, schema as keys_schema};
pub use kind::{Counted, Kind, Kinds, Reported};
pub use lint::Linter;
pub use load::{Choices, Loaded, Suite, TaskSpec, load};
pub use node::{Node, Value};
pub use place::{Body, Place, Source, SourceId, Sources};
pub use reader::{Fields, FileRead, Named, Read, Reader};
pub use sample::{Draw, Limit};
pub use scalar::OneOrMore;
pub use schema::{schema, task_schema};
pub use settings::{Confidence, IntervalMethod, Lint, LongPrompts, Resamples, Settings};
pub use template::{Fault, Renderer, Split, Template};
pub use text::Text;

pub(crate) use keys::keys;
pub(crate) use kind::kinds;
pub(crate) use scalar::{read_words, words};
