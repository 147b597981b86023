//! The most probable next tokens: as a whole table for one prompt, as a few lines in the summary of a run.

use serde_json::{Value, json};

use super::{
    digits::{Digits, grouped, whole},
    quantity::many,
    table::{Cell, Column, Look, Shape, Table},
    text::{self, Charset},
};
use crate::{
    plan::{Ranked, RankedToken},
    record::{self, Row, TaskRecord},
};

/// What follows a prompt.
#[derive(Clone, Debug, PartialEq)]
pub struct NextTokens {
    /// What was given.
    pub prompt: String,
    /// The prompt's tokens, where they are known.
    pub prompt_tokens: Vec<String>,
    /// The best tokens, best first.
    pub top: Vec<Listed>,
    /// The tokens that were looked up, in the order asked.
    pub watched: Vec<Listed>,
    /// Of the whole distribution, in nats.
    pub entropy: Option<f64>,
    /// How many of the best tokens hold half and nine tenths of the probability.
    pub nuclei: Option<(usize, usize)>,
}

/// A token in its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// 1 for the most probable.
    pub rank: usize,
    /// Its text.
    pub token: String,
    /// In the vocabulary.
    pub id: usize,
    /// Natural log-probability.
    pub logprob: f64,
    /// Of how many tokens it is the first.
    pub of: usize,
}

impl NextTokens {
    /// From an answer.
    pub fn new(prompt: &str, ranked: &Ranked) -> Self {
        let listed = |rank: usize, of: u32, token: &RankedToken| Listed {
            rank,
            token: token.text.clone(),
            id: token.id as usize,
            logprob: f64::from(token.logprob),
            of: of as usize,
        };
        Self {
            prompt: prompt.to_owned(),
            prompt_tokens: ranked.prompt.iter().map(|token| token.text.clone()).collect(),
            top: ranked.top.iter().enumerate().map(|(at, token)| listed(at + 1, 1, token)).collect(),
            watched: ranked.watched.iter().map(|w| listed(w.rank as usize, w.tokens, &w.token)).collect(),
            entropy: Some(f64::from(ranked.entropy)),
            nuclei: Some((ranked.half as usize, ranked.nine_tenths as usize)),
        }
    }

    /// The tokens with their places, shares and bars; watched ones that are not among the best follow.
    pub fn table(&self) -> Table {
        let most = self.top.first().map_or(1.0, |best| best.logprob.exp());
        let mut table = Table::new(vec![
            Column::new("rank", "rank", Shape::Right),
            Column::new("token", "token", Shape::Left),
            Column::new("id", "id", Shape::Right),
            Column::new("prob", "prob", Shape::Point),
            Column::new("logprob", "logprob", Shape::Point),
            Column::new("cum", "cumulative", Shape::Point).droppable(1),
            Column::new("", "bar", Shape::Bar { full: most }).droppable(0),
        ]);
        let mut sum = 0.0;
        for listed in &self.top {
            sum += listed.logprob.exp();
            table.rows.push(listed.row(Cell::Number(f64::min(sum, 1.0), Digits::Percent)));
        }
        let listed = self.top.len();
        table.rows.extend(self.watched.iter().filter(|w| w.rank > listed).map(|w| w.row(Cell::Empty)));
        table
    }

    /// The whole view in a terminal, below a line that names the model.
    pub fn terminal(&self, model: &str, look: &Look) -> String {
        let charset = look.charset;
        let mut lines = vec![text::words(model, charset).into_owned()];
        let prompt = match text::visible(&self.prompt, charset) {
            empty if empty.is_empty() => "(empty)".into(),
            prompt => prompt,
        };
        let tokens: Vec<_> = self.prompt_tokens.iter().map(|token| text::token(token, charset)).collect();
        let cut = format!("({}: {})", many(tokens.len(), "token"), tokens.join("|"));
        lines.extend(text::wrap(&format!("prompt  {prompt}   {cut}"), look.width, 8));
        lines.push(String::new());
        let mut out = lines.join("\n");
        out.push('\n');
        out.push_str(&self.table().terminal(look));
        out.push('\n');
        for line in self.closing(charset) {
            out.push_str(&text::wrap(&format!(" {line}"), look.width, 3).join("\n"));
            out.push('\n');
        }
        out
    }

    /// A few lines: the prompt, as many of the best tokens as one line holds, and what was watched.
    pub fn brief(&self, look: &Look) -> Vec<String> {
        let charset = look.charset;
        let mut lines = vec![
            text::clip(&text::visible(&self.prompt, charset), look.width.saturating_sub(3), charset)
                .into_owned(),
        ];
        let mut best = String::new();
        for listed in &self.top {
            let next = format!("{} {}   ", listed.shown(charset), Digits::Percent.show(listed.logprob.exp()));
            if !best.is_empty()
                && text::width(&best) + text::width(next.trim_end()) > look.width.saturating_sub(5)
            {
                break;
            }
            best.push_str(&next);
        }
        lines.push(format!("  {}", best.trim_end()));
        lines.extend(self.closing(charset).into_iter().map(|line| format!("  {line}")));
        lines
    }

    /// For scripts.
    pub fn json(&self) -> Value {
        let listed = |listed: &Listed| {
            json!({
                "rank": listed.rank, "token": listed.token, "id": listed.id,
                "prob": listed.logprob.exp(), "logprob": listed.logprob, "of_tokens": listed.of,
            })
        };
        json!({
            "prompt": self.prompt,
            "prompt_tokens": self.prompt_tokens,
            "top": self.top.iter().map(listed).collect::<Vec<_>>(),
            "watched": self.watched.iter().map(listed).collect::<Vec<_>>(),
            "entropy": self.entropy,
            "tokens_for_half": self.nuclei.map(|(half, _)| half),
            "tokens_for_nine_tenths": self.nuclei.map(|(_, most)| most),
        })
    }

    /// What the table does not say.
    fn closing(&self, charset: Charset) -> Vec<String> {
        let mut facts = Vec::new();
        if let Some(entropy) = self.entropy {
            facts.push(format!("entropy {entropy:.2} nats (perplexity {})", shortly(entropy.exp())));
        }
        if let Some((half, most)) = self.nuclei {
            facts.push(format!("top-p 0.5 keeps {}, 0.9 keeps {}", many(half, "token"), grouped(most)));
        }
        let mut lines = Vec::new();
        if !facts.is_empty() {
            lines.push(facts.join(charset.pick(" · ", " | ")));
        }
        for watched in &self.watched {
            let first =
                if watched.of > 1 { format!(", the first of {} tokens", watched.of) } else { String::new() };
            lines.push(format!(
                "watched {}  {}  rank {}{first}",
                watched.shown(charset),
                Digits::Percent.show(watched.logprob.exp()),
                grouped(watched.rank),
            ));
        }
        if let [first, second] = self.watched.as_slice() {
            lines.push(format!(
                "P({}) / P({}) = {}",
                first.shown(charset),
                second.shown(charset),
                shortly((first.logprob - second.logprob).exp()),
            ));
        }
        lines
    }

    /// Those of a task: any detail table that ranks tokens, with what the items' own rows say of the distribution.
    pub fn of_task(task: &TaskRecord) -> Vec<Self> {
        let Some(ranking) = task.details.iter().find_map(Ranking::of) else { return Vec::new() };
        let mut details = ranking.table.rows.iter().peekable();
        let mut views = Vec::new();
        for row in &task.table.rows {
            let mut view = row.cells.as_ref().ok().map(|cells| Self::of_row(task, row, cells));
            // Details lie in plan order, as the items do.
            while let Some(detail) = details.next_if(|detail| detail.key == row.key) {
                let read = detail.cells.as_ref().ok().and_then(|cells| ranking.read(cells));
                match (&mut view, read) {
                    (Some(view), Some((listed, true))) => view.watched.push(listed),
                    (Some(view), Some((listed, false))) => view.top.push(listed),
                    _ => {}
                }
            }
            views.extend(view);
        }
        views
    }

    fn of_row(task: &TaskRecord, row: &Row, cells: &[record::Cell]) -> Self {
        let cell = |name| task.table.column(name).and_then(|at| cells.get(at));
        let number = |name| cell(name).and_then(record::Cell::number);
        Self {
            prompt: match cell("prompt") {
                Some(record::Cell::Text(prompt)) => prompt.clone(),
                _ => row.key.item.clone(),
            },
            prompt_tokens: Vec::new(),
            top: Vec::new(),
            watched: Vec::new(),
            entropy: number("entropy"),
            nuclei: number("half").zip(number("nine_tenths")).map(|(a, b)| (whole(a), whole(b))),
        }
    }
}

impl Listed {
    fn row(&self, cumulative: Cell) -> Vec<Cell> {
        let prob = self.logprob.exp();
        vec![
            Cell::count(self.rank),
            Cell::Token(self.token.clone()),
            Cell::Number(self.id as f64, Digits::Fixed(0)),
            Cell::Number(prob, Digits::Percent),
            Cell::Number(self.logprob, Digits::Fixed(3)),
            cumulative,
            Cell::Bar(prob),
        ]
    }

    fn shown(&self, charset: Charset) -> String {
        text::token(&self.token, charset).into_owned()
    }
}

/// A detail table of ranked tokens.
struct Ranking<'a> {
    table: &'a record::Table,
    rank: usize,
    token: usize,
    id: usize,
    logprob: usize,
    watched: Option<usize>,
    tokens: Option<usize>,
}

impl<'a> Ranking<'a> {
    fn of(table: &'a record::Table) -> Option<Self> {
        let column = |name| table.column(name);
        Some(Self {
            table,
            rank: column("rank")?,
            token: column("token")?,
            id: column("id")?,
            logprob: column("logprob")?,
            watched: column("watched"),
            tokens: column("tokens"),
        })
    }

    /// A row, and whether it was watched for.
    fn read(&self, cells: &[record::Cell]) -> Option<(Listed, bool)> {
        let number = |at: usize| cells.get(at)?.number();
        let record::Cell::Text(token) = cells.get(self.token)? else { return None };
        let listed = Listed {
            rank: whole(number(self.rank)?),
            token: token.clone(),
            id: whole(number(self.id)?),
            logprob: number(self.logprob)?,
            of: self.tokens.and_then(number).map_or(1, whole),
        };
        Some((listed, self.watched.and_then(number) == Some(1.0)))
    }
}

/// A positive number in two or three digits.
fn shortly(number: f64) -> String {
    match number {
        n if !(1e-2..1e6).contains(&n) => format!("{n:.1e}"),
        n if n >= 100.0 => Digits::Grouped.show(n),
        n if n >= 10.0 => format!("{n:.0}"),
        n => format!("{n:.2}"),
    }
}
