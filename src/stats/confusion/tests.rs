//! Scores against hand counts and derivatives, and against each other.

use super::*;
use crate::{
    random::{Key, Stream},
    stats::bootstrap::{Bootstrap, Kind, Statistic as _},
    value::Seed,
};

const LEVEL: Level = Level::DEFAULT;

const OF_TABLE: [ClassScore; 8] = [
    ClassScore::MacroPrecision,
    ClassScore::MacroRecall,
    ClassScore::MacroF1,
    ClassScore::MicroF1,
    ClassScore::WeightedF1,
    ClassScore::BalancedAccuracy,
    ClassScore::Mcc,
    ClassScore::Kappa,
];

fn table(gold: &str, predicted: &str, clusters: Clusters) -> Confusion {
    let label = |place: usize| Some(predicted.get(place..=place)?).filter(|label| *label != "-");
    let pairs: Vec<_> = (0..gold.len()).map(|place| (&gold[place..=place], label(place))).collect();
    Confusion::new(&[], &pairs, clusters)
}

fn apart(gold: &str, predicted: &str) -> Confusion {
    table(gold, predicted, Clusters::apart(gold.len()))
}

/// Random classes of 60 items, some without a label.
fn random() -> Confusion {
    let mut stream = Stream::new(Seed(8), "labels", 0);
    let mut draw = |among: &str| among.as_bytes()[stream.below(among.len())] as char;
    let gold: String = (0..60).map(|_| draw("aaabbc")).collect();
    let predicted: String =
        gold.chars().map(|gold| if draw("01") == '0' { gold } else { draw("abbc-") }).collect();
    apart(&gold, &predicted)
}

#[track_caller]
fn close(found: f64, wanted: f64, tolerance: f64) {
    assert!((found - wanted).abs() <= tolerance, "{found} instead of {wanted}");
}

#[test]
fn the_textbook_example_gives_what_scikit_learn_gives() {
    // precision_score, recall_score, f1_score, matthews_corrcoef; the intervals from numpy.
    let confusion = apart("1101001101", "1100011101");
    let one = "1".to_owned();
    let cases = [
        (ClassScore::Precision(one.clone()), 5.0 / 6.0, 0.436, 0.970),
        (ClassScore::Recall(one.clone()), 5.0 / 6.0, 0.436, 0.970),
        (ClassScore::F1(one), 5.0 / 6.0, 0.528, 0.957),
        (ClassScore::MicroF1, 0.8, 0.490, 0.943),
        (ClassScore::Mcc, 0.583_333_333, -0.045, 0.881),
    ];
    for (score, value, low, high) in cases {
        let estimate = confusion.estimate(&score, LEVEL, Ends::Wilson);
        close(estimate.value.unwrap(), value, 1e-9);
        let interval = estimate.interval.unwrap();
        assert_eq!(interval.method, Method::Wilson);
        close(interval.low, low, 6e-4);
        close(interval.high, high, 6e-4);
    }
}

#[test]
fn an_item_without_a_label_is_wrong_and_of_no_class() {
    // scikit-learn with "-" as a label that is left out of `labels`; all of them by hand too.
    let confusion = apart("aabb", "a-ba");
    let value = |score| confusion.estimate(&score, LEVEL, Ends::Wilson).value.unwrap();
    close(value(ClassScore::Precision("a".into())), 0.5, 1e-15);
    close(value(ClassScore::Recall("a".into())), 0.5, 1e-15);
    close(value(ClassScore::Precision("b".into())), 1.0, 1e-15);
    close(value(ClassScore::F1("b".into())), 2.0 / 3.0, 1e-15);
    close(value(ClassScore::MacroF1), 7.0 / 12.0, 1e-15);
    close(value(ClassScore::MicroF1), 4.0 / 7.0, 1e-15);
    close(value(ClassScore::Mcc), 2.0 / sqrt(80.0), 1e-15);
    close(value(ClassScore::Kappa), 0.2, 1e-15);
    let none = confusion.cells().into_iter().find(|cell| cell.predicted.is_none()).unwrap();
    assert_eq!(
        (none.gold, none.count, confusion.classes()),
        ("a", 1, ["a".to_owned(), "b".to_owned()].as_slice())
    );
}

#[test]
fn what_is_not_known_is_said() {
    let one = |confusion: &Confusion, score: ClassScore| {
        let estimate = confusion.estimate(&score, LEVEL, Ends::Wilson);
        (estimate.value.err(), estimate.interval.err())
    };
    let both = |why| (Some(why), Some(why));
    let confusion = apart("aab", "aac");
    assert_eq!(one(&confusion, ClassScore::Precision("b".into())), both(Undefined::NeverPredicted));
    assert_eq!(one(&confusion, ClassScore::Recall("c".into())), both(Undefined::NoSuchItem));
    assert_eq!(one(&confusion, ClassScore::F1("d".into())), both(Undefined::NoSuchClass));
    assert_eq!(one(&confusion, ClassScore::F1("c".into())), (None, None));
    let single = apart("aaa", "aaa");
    assert_eq!(one(&single, ClassScore::Kappa), both(Undefined::OneClass));
    assert_eq!(one(&single, ClassScore::Mcc), (None, Some(Undefined::OneClass)));
    assert_eq!(one(&single, ClassScore::MacroF1), (None, None));
    assert_eq!(one(&apart("", ""), ClassScore::MacroF1), both(Undefined::NoItems));
    assert_eq!(
        one(&table("ab", "ab", Clusters::by([0, 0])), ClassScore::MacroF1),
        (None, Some(Undefined::OneCluster))
    );
}

#[test]
fn a_cell_pulls_as_the_derivative_says() {
    let confusion = random();
    let classes = confusion.classes.len();
    let of_class =
        [ClassScore::Precision("b".into()), ClassScore::Recall("b".into()), ClassScore::F1("b".into())];
    for score in OF_TABLE.into_iter().chain(of_class) {
        let score = confusion.resolve(&score).unwrap();
        let count = |more: Option<Item>| {
            // So many items that one more is a small step.
            let many = confusion.items.iter().map(|item| (*item, 1_000_000));
            Margins::of(classes, many.chain(more.map(|item| (item, 1)))).score(score).unwrap()
        };
        let step = |item| (count(Some(item)) - count(None)) * 60e6;
        let many = confusion.items.iter().map(|item| (*item, 1_000_000));
        let pull = Margins::of(classes, many).smoothed().pull(score);
        let outcomes = [None, Some(0), Some(1), Some(2)];
        let cells =
            outcomes.into_iter().flat_map(|predicted| (0..3).map(move |gold| Item { gold, predicted }));
        let first = Item { gold: 0, predicted: Some(0) };
        for cell in cells {
            close(pull.of(cell) - pull.of(first), step(cell) - step(first), 2e-6);
        }
    }
}

#[test]
fn sums_over_all_cells_need_no_cells() {
    let confusion = random();
    for score in OF_TABLE {
        let pull = confusion.margins.smoothed().pull(confusion.resolve(&score).unwrap());
        for none in [false, true] {
            let labels = [Some(0), Some(1), Some(2)].into_iter().chain(none.then_some(None));
            let cells: Vec<f64> = labels
                .flat_map(|predicted| (0..3).map(move |gold| Item { gold, predicted }))
                .map(|cell| pull.of(cell))
                .collect();
            let [first, second] = pull.over_cells(none);
            close(first, cells.iter().sum(), 1e-11);
            close(second, cells.iter().map(|pull| pull * pull).sum(), 1e-10);
        }
    }
}

#[test]
fn micro_f1_of_labelled_items_is_their_accuracy() {
    let confusion = apart("aabbccab", "abbbccaa");
    let micro = confusion.estimate(&ClassScore::MicroF1, LEVEL, Ends::Wilson);
    let accuracy = proportion::estimate(
        &[1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0],
        &Clusters::apart(8),
        LEVEL,
        Ends::Wilson,
    );
    close(micro.value.unwrap(), accuracy.value.unwrap(), 1e-15);
    close(micro.interval.unwrap().low, accuracy.interval.unwrap().low, 1e-12);
    close(micro.interval.unwrap().high, accuracy.interval.unwrap().high, 1e-12);
}

#[test]
fn repeats_that_always_agree_tell_no_more_than_the_items() {
    let (gold, predicted) = ("aabbccabcabbacbbacca", "aabbcaabccbbacb-acba");
    let tenfold = |labels: &str| labels.chars().flat_map(|label| [label; 10]).collect::<String>();
    let clusters = Clusters::by((0..200).map(|row| row / 10));
    let repeated = table(&tenfold(gold), &tenfold(predicted), clusters);
    let once = apart(gold, predicted);
    let of_class =
        [ClassScore::Precision("a".into()), ClassScore::Recall("a".into()), ClassScore::F1("a".into())];
    for score in OF_TABLE.into_iter().chain(of_class) {
        let [once, repeated] =
            [&once, &repeated].map(|confusion| confusion.estimate(&score, LEVEL, Ends::Wilson));
        close(repeated.value.unwrap(), once.value.unwrap(), 1e-12);
        let [once, repeated] = [once, repeated].map(|estimate| estimate.interval.unwrap());
        assert_eq!((once.method, repeated.method), (Method::Wilson, Method::WilsonClustered));
        let wider = (repeated.high - repeated.low) / (once.high - once.low);
        assert!((0.95..1.4).contains(&wider), "{score:?}: {wider}");
    }
}

#[test]
fn other_intervals_are_made_where_they_are_asked_for() {
    let confusion = random();
    for score in OF_TABLE {
        let [wilson, exact, t] = [Ends::Wilson, Ends::ClopperPearson, Ends::T]
            .map(|ends| confusion.estimate(&score, LEVEL, ends).interval.unwrap());
        assert_eq!(
            [wilson, exact, t].map(|interval| interval.method),
            [Method::Wilson, Method::ClopperPearson, Method::T]
        );
        assert!(exact.low < wilson.low && exact.high > wilson.high);
        // Away from the ends of the scale all three are about as wide.
        close((t.high - t.low) / (wilson.high - wilson.low), 1.0, 0.15);
    }
}

#[test]
fn drawing_cells_is_drawing_items() {
    let (gold, predicted) = ("aaaaaabbbb".repeat(50), "aaaaabbbbaaaaaabbbba".repeat(25));
    let confusion = apart(&gold, &predicted);
    let bootstrap =
        |key| Bootstrap { resamples: 20_000, kind: Kind::Percentile, key: Key::new(Seed(1), key) };
    for score in [ClassScore::MacroF1, ClassScore::Mcc, ClassScore::F1("a".into())] {
        let by_cells = confusion.scored(&score).unwrap();
        let by_items = Scored::item_by_item(&confusion, confusion.resolve(&score).unwrap());
        let [cells, items] =
            [bootstrap("cells").replicates(&by_cells), bootstrap("items").replicates(&by_items)];
        let moments = |replicates: &[f64]| {
            let mean = replicates.iter().sum::<f64>() / 2e4;
            (mean, sqrt(replicates.iter().map(|own| (own - mean) * (own - mean)).sum::<f64>() / 2e4))
        };
        let ((mean, deviation), (other, other_deviation)) = (moments(&cells), moments(&items));
        // Means of 20,000 replicates lie within 4 standard errors, deviations within 3 %.
        close(mean, other, 4.0 * deviation * sqrt(2.0 / 2e4));
        close(deviation / other_deviation, 1.0, 0.03);
        // The delta method's standard error is theirs.
        let estimate = confusion.estimate(&score, LEVEL, Ends::Wilson);
        close(estimate.std_error.unwrap() / deviation, 1.0, 0.05);
        let interval = bootstrap("bca");
        let interval = Bootstrap { kind: Kind::Bca, ..interval }
            .interval(&by_cells, LEVEL, crate::stats::influence::Scale::Plain)
            .unwrap();
        assert_eq!(interval.method, Method::BootstrapBca);
        close(interval.low, estimate.interval.unwrap().low, 0.01);
        assert_eq!(by_cells.influences().len(), 500);
    }
}
