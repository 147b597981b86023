//! A record as a run would leave it, made by hand: every sort of number, some of them missing.

use yardstick::{
    engine::Card,
    plan::{Failure, FailureKind},
    record::{
        Better, Cell, Command, EngineInfo, Expectation, FORMAT, Host, Intervals, ItemKey, Measure, Outcome,
        Program, Provenance, Record, Row, Run, Settings, SourceFile, Status, SuiteInfo, Table, Taken,
        TaskRecord, Times, Tokens, Unit,
    },
    report::{table::Look, text::Charset},
    stats::{Estimate, Interval, Method, Undefined},
    value::{Digest, Level, Seed},
};

/// A terminal without colours.
pub(super) fn look(width: usize, charset: Charset) -> Look {
    Look { width, charset, colour: false }
}

/// A key in a task's own group.
pub(super) fn key(item: &str, repeat: u32) -> ItemKey {
    ItemKey { item: item.into(), repeat, group: None, cluster: None, content: Digest::of(item) }
}

/// An estimate with an interval at 95 %.
pub(super) fn estimate(value: f64, low: f64, high: f64, n: usize, method: Method) -> Estimate {
    let interval = Interval { low, high, level: Level::DEFAULT, method };
    Estimate { value: Ok(value), interval: Ok(interval), std_error: None, n, clusters: None, successes: None }
}

/// A share by Wilson's method.
pub(super) fn share(metric: &str, chance: Option<f64>, right: f64, n: usize, ends: (f64, f64)) -> Measure {
    let value = right / n as f64;
    let estimate = Estimate { successes: Some(right), ..estimate(value, ends.0, ends.1, n, Method::Wilson) };
    measure(metric, None, Unit::Proportion, chance, estimate)
}

/// A number of the headline.
pub(super) fn measure(
    metric: &str,
    group: Option<&str>,
    unit: Unit,
    chance: Option<f64>,
    estimate: Estimate,
) -> Measure {
    let better = if unit == Unit::Perplexity { Better::Lower } else { Better::Higher };
    Measure {
        metric: metric.into(),
        group: group.map(str::to_owned),
        unit,
        better: Some(better),
        chance,
        headline: true,
        estimate,
        difference_from: None,
        test: None,
    }
}

/// A task without rows.
pub(super) fn task(name: &str, kind: &'static str, measures: Vec<Measure>) -> TaskRecord {
    let table = Table::new("items", vec!["correct", "prompt"]);
    let settings = Settings {
        task: name.into(),
        level: Level::DEFAULT,
        intervals: Intervals::Auto,
        seed: Seed(42),
        margin: None,
    };
    TaskRecord {
        name: name.into(),
        kind,
        table,
        details: vec![],
        measures,
        notes: vec![],
        remarks: vec![],
        metrics: vec![],
        settings,
        items: Taken { taken: 0, available: 0 },
    }
}

/// Cloze, perplexity and next tokens, with one item that could not be answered.
pub(super) fn record() -> Record {
    let mut capitals =
        task("notebook/capitals", "cloze", vec![share("accuracy", Some(0.5), 89.0, 120, (0.6569, 0.8119))]);
    capitals.table.columns =
        vec!["correct", "logprob_correct", "logprob_incorrect", "prompt", "normalization"];
    for (item, correct) in [("france", 1.0), ("japan", 0.5)] {
        let cells = vec![
            Cell::Number(correct),
            Cell::from(-1.117_f32),
            Cell::from(-3.121_f32),
            Cell::from("The capital of"),
            Cell::from("none"),
        ];
        capitals.table.rows.push(Row { key: key(item, 0).into(), cells: Ok(cells) });
    }
    let failure =
        Failure::new(FailureKind::TooLong, "1,030 tokens, the model takes 1,024: shorten the prompt");
    capitals.table.rows.push(Row { key: key("brazil", 0).into(), cells: Err(failure) });
    capitals.measures.push(Measure {
        headline: false,
        ..measure("margin", None, Unit::Nats, None, estimate(2.004, 1.7, 2.3, 120, Method::T))
    });

    let agreement =
        task("notebook/agreement", "cloze", vec![share("accuracy", Some(0.5), 217.0, 250, (0.8204, 0.9041))]);
    let mut choice = task(
        "notebook/commonsense",
        "choice",
        vec![share("accuracy", Some(0.25), 119.0, 400, (0.2548, 0.3441))],
    );
    choice.measures.push(share("accuracy_pmi", Some(0.25), 96.0, 400, (0.2008, 0.2844)));
    choice.notes.push("`token` normalization compares endings of different lengths".into());
    let mut single = task("notebook/one", "cloze", vec![]);
    let spread = Estimate { interval: Err(Undefined::OneItem), ..estimate(0.7, 0.0, 0.0, 1, Method::T) };
    single.measures.push(measure("probability", None, Unit::Proportion, None, spread));

    let mut texts = task("notebook/domains", "perplexity", vec![]);
    texts.table = Table::new("items", vec!["tokens", "nll", "bytes"]);
    for (item, group) in [("=cmd", "news"), ("a", "fiction")] {
        let key = ItemKey { group: Some(group.into()), cluster: Some("c1".into()), ..key(item, 0) };
        let cells = vec![Cell::Count(35), Cell::Number(111.25), Cell::Count(164)];
        texts.table.rows.push(Row { key: key.into(), cells: Ok(cells) });
    }
    let news = Estimate { clusters: Some(12), ..estimate(24.12, 21.87, 26.55, 30, Method::JackknifeT) };
    let none = Estimate {
        value: Err(Undefined::NoItems),
        interval: Err(Undefined::NoItems),
        ..estimate(0.0, 0.0, 0.0, 0, Method::T)
    };
    let ratio = estimate(2.558, 2.2, 2.97, 60, Method::WelchJackknifeT);
    let numbers =
        [("news", news), ("fiction", estimate(61.7, 55.01, 69.44, 30, Method::JackknifeT)), ("law", none)];
    for (group, estimate) in numbers {
        texts.measures.push(measure("perplexity", Some(group), Unit::Perplexity, None, estimate));
    }
    texts.measures.push(measure("ratio to news", Some("fiction"), Unit::Ratio, None, ratio));

    let expectations = vec![
        expectation(Some("notebook/capitals"), "accuracy >= 0.7", Outcome::Pass, "0.742 [0.657, 0.812]"),
        expectation(Some("notebook/commonsense"), "accuracy.low > 0.3", Outcome::Fail, "0.255"),
        expectation(None, "domains.law.perplexity < 100", Outcome::Undefined, "no items"),
    ];
    Record {
        run: run(),
        tasks: vec![capitals, agreement, choice, single, texts, next_tokens()],
        expectations,
    }
}

fn expectation(task: Option<&str>, text: &str, outcome: Outcome, found: &str) -> Expectation {
    Expectation { task: task.map(str::to_owned), text: text.into(), outcome, found: found.into() }
}

fn next_tokens() -> TaskRecord {
    let mut task = task("notebook/next", "next_token", vec![]);
    task.table = Table::new("items", vec!["prompt", "entropy", "half", "nine_tenths"]);
    let mut tokens = Table::new("next_tokens", vec!["rank", "token", "id", "logprob", "watched"]);
    let lists = [
        (
            "france",
            "The capital of France is",
            [(" Paris", 6342_u32, -1.117), (" the", 262, -2.511), ("\n", 198, -4.474)],
        ),
        ("code", "def f(x):", [("\n", 198, -0.2), (" =", 796, -3.0), ("\u{202e}", 5, -14.0)]),
    ];
    for (item, prompt, list) in lists {
        let cells = vec![Cell::from(prompt), Cell::from(4.87), Cell::Count(5), Cell::Count(1204)];
        task.table.rows.push(Row { key: key(item, 0).into(), cells: Ok(cells) });
        for (at, (token, id, logprob)) in list.into_iter().enumerate() {
            let cells = vec![
                Cell::from(at + 1),
                Cell::from(token),
                Cell::from(id),
                Cell::from(logprob),
                Cell::from(false),
            ];
            tokens.rows.push(Row { key: key(item, 0).into(), cells: Ok(cells) });
        }
    }
    let watched =
        vec![Cell::from(24_u32), Cell::from(" Rome"), Cell::from(10598_u32), Cell::from(-6.1), true.into()];
    tokens.rows.insert(3, Row { key: key("france", 0).into(), cells: Ok(watched) });
    task.details.push(tokens);
    task
}

/// The provenance of the record.
pub fn run() -> Run {
    Run {
        format: FORMAT.into(),
        run_id: "20261124T011203Z-gpt2-notebook-7f3a9c".into(),
        status: Status::Complete,
        resumed: 0,
        scored_from: None,
        shard: None,
        parts: Vec::new(),
        reused: Vec::new(),
        program: Program {
            name: "yardstick".into(),
            version: "0.1.0".into(),
            features: vec!["local".into()],
        },
        origin: Provenance::Asked,
        command: Command { specs: vec!["notebook.yaml".into()], model: "gpt2".into(), ..Command::default() },
        suite: SuiteInfo {
            name: "notebook".into(),
            title: Some("Parts of the notebook".into()),
            files: vec![SourceFile { path: "notebook.yaml".into(), bytes: 9, sha256: Digest::of("spec") }],
            resolved_sha256: Some(Digest::of("resolved")),
            plan_sha256: Some(Digest::of("plan")),
            tasks: 6,
            items: 1060,
            requests: Some(2310),
        },
        workspace: None,
        model: Card {
            name: "gpt2".into(),
            engine: "local".into(),
            source: "openai-community/gpt2".into(),
            revision: Some("607a30d783dfa663caf39e06633721c8d4cfcd7e".into()),
            files: vec![],
            family: Some("gpt2".into()),
            dtype: Some("f32".into()),
            parameters: Some(124_439_808),
            vocabulary: Some(50_257),
            context: Some(1024),
            begins_with: Some("<|endoftext|>".into()),
        },
        model_digest: Some(Digest::of("model")),
        engine: Some(EngineInfo {
            device: "cpu".into(),
            kernels: Some("avx2".into()),
            threads: 8,
            batch_tokens: 2048,
        }),
        host: Some(Host { os: "linux".into(), arch: "x86_64".into(), cores: 8 }),
        seed: Seed(42),
        level: Level::DEFAULT,
        time: Some(Times {
            started: "2026-11-24T01:12:03Z".into(),
            finished: Some("2026-11-24T01:14:17Z".into()),
            load_s: 1.9,
            answer_s: 134.2,
        }),
        tokens: Some(Tokens { prompt: 38_110, scored: 3_098, generated: 0 }),
        answers_sha256: Some(Digest::of("answers")),
        skipped: 0,
        errors: std::iter::once((FailureKind::TooLong, 1)).collect(),
        warnings: vec!["few-items: domains has 2 texts — its interval will be wide".into()],
    }
}
