//! Stories, news and recipes.

use crate::random::Stream;

use super::{
    super::grammar::{Bound, pick},
    Corpus,
};

/// Sentences that turn a story, in the order of `corpus.txt`.
const TURNS: usize = 10;

impl Corpus {
    /// An opening, one to three sentences of the middle, one to four turns, an end; one hero, one friend, one thing wanted.
    pub(super) fn story(&self, draw: &mut Stream) -> String {
        let mut bound = self.someone(draw);
        let friend = loop {
            let friend = self.someone(draw);
            if friend["name"] != bound["name"] {
                break friend;
            }
        };
        bound.insert("other", friend["name"].clone());
        bound.insert("other he", friend["he"].clone());
        let (wanted, it) = self.entry("goal", draw).split_once('/').expect("a goal has its short word");
        bound.insert("wanted", wanted.to_owned());
        bound.insert("it", it.to_owned());

        let mut sentences = vec![self.grammar.say("story opening", &bound, draw)];
        let middle = ["story middle 1", "story middle 2", "story middle 3"];
        sentences.extend(middle[..=draw.below(3)].iter().map(|part| self.grammar.say(part, &bound, draw)));
        let count = 1 + draw.below(4);
        let turns = draw.sample(TURNS, count);
        sentences
            .extend(turns.into_iter().map(|turn| self.grammar.say_entry("story turn", turn, &bound, draw)));
        sentences.push(self.grammar.say("story end", &bound, draw));
        sentences.join(" ")
    }

    pub(super) fn news_or_recipe(&self, draw: &mut Stream) -> String {
        let mut bound;
        let parts: &[&str] = if draw.below(2) == 0 {
            bound = self.someone(draw);
            bound.insert("herd", super::sentences::form(self.entry("animal", draw), 1).to_owned());
            let places: Vec<_> = self.world.places().map(|place| place.answer).collect();
            bound.insert("place", pick(&places, draw).to_owned());
            &["news 1", "news 2", "news 3"]
        } else {
            bound = Bound::from([
                ("powder", self.entry("powders", draw).to_owned()),
                ("fruit", self.entry("fruits", draw).to_owned()),
            ]);
            &["recipe 1", "recipe 2", "recipe 3", "recipe 4"]
        };
        parts.iter().map(|part| self.grammar.say(part, &bound, draw)).collect::<Vec<_>>().join(" ")
    }
}
