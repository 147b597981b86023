//! Result files of other programs.

use yardstick::{
    import::{self, Format, Options},
    spec::render::{self, Look},
};

/// The first byte says which sort. What follows is a table, or the totals of lm-evaluation-harness and its samples.
pub fn run(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    let folder = super::folder();
    let (format, path) = match first {
        b'c' => (Format::Csv, super::write(&folder, "results.csv", rest)),
        b't' => (Format::Csv, super::write(&folder, "results.tsv", rest)),
        _ => {
            let [totals, samples] = super::parts(rest);
            super::write(&folder, "results_2026-01-01.json", totals);
            (Format::LmEval, super::write(&folder, "samples_task_2026-01-01.jsonl", samples))
        }
    };
    let options = Options { model: Some("m".into()), ..Options::default() };
    let Ok(reading) = import::read(&[path], format, &options) else { return };
    let look = Look { colour: false, unicode: true, width: 80 };
    render::human(&reading.findings, &reading.sources, look);
}
