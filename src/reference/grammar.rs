//! Sentences from templates: the language of `world/corpus.txt`, whose head describes it.

use std::collections::BTreeMap;

use crate::random::Stream;

use super::lists::Lists;

/// Lists of phrases to draw from.
pub(super) struct Grammar {
    phrases: BTreeMap<&'static str, Vec<Phrase>>,
    lists: Lists,
}

/// What a document calls by a name, such as its hero.
pub(super) type Bound = BTreeMap<&'static str, String>;

/// An entry, cut at its slots.
type Phrase = Vec<Piece>;

enum Piece {
    Text(String),
    Slot { name: &'static str, part: usize, article: bool, capital: bool },
    OneOf(Vec<Phrase>),
}

impl Grammar {
    /// Reads the project's own words and sentences.
    pub(super) fn load() -> Self {
        let lists = Lists::read(&[include_str!("world/words.txt"), include_str!("world/corpus.txt")]);
        let phrases = lists.iter().map(|(name, entries)| (name, entries.iter().map(|e| parse(e)).collect()));
        Self { phrases: phrases.collect(), lists }
    }

    /// The entries of a list as they are written.
    pub(super) fn list(&self, name: &str) -> &[&'static str] {
        self.lists.get(name)
    }

    /// A random entry of a list, its slots filled from `bound` and, where that knows no such name, from the lists.
    pub(super) fn say(&self, name: &str, bound: &Bound, draw: &mut Stream) -> String {
        let place = draw.below(self.phrases_of(name).len());
        self.say_entry(name, place, bound, draw)
    }

    /// The entry at this place of a list, filled as in [`Grammar::say`].
    pub(super) fn say_entry(&self, name: &str, place: usize, bound: &Bound, draw: &mut Stream) -> String {
        let mut text = String::new();
        self.fill(&self.phrases_of(name)[place], bound, draw, &mut text);
        text
    }

    fn phrases_of(&self, name: &str) -> &[Phrase] {
        self.phrases.get(name).unwrap_or_else(|| panic!("the grammar has no list `{name}`"))
    }

    fn fill(&self, phrase: &Phrase, bound: &Bound, draw: &mut Stream, text: &mut String) {
        for piece in phrase {
            match piece {
                Piece::Text(words) => text.push_str(words),
                Piece::OneOf(phrases) => self.fill(&phrases[draw.below(phrases.len())], bound, draw, text),
                Piece::Slot { name, part, article, capital } => {
                    let drawn;
                    let filling = if let Some(value) = bound.get(name) {
                        value
                    } else {
                        drawn = self.say(name, bound, draw);
                        drawn.split('/').nth(*part).expect("an entry has the parts that are asked for")
                    };
                    let with_article =
                        if *article { article_for(filling).to_owned() } else { String::new() } + filling;
                    text.push_str(&if *capital { capitalize(&with_article) } else { with_article });
                }
            }
        }
    }
}

/// A random entry.
pub(super) fn pick<T: Copy>(list: &[T], draw: &mut Stream) -> T {
    list[draw.below(list.len())]
}

/// The text with its first letter large.
pub(super) fn capitalize(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// `a ` or `an `, by the first letter; `usual` is the one word of the corpus whose vowel does not sound like one.
pub(super) fn article_for(word: &str) -> &'static str {
    if word.starts_with(['a', 'e', 'i', 'o', 'u']) && !word.starts_with("usual") { "an " } else { "a " }
}

fn parse(entry: &'static str) -> Phrase {
    let mut phrase = Vec::new();
    let mut rest = entry;
    while let Some(at) = rest.find(['{', '[']) {
        phrase.push(text(&rest[..at]));
        let close = if rest[at..].starts_with('{') { '}' } else { ']' };
        let (inside, after) =
            rest[at + 1..].split_once(close).expect("what is opened in a template is closed");
        phrase.push(match close {
            '}' => slot(inside),
            _ => Piece::OneOf(inside.split('|').map(parse).collect()),
        });
        rest = after;
    }
    phrase.push(text(rest));
    phrase
}

fn text(words: &str) -> Piece {
    Piece::Text(words.replace("\\n", "\n"))
}

fn slot(inside: &'static str) -> Piece {
    let (capital, inside) = inside.strip_prefix('^').map_or((false, inside), |rest| (true, rest));
    let (article, inside) = inside.strip_prefix("a ").map_or((false, inside), |rest| (true, rest));
    let (name, part) = inside.split_once('.').unwrap_or((inside, "0"));
    Piece::Slot { name, part: part.parse().expect("a part of an entry is a number"), article, capital }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_take_articles_capitals_and_parts() {
        let grammar = Grammar::load();
        let bound = Bound::from([("word", "usual".to_owned()), ("thing", "film".to_owned())]);
        let mut draw = Stream::new(crate::value::Seed(0), "test", 0);
        let said = |phrase: &'static str, draw: &mut Stream| {
            let mut text = String::new();
            grammar.fill(&parse(phrase), &bound, draw, &mut text);
            text
        };
        assert_eq!(
            said("It was {a word} {thing}. {^a thing}\\n", &mut draw),
            "It was a usual film. A film\n"
        );
        let plural = said("{noun.1}", &mut draw);
        assert!(grammar.list("noun").iter().any(|entry| entry.ends_with(&format!("/{plural}"))), "{plural}");
        assert!(["x film", "y film"].contains(&said("[x|y] {thing}", &mut draw).as_str()));
    }

    #[test]
    fn every_slot_of_every_list_can_be_filled_or_is_bound_by_its_document() {
        let grammar = Grammar::load();
        let bound_by_documents = [
            "name", "he", "his", "him", "other", "other he", "wanted", "it", "place", "country", "city",
            "planet", "answer", "subject", "word", "maker", "one", "herd", "powder", "fruit", "text",
            "label", "english", "french", "line",
        ];
        fn check(grammar: &Grammar, phrase: &Phrase, known: &[&str]) {
            for piece in phrase {
                match piece {
                    Piece::Text(_) => {}
                    Piece::OneOf(phrases) => phrases.iter().for_each(|phrase| check(grammar, phrase, known)),
                    Piece::Slot { name, .. } => {
                        assert!(known.contains(name) || grammar.phrases.contains_key(name), "`{name}`");
                    }
                }
            }
        }
        for phrase in grammar.phrases.values().flatten() {
            check(&grammar, phrase, &bound_by_documents);
        }
    }
}
