//! Questions whose right answers follow from the world: what a right instrument must find in the built-in model, and what
//! it must not. `specs/known-answers/` holds them as files, which a test keeps in step with this module.
//!
//! Foils are crossed: where a pair is asked with one ending as its foil, the pair of that ending is asked with this one's
//! as *its* foil. So a model that knows only how common each answer is gets exactly one half of the pairs. (Foils chosen
//! by hand, such as sums off by one, let a model that learnt the neighbours fall far below one half on what it never saw.)
//! Items that share a subject share its luck; they carry one `cluster`.

mod cloze;
mod sentiment;
mod texts;

use serde::Serialize;
use serde_json::Value;

use super::corpus::Corpus;

/// One file of questions.
pub struct Probe {
    /// The file's name, without its ending.
    pub name: &'static str,
    /// Its lines.
    pub items: Vec<Value>,
}

/// All probes, in the order in which they are explained.
pub fn all() -> Vec<Probe> {
    let corpus = Corpus::load();
    let mut probes = cloze::all(&corpus);
    probes.extend(texts::all(&corpus));
    probes.push(sentiment::probe(&corpus));
    probes
}

impl Probe {
    fn new(name: &'static str, items: impl IntoIterator<Item = impl Serialize>) -> Self {
        let line = |item| serde_json::to_value(item).expect("an item has a JSON form");
        Self { name, items: items.into_iter().map(line).collect() }
    }

    /// The file: one JSON object a line.
    pub fn to_jsonl(&self) -> String {
        self.items.iter().flat_map(|item| [item.to_string(), "\n".to_owned()]).collect()
    }
}
