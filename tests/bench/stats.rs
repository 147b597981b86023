//! What statistics cost: `cargo bench --bench stats`. Each is timed in turn with a plain way to do the same on one thread,
//! and the medians are printed with their ratio.

use std::{hint::black_box, time::Instant};

use yardstick::{
    metric::{Formula, Intervals, Metric, Settings, evaluate},
    random::{Key, Stream},
    record::{Cell, ItemKey, Row, Table, Unit},
    stats::{
        Clusters,
        bootstrap::{Bootstrap, Kind},
        influence::{Quotient, Scale},
        ratio::Documents,
    },
    value::{Digest, Level, Seed},
};

const TIMES: usize = 11;
const RESAMPLES: u32 = 10_000;

#[expect(clippy::print_stdout, reason = "a bench prints what it measured")]
fn main() {
    println!("{:<44} {:>10} {:>11} {:>7}", "task", "median ms", "plain ms", "ratio");
    let report = |name: &str, [own, plain]: [f64; 2]| {
        println!("{name:<44} {:>10.3} {:>11.3} {:>7.2}", own * 1e3, plain * 1e3, own / plain);
    };
    for items in [1_000, 10_000] {
        let values = draws(items);
        let mean = Quotient::mean(&values, &Clusters::apart(items));
        let own = || bootstrap("mean").replicates(&mean).len() as f64;
        report(
            &format!("bootstrap of a mean of {items}, {RESAMPLES} times"),
            in_turn(own, || index_loop(&values, &vec![1.0; items])),
        );
    }
    let (nats, tokens) = (draws(5_000), draws(5_000));
    let documents = Documents::new(&nats, &tokens, Clusters::apart(5_000));
    report(
        &format!("bootstrap of 5000 documents, {RESAMPLES} times"),
        in_turn(
            || bootstrap("documents").replicates(documents.quotient()).len() as f64,
            || index_loop(&nats, &tokens),
        ),
    );
    report(
        "perplexity and its jackknife, 5000 documents",
        in_turn(
            || documents.estimate(Level::DEFAULT, Scale::Exp).std_error.unwrap_or_default(),
            || left_out_one_by_one(&nats, &tokens),
        ),
    );
    let table = table(100_000);
    let metrics = [
        Metric::new("accuracy", Formula::Proportion("correct"), Unit::Proportion),
        Metric::new("margin", Formula::Mean("margin"), Unit::Nats),
        Metric::new("median", Formula::Median("margin"), Unit::Nats),
        Metric::new("margin", Formula::Mean("margin"), Unit::Nats).of_group("3"),
    ];
    let settings = Settings {
        task: "bench/task".into(),
        level: Level::DEFAULT,
        intervals: Intervals::Auto,
        seed: Seed(1),
    };
    report(
        "4 metrics of a table of 100000 rows",
        in_turn(
            || evaluate(&metrics, &table, &settings).len() as f64,
            || table.numbers("margin").map(|(_, margin)| margin).sum(),
        ),
    );
}

fn bootstrap(purpose: &str) -> Bootstrap {
    Bootstrap { resamples: RESAMPLES, kind: Kind::Percentile, key: Key::new(Seed(1), purpose) }
}

fn draws(count: usize) -> Vec<f64> {
    let mut stream = Stream::new(Seed(2), "values", count as u64);
    (0..count).map(|_| 0.1 + stream.uniform()).collect()
}

/// The bootstrap as one writes it first: a random index a time, one sum a replicate, one thread.
fn index_loop(above: &[f64], below: &[f64]) -> f64 {
    let mut stream = Stream::new(Seed(3), "plain", 0);
    let mut replicates = Vec::new();
    for _ in 0..RESAMPLES {
        let (mut numerator, mut denominator) = (0.0, 0.0);
        for _ in 0..above.len() {
            #[expect(clippy::cast_sign_loss, reason = "not negative")]
            let index = (stream.uniform() * above.len() as f64) as usize;
            numerator += above[index];
            denominator += below[index];
        }
        replicates.push(numerator / denominator);
    }
    replicates.len() as f64
}

/// The jackknife as it is defined.
fn left_out_one_by_one(above: &[f64], below: &[f64]) -> f64 {
    let without = |values: &[f64], gone: usize| -> f64 {
        values.iter().enumerate().filter(|(at, _)| *at != gone).map(|(_, value)| value).sum()
    };
    (0..above.len()).map(|gone| without(above, gone) / without(below, gone)).sum()
}

fn table(rows: usize) -> Table {
    let mut stream = Stream::new(Seed(4), "table", 0);
    let rows = (0..rows).map(|item| {
        let content = Digest::of(item.to_le_bytes());
        let group = Some((item % 7).to_string());
        let key = ItemKey { item: format!("item-{item:06}"), repeat: 0, group, cluster: None, content };
        let margin = stream.uniform() - 0.3;
        Row { key: key.into(), cells: Ok(vec![Cell::Flag(margin > 0.0), Cell::Number(margin)]) }
    });
    Table { rows: rows.collect(), ..Table::new("items", vec!["correct", "margin"]) }
}

/// The medians of both, in seconds, run in turn.
fn in_turn(own: impl Fn() -> f64, plain: impl Fn() -> f64) -> [f64; 2] {
    let time = |task: &dyn Fn() -> f64| {
        let start = Instant::now();
        black_box(task());
        start.elapsed().as_secs_f64()
    };
    let pairs: Vec<[f64; 2]> = (0..TIMES).map(|_| [time(&own), time(&plain)]).collect();
    [0, 1].map(|side| {
        let mut times: Vec<f64> = pairs.iter().map(|pair| pair[side]).collect();
        times.sort_by(f64::total_cmp);
        times[TIMES / 2]
    })
}
