//! Plain sentences, half of them about which verb agrees with which noun.

use crate::random::Stream;

use super::{super::grammar::pick, Corpus, held_out};

/// How a subject hides its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// `The key`
    Simple,
    /// `The key to the cabinet`: the nearer noun has the same number.
    Near,
    /// `The keys to the cabinet`: the nearer noun has the other number.
    Attractor,
    /// `The boy that the girls like`
    Relative,
}

/// A sentence whose verb has two forms, of which one agrees.
pub struct Sentence {
    /// All before the verb.
    pub subject: String,
    /// The noun that the verb must agree with, in the singular.
    pub head: &'static str,
    /// The verb that agrees.
    pub right: &'static str,
    /// The same verb in the other number.
    pub wrong: &'static str,
    /// What follows the verb.
    pub rest: String,
}

impl Corpus {
    /// One to six sentences.
    pub(super) fn plain(&self, draw: &mut Stream) -> String {
        (0..=draw.below(6)).map(|_| self.plain_sentence(draw)).collect::<Vec<_>>().join(" ")
    }

    fn plain_sentence(&self, draw: &mut Stream) -> String {
        use Agreement::{Attractor, Near, Relative, Simple};
        loop {
            if draw.below(100) < 55 {
                let kinds =
                    [Simple, Simple, Simple, Near, Near, Attractor, Attractor, Attractor, Relative, Relative];
                let sentence = self.agreement(pick(&kinds, draw), draw);
                if !is_held_subject(&sentence.subject) {
                    return format!("{} {} {}.", sentence.subject, sentence.right, sentence.rest);
                }
            } else {
                let bound = self.someone(draw);
                let sentence = self.grammar.say("simple", &bound, draw);
                if sentence != "The cat sat on the mat." && !held_out(&sentence, 12) {
                    return sentence;
                }
            }
        }
    }

    /// A random sentence of this kind.
    pub(in super::super) fn agreement(&self, kind: Agreement, draw: &mut Stream) -> Sentence {
        let number = draw.below(2);
        let other_number = if kind == Agreement::Attractor { 1 - number } else { number };
        let is = |draw: &mut Stream| pick(&["is/are", "is/are", "was/were"], draw);
        let state = |draw: &mut Stream| {
            let places = [self.grammar.list("state"), self.grammar.list("spot")].concat();
            pick(&places, draw).to_owned()
        };
        let (head, subject, verb, rest) = match kind {
            Agreement::Relative => {
                let (head, other) = (self.entry("person", draw), self.entry("person", draw));
                let plural = draw.below(2);
                let verb = form(self.entry("like", draw), plural);
                let subject = format!("The {} that the {} {verb}", form(head, number), form(other, plural));
                (head, subject, self.entry("act", draw), self.entry("adverb", draw).to_owned())
            }
            Agreement::Near | Agreement::Attractor => {
                let (head, other) = (self.entry("noun", draw), self.entry("noun", draw));
                let between = self.entry("preposition", draw);
                let subject =
                    format!("The {} {between} the {}", form(head, number), form(other, other_number));
                (head, subject, is(draw), state(draw))
            }
            Agreement::Simple if draw.below(2) == 0 => {
                let head = self.entry("noun", draw);
                (head, format!("The {}", form(head, number)), is(draw), state(draw))
            }
            Agreement::Simple => {
                let head = self.entry("person", draw);
                let verbs = [self.grammar.list("act"), &["is/are", "has/have"]].concat();
                let verb = pick(&verbs, draw);
                let rest = match verb {
                    "is/are" => self.entry("mood", draw).to_owned(),
                    "has/have" => format!("a {}", form(self.entry("noun", draw), 0)),
                    _ => self.entry("adverb", draw).to_owned(),
                };
                (head, format!("The {}", form(head, number)), verb, rest)
            }
        };
        let (right, wrong) = (form(verb, number), form(verb, 1 - number));
        Sentence { subject, head: form(head, 0), right, wrong, rest }
    }

    /// A random entry of a list, whole.
    pub(in super::super) fn entry(&self, list: &str, draw: &mut Stream) -> &'static str {
        pick(self.grammar.list(list), draw)
    }
}

/// The singular (0) or the plural (1) of an entry such as `key/keys`.
pub(in super::super) fn form(entry: &'static str, number: usize) -> &'static str {
    entry.split('/').nth(number).expect("a noun or verb has two forms")
}

/// True for subjects that are never shown: one in 8, and those of the best-known example.
pub(in super::super) fn is_held_subject(subject: &str) -> bool {
    subject.contains("keys to the cabinet") || held_out(subject, 8)
}
