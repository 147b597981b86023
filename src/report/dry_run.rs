//! What a run would do: how much is asked, what it would cost, and the first questions exactly as they would be sent.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    quantity::{self, many},
    table::{Cell, Column, Look, Shape, Table},
    text::{self, Charset},
};
use crate::plan::{Decoding, Request};

/// A plan, before anything is asked.
#[derive(Clone, Debug)]
pub struct DryRun<'a> {
    /// The name and revision of the model.
    pub model: &'a str,
    /// In the order of the suite.
    pub tasks: Vec<PlannedTask<'a>>,
    /// Different requests, over all tasks.
    pub requests: usize,
    /// Tokens that the model reads or writes; not known without its tokenizer.
    pub tokens: Option<usize>,
    /// How long it would take.
    pub time: Option<Duration>,
    /// Memory at the peak, in bytes.
    pub memory: Option<u64>,
    /// Some questions of each task, with the task's name.
    pub first: Vec<(&'a str, &'a Request)>,
}

/// A task of the plan.
#[derive(Clone, Debug)]
pub struct PlannedTask<'a> {
    /// `benchmark/task`.
    pub name: &'a str,
    /// Its kind.
    pub kind: &'a str,
    /// Items, repeats counted.
    pub items: usize,
    /// Requests that it asks, shared ones counted.
    pub requests: usize,
}

impl DryRun<'_> {
    /// The tasks.
    pub fn table(&self) -> Table {
        let mut table = Table::new(vec![
            Column::new("task", "task", Shape::Left),
            Column::new("kind", "kind", Shape::Left),
            Column::new("items", "items", Shape::Right),
            Column::new("requests", "requests", Shape::Right),
        ]);
        table.rows.extend(self.tasks.iter().map(|task| {
            vec![task.name.into(), task.kind.into(), Cell::count(task.items), Cell::count(task.requests)]
        }));
        table
    }

    /// The whole view in a terminal.
    pub fn terminal(&self, look: &Look) -> String {
        let charset = look.charset;
        let mut out =
            format!("{}\n\n", text::words(&format!("{} · dry run: nothing is asked", self.model), charset));
        out.push_str(&self.table().terminal(look));
        let mut facts = vec![
            many(self.tasks.len(), "task"),
            many(self.tasks.iter().map(|task| task.items).sum(), "item"),
            many(self.requests, "different request"),
        ];
        facts.extend(self.tokens.map(|tokens| many(tokens, "token")));
        facts.extend(self.time.map(|time| format!("about {}", quantity::duration(time))));
        facts.extend(self.memory.map(|memory| format!("{} of memory", quantity::bytes(memory))));
        out.push('\n');
        for line in text::wrap(&format!(" {}", facts.join(charset.pick(" · ", " | "))), look.width, 3) {
            out.push_str(&line);
            out.push('\n');
        }
        let mut before = "";
        for (task, request) in &self.first {
            if *task != before {
                out.push_str(&format!("\n {}\n", text::words(task, charset)));
                before = task;
            }
            for line in text::fold(&format!("   {}", sent(request, charset)), look.width, 5) {
                out.push_str(&line);
                out.push('\n');
            }
        }
        out
    }

    /// For scripts.
    pub fn json(&self) -> Value {
        json!({
            "model": self.model,
            "tasks": self.table().json(),
            "requests": self.requests,
            "tokens": self.tokens,
            "seconds": self.time.map(|time| time.as_secs_f64()),
            "memory_bytes": self.memory,
            "first": self.first.iter().map(|(task, request)| json!({ "task": task, "request": request }))
                .collect::<Vec<_>>(),
        })
    }
}

/// A request with every space visible and a line where what is given ends and what is asked for begins.
pub fn sent(request: &Request, charset: Charset) -> String {
    let join = charset.pick("│", "|");
    // White space at the end of a prompt is scored with the ending.
    let given = match request {
        Request::Score { prompt, .. } => prompt.trim_end(),
        Request::Rank { .. } | Request::Generate { .. } => request.prompt(),
    };
    let given = text::token(given, charset);
    match request {
        Request::Score { prompt, ending, windows, .. } => {
            let moved = &prompt[prompt.trim_end().len()..];
            let scored = [moved, ending].concat();
            let windows = if windows.is_some() { "   (in windows)" } else { "" };
            format!("{given}{join}{}{windows}", text::token(&scored, charset))
        }
        Request::Rank { top, watch, .. } => {
            let watched: Vec<_> = watch.iter().map(|text| text::token(text, charset)).collect();
            let watched =
                if watched.is_empty() { String::new() } else { format!(", watching {}", watched.join(" ")) };
            format!("{given}{join}   (the {} best{watched})", many(*top as usize, "next token"))
        }
        Request::Generate { decoding: Decoding::Greedy, max_tokens, stop, .. } => {
            let stops: Vec<_> = stop.iter().map(|text| text::token(text, charset)).collect();
            let stops =
                if stops.is_empty() { String::new() } else { format!(", until {}", stops.join(" or ")) };
            format!("{given}{join}   (up to {}, greedy{stops})", many(*max_tokens as usize, "token"))
        }
    }
}
