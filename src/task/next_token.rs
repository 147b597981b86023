//! `next_token`: the most probable next tokens after a prompt.

use std::{num::NonZeroU32, sync::Arc};

use schemars::{Schema, SchemaGenerator};

use super::{
    lint,
    planned::{Judge, Verdict, item_key},
};
use crate::{
    metric::{Formula, Metric},
    plan::{Answers, Ask, Ranked, RankedToken, Ticket},
    record::{Cell, Column, DROPPED, ItemKey, Row, Table, Unit},
    spec::{Content, Counted, Draw, Items, Kind, Linter, Node, Reader, Reported, Short, Text, follow, keys},
    value::Digest,
};

keys! {
    /// A table of the most probable next tokens.
    pub struct NextToken {
        /// How many tokens to list.
        top_k: NonZeroU32 = NonZeroU32::new(10).expect("10 is not zero"),
        /// Words listed in any case, with their ranks.
        watch: Vec<Text> = Vec::new(),
        /// What is put between a prompt and a watched word, unless there is white space already.
        join: String = " ".to_owned(),
    } with {
        /// The texts to continue.
        prompts: Items<Prompt>,
    }
}

keys! {
    /// A text to continue.
    pub struct Prompt short {
        /// The text.
        prompt: Text,
    }
}

impl Short for Prompt {
    const FORM: &'static str = "a text, or a mapping {prompt: …}";
    fn short(node: &Node, reader: &mut Reader) -> Option<Self> {
        match node.text() {
            Some(prompt) => Some(Self { prompt }),
            None => reader.expected(node, Self::FORM),
        }
    }
    fn short_schemas(generator: &mut SchemaGenerator) -> Vec<Schema> {
        vec![generator.subschema_for::<Text>()]
    }
}

impl Content for Prompt {
    const KEY: &'static str = "prompt";
    const ALONE: bool = true;
    fn title(&self) -> &str {
        &self.prompt
    }
    fn texts(&self) -> Vec<&Text> {
        vec![&self.prompt]
    }
}

impl Kind for NextToken {
    fn select(&mut self, draw: &Draw<'_>) {
        self.prompts.select(draw);
    }
    fn items(&self) -> Counted {
        Counted::of(&self.prompts)
    }
    fn metrics(&self) -> Vec<Reported> {
        Reported::whole(&["entropy", "top_probability"])
    }
    fn lint(&self, linter: &mut Linter<'_>) {
        lint_prompts(&self.prompts, linter);
        for word in &self.watch {
            lint::filled(word, "watched word", linter);
        }
    }
}

/// What can be wrong with texts that a model continues.
pub(super) fn lint_prompts(prompts: &Items<Prompt>, linter: &mut Linter<'_>) {
    linter.data(prompts);
    lint::repeats(prompts, linter, |item| (item.prompt.as_str(), ()));
    for item in prompts.iter() {
        lint::ends(&item.prompt, lint::Role::Start, linter);
    }
}

impl NextToken {
    /// Asks for the table after every prompt.
    pub(super) fn ask(&self, ask: &mut Ask) -> Judge {
        let mut asked = Vec::new();
        for item in self.prompts.iter() {
            let watch: Vec<String> =
                self.watch.iter().map(|word| follow(&item.prompt, word, &self.join)).collect();
            let words: Vec<&str> = watch.iter().map(String::as_str).collect();
            let ticket = ask.rank(&item.prompt, self.top_k.get(), &words);
            let content = Digest::of_json(&("next_token", item.prompt.as_str(), words));
            asked.push(Asked {
                key: item_key(item, None, 0, content),
                prompt: item.prompt.to_string(),
                ticket,
            });
        }
        Box::new(move |answers| verdict(&asked, answers))
    }
}

/// What each row says.
const COLUMNS: [Column; 9] =
    ["n_tokens", "prompt", "output", "p_output", "entropy", "half", "nine_tenths", "vocabulary", DROPPED];

/// What each row of the table of tokens says.
const TOKENS: [Column; 8] =
    ["rank", "token", "id", "logprob", "probability", "cumulative", "watched", "tokens"];

/// One prompt's question.
struct Asked {
    key: Arc<ItemKey>,
    prompt: String,
    ticket: Ticket<Ranked>,
}

fn verdict(asked: &[Asked], answers: &Answers) -> Verdict {
    let mut table = Table::new("items", COLUMNS.to_vec());
    let mut tokens = Table::new("next_tokens", TOKENS.to_vec());
    for item in asked {
        let ranked = answers.get(item.ticket);
        let row = |cells| Row { key: item.key.clone(), cells };
        if let Ok(ranked) = &ranked {
            tokens.rows.extend(listed(ranked).into_iter().map(|cells| row(Ok(cells))));
        }
        table.rows.push(row(ranked.map(|ranked| item.cells(ranked))));
    }
    let metrics = vec![
        Metric::new("entropy", Formula::Mean("entropy"), Unit::Nats).at_least(0.0).headline(),
        Metric::new("top_probability", Formula::Mean("p_output"), Unit::Proportion),
    ];
    Verdict { table, details: vec![tokens], metrics, notes: Vec::new() }
}

impl Asked {
    fn cells(&self, ranked: &Ranked) -> Vec<Cell> {
        let top = ranked.top.first();
        vec![
            ranked.prompt.len().into(),
            self.prompt.as_str().into(),
            top.map(|token| token.text.as_str()).into(),
            top.map(|token| libm::exp(token.logprob.into())).into(),
            ranked.entropy.into(),
            ranked.half.into(),
            ranked.nine_tenths.into(),
            ranked.vocabulary.into(),
            ranked.dropped.into(),
        ]
    }
}

/// The tokens at the top, then the watched words.
fn listed(ranked: &Ranked) -> Vec<Vec<Cell>> {
    let mut cumulative = 0.0;
    let cells = |token: &RankedToken, rank: u32, cumulative: Option<f64>, of: Option<u32>| {
        vec![
            rank.into(),
            token.text.as_str().into(),
            token.id.into(),
            token.logprob.into(),
            libm::exp(token.logprob.into()).into(),
            cumulative.into(),
            of.is_some().into(),
            of.into(),
        ]
    };
    let top = ranked.top.iter().zip(1..).map(|(token, rank)| {
        cumulative += libm::exp(token.logprob.into());
        cells(token, rank, Some(cumulative), None)
    });
    let mut rows: Vec<Vec<Cell>> = top.collect();
    rows.extend(ranked.watched.iter().map(|word| cells(&word.token, word.rank, None, Some(word.tokens))));
    rows
}
