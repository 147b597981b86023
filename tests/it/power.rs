//! `yardstick power`: how many items, and what they show.

use std::process::Command;
#[cfg(feature = "local")]
use std::{fs, path::Path};

use serde_json::{Value, json};
#[cfg(feature = "local")]
use yardstick::stats::power::discordant_share;

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

/// What the run says of itself is what is asked with: shares near their value, differences with the share of items that
/// differ.
#[cfg(feature = "local")]
#[test]
fn an_earlier_run_takes_the_place_of_assumptions() {
    let results = tempfile::tempdir().unwrap();
    let out = results.path().to_str().unwrap();
    let ran = Command::new(env!("CARGO_BIN_EXE_yardstick"))
        .args(["run", "specs/strategies.yaml", "--model", "reference", "--out", out, "-q"])
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let run = results.path().join("latest");
    let record: Value = serde_json::from_slice(&fs::read(run.join("run.json")).unwrap()).unwrap();
    let run = run.to_str().unwrap();
    let answers = answer(&[run, "--task", "three-ways", "--items", "200"]);
    let of = |source: &str| {
        answers.as_array().unwrap().iter().find(|answer| answer["source"] == source).unwrap_or(&Value::Null)
    };
    let (mut shares, mut pairs) = (0, 0);
    for number in record["metrics"].as_array().unwrap() {
        let (metric, group) =
            (number["metric"].as_str().unwrap(), number["group"].as_str().unwrap_or_default());
        if let Some([first, second]) = number["test"]["discordant"].as_array().map(Vec::as_slice) {
            let differ = first.as_u64().unwrap() + second.as_u64().unwrap();
            let share = discordant_share(differ, number["n"].as_u64().unwrap()).unwrap();
            let from = number["difference_from"].as_str().unwrap();
            let asked = of(&format!("strategies/three-ways accuracy of {group} minus {from}"));
            assert_eq!(asked["discordant"], json!(share), "{group} minus {from}");
            pairs += 1;
        } else if metric == "accuracy" {
            assert_eq!(of(&format!("strategies/three-ways accuracy of {group}"))["near"], number["value"]);
            shares += 1;
        }
    }
    assert!(shares >= 3 && pairs == 3, "{shares} shares, {pairs} differences");
    let (code, _, err) = power(&[run, "--task", "colours", "--items", "200"]);
    assert_eq!(code, 4);
    assert!(err.contains("no task `colours`; it has strategies/three-ways"), "{err}");
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
