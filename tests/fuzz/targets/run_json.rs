//! A run folder that was edited by hand: read, counted, and reported in every form.

use std::{
    io::sink,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use yardstick::{
    compare::{Comparison, Options, Scope},
    metric,
    record::Record,
    report::{
        self, Format,
        compare::{Around, Compared, latex},
        compare_json::CompareFile,
        comparisons_csv,
        export::{eee, junit, lm_eval},
        figures, html, items_csv, items_jsonl,
        show::{self, Wanted},
        table::Look,
        text::Charset,
    },
};

/// The committed example run.
const RUN: &[u8] = include_bytes!("../../../results/example/run.json");
const ITEMS: &[u8] = include_bytes!("../../../results/example/items.jsonl");

/// `run.json`, `items.jsonl` and `details.jsonl` with a line `---` between them; or edits of the example run.
pub fn run(data: &[u8]) {
    let edited;
    let [run, items, details] = if data.first() == Some(&b'{') {
        super::parts(data)
    } else {
        edited = edits(data);
        [edited.0.as_slice(), edited.1.as_slice(), b""]
    };
    let folder = super::folder();
    super::write(&folder, "run.json", run);
    super::write(&folder, "items.jsonl", items);
    super::write(&folder, "details.jsonl", details);
    let Ok(record) = metric::saved::read(&folder, true) else { return };
    of_one(&record);
    let whole = example();
    super::write(&whole, "run.json", RUN);
    super::write(&whole, "items.jsonl", ITEMS);
    let whole = metric::saved::read(&whole, true).expect("the example is whole");
    let records = [whole, record];
    let options = Options { draws: 20, scope: Scope::Everything, ..Options::default() };
    if let Ok(comparison) = Comparison::new(&records, &options) {
        of_two(&comparison);
    }
}

fn example() -> PathBuf {
    let folder = super::folder().join("example");
    std::fs::create_dir_all(&folder).expect("a temporary folder takes folders");
    folder
}

const LOOK: Look = Look { width: 80, charset: Charset::Unicode, colour: true };

fn of_one(record: &Record) {
    for format in [Format::Human, Format::Md, Format::Latex, Format::Csv, Format::Json] {
        report::write(sink(), record, Some("folder"), format, &LOOK).expect("nothing refuses it");
    }
    items_csv::write(sink(), record).expect("nothing refuses it");
    items_jsonl::write(sink(), record).expect("nothing refuses it");
    for name in items_csv::detail_names(&record.tasks) {
        items_csv::write_details(sink(), &record.tasks, name).expect("nothing refuses it");
    }
    html::run_page(record, &[], html::LIMIT);
    let mut files = lm_eval::files(record).files;
    files.extend(eee::files(record).files);
    junit::xml([record]);
    for name in files.iter().map(|file| file.name.clone()).chain(figure_names(record)) {
        assert!(is_plain(&name), "`{name}` would be written elsewhere");
    }
    let records = std::slice::from_ref(record);
    let (entries, _) = show::shared(records);
    let entries = show::select(entries, &Wanted::default());
    for entry in &entries {
        show::item(entry, &["m".to_owned()], &LOOK);
        show::item_json(entry, &["r"]);
    }
    show::terminal(&entries, &["m".to_owned()], show::MOST, &LOOK);
}

fn figure_names(record: &Record) -> Vec<String> {
    let mut figures = figures::of_record(record);
    figures.extend(record.tasks.iter().flat_map(figures::of_task));
    figures
        .iter()
        .map(|figure| {
            figure.file();
            format!("{}.svg", figure.id)
        })
        .collect()
}

/// Whether a file of this name lies in the folder that it is meant for.
fn is_plain(name: &str) -> bool {
    Path::new(name).components().count() == 1 && Path::new(name).file_name().is_some_and(|own| own == name)
}

fn of_two(comparison: &Comparison) {
    let compared = Compared::new(comparison, &Around { only_right: vec![0, 0], ..Around::default() });
    compared.terminal(&LOOK);
    compared.markdown();
    latex(comparison);
    comparisons_csv::write(sink(), comparison).expect("nothing refuses it");
    serde_json::to_string(&CompareFile::new(comparison)).expect("nothing refuses it");
    figures::of_comparison(comparison);
}

/// The example with changes: each of four bytes, which name a value of a file and what becomes of it.
fn edits(data: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut run: Value = serde_json::from_slice(RUN).expect("the example is whole");
    let lines = ITEMS.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let mut items: Vec<Value> =
        lines.map(|line| serde_json::from_slice(line).expect("the example is whole")).collect();
    for edit in data.as_chunks::<4>().0 {
        let [which, low, high, what] = *edit;
        let place = usize::from(u16::from_le_bytes([low, high]));
        let root = match usize::from(which) {
            0..128 => &mut run,
            line => {
                let count = items.len();
                &mut items[(line - 128) % count]
            }
        };
        let mut left = place % count(root);
        change(root, &mut left, what);
    }
    let lines: Vec<String> = items.iter().map(|item| format!("{item}\n")).collect();
    (run.to_string().into_bytes(), lines.concat().into_bytes())
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(entries) => entries.iter().map(count).sum::<usize>(),
        Value::Object(fields) => fields.values().map(count).sum(),
        _ => 0,
    }
}

/// Changes the value that is so many after this one.
fn change(value: &mut Value, left: &mut usize, what: u8) -> bool {
    if *left == 0 {
        *value = other(value, what);
        return true;
    }
    *left -= 1;
    match value {
        Value::Array(entries) => entries.iter_mut().any(|entry| change(entry, left, what)),
        Value::Object(fields) => fields.values_mut().any(|entry| change(entry, left, what)),
        _ => false,
    }
}

fn other(old: &Value, what: u8) -> Value {
    match (what, old) {
        (0, _) => Value::Null,
        (1, _) => json!(0),
        (2, _) => json!(-1),
        (3, _) => json!(1),
        (4, _) => json!(0.5),
        (5, _) => json!(1e308),
        (6, _) => json!(-1e-308),
        (7, _) => json!(u64::MAX),
        (8, _) => json!(i64::MIN),
        (9, _) => json!(""),
        (10, _) => json!("../../../up"),
        (11, _) => json!("\u{1b}[2J\u{202e}</script>\0\n"),
        (12, _) => json!(true),
        (13, _) => json!([]),
        (14, _) => json!({}),
        (15, _) => json!("correct"),
        (16, _) => json!("x".repeat(5000)),
        (17, Value::Array(entries)) => json!([entries.as_slice(), entries.as_slice()].concat()),
        (18, Value::Array(entries)) => json!(entries.get(1..).unwrap_or_default()),
        (19, Value::Array(entries)) => json!(entries.iter().rev().collect::<Vec<_>>()),
        (20, Value::Array(entries)) => json!(entries.get(..1).unwrap_or_default()),
        (17, Value::Object(fields)) => fields.iter().skip(1).map(|(k, v)| (k.clone(), v.clone())).collect(),
        (18, Value::Object(fields)) => fields.iter().take(1).map(|(k, v)| (k.clone(), v.clone())).collect(),
        (19, Value::Object(fields)) => fields.iter().map(|(k, v)| (k.to_uppercase(), v.clone())).collect(),
        (17..=20, Value::Number(number)) => {
            number.as_f64().map_or(Value::Null, |number| json!(number * 10_f64.powi(i32::from(what) - 17)))
        }
        (17..=20, Value::String(text)) => {
            let names = ["answer", "score", "p", "exact_match"];
            json!(format!("{}{text}", names[usize::from(what) - 17]))
        }
        (small, _) => json!(small),
    }
}
