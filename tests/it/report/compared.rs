//! Comparisons as people read them: numbers of items that only one model got right, made into records and compared.

use proptest::prelude::*;
use yardstick::{
    compare::{Comparison, Design, Options},
    metric,
    record::{Better, Cell, Formula, Metric, Record, Row, Settings, Table, Taken, TaskRecord, Unit},
    report::{
        compare::{Around, Compared, latex},
        comparisons_csv,
        text::Charset,
    },
};

use super::fixture::{key, look, run};

/// On how many items both, only the first, only the second and neither is right.
type Counts = [usize; 4];

/// The notebook's suite as it could go.
const NOTEBOOK: [(&str, Counts); 5] = [
    ("notebook/capitals", [82, 7, 16, 15]),
    ("notebook/agreement", [214, 3, 12, 21]),
    ("notebook/commonsense-mc", [88, 31, 46, 235]),
    ("notebook/translation", [9, 4, 9, 38]),
    ("notebook/sentiment", [83, 9, 29, 29]),
];

fn task(name: &str, right: impl Iterator<Item = bool>) -> TaskRecord {
    let mut table = Table::new("items", vec!["correct"]);
    for (at, right) in right.enumerate() {
        let cells = Ok(vec![Cell::Flag(right)]);
        table.rows.push(Row { key: key(&format!("i{at}"), 0).into(), cells });
    }
    let accuracy = Metric::new("accuracy", Formula::Proportion("correct"), Unit::Proportion);
    let metrics = vec![accuracy.better(Better::Higher).chance(0.5).headline()];
    let settings = Settings::of(name);
    let measures = metric::evaluate(&metrics, &table, &settings);
    let items = Taken { taken: table.rows.len(), available: table.rows.len() };
    TaskRecord {
        name: name.into(),
        kind: "cloze",
        table,
        details: vec![],
        measures,
        notes: vec![],
        remarks: vec![],
        metrics,
        settings,
        items,
    }
}

/// A run of each side, whose items are right as counted.
fn sides(tasks: &[(&str, Counts)]) -> [Record; 2] {
    [("gpt2", [true, true, false, false]), ("gpt2-medium", [true, false, true, false])].map(
        |(model, right)| {
            let mut run = run();
            run.run_id = format!("20261124T011203Z-{model}-notebook-7f3a9c");
            run.model.name = model.into();
            run.model.files.clear();
            run.answers_sha256 = None;
            run.errors.clear();
            let of = |(name, counts): &(&str, Counts)| {
                let items = counts.iter().zip(right).flat_map(|(count, right)| vec![right; *count]);
                task(name, items)
            };
            Record { run, tasks: tasks.iter().map(of).collect(), expectations: vec![] }
        },
    )
}

fn compared(tasks: &[(&str, Counts)]) -> Comparison {
    Comparison::new(&sides(tasks), &Options::default()).unwrap()
}

fn around() -> Around {
    Around {
        show: "yardstick show 7f3a9c 1d02aa".into(),
        only_right: vec![54, 112],
        folder: Some("results/compare-20261124T014500Z-c41d55".into()),
    }
}

fn shown(comparison: &Comparison, width: usize, charset: Charset) -> String {
    Compared::new(comparison, &around()).terminal(&look(width, charset))
}

#[test]
fn two_models_at_80_columns() {
    insta::assert_snapshot!(shown(&compared(&NOTEBOOK), 80, Charset::Unicode));
}

#[test]
fn two_models_at_120_columns() {
    insta::assert_snapshot!(shown(&compared(&NOTEBOOK), 120, Charset::Unicode));
}

#[test]
fn two_models_in_ascii() {
    let shown = shown(&compared(&NOTEBOOK), 80, Charset::Ascii);
    assert!(shown.is_ascii(), "{shown}");
    insta::assert_snapshot!(shown);
}

/// A third model, which is right where both of the others are.
fn three(design: Design) -> Comparison {
    let [first, second] = sides(&NOTEBOOK);
    let mut third = first.clone();
    third.run.model.name = "a_tiny|one".into();
    third.run.run_id = "20261124T011203Z-tiny-notebook-abcdef".into();
    let tasks = NOTEBOOK.iter().map(|(name, counts)| {
        let right = [counts[0], counts[1] + counts[2] + counts[3]];
        task(name, right.iter().zip([true, false]).flat_map(|(count, right)| vec![right; *count]))
    });
    third.tasks = tasks.collect();
    Comparison::new(&[first, second, third], &Options { design, ..Options::default() }).unwrap()
}

#[test]
fn three_models_have_places_and_pairs() {
    insta::assert_snapshot!(shown(&three(Design::AllPairs), 100, Charset::Unicode));
    let baseline = shown(&three(Design::Baseline(1)), 100, Charset::Unicode);
    assert!(baseline.contains("baseline") && baseline.contains("B → A"), "{baseline}");
}

#[test]
fn a_table_for_a_paper_is_bold_only_where_the_test_says_so() {
    let two = latex(&compared(&NOTEBOOK));
    insta::assert_snapshot!(two);
    // Only the difference in sentiment stays after the correction.
    assert_eq!(two.matches("\\textbf{").count(), 1);
    assert!(latex(&three(Design::AllPairs)).contains("a\\_tiny\\textbar{}one"));
}

#[test]
fn markdown_says_the_same() {
    insta::assert_snapshot!(Compared::new(&compared(&NOTEBOOK), &around()).markdown());
}

#[test]
fn comparisons_csv_is_tidy() {
    let mut bytes = Vec::new();
    comparisons_csv::write(&mut bytes, &three(Design::AllPairs)).unwrap();
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), comparisons_csv::COLUMNS);
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 15);
    let column = |name: &str| comparisons_csv::COLUMNS.iter().position(|column| *column == name).unwrap();
    let cell = |row: &csv::StringRecord, name: &str| row[column(name)].to_owned();
    let capitals = &rows[0];
    assert_eq!(
        ["both_right", "only_a", "only_b", "both_wrong", "n_paired"].map(|name| cell(capitals, name)),
        ["82", "7", "16", "15", "120"]
    );
    // scipy: binomtest(7, 23, .5).pvalue - binom.pmf(7, 23, .5) = 0.0639 (mid-p)
    assert!((cell(capitals, "p_value").parse::<f64>().unwrap() - 0.0639).abs() < 1e-4, "{capitals:?}");
    assert!(rows.iter().all(|row| cell(row, "family_size") == "15"));
}

#[test]
fn a_hostile_name_stays_a_name() {
    let mut sides = sides(&NOTEBOOK[..1]);
    sides[1].run.model.name = "=cmd|'\u{1b}[2J\u{202e}<script>$\\input{x}".into();
    let comparison = Comparison::new(&sides, &Options::default()).unwrap();
    let view = Compared::new(&comparison, &around());
    for shown in [view.terminal(&look(80, Charset::Unicode)), view.markdown(), latex(&comparison)] {
        assert!(!shown.contains('\u{1b}') && !shown.contains('\u{202e}'), "{shown}");
    }
    assert!(!view.markdown().contains("<script>") && !latex(&comparison).contains("\\input{x}"));
    let mut bytes = Vec::new();
    comparisons_csv::write(&mut bytes, &comparison).unwrap();
    assert!(String::from_utf8(bytes).unwrap().contains("'=cmd|"));
}

/// Where the table of differences has its zero, and its rows.
fn pictures(shown: &str) -> (usize, Vec<Vec<char>>) {
    let mut lines = shown.lines().map(|line| line.chars().collect::<Vec<char>>());
    let title: Vec<char> = "A better".chars().collect();
    let (header, at) = lines
        .find_map(|line| {
            let at = line.windows(title.len()).position(|part| part == title)?;
            Some((line, at))
        })
        .unwrap();
    let zero = at + header[at..].iter().position(|c| *c == '0').unwrap();
    (zero, lines.skip(1).take_while(|line| !line.is_empty()).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_picture_contradicts_its_number_and_only_the_corrected_p_has_a_star(
        counts in proptest::collection::vec((0_usize..60, 0_usize..60, 0_usize..60, 1_usize..60), 1..6),
        width in 80_usize..150,
    ) {
        let names: Vec<String> = (0..counts.len()).map(|at| format!("b/t{at}")).collect();
        let tasks: Vec<(&str, Counts)> =
            names.iter().zip(&counts).map(|(name, (a, b, c, d))| (name.as_str(), [*a, *b, *c, *d + 1])).collect();
        let comparison = compared(&tasks);
        let (zero, lines) = pictures(&shown(&comparison, width, Charset::Unicode));
        prop_assert_eq!(lines.len(), tasks.len());
        for (line, (_, pair)) in lines.iter().zip(comparison.pairs()) {
            let found = pair.outcome.found().unwrap();
            let interval = found.difference.interval.unwrap();
            // Nothing else in a line is drawn with these.
            let drawn: Vec<usize> = (0..line.len())
                .filter(|at| matches!(line[*at], '├' | '┤' | '─' | '●' | '◂' | '▸' | '┼'))
                .collect();
            let middle = line[zero];
            let line: String = line.iter().collect();
            if interval.low > 0.0 {
                prop_assert!(middle == '┊' && drawn.iter().all(|at| *at > zero), "{}", line);
            } else if interval.high < 0.0 {
                prop_assert!(middle == '┊' && drawn.iter().all(|at| *at < zero), "{}", line);
            } else {
                // The estimate itself may lie there.
                prop_assert!(matches!(middle, '┼' | '●'), "{}", line);
            }
            let adjusted = found.test.and_then(|test| test.adjusted).unwrap();
            prop_assert_eq!(line.trim_end().ends_with('*'), adjusted.p <= 0.05, "{}", line);
            prop_assert_eq!(line.matches('*').count() == 1, adjusted.p <= 0.05, "{}", line);
        }
    }
}
