//! Prompts that are too long, cut by the engine, held against the same prompts cut by hand: the tokens counted here, their
//! texts joined, and asked as a prompt that fits.

use serde_json::Value;
use yardstick::{
    engine::{Engine as _, local::Local},
    plan::{
        Answer, Answers, Ask, Decoding, FailureKind, Generated, Ranked, Scored, Ticket, Token, Truncation,
    },
};

use super::{answers, open, options};
use crate::{
    cli::{Results, json, output, spec, text},
    data,
};

const ENDINGS: [&str; 3] = [" the cat", " the little girl was happy and went home", " a"];
const WRITTEN: u32 = 12;

/// Words that are single tokens of both models, and more of them than either reads.
fn long(model: &Local) -> (String, Vec<Token>) {
    let words = ["the", "girl", "was", "and", "house", "to", "little", "a", "in", "happy", "day", "he"];
    let is_one = |word: &&&str| {
        let cut = model.tokenizer().ending("the", &format!(" {word}")).unwrap();
        cut.tokens.len() == 1
    };
    let words: Vec<&str> = words.iter().filter(is_one).copied().collect();
    let at = |n: usize| words[(n * n + n / 7) % words.len()];
    let prompt = (0..700).map(at).collect::<Vec<_>>().join(" ");
    let tokens = model.tokenizer().tokens(&prompt).unwrap();
    assert!(tokens.len() >= 700);
    (prompt, tokens)
}

/// The prompt with so many of its tokens, by hand.
fn cut(tokens: &[Token], kept: usize, from: Truncation) -> String {
    let head = match from {
        Truncation::Left => 0,
        Truncation::Middle => kept / 2,
    };
    let tail = tokens.len() - (kept - head);
    tokens[..head].iter().chain(&tokens[tail..]).map(|token| token.text.as_str()).collect()
}

fn get<T: yardstick::plan::Redeem + Clone>(answers: &Answers, ticket: Ticket<T>) -> T {
    answers.get(ticket).unwrap_or_else(|failure| panic!("{failure:?}")).clone()
}

/// `before` tokens are put before every text of this model.
fn holds(model: &mut Local, before: usize) {
    let context = model.card().context.unwrap();
    let (prompt, tokens) = long(model);
    let most = ENDINGS.iter().map(|ending| model.tokenizer().ending(&prompt, ending).unwrap().tokens.len());
    // The last token of an ending is not read.
    let of_endings = context + 1 - before - most.max().unwrap();
    let (of_ranks, of_texts) = (context - before, context - before - WRITTEN as usize);
    for from in [Truncation::Left, Truncation::Middle] {
        let mut ask = Ask::default();
        // Some tokenizers put a space before a text that begins with a word, and would put another one before this.
        let spaced = model.tokenizer().tokens("the").unwrap()[0].text == " the";
        let by_hand = |kept| cut(&tokens, kept, from).split_off(usize::from(spaced));
        for kept in [of_endings, of_ranks, of_texts] {
            // What was cut by hand is cut into the same tokens again.
            assert_eq!(model.tokenizer().tokens(&by_hand(kept)).unwrap().len(), kept);
        }
        let right = ENDINGS.map(|ending| ask.score(&by_hand(of_endings), ending));
        let right_rank = ask.rank(&by_hand(of_ranks), 5, &[" cat"]);
        let right_text = ask.generate(&by_hand(of_texts), Decoding::Greedy, WRITTEN, &[]);
        ask.truncate(Some(from));
        let cut = ask.score_all(&prompt, &ENDINGS);
        let rank = ask.rank(&prompt, 5, &[" cat"]);
        let written = ask.generate(&prompt, Decoding::Greedy, WRITTEN, &[]);
        let fits = ask.rank(&by_hand(of_ranks), 5, &[" cat"]);
        let answers = answers(model, &ask.into_requests());

        let dropped = |kept: usize| (tokens.len() - kept) as u32;
        for (cut, right) in cut.into_iter().zip(right) {
            let (cut, right): (Scored, Scored) = (get(&answers, cut), get(&answers, right));
            assert_eq!(cut, Scored { dropped: dropped(of_endings), ..right });
            assert_eq!(cut.before as usize, before + of_endings);
        }
        let (cut, right): (Ranked, Ranked) = (get(&answers, rank), get(&answers, right_rank));
        assert_eq!(get(&answers, fits), right);
        assert_eq!(cut, Ranked { dropped: dropped(of_ranks), ..right });
        let (cut, right): (Generated, Generated) = (get(&answers, written), get(&answers, right_text));
        assert_eq!(cut, Generated { dropped: dropped(of_texts), ..right });
    }
}

#[test]
fn what_is_cut_is_what_would_be_cut_by_hand() {
    holds(&mut Local::reference(options(300, 2)).unwrap(), 0);
}

#[test]
fn what_begins_every_text_is_never_cut() {
    let Some(folder) = data("models/stories260K") else { return };
    holds(&mut open(folder, options(1000, 2)), 1);
}

#[test]
fn endings_are_never_cut_and_of_a_prompt_one_token_stays() {
    let mut model = Local::reference(options(300, 2)).unwrap();
    let mut ask = Ask::default();
    ask.truncate(Some(Truncation::Left));
    // 256 tokens are read; the last token of an ending is not.
    let ending = |tokens: usize| " the".repeat(tokens);
    let [fits, too_long, alone] = [("a house", 256), ("a house", 257), ("", 300)]
        .map(|(prompt, tokens)| ask.score(prompt, &ending(tokens)));
    // An ending that fits falls with the one that it is compared with: of one prompt there is none for both.
    let beside = ask.score_all("a house", &[ending(257), ending(1)])[1];
    let endless = ask.generate(&ending(300), Decoding::Greedy, 100_000, &[]);
    let answers = answers(&mut model, &ask.into_requests());
    let scored = get(&answers, fits);
    assert_eq!((scored.dropped, scored.before, scored.ids.len()), (1, 1, 256));
    for ticket in [too_long, alone, beside] {
        let failure = answers.get(ticket).unwrap_err();
        assert_eq!(failure.kind, FailureKind::TooLong);
        assert!(failure.message.contains("at most 256"), "{}", failure.message);
    }
    let written = get(&answers, endless);
    assert_eq!((written.dropped, written.before), (299, 1));
}

/// Tasks of every kind that cuts, with items that fit and items that do not.
fn all_kinds(folder: &std::path::Path, policy: &str) -> String {
    let long = "the girl was happy and the house was little ".repeat(40);
    let long = long.trim_end();
    let tasks = format!(
        "
  - cloze: pairs
    items:
      - [The capital of France is, Paris, London]
      - [{long}, and the girl, day]
  - choice: questions
    normalization: [none, pmi]
    items:
      - {{question: {long}, choices: [happy, little house], answer: happy}}
      - {{question: What is it?, choices: [happy, little], answer: happy}}
  - generate: answers
    max_tokens: 5
    template: \"Q: {{{{ input }}}}\\nA: {{{{ target }}}}\"
    items:
      - [{long}, happy]
      - [Who?, he]
  - icl: shown
    labels: [good, bad]
    items: [[A happy day, good], [{long}, bad]]
  - strategies: ways
    labels: [good, bad]
    compare:
      short: {{template: \"{{{{ input }}}} is {{{{ label }}}}\"}}
      long: {{template: \"It is said that {{{{ input }}}} is {{{{ label }}}}\"}}
    items: [[A happy day, good], [{long}, bad]]
  - memorization: lines
    conditions: [exact, paraphrase]
    items:
      - {{target: and so, exact: Once upon a time, paraphrase: A day}}
      - {{target: it was, exact: {long}, paraphrase: The girl}}
  - next_token: next
    prompt: [{long}, The capital of France is]
  - sampling: drawn
    max_tokens: 4
    strategies: [{{temperature: 1}}]
    prompt: [{long}, The capital of France is]
"
    );
    let text = format!(
        "benchmark: b\nmodel: reference\nlong_prompts: {policy}\nallow: [few-items, unequal-lengths, duplicate-item, boundary-merge, unused-shots]\ntasks:{tasks}"
    );
    spec(folder, &text)
}

fn lines(folder: &std::path::Path) -> Vec<Value> {
    let items = std::fs::read_to_string(folder.join("items.jsonl")).unwrap();
    items.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

const KINDS: [&str; 8] =
    ["cloze", "choice", "generate", "icl", "strategies", "memorization", "next_token", "sampling"];

#[test]
fn every_kind_cuts_and_says_so() {
    let (folder, results) = (tempfile::tempdir().unwrap(), Results::new());
    let spec = all_kinds(folder.path(), "truncate-middle");
    let out = output(&["run", &spec, "--out", results.path(), "--verify=50"]);
    let (shown, told) = (text(&out.stdout), text(&out.stderr));
    assert_eq!(out.status.code(), Some(0), "{shown}{told}");
    assert!(told.contains("`long_prompts: truncate-middle` says"), "{told}");
    assert!(shown.contains("prompts were cut to fit 256 tokens (truncate-middle)"), "{shown}");
    let run = json(&results.run().join("run.json"));
    assert_eq!(run["errors"], serde_json::json!({}));
    let lines = lines(&results.run());
    for kind in KINDS {
        let dropped: Vec<u64> = lines
            .iter()
            .filter(|line| line["kind"] == kind)
            .map(|line| line["dropped_tokens"].as_u64().unwrap())
            .collect();
        assert!(dropped.contains(&0) && dropped.iter().any(|dropped| *dropped > 0), "{kind} {dropped:?}");
        let remarks = run["remarks"].as_array().unwrap();
        let remarked = remarks.iter().any(|remark| {
            remark["rule"] == "R004"
                && lines.iter().any(|line| line["kind"] == kind && line["task"] == remark["task"])
        });
        assert!(remarked, "{kind}");
    }
    let csv = std::fs::read_to_string(results.run().join("items.csv")).unwrap();
    assert!(csv.lines().next().unwrap().split(',').any(|name| name == "dropped_tokens"));
    let page = std::fs::read_to_string(results.run().join("report.html")).unwrap();
    assert!(page.contains("prompts were cut to fit 256 tokens"));
}

#[test]
fn what_is_left_out_is_counted_and_no_error() {
    let (folder, results) = (tempfile::tempdir().unwrap(), Results::new());
    let spec = all_kinds(folder.path(), "skip");
    let out = output(&["run", &spec, "--out", results.path()]);
    let (shown, told) = (text(&out.stdout), text(&out.stderr));
    assert_eq!(out.status.code(), Some(0), "{shown}{told}");
    assert!(shown.contains("are left out of every number: they do not fit 256 tokens"), "{shown}");
    assert!(shown.contains("0 errors"), "{shown}");
    let run = json(&results.run().join("run.json"));
    let lines = lines(&results.run());
    let skipped = lines.iter().filter(|line| line["error"]["kind"] == "skipped").count();
    assert_eq!(
        (run["errors"].clone(), run["skipped"].as_u64()),
        (serde_json::json!({}), Some(skipped as u64))
    );
    for kind in KINDS {
        let of_kind = || lines.iter().filter(|line| line["kind"] == kind);
        let out = of_kind().filter(|line| line["error"]["kind"] == "skipped").count();
        assert!(out > 0 && out < of_kind().count(), "{kind}: {out}");
        assert!(of_kind().all(|line| line.get("dropped_tokens").is_none()), "{kind}");
    }
    let accuracy = run["numbers"].as_array().or_else(|| run["metrics"].as_array());
    let n = accuracy
        .into_iter()
        .flatten()
        .find(|number| number["task"] == "b/pairs" && number["metric"] == "accuracy");
    assert_eq!(n.unwrap()["n"], 1);

    // The same items are errors without the policy, and the requests the same: nothing that was answered is asked anew.
    let spec = all_kinds(folder.path(), "error");
    let errors = Results::new();
    let out = output(&["run", &spec, "--out", errors.path()]);
    assert_eq!(out.status.code(), Some(6));
    let failed = json(&errors.run().join("run.json"));
    assert_eq!(failed["errors"]["too_long"].as_u64(), Some(skipped as u64));
    assert_eq!(failed["suite"]["plan_sha256"], run["suite"]["plan_sha256"]);
}

#[test]
fn a_check_and_a_dry_run_say_what_becomes_of_long_prompts() {
    let folder = tempfile::tempdir().unwrap();
    for (policy, said) in [
        ("skip", "they are left out of every number"),
        ("truncate-left", "their beginning is cut off"),
        ("error", "they are refused, not cut"),
    ] {
        let spec = all_kinds(folder.path(), policy);
        let check = output(&["check", &spec, "--model", "reference"]);
        let shown = text(&check.stdout);
        assert!(shown.contains("1 item of 2 longer than the 256 tokens") && shown.contains(said), "{shown}");
        let plan = output(&["run", &spec, "--dry-run"]);
        assert!(text(&plan.stderr).contains(said));
        assert_eq!(text(&plan.stdout).contains("cut at the beginning"), policy == "truncate-left");
    }
}

/// So that an answer that was cut is known as one, and one that was not is written as ever.
#[test]
fn nothing_is_written_of_what_was_not_cut() {
    let written =
        |dropped| serde_json::to_string(&Answer::Scored(Scored { dropped, ..Scored::default() })).unwrap();
    assert!(!written(0).contains("dropped") && written(3).contains("\"dropped\":3"));
}
