//! `perplexity`: how well texts are predicted, by group.

use std::{num::NonZeroU32, sync::Arc};

use schemars::{Schema, SchemaGenerator};

use super::{
    lint,
    planned::{Judge, Verdict, item_key},
};
use crate::{
    metric::{Formula, Metric},
    plan::{Answers, Ask, FirstToken, Scored, Ticket, Windows},
    record::{self, Better, Cell, Column, ItemKey, Row, Table},
    spec::{
        Content, Counted, Draw, Finding, Groups, Items, Kind, Linter, Node, OneOrMore, Reader, Reported,
        Short, Text, keys, read_words, words,
    },
    value::Digest,
};

keys! {
    /// How well texts are predicted, by group.
    pub struct Perplexity {
        /// Texts of one group, or where they are.
        texts: Option<Items<Passage>>,
        /// Texts by group.
        groups: Groups<Passage> = Groups::none(),
        /// The group that the others are compared with.
        baseline: Option<Text>,
        /// Perplexity per token, word or byte; per byte also as bits.
        units: OneOrMore<Unit> = OneOrMore::one(Unit::Token),
        /// Tokens that are read at once; the model's whole context where none is given.
        window: Option<NonZeroU32>,
        /// Tokens by which the window moves over a long text; its whole length where none is given.
        stride: Option<NonZeroU32>,
        /// Whether the first token of a text is scored, after a token that begins texts, or left out.
        first_token: FirstToken = FirstToken::Score,
    }
}

keys! {
    /// A text.
    pub struct Passage short {
        /// The text.
        text: Text,
    }
}

words! {
    /// What perplexity is counted per.
    pub enum Unit {
        /// A token: not comparable between models with different tokenizers.
        Token = "token",
        /// A word, by white space.
        Word = "word",
        /// A byte of UTF-8.
        Byte = "byte",
    }
}

read_words!(FirstToken { Score = "score", Skip = "skip" });

impl Short for Passage {
    const FORM: &'static str = "a text, or a mapping {text: …}";
    fn short(node: &Node, reader: &mut Reader) -> Option<Self> {
        match node.text() {
            Some(text) => Some(Self { text }),
            None => reader.expected(node, Self::FORM),
        }
    }
    fn short_schemas(generator: &mut SchemaGenerator) -> Vec<Schema> {
        vec![generator.subschema_for::<Text>()]
    }
}

impl Content for Passage {
    const ALONE: bool = true;
    fn title(&self) -> &str {
        &self.text
    }
    fn texts(&self) -> Vec<&Text> {
        vec![&self.text]
    }
}

impl Perplexity {
    /// The groups with their names; texts of a single group have none.
    pub fn parts(&self) -> impl Iterator<Item = (Option<&Text>, &Items<Passage>)> {
        let one = self.texts.iter().map(|texts| (None, texts));
        one.chain(self.groups.0.iter().map(|(name, texts)| (Some(name), texts)))
    }
}

impl Kind for Perplexity {
    fn select(&mut self, draw: &Draw<'_>) {
        self.texts.iter_mut().for_each(|texts| texts.select(draw));
        for (group, texts) in &mut self.groups.0 {
            texts.select(&Draw { name: &format!("{}/{group}", draw.name), ..*draw });
        }
    }
    fn items(&self) -> Counted {
        self.parts().map(|(_, texts)| Counted::of(texts)).sum()
    }
    fn metrics(&self) -> Vec<Reported> {
        let per_unit = self.units.iter().map(|unit| unit.perplexity()).chain(["bits_per_byte"]);
        let mut metrics: Vec<&str> = per_unit.collect();
        let mut all = Reported::whole(if self.groups.0.len() == 1 { &[] } else { &metrics });
        metrics.push("ratio");
        if self.baseline.is_some() && self.groups.0.len() > 2 {
            all.extend(Reported::whole(&["ratio"]));
        }
        for (group, _) in &self.groups.0 {
            let compared = self.baseline.as_ref().is_some_and(|baseline| baseline != group);
            all.extend(Reported::part(
                group,
                if compared { &metrics } else { &metrics[..metrics.len() - 1] },
            ));
        }
        all
    }
    fn lint(&self, linter: &mut Linter<'_>) {
        lint::words("units", self.units.iter().map(|unit| unit.word()), linter);
        if self.texts.is_some() != self.groups.0.is_empty() {
            let message = "`texts` or `groups` is needed, and not both";
            linter.tell(Finding::error("missing-key", linter.task(), message));
        }
        if let Some(baseline) = self.baseline.as_ref().filter(|name| self.groups.get(name).is_none()) {
            let groups: Vec<&str> = self.groups.0.iter().map(|(name, _)| name.as_str()).collect();
            let finding = Finding::error("value", baseline.at, format!("no group is called `{baseline}`"));
            linter.tell(finding.choices(baseline, "the groups", &groups));
        }
        for (_, texts) in self.parts() {
            linter.data(texts);
            lint::repeats(texts, linter, |item| (item.text.as_str(), ()));
            for item in texts.iter() {
                lint::filled(&item.text, "text", linter);
                // A file that is one text ends as files do.
                if texts.are_written() {
                    lint::ends(&item.text, lint::Role::Scored, linter);
                }
            }
        }
    }
    fn lint_selection(&self, linter: &mut Linter<'_>) {
        for (group, texts) in self.parts() {
            lint::few_texts(texts.len(), group.map_or(linter.task(), |name| name.at), linter);
        }
    }
}

impl Perplexity {
    /// Asks for every text, in windows where it is long.
    pub(super) fn ask(&self, ask: &mut Ask) -> Judge {
        let windows = Windows { window: self.window.map(Into::into), stride: self.stride.map(Into::into) };
        let mut asked = Vec::new();
        for (group, texts) in self.parts() {
            for item in texts.iter() {
                let ticket = ask.score_text(&item.text, self.first_token, windows);
                let content = Digest::of_json(&("perplexity", item.text.as_str(), self.first_token, windows));
                let key = item_key(item, group.map(Text::as_str), 0, content);
                asked.push(Asked { key, text: item.text.to_string(), ticket });
            }
        }
        let units = self.units.to_vec();
        let baseline = self.baseline.as_ref().map(Text::to_string);
        Box::new(move |answers| verdict(&asked, &units, baseline.as_deref(), answers))
    }
}

/// What each row says.
const COLUMNS: [Column; 5] = ["n_tokens", "prompt", "nll", "words", "bytes"];

/// What each token's row says.
const TOKENS: [Column; 4] = ["place", "id", "token", "logprob"];

/// One text's question.
struct Asked {
    key: Arc<ItemKey>,
    text: String,
    ticket: Ticket<Scored>,
}

impl Asked {
    fn cells(&self, scored: &Scored) -> Vec<Cell> {
        vec![
            scored.logprobs.len().into(),
            self.text.as_str().into(),
            (-scored.total()).into(),
            self.text.split_whitespace().count().into(),
            scored.bytes.into(),
        ]
    }
}

fn verdict(asked: &[Asked], units: &[Unit], baseline: Option<&str>, answers: &Answers) -> Verdict {
    let mut table = Table::new("items", COLUMNS.to_vec());
    let mut tokens = Table::new("token_logprobs", TOKENS.to_vec());
    for text in asked {
        let scored = answers.get(text.ticket);
        if let Ok(scored) = &scored {
            let places = scored.ids.iter().zip(&scored.texts).zip(&scored.logprobs).enumerate();
            tokens.rows.extend(places.map(|(place, ((id, token), logprob))| {
                let cells = vec![place.into(), (*id).into(), token.as_str().into(), (*logprob).into()];
                Row { key: text.key.clone(), cells: Ok(cells) }
            }));
        }
        table.rows.push(Row { key: text.key.clone(), cells: scored.map(|scored| text.cells(scored)) });
    }
    let mut groups: Vec<&str> = asked.iter().filter_map(|text| text.key.group.as_deref()).collect();
    groups.dedup();
    // Over all texts, then by group; a number over one group alone would only be said twice.
    let mut metrics = if groups.len() == 1 { Vec::new() } else { per_unit(units, groups.is_empty()) };
    // All other groups together, which of two groups is the other one.
    metrics.extend(baseline.filter(|_| groups.len() > 2).map(|baseline| ratio(units[0], baseline)));
    for group in groups {
        let mut own = per_unit(units, true);
        if let Some(baseline) = baseline.filter(|baseline| *baseline != group) {
            own.push(ratio(units[0], baseline));
        }
        metrics.extend(own.into_iter().map(|metric| metric.of_group(group)));
    }
    Verdict { table, details: vec![tokens], metrics, notes: Vec::new() }
}

/// What every group of texts reports: perplexity per unit, and bits per byte, which alone can be compared between
/// tokenizers.
fn per_unit(units: &[Unit], headline: bool) -> Vec<Metric> {
    let perplexity = |(place, unit): (usize, &Unit)| {
        let formula = Formula::ExpRatio { numerator: "nll", denominator: unit.column() };
        let metric = Metric::new(unit.perplexity(), formula, record::Unit::Perplexity).better(Better::Lower);
        if headline && place == 0 { metric.headline() } else { metric }
    };
    let mut metrics: Vec<Metric> = units.iter().enumerate().map(perplexity).collect();
    let bits = Formula::BitsPer { nats: "nll", bytes: "bytes" };
    let bits = Metric::new("bits_per_byte", bits, record::Unit::BitsPerByte).better(Better::Lower);
    metrics.push(if headline { bits.headline() } else { bits });
    metrics
}

/// Perplexity over that of the baseline, in the first unit of the spec.
fn ratio(unit: Unit, baseline: &str) -> Metric {
    let baseline = baseline.to_owned();
    let formula = Formula::GroupRatio { numerator: "nll", denominator: unit.column(), baseline };
    Metric::new("ratio", formula, record::Unit::Ratio).headline()
}

impl Unit {
    fn column(self) -> Column {
        match self {
            Self::Token => "n_tokens",
            Self::Word => "words",
            Self::Byte => "bytes",
        }
    }

    fn perplexity(self) -> &'static str {
        match self {
            Self::Token => "perplexity",
            Self::Word => "word_perplexity",
            Self::Byte => "byte_perplexity",
        }
    }
}
