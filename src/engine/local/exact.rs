//! Answers do not depend on how they are computed: not on batches, order, threads or instructions.

use std::num::{NonZeroU32, NonZeroUsize};

use super::{decoder::Decoder, family::Feed, kernel::Isa, model::Model, *};
use crate::{
    engine::drive,
    plan::{Ask, Decoding, FailureKind, FirstToken, Sampled, Truncation, Windows},
    value::{MinP, RepetitionPenalty, Seed, Temperature, TopP},
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
        for decoding in decodings(at as u64) {
            ask.generate(text, decoding, 3 + 2 * at as u32, &["\n\n"]);
        }
    }
    for (window, stride) in [(None, None), (Some(100), Some(30)), (Some(7), None)] {
        for first_token in [FirstToken::Score, FirstToken::Skip] {
            ask.score_text(&long, first_token, Windows { window, stride });
        }
    }
    ask.score("", "");
    ask.score("", &long);
    for from in [Truncation::Left, Truncation::Middle] {
        ask.truncate(Some(from));
        ask.score_all(&long, &[" and so", " and so it was in the end."]);
        ask.rank(&long, 3, &[" Paris"]);
        ask.generate(&long, Decoding::Greedy, 20, &[]);
        ask.generate(&long, decodings(1)[1], 9, &[]);
    }
    ask.into_requests()
}

/// Ways to choose tokens, of every sort.
fn decodings(seed: u64) -> Vec<Decoding> {
    let plain = Sampled {
        seed: Seed(seed),
        repetition_penalty: None,
        temperature: Temperature::ONE,
        top_k: None,
        top_p: None,
        min_p: None,
    };
    let penalty = RepetitionPenalty::new(1.3).unwrap();
    let all = Sampled {
        repetition_penalty: Some(penalty),
        temperature: Temperature::new(1.5).unwrap(),
        top_k: NonZeroU32::new(40),
        top_p: TopP::new(0.95).ok(),
        min_p: MinP::new(0.01).ok(),
        ..plain
    };
    vec![Decoding::Sampled(plain), Decoding::Sampled(all), Decoding::Penalized(penalty)]
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

/// The built-in model is one with attention.
fn decoder(model: &mut Local) -> &mut Decoder {
    match &mut model.model {
        Model::Decoder(decoder) => decoder,
        Model::Recurrent(_) => unreachable!("it is GPT-2"),
    }
}

#[test]
fn batches_and_threads_do_not_show() {
    let requests = requests();
    let first = answers(&mut model(1024, 1), &requests);
    assert!(
        first.iter().filter(|answer| answer.contains("Err")).count() == 2,
        "one is empty, one is too long"
    );
    for (batch_tokens, threads, sharing) in
        [(1, 2, true), (7, 1, true), (64, 2, true), (16384, 2, true), (7, 2, false), (1024, 1, false)]
    {
        let mut model = model(batch_tokens, threads);
        model.sharing = sharing;
        assert!(first == answers(&mut model, &requests), "{batch_tokens} {threads} {sharing}");
    }
}

#[test]
fn checkpoints_of_all_families_answer_alike_in_any_batch_with_and_without_sharing() {
    let Some(data) = std::env::var_os("YARDSTICK_TEST_DATA") else {
        return;
    };
    // Their tokenizer's words are the ids: `t5 t17`. Longer than any window, and than what rotations were made for.
    let words = |seed: usize, len: usize| -> String {
        let words = (0..len).map(|at| format!(" t{}", (seed * 17 + at * at * 3 + at * 7) % 30 + 1));
        words.collect::<Vec<_>>().concat()
    };
    let mut ask = Ask::default();
    let shared = words(1, 36);
    for (question, len) in [0, 3, 30].into_iter().enumerate() {
        let question = format!("{}{}", shared.trim_start(), words(question + 2, len));
        ask.rank(&question, 3, &[]);
        ask.generate(&question, Decoding::Greedy, 4, &[]);
        for ending in 0..3 {
            ask.score(&question, &words(9, 2 + ending));
            ask.score(&question, &words(10 + ending, 3));
        }
    }
    ask.score_text(&words(4, 90), FirstToken::Score, Windows { window: Some(20), stride: Some(5) });
    let requests = ask.into_requests();
    let mut seen = 0;
    let mut folders: Vec<_> = std::fs::read_dir(std::path::Path::new(&data).join("families"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    folders.sort();
    for folder in folders {
        // Only what is read at all is compared here; that everything is, is said elsewhere.
        let Ok(checkpoint) = Checkpoint::open(Files::Folder(folder.clone())) else { continue };
        let origin = Origin { source: "test".to_owned(), revision: None };
        let answered = |batch_tokens, threads, sharing| {
            let batch_tokens = NonZeroUsize::new(batch_tokens).unwrap();
            let options = Options { batch_tokens, threads: NonZeroUsize::new(threads) };
            let mut model = Local::load("test", origin.clone(), &checkpoint, options).ok()?;
            model.sharing = sharing;
            Some(answers(&mut model, &requests))
        };
        let Some(first) = answered(1024, 1, true) else { continue };
        seen += 1;
        for (batch_tokens, threads, sharing) in [(1, 1, true), (7, 2, true), (64, 1, true), (100, 2, false)] {
            assert!(
                Some(&first) == answered(batch_tokens, threads, sharing).as_ref(),
                "{} {batch_tokens} {threads} {sharing}",
                folder.display()
            );
        }
    }
    assert!(seen > 0, "none of the checkpoints could be read");
}

#[test]
fn what_requests_begin_with_is_read_once() {
    let mut model = model(64, 1);
    let mut ask = Ask::default();
    let shots = "Q: The capital of France? A: Paris\n".repeat(4);
    for ending in [" A", " B", " C", " D"] {
        ask.score(&shots, ending);
    }
    ask.rank(&shots, 3, &[]);
    for repeat in 0..5 {
        ask.generate_again(&shots, decodings(7)[0], 1, &[], repeat);
    }
    let requests = ask.into_requests();
    let length = model.tokens.cut_at(&shots, 0).unwrap().ids.len() as u64;
    let reference = answers(&mut model, &requests);
    // All of them are about the shots' last token: the texts are read once, and once more for what is written.
    let begin = model.tokens.before(true, FirstToken::Score).len() as u64;
    assert!(model.work().asked() >= 10 * length, "{:?}", model.work());
    assert!(model.work().read() <= 2 * (length + begin) + 8, "{:?} {length}", model.work());
    model.sharing = false;
    let before = model.work().read();
    assert_eq!(answers(&mut model, &requests), reference);
    assert!(model.work().read() - before >= 6 * length);
}

#[test]
fn the_order_of_requests_does_not_show() {
    let requests = requests();
    let mut model = model(100, 2);
    let first = answers(&mut model, &requests);
    // A step that shares no factor with their number visits all.
    let order: Vec<usize> = (0..requests.len()).map(|at| at * 19 % requests.len()).collect();
    let shuffled: Vec<Request> = order.iter().map(|at| requests[*at].clone()).collect();
    for (at, answer) in order.into_iter().zip(answers(&mut model, &shuffled)) {
        assert_eq!(answer, first[at]);
    }
}

#[test]
fn instructions_do_not_show() {
    // The portable ones are slow where fused multiply-add is done in software.
    let requests: Vec<Request> = requests().into_iter().take(14).collect();
    let mut model = model(64, 2);
    let first = answers(&mut model, &requests);
    for isa in Isa::available() {
        decoder(&mut model).isa = isa;
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
fn numbers_that_are_not_finite_fail_their_request_and_name_the_part_of_the_layer() {
    let message = |damage: fn(&mut Decoder), ask: fn(&mut Ask)| {
        let mut model = model(64, 1);
        damage(decoder(&mut model));
        let mut questions = Ask::default();
        ask(&mut questions);
        let answers =
            drive(&mut model, &questions.into_requests(), &mut |_, _| std::ops::ControlFlow::Continue(()));
        let failure = answers.iter().next().unwrap().clone().unwrap_err();
        assert_eq!(failure.kind, FailureKind::NotFinite);
        failure.message
    };
    let asks: [fn(&mut Ask); 3] = [
        |ask| {
            ask.score("The", " capital");
        },
        |ask| {
            ask.rank("The", 3, &[]);
        },
        |ask| {
            ask.generate("The", Decoding::Greedy, 4, &[]);
        },
    ];
    for ask in asks {
        assert!(
            message(|decoder| decoder.positions.as_mut().unwrap()[0] = f32::NAN, ask).contains("embedding")
        );
        let damage: fn(&mut Decoder) =
            |decoder| decoder.layers[2].attention.output.bias.as_mut().unwrap()[5] = f32::INFINITY;
        assert!(message(damage, ask).contains("in the attention of layer 3 of 4"));
        let damage: fn(&mut Decoder) = |decoder| {
            let Feed::Dense(mlp) = &mut decoder.layers[1].feed else { unreachable!() };
            mlp.down.bias.as_mut().unwrap()[0] = f32::NAN;
        };
        assert!(message(damage, ask).contains("in the feed-forward part of layer 2 of 4"));
        // Both parts are finite, their sum is not.
        let damage: fn(&mut Decoder) = |decoder| {
            let layer = &mut decoder.layers[0];
            layer.attention.output.bias.as_mut().unwrap()[0] = f32::MAX;
            let Feed::Dense(mlp) = &mut layer.feed else { unreachable!() };
            mlp.down.bias.as_mut().unwrap()[0] = f32::MAX;
        };
        assert!(message(damage, ask).contains("finite in layer 1 of 4"));
        assert!(
            message(|decoder| decoder.norm.as_mut().unwrap().weight[1] = f32::NAN, ask).contains("logits")
        );
    }
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

#[test]
fn a_repeat_and_the_other_texts_of_a_batch_change_no_draw() {
    let mut model = model(64, 2);
    let mut ask = Ask::default();
    let mut tickets = Vec::new();
    for repeat in 0..3 {
        for decoding in decodings(7) {
            for (prompt, length) in [("Once upon a time", 5 + repeat), ("The capital of", 20)] {
                tickets.push((ask.generate_again(prompt, decoding, length, &[], repeat), repeat));
            }
        }
    }
    let requests = ask.into_requests();
    assert_eq!(requests.len(), tickets.len());
    let answers = drive(&mut model, &requests, &mut |_, _| std::ops::ControlFlow::Continue(()));
    let ids: Vec<_> = tickets.iter().map(|(ticket, _)| answers.get(*ticket).unwrap().ids.clone()).collect();
    for (of_first, again) in (0..6).flat_map(|place| [(place, place + 6), (place, place + 12)]) {
        assert!(ids[again].starts_with(&ids[of_first]), "{:?} {:?}", ids[of_first], ids[again]);
    }
    assert_ne!(ids[0], ids[4], "drawn and greedy texts differ here");
}

#[test]
fn one_candidate_is_greedy_to_the_bit() {
    let mut model = model(64, 1);
    let mut written = |decoding| {
        let mut ask = Ask::default();
        let ticket = ask.generate("Once upon a time", decoding, 30, &[]);
        let requests = ask.into_requests();
        let answers = drive(&mut model, &requests, &mut |_, _| std::ops::ControlFlow::Continue(()));
        answers.get(ticket).unwrap().clone()
    };
    let greedy = written(Decoding::Greedy);
    assert_eq!((greedy.logprobs.len(), greedy.entropies.len()), (30, 30));
    let Decoding::Sampled(plain) = decodings(1)[0] else { unreachable!() };
    let none = Decoding::Penalized(RepetitionPenalty::new(1.0).unwrap());
    let one = Decoding::Sampled(Sampled { top_k: NonZeroU32::new(1), ..plain });
    let cold = Decoding::Sampled(Sampled { temperature: Temperature::new(1e-4).unwrap(), ..plain });
    for same in [none, one, cold] {
        assert_eq!(written(same), greedy);
    }
    assert_ne!(written(Decoding::Sampled(plain)).ids, greedy.ids);
}

#[test]
fn an_entropy_is_that_of_the_table_of_next_tokens() {
    let mut model = model(64, 1);
    let mut ask = Ask::default();
    let prompt = "The capital of France is";
    let (table, text) = (ask.rank(prompt, 1, &[]), ask.generate(prompt, decodings(0)[0], 1, &[]));
    let requests = ask.into_requests();
    let answers = drive(&mut model, &requests, &mut |_, _| std::ops::ControlFlow::Continue(()));
    let (right, found) = (answers.get(table).unwrap().entropy, answers.get(text).unwrap().entropies[0]);
    assert!((right - found).abs() < 1e-5, "{right} {found}");
}

#[test]
fn a_drawn_text_ends_at_a_stop_text_wherever_it_begins() {
    let mut model = model(256, 2);
    let prompt = "Translate to French: the school\nTranslation:";
    let mut written = |stops: &[&str]| {
        let mut ask = Ask::default();
        let tickets: Vec<_> = stops
            .iter()
            .map(|stop| ask.generate(prompt, decodings(5)[0], 12, &[*stop, "no such text"]))
            .collect();
        let requests = ask.into_requests();
        let answers = drive(&mut model, &requests, &mut |_, _| std::ops::ControlFlow::Continue(()));
        tickets.iter().map(|ticket| answers.get(*ticket).unwrap().clone()).collect::<Vec<_>>()
    };
    let whole = written(&["nor this"]).remove(0);
    let starts: Vec<usize> = whole.text.char_indices().map(|(at, _)| at).collect();
    let stops: Vec<&str> = starts.windows(4).map(|places| &whole.text[places[0]..places[3]]).collect();
    assert!(whole.text.starts_with(" l'école"), "{:?}", whole.text);
    for (stop, stopped) in stops.iter().zip(written(&stops)) {
        assert_eq!(stopped.text, whole.text[..whole.text.find(stop).unwrap()], "{stop:?}");
        assert!(whole.ids.starts_with(&stopped.ids) && stopped.ids.len() == stopped.entropies.len());
        assert_eq!(stopped.finish, crate::plan::Finish::Stop);
    }
}
