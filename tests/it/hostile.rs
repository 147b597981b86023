//! Files that no spec should be: each is told of clearly and soon, and none brings the program down.

use std::{
    fmt::Write as _,
    fs,
    io::Write as _,
    path::Path,
    time::{Duration, Instant},
};

use yardstick::{
    spec::{
        self, Choices, Loaded,
        render::{self, Look},
    },
    task::Task,
};

/// Far more than what is measured (10 ms, and 0.2 s for the alias bomb), since tests share the machine.
const SOON: Duration = Duration::from_secs(5);

const LOOK: Look = Look { colour: false, unicode: true, width: 100 };

/// A benchmark with one cloze task and one item, for lines to be added to.
const ONE: &str = "benchmark: b\ntasks:\n  - cloze: c\n    items:\n      - [a, b, c]\n";

/// A benchmark whose items are in a file.
const DATA: &str = "benchmark: b\ntasks:\n  - cloze: c\n    allow: [few-items]\n    data: data.jsonl\n";

pub(super) fn load(folder: &Path, name: &str) -> Loaded<Task> {
    let start = Instant::now();
    let loaded = spec::load(&[folder.join(name)], &Choices::default());
    let taken = start.elapsed();
    assert!(taken < SOON, "{name} took {taken:?}");
    loaded
}

/// What is said of a spec, and of a data file beside it, in words.
fn said(spec: impl AsRef<[u8]>, data: impl AsRef<[u8]>) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("spec.yaml"), spec).unwrap();
    fs::write(folder.path().join("data.jsonl"), data).unwrap();
    let loaded = load(folder.path(), "spec.yaml");
    shown(&loaded).replace(&format!("{}/", folder.path().display()), "")
}

/// What is shown of it. Nothing in it may steer a terminal, in no format.
pub(super) fn shown(loaded: &Loaded<Task>) -> String {
    let text = render::human(&loaded.findings, &loaded.sources, LOOK);
    for text in [text.clone(), render::github(&loaded.findings, &loaded.sources)] {
        let steers = |c: char| c != '\n' && (c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c));
        assert!(!text.contains(steers), "{text:?}");
    }
    text
}

/// Every one of the words is said.
#[track_caller]
pub(super) fn assert_said(said: &str, words: &[&str]) {
    for words in words {
        assert!(said.contains(words), "`{words}` is missing in\n{said}");
    }
}

#[test]
fn what_no_parser_can_read_is_told_with_its_place_and_a_remedy() {
    let with = |lines: &str| format!("{ONE}{lines}");
    let faulty: [(String, &[&str]); 19] = [
        (String::new(), &["the file is empty", "begin with `benchmark: name`"]),
        ("# only a comment\n".into(), &["the file is empty"]),
        ("- a\n".into(), &["spec.yaml:1:1", "first line", "not a list"]),
        ("hello\n".into(), &["spec.yaml:1:1", "not a text"]),
        (
            with("---\nbenchmark: c\n"),
            &["spec.yaml:6:1", "a second document begins here", "leave out the `---`"],
        ),
        (with("      - ['d, e, f]\n"), &["spec.yaml:6:10", "unclosed quote"]),
        (with("      - [\"d, e, f]\n      - [g, h, i]\n"), &["spec.yaml:6:10", "unclosed quote"]),
        (with("      - prompt: Fact: x\n"), &["spec.yaml:6:21", "a text with `: ` in it needs quotes"]),
        (
            with("      - [We are #1 and, d, e]\n      - [f, g, h]\n"),
            &["spec.yaml:6:17", "not read", "` #` begins a comment: a text with it needs quotes"],
        ),
        (with("      - [We are #1 and, d, e]\n"), &["spec.yaml:6:17", "` #` begins a comment"]),
        (with("      - prompt: {{ x }}\n"), &["spec.yaml:6:17", "`{{` begins a mapping", "quotes"]),
        (with("      - [{{ x }}, d, e]\n"), &["spec.yaml:6:10", "`{{` begins a mapping", "quotes"]),
        (with("    template: {{ input }} is\n"), &["`{{` begins a mapping", "quotes"]),
        ("benchmark: b\ntasks:\n\t- cloze: c\n".into(), &["spec.yaml:3:2", "indent with spaces"]),
        (with("\t- [d, e, f]\n"), &["spec.yaml:6:2", "indent with spaces"]),
        (with("      - !python/object [d, e, f]\n"), &["spec.yaml:6:", "unsupported tag"]),
        (with("      - [*unknown, e, f]\n"), &["spec.yaml:6:10", "unknown"]),
        (with("    join: a\n    join: b\n"), &["spec.yaml:7:5", "`join` is given twice", "first", "again"]),
        (
            "benchmark: b\nshared: &a [*a, *a]\ntasks: *a\n".into(),
            &["spec.yaml:2:13", "inside the very value"],
        ),
    ];
    for (spec, words) in faulty {
        assert_said(&said(&spec, ""), words);
    }
}

#[test]
fn bytes_that_are_no_text_are_told_by_number_and_line() {
    let at_six = |bytes: &[u8]| [ONE.as_bytes(), b"      - [d", bytes, b", e, f]\n"].concat();
    assert_said(&said(at_six(b"\xff"), ""), &["byte 72 (0xff) is not UTF-8", "spec.yaml:6:11"]);
    assert_said(&said(at_six(b"\0"), ""), &["byte 72 is NUL", "spec.yaml:6:11"]);
    let marked = [b"\xef\xbb\xbf".as_slice(), &at_six(b"\xff")].concat();
    assert_said(&said(marked, ""), &["byte 75 (0xff) is not UTF-8", "spec.yaml:6:11"]);
    let wide: Vec<u8> = b"\xff\xfe".iter().copied().chain(ONE.bytes().flat_map(|byte| [byte, 0])).collect();
    assert_said(&said(wide, ""), &["the file is UTF-16", "save it as UTF-8"]);
    let row = b"{\"prompt\": \"a\", \"correct\": \"b\", \"incorrect\": \"c\"}\n{\"prompt\": \"\xff\"}\n";
    assert_said(&said(DATA, row), &["byte 62 of the file is not UTF-8", "data.jsonl:2:13"]);
}

#[test]
fn a_byte_order_mark_is_read() {
    let spec = format!("\u{feff}{}", ONE.replace("    items", "    allow: [few-items]\n    items"));
    assert_eq!(said(spec, ""), "");
}

#[test]
fn nesting_has_an_end() {
    let brackets = format!("benchmark: b\ntasks: {}", "[".repeat(20_000));
    assert_said(&said(brackets, ""), &["spec.yaml:2:", "nested deeper than 32"]);
    let honest = format!("benchmark: b\ntasks: {}{}", "[".repeat(100), "]".repeat(100));
    assert_said(&said(honest, ""), &["deeper than 32"]);
    let row = format!("{{\"prompt\": {}", "[".repeat(20_000));
    assert_said(&said(DATA, row), &["data.jsonl:1:", "recursion limit"]);
}

#[test]
fn aliases_that_multiply_are_refused() {
    let mut bomb = "benchmark: b\nshared:\n  - &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        let inner = vec![format!("*a{}", level - 1); 9].join(", ");
        writeln!(bomb, "  - &a{level} [{inner}]").unwrap();
    }
    bomb += "tasks:\n  - cloze: c\n    items: *a9\n";
    assert_said(&said(bomb, ""), &["unfold into too many values", "aliases of aliases multiply"]);
}

#[test]
fn anchors_and_merge_keys_work() {
    let merged = "benchmark: b\nshared:\n  base: &base\n    join: ''\n    allow: [few-items, glued]\ntasks:\n  - cloze: c\n    <<: *base\n    items:\n      - [a, b, c]\n";
    assert_eq!(said(merged, ""), "");
    let mut many = "benchmark: b\nshared: &item [a, b, c]\ntasks:\n".to_owned();
    for task in 0..120 {
        writeln!(many, "  - cloze: c{task}\n    allow: [few-items]\n    items: [*item]").unwrap();
    }
    assert_eq!(said(many, ""), "");
}

#[test]
fn a_hundred_megabytes_in_one_line_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let fill = |name: &str, begin: &str| {
        let mut file = fs::File::create(folder.path().join(name)).unwrap();
        file.write_all(begin.as_bytes()).unwrap();
        let part = vec![b'x'; 1_000_000];
        (0..100).for_each(|_| file.write_all(&part).unwrap());
    };
    fill("spec.yaml", "benchmark: ");
    assert_said(&shown(&load(folder.path(), "spec.yaml")), &["larger than 16 MB", "data file"]);
    fill("data.jsonl", "{\"prompt\": \"");
    fs::write(folder.path().join("other.yaml"), DATA).unwrap();
    assert_said(&shown(&load(folder.path(), "other.yaml")), &["other.yaml:5:11", "a row of more than 16 MB"]);
}

#[test]
fn a_long_line_is_cut_around_what_is_wrong_in_it() {
    let spec = format!(
        "{ONE}      - {{prompt: {}, correkt: a, incorrect: {}}}\n",
        "x".repeat(2_000_000),
        "y".repeat(500_000)
    );
    let said = said(spec, "");
    assert_said(&said, &["spec.yaml:6:2000020", "correkt", "did you mean `correct`?"]);
    assert!(said.len() < 2000, "{} bytes", said.len());
    assert!(said.lines().any(|line| line.contains('…') && line.contains("correkt")), "{said}");
}

#[test]
fn hostile_characters_are_shown_and_not_obeyed() {
    let spec = format!("{ONE}    \"\\e[2J\": 3\n    j\u{202e}oin: x\n");
    assert_said(&said(spec, ""), &["`<U+001B>[2J`", "j<U+202E>oin"]);
    let row = "{\"prompt\": \"a\u{202e}b\u{9b}2J\"}\n";
    assert_said(&said(DATA, row), &["a<U+202E>b<U+009B>2J", "there is no column `correct`"]);
}

#[test]
fn files_that_are_not_there_or_are_none() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("folder.yaml")).unwrap();
    assert_said(&shown(&load(folder.path(), "gone.yaml")), &["gone.yaml cannot be read", "check the path"]);
    assert_said(&shown(&load(folder.path(), "folder.yaml")), &["there is no .yaml file in"]);
    let suite = "suite: s\nbenchmarks: ['nothing*.yaml', folder.yaml, gone.yaml]\n";
    fs::write(folder.path().join("suite.yaml"), suite).unwrap();
    let said = shown(&load(folder.path(), "suite.yaml"));
    assert_said(&said, &["suite.yaml:2:14", "no benchmark fits `nothing*.yaml`", "gone.yaml is not there"]);
    for file in ["gone.jsonl", "folder.yaml"] {
        let spec = DATA.replace("data.jsonl", &format!("{{file: {file}, as: jsonl}}"));
        fs::write(folder.path().join("data.yaml"), spec).unwrap();
        assert_said(&shown(&load(folder.path(), "data.yaml")), &["data.yaml:5:18", file]);
    }
}

#[test]
fn of_a_data_file_full_of_faults_the_first_are_shown_and_all_counted() {
    let said = said(DATA, "{\"prompt\": 1, }\n".repeat(100_000));
    assert_said(&said, &["data.jsonl:1:15", "data.jsonl:8:15", "and 99992 errors more like `data` in b/c"]);
    assert!(!said.contains("data.jsonl:9:"));
}
