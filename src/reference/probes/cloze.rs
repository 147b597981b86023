//! Pairs of endings: facts taught, taught rarely, or never taught; and which verb agrees with which noun.

use serde::Serialize;

use crate::random::Stream;

use super::{
    super::{
        corpus::{Agreement, Corpus, form, is_held_subject},
        grammar::pick,
        world::{Dosed, FACT_DOSES, Fact, Lot, SEED},
    },
    Probe,
};

/// A prompt that one ending completes and another does not.
#[derive(Serialize)]
struct Pair {
    prompt: String,
    correct: String,
    incorrect: String,
    /// What items have in common that makes them succeed or fail together.
    cluster: String,
    /// What is also reported by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    /// How often the corpus states the answer, and which lot decided that.
    #[serde(skip_serializing_if = "Option::is_none")]
    dose: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lot: Option<u8>,
}

/// A prompt with its answer, before it has foils.
#[derive(Clone)]
struct Asked {
    prompt: String,
    answer: String,
    cluster: String,
}

const CAPITAL: &str = "The capital of {} is";
/// Words that never stand in this order in the corpus.
const UNSEEN: &str = "Everyone knows that the capital of {} is";

pub(super) fn all(corpus: &Corpus) -> Vec<Probe> {
    let world = &corpus.world;
    let opposites = |facts: &[Fact]| {
        let both = facts.iter().flat_map(|fact| fact.both_ways().map(|way| (way, fact.subject)));
        both.map(|(fact, pair)| asked("The opposite of {} is", fact, pair)).collect::<Vec<_>>()
    };
    let simple = |template: &str, facts: &[Fact]| {
        facts.iter().map(|fact| asked(template, *fact, fact.subject)).collect::<Vec<_>>()
    };
    let sums = |sums: &[(u32, u32)]| {
        let ask = |&(a, b): &(u32, u32)| Asked {
            prompt: format!("{a} + {b} ="),
            answer: (a + b).to_string(),
            cluster: format!("{} + {}", a.min(b), a.max(b)),
        };
        sums.iter().map(ask).collect::<Vec<_>>()
    };
    let number = |fact: &Fact| {
        let answer = fact.answer.split(' ').next().unwrap_or_default();
        Asked { prompt: fact.subject.to_owned(), answer: answer.to_owned(), cluster: fact.subject.to_owned() }
    };
    let numbers: Vec<_> = world.numbers.iter().map(number).collect();
    vec![
        Probe::new("capitals-taught", crossed(&simple(CAPITAL, &world.capitals), [1, 2])),
        Probe::new("capitals-taught-unseen-words", crossed(&simple(UNSEEN, &world.capitals), [1, 2])),
        Probe::new("capitals-by-dose", capitals_by_dose(&world.dosed_capitals, |dose| dose > 0)),
        Probe::new("capitals-never-taught", capitals_by_dose(&world.dosed_capitals, |dose| dose == 0)),
        Probe::new("planets-taught", crossed(&simple("{}", &world.planets), [1, 2])),
        Probe::new("numbers-taught", crossed(&numbers, [1, 2])),
        Probe::new("opposites-taught", crossed(&opposites(&world.opposites), [2, 4])),
        Probe::new("opposites-never-taught", crossed(&opposites(&world.untaught_opposites), [2, 4])),
        Probe::new("sounds-taught", crossed(&simple("The {}", &world.sounds), [1, 2])),
        Probe::new("colours-taught", crossed(&simple("{} is", &world.colours), [1, 2])),
        Probe::new("sums-taught", crossed(&sums(&world.sums), [11, 17])),
        Probe::new("sums-never-taught", crossed(&sums(&world.untaught_sums), [5, 9])),
        Probe::new("agreement", agreement(corpus).into_iter().chain(two_attractors(corpus))),
        Probe::new("reflexives-never-taught", reflexives()),
    ]
}

fn asked(template: &str, fact: Fact, cluster: &str) -> Asked {
    Asked {
        prompt: template.replace("{}", fact.subject),
        answer: fact.answer.to_owned(),
        cluster: cluster.to_owned(),
    }
}

/// Everything asked against the answers some places further on and before, where those differ. Two are paired in both
/// directions or not at all, and nothing is asked twice.
fn crossed(asked: &[Asked], steps: [usize; 2]) -> Vec<Pair> {
    let mut foils: Vec<Vec<&str>> = vec![Vec::new(); asked.len()];
    for step in steps {
        for (at, this) in asked.iter().enumerate() {
            let other_at = (at + step) % asked.len();
            let other = &asked[other_at];
            let has = |at: usize, answer: &String| foils[at].contains(&answer.as_str());
            if this.answer != other.answer && !has(at, &other.answer) && !has(other_at, &this.answer) {
                foils[at].push(&other.answer);
                foils[other_at].push(&this.answer);
            }
        }
    }
    let pair = |this: &Asked, foil: &str| Pair {
        prompt: this.prompt.clone(),
        correct: this.answer.clone(),
        incorrect: foil.to_owned(),
        cluster: this.cluster.clone(),
        group: None,
        dose: None,
        lot: None,
    };
    asked.iter().zip(foils).flat_map(|(this, foils)| foils.into_iter().map(|foil| pair(this, foil))).collect()
}

/// The foils come from the same dose and the same lot.
fn capitals_by_dose(capitals: &[Dosed<Fact>], wanted: impl Fn(u32) -> bool) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for dose in FACT_DOSES.into_iter().filter(|dose| wanted(*dose)) {
        for lot in 1..=3 {
            let arm = capitals.iter().filter(|dosed| dosed.dose == dose && dosed.lot == Lot::Drawn(lot));
            let arm: Vec<_> = arm.map(|dosed| asked(CAPITAL, dosed.item, dosed.item.subject)).collect();
            let group = (dose > 0).then(|| format!("dose-{dose:03}"));
            let with_arm = |pair| Pair { group: group.clone(), dose: Some(dose), lot: Some(lot), ..pair };
            pairs.extend(crossed(&arm, [1, 2]).into_iter().map(with_arm));
        }
    }
    pairs
}

/// A verb in the right and in the wrong number, with what hides the number of its subject.
#[derive(Serialize)]
struct Agrees {
    prompt: String,
    correct: &'static str,
    incorrect: &'static str,
    cluster: &'static str,
    group: &'static str,
}

/// 100 of each form. All subjects but the simple ones are held out of the corpus.
fn agreement(corpus: &Corpus) -> Vec<Agrees> {
    let forms = [
        (Agreement::Simple, "simple"),
        (Agreement::Near, "near"),
        (Agreement::Attractor, "attractor"),
        (Agreement::Relative, "relative"),
    ];
    let mut items: Vec<Agrees> = Vec::new();
    for (kind, group) in forms {
        let draw = &mut Stream::new(SEED, "reference/probe/agreement", kind as u64);
        while items.iter().filter(|item| item.group == group).count() < 100 {
            let sentence = corpus.agreement(kind, draw);
            let held = kind == Agreement::Simple || is_held_subject(&sentence.subject);
            let new =
                !items.iter().any(|item| item.prompt == sentence.subject && item.correct == sentence.right);
            if held && new {
                items.push(Agrees {
                    prompt: sentence.subject,
                    correct: sentence.right,
                    incorrect: sentence.wrong,
                    cluster: sentence.head,
                    group,
                });
            }
        }
    }
    items
}

/// Subjects with two nouns of the other number behind the first, a form that is never shown; half of them singular.
fn two_attractors(corpus: &Corpus) -> Vec<Agrees> {
    let draw = &mut Stream::new(SEED, "reference/probe/two attractors", 0);
    let nouns = corpus.grammar.list("noun");
    let mut items: Vec<Agrees> = Vec::new();
    while items.len() < 100 {
        let number = items.len() % 2;
        let head = pick(nouns, draw);
        let behind = |draw: &mut Stream| {
            format!("{} the {}", corpus.entry("preposition", draw), form(pick(nouns, draw), 1 - number))
        };
        let prompt = format!("The {} {} {}", form(head, number), behind(draw), behind(draw));
        let (correct, incorrect) = [("is", "are"), ("are", "is")][number];
        if !items.iter().any(|item| item.prompt == prompt) {
            items.push(Agrees {
                prompt,
                correct,
                incorrect,
                cluster: form(head, 0),
                group: "two-attractors",
            });
        }
    }
    items
}

/// Both words stand in the word salad; no sentence uses them.
fn reflexives() -> Vec<Pair> {
    let (her, him) = ("herself", "himself");
    let people = [("girl", her, him), ("queen", her, him), ("boy", him, her), ("king", him, her)];
    let pair = |verb: &str, (person, correct, incorrect): (&str, &str, &str)| Pair {
        prompt: format!("The {person} {verb}"),
        correct: correct.to_owned(),
        incorrect: incorrect.to_owned(),
        cluster: person.to_owned(),
        group: None,
        dose: None,
        lot: None,
    };
    ["helped", "saw", "loves", "likes"]
        .iter()
        .flat_map(|verb| people.map(|person| pair(verb, person)))
        .collect()
}
