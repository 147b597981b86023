//! `yardstick power`: how many items, and what they show.

use std::{fs, path::Path, process::Command};

use serde_json::{Value, json};

fn power(arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_yardstick"));
    command
        .arg("power")
        .args(arguments)
        .env("LC_ALL", "C.UTF-8")
        .env("COLUMNS", "100")
        .env_remove("FORCE_COLOR");
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn answer(arguments: &[&str]) -> Value {
    let (code, out, err) = power(&[arguments, &["--format", "json"]].concat());
    assert_eq!(code, 0, "{err}");
    serde_json::from_str(&out).unwrap()
}

#[test]
fn a_half_width_takes_so_many_items() {
    // Golden numbers of statistics: Wilson's formula, searched.
    for (arguments, items) in [
        (&["--half-width", "0.05"] as &[&str], 381),
        (&["--half-width", "0.02", "--near", "0.95"], 469),
        (&["--half-width", "0.01", "--near", "0.99"], 454),
    ] {
        let answers = answer(arguments);
        assert_eq!((&answers[0]["items"], answers.as_array().unwrap().len()), (&json!(items), 1));
    }
    let (_, out, _) = power(&["--half-width", "0.05"]);
    insta::assert_snapshot!(out);
}

#[test]
fn a_difference_takes_so_many_items_by_enumeration() {
    let found = &answer(&["--difference", "0.1", "--discordant", "0.2"])[0];
    let items = found["items"].as_u64().unwrap();
    // The formula, which serves many items, says 154.6 (Connor 1987).
    assert_eq!(items, 152);
    assert!(found["power"].as_f64().unwrap() >= 0.8);
    let few =
        |items: u64| answer(&["--difference", "0.1", "--items", &items.to_string()])[0]["power"].clone();
    assert_eq!(few(items), found["power"]);
    assert!(few(items - 1).as_f64().unwrap() < 0.8);
    let (_, out, _) = power(&["--difference", "0.05", "--discordant", "0.2", "--tests", "5"]);
    insta::assert_snapshot!(out);
}

#[test]
fn a_mean_difference_takes_so_many_items() {
    // statsmodels TTestPower().solve_power(0.2, alpha=.05, power=.8) = 198.15
    let found = &answer(&["--difference", "0.1", "--sd", "0.5"])[0];
    assert_eq!((&found["items"], &found["method"]), (&json!(199), &json!("paired_t")));
}

#[test]
fn so_many_items_can_show_so_much() {
    let answers = answer(&["--items", "120", "--discordant", "0.1917"]);
    // Wilson's half-width, and by enumeration with scipy.stats.binom 0.109.
    assert!((answers[0]["half_width"].as_f64().unwrap() - 0.0881).abs() < 1e-4);
    assert!((answers[1]["difference"].as_f64().unwrap() - 0.109).abs() < 1e-3);
    let corrected = answer(&["--items", "120", "--discordant", "0.1917", "--tests", "5"]);
    assert!(corrected[1]["difference"].as_f64() > answers[1]["difference"].as_f64());
    assert!((corrected[1]["alpha"].as_f64().unwrap() - 0.01).abs() < 1e-12);
    let (_, out, _) = power(&["--items", "6", "--discordant", "0.1"]);
    assert!(out.contains("no difference is found with 6 items"), "{out}");
    // Both curves in one file, each row with its method.
    let (_, out, _) = power(&["--items", "40", "--format", "csv"]);
    let mut rows = csv::Reader::from_reader(out.as_bytes());
    let methods: Vec<String> = rows.records().map(|row| row.unwrap()[1].to_owned()).collect();
    assert_eq!(methods.iter().filter(|method| *method == "wilson").count() * 2, methods.len());
}

#[test]
fn an_earlier_run_takes_the_place_of_assumptions() {
    let folder = tempfile::tempdir().unwrap();
    let number = |metric: &str, from: Option<&str>, test: Value| {
        json!({
            "task": "b/capitals", "group": from.map(|_| "few-shot"), "metric": metric, "value": 0.75,
            "std_error": 0.05, "n": 100, "clusters": null, "difference_from": from, "test": test,
            "successes": if from.is_none() { json!(75) } else { Value::Null },
        })
    };
    let metrics = [
        number("accuracy", None, Value::Null),
        number("gain", Some("zero-shot"), json!({ "discordant": [20, 10] })),
        number("margin_gain", Some("zero-shot"), json!({ "discordant": null })),
    ];
    fs::write(folder.path().join("run.json"), json!({ "metrics": metrics }).to_string()).unwrap();
    let run = folder.path().to_str().unwrap();
    let answers = answer(&[run, "--task", "capitals", "--items", "200"]);
    let [share, pairs, means] = answers.as_array().unwrap().as_slice() else { panic!("{answers}") };
    assert_eq!(
        (&share["near"], &pairs["discordant"], &means["sd"]),
        (&json!(0.75), &json!(0.3), &json!(0.5))
    );
    assert_eq!(pairs["source"], "b/capitals gain of few-shot minus zero-shot");
    let (code, _, err) = power(&[run, "--task", "colours", "--items", "200"]);
    assert_eq!(code, 4);
    assert!(err.contains("no task `colours`; it has b/capitals"), "{err}");
    let absent = Path::new(run).join("absent");
    assert_eq!(power(&[absent.to_str().unwrap(), "--task", "capitals", "--items", "9"]).0, 8);
}

#[test]
fn what_makes_no_sense_is_refused() {
    for arguments in [
        &[] as &[&str],
        &["--half-width", "0.6"],
        &["--half-width", "nan"],
        &["--difference", "0.3", "--discordant", "0.2"],
        &["--difference", "-0.1"],
        &["--items", "0"],
        &["--items", "5", "--power", "1"],
        &["--items", "5", "--power", "0.01"],
        &["--items", "5", "--level", "95"],
        &["--items", "5", "--half-width", "0.1"],
        &["--items", "5", "--task", "capitals"],
    ] {
        let (code, out, err) = power(arguments);
        assert_eq!((code, out.as_str()), (2, ""), "{arguments:?}");
        assert!(!err.contains("fault of the program"), "{err}");
    }
}
