//! Gold against predicted classes.

use std::collections::BTreeSet;

use serde_json::Value;
use yardstick::stats::{
    Clusters,
    confusion::{ClassScore, Confusion},
    proportion::Ends,
};

use super::{Found, estimate, level, texts, u};
use yardstick::value::Level;

pub fn classification(input: &Value) -> Found {
    let (gold, predicted) = (texts(input, "true"), texts(input, "pred"));
    let known = if input["labels"].is_array() { texts(input, "labels") } else { Vec::new() };
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let pairs: Vec<(&str, Option<&str>)> = gold
        .iter()
        .zip(&predicted)
        .map(|(gold, predicted)| (gold.as_str(), Some(predicted.as_str())))
        .collect();
    let confusion = Confusion::new(&known, &pairs, Clusters::apart(pairs.len()));
    let value = |score| confusion.estimate(&score, Level::DEFAULT, Ends::Wilson).value;
    let mut found = Found { undefined: value(ClassScore::MacroF1).err(), ..Found::default() };
    if found.undefined.is_some() {
        return found;
    }
    let classes = confusion.classes();
    let place = |class: &str| classes.iter().position(|own| own == class).unwrap();
    for cell in confusion.cells() {
        let path = format!("/confusion/{}/{}", place(cell.gold), place(cell.predicted.unwrap()));
        found.paths.push((path, cell.count as f64));
    }
    for (place, class) in classes.iter().enumerate() {
        let scores = [
            ("precision", ClassScore::Precision(class.clone()), predicted.contains(class)),
            ("recall", ClassScore::Recall(class.clone()), gold.contains(class)),
            ("f1", ClassScore::F1(class.clone()), predicted.contains(class) || gold.contains(class)),
        ];
        for (name, score, defined) in scores {
            let value = value(score);
            assert_eq!(value.is_ok(), defined, "{name} of {class} in {input}");
            // scikit-learn has 0 where there is nothing to divide by.
            found.paths.push((format!("/per_class/{place}/{name}"), value.unwrap_or(0.0)));
        }
    }
    // Ours are means over the classes that occur; those of scikit-learn are over all that are named.
    let occurring: BTreeSet<_> = gold.iter().chain(&predicted).collect();
    let share = occurring.len() as f64 / classes.len() as f64;
    let scores = [
        ("/macro/precision", ClassScore::MacroPrecision, share),
        ("/macro/recall", ClassScore::MacroRecall, share),
        ("/macro/f1", ClassScore::MacroF1, share),
        ("/micro/f1", ClassScore::MicroF1, 1.0),
        ("/weighted/f1", ClassScore::WeightedF1, 1.0),
        ("/balanced_accuracy", ClassScore::BalancedAccuracy, 1.0),
        ("/mcc", ClassScore::Mcc, 1.0),
    ];
    found.paths.extend(scores.map(|(path, score, share)| (path.to_owned(), share * value(score).unwrap())));
    found.paths.extend(value(ClassScore::Kappa).ok().map(|kappa| ("/cohen_kappa".to_owned(), kappa)));
    found
}

/// So many items of each cell.
fn table(cells: impl IntoIterator<Item = (usize, usize, u64)>, classes: usize) -> Confusion {
    let names: Vec<String> = (0..classes).map(|class| class.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut pairs = Vec::new();
    for (gold, predicted, count) in cells {
        pairs.extend((0..count).map(|_| (names[gold], Some(names[predicted]))));
    }
    Confusion::new(&names, &pairs, Clusters::apart(pairs.len()))
}

pub fn f1_interval(input: &Value) -> Found {
    let counts = [(1, 1, u(input, "tp")), (0, 1, u(input, "fp")), (1, 0, u(input, "fn")), (0, 0, 1)];
    let f1 = table(counts, 2).estimate(&ClassScore::F1("1".into()), level(input), Ends::Wilson);
    let mut found = estimate(&f1);
    found.numbers.remove("se");
    found
}

pub fn confusion_interval(input: &Value) -> Found {
    let rows: Vec<&Vec<Value>> =
        input["C"].as_array().unwrap().iter().map(|row| row.as_array().unwrap()).collect();
    let cells = rows.iter().enumerate().flat_map(|(gold, row)| {
        row.iter().enumerate().map(move |(predicted, count)| (gold, predicted, count.as_u64().unwrap()))
    });
    let score = match input["metric"].as_str().unwrap() {
        "macro_f1" => ClassScore::MacroF1,
        "mcc" => ClassScore::Mcc,
        _ => ClassScore::BalancedAccuracy,
    };
    let mut found = estimate(&table(cells, rows.len()).estimate(&score, level(input), Ends::Wilson));
    found.numbers.remove("se");
    found
}
