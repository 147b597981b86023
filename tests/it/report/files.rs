//! The files of a run: columns, hostile texts, round trips, schemas.

use std::{fs, path::Path};

use serde_json::Value;
use yardstick::{
    record::{Cell, Record, Row},
    report::{
        format::{self, Format},
        items_csv, items_jsonl, metrics_csv, schema,
        text::Charset,
    },
};

use super::fixture::{key, look, record};

const HOSTILE: [&str; 12] = [
    "=cmd|' /C calc'!A0",
    "+1",
    "@SUM(A1)",
    "\0null",
    "say \"hi\", twice",
    "two\nlines\r\nand more",
    "NA",
    "null",
    "'quoted",
    "＝1+1",
    "",
    "\u{feff}mark, \u{202e}turned",
];

/// A record whose free texts are hostile.
fn hostile() -> Record {
    let mut record = record();
    record.tasks.truncate(1);
    let table = &mut record.tasks[0].table;
    table.rows.clear();
    for (at, text) in HOSTILE.iter().enumerate() {
        let cells = vec![
            Cell::Flag(at % 2 == 0),
            Cell::from(-0.1_f32),
            Cell::Number(-1.0 / 3.0),
            Cell::from(*text),
            Cell::Missing,
        ];
        table.rows.push(Row { key: key(&format!("i{at}"), 0).into(), cells: Ok(cells) });
    }
    record
}

fn csv_of(record: &Record) -> (Vec<String>, Vec<csv::StringRecord>) {
    let mut bytes = Vec::new();
    items_csv::write(&mut bytes, record).unwrap();
    read(&bytes)
}

fn read(bytes: &[u8]) -> (Vec<String>, Vec<csv::StringRecord>) {
    let mut reader = csv::Reader::from_reader(bytes);
    let names = reader.headers().unwrap().iter().map(str::to_owned).collect();
    (names, reader.records().collect::<Result<_, _>>().unwrap())
}

#[test]
fn items_csv_has_the_fixed_columns_first_and_nll_next() {
    let mut bytes = Vec::new();
    items_csv::write(&mut bytes, &record()).unwrap();
    assert!(bytes.starts_with(b"run_id,"), "no mark, no comment");
    assert!(!bytes.contains(&b'\r'));
    let (names, rows) = read(&bytes);
    assert_eq!(
        names.join(","),
        "run_id,model,task,kind,group,item,repeat,correct,score,logprob_correct,logprob_incorrect,margin,\
         p_correct,rank,n_tokens,finish,prompt,gold,output,truncated,error,\
         nll,normalization,tokens,bytes,entropy,half,nine_tenths,cluster"
    );
    assert_eq!(rows.len(), 7);
    insta::assert_snapshot!(String::from_utf8(bytes).unwrap());
}

#[test]
fn hostile_texts_come_back_and_run_nothing() {
    let (names, rows) = csv_of(&hostile());
    let at = |name: &str| names.iter().position(|n| n == name).unwrap();
    for (row, text) in rows.iter().zip(HOSTILE) {
        let cell = &row[at("prompt")];
        let armed = text.starts_with(['=', '+', '@', '\0', '＝']);
        assert_eq!(cell, if armed { format!("'{text}") } else { text.to_owned() });
        assert_eq!(&row[at("truncated")], "0");
        assert!(matches!(&row[at("correct")], "0" | "1"));
        assert_eq!(row[at("logprob_correct")].parse::<f64>(), Ok(f64::from(-0.1_f32)));
        assert_eq!(row[at("logprob_incorrect")].parse::<f64>(), Ok(-1.0 / 3.0));
        assert_eq!(&row[at("normalization")], "");
    }
}

#[test]
fn long_texts_are_cut_and_say_so() {
    let mut record = hostile();
    let long = "é".repeat(40_000);
    if let Ok(cells) = &mut record.tasks[0].table.rows[0].cells {
        cells[3] = Cell::from(long.as_str());
    }
    let (names, rows) = csv_of(&record);
    let at = |name: &str| names.iter().position(|n| n == name).unwrap();
    assert_eq!(rows[0][at("prompt")].chars().count(), 32_000);
    assert_eq!((&rows[0][at("truncated")], &rows[1][at("truncated")]), ("1", "0"));
    let mut lines = Vec::new();
    items_jsonl::write(&mut lines, &record).unwrap();
    let first: Value = serde_json::from_slice(lines.split(|b| *b == b'\n').next().unwrap()).unwrap();
    assert_eq!(first["prompt"], long.as_str());
}

#[test]
fn items_jsonl_is_lossless() {
    let record = hostile();
    let mut bytes = Vec::new();
    items_jsonl::write(&mut bytes, &record).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(text.lines().count(), HOSTILE.len());
    for (line, expected) in text.lines().zip(HOSTILE) {
        let value: Value = serde_json::from_str(line).unwrap();
        assert_eq!(value["prompt"], expected);
        assert_eq!(value["logprob_incorrect"].as_f64(), Some(-1.0 / 3.0));
        assert!(value["normalization"].is_null() && value["error"].is_null());
    }
}

#[test]
fn items_jsonl_names_every_item_in_plan_order() {
    let mut bytes = Vec::new();
    items_jsonl::write(&mut bytes, &record()).unwrap();
    insta::assert_snapshot!(String::from_utf8(bytes).unwrap());
}

#[test]
fn metrics_csv_is_tidy() {
    let mut bytes = Vec::new();
    metrics_csv::write(&mut bytes, &record()).unwrap();
    insta::assert_snapshot!(String::from_utf8(bytes).unwrap());
}

#[test]
fn details_are_tidy() {
    let record = record();
    assert_eq!(items_csv::detail_names(&record.tasks), ["next_tokens"]);
    let mut bytes = Vec::new();
    items_csv::write_details(&mut bytes, &record.tasks, "next_tokens").unwrap();
    insta::assert_snapshot!(String::from_utf8(bytes).unwrap());
}

#[test]
fn formats_on_stdout() {
    let record = record();
    let shown = |format| {
        let mut bytes = Vec::new();
        format::write(&mut bytes, &record, None, format, &look(80, Charset::Unicode)).unwrap();
        String::from_utf8(bytes).unwrap()
    };
    assert!(shown(Format::Human).contains("0.742  [0.657, 0.812]"));
    assert!(shown(Format::Md).starts_with("# Parts of the notebook\n"));
    assert!(shown(Format::Csv).starts_with("run_id,batch,suite,"));
    let json: Value = serde_json::from_str(&shown(Format::Json)).unwrap();
    assert_eq!(json["format"], "yardstick.run/1");
    insta::assert_snapshot!(serde_json::to_string_pretty(&json["metrics"][0]).unwrap());
    assert_eq!(json["metrics"][5]["undefined"], "one_item");
    assert_eq!(json["expectations"][1]["outcome"], "fail");
}

/// The committed schemas are those of the types; `UPDATE_SCHEMA=1` writes them anew.
#[test]
fn schemas_are_in_step() {
    for (name, schema) in schema::all() {
        let path = Path::new("schemas").join(name);
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            fs::create_dir_all("schemas").unwrap();
            fs::write(&path, &schema).unwrap();
        }
        let committed = fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == schema, "{} is out of step: UPDATE_SCHEMA=1 cargo test", path.display());
    }
}

#[test]
fn files_keep_to_their_schemas() {
    let validator = |name: &str| {
        let all = schema::all();
        let schema = &all.iter().find(|(known, _)| *known == name).unwrap().1;
        jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap()
    };
    let mut lines = Vec::new();
    items_jsonl::write(&mut lines, &record()).unwrap();
    let items = validator("item.schema.json");
    for line in String::from_utf8(lines).unwrap().lines() {
        let value = serde_json::from_str(line).unwrap();
        assert!(items.is_valid(&value), "{line}: {:?}", items.validate(&value));
    }
    let mut run = Vec::new();
    format::write(&mut run, &record(), None, Format::Json, &look(80, Charset::Unicode)).unwrap();
    let value = serde_json::from_slice(&run).unwrap();
    let runs = validator("run.schema.json");
    assert!(runs.is_valid(&value), "{:?}", runs.validate(&value));
    assert!(!runs.is_valid(&Value::Null));
}
