//! Asking: equal requests are asked once, and each asker holds a typed ticket for the answer.

use std::{
    collections::{BTreeMap, BTreeSet},
    marker::PhantomData,
    sync::Arc,
};

use super::{
    Answer, Decoding, Failure, FailureKind, FirstToken, Generated, Long, Ranked, Request, Room, Scored,
    Truncation, Windows,
};
use crate::value::Digest;

/// The right to one answer of type `T`.
pub struct Ticket<T>(usize, PhantomData<fn() -> T>);

impl<T> Clone for Ticket<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Ticket<T> {}

impl<T> Ticket<T> {
    /// The request's place in the plan.
    pub fn index(self) -> usize {
        self.0
    }
}

/// Collects requests; equal ones share a place.
#[derive(Debug, Default)]
pub struct Ask {
    requests: Vec<Request>,
    places: BTreeMap<Digest, usize>,
    asked: BTreeSet<usize>,
    truncate: Option<Truncation>,
}

impl Ask {
    /// How prompts that do not fit the context are cut from now on; without it, they fail.
    pub fn truncate(&mut self, truncate: Option<Truncation>) {
        self.truncate = truncate;
    }

    /// The log-probability of `ending` after `prompt`.
    pub fn score(&mut self, prompt: &str, ending: &str) -> Ticket<Scored> {
        self.score_all(prompt, &[ending])[0]
    }

    /// The log-probabilities of endings that are compared: where the prompt must be cut, it is cut alike for all.
    pub fn score_all(&mut self, prompt: &str, endings: &[impl AsRef<str>]) -> Vec<Ticket<Scored>> {
        let all: Arc<[Arc<str>]> = endings.iter().map(|ending| ending.as_ref().into()).collect();
        all.iter().map(|ending| self.score_among(prompt, ending, &all)).collect()
    }

    /// The log-probability of one of `all` endings that are compared.
    pub fn score_among(&mut self, prompt: &str, ending: &str, all: &Arc<[Arc<str>]>) -> Ticket<Scored> {
        let long = match self.truncate {
            Some(from) => Long::Truncate(Room { from, endings: all.clone() }),
            None => Long::FAILS,
        };
        let (prompt, ending) = (prompt.into(), ending.into());
        self.ticket(Request::Score { prompt, ending, first_token: FirstToken::Score, long })
    }

    /// The log-probability of a whole text of any length.
    pub fn score_text(&mut self, text: &str, first_token: FirstToken, windows: Windows) -> Ticket<Scored> {
        let long = Long::Windows(Some(windows));
        self.ticket(Request::Score { prompt: "".into(), ending: text.into(), first_token, long })
    }

    /// The `top` most probable tokens after `prompt`, and the places of the watched texts.
    pub fn rank(&mut self, prompt: &str, top: u32, watch: &[&str]) -> Ticket<Ranked> {
        let watch = watch.iter().map(|text| Arc::from(*text)).collect();
        self.ticket(Request::Rank { prompt: prompt.into(), top, watch, truncate: self.truncate })
    }

    /// What the model writes after `prompt`.
    pub fn generate(
        &mut self,
        prompt: &str,
        decoding: Decoding,
        max_tokens: u32,
        stop: &[&str],
    ) -> Ticket<Generated> {
        self.generate_again(prompt, decoding, max_tokens, stop, 0)
    }

    /// The same, computed anew for each number of the `repeat`: is it the same text?
    pub fn generate_again(
        &mut self,
        prompt: &str,
        decoding: Decoding,
        max_tokens: u32,
        stop: &[&str],
        repeat: u32,
    ) -> Ticket<Generated> {
        let stop = stop.iter().map(|text| Arc::from(*text)).collect();
        let (prompt, truncate) = (prompt.into(), self.truncate);
        self.ticket(Request::Generate { prompt, decoding, max_tokens, stop, repeat, truncate })
    }

    fn ticket<T>(&mut self, request: Request) -> Ticket<T> {
        let next = self.requests.len();
        let place = *self.places.entry(Digest::of_json(&request)).or_insert(next);
        if place == next {
            self.requests.push(request);
        }
        self.asked.insert(place);
        Ticket(place, PhantomData)
    }

    /// The places asked for since this was last called, each once: one task's share of the plan.
    pub fn take_asked(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.asked).into_iter().collect()
    }

    /// How many different requests there are so far.
    pub fn len(&self) -> usize {
        self.requests.len()
    }

    /// Whether nothing was asked yet.
    pub fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }

    /// The finished list, in the order asked.
    pub fn into_requests(self) -> Vec<Request> {
        self.requests
    }
}

/// Every answer, in plan order.
#[derive(Clone, Debug)]
pub struct Answers(Vec<Result<Answer, Failure>>);

impl Answers {
    /// A plan of which nothing is answered yet.
    pub fn none(requests: usize) -> Self {
        Self(vec![
            Err(Failure::new(FailureKind::NotReached, "the run ended before this was asked"));
            requests
        ])
    }

    /// Takes the answer to the request at `index` of the plan.
    pub fn put(&mut self, index: usize, answer: Result<Answer, Failure>) {
        self.0[index] = answer;
    }

    /// All of them, in plan order.
    pub fn iter(&self) -> impl Iterator<Item = &Result<Answer, Failure>> {
        self.0.iter()
    }

    /// Exchanges a ticket. An engine that answered another question broke its contract, which is a failure of the item too.
    pub fn get<T: Redeem>(&self, ticket: Ticket<T>) -> Result<&T, Failure> {
        let answer = self.0[ticket.0].as_ref().map_err(Clone::clone)?;
        T::redeem(answer)
            .ok_or_else(|| Failure::new(FailureKind::Engine, "the engine answered another question"))
    }
}

/// Types that a ticket can be exchanged for.
pub trait Redeem: Sized {
    /// The answer, if it is of this sort.
    fn redeem(answer: &Answer) -> Option<&Self>;
}

impl Redeem for Scored {
    fn redeem(answer: &Answer) -> Option<&Self> {
        if let Answer::Scored(scored) = answer { Some(scored) } else { None }
    }
}

impl Redeem for Ranked {
    fn redeem(answer: &Answer) -> Option<&Self> {
        if let Answer::Ranked(ranked) = answer { Some(ranked) } else { None }
    }
}

impl Redeem for Generated {
    fn redeem(answer: &Answer) -> Option<&Self> {
        if let Answer::Generated(generated) = answer { Some(generated) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_requests_share_a_place_and_others_do_not() {
        let mut ask = Ask::default();
        let first = ask.score("a", " b");
        let other = ask.score("a ", "b");
        let again = ask.score("a", " b");
        assert_eq!((first.index(), other.index(), again.index(), ask.len()), (0, 1, 0, 2));
    }

    #[test]
    fn endings_that_are_compared_are_cut_alike() {
        let mut ask = Ask::default();
        let whole = ask.score("a", " b").index();
        ask.truncate(Some(Truncation::Left));
        let pair = ask.score_all("a", &[" b", " c"]);
        let again = ask.score_all("a", &[" b", " c"]);
        // Another comparison may leave less of the prompt.
        let other = ask.score_all("a", &[" b", " d"]);
        let places: Vec<usize> =
            pair.iter().chain(&again).chain(&other).map(|ticket| ticket.index()).collect();
        assert_eq!((whole, places), (0, vec![1, 2, 1, 2, 3, 4]));
    }

    #[test]
    fn a_ticket_for_another_sort_is_a_failure() {
        let mut ask = Ask::default();
        let ticket = ask.score("a", " b");
        let mut answers = Answers::none(1);
        assert_eq!(answers.get(ticket).map_err(|f| f.kind), Err(FailureKind::NotReached));
        let written = Generated {
            text: String::new(),
            ids: vec![],
            logprobs: vec![],
            entropies: vec![],
            before: 0,
            dropped: 0,
            finish: super::super::Finish::Length,
        };
        answers.put(0, Ok(Answer::Generated(written)));
        assert_eq!(answers.get(ticket).map_err(|f| f.kind), Err(FailureKind::Engine));
    }
}
