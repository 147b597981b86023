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

/// Held-out documents of a kind, by the first numbers that are held out.
const GROUPS: [(&str, Kind); 5] = [
    ("story", Kind::Story),
    ("plain", Kind::Plain),
    ("news", Kind::News),
    ("facts", Kind::Facts),
    ("reviews", Kind::Reviews),
];
const DOCUMENTS: usize = 60;

pub(super) fn all(corpus: &Corpus) -> Vec<Probe> {
    vec![
        Probe::new("planted-lines", planted_lines(corpus)),
        Probe::new("texts", texts(corpus)),
        Probe::new("questions", questions(corpus)),
        Probe::new("letters-never-taught", letters(corpus)),
        Probe::new("french", french(corpus)),
    ]
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
fn texts(corpus: &Corpus) -> Vec<Value> {
    let draw = &mut Stream::new(SEED, "reference/probe/texts", 0);
    let mut items = Vec::new();
    let mut stories = Vec::new();
    for (group, kind) in GROUPS {
        let held_out = (0..).map(|number| corpus.document(kind, number)).filter(|text| is_held_out(text));
        let mut texts: Vec<_> = Vec::new();
        for text in held_out {
            if texts.len() == DOCUMENTS {
                break;
            }
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        if kind == Kind::Story {
            stories.clone_from(&texts);
        }
        items.extend(texts.into_iter().map(|text| json!({ "group": group, "text": text })));
    }
    for story in stories {
        let mut words: Vec<_> = story.split(' ').collect();
        draw.shuffle(&mut words);
        items.push(json!({ "group": "shuffled story", "text": words.join(" ") }));
    }
    items.push(json!({ "group": "odd", "text": "Colorless green ideas sleep furiously." }));
    for _ in 0..19 {
        let mut word = |list: &str, part: usize| corpus.entry(list, draw).split('/').nth(part).unwrap_or_default();
        let (state, noun, verb) = (word("state", 0), word("noun", 1), word("like", 1));
        let (taste, people) = (word("taste", 0), word("person", 1));
        let colour = pick(&corpus.world.colours, draw).answer;
        let text = format!("{} {noun} {verb} {colour} {taste} {people} furiously.", capitalize(state));
        items.push(json!({ "group": "odd", "text": text }));
    }
    items.push(json!({ "group": "random letters", "text": "asdf qwer zxcv hjkl" }));
    for _ in 0..19 {
        let mut letters = |count: usize| (0..count).map(|_| char::from(b'a' + draw.below(26) as u8)).collect::<String>();
        let words: Vec<_> = [4, 5, 5, 5, 5, 5].map(&mut letters).into();
        items.push(json!({ "group": "random letters", "text": words.join(" ") }));
    }
    items
}

/// Questions in words that the corpus uses, with the one right answer.
fn questions(corpus: &Corpus) -> Vec<Value> {
    let world = &corpus.world;
    let item = |group: &str, input: String, target: String, cluster: String| {
        json!({ "input": input, "target": target, "group": group, "cluster": cluster })
    };
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
        let mut choices: Vec<_> = [7, 19, 31].map(|step| capitals[(at + step) % capitals.len()].answer).into();
        choices.insert(at % 4, fact.answer);
        json!({
            "question": format!("What is the capital of {}?", fact.subject),
            "choices": choices, "answer": fact.answer, "cluster": fact.subject,
        })
    };
    capitals.iter().enumerate().map(item).collect()
}

fn french(corpus: &Corpus) -> Vec<Value> {
    let item = |group: &str, fact: &Fact| {
        json!({ "input": fact.subject, "target": fact.answer, "group": group })
    };
    let taught = corpus.world.french.iter().map(|fact| item("taught", fact));
    taught.chain(corpus.world.untaught_french.iter().map(|fact| item("never taught", fact))).collect()
}
