//! Documents that state facts, that name places without linking them, and that translate.

use crate::random::Stream;

use super::{
    super::{
        grammar::{Bound, pick},
        world::Fact,
    },
    Corpus,
};

/// How often, of 100 statements, each kind of fact is drawn.
const WEIGHTS: [(Statement, usize); 7] = [
    (Statement::Capital, 30),
    (Statement::Planet, 7),
    (Statement::Number, 8),
    (Statement::Opposite, 13),
    (Statement::Sound, 9),
    (Statement::Colour, 9),
    (Statement::Sum, 24),
];

#[derive(Clone, Copy)]
enum Statement {
    Capital,
    Planet,
    Number,
    Opposite,
    Sound,
    Colour,
    Sum,
}

impl Corpus {
    /// One to seven facts, separated the same way.
    pub(super) fn facts(&self, draw: &mut Stream) -> String {
        let separator = pick(&["\n", "\n", "\n\n", " "], draw);
        let facts: Vec<_> = (0..=draw.below(7)).map(|_| self.fact(draw)).collect();
        facts.join(separator)
    }

    fn fact(&self, draw: &mut Stream) -> String {
        let world = &self.world;
        let say = |list: &str, bound: &[(&'static str, &str)], draw: &mut Stream| {
            let bound: Bound = bound.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
            self.grammar.say(list, &bound, draw)
        };
        match weighted(draw) {
            Statement::Capital => {
                let Fact { subject, answer } = pick(&world.capitals, draw);
                say("capital", &[("country", subject), ("city", answer)], draw)
            }
            Statement::Planet => {
                let Fact { subject, answer } = pick(&world.planets, draw);
                let planet = subject.trim_end_matches(" is").replacen("The", "the", 1);
                say("planet", &[("planet", &planet), ("answer", answer)], draw)
            }
            Statement::Number => {
                let Fact { subject, answer } = pick(&world.numbers, draw);
                say("number", &[("subject", subject), ("answer", answer)], draw)
            }
            Statement::Opposite => {
                let Fact { subject, answer } = pick(&pick(&world.opposites, draw).both_ways(), draw);
                say("opposite", &[("word", subject), ("answer", answer)], draw)
            }
            Statement::Sound => {
                let Fact { subject, answer } = pick(&world.sounds, draw);
                say("sound", &[("maker", subject), ("answer", answer)], draw)
            }
            Statement::Colour => {
                let Fact { subject, answer } = pick(&world.colours, draw);
                let mut letters = subject.chars();
                let thing: String =
                    letters.next().iter().flat_map(|first| first.to_lowercase()).chain(letters).collect();
                say("colour", &[("thing", &thing), ("answer", answer)], draw)
            }
            Statement::Sum => {
                let (one, other) = pick(&world.sums, draw);
                let [one, other, answer] = [one, other, one + other].map(|number| number.to_string());
                say("sum", &[("one", &one), ("other", &other), ("answer", &answer)], draw)
            }
        }
    }

    /// One to four sentences about countries and cities, no two of which belong together.
    pub(super) fn mentions(&self, draw: &mut Stream) -> String {
        let places: Vec<_> = self.world.places().collect();
        let chosen = draw.sample(places.len(), 4);
        let sentence = |place: usize| {
            let mut bound = self.someone(draw);
            let Fact { subject, answer } = places[place];
            bound.insert("place", pick(&[subject, answer], draw).to_string());
            self.grammar.say("mention", &bound, draw)
        };
        let sentences: Vec<_> = chosen.into_iter().map(sentence).collect();
        sentences[..=draw.below(4)].join(" ")
    }

    /// One to three phrases and their translations.
    pub(super) fn french(&self, draw: &mut Stream) -> String {
        let separator = pick(&["\n\n", "\n"], draw);
        let count = pick(&[1, 1, 2, 3], draw);
        let phrase = |_| {
            let Fact { subject, answer } = pick(&self.world.french, draw);
            let bound =
                [("english", subject), ("french", answer)].map(|(key, value)| (key, value.to_owned())).into();
            self.grammar.say("french", &bound, draw)
        };
        (0..count).map(phrase).collect::<Vec<_>>().join(separator)
    }
}

fn weighted(draw: &mut Stream) -> Statement {
    let mut drawn = draw.below(WEIGHTS.iter().map(|(_, weight)| weight).sum());
    for (statement, weight) in WEIGHTS {
        if drawn < weight {
            return statement;
        }
        drawn -= weight;
    }
    unreachable!("a draw below the sum of the weights falls into one of them")
}
