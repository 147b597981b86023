//! Answers do not depend on how they are computed: not on batches, order, threads or instructions.

use std::num::NonZeroUsize;

use super::{
    decoder::Decoder,
    kernel::{Isa, Norm},
    *,
};
use crate::{
    engine::drive,
    plan::{Ask, Decoding, FailureKind, FirstToken, Windows},
};

/// Questions of every sort and many lengths.
fn requests() -> Vec<Request> {
    let mut ask = Ask::default();
    let texts = [
        "The capital of France is Paris.",
        "Once upon a time, in a distant galaxy, there was a little robot who could not sleep.",
        "2 + 2 = 4",
        "Review: I loved every minute.\nSentiment: Positive",
        "😀 naïve 東京",
        " ",
    ];
    let long = texts.join("\n").repeat(12);
    for (at, text) in texts.iter().enumerate() {
        ask.score("", text);
        ask.score(text, " and so it was");
        ask.score(&texts[..=at].join(" "), " in the end.");
        ask.rank(text, 5, &[" Paris", "x"]);
        ask.generate(text, Decoding::Greedy, 3 + 9 * at as u32, &[".", "\n\n"]);
    }
    for (window, stride) in [(None, None), (Some(100), Some(30)), (Some(7), None)] {
        for first_token in [FirstToken::Score, FirstToken::Skip] {
            ask.score_text(&long, first_token, Windows { window, stride });
        }
    }
    ask.score("", "");
    ask.score("", &long);
    ask.into_requests()
}

/// The answers as they are written down, in the order of the requests.
fn answers(model: &mut Local, requests: &[Request]) -> Vec<String> {
    let answers = drive(model, requests, &mut |_, _| std::ops::ControlFlow::Continue(()));
    answers.iter().map(|answer| serde_json::to_string(answer).unwrap()).collect()
}

fn model(batch_tokens: usize, threads: usize) -> Local {
    let batch_tokens = NonZeroUsize::new(batch_tokens).unwrap();
    Local::reference(Options { batch_tokens, threads: NonZeroUsize::new(threads) }).unwrap()
}

#[test]
fn batches_and_threads_do_not_show() {
    let requests = requests();
    let first = answers(&mut model(1024, 1), &requests);
    assert!(
        first.iter().filter(|answer| answer.contains("Err")).count() == 2,
        "one is empty, one is too long"
    );
    for (batch_tokens, threads) in [(1, 1), (1, 2), (7, 1), (50, 2), (300, 1), (4096, 2)] {
        assert!(first == answers(&mut model(batch_tokens, threads), &requests), "{batch_tokens} {threads}");
    }
}

#[test]
fn the_order_of_requests_does_not_show() {
    let requests = requests();
    let mut model = model(100, 2);
    let first = answers(&mut model, &requests);
    // A step that shares no factor with their number visits all.
    let order: Vec<usize> = (0..requests.len()).map(|at| at * 17 % requests.len()).collect();
    let shuffled: Vec<Request> = order.iter().map(|at| requests[*at].clone()).collect();
    for (at, answer) in order.into_iter().zip(answers(&mut model, &shuffled)) {
        assert_eq!(answer, first[at]);
    }
}

#[test]
fn instructions_do_not_show() {
    // The portable ones are slow where fused multiply-add is done in software.
    let requests: Vec<Request> = requests().into_iter().take(12).collect();
    let mut model = model(64, 2);
    let first = answers(&mut model, &requests);
    for isa in Isa::available() {
        model.decoder.isa = isa;
        assert!(first == answers(&mut model, &requests), "{}", isa.name());
    }
}

#[test]
fn a_listener_can_stop_between_batches() {
    let mut seen = 0;
    let answers = drive(&mut model(1, 1), &requests(), &mut |_, _| {
        seen += 1;
        if seen == 3 { std::ops::ControlFlow::Break(()) } else { std::ops::ControlFlow::Continue(()) }
    });
    let reached = |answer: &&Result<_, crate::plan::Failure>| !matches!(answer, Err(failure) if failure.kind == FailureKind::NotReached);
    assert_eq!(answers.iter().filter(reached).count(), 3);
}

#[test]
fn numbers_that_are_not_finite_fail_their_request_and_name_the_layer() {
    let message = |damage: fn(&mut Decoder), ask: fn(&mut Ask)| {
        let mut model = model(64, 1);
        damage(&mut model.decoder);
        let mut questions = Ask::default();
        ask(&mut questions);
        let answers =
            drive(&mut model, &questions.into_requests(), &mut |_, _| std::ops::ControlFlow::Continue(()));
        let failure = answers.iter().next().unwrap().clone().unwrap_err();
        assert_eq!(failure.kind, FailureKind::NotFinite);
        failure.message
    };
    let asks: [fn(&mut Ask); 3] = [
        |ask| drop(ask.score("The", " capital")),
        |ask| drop(ask.rank("The", 3, &[])),
        |ask| drop(ask.generate("The", Decoding::Greedy, 4, &[])),
    ];
    for ask in asks {
        assert!(
            message(|decoder| decoder.positions.as_mut().unwrap()[0] = f32::NAN, ask).contains("embedding")
        );
        let damage: fn(&mut Decoder) = |decoder| decoder.layers[2].mlp_norm.weight[5] = f32::INFINITY;
        assert!(message(damage, ask).contains("layer 3 of 4"));
        assert!(message(|decoder| decoder.final_norm.weight[1] = f32::NAN, ask).contains("logits"));
    }
    let Norm::Layer { .. } = model(1, 1).decoder.arch.norm else { panic!("the built-in model is a GPT-2") };
}

#[test]
fn a_text_ends_where_a_stop_text_begins_whatever_the_tokens() {
    let mut model = model(64, 1);
    let mut generate = |stop: &[&str]| {
        let mut ask = Ask::default();
        let ticket = ask.generate("The capital of France is", Decoding::Greedy, 12, stop);
        let requests = ask.into_requests();
        let answers = drive(&mut model, &requests, &mut |_, _| std::ops::ControlFlow::Continue(()));
        answers.get(ticket).unwrap().clone()
    };
    let whole = generate(&[]);
    assert_eq!(whole.finish, crate::plan::Finish::Length);
    assert!(whole.text.starts_with(" Paris."), "{}", whole.text);
    // Within a token, and across two.
    for (stop, left) in
        [("ari", " P"), ("s.", " Pari"), ("zzz", whole.text.as_str()), ("", whole.text.as_str())]
    {
        let generated = generate(&[stop, "never"]);
        assert_eq!(generated.text, left);
        assert!(whole.ids.starts_with(&generated.ids));
    }
}
