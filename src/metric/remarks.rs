//! What to be careful about in numbers that are right: rules over the rows and numbers of a task, each with a code.

use std::collections::{BTreeMap, BTreeSet};

use super::{Formula, Metric, words};
use crate::{
    plan::Failure,
    record::{Cell, Column, DROPPED, Measure, Remark, Row, Rule, Table, Unit},
    spec::LongPrompts,
    stats::{
        power::{Goal, PlannedPairs},
        proportion,
    },
    value::Level,
};

/// What the rules look at.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The rows.
    pub table: &'a Table,
    /// What was made of them.
    pub metrics: &'a [Metric],
    /// The numbers, one a metric.
    pub measures: &'a [Measure],
    /// Items asked about.
    pub taken: usize,
    /// Items there were to choose from.
    pub available: usize,
    /// What became of prompts that are too long.
    pub long_prompts: LongPrompts,
    /// The longest sequence that the model reads, where there is a longest.
    pub context: Option<usize>,
}

/// All remarks on a task, in the order of the rules.
pub fn remarks(case: &Case<'_>) -> Vec<Remark> {
    let rules = [holds_chance, few_items, one_label, truncated, duplicates, empty, unparsed, subset, skipped];
    rules.iter().flat_map(|rule| rule(case)).collect()
}

fn remark(rule: Rule, text: String) -> Remark {
    Remark { rule, text }
}

/// `k=4: `, or nothing.
fn of(group: Option<&str>) -> String {
    group.map_or_else(String::new, |group| format!("{group}: "))
}

/// The intervals of headline numbers hold what guessing gives: told once of each part.
fn holds_chance(case: &Case<'_>) -> Vec<Remark> {
    let holds = |measure: &&Measure| match (measure.chance, measure.estimate.interval) {
        (Some(chance), Ok(interval)) => measure.headline && (interval.low..=interval.high).contains(&chance),
        _ => false,
    };
    let mut parts: Vec<(Option<&str>, String, Vec<String>)> = Vec::new();
    for measure in case.measures.iter().filter(holds) {
        let part = measure.group.as_deref();
        let chance = words::show(measure.chance.unwrap_or_default(), 2);
        let number = words::number_to(measure, words::decimals(measure));
        let number = format!("{} {number}", measure.metric);
        match parts.iter_mut().find(|(known, same, _)| (*known, same) == (part, &chance)) {
            Some((.., numbers)) => numbers.push(number),
            None => parts.push((part, chance, vec![number])),
        }
    }
    let text = |(part, chance, numbers): (Option<&str>, String, Vec<String>)| {
        format!("{}{}: better than guessing ({chance}) is not shown", of(part), numbers.join(", "))
    };
    parts.into_iter().map(|part| remark(Rule::HoldsChance, text(part))).collect()
}

/// So few items see only large differences between two models: told once, of the number that stands for the task.
fn few_items(case: &Case<'_>) -> Vec<Remark> {
    const SMALL: f64 = 0.1;
    const DISCORDANT: f64 = 0.2;
    let share = |measure: &&Measure| {
        measure.headline && measure.unit == Unit::Proportion && measure.estimate.successes.is_some()
    };
    let Some(measure) = case.measures.iter().find(share) else { return Vec::new() };
    let Ok(interval) = measure.estimate.interval else { return Vec::new() };
    let n = measure.estimate.n;
    let goal = Goal { alpha: 1.0 - interval.level.get(), power: 0.8 };
    let seen = PlannedPairs::formula_detectable(n as f64, DISCORDANT, goal);
    if seen.is_some_and(|seen| seen <= SMALL) {
        return Vec::new();
    }
    let what = match seen {
        Some(seen) => format!("only differences over {seen:.2} between two models"),
        None => "no difference between two models".to_owned(),
    };
    let text = format!("n = {n} sees {what} (80% power, if they disagree on 20% of the items)");
    vec![remark(Rule::FewItems, text)]
}

/// One label is given much more often than it is right.
fn one_label(case: &Case<'_>) -> Vec<Remark> {
    const FEWEST: usize = 10;
    const MUCH: f64 = 0.2;
    let classes = case.metrics.iter().find_map(|metric| match metric.formula {
        Formula::Classes { gold, predicted, .. } => Some((gold, predicted)),
        _ => None,
    });
    let Some((gold, predicted)) = classes else { return Vec::new() };
    let mut remarks = Vec::new();
    for (group, rows) in groups(case.table) {
        let pairs: Vec<(&str, Option<&str>)> = rows
            .iter()
            .filter_map(|row| Some((text(case.table, row, gold)?, text(case.table, row, predicted))))
            .collect();
        let n = pairs.len();
        let mut counts = BTreeMap::<&str, (usize, usize)>::new();
        for (gold, predicted) in pairs {
            counts.entry(gold).or_default().0 += 1;
            if let Some(predicted) = predicted {
                counts.entry(predicted).or_default().1 += 1;
            }
        }
        let Some((label, (right, given))) = counts.into_iter().max_by_key(|(_, (_, given))| *given) else {
            continue;
        };
        let [right, share] = [right, given].map(|count| count as f64 / n as f64);
        let interval = proportion::wilson(given as f64, n as f64, Level::DEFAULT);
        if n >= FEWEST && share >= right + MUCH && interval.is_ok_and(|interval| interval.low > right) {
            let [share, right] = [share, right].map(|share| (100.0 * share).round());
            let text = format!("{}{share}% of the answers are `{label}` (right: {right}%)", of(group));
            remarks.push(remark(Rule::OneLabel, text));
        }
    }
    remarks
}

/// Prompts were cut to fit.
fn truncated(case: &Case<'_>) -> Vec<Remark> {
    let cut = case.table.numbers(DROPPED).filter(|(_, cut)| *cut > 0.0).count();
    let what = format!("prompts were cut to fit {} ({})", case.context(), case.long_prompts.word());
    counted(cut, case, Rule::Truncated, &what).into_iter().collect()
}

/// Items that ask the same and have the same right answer count several times.
fn duplicates(case: &Case<'_>) -> Vec<Remark> {
    let mut first = BTreeMap::new();
    let mut twice = BTreeSet::new();
    for row in &case.table.rows {
        let key = &row.key;
        let item = *first.entry((key.content, &key.group, key.repeat)).or_insert(&key.item);
        // What hangs together by its cluster is not counted as if it did not.
        if *item != key.item && key.cluster.is_none() {
            twice.insert(&key.item);
        }
    }
    let what = "items ask what another one asks: intervals take them for independent";
    counted(twice.len(), case, Rule::Duplicates, what).into_iter().collect()
}

/// Answers without a text.
fn empty(case: &Case<'_>) -> Vec<Remark> {
    let written = |row: &&Row| cell(case.table, row, "finish").is_some();
    let blank = |row: &&Row| text(case.table, row, "output").is_some_and(|text| text.trim().is_empty());
    let count = case.table.rows.iter().filter(written).filter(blank).count();
    counted(count, case, Rule::Empty, "answers are empty").into_iter().collect()
}

/// Written answers in which nothing was found that could be right or wrong.
fn unparsed(case: &Case<'_>) -> Vec<Remark> {
    let written = |row: &&Row| cell(case.table, row, "finish").is_some();
    let nothing = |row: &&Row| cell(case.table, row, "predicted") == Some(&Cell::Missing);
    let count = case.table.rows.iter().filter(written).filter(nothing).count();
    counted(count, case, Rule::Unparsed, "answers name nothing that could be right").into_iter().collect()
}

/// Not all items were asked.
fn subset(case: &Case<'_>) -> Vec<Remark> {
    let Case { taken, available, .. } = *case;
    let text = || format!("{taken} of {available} items: a subset; the interval speaks of items like these");
    (taken < available).then(|| remark(Rule::Subset, text())).into_iter().collect()
}

/// What is too long was left out, as the spec says.
fn skipped(case: &Case<'_>) -> Vec<Remark> {
    let skipped = |row: &&Row| row.cells.as_ref().is_err_and(Failure::is_skip);
    let count = case.table.rows.iter().filter(skipped).count();
    let what = format!(
        "are left out of every number: they do not fit {} (long_prompts: {})",
        case.context(),
        case.long_prompts.word()
    );
    counted(count, case, Rule::Skipped, &what).into_iter().collect()
}

impl Case<'_> {
    fn context(&self) -> String {
        self.context.map_or_else(|| "the context".to_owned(), |context| format!("{context} tokens"))
    }
}

fn counted(count: usize, case: &Case<'_>, rule: Rule, what: &str) -> Option<Remark> {
    (count > 0).then(|| remark(rule, format!("{count} of {} {what}", case.table.rows.len())))
}

/// The rows of each part, in the order of their first ones' names.
fn groups(table: &Table) -> BTreeMap<Option<&str>, Vec<&Row>> {
    let mut groups = BTreeMap::<_, Vec<&Row>>::new();
    for row in &table.rows {
        groups.entry(row.key.group.as_deref()).or_default().push(row);
    }
    groups
}

fn cell<'a>(table: &Table, row: &'a Row, column: Column) -> Option<&'a Cell> {
    row.cells.as_ref().ok()?.get(table.column(column)?)
}

fn text<'a>(table: &Table, row: &'a Row, column: Column) -> Option<&'a str> {
    match cell(table, row, column)? {
        Cell::Text(text) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        metric::{ClassScore, Settings, evaluate},
        record::ItemKey,
        value::Digest,
    };

    fn row(item: usize, content: usize, cells: Vec<Cell>) -> Row {
        let content = Digest::of(content.to_string());
        let key = ItemKey { item: item.to_string(), repeat: 0, group: None, cluster: None, content };
        Row { key: key.into(), cells: Ok(cells) }
    }

    fn found(table: &Table, metrics: &[Metric], taken: usize, available: usize) -> Vec<(Rule, String)> {
        let settings = Settings::of("b/t");
        let measures = evaluate(metrics, table, &settings);
        let long_prompts = LongPrompts::TruncateLeft;
        let case =
            Case { table, metrics, measures: &measures, taken, available, long_prompts, context: Some(9) };
        remarks(&case).into_iter().map(|remark| (remark.rule, remark.text)).collect()
    }

    /// Of 20 answers 16 are `yes`, 8 of them right; two are blank, two name no label.
    fn answers() -> Table {
        let mut table = Table::new("items", vec!["correct", "gold", "predicted", "output", "finish"]);
        for item in 0..20 {
            let gold = if item % 2 == 0 { "yes" } else { "no" };
            let (predicted, output) = match item {
                0..16 => (Cell::from("yes"), "Yes."),
                16 | 17 => (Cell::Missing, " \n"),
                _ => (Cell::from("no"), "no"),
            };
            let correct = predicted == Cell::from(gold);
            table.rows.push(row(
                item,
                item,
                vec![correct.into(), gold.into(), predicted, output.into(), "length".into()],
            ));
        }
        table
    }

    fn metrics() -> Vec<Metric> {
        let recall = ClassScore::Recall("yes".into());
        let classes = Formula::Classes { gold: "gold", predicted: "predicted", score: recall };
        let accuracy = Metric::new("accuracy", Formula::Proportion("correct"), Unit::Proportion);
        vec![accuracy.chance(0.5).headline(), Metric::new("recall", classes, Unit::Proportion)]
    }

    #[test]
    fn each_rule_says_what_it_found() {
        let mut table = answers();
        let key = std::sync::Arc::make_mut(&mut table.rows[3].key);
        key.content = Digest::of("4");
        let found = found(&table, &metrics(), 20, 50);
        let rules: Vec<Rule> = found.iter().map(|(rule, _)| *rule).collect();
        let wanted = [
            Rule::HoldsChance,
            Rule::FewItems,
            Rule::OneLabel,
            Rule::Duplicates,
            Rule::Empty,
            Rule::Unparsed,
            Rule::Subset,
        ];
        assert_eq!(rules, wanted, "{found:#?}");
        assert!(found[0].1.starts_with("accuracy 0.45 [0.26, 0.66], 9 of 20"), "{}", found[0].1);
        assert_eq!(found[2].1, "80% of the answers are `yes` (right: 50%)");
        assert!(found[3].1.starts_with("1 of 20 items ask"), "{}", found[3].1);
        assert!(found[4].1.starts_with("2 of 20 answers are empty"), "{}", found[4].1);
        assert!(found[6].1.starts_with("20 of 50 items: a subset"), "{}", found[6].1);
    }

    #[test]
    fn nothing_more_is_said_of_sound_numbers() {
        let mut table = answers();
        for row in &mut table.rows {
            let gold = row.cells.as_ref().unwrap()[1].clone();
            row.cells = Ok(vec![true.into(), gold.clone(), gold.clone(), gold, "length".into()]);
        }
        // Twenty items are few, however sound.
        let rules = found(&table, &metrics(), 20, 20);
        assert_eq!(rules.iter().map(|(rule, _)| *rule).collect::<Vec<_>>(), [Rule::FewItems], "{rules:?}");
        assert!(rules[0].1.starts_with("n = 20 sees no difference between two models"), "{}", rules[0].1);
    }

    #[test]
    fn prompts_that_were_cut_or_left_out_are_counted() {
        let mut table = Table::new("items", vec![DROPPED]);
        table.rows = (0..4).map(|item| row(item, item, vec![item.min(1).into()])).collect();
        let kinds = [crate::plan::FailureKind::Skipped, crate::plan::FailureKind::NotFinite];
        for (row, kind) in table.rows.iter_mut().zip(kinds) {
            row.cells = Err(Failure::new(kind, "12 tokens"));
        }
        let found = found(&table, &[], 4, 4);
        let wanted = [
            (Rule::Truncated, "2 of 4 prompts were cut to fit 9 tokens (truncate-left)"),
            (
                Rule::Skipped,
                "1 of 4 are left out of every number: they do not fit 9 tokens (long_prompts: truncate-left)",
            ),
        ];
        assert_eq!(found, wanted.map(|(rule, text)| (rule, text.to_owned())));
    }
}
