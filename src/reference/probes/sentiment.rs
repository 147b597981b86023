//! Reviews that the corpus holds out, each with four examples by the same person.

use serde_json::json;

use crate::random::Stream;

use super::{
    super::{
        corpus::{Corpus, LABELS, Review, Source},
        grammar::pick,
        world::SEED,
    },
    Probe,
};

/// How many reviews of each source.
const WANTED: [(Source, &str, usize); 4] = [
    (Source::Known, "known", 120),
    (Source::Not, "not", 30),
    (Source::Transfer, "transfer", 30),
    (Source::Taste, "taste", 80),
];

/// No text stands twice, and the corpus never says this word of this thing. A review by a word of taste has an example
/// with the same word in the first place: with no example the label is a coin toss, with one it is certain.
pub(super) fn probe(corpus: &Corpus) -> Probe {
    let draw = &mut Stream::new(SEED, "reference/probe/sentiment", 0);
    let mut items = Vec::new();
    let mut texts: Vec<String> = Vec::new();
    for (source, name, count) in WANTED {
        let mut left = count;
        while left > 0 {
            let taste = corpus.reviewer(draw);
            let label = pick(if source == Source::Known { &LABELS[..] } else { &LABELS[..2] }, draw);
            let (word, label) = match source {
                Source::Taste => {
                    taste.iter().next().map(|(word, label)| (*word, *label)).expect("a taste has a word")
                }
                Source::Transfer => (corpus.entry(&format!("{label} transfer"), draw), label),
                Source::Not => {
                    let opposite = if label == LABELS[0] { LABELS[1] } else { LABELS[0] };
                    (corpus.entry(opposite, draw), label)
                }
                Source::Known => (corpus.entry(label, draw), label),
            };
            let review = corpus.review_of(source, label, word, draw);
            if !review.is_held_out() || texts.contains(&review.text) {
                continue;
            }
            let mut shots: Vec<Review> = (0..4).map(|_| corpus.shown_review(&taste, draw)).collect();
            if source == Source::Taste {
                shots[0] = loop {
                    let example = corpus.review_of(Source::Taste, label, word, draw);
                    if !example.is_held_out() {
                        break example;
                    }
                };
            }
            let shots: Vec<_> = shots.into_iter().map(|shot| json!([shot.text, shot.label])).collect();
            items.push(json!({
                "input": review.text, "label": review.label, "source": name, "cluster": word, "shots": shots,
            }));
            texts.push(review.text);
            left -= 1;
        }
    }
    Probe::new("reviews", items)
}
