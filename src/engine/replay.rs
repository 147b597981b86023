//! An engine that remembers: what the journal already holds is answered from there, the rest by the engine inside.

use std::collections::BTreeMap;

use super::{Card, Each, Engine};
use crate::{
    plan::{Answer, Request, Tokenizer},
    value::Digest,
};

/// Known answers by request digest, around another engine.
pub struct Replay<'a> {
    inner: &'a mut dyn Engine,
    known: BTreeMap<Digest, Answer>,
}

impl<'a> Replay<'a> {
    /// Answers `known` requests itself; digests that no request has are never looked at.
    pub fn new(inner: &'a mut dyn Engine, known: BTreeMap<Digest, Answer>) -> Self {
        Self { inner, known }
    }
}

impl Engine for Replay<'_> {
    fn card(&self) -> &Card {
        self.inner.card()
    }

    fn tokenizer(&self) -> &dyn Tokenizer {
        self.inner.tokenizer()
    }

    fn answer(&mut self, requests: &[Request], each: Each<'_>) {
        if self.known.is_empty() {
            return self.inner.answer(requests, each);
        }
        let model = self.card().digest();
        let (mut places, mut missing) = (Vec::new(), Vec::new());
        for (index, request) in requests.iter().enumerate() {
            if let Some(answer) = self.known.remove(&request.digest(&model)) {
                if each(index, Ok(answer)).is_break() {
                    return;
                }
            } else {
                places.push(index);
                missing.push(request.clone());
            }
        }
        self.inner.answer(&missing, &mut |at, answer| each(places[at], answer));
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::{
        engine::{drive, mock::Mock},
        plan::Ask,
    };

    #[test]
    fn known_answers_are_not_asked_again_and_the_others_keep_their_places() {
        let mut ask = Ask::default();
        for ending in [" a", " b", " c"] {
            ask.score("prompt", ending);
        }
        let requests = ask.into_requests();
        let mut mock = Mock::default();
        let all = drive(&mut mock, &requests, &mut |_, _| ControlFlow::Continue(()));
        let middle = all.iter().nth(1).cloned().unwrap().unwrap();
        let known = BTreeMap::from([(requests[1].digest(&mock.card().digest()), middle)]);
        let mut order = Vec::new();
        let again = drive(&mut Replay::new(&mut mock, known), &requests, &mut |index, _| {
            order.push(index);
            ControlFlow::Continue(())
        });
        assert_eq!(order, [1, 0, 2]);
        assert!(all.iter().eq(again.iter()));
    }
}
