//! The views of `next`, `tokens` and `--dry-run`.

use std::{sync::Arc, time::Duration};

use yardstick::{
    plan::{Decoding, FirstToken, Long, Ranked, RankedToken, Request, Token, Truncation, Watched, Windows},
    report::{
        dry_run::{DryRun, PlannedTask},
        next_token::NextTokens,
        text::Charset,
        tokens,
    },
};

use super::fixture::look;

const PROMPT: &str = "The capital of France is";

fn prompt_tokens() -> Vec<Token> {
    [(464, "The"), (3139, " capital"), (286, " of"), (4881, " France"), (318, " is")]
        .map(|(id, text)| Token { id, text: text.into() })
        .to_vec()
}

fn ranked() -> Ranked {
    let token = |id, text: &str, logprob| RankedToken { id, text: text.into(), logprob };
    Ranked {
        top: vec![
            token(6342, " Paris", -1.117),
            token(262, " the", -2.511),
            token(34712, " Lyon", -3.121),
            token(257, " a", -3.547),
            token(198, "\n", -4.474),
            token(5, "\u{202e}\u{1b}[2J", -9.5),
        ],
        watched: vec![
            Watched { token: token(6342, " Paris", -1.117), rank: 1, tokens: 1 },
            Watched { token: token(6_0000, " Can", -12.5), rank: 1_204, tokens: 3 },
        ],
        dropped: 0,
        entropy: 4.87,
        half: 5,
        nine_tenths: 1_204,
        vocabulary: 50_257,
        prompt: prompt_tokens(),
    }
}

fn next(width: usize, charset: Charset) -> String {
    NextTokens::new(PROMPT, &ranked()).terminal("gpt2 @ 607a30d", &look(width, charset))
}

#[test]
fn next_tokens_at_80_columns() {
    insta::assert_snapshot!(next(80, Charset::Unicode));
}

#[test]
fn next_tokens_at_120_columns() {
    insta::assert_snapshot!(next(120, Charset::Unicode));
}

#[test]
fn next_tokens_in_ascii() {
    insta::assert_snapshot!(next(80, Charset::Ascii));
}

#[test]
fn next_tokens_for_scripts() {
    let view = NextTokens::new(PROMPT, &ranked());
    let json = view.json();
    assert_eq!(json["top"][0]["token"], " Paris");
    assert_eq!(json["top"][0]["logprob"].as_f64(), Some(f64::from(-1.117_f32)));
    assert_eq!(json["watched"][1]["of_tokens"], 3);
    insta::assert_snapshot!(String::from_utf8(view.table().csv().unwrap()).unwrap());
}

#[test]
fn tokens_of_a_text() {
    let mut list = prompt_tokens();
    list.push(Token { id: 8582, text: "\u{fffd}".into() });
    list.push(Token { id: 236, text: "\u{fffd}".into() });
    let text = format!("{PROMPT}é");
    insta::assert_snapshot!(tokens::terminal("gpt2", &text, &list, &look(80, Charset::Unicode)));
    insta::assert_snapshot!(tokens::terminal("gpt2", &text, &list[..3], &look(40, Charset::Ascii)));
    let json = tokens::json("gpt2", &text, &list[..1]);
    insta::assert_snapshot!(json);
}

#[test]
fn a_dry_run() {
    let text = |text: &str| Arc::<str>::from(text);
    let requests = [
        Request::Score {
            prompt: text("The capital of France is "),
            ending: text("Paris"),
            first_token: FirstToken::Score,
            long: Long::FAILS,
        },
        Request::Rank {
            prompt: text("Roses are red,\nviolets are"),
            top: 10,
            watch: vec![text(" blue"), text(" green")],
            truncate: None,
        },
        Request::Score {
            prompt: text(""),
            ending: text(&"A long text. ".repeat(9)),
            first_token: FirstToken::Skip,
            long: Long::Windows(Some(Windows::default())),
        },
        Request::Generate {
            prompt: text("Q: 2+2?\nA:"),
            decoding: Decoding::Greedy,
            max_tokens: 20,
            stop: vec![text("\n")],
            repeat: 0,
            truncate: Some(Truncation::Middle),
        },
    ];
    let planned = |name, kind, items, requests| PlannedTask { name, kind, items, requests };
    let plan = DryRun {
        model: "gpt2 @ 607a30d",
        tasks: vec![planned("facts/capitals", "cloze", 120, 240), planned("facts/roses", "next_token", 1, 1)],
        requests: 238,
        tokens: Some(38_110),
        time: Some(Duration::from_secs(140)),
        memory: Some(1_100_000_000),
        first: ["facts/capitals", "facts/roses", "facts/roses", "facts/roses"]
            .into_iter()
            .zip(&requests)
            .collect(),
    };
    insta::assert_snapshot!(plan.terminal(&look(80, Charset::Unicode)));
    insta::assert_snapshot!(plan.terminal(&look(60, Charset::Ascii)));
    assert_eq!(plan.json()["first"][0]["request"]["score"]["ending"], "Paris");
}
