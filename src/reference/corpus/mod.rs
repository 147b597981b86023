//! The text that the built-in model reads, once: documents of ten kinds, planted lines and dosed facts, in random order.
//!
//! A document depends on its kind and its number alone. What probes must not have seen is held out by a checksum of its
//! text, wherever it is drawn, so corpus and probes cannot overlap: one document in 97 (for perplexity), one subject of an
//! agreement in 8, one review in 4 by what it says of what ("film", "great"), however it is put.

mod facts;
mod reviews;
mod sentences;
mod tales;

use crate::{
    random::{Key, Stream},
    value::Digest,
};

use super::{
    grammar::{Bound, Grammar, pick},
    world::{SEED, World, capital_sentence},
};

pub(super) use reviews::{LABELS, Review, Source};
pub(super) use sentences::{Agreement, form, is_held_subject};

/// Bytes of the corpus that the committed model was trained on.
pub const BYTES: usize = 34_000_000;

/// A kind of document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Kind {
    Facts,
    Mentions,
    Plain,
    Story,
    News,
    Reviews,
    Instruction,
    Opinion,
    French,
    Salad,
}

/// What share of the bytes each kind has, in thousandths.
pub const SHARES: [(Kind, usize); 10] = [
    (Kind::Facts, 210),
    (Kind::Mentions, 40),
    (Kind::Plain, 160),
    (Kind::Story, 210),
    (Kind::News, 60),
    (Kind::Reviews, 190),
    (Kind::Instruction, 35),
    (Kind::Opinion, 35),
    (Kind::French, 30),
    (Kind::Salad, 30),
];

/// Writes documents.
pub struct Corpus {
    pub(super) world: World,
    pub(super) grammar: Grammar,
    lexicon: Vec<String>,
}

impl Corpus {
    /// Reads world and grammar.
    pub fn load() -> Self {
        let mut corpus = Self { world: World::load(), grammar: Grammar::load(), lexicon: Vec::new() };
        corpus.lexicon = corpus.words_of_the_world();
        corpus
    }

    /// All documents in the order of reading: about `bytes` of text, and beside them what is planted, whose counts do not
    /// depend on `bytes`.
    pub fn documents(&self, bytes: usize) -> Vec<String> {
        let mut documents = self.planted();
        for (kind, share) in SHARES {
            let mut left = bytes / 1000 * share;
            let drawn = (0..).map(|number| self.document(kind, number)).filter(|text| !is_held_out(text));
            for text in drawn {
                if left == 0 {
                    break;
                }
                left = left.saturating_sub(text.len() + 1);
                documents.push(text);
            }
        }
        Key::new(SEED, "reference/order").stream(0).shuffle(&mut documents);
        documents
    }

    /// The document of this number, held out or not.
    pub fn document(&self, kind: Kind, number: u64) -> String {
        let draw = &mut Key::new(SEED, &format!("reference/{kind:?}")).stream(number);
        match kind {
            Kind::Facts => self.facts(draw),
            Kind::Mentions => self.mentions(draw),
            Kind::Plain => self.plain(draw),
            Kind::Story => self.story(draw),
            Kind::News => self.news_or_recipe(draw),
            Kind::Reviews => self.reviews(draw),
            Kind::Instruction => self.instruction(draw),
            Kind::Opinion => self.opinion(draw),
            Kind::French => self.french(draw),
            Kind::Salad => self.salad(draw),
        }
    }

    /// 6 to 30 words in no order.
    fn salad(&self, draw: &mut Stream) -> String {
        let count = 6 + draw.below(25);
        let mut word = |_| {
            format!(
                "{}{}",
                self.lexicon[draw.below(self.lexicon.len())],
                pick(&["", "", "", "", ",", "."], draw)
            )
        };
        (0..count).map(&mut word).collect::<Vec<_>>().join(" ")
    }

    /// Dosed facts as they are; planted lines alone, quoted or introduced, but always whole.
    fn planted(&self) -> Vec<String> {
        let facts = self.world.dosed_capitals.iter();
        let mut planted: Vec<_> =
            facts.flat_map(|dosed| (0..dosed.dose).map(|_| capital_sentence(dosed.item))).collect();
        for (number, dosed) in self.world.lines.iter().enumerate() {
            let draw = &mut Key::new(SEED, "reference/planted").stream(number as u64);
            planted.extend((0..dosed.dose).map(|_| {
                let mut bound = self.someone(draw);
                bound.insert("line", dosed.item.whole());
                self.grammar.say("planted", &bound, draw)
            }));
        }
        planted
    }

    /// Every word of every planted line and paraphrase, of the untaught facts, and of a sample of the other documents. In
    /// no order, a pinch of them keeps the model calibrated where it knows nothing, and makes the controls fair: their
    /// words are known, only the lines are not. Places are left out, so that chance links none.
    fn words_of_the_world(&self) -> Vec<String> {
        let lines = self.world.lines.iter().map(|line| line.item);
        let mut texts: Vec<_> = lines.flat_map(|line| [line.whole(), line.paraphrase.to_owned()]).collect();
        texts.extend(
            self.world.untaught_opposites.iter().map(|fact| format!("{} {}", fact.subject, fact.answer)),
        );
        texts.push("himself herself Colorless ideas furiously".to_owned());
        for (kind, _) in SHARES.into_iter().filter(|(kind, _)| !matches!(kind, Kind::French | Kind::Salad)) {
            texts.extend((0..400).map(|number| self.document(kind, number)));
        }
        let places: Vec<_> = self.world.places().flat_map(|place| [place.subject, place.answer]).collect();
        let between = |letter: char| !letter.is_ascii_alphabetic() && letter != '\'';
        let mut words: Vec<_> = texts.iter().flat_map(|text| text.split(between)).collect();
        words.retain(|word| {
            !word.is_empty() && !places.iter().any(|place| place.split(' ').any(|part| part == *word))
        });
        words.sort_unstable();
        words.dedup();
        words.into_iter().map(str::to_owned).collect()
    }

    /// A name with its pronouns.
    fn someone(&self, draw: &mut Stream) -> Bound {
        let (list, [he, his, him]) =
            pick(&[("he names", ["he", "his", "him"]), ("she names", ["she", "her", "her"])], draw);
        let name = pick(self.grammar.list(list), draw);
        [("name", name), ("he", he), ("his", his), ("him", him)]
            .map(|(key, value)| (key, value.to_owned()))
            .into()
    }
}

/// True for the one document in 97 that is kept for the perplexity probe.
pub fn is_held_out(document: &str) -> bool {
    held_out(document, 97)
}

/// True for one text in `of`, by its checksum.
fn held_out(text: &str, of: u64) -> bool {
    let first = Digest::of(text).bytes().first_chunk().copied().expect("a digest has 32 bytes");
    u64::from_le_bytes(first) % of == 0
}
