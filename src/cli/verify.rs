//! `run --verify`: answers that were given among many, against the same requests asked alone.

use std::{num::NonZeroUsize, ops::ControlFlow};

use super::interrupt;
use crate::{
    engine::{self, Engine},
    plan::{Answer, Answers, Failure, Request},
    random::Stream,
    value::Seed,
};

/// Requests that were asked once more.
pub(super) struct Verified {
    /// How many gave the same bytes.
    pub(super) same: usize,
    /// How many answered requests they were drawn from.
    pub(super) answered: usize,
    /// The first that did not, where one did not: nothing is asked after it.
    pub(super) different: Option<Box<Different>>,
}

/// A request with two answers.
pub(super) struct Different {
    /// Its place in the plan.
    place: usize,
    request: Request,
    first: Answer,
    again: Result<Answer, Failure>,
}

/// Asks a sample of the answered requests again, each in a call of its own.
pub(super) fn verify(
    engine: &mut dyn Engine,
    requests: &[Request],
    answers: &Answers,
    count: NonZeroUsize,
) -> Verified {
    let answered: Vec<(usize, &Answer)> = answers
        .iter()
        .enumerate()
        .filter_map(|(place, answer)| Some((place, answer.as_ref().ok()?)))
        .collect();
    let mut sample =
        Stream::new(Seed::default(), "verify", 0).sample(answered.len(), count.get().min(answered.len()));
    sample.sort_unstable();
    let mut verified = Verified { same: 0, answered: answered.len(), different: None };
    for (place, first) in sample.into_iter().map(|drawn| answered[drawn]) {
        if interrupt::asked().is_some() {
            break;
        }
        let request = &requests[place];
        let again =
            engine::drive(engine, std::slice::from_ref(request), &mut |_, _| ControlFlow::Continue(()));
        let again = again.iter().next().cloned().expect("one request has one answer");
        if again.as_ref().map(bytes) != Ok(bytes(first)) {
            let (request, first) = (request.clone(), first.clone());
            verified.different = Some(Box::new(Different { place, request, first, again }));
            break;
        }
        verified.same += 1;
    }
    verified
}

/// As an answer is written down.
fn bytes(answer: &Answer) -> String {
    serde_json::to_string(answer).expect("a finite answer has a form in JSON")
}

impl Verified {
    /// What is said when nothing differs.
    pub(super) fn summary(&self) -> String {
        format!(
            "verified: {} of {} answered requests, each asked again alone, gave the same bytes",
            self.same, self.answered
        )
    }
}

impl Different {
    /// What differs.
    pub(super) fn message(&self) -> String {
        let again = match &self.again {
            Ok(answer) => bytes(answer),
            Err(failure) => failure.message.clone(),
        };
        format!(
            "request {} has another answer when it is asked again alone, so its numbers depend on more than the model and the text\n  request: {}\n  first: {}\n  again: {again}",
            self.place + 1,
            serde_json::to_string(&self.request).unwrap_or_default(),
            bytes(&self.first),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{engine::mock::Mock, plan::Ask};

    #[test]
    fn an_answer_that_is_not_given_again_is_found() {
        let mut ask = Ask::default();
        for ending in [" a", " b", " c"] {
            ask.score("prompt", ending);
        }
        let requests = ask.into_requests();
        let mut mock = Mock::default();
        let mut answers = engine::drive(&mut mock, &requests, &mut |_, _| ControlFlow::Continue(()));
        let three = NonZeroUsize::new(20).unwrap();
        let verified = verify(&mut mock, &requests, &answers, three);
        assert!((verified.same, verified.answered) == (3, 3) && verified.different.is_none());
        assert!(verified.summary().contains("3 of 3"));

        let Ok(Answer::Scored(mut scored)) = answers.iter().nth(1).cloned().unwrap() else { unreachable!() };
        scored.logprobs[0] = scored.logprobs[0].next_down();
        answers.put(1, Ok(Answer::Scored(scored)));
        let verified = verify(&mut mock, &requests, &answers, three);
        assert_eq!(verified.same, 1);
        let message = verified.different.unwrap().message();
        assert!(message.contains("request 2") && message.contains(" b"), "{message}");
    }
}
