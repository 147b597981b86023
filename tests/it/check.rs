//! `check` and `schema` as a user, an editor and a pull request meet them.

use std::{fs, path::Path, process::Command};

/// A benchmark with faults of several sorts, and a data file that has one too.
const FAULTY: &str = "\
benchmark: faulty
model: mock
tasks:
  - cloze: capitals
    allow: [few-items]
    itmes:
      - [The capital of France is, Paris, London]
    normalisation: byte
  - cloze: capitals
    items:
      - [The capital of Italy is, Rome, Milan]
  - cloze: rows
    allow: [few-items]
    data: rows.csv
    expect: [acuracy > 0.5]
  - cloze: sound
    allow: [few-items]
    items:
      - [The capital of Spain is, Madrid, Seville]
    expect: [acuracy > 0.5]
";

const SOUND: &str = "benchmark: sound\nmodel: mock\ntasks:\n  - cloze: pair\n    allow: [few-items]\n    items:\n      - [The sky is, blue, green]\n";

struct Checked {
    code: i32,
    out: String,
    err: String,
}

/// Runs the program in a folder that holds the specs above.
fn check(arguments: &[&str]) -> Checked {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("faulty.yaml", FAULTY);
    write("rows.csv", "prompt,correct,incorrect\nThe sky is,blue,green\nThe sea is,blue\n");
    write("sound.yaml", SOUND);
    write("warned.yaml", &SOUND.replace("sound", "warned").replace("The sky is,", "\"The sky is \","));
    yardstick(folder.path(), arguments)
}

fn yardstick(folder: &Path, arguments: &[&str]) -> Checked {
    let mut command = Command::new(env!("CARGO_BIN_EXE_yardstick"));
    command.args(arguments).current_dir(folder).env("LC_ALL", "C.UTF-8").env("COLUMNS", "100");
    let output = command.env_remove("FORCE_COLOR").env_remove("CLICOLOR_FORCE").output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Checked { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

#[test]
fn everything_is_found_at_once_and_shown_where_it_is() {
    let checked = check(&["check", "faulty.yaml", "sound.yaml"]);
    assert_eq!((checked.code, checked.err.as_str()), (3, ""));
    insta::assert_snapshot!(checked.out);
    let ascii = check(&["check", "faulty.yaml", "sound.yaml", "--ascii"]);
    assert!(ascii.out.is_ascii());
    let coloured = check(&["check", "faulty.yaml", "--color", "always"]);
    assert!(coloured.out.contains("\u{1b}["));
}

#[test]
fn programs_get_an_array() {
    let checked = check(&["check", "faulty.yaml", "--format", "json"]);
    let findings: serde_json::Value = serde_json::from_str(&checked.out).unwrap();
    let findings = findings.as_array().unwrap();
    let unknown = findings.iter().find(|finding| finding["code"] == "unknown-key").unwrap();
    assert_eq!(unknown["file"], "faulty.yaml");
    let place = ["line", "column", "end_line", "end_column"].map(|key| unknown[key].as_u64().unwrap());
    assert_eq!(place, [6, 5, 6, 10]);
    assert_eq!((&unknown["severity"], &unknown["fix"]), (&"error".into(), &"items".into()));
    let twice = findings.iter().find(|finding| finding["code"] == "same-name").unwrap();
    assert_eq!((&twice["line"], &twice["related"][0]["line"]), (&9.into(), &4.into()));
    let row = findings.iter().find(|finding| finding["code"] == "data").unwrap();
    assert_eq!((&row["file"], &row["line"]), (&"rows.csv".into(), &3.into()));
    let sound = check(&["check", "sound.yaml", "--format", "json"]);
    assert_eq!((sound.code, sound.out.as_str()), (0, "[]\n"));
}

#[test]
fn pull_requests_get_annotations() {
    let checked = check(&["check", "faulty.yaml", "--format", "github", "--set", "sample=3"]);
    let first = "::error file=faulty.yaml,line=6,endLine=6,col=5,endColumn=9,title=unknown-key::there is no `itmes` here%0A";
    assert!(checked.out.lines().any(|line| line.starts_with(first)), "{}", checked.out);
    // What is wrong on the command line is in no file.
    assert!(checked.out.contains("::error title=unknown-key::--set sample=3: "), "{}", checked.out);
    assert!(checked.out.lines().all(|line| line.starts_with("::")), "{}", checked.out);
}

#[test]
fn exit_codes_say_whether_the_specs_may_run() {
    assert_eq!(check(&["check", "sound.yaml"]).code, 0);
    assert_eq!(check(&["check", "gone.yaml"]).code, 3);
    assert_eq!(check(&["check"]).code, 2);
    assert_eq!(check(&["check", "warned.yaml"]).code, 0);
    assert_eq!(check(&["check", "warned.yaml", "--strict"]).code, 3);
    assert_eq!(check(&["check", "sound.yaml", "--strict"]).code, 0);
    assert_eq!(check(&["check", "sound.yaml", "--model", "no/such-folder/at-all"]).code, 7);
    assert_eq!(check(&["check", "sound.yaml", "--only", "nothing/*"]).code, 3);
    assert_eq!(check(&["check", "sound.yaml", "--set", "join=[]"]).code, 3);
}

#[test]
fn with_a_model_its_tokenizer_is_asked_too() {
    // The mock model's tokens are bytes: every ending begins with that of the space.
    let arguments =
        ["check", "sound.yaml", "--set", "items=[[It is, now here, now there]]", "--format", "json"];
    assert_eq!(check(&arguments).out, "[]\n");
    let asked = check(&[arguments.as_slice(), &["--model", "mock"]].concat());
    assert!(asked.out.contains("shared-first-token"), "{}", asked.out);
}

#[test]
fn a_filter_that_fits_nothing_is_no_fault_of_the_spec() {
    assert_eq!(check(&["run", "sound.yaml", "--only", "nothing/*"]).code, 4);
    assert_eq!(check(&["run", "sound.yaml", "--only", "nothing/*", "--set", "itmes=3"]).code, 3);
}

#[test]
fn schemas_are_printed_as_committed() {
    for (arguments, file) in [
        (vec!["schema"], "spec.schema.json"),
        (vec!["schema", "spec"], "spec.schema.json"),
        (vec!["schema", "run"], "run.schema.json"),
        (vec!["schema", "item"], "item.schema.json"),
    ] {
        let committed = fs::read_to_string(Path::new("schemas").join(file)).unwrap();
        assert!(check(&arguments).out == committed, "{file}");
    }
}
