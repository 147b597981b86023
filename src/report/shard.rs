//! What is said at the end of a shard: how much it answered, and how all of them become one run.

use std::time::Duration;

use super::{
    digits,
    quantity::{self, many},
    summary::{Mark, Remark},
    table::{Cell, Column, Look, Shape, Table},
    terminal::push_remark,
};
use crate::{plan::Shard, record::Run};

/// A shard whose requests are asked.
#[derive(Clone, Debug)]
pub struct AnsweredShard<'a> {
    /// Its run.
    pub run: &'a Run,
    /// Which piece it is.
    pub shard: Shard,
    /// How many requests it asked.
    pub asked: usize,
    /// How many there are in the whole plan.
    pub all: usize,
    /// Where its answers lie.
    pub folder: &'a str,
    /// What makes one run of all shards.
    pub merge: &'a str,
}

impl AnsweredShard<'_> {
    /// Requests without an answer.
    fn failed(&self) -> usize {
        self.run.errors.values().sum()
    }

    /// For people.
    pub fn terminal(&self, look: &Look) -> String {
        let Self { run, shard, asked, all, folder, merge } = self;
        let time =
            run.time.as_ref().map(|time| Duration::try_from_secs_f64(time.answer_s).unwrap_or_default());
        let time = time.map_or_else(String::new, |time| format!(" in {}", quantity::duration(time)));
        let failed = self.failed();
        let answered = format!(
            "shard {} of {}: {} of the plan's {} answered{time}",
            shard.index(),
            shard.of(),
            digits::grouped(asked - failed),
            many(*all, "request"),
        );
        let mut remarks = vec![Remark { mark: Mark::Good, text: answered }];
        if failed > 0 {
            let text =
                format!("{} of this shard have no answer; a merge keeps them so", many(failed, "request"));
            remarks.push(Remark { mark: Mark::Warning, text });
        }
        remarks.push(Remark { mark: Mark::Next, text: (*folder).to_owned() });
        let when =
            if shard.of() == 1 { "a run of it".to_owned() } else { format!("one run of all {}", shard.of()) };
        remarks.push(Remark { mark: Mark::Next, text: format!("{when}: {merge}") });
        let mut out = String::new();
        remarks.iter().for_each(|remark| push_remark(&mut out, remark, look));
        out
    }

    /// For scripts.
    pub fn files(&self) -> Table {
        let (text, number) = (Shape::Left, Shape::Right);
        let columns = [
            ("run_id", text),
            ("shard", text),
            ("of", text),
            ("requests", number),
            ("answered", number),
            ("failed", number),
            ("folder", text),
        ];
        let row = vec![
            Cell::from(self.run.run_id.as_str()),
            Cell::count(self.shard.index() as usize),
            Cell::count(self.shard.of() as usize),
            Cell::count(self.asked),
            Cell::count(self.asked - self.failed()),
            Cell::count(self.failed()),
            Cell::from(self.folder),
        ];
        let column = |(key, shape): (&'static str, Shape)| Column::new(key.replace('_', " "), key, shape);
        Table { columns: columns.into_iter().map(column).collect(), rows: vec![row] }
    }
}
