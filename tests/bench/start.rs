//! How long the program takes to do little: `cargo bench --bench start`. Each command is started many times, in turn with
//! the baseline (a process that does nothing), and the medians are printed with their ratio.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_yardstick");
const TIMES: usize = 41;

#[expect(clippy::print_stdout, reason = "a bench prints what it measured")]
fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let one = folder.path().join("one.yaml");
    let spec = "benchmark: one\ntasks:\n  - cloze: pair\n    items:\n      - [The sky is, blue, green]\n";
    std::fs::write(&one, spec).expect("a spec can be written");
    let (one, results) = (one.display().to_string(), folder.path().join("results").display().to_string());
    let commands: [(&str, Vec<&str>); 4] = [
        ("--help", vec!["--help"]),
        ("check specs", vec!["check", "specs"]),
        ("run, 1 item, mock", vec!["run", &one, "--model", "mock", "--out", &results]),
        ("next, reference", vec!["next", "The capital of France is"]),
    ];
    println!("{:<20} {:>9} {:>9} {:>7}", "command", "median ms", "baseline", "ratio");
    for (name, arguments) in commands {
        let mut own = Vec::new();
        let mut baseline = Vec::new();
        for _ in 0..TIMES {
            own.push(time(PROGRAM, &arguments));
            baseline.push(time("true", &[]));
        }
        let (own, baseline) = (median(own), median(baseline));
        println!("{name:<20} {:>9.2} {:>9.2} {:>7.1}", own * 1e3, baseline * 1e3, own / baseline);
    }
}

fn time(program: &str, arguments: &[&str]) -> Duration {
    let start = Instant::now();
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(status.expect("the program starts").success(), "{program} {arguments:?} failed");
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64()
}
