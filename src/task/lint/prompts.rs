//! What a model's tokenizer makes of prompts that templates write: labels, choices, and what is to be answered.

use std::collections::BTreeSet;

use super::{
    super::{Choice, Generate, Icl, Labelled, Strategies, labels::Asked, planned::About},
    tokens::{Cutting, Sorts, ids, is_long, room, straddling, too_long, unequal},
};
use crate::{
    plan::{Ask, Ending, Request, Tokenizer},
    spec::{Finding, Item, Linter, Place},
};

/// Labels after the most examples.
pub(super) fn icl(task: &Icl, about: About<'_>, tokenizer: &dyn Tokenizer, linter: &mut Linter<'_>) {
    let mut ask = Ask::default();
    let asked = task.ask_longest(&mut ask, about);
    labelled(&asked, &task.items, &ask.into_requests(), tokenizer, linter);
}

/// Labels in every way to ask.
pub(super) fn strategies(
    task: &Strategies,
    about: About<'_>,
    tokenizer: &dyn Tokenizer,
    linter: &mut Linter<'_>,
) {
    let mut ask = Ask::default();
    let asked = task.asked(&mut ask, about);
    labelled(&asked, &task.items, &ask.into_requests(), tokenizer, linter);
}

/// Every item in one way to ask after the other.
fn labelled(
    asked: &[Asked],
    items: &[Item<Labelled>],
    requests: &[Request],
    tokenizer: &dyn Tokenizer,
    linter: &mut Linter<'_>,
) {
    let mut cutting: Vec<Cutting<'_>> = items.iter().map(|_| Cutting::new(tokenizer)).collect();
    let mut labels = Labels::default();
    for (place, asked) in asked.iter().enumerate() {
        let cuts = cut(&mut cutting[place % items.len()], requests, asked.requests());
        labels.look(&cuts);
    }
    let mut sorts = Sorts::default();
    for (item, cutting) in items.iter().zip(cutting) {
        cutting.tell(item.at, &mut sorts);
    }
    labels.tell(linter);
    too_long(&sorts.long, items.len(), tokenizer, linter);
    straddling(&sorts.straddling, items.len(), linter);
}

/// The endings of some requests with their tokens; none of what cannot be cut.
fn cut<'a>(
    cutting: &mut Cutting<'_>,
    requests: &'a [Request],
    places: impl Iterator<Item = usize>,
) -> Vec<Option<(&'a str, Ending)>> {
    let mut cut = |place| match requests.get(place) {
        Some(Request::Score { prompt, ending, .. }) => {
            cutting.cut(prompt, ending).map(|cut| (&**ending, cut))
        }
        _ => None,
    };
    places.map(&mut cut).collect()
}

/// What is wrong with labels as the tokenizer cuts them, after any prompt.
#[derive(Default)]
struct Labels {
    /// Labels with the tokens of an earlier one.
    same: BTreeSet<(String, String)>,
    /// The first labels of different numbers of tokens.
    unequal: Option<String>,
}

impl Labels {
    fn look(&mut self, cuts: &[Option<(&str, Ending)>]) {
        let cuts: Vec<&(&str, Ending)> = cuts.iter().flatten().collect();
        for (place, (label, cut)) in cuts.iter().enumerate() {
            if let Some((other, _)) = cuts[..place].iter().find(|(_, other)| ids(other) == ids(cut)) {
                self.same.insert((label.trim().to_owned(), other.trim().to_owned()));
            }
        }
        let [first, others @ ..] = cuts.as_slice() else { return };
        if self.unequal.is_none() && others.iter().any(|(_, cut)| cut.tokens.len() != first.1.tokens.len()) {
            let length = |(label, cut): &&(&str, Ending)| format!("`{}` {}", label.trim(), cut.tokens.len());
            self.unequal = Some(cuts.iter().map(length).collect::<Vec<_>>().join(", "));
        }
    }

    fn tell(self, linter: &mut Linter<'_>) {
        let task = linter.task();
        for (label, other) in self.same {
            let message = format!("the tokenizer cannot tell `{label}` from `{other}`");
            let finding = Finding::error("same-tokens", task, message);
            linter.tell(finding.help("labels with the same tokens have the same probability; read one as another word with `verbalizer`"));
        }
        if let Some(lengths) = self.unequal {
            let message = format!("labels of different numbers of tokens: {lengths}");
            let finding = Finding::advice("unequal-lengths", task, message);
            linter.tell(finding.help("every token more lowers the probability of a label; words of one token each compare better: `verbalizer`"));
        }
    }
}

/// Answers to choose from, after the most examples.
pub(super) fn choice(task: &Choice, about: About<'_>, tokenizer: &dyn Tokenizer, linter: &mut Linter<'_>) {
    let mut ask = Ask::default();
    let asked = task.ask_longest(&mut ask, about);
    let requests = ask.into_requests();
    let mut sorts = Sorts::default();
    let ways = asked.len() / task.items.len().max(1);
    for (item, asked) in task.items.iter().zip(asked.chunks(ways.max(1))) {
        let mut cutting = Cutting::new(tokenizer);
        let (mut twins, mut differs) = (None, false);
        for way in asked {
            let cuts = cut(&mut cutting, &requests, way.requests());
            twins = twins.or_else(|| twin(&cuts, way.right()));
            let mut lengths = cuts.iter().flatten().map(|(_, cut)| cut.tokens.len());
            let first = lengths.next();
            differs |= lengths.any(|length| Some(length) != first);
        }
        cutting.tell(item.at, &mut sorts);
        sorts.unequal.extend(differs.then_some(item.at));
        if let Some([wrong, right]) = twins.map(|twins| twins.map(|place| &item.choices[place]))
            && wrong != right
        {
            let message = format!("the tokenizer cannot tell `{wrong}` from `{right}`");
            let finding = linter.fault("same-tokens", wrong.at, message).label("incorrect");
            let finding = finding.also(right.at, "correct");
            linter.tell(finding.help("the same tokens have the same probability: the item measures nothing"));
        }
    }
    let all = task.items.len();
    too_long(&sorts.long, all, tokenizer, linter);
    straddling(&sorts.straddling, all, linter);
    unequal(&sorts.unequal, all, &task.normalization, linter);
}

/// A wrong ending and a right one with the same tokens, by their places.
fn twin(cuts: &[Option<(&str, Ending)>], right: &[usize]) -> Option<[usize; 2]> {
    let tokens = |place: usize| cuts[place].as_ref().map(|(_, cut)| ids(cut));
    let wrong = (0..cuts.len()).filter(|place| !right.contains(place));
    { wrong }.find_map(|wrong| {
        let own = tokens(wrong)?;
        let twin = right.iter().find(|right| tokens(**right).as_ref() == Some(&own))?;
        Some([wrong, *twin])
    })
}

/// What is to be answered, after the most examples.
pub(super) fn generate(
    task: &Generate,
    about: About<'_>,
    tokenizer: &dyn Tokenizer,
    linter: &mut Linter<'_>,
) {
    let asked = task.ask_longest(&mut Ask::default(), about);
    let items = task.items.iter().zip(&asked);
    let room = room(Some(task.max_tokens), tokenizer, linter);
    let long =
        items.filter(|(_, asked)| asked.prompt().is_some_and(|prompt| is_long(prompt, room, tokenizer)));
    let places: Vec<Place> = long.map(|(item, _)| item.at).collect();
    too_long(&places, task.items.len(), tokenizer, linter);
}
