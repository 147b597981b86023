//! Data files, templates and regular expressions that no honest spec has: each is told of, soon, and in bounded memory.

use std::{fs, path::Path, process::Command};

use super::hostile::{assert_said, load, shown};

/// What is said of a cloze task whose data is this file of a folder.
fn said_of(folder: &Path, data: &str) -> String {
    let spec = format!(
        "benchmark: b\ntasks:\n  - cloze: c\n    allow: [few-items, odd-character]\n    data: {data}\n"
    );
    fs::write(folder.join("spec.yaml"), spec).unwrap();
    shown(&load(folder, "spec.yaml")).replace(&format!("{}/", folder.display()), "")
}

#[test]
#[cfg(unix)]
fn what_never_ends_is_no_data() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    assert!(Command::new("mkfifo").arg(path("pipe.csv")).status().unwrap().success());
    std::os::unix::fs::symlink("/dev/zero", path("zero.jsonl")).unwrap();
    std::os::unix::fs::symlink("ring.csv", path("ring.csv")).unwrap();
    fs::create_dir(path("folder.csv")).unwrap();
    for name in ["pipe.csv", "zero.jsonl", "folder.csv"] {
        let said = said_of(folder.path(), name);
        assert_said(
            &said,
            &["spec.yaml:5:11", &format!("{name} is not a file"), "pipes, devices and folders"],
        );
    }
    assert_said(&said_of(folder.path(), "{file: /dev/urandom, as: lines}"), &["/dev/urandom is not a file"]);
    assert_said(&said_of(folder.path(), "ring.csv"), &["spec.yaml:5:11", "ring.csv cannot be read", "links"]);
}

#[test]
fn a_gigabyte_without_a_line_is_given_up_after_sixteen_megabytes() {
    let folder = tempfile::tempdir().unwrap();
    // It has no blocks on the disk.
    fs::File::create(folder.path().join("big")).unwrap().set_len(1 << 30).unwrap();
    for cut in ["jsonl", "csv", "tsv", "lines", "text"] {
        let said = said_of(folder.path(), &format!("{{file: big, as: {cut}}}"));
        assert_said(&said, &["spec.yaml:5:18", "big has a row of more than 16 MB"]);
    }
    assert_said(&said_of(folder.path(), "{file: big, as: json}"), &["big:1:1", "no list of JSON objects"]);
}

#[test]
fn tables_and_rows_that_are_not_what_they_should_be() {
    let folder = tempfile::tempdir().unwrap();
    let cases: [(&str, &[u8], &[&str]); 18] = [
        ("a.csv", b"", &["a.csv has no items"]),
        ("a.csv", b"prompt,correct,incorrect\n", &["a.csv has no items"]),
        ("a.csv", b"prompt,correct,incorrect\na,b\n", &["a.csv:2:1", "2 cells, where the heading has 3"]),
        ("a.csv", b"prompt,correct,incorrect\na,b,c,d\n", &["a.csv:2:1", "4 cells"]),
        ("a.csv", b"prompt,correct,incorrect\n\"a,b,c\n", &["a.csv:2:1", "1 cell", "put in quotes"]),
        ("a.csv", b"prompt,correct,correct\na,b,c\n", &["a.csv:1:1", "two columns are called `correct`"]),
        (
            "a.csv",
            b"prompt,correct,incorrect\na,\xe9,c\n",
            &["a.csv:2:1", "not UTF-8", "save the file as UTF-8"],
        ),
        ("a.csv", b"\xff\xfep\0r\0", &["a.csv:1:1", "not UTF-8"]),
        ("a.tsv", b"prompt\tcorrect\nx\ty\n", &["a.tsv:2:1", "there is no column `incorrect`"]),
        ("a.jsonl", b"{\"prompt\": NaN}\n", &["a.jsonl:1:12", "the line is not JSON: expected value"]),
        ("a.jsonl", b"{\"prompt\": -Infinity}\n", &["a.jsonl:1:13", "the line is not JSON: invalid number"]),
        ("a.jsonl", b"{\"prompt\": 1e999}\n", &["a.jsonl:1:", "number out of range"]),
        ("a.jsonl", b"{\"prompt\": \"\\ud800\"}\n", &["a.jsonl:1:", "not JSON"]),
        ("a.jsonl", b"[1]\n\"x\"\n", &["a.jsonl:1:1", "a.jsonl:2:1", "the line is no JSON object"]),
        (
            "a.jsonl",
            b"{\"prompt\": \"a\", \"correct\": \"b\", \"correct\": \"c\"}\n",
            &["a.jsonl:1:", "error[data]: `correct` is given twice"],
        ),
        ("a.json", b"[{\"prompt\": \"a\", \"prompt\": \"b\"}]", &["a.json:1:", "`prompt` is given twice"]),
        ("a.json", b"[1, [2, [3]], null, true, 1.5, \"x\"]", &["a.json:1:", "the entry is no JSON object"]),
        ("a.json", b"{}", &["a.json:1:", "no list of JSON objects", "rows: KEY"]),
    ];
    for (name, bytes, words) in cases {
        fs::write(folder.path().join(name), bytes).unwrap();
        assert_said(&said_of(folder.path(), name), words);
    }
}

/// What is said of a task whose template this is.
fn said_of_template(template: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let spec = serde_json::json!({ "benchmark": "b", "tasks": [{
        "generate": "c", "allow": ["few-items"], "template": format!("{template} {{{{ input }}}} {{{{ target }}}}"),
        "items": [{ "input": "a", "target": "x" }, { "input": "b", "target": "y" }],
    }] });
    fs::write(folder.path().join("spec.yaml"), spec.to_string()).unwrap();
    shown(&load(folder.path(), "spec.yaml"))
}

#[test]
fn templates_that_loop_recurse_or_grow_are_stopped() {
    let letters = "abcdefghij".repeat(10);
    let loops = format!("{{% for a in '{letters}' %}}").repeat(3);
    let too_much = [
        format!("{loops}{{{{ input }}}}{}", "{% endfor %}".repeat(3)),
        "{{ 'a' * 100000000 }}".into(),
        "{{ 'a' * 10000000000 }}".into(),
        "{{ 'a' | indent(1000000000) }}".into(),
        "{{ (input * 1000).replace('', 'x' * 10000000) }}".into(),
        "{{ '%9000000000d' | format(3) }}".into(),
        "{{ [1, 2] | slice(1000000000) }}".into(),
        "{{ [1, 2] | batch(1000000000, 0) | list }}".into(),
        // Repeated lists take no memory; what they are written as would.
        "{{ [1] * 100000000 }}".into(),
        "{{ [[1] * 10000] * 10000 }}".into(),
        "{% set s = 'aaaaaaaaaa' * 1000000 %}{% set s = s ~ s ~ s ~ s %}{{ s }}".into(),
    ];
    for template in too_much {
        let said = said_of_template(&template);
        assert_said(&said, &["error[template]", "the template fails on the first item: it does too much"]);
    }
    let said = said_of_template("{% macro m(x) %}{{ m(x) }}{% endmacro %}{{ m(1) }}");
    assert_said(&said, &["the template fails on the first item: recursion limit exceeded"]);
    for (template, words) in [
        ("{{ 1 / 0 }}", "unable to calculate 1 / 0"),
        ("{{ 2 ** 100000 }}", "unable to calculate"),
        ("{{ [1] | batch(0) }}", "count cannot be 0"),
        ("{% include '/etc/passwd' %}", "/etc/passwd"),
        ("{% import '../x' as x %}", "../x"),
    ] {
        assert_said(&said_of_template(template), &["error[template]", words]);
    }
    for nested in ["(", "not ", "[", "-", "x ~ ", "x.", "x if x else "] {
        let said = said_of_template(&format!("{{{{ {}x }}}}", nested.repeat(50_000)));
        assert_said(&said, &["error[template]", "it nests too deep"]);
    }
    let elifs = format!("{{% if input %}}{}{{% endif %}}", "{% elif input %}".repeat(50_000));
    assert_said(&said_of_template(&elifs), &["error[template]", "it nests too deep"]);
}

#[test]
fn a_template_over_columns_that_gives_too_much_names_its_row() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.csv"), "p,correct,incorrect\na,b,c\n").unwrap();
    let said = said_of(folder.path(), "{file: a.csv, map: {prompt: '{{ [p] * 100000000 }}'}}");
    assert_said(
        &said,
        &["the template fails here: its value takes more than 4 MB", "a.csv:2:1", "on this row"],
    );
}

#[test]
fn a_regular_expression_that_grows_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let said = |pattern: &str| {
        let spec = format!(
            "benchmark: b\ntasks:\n  - generate: c\n    allow: [few-items]\n    match: '{pattern}'\n    items:\n      - [a, b]\n"
        );
        fs::write(folder.path().join("spec.yaml"), spec).unwrap();
        shown(&load(folder.path(), "spec.yaml"))
    };
    let cannot = "the regular expression cannot be read";
    assert_said(&said("(?:(?:a{1000}){1000}){1000}"), &["spec.yaml:5:12", cannot, "size limit"]);
    assert_said(&said(&format!("{}a{}", "(".repeat(2000), ")".repeat(2000))), &[cannot, "nest"]);
    assert_said(&said("(a"), &["spec.yaml:5:12", cannot, "unclosed group"]);
    assert_said(&said(r"(?=a)b"), &[cannot, "look-around"]);
}
