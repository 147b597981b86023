//! Tasks made by hand, one of each sort that has a figure.

use crate::{
    metric,
    record::{Better, Cell, ItemKey, Measure, Row, Settings, Table, Taken, TaskRecord, Unit},
    stats::{Clusters, Estimate, Interval, Method, proportion},
    value::{Digest, Level},
};

/// What a model or a file may hold as a name.
pub const HOSTILE: [&str; 8] = [
    "</text><script>alert(1)</script>",
    "\u{202e}live\u{1b}[2J\0\u{ffff}",
    "\" onload=\"x' & <!-- ]]>",
    "a\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
    "日本語のとても長いラベルがここにあります日本語のとても長いラベル",
    "עברית و عربي",
    "",
    "a very long label that goes on and on and on and on and on and on and on and on and on",
];

pub fn key(item: &str, group: Option<&str>, repeat: u32) -> ItemKey {
    let content = Digest::of(item);
    ItemKey { item: item.into(), repeat, group: group.map(str::to_owned), cluster: None, content }
}

pub fn row(item: &str, group: Option<&str>, repeat: u32, cells: Vec<Cell>) -> Row {
    Row { key: key(item, group, repeat).into(), cells: Ok(cells) }
}

pub fn task(name: &str, columns: Vec<&'static str>, rows: Vec<Row>) -> TaskRecord {
    let settings = Settings::of(name);
    TaskRecord {
        name: name.into(),
        kind: "cloze",
        items: Taken { taken: rows.len(), available: rows.len() },
        table: Table { rows, ..Table::new("items", columns) },
        details: vec![],
        measures: vec![],
        notes: vec![],
        remarks: vec![],
        metrics: vec![],
        settings,
    }
}

pub fn measure(
    metric: &str,
    group: Option<&str>,
    unit: Unit,
    chance: Option<f64>,
    estimate: Estimate,
) -> Measure {
    Measure {
        metric: metric.into(),
        group: group.map(str::to_owned),
        unit,
        better: Some(Better::Higher),
        chance,
        headline: true,
        estimate,
        difference_from: None,
        test: None,
    }
}

pub fn interval(value: f64, low: f64, high: f64, n: usize) -> Estimate {
    let interval = Interval { low, high, level: Level::DEFAULT, method: Method::T };
    Estimate { interval: Ok(interval), ..Estimate::exact(value, n) }
}

pub fn share(right: usize, n: usize) -> Estimate {
    let values: Vec<f64> = (0..n).map(|i| if i < right { 1.0 } else { 0.0 }).collect();
    proportion::estimate(&values, &Clusters::apart(n), Level::DEFAULT, proportion::Ends::Wilson)
}

pub fn shares() -> TaskRecord {
    let mut task = task("book/capitals", vec!["correct"], vec![]);
    task.measures = vec![
        measure("accuracy", None, Unit::Proportion, Some(0.5), share(89, 120)),
        measure("accuracy", Some("europe"), Unit::Proportion, Some(0.5), share(5, 9)),
        measure("accuracy", Some("asia"), Unit::Proportion, None, share(1, 1)),
        measure("margin", Some("asia"), Unit::Proportion, None, Estimate::exact(0.25, 1)),
        measure("accuracy_minus_x", Some("asia"), Unit::Difference, None, interval(0.1, -0.05, 0.25, 9)),
    ];
    task
}

pub fn endings(rows: &[(f64, f64, f64)]) -> TaskRecord {
    let row = |(place, (right, wrong, correct)): (usize, &(f64, f64, f64))| {
        let cells = vec![Cell::Number(*right), Cell::Number(*wrong), Cell::Number(*correct)];
        row(&format!("item {place}"), None, 0, cells)
    };
    let rows = rows.iter().enumerate().map(row).collect();
    task("book/capitals", vec!["logprob_correct", "logprob_incorrect", "correct"], rows)
}

pub fn confused(counts: &[(&str, Option<&str>, usize)]) -> TaskRecord {
    let mut task = task("book/reviews", vec!["correct"], vec![]);
    let rows = counts.iter().map(|(gold, said, count)| {
        row("", None, 0, vec![Cell::from(*gold), Cell::from(*said), Cell::from(*count)])
    });
    let rows = rows.collect();
    task.details = vec![Table { rows, ..Table::new("confusion", vec!["gold", "predicted", "count"]) }];
    task
}

pub fn memorized(rows: &[(f64, f64, &str, bool)]) -> TaskRecord {
    let row = |(place, (first, second, role, flag)): (usize, &(f64, f64, &str, bool))| {
        let cells = vec![Cell::Number(*first), Cell::Number(*second), Cell::from(*role), Cell::from(*flag)];
        row(&format!("line {place}"), None, 0, cells)
    };
    let rows = rows.iter().enumerate().map(row).collect();
    let columns = vec!["logprob_first", "logprob_second", "role", "likely_memorized"];
    let mut task = task("book/lines", columns, rows);
    for name in ["p_exact", "p_paraphrase"] {
        let number = Measure { headline: false, ..measure(name, None, Unit::Proportion, None, share(1, 4)) };
        task.measures.push(number);
    }
    task
}

pub fn ranked(tokens: &[(&str, f64, bool, usize)]) -> TaskRecord {
    let mut task = task(
        "book/next",
        vec!["prompt", "entropy"],
        vec![row("a", None, 0, vec!["The capital of France is".into(), Cell::Number(4.87)])],
    );
    let columns = vec!["rank", "token", "id", "logprob", "watched"];
    let row = |(place, (token, logprob, watched, rank)): (usize, &(&str, f64, bool, usize))| {
        let cells = vec![
            Cell::from(*rank),
            Cell::from(*token),
            Cell::from(place),
            Cell::Number(*logprob),
            Cell::from(*watched),
        ];
        row("a", None, 0, cells)
    };
    let rows = tokens.iter().enumerate().map(row).collect();
    task.details = vec![Table { rows, ..Table::new("next_tokens", columns) }];
    task
}

pub fn texts() -> TaskRecord {
    let mut task = task("book/texts", vec!["nll"], vec![]);
    let columns = vec!["place", "id", "token", "logprob"];
    let of = |item: &'static str, tokens: &[(&'static str, f64)]| {
        let row = |(place, (token, logprob)): (usize, &(&str, f64))| {
            row(
                item,
                Some("news"),
                0,
                vec![place.into(), place.into(), Cell::from(*token), (*logprob).into()],
            )
        };
        tokens.iter().enumerate().map(row).collect::<Vec<_>>()
    };
    let mut rows = of("plain", &[("The", -2.0), (" cat", -1.5), (" sat", -0.5), (".", -0.1)]);
    rows.extend(of("odd", &[("Zq", -9.0), ("\n", -3.0), (HOSTILE[0], -12.0), (HOSTILE[4], -4.0)]));
    task.details = vec![Table { rows, ..Table::new("token_logprobs", columns) }];
    task.measures = vec![
        measure("perplexity", None, Unit::Perplexity, None, interval(24.1, 21.9, 26.6, 30)),
        measure("perplexity", Some("news"), Unit::Perplexity, None, interval(812.0, 610.0, 1081.0, 15)),
    ];
    task
}

pub fn sampled() -> TaskRecord {
    let columns = vec!["output", "seed", "reproducible"];
    let mut rows = Vec::new();
    for (strategy, texts) in
        [("greedy", ["a b c", "a b c"]), ("t=1", ["a b d", "x"]), (HOSTILE[1], ["a b c", "a c"])]
    {
        for (seed, text) in texts.into_iter().enumerate() {
            let same = Cell::from(strategy != "t=1" || seed == 0);
            rows.push(row("p", Some(strategy), seed as u32, vec![text.into(), seed.into(), same]));
        }
    }
    let mut task = task("book/sampling", columns, rows);
    task.measures = ["greedy", "t=1", HOSTILE[1]]
        .into_iter()
        .map(|name| measure("distinct_texts", Some(name), Unit::Count, None, interval(1.5, 1.2, 1.8, 4)))
        .collect();
    task
}

pub fn shots() -> TaskRecord {
    let mut task = task("book/icl", vec!["correct"], vec![]);
    let of = |k: &str, right| measure("accuracy", Some(k), Unit::Proportion, Some(0.5), share(right, 60));
    task.measures = vec![of("k=0", 31), of("k=1", 40), of("k=4", 48), of("k=16", 50)];
    let rows =
        (0..3).map(|order| row("", Some("k=4"), order, vec![Cell::Number(0.7 + 0.1 * f64::from(order))]));
    task.details = vec![Table { rows: rows.collect(), ..Table::new("orders", vec!["accuracy"]) }];
    task
}

pub fn calibrated() -> TaskRecord {
    let items = [(0.15, 0), (0.35, 0), (0.38, 1), (0.55, 0), (0.62, 1), (0.91, 1), (0.95, 1), (0.97, 0)];
    let rows = items.iter().enumerate().map(|(place, (confidence, right))| {
        row(&place.to_string(), None, 0, vec![Cell::Number(*confidence), Cell::from(*right == 1)])
    });
    let mut task = task("book/choice", vec!["confidence", "correct"], rows.collect());
    let formula = metric::Formula::Calibration { confidence: "confidence", correct: "correct" };
    let metrics = [metric::Metric::new("ece", formula, Unit::Proportion)];
    task.details.extend(metric::reliability(&metrics, &task.table, &task.settings));
    task.measures = metric::evaluate(&metrics, &task.table, &task.settings);
    task
}

pub fn tokens() -> TaskRecord {
    ranked(&[
        (" Paris", -1.117, false, 1),
        (" the", -2.511, false, 2),
        ("\n", -4.474, false, 3),
        (" Paris", -1.117, true, 1),
        (" Lyon", -9.5, true, 12_345),
    ])
}

pub fn every() -> Vec<TaskRecord> {
    vec![
        endings(&[(-1.0, -3.0, 1.0), (-5.0, -2.0, 0.0), (-2.0, -2.0, 0.5), (-700.0, -900.0, 1.0)]),
        confused(&[
            ("good", Some("good"), 41),
            ("good", None, 3),
            ("bad", Some("good"), 9),
            ("bad", Some("bad"), 1_235),
        ]),
        memorized(&[
            (-0.5, -9.0, "tested", true),
            (-3.0, -3.5, "tested", false),
            (-4.0, -8.0, "control", true),
        ]),
        tokens(),
        texts(),
        sampled(),
        shots(),
        calibrated(),
    ]
}
