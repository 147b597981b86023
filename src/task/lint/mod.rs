//! What can be wrong in tasks of several kinds. Each check looks at every item once.

mod ends;
mod joint;
mod endings;
mod foils;
mod memorization;
mod twice;
mod classes;
mod template;
mod size;
mod comma;
mod prompts;
mod tokens;

pub(super) use classes::{classes, labels, verbalizer};
pub(super) use endings::endings;
pub(super) use ends::{Role, ends, filled};
pub(super) use foils::{Answers, foils};
pub(super) use joint::items;
pub(super) use memorization::memorization;
pub(super) use size::{few_items, few_texts, shots};
pub(super) use template::Blanks;
pub use tokens::lint_tokens;
pub(super) use twice::{SHOWN, choices, repeats, shown, shown_among, words};
