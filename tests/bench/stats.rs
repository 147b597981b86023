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
        confusion::{ClassScore, Confusion},
        influence::{Quotient, Scale},
        ratio::Documents,
    },
    value::{Digest, Level, Seed},
};

const TIMES: usize = 11;
const RESAMPLES: u32 = 10_000;

/// So many replicates take seconds the plain way, which is timed less often.
const MANY: u32 = 100_000;
const FEW_TIMES: usize = 3;

#[expect(clippy::print_stdout, reason = "a bench prints what it measured")]
fn main() {
    println!("{:<60} {:>10} {:>11} {:>7}", "task", "median ms", "plain ms", "ratio");
    let report = |name: &str, [own, plain]: [f64; 2]| {
        println!("{name:<60} {:>10.3} {:>11.3} {:>7.2}", own * 1e3, plain * 1e3, own / plain);
    };
    for items in [1_000, 10_000] {
        let values = draws(items);
        let mean = Quotient::mean(&values, &Clusters::apart(items));
        let own = || bootstrap("mean", RESAMPLES).replicates(&mean).len() as f64;
        report(
            &format!("bootstrap of a mean of {items}, {RESAMPLES} times"),
            in_turn(TIMES, own, || index_loop(&values, &vec![1.0; items], RESAMPLES)),
        );
    }
    for classes in [2, 4, 10] {
        let pairs = labels(1_000, classes);
        let confusion = Confusion::new(&[], &pairs, Clusters::apart(pairs.len()));
        let score = if classes == 2 { ClassScore::F1("1".into()) } else { ClassScore::MacroF1 };
        let scored = confusion.scored(&score).expect("the class occurs");
        report(
            &format!("bootstrap of F1, 1000 items of {classes} classes, {MANY} times"),
            in_turn(
                FEW_TIMES,
                || bootstrap("classes", MANY).replicates(&scored).len() as f64,
                || count_loop(&pairs, classes, MANY),
            ),
        );
    }
    let (nats, tokens) = (draws(5_000), draws(5_000));
    let documents = Documents::new(&nats, &tokens, Clusters::apart(5_000));
    report(
        &format!("bootstrap of 5000 documents, {MANY} times"),
        in_turn(
            FEW_TIMES,
            || bootstrap("documents", MANY).replicates(documents.quotient()).len() as f64,
            || index_loop(&nats, &tokens, MANY),
        ),
    );
    report(
        "perplexity and its jackknife, 5000 documents",
        in_turn(
            TIMES,
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
        margin: None,
    };
    report(
        "4 metrics of a table of 100000 rows",
        in_turn(
            TIMES,
            || evaluate(&metrics, &table, &settings).len() as f64,
            || table.numbers("margin").map(|(_, margin)| margin).sum(),
        ),
    );
}

fn bootstrap(purpose: &str, resamples: u32) -> Bootstrap {
    Bootstrap { resamples, kind: Kind::Percentile, key: Key::new(Seed(1), purpose) }
}

fn draws(count: usize) -> Vec<f64> {
    let mut stream = Stream::new(Seed(2), "values", count as u64);
    (0..count).map(|_| 0.1 + stream.uniform()).collect()
}

/// Gold and predicted classes, four of five right.
fn labels(items: usize, classes: usize) -> Vec<(&'static str, Option<&'static str>)> {
    const NAMES: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
    let mut stream = Stream::new(Seed(5), "labels", 0);
    let mut label = |_| {
        let [gold, other] = [(); 2].map(|()| NAMES[stream.below(classes)]);
        (gold, Some(if stream.uniform() < 0.8 { gold } else { other }))
    };
    (0..items).map(&mut label).collect()
}

/// The bootstrap of F1 as one writes it first, of the class `1` or the mean of all classes: a random item a time, three
/// counts a class, one thread.
fn count_loop(pairs: &[(&str, Option<&str>)], classes: usize, resamples: u32) -> f64 {
    let place = |class: &str| usize::from(class.as_bytes()[0] - b'0');
    let pairs: Vec<(usize, usize)> = pairs
        .iter()
        .map(|(gold, predicted)| (place(gold), place(predicted.expect("every item has one"))))
        .collect();
    let mut stream = Stream::new(Seed(3), "plain", 0);
    let mut replicates = Vec::new();
    for _ in 0..resamples {
        // Hits, false alarms and misses.
        let mut counts = vec![[0.0; 3]; classes];
        for _ in 0..pairs.len() {
            let (gold, predicted) = pairs[stream.below(pairs.len())];
            if gold == predicted {
                counts[gold][0] += 1.0;
            } else {
                counts[predicted][1] += 1.0;
                counts[gold][2] += 1.0;
            }
        }
        let f1 = |[hits, false_alarms, misses]: &[f64; 3]| 2.0 * hits / (2.0 * hits + false_alarms + misses);
        replicates.push(if classes == 2 {
            f1(&counts[1])
        } else {
            counts.iter().map(f1).sum::<f64>() / classes as f64
        });
    }
    replicates.into_iter().sum()
}

/// The bootstrap as one writes it first: a random index a time, one sum a replicate, one thread.
fn index_loop(above: &[f64], below: &[f64], resamples: u32) -> f64 {
    let mut stream = Stream::new(Seed(3), "plain", 0);
    let mut replicates = Vec::new();
    for _ in 0..resamples {
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
fn in_turn(times: usize, own: impl Fn() -> f64, plain: impl Fn() -> f64) -> [f64; 2] {
    let time = |task: &dyn Fn() -> f64| {
        let start = Instant::now();
        black_box(task());
        start.elapsed().as_secs_f64()
    };
    let pairs: Vec<[f64; 2]> = (0..times).map(|_| [time(&own), time(&plain)]).collect();
    [0, 1].map(|side| {
        let mut times: Vec<f64> = pairs.iter().map(|pair| pair[side]).collect();
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    })
}
