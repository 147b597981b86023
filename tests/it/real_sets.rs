//! Published sets as specs, from their files as they are published: each is read whole, and a sample of it asked.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{fs, path::Path, process::Command};

use yardstick::{
    engine::{drive, mock::Mock},
    spec::{Choices, Kinds as _, Loaded, Severity, load},
    task::{Task, plan},
};

const SPECS: &str = "tests/real-sets";

/// The specs in a folder where the sets lie as their README says; `None` where there are no sets.
fn laid_out() -> Option<tempfile::TempDir> {
    let bench = crate::data("bench")?;
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(SPECS).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
        }
    }
    let sets = folder.path().join("data");
    fs::create_dir(&sets).unwrap();
    for (name, lies) in [
        ("blimp", "blimp"),
        ("bbh", "bbh"),
        ("gsm8k", "gsm8k"),
        ("crows-pairs", "crows_pairs"),
        ("memo-trap", "memo_trap"),
        ("few-shot", "icl_sets"),
    ] {
        std::os::unix::fs::symlink(bench.join(lies), sets.join(name)).unwrap();
    }
    mmlu(&bench.join("mmlu/mmlu"), &sets.join("mmlu"));
    hellaswag(&bench.join("hellaswag/hellaswag_val_full.txt.bz2"), &sets.join("hellaswag"));
    Some(folder)
}

/// The tables of the test data have a heading and count answers from 0; those published have neither.
fn mmlu(from: &Path, to: &Path) {
    for part in ["dev", "test"] {
        fs::create_dir_all(to.join(part)).unwrap();
        for entry in fs::read_dir(from.join(part)).unwrap() {
            let path = entry.unwrap().path();
            let mut out =
                csv::WriterBuilder::new().from_path(to.join(part).join(path.file_name().unwrap())).unwrap();
            for record in csv::Reader::from_path(&path).unwrap().records() {
                let mut cells: Vec<String> = record.unwrap().iter().map(str::to_owned).collect();
                let letter = ["A", "B", "C", "D"][cells[5].parse::<usize>().unwrap()];
                letter.clone_into(&mut cells[5]);
                out.write_record(cells).unwrap();
            }
        }
    }
}

/// The test data hold six lines an item; the published file one JSON object.
fn hellaswag(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    let found = Command::new("bzcat").arg(from).output().expect("bzcat unpacks HellaSwag");
    assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stderr));
    let text = String::from_utf8(found.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let rows = lines.chunks_exact(6).map(|item| {
        let (activity, ctx) = item[0].split_once(": ").unwrap();
        let label: usize = item[1].parse().unwrap();
        let row = serde_json::json!({ "activity_label": activity, "ctx": ctx, "label": label, "endings": item[2..] });
        format!("{row}\n")
    });
    fs::write(to.join("hellaswag_val.jsonl"), rows.collect::<String>()).unwrap();
}

fn read(folder: &Path, name: &str, choices: &Choices) -> Loaded<Task> {
    let loaded = load::<Task>(&[folder.join(name)], choices);
    let errors: Vec<String> = loaded
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .map(|finding| format!("{}: {}", finding.code, finding.message))
        .collect();
    assert!(errors.is_empty(), "{name}: {errors:?}");
    loaded
}

/// How many tasks and items each spec has, by the papers of the sets.
const SIZES: [(&str, usize, usize); 8] = [
    ("blimp.yaml", 67, 67_000),
    ("hellaswag.yaml", 1, 10_042),
    ("mmlu.yaml", 57, 14_042),
    ("crows-pairs.yaml", 1, 1_508),
    ("bbh.yaml", 5, 1_250),
    ("gsm8k.yaml", 1, 1_319),
    ("memo-trap.yaml", 2, 1_596),
    ("few-shot.yaml", 2, 777),
];

#[test]
fn published_sets_are_read_whole_and_run() {
    let Some(folder) = laid_out() else { return };
    let hellaswag = fs::metadata(folder.path().join("data/hellaswag/hellaswag_val.jsonl")).unwrap().len() > 0;
    for (name, tasks, items) in SIZES.into_iter().filter(|(name, ..)| hellaswag || *name != "hellaswag.yaml")
    {
        let whole = read(folder.path(), name, &Choices::default());
        let found: usize = whole.suite.tasks.iter().map(|task| task.kind.kind().items().taken).sum();
        assert_eq!((whole.suite.tasks.len(), found), (tasks, items), "{name}");
        let few = Choices { sample: Some(3), ..Choices::default() };
        let few = read(folder.path(), name, &few);
        let tasks: Vec<_> = few.suite.tasks.iter().collect();
        let plan = plan(&tasks).unwrap();
        let mut mock = Mock::default();
        let answers = drive(&mut mock, &plan.requests, &mut |_, _| std::ops::ControlFlow::Continue(()));
        for task in plan.tasks {
            let record = task.judge(&answers, None);
            let failed = record.table.rows.iter().find_map(|row| row.cells.as_ref().err());
            assert!(failed.is_none(), "{}: {failed:?}", record.name);
            assert!(record.measures.iter().any(|measure| measure.estimate.n > 0), "{}", record.name);
        }
    }
}

/// The golden numbers are of transformers: how many of the first hundred pairs of each paradigm are decided rightly.
#[cfg(feature = "local")]
#[test]
fn blimp_as_a_spec_has_the_accuracies_of_transformers() {
    let Some(folder) = laid_out() else { return };
    let data = std::path::PathBuf::from(std::env::var_os("YARDSTICK_TEST_DATA").unwrap());
    for name in ["stories260K", "babyllama-tinystories-1M"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_yardstick"));
        command.arg("run").arg(folder.path().join("blimp.yaml")).args(["--set", "limit={first: 100}", "-q"]);
        command.args([
            "--model",
            data.join("models").join(name).to_str().unwrap(),
            "--format",
            "csv",
            "--out",
        ]);
        let out = command.arg(folder.path().join("results")).output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let golden = fs::read_to_string(data.join(format!("golden/blimp/first100.{name}.json"))).unwrap();
        let golden: serde_json::Value = serde_json::from_str(&golden).unwrap();
        let mut metrics = csv::Reader::from_reader(out.stdout.as_slice());
        let rows: Vec<std::collections::BTreeMap<String, String>> =
            metrics.deserialize().collect::<Result<_, _>>().unwrap();
        for (paradigm, golden) in golden.as_object().unwrap() {
            let task = format!("blimp/{}", paradigm.to_lowercase());
            let row = rows.iter().find(|row| row["task"] == task && row["metric"] == "accuracy").unwrap();
            let right = golden["correct"].as_u64().unwrap();
            assert_eq!((&*row["n"], &*row["ci_method"]), ("100", "wilson"), "{name} {paradigm}");
            assert_eq!(row["successes"].parse::<u64>().unwrap(), right, "{name} {paradigm}");
        }
    }
}
