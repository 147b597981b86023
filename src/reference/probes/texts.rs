//! Probes of other shapes: planted lines, held-out documents, questions to be answered in words, choices, translations.

use serde_json::{Value, json};

use crate::random::Stream;

use super::{
    super::{
        corpus::{Corpus, Kind, is_held_out},
        grammar::{capitalize, pick},
        world::{Dosed, Fact, Line, Lot, SEED},
    },
    Probe,
};

/// Kinds of documents of which some are held out; the stories come first.
const HELD_OUT: [(&str, Kind); 5] = [
    ("texts-stories", Kind::Story),
    ("texts-plain", Kind::Plain),
    ("texts-news", Kind::News),
    ("texts-facts", Kind::Facts),
    ("texts-reviews", Kind::Reviews),
];
const DOCUMENTS: usize = 60;

pub(super) fn all(corpus: &Corpus) -> Vec<Probe> {
    let mut probes = texts(corpus);
    probes.extend([
        Probe::new("planted-lines", planted_lines(corpus)),
        Probe::new("questions", questions(corpus)),
        Probe::new("letters-never-taught", letters(corpus)),
        Probe::new("french", french(corpus)),
    ]);
    probes
}

fn planted_lines(corpus: &Corpus) -> Vec<Value> {
    let mut lines = corpus.world.lines.clone();
    lines.sort_by_key(|line| (line.lot, std::cmp::Reverse(line.dose)));
    let item = |line: &Dosed<Line>| {
        let lot = match line.lot {
            Lot::ByHand => Value::from("by hand"),
            Lot::Drawn(lot) => Value::from(lot),
        };
        json!({
            "exact": line.item.beginning, "paraphrase": line.item.paraphrase, "target": line.item.target,
            "dose": line.dose, "lot": lot,
        })
    };
    lines.iter().map(item).collect()
}

/// Documents that the model never saw, of kinds that it knows; the stories again with their words in random order; and
/// what is more and more foreign.
fn texts(corpus: &Corpus) -> Vec<Probe> {
    let draw = &mut Stream::new(SEED, "reference/probe/texts", 0);
    let probe = |name, texts: &[String]| Probe::new(name, texts.iter().map(|text| json!({ "text": text })));
    let held_out = HELD_OUT.map(|(name, kind)| (name, held_out(corpus, kind)));
    let mut probes: Vec<_> = held_out.iter().map(|(name, texts)| probe(name, texts)).collect();

    let shuffled = held_out[0].1.iter().map(|story| {
        let mut words: Vec<_> = story.split(' ').collect();
        draw.shuffle(&mut words);
        words.join(" ")
    });
    probes.push(probe("texts-shuffled-stories", &shuffled.collect::<Vec<_>>()));
    let odd = |_| {
        let mut word =
            |list: &str, part: usize| corpus.entry(list, draw).split('/').nth(part).unwrap_or_default();
        let (state, noun, verb) = (word("state", 0), word("noun", 1), word("like", 1));
        let (taste, people) = (word("taste", 0), word("person", 1));
        let colour = pick(&corpus.world.colours, draw).answer;
        format!("{} {noun} {verb} {colour} {taste} {people} furiously.", capitalize(state))
    };
    let odd = std::iter::once("Colorless green ideas sleep furiously.".to_owned()).chain((1..20).map(odd));
    probes.push(probe("texts-odd", &odd.collect::<Vec<_>>()));
    let letters = |_| {
        let mut word =
            |length: usize| (0..length).map(|_| char::from(b'a' + draw.below(26) as u8)).collect::<String>();
        [4, 5, 5, 5, 5, 5].map(&mut word).join(" ")
    };
    let letters = std::iter::once("asdf qwer zxcv hjkl".to_owned()).chain((1..20).map(letters));
    probes.push(probe("texts-random-letters", &letters.collect::<Vec<_>>()));
    probes
}

/// The first different documents of a kind that are held out.
fn held_out(corpus: &Corpus, kind: Kind) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    let mut documents = (0..).map(|number| corpus.document(kind, number)).filter(|text| is_held_out(text));
    while texts.len() < DOCUMENTS {
        texts.extend(documents.next().filter(|text| !texts.contains(text)));
    }
    texts
}

/// Questions in words that the corpus uses, with the one right answer.
fn questions(corpus: &Corpus) -> Vec<Value> {
    let world = &corpus.world;
    let item = |group: &str, input: String, target: String, cluster: String| json!({ "input": input, "target": target, "group": group, "cluster": cluster });
    let sum = |group: &str, &(a, b): &(u32, u32)| {
        let cluster = format!("{} + {}", a.min(b), a.max(b));
        item(group, format!("What is {a} + {b}?"), (a + b).to_string(), cluster)
    };
    let capitals = world.capitals.iter().map(|fact| {
        let question = format!("What is the capital of {}?", fact.subject);
        item("capitals taught", question, fact.answer.to_owned(), fact.subject.to_owned())
    });
    let taught = world.sums.iter().map(|addends| sum("sums taught", addends));
    let untaught = world.untaught_sums.iter().map(|addends| sum("sums never taught", addends));
    capitals.chain(taught).chain(untaught).collect()
}

/// Four choices with letters, a layout that is never shown; each letter is right equally often.
fn letters(corpus: &Corpus) -> Vec<Value> {
    let capitals = &corpus.world.capitals;
    let item = |(at, fact): (usize, &Fact)| {
        let mut choices: Vec<_> =
            [7, 19, 31].map(|step| capitals[(at + step) % capitals.len()].answer).into();
        choices.insert(at % 4, fact.answer);
        json!({
            "question": format!("What is the capital of {}?", fact.subject),
            "choices": choices, "answer": fact.answer, "cluster": fact.subject,
        })
    };
    capitals.iter().enumerate().map(item).collect()
}

fn french(corpus: &Corpus) -> Vec<Value> {
    let item =
        |group: &str, fact: &Fact| json!({ "input": fact.subject, "target": fact.answer, "group": group });
    let taught = corpus.world.french.iter().map(|fact| item("taught", fact));
    taught.chain(corpus.world.untaught_french.iter().map(|fact| item("never taught", fact))).collect()
}
