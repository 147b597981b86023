//! Labels scored by their probability: how items are asked about.

mod measures;
mod rows;

pub(super) use measures::{difference, metrics, notes, of_labels};
pub(super) use rows::table;

use std::sync::Arc;

use super::{
    pair::{Labelled, Pair},
    planned::{About, item_key},
    pool::Pool,
    prompt::{Example, Layout, Posed, blanks},
    shots::Selection,
};
use crate::{
    plan::{Ask, Failure, FailureKind, Scored, Ticket},
    record::ItemKey,
    spec::{Item, Named, Text, words},
    value::Digest,
};

words! {
    /// Whether what a prompt makes of the labels by itself is taken out.
    pub enum Calibration {
        /// The labels' probabilities as they are.
        None = "none",
        /// Each divided by its mean probability after the same prompt with inputs that say nothing (Zhao et al. 2021,
        /// "Calibrate Before Use"); reported beside the plain ones.
        Contextual = "contextual",
    }
}

/// The inputs that say nothing (Zhao et al. 2021, section 5).
const CONTENT_FREE: [&str; 3] = ["N/A", "[MASK]", ""];

/// What is asked about, and the labels to choose from.
#[derive(Clone, Copy)]
pub(super) struct Set<'a> {
    pub(super) about: About<'a>,
    pub(super) kind: &'static str,
    pub(super) labels: &'a [Text],
    pub(super) items: &'a [Item<Labelled>],
    pub(super) shots: &'a [Item<Pair>],
    pub(super) selection: Selection,
}

/// One way to ask about all items.
pub(super) struct Way<'a> {
    /// The part of the task that it is.
    pub(super) part: &'a str,
    pub(super) layout: Result<&'a Layout<'a>, Failure>,
    /// What the model reads for each label.
    pub(super) words: Vec<&'a str>,
    /// How many solved examples come first.
    pub(super) k: u32,
    /// In how many orders; each is a repeat of the item.
    pub(super) orders: u32,
    pub(super) calibration: Calibration,
}

/// A question about an item.
pub(super) struct Asked {
    key: Arc<ItemKey>,
    /// The part of the items that the item belongs to.
    group: Option<String>,
    /// How many solved examples were wanted.
    k: u32,
    posed: Result<Scoring, Failure>,
}

/// Labels to be scored.
struct Scoring {
    /// The place of the right label.
    gold: usize,
    prompt: String,
    /// How many solved examples the prompt has.
    shots: usize,
    labels: Vec<Ticket<Scored>>,
    /// The labels after each input that says nothing.
    content_free: Vec<Vec<Ticket<Scored>>>,
}

impl Asked {
    /// The places of the labels' requests in the plan.
    pub(super) fn requests(&self) -> impl Iterator<Item = usize> {
        self.posed.iter().flat_map(|scoring| scoring.labels.iter().map(|ticket| ticket.index()))
    }
}

/// What the model reads for each label.
pub(super) fn read_as<'a>(labels: &'a [Text], verbalizer: &'a Named<Text>) -> Vec<&'a str> {
    labels.iter().map(|label| verbalizer.get(label).unwrap_or(label).as_str()).collect()
}

impl Set<'_> {
    /// Asks about every item in every order.
    pub(super) fn ask(&self, way: &Way<'_>, ask: &mut Ask) -> Vec<Asked> {
        let common = self.pool(self.shots.iter().map(|shot| &shot.content), way);
        let mut asked = Vec::with_capacity(self.items.len() * way.orders as usize);
        for item in self.items {
            let own = (!item.shots.is_empty()).then(|| self.pool(item.shots.iter(), way));
            let pool = own.as_ref().unwrap_or(&common);
            for order in 0..way.orders {
                let asks = item.input.as_str();
                let shown = pool.shown(self.selection, self.about, (&item.id, order), &asks, way.k);
                asked.push(self.question(item, order, &shown, way, ask));
            }
        }
        asked
    }

    fn pool<'p>(&self, shots: impl Iterator<Item = &'p Pair>, way: &Way<'_>) -> Pool<&'p str> {
        Pool::new(shots.map(|Pair { input, label }| {
            let word = self.place(label).map_or(label.as_str(), |place| way.words[place]);
            let example = Example { blanks: blanks([("input", input)]), answer: word.to_owned() };
            (input.as_str(), label.to_string(), example)
        }))
    }

    fn place(&self, label: &Text) -> Option<usize> {
        self.labels.iter().position(|other| other == label)
    }

    fn question(
        &self,
        item: &Item<Labelled>,
        order: u32,
        examples: &[&Example],
        way: &Way<'_>,
        ask: &mut Ask,
    ) -> Asked {
        let posed = self.scoring(item, examples, way, ask);
        let content = match &posed {
            Ok(Scoring { prompt, .. }) => {
                Digest::of_json(&(self.kind, prompt, &way.words, item.label.as_str()))
            }
            Err(failure) => Digest::of_json(&(self.kind, item.input.as_str(), item.label.as_str(), failure)),
        };
        let group = item.group.as_ref().map(ToString::to_string);
        Asked { key: item_key(item, Some(way.part), order, content), group, k: way.k, posed }
    }

    fn scoring(
        &self,
        item: &Item<Labelled>,
        examples: &[&Example],
        way: &Way<'_>,
        ask: &mut Ask,
    ) -> Result<Scoring, Failure> {
        let unknown =
            || Failure::new(FailureKind::Text, format!("`{}` is not one of the labels", item.label));
        let gold = self.place(&item.label).ok_or_else(unknown)?;
        let layout = way.layout.clone()?;
        let mut score = |input: &str| -> Result<(Posed, Vec<Ticket<Scored>>), Failure> {
            let posed = layout.pose(examples, &blanks([("input", input)]))?;
            let endings: Vec<String> = way.words.iter().map(|word| posed.ending(word)).collect();
            let tickets = ask.score_all(&posed.prompt, &endings);
            Ok((posed, tickets))
        };
        let (posed, labels) = score(&item.input)?;
        let content_free = match way.calibration {
            Calibration::None => Vec::new(),
            Calibration::Contextual => {
                let tickets = CONTENT_FREE.iter().map(|input| Ok(score(input)?.1));
                tickets.collect::<Result<_, Failure>>()?
            }
        };
        Ok(Scoring { gold, prompt: posed.prompt, shots: examples.len(), labels, content_free })
    }
}
