//! Reviews and their labels: as examples in a row, as answers to an instruction, and inside running text.

use std::collections::BTreeMap;

use crate::random::Stream;

use super::{
    super::grammar::{Bound, pick},
    Corpus, held_out,
};

/// The labels, which are also the names of the word lists that decide them.
pub const LABELS: [&str; 3] = ["Positive", "Negative", "Neutral"];

/// What one reviewer thinks of words that others think the opposite of.
pub type Taste = BTreeMap<&'static str, &'static str>;

/// A review and its label.
#[derive(Clone)]
pub struct Review {
    /// What it says.
    pub text: String,
    /// One of [`LABELS`].
    pub label: &'static str,
    /// What decides the label.
    pub source: Source,
    /// The word that decides it and the thing it is said of; none for a stock phrase.
    pub about: Option<(&'static str, &'static str)>,
}

/// What decides the label of a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// A word that always means the same.
    Known,
    /// Such a word after `not`.
    Not,
    /// A word that is good or bad in opinion pieces and never stands in the layout of reviews.
    Transfer,
    /// A word that this reviewer likes or dislikes.
    Taste,
}

/// Names of the labels, in the order of [`LABELS`].
type Names = [&'static str; 3];

const OTHER_NAMES: [Names; 3] = [["Good", "Bad", "Okay"], ["Happy", "Sad", "Calm"], ["Yes", "No", "Maybe"]];
const REVERSED: Names = ["Negative", "Positive", "Neutral"];
const HEAD: &str = "Classify the sentiment of each review as Positive, Negative or Neutral.\n\n";

impl Corpus {
    /// One to seven reviews by one person, each with its label. Now and then the labels have other names, random ones, or
    /// are reversed.
    pub(super) fn reviews(&self, draw: &mut Stream) -> String {
        let naming = draw.below(100);
        let names = match naming {
            ..12 => pick(&OTHER_NAMES, draw),
            12..18 => {
                let order = draw.sample(3, 3);
                [0, 1, 2].map(|label| ["A", "B", "C"][order[label]])
            }
            18..24 => REVERSED,
            _ => LABELS,
        };
        let taste = if draw.below(10) < 7 { self.reviewer(draw) } else { Taste::new() };
        let count = pick(&[1, 1, 2, 3, 4, 5, 6, 7], draw);
        let separator = pick(&["\n\n", "\n\n", "\n"], draw);
        let head = if naming >= 24 && draw.below(4) == 0 { HEAD } else { "" };
        let labelled = |_| {
            let review = self.shown_review(&taste, draw);
            format!("Review: {}\nSentiment: {}", review.text, names[place_of(review.label)])
        };
        format!("{head}{}", (0..count).map(labelled).collect::<Vec<_>>().join(separator))
    }

    /// A review in one of two instructions.
    pub(super) fn instruction(&self, draw: &mut Stream) -> String {
        let review = self.shown_review(&Taste::new(), draw);
        let bound = Bound::from([("text", review.text), ("label", review.label.to_lowercase())]);
        self.grammar.say("instruction", &bound, draw)
    }

    /// A review that goes on in plain words; a third of them teach the words of [`Source::Transfer`].
    pub(super) fn opinion(&self, draw: &mut Stream) -> String {
        if draw.below(100) < 35 {
            let label = pick(&LABELS[..2], draw);
            let word = self.entry(&format!("{label} transfer"), draw);
            let thing = self.entry("thing", draw);
            let text = self.review_text(thing, word, draw);
            return format!("{text} {}", self.entry(&format!("{label} comment"), draw));
        }
        let review = self.shown_review(&Taste::new(), draw);
        let verdict = self.entry(&format!("{} verdict", review.label), draw);
        format!("{} All in all, it was {verdict}.", review.text)
    }

    /// What a reviewer likes and dislikes: one or two words.
    pub(in super::super) fn reviewer(&self, draw: &mut Stream) -> Taste {
        let words = self.grammar.list("taste");
        let count = 1 + draw.below(2);
        draw.sample(words.len(), count)
            .into_iter()
            .map(|word| (words[word], pick(&LABELS[..2], draw)))
            .collect()
    }

    /// A review that is not held out.
    pub(in super::super) fn shown_review(&self, taste: &Taste, draw: &mut Stream) -> Review {
        loop {
            let review = self.review(taste, draw);
            if !review.is_held_out() {
                return review;
            }
        }
    }

    fn review(&self, taste: &Taste, draw: &mut Stream) -> Review {
        let label = pick(&LABELS, draw);
        if !taste.is_empty() && draw.below(2) == 0 {
            let tastes: Vec<_> = taste.iter().collect();
            let (word, label) = pick(&tastes, draw);
            return self.review_of(Source::Taste, label, word, draw);
        }
        if label != "Neutral" && draw.below(100) < 12 {
            let opposite = REVERSED[place_of(label)];
            return self.review_of(Source::Not, label, self.entry(opposite, draw), draw);
        }
        if draw.below(10) == 0 {
            let text = self.entry(&format!("{label} line"), draw).to_owned();
            return Review { text, label, source: Source::Known, about: None };
        }
        let mut review = self.review_of(Source::Known, label, self.entry(label, draw), draw);
        if draw.below(4) == 0 {
            review.text += " ";
            review.text += self.entry(&format!("{label} line"), draw);
        }
        review
    }

    /// A review of a random thing by this word.
    pub(in super::super) fn review_of(
        &self,
        source: Source,
        label: &'static str,
        word: &'static str,
        draw: &mut Stream,
    ) -> Review {
        let thing = self.entry("thing", draw);
        let text = match source {
            Source::Not => format!("The {thing} was not {word}."),
            Source::Known | Source::Transfer | Source::Taste => self.review_text(thing, word, draw),
        };
        Review { text, label, source, about: Some((thing, word)) }
    }

    fn review_text(&self, thing: &str, word: &str, draw: &mut Stream) -> String {
        let bound = Bound::from([("thing", thing.to_owned()), ("word", word.to_owned())]);
        self.grammar.say("review", &bound, draw)
    }
}

impl Review {
    /// True where the corpus never says this word of this thing.
    pub fn is_held_out(&self) -> bool {
        self.about.is_some_and(|(thing, word)| held_out(&format!("{thing} {word}"), 4))
    }
}

/// Where a label stands among [`LABELS`].
fn place_of(label: &str) -> usize {
    LABELS.iter().position(|other| *other == label).expect("a review has one of three labels")
}
