//! What a run took: time and tokens, where they are known. An imported run mostly does not say.

use std::time::Duration;

use super::{
    digits::Digits,
    quantity::{self, many},
};
use crate::record::Run;

/// `1,060 items in 2 m 14 s`, its tokens, and their rate.
pub(super) fn facts(run: &Run, asked: String) -> Vec<String> {
    let time = run.time.as_ref().map(|time| Duration::try_from_secs_f64(time.answer_s).unwrap_or_default());
    let within = time.map_or_else(String::new, |time| format!(" in {}", quantity::duration(time)));
    let mut facts = vec![asked + &within];
    if let Some(tokens) = &run.tokens {
        let tokens = usize::try_from(tokens.total()).unwrap_or(usize::MAX);
        facts.push(many(tokens, "token"));
        if let Some(time) =
            time.filter(|time| run.reused.is_empty() && tokens > 0 && *time >= Duration::from_millis(1))
        {
            let rate = Digits::Grouped.show(tokens as f64 / time.as_secs_f64());
            facts.push(format!("{rate} tok/s"));
        }
    }
    facts
}
