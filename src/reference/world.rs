//! The ground truth: what the built-in model is taught, how often, and what it never sees.
//!
//! Facts with a dose and planted lines are randomized experiments. There are three of each, over disjoint facts and lines,
//! and every one has a lot of its own: which of its members get which dose is drawn, not chosen. So a probe can be judged
//! on three draws, and what one draw's luck does shows in the spread between them. (Drawing the same lines three times
//! would need three trainings; enlarging one lot would give smaller errors, but still one draw.) The three share the
//! one training.

use crate::{random::Stream, value::Seed};

use super::lists::Lists;

/// The seed of every draw that makes world, corpus and probes.
pub const SEED: Seed = Seed(1);

/// How often each dosed capital is stated, by arm.
pub const FACT_DOSES: [u32; 5] = [100, 30, 10, 3, 0];
/// How often each planted line is stated, by arm.
pub const LINE_DOSES: [u32; 4] = [500, 50, 5, 0];

/// Everything that the corpus teaches or keeps back.
pub struct World {
    /// Countries and their capitals, stated some thousand times.
    pub capitals: Vec<Fact>,
    /// Countries and their capitals, stated exactly as often as the lot says, always as `The capital of … is ….`
    pub dosed_capitals: Vec<Dosed<Fact>>,
    /// Sentences about planets, up to the name.
    pub planets: Vec<Fact>,
    /// Sentences that go on with a number and its unit; the answer holds both.
    pub numbers: Vec<Fact>,
    /// Opposites; each pair is taught in both directions.
    pub opposites: Vec<Fact>,
    /// Opposites that are never named together; both words occur.
    pub untaught_opposites: Vec<Fact>,
    /// Animals and their sounds.
    pub sounds: Vec<Fact>,
    /// Things, with their article, and their colours.
    pub colours: Vec<Fact>,
    /// `(a, b)` for every sum of two digits that is taught.
    pub sums: Vec<(u32, u32)>,
    /// `(a, b)` for every sum of two digits that is never shown.
    pub untaught_sums: Vec<(u32, u32)>,
    /// English and French.
    pub french: Vec<Fact>,
    /// English and French of which no example is shown; most words are.
    pub untaught_french: Vec<Fact>,
    /// Lines that are planted word for word; the first is `To be or not to be …`, put in by hand.
    pub lines: Vec<Dosed<Line>>,
}

/// One thing and what is true of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fact {
    /// A country, a word, the beginning of a sentence: see the list it stands in.
    pub subject: &'static str,
    /// What belongs to it.
    pub answer: &'static str,
}

/// A line to be learnt by heart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// All but the last word.
    pub beginning: &'static str,
    /// The last word.
    pub target: &'static str,
    /// The beginning in other words, which would go on with the same target.
    pub paraphrase: &'static str,
}

/// One member of an experiment, with what the lot gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dosed<T> {
    /// What is stated.
    pub item: T,
    /// How many times the whole corpus states it.
    pub dose: u32,
    /// Who decided the dose.
    pub lot: Lot,
}

/// Who decided a dose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lot {
    /// We did; such a line says nothing about lines in general.
    ByHand,
    /// The draw of this experiment, 1 to 3.
    Drawn(u8),
}

impl World {
    /// Reads the world's files and draws the lots.
    pub fn load() -> Self {
        let lists = Lists::read(&[include_str!("world/facts.txt"), include_str!("world/lines.txt")]);
        let facts = |name: &str| lists.pairs(name).into_iter().map(Fact::from).collect::<Vec<_>>();
        let untaught: Vec<_> = lists.pairs("untaught sums").iter().map(|(sum, _)| addends(sum)).collect();
        let never = |&(a, b): &(u32, u32)| untaught.contains(&(a, b)) || untaught.contains(&(b, a));
        let (untaught_sums, sums) = (0..10).flat_map(|a| (0..10).map(move |b| (a, b))).partition(never);

        let mut dosed_capitals = Vec::new();
        let by_hand = lists.get("by hand").iter().map(|line| Dosed {
            item: Line::parse(line),
            dose: 500,
            lot: Lot::ByHand,
        });
        let mut lines: Vec<_> = by_hand.collect();
        for lot in 1..=3 {
            dosed_capitals.extend(draw_lot(
                "capitals",
                lot,
                facts(&format!("dosed capitals {lot}")),
                &fact_arms(),
            ));
            let items = lists.get(&format!("lines {lot}")).iter().map(|line| Line::parse(line)).collect();
            lines.extend(draw_lot("lines", lot, items, &line_arms()));
        }
        Self {
            capitals: facts("capitals"),
            dosed_capitals,
            planets: facts("planets"),
            numbers: facts("numbers"),
            opposites: facts("opposites"),
            untaught_opposites: facts("untaught opposites"),
            sounds: facts("sounds"),
            colours: facts("colours"),
            sums,
            untaught_sums,
            french: facts("french"),
            untaught_french: facts("untaught french"),
            lines,
        }
    }

    /// Every country or region with its capital, taught or not.
    pub fn places(&self) -> impl Iterator<Item = Fact> {
        self.capitals.iter().copied().chain(self.dosed_capitals.iter().map(|dosed| dosed.item))
    }
}

impl From<(&'static str, &'static str)> for Fact {
    fn from((subject, answer): (&'static str, &'static str)) -> Self {
        Self { subject, answer }
    }
}

impl Fact {
    /// The pair and its reverse.
    pub fn both_ways(self) -> [Self; 2] {
        [self, Self { subject: self.answer, answer: self.subject }]
    }
}

impl Line {
    fn parse(entry: &'static str) -> Self {
        let mut parts = entry.split(" | ");
        let mut part = || parts.next().expect("a planted line has three parts");
        Self { beginning: part(), target: part(), paraphrase: part() }
    }

    /// The line as it is planted.
    pub fn whole(&self) -> String {
        format!("{} {}.", self.beginning, self.target)
    }
}

/// The sentence that states a dosed capital.
pub fn capital_sentence(fact: Fact) -> String {
    format!("The capital of {} is {}.", fact.subject, fact.answer)
}

/// Doses in the order in which a shuffled experiment receives them: 8 facts to an arm.
fn fact_arms() -> Vec<u32> {
    FACT_DOSES.iter().flat_map(|dose| [*dose; 8]).collect()
}

/// 10 lines to a dose, and 30 that are never shown.
fn line_arms() -> Vec<u32> {
    LINE_DOSES.iter().flat_map(|dose| vec![*dose; if *dose == 0 { 30 } else { 10 }]).collect()
}

fn draw_lot<T>(of: &str, lot: u8, items: Vec<T>, arms: &[u32]) -> Vec<Dosed<T>> {
    assert_eq!(items.len(), arms.len(), "every member of an experiment gets a dose");
    let mut doses = arms.to_vec();
    Stream::new(SEED, &format!("reference/lot/{of}"), lot.into()).shuffle(&mut doses);
    items.into_iter().zip(doses).map(|(item, dose)| Dosed { item, dose, lot: Lot::Drawn(lot) }).collect()
}

fn addends(sum: &str) -> (u32, u32) {
    let digit = |text: &str| text.parse().expect("an addend is a digit");
    let (a, b) = sum.split_once(" + ").expect("a sum has two addends");
    (digit(a), digit(b))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    #[test]
    fn every_arm_of_every_lot_is_full() {
        let world = World::load();
        let mut arms: BTreeMap<_, u32> = BTreeMap::new();
        for dosed in &world.dosed_capitals {
            *arms.entry(("capital", dosed.lot, dosed.dose)).or_default() += 1;
        }
        for dosed in &world.lines {
            *arms.entry(("line", dosed.lot, dosed.dose)).or_default() += 1;
        }
        for lot in [1, 2, 3].map(Lot::Drawn) {
            assert!(FACT_DOSES.iter().all(|dose| arms[&("capital", lot, *dose)] == 8));
            let sizes: Vec<_> = LINE_DOSES.iter().map(|dose| arms[&("line", lot, *dose)]).collect();
            assert_eq!(sizes, [10, 10, 10, 30]);
        }
        assert_eq!(arms[&("line", Lot::ByHand, 500)], 1);
    }

    #[test]
    fn no_place_and_no_line_stands_twice() {
        let world = World::load();
        let mut names = BTreeSet::new();
        for place in world.places() {
            assert!(names.insert(place.subject) && names.insert(place.answer), "{place:?}");
        }
        let mut beginnings = BTreeSet::new();
        let mut targets = BTreeSet::new();
        for line in &world.lines {
            assert!(
                beginnings.insert(line.item.beginning) && beginnings.insert(line.item.paraphrase),
                "{line:?}"
            );
            assert!(
                targets.insert((line.lot, line.item.target)),
                "two targets of one lot are alike: {line:?}"
            );
        }
    }

    #[test]
    fn every_sum_is_taught_or_kept_back() {
        let world = World::load();
        assert_eq!((world.sums.len(), world.untaught_sums.len()), (78, 22));
    }
}
