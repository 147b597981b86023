//! What the rows of labels come to: the numbers of each part, which label is taken for which, and what to know of them.

use crate::{
    metric::{ClassScore, Formula, Metric, Range},
    record::{Better, Column, Table, Unit},
    spec::Text,
    task::parts::Part,
};

/// The numbers of a part: of a group of items only the first ones, and no calibration error over several ways to ask.
pub(in crate::task) fn metrics(part: Part<'_>, labels: &[Text], calibrated: bool) -> Vec<Metric> {
    let chance = 1.0 / labels.len().max(1) as f64;
    let accuracy = |name: &str, column| {
        Metric::new(name, Formula::Proportion(column), Unit::Proportion).better(Better::Higher).chance(chance)
    };
    let share = |name: &str, column| {
        Metric::new(name, Formula::Mean(column), Unit::Proportion).better(Better::Higher)
    };
    let mut metrics = vec![accuracy("accuracy", "correct").headline()];
    if calibrated {
        metrics.push(accuracy("accuracy_calibrated", "correct_calibrated").headline());
    }
    metrics.push(share("p_label", "p_label").chance(chance));
    if part.items.is_none() {
        metrics.extend([
            class("macro_f1", "output", ClassScore::MacroF1).headline(),
            class("balanced_accuracy", "output", ClassScore::BalancedAccuracy).chance(chance),
            correlation("mcc", ClassScore::Mcc),
            correlation("kappa", ClassScore::Kappa),
            Metric::new("nll", Formula::Mean("nll"), Unit::Nats).better(Better::Lower).at_least(0.0),
            Metric {
                range: Range::between(0.0, 2.0),
                ..Metric::new("brier", Formula::Mean("brier"), Unit::Score)
            }
            .better(Better::Lower),
            Metric::new("margin", Formula::Mean("margin"), Unit::Nats).better(Better::Higher),
            share("label_mass", "label_mass"),
        ]);
        if part.way.is_some() {
            let (confidence, correct) = ("confidence", "correct");
            let error = Metric::new("ece", Formula::Calibration { confidence, correct }, Unit::Proportion);
            let floor = Formula::CalibrationFloor { confidence, correct };
            metrics.push(error.better(Better::Lower));
            metrics.push(Metric::new("ece_floor", floor, Unit::Proportion));
        }
        if calibrated {
            metrics.push(class("macro_f1_calibrated", "output_calibrated", ClassScore::MacroF1));
            metrics.push(share("p_label_calibrated", "p_label_calibrated").chance(chance));
        }
    }
    metrics.into_iter().map(|metric| part.metric(metric)).collect()
}

/// The numbers of each label: parts such as `k=4.positive`.
pub(in crate::task) fn of_labels(way: &str, labels: &[Text]) -> Vec<Metric> {
    let scores = [
        ("precision", ClassScore::Precision as fn(String) -> ClassScore),
        ("recall", ClassScore::Recall),
        ("f1", ClassScore::F1),
    ];
    let of_label = |label: &Text| {
        let part = format!("{way}.{label}");
        scores.map(|(name, score)| {
            class(name, "output", score(label.to_string())).of_group(way).of_part(&*part)
        })
    };
    labels.iter().flat_map(of_label).collect()
}

/// The accuracy of one way to ask less that of another, on the same items.
pub(in crate::task) fn difference(way: &str, from: &str) -> Metric {
    let formula = Formula::Difference { column: "correct", from: from.to_owned() };
    Metric::new(format!("accuracy_minus_{from}"), formula, Unit::Proportion)
        .better(Better::Higher)
        .headline()
        .of_group(way)
}

fn class(name: &str, predicted: Column, score: ClassScore) -> Metric {
    let formula = Formula::Classes { gold: "gold", predicted, score };
    Metric::new(name, formula, Unit::Proportion).better(Better::Higher)
}

fn correlation(name: &str, score: ClassScore) -> Metric {
    Metric { unit: Unit::Score, range: Range::between(-1.0, 1.0), ..class(name, "output", score) }
}

/// What a reader must know to read the numbers right.
pub(in crate::task) fn notes(table: &Table) -> Vec<String> {
    let mut notes = Vec::new();
    let rows = |column| table.numbers(column).filter(|(_, number)| *number > 0.0).count();
    if let ties @ 1.. = rows("tied") {
        notes.push(format!(
            "{}: the most probable labels scored exactly alike; the first of m is the prediction and counts 1/m as right",
            answers(ties)
        ));
    }
    if let straddling @ 1.. = rows("straddles") {
        notes.push(format!(
            "{}: a token begins in the prompt and ends in a label; it is scored",
            answers(straddling)
        ));
    }
    let wanted = table.numbers("k").map(|(_, k)| k);
    let shown = table.numbers("shots").map(|(_, shots)| shots);
    if let fewer @ 1.. = wanted.zip(shown).filter(|(k, shots)| shots < k).count() {
        notes.push(format!("{}: fewer than k solved examples were left to show", answers(fewer)));
    }
    notes
}

fn answers(count: usize) -> String {
    if count == 1 { "1 answer".to_owned() } else { format!("{count} answers") }
}
