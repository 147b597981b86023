//! Real models, whole: log-probabilities, distributions and continuations.

use yardstick::plan::{Decoding, FirstToken, Windows};

use super::{
    Answer, Ask, Engine, Largest, Local, Options, Value, answers, data, floats, ids, json, open, options,
};

/// transformers in f32; its own two runs in f32 and f64 differ by up to 3e-5.
const TOLERANCE: f64 = 3e-5;

#[test]
fn small_llamas_agree_with_transformers() {
    for name in ["stories260K", "babyllama-tinystories-1M"] {
        let Some(folder) = data(&format!("models/{name}")) else { return };
        let golden = json(&data(&format!("golden/{name}.json")).unwrap());
        let mut model = open(folder, options(256, 1));
        let mut largest = Largest::default();
        clozes(&mut model, &golden, &mut largest);
        texts(&mut model, &golden, &mut largest);
        ranks(&mut model, &golden, &mut largest);
        greedy(&mut model, &golden);
        println!("{name}: largest difference {:.1e}", largest.0);
        assert!(largest.0 < TOLERANCE, "{name}: {:.1e}", largest.0);
    }
}

fn clozes(model: &mut Local, golden: &Value, largest: &mut Largest) {
    let mut ask = Ask::default();
    let mut tickets = Vec::new();
    for cloze in golden["cloze"].as_array().unwrap() {
        for ending in [&cloze["correct"], &cloze["incorrect"]] {
            let ticket = ask.score(cloze["context"].as_str().unwrap(), ending["text"].as_str().unwrap());
            tickets.push((ticket, ending));
        }
    }
    let answers = answers(model, &ask.into_requests());
    for (ticket, ending) in tickets {
        let scored = answers.get(ticket).unwrap();
        assert_eq!(scored.ids, ids(&ending["ids"]), "{ending}");
        largest.compare(&scored.logprobs, &floats(&ending["logprobs"]));
    }
}

fn texts(model: &mut Local, golden: &Value, largest: &mut Largest) {
    for text in golden["texts"].as_array().unwrap() {
        let mut ask = Ask::default();
        let ticket = ask.score_text(text["text"].as_str().unwrap(), FirstToken::Score, Windows::default());
        let answers = answers(model, &ask.into_requests());
        let scored = answers.get(ticket).unwrap();
        // The first id is BOS.
        assert_eq!(scored.ids, ids(&text["ids"])[1..]);
        assert_eq!((scored.before, scored.bytes as usize), (1, text["text"].as_str().unwrap().len()));
        let nats: Vec<f32> = scored.logprobs.iter().map(|logprob| -logprob).collect();
        largest.compare(&nats, &floats(&text["nll"]));
        let per_byte = -scored.total() / f64::from(scored.bytes) / std::f64::consts::LN_2;
        largest.add(per_byte - text["bits_per_byte"].as_f64().unwrap());
    }
}

fn ranks(model: &mut Local, golden: &Value, largest: &mut Largest) {
    for place in golden["last_logits_top10"].as_array().unwrap() {
        let mut ask = Ask::default();
        let ticket = ask.rank(place["prompt"].as_str().unwrap(), 10, &[]);
        let answers = answers(model, &ask.into_requests());
        let ranked = answers.get(ticket).unwrap();
        assert_eq!(ranked.prompt.iter().map(|token| token.id).collect::<Vec<_>>(), ids(&place["ids"]));
        largest.add(f64::from(ranked.entropy) - place["entropy_nats"].as_f64().unwrap());
        for (ours, right) in ranked.top.iter().zip(place["top"].as_array().unwrap()) {
            assert_eq!(u64::from(ours.id), right["id"].as_u64().unwrap());
            assert_eq!(ours.text, right["token"].as_str().unwrap().replace('▁', " "));
            largest.add(f64::from(ours.logprob).exp() - right["prob"].as_f64().unwrap());
        }
    }
}

fn greedy(model: &mut Local, golden: &Value) {
    let mut ask = Ask::default();
    let mut tickets = Vec::new();
    for case in golden["greedy"].as_array().unwrap() {
        let prompt = case["prompt"].as_str().unwrap();
        let before = model.tokenizer().ending("", prompt).unwrap();
        let count = ids(&case["ids"]).len() - before.tokens.len() - before.before;
        tickets.push((ask.generate(prompt, Decoding::Greedy, count as u32, &[]), prompt, case));
    }
    let answers = answers(model, &ask.into_requests());
    for (ticket, prompt, case) in tickets {
        let generated = answers.get(ticket).unwrap();
        assert_eq!(generated.ids, ids(&case["ids"])[generated.before as usize..]);
        assert_eq!(format!("{prompt}{}", generated.text), case["text"].as_str().unwrap());
    }
}

#[test]
fn the_reference_model_agrees_with_transformers() {
    let golden: Value =
        serde_json::from_str(include_str!("../../../src/reference/model/golden.json")).unwrap();
    let mut model = Local::reference(Options::default()).unwrap();
    for (name, sha256) in golden["files"].as_object().unwrap() {
        let file = model.card().files.iter().find(|file| file.name == *name).unwrap();
        assert_eq!(file.sha256.to_string(), sha256.as_str().unwrap(), "{name}");
    }
    let mut largest = Largest::default();
    let mut ask = Ask::default();
    let mut scored = Vec::new();
    let mut score = |ask: &mut Ask, prompt: &Value, ending: &Value| {
        scored.push((ask.score(prompt.as_str().unwrap(), ending["text"].as_str().unwrap()), ending.clone()));
    };
    for case in ["cloze", "sentiment"].iter().flat_map(|part| golden[part].as_array().unwrap()) {
        for ending in case["endings"].as_array().unwrap() {
            score(&mut ask, &case["prompt"], ending);
        }
    }
    for case in golden["memorization"].as_array().unwrap() {
        score(&mut ask, &case["exact"], &case["given_exact"]);
        score(&mut ask, &case["paraphrase"], &case["given_paraphrase"]);
    }
    let texts: Vec<_> = golden["perplexity"].as_array().unwrap().iter().collect();
    let texts: Vec<_> = texts
        .iter()
        .map(|case| {
            (ask.score_text(case["text"].as_str().unwrap(), FirstToken::Skip, Windows::default()), case)
        })
        .collect();
    let next: Vec<_> = golden["next_token"].as_array().unwrap().iter().collect();
    // There the name of a special token in a text is that token; here it is text.
    let plain = |case: &&&Value| !case["prompt"].as_str().unwrap().contains("<|endoftext|>");
    let next: Vec<_> = next
        .iter()
        .filter(plain)
        .map(|case| {
            let prompt = case["prompt"].as_str().unwrap();
            (ask.rank(prompt, 10, &[]), ask.generate(prompt, Decoding::Greedy, 20, &[]), case)
        })
        .collect();

    let answers = answers(&mut model, &ask.into_requests());
    for (ticket, right) in scored {
        let scored = answers.get(ticket).unwrap();
        assert_eq!(scored.ids, ids(&right["ids"]));
        largest.compare(&scored.logprobs, &floats(&right["logprobs"]));
    }
    for (ticket, right) in texts {
        let scored = answers.get(ticket).unwrap();
        assert_eq!(scored.ids, ids(&right["ids"])[1..]);
        let nats: Vec<f32> = scored.logprobs.iter().map(|logprob| -logprob).collect();
        largest.compare(&nats, &floats(&right["nlls"]));
    }
    for (rank, generate, right) in next {
        let ranked = answers.get(rank).unwrap();
        largest.add(f64::from(ranked.entropy) - right["entropy"].as_f64().unwrap());
        assert_eq!(u64::from(ranked.nine_tenths), right["top_p_09_size"].as_u64().unwrap());
        for (ours, right) in ranked.top.iter().zip(right["top"].as_array().unwrap()) {
            assert_eq!(
                (u64::from(ours.id), ours.text.as_str()),
                (right["id"].as_u64().unwrap(), right["text"].as_str().unwrap())
            );
            largest.add(f64::from(ours.logprob) - right["logprob"].as_f64().unwrap());
        }
        let generated = answers.get(generate).unwrap();
        assert_eq!(generated.ids, ids(&right["greedy_20"]["ids"]));
        // There the special token is written out.
        let text = right["greedy_20"]["text"].as_str().unwrap();
        assert_eq!(generated.text, text.strip_suffix("<|endoftext|>").unwrap_or(text));
    }
    println!("reference: largest difference {:.1e}", largest.0);
    assert!(largest.0 < TOLERANCE, "{:.1e}", largest.0);
    assert!(
        answers
            .iter()
            .all(|answer| matches!(answer, Ok(Answer::Scored(_) | Answer::Ranked(_) | Answer::Generated(_))))
    );
}
