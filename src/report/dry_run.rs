//! What a run would do: how much is asked, what it would cost, and the first questions exactly as they would be sent.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};

use super::{
    quantity::{self, many},
    table::{Cell, Column, Look, Shape, Table},
    text::{self, Charset},
};
use crate::plan::{Decoding, Long, Request, Room, Sampled, Truncation};

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
                out = format!("{out}\n {}\n", text::words(task, charset));
                before = task;
            }
            let Sent { text: shown, note } = sent(request, charset);
            let shown = text::fold(&format!("   {shown}"), look.width, 5);
            let note = note.map_or_else(Vec::new, |note| text::wrap(&format!("     {note}"), look.width, 7));
            for line in shown.into_iter().chain(note) {
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

/// A request as it would be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Every space visible, and a line where what is given ends and what is asked for begins.
    pub text: String,
    /// What is asked for, where the text does not say it.
    pub note: Option<String>,
}

/// Shows a request.
pub fn sent(request: &Request, charset: Charset) -> Sent {
    let join = charset.pick("│", "|");
    let given = request.prompt();
    let several = |texts: &[Arc<str>], between: &str| {
        texts.iter().map(|text| text::token(text, charset)).collect::<Vec<_>>().join(between)
    };
    match request {
        Request::Score { ending, long, .. } => {
            // White space at the end of a prompt is scored with the ending.
            let (given, moved) = given.split_at(given.trim_end().len());
            let scored = [moved, ending].concat();
            Sent {
                text: format!("{}{join}{}", text::token(given, charset), text::token(&scored, charset)),
                note: match long {
                    Long::Windows(windows) => {
                        windows.map(|_| "read in windows of the model's context, where it is longer".into())
                    }
                    Long::Truncate(Room { from, .. }) => Some(cut(*from).to_owned()),
                },
            }
        }
        Request::Rank { top, watch, truncate, .. } => {
            let watched =
                if watch.is_empty() { String::new() } else { format!(", watching {}", several(watch, " ")) };
            Sent {
                text: format!("{}{join}", text::token(given, charset)),
                note: Some(format!("the {top} best next tokens{watched}{}", and_cut(*truncate))),
            }
        }
        Request::Generate { decoding, max_tokens, stop, repeat, truncate, .. } => {
            let stops =
                if stop.is_empty() { String::new() } else { format!(", until {}", several(stop, " or ")) };
            let again = if *repeat == 0 { String::new() } else { format!(" (repeat {repeat})") };
            let (most, how) = (many(*max_tokens as usize, "token"), chosen(decoding));
            Sent {
                text: format!("{}{join}", text::token(given, charset)),
                note: Some(format!("up to {most}, {how}{stops}{again}{}", and_cut(*truncate))),
            }
        }
    }
}

/// What becomes of a prompt that does not fit.
fn cut(from: Truncation) -> &'static str {
    match from {
        Truncation::Left => "cut at the beginning where it is longer than the model's context",
        Truncation::Middle => "cut in the middle where it is longer than the model's context",
    }
}

fn and_cut(truncate: Option<Truncation>) -> String {
    truncate.map_or_else(String::new, |from| format!("; {}", cut(from)))
}

/// How tokens are chosen.
fn chosen(decoding: &Decoding) -> String {
    let Sampled { seed, repetition_penalty, temperature, top_k, top_p, min_p } = match decoding {
        Decoding::Greedy => return "greedy".to_owned(),
        Decoding::Penalized(penalty) => return format!("greedy, repetition penalty {penalty}"),
        Decoding::Sampled(sampled) => sampled,
    };
    let mut all = vec![format!("drawn at temperature {temperature}")];
    all.extend(top_k.map(|k| format!("top-k {k}")));
    all.extend(top_p.map(|p| format!("top-p {p}")));
    all.extend(min_p.map(|p| format!("min-p {p}")));
    all.extend(repetition_penalty.map(|penalty| format!("repetition penalty {penalty}")));
    all.push(format!("seed {}", seed.0));
    all.join(", ")
}
