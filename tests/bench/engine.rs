//! What whole sets of requests cost: `cargo bench --bench engine -- MODEL DATA [TASK,…] [THREADS] [BATCH_TOKENS]`, on one
//! thread unless said otherwise.
//!
//! MODEL is a checkpoint's folder, and DATA one of `blimp500.jsonl` (`good`, `bad`), `hellaswag50.jsonl` (`query`, `choices`),
//! `mmlu15.jsonl` (`prompt5`, `letters`, `prompt5_text`, `texts`), `roll30k.jsonl` (`text`) and `gen16.jsonl` (`prompt`), a line an
//! item. Without them the built-in model answers requests that are made up. `check` is the sum of all log-probabilities, or of
//! all ids that were written, for comparison with other programs.

use std::{ops::ControlFlow, path::Path, time::Instant};

use serde_json::Value;
use yardstick::{
    engine::{
        drive,
        local::{Checkpoint, Files, Local, Options, Origin},
    },
    plan::{Answer, Ask, Decoding, FirstToken, Windows},
};

const TASKS: &str = "blimp500,hellaswag50,mmlu15_letters,mmlu15_texts,roll30k,gen16";

/// Tokens that are written after a prompt.
const WRITTEN: u32 = 64;

#[expect(clippy::print_stdout, reason = "a bench prints what it measured")]
fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let mut options = Options { threads: 1.try_into().ok(), ..Options::default() };
    println!(
        "{:<16} {:>8} {:>8} {:>9} {:>9} {:>9} {:>16}",
        "set", "requests", "CPU s", "wall s", "asked", "read", "check"
    );
    let [model, data, rest @ ..] = arguments.as_slice() else {
        let mut model = Local::reference(options).expect("the built-in model is whole");
        for items in [1_000, 10_000, 100_000] {
            measure(&mut model, &format!("pairs of {items}"), made_up(items));
        }
        return;
    };
    if let Some(threads) = rest.get(1) {
        options.threads = Some(threads.parse().expect("a number of threads"));
    }
    if let Some(tokens) = rest.get(2) {
        options.batch_tokens = tokens.parse().expect("a number of tokens");
    }
    let checkpoint = Checkpoint::open(Files::Folder(model.into())).unwrap_or_else(|error| panic!("{error}"));
    let origin = Origin { source: "a folder".to_owned(), revision: None };
    let mut local =
        Local::load("bench", origin, &checkpoint, options).unwrap_or_else(|error| panic!("{error}"));
    for task in rest.first().map_or(TASKS, String::as_str).split(',') {
        measure(&mut local, task, requests(Path::new(data), task));
    }
}

#[expect(clippy::print_stdout, reason = "a bench prints what it measured")]
fn measure(model: &mut Local, name: &str, ask: Ask) {
    let requests = ask.into_requests();
    let (asked, read) = (model.work().asked(), model.work().read());
    let (wall, cpu) = (Instant::now(), cpu_seconds());
    let answers = drive(model, &requests, &mut |_, _| ControlFlow::Continue(()));
    let cpu = cpu_seconds().zip(cpu).map(|(after, before)| format!("{:.2}", after - before));
    let wall = wall.elapsed().as_secs_f64();
    let check: f64 = answers
        .iter()
        .map(|answer| match answer {
            Ok(Answer::Scored(scored)) => scored.total(),
            Ok(Answer::Generated(generated)) => generated.ids.iter().copied().map(f64::from).sum(),
            Ok(Answer::Ranked(ranked)) => ranked.top.iter().map(|token| f64::from(token.logprob)).sum(),
            Err(failure) => panic!("{name}: {}", failure.message),
        })
        .sum();
    println!(
        "{name:<16} {:>8} {:>8} {wall:>9.2} {:>9} {:>9} {check:>16.4}",
        requests.len(),
        cpu.as_deref().unwrap_or("-"),
        model.work().asked() - asked,
        model.work().read() - read,
    );
}

/// Of this process, where the system says it in hundredths.
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let ticks = stat.rsplit(')').next()?.split_whitespace().skip(11).take(2);
    Some(ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0)
}

fn requests(data: &Path, task: &str) -> Ask {
    let file = data.join(format!("{}.jsonl", task.split('_').next().unwrap_or(task)));
    let lines = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut ask = Ask::default();
    for line in lines.lines() {
        let item: Value = serde_json::from_str(line).expect("a line is an item");
        let text = |key: &str| item[key].as_str().expect("a text");
        let mut score_all = |prompt: &str, endings: &str| {
            for ending in item[endings].as_array().expect("a list") {
                ask.score(prompt, &format!(" {}", ending.as_str().expect("a text")));
            }
        };
        match task {
            "mmlu15_letters" => score_all(text("prompt5"), "letters"),
            "mmlu15_texts" => score_all(text("prompt5_text"), "texts"),
            _ if task.starts_with("hellaswag") => score_all(text("query"), "choices"),
            _ if task.starts_with("blimp") => {
                ask.score("", text("good"));
                ask.score("", text("bad"));
            }
            _ if task.starts_with("roll") => {
                ask.score_text(text("text"), FirstToken::Score, Windows { window: None, stride: None });
            }
            _ if task.starts_with("gen") => {
                ask.generate(text("prompt"), Decoding::Greedy, WRITTEN, &[]);
            }
            _ => panic!("{task} is none of {TASKS}"),
        }
    }
    ask
}

/// Pairs that differ in their last word, all different.
fn made_up(items: usize) -> Ask {
    let mut ask = Ask::default();
    for item in 0..items {
        for ending in [" good", " bad"] {
            ask.score(&format!("The number {item} is"), ending);
        }
    }
    ask
}
