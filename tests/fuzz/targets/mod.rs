//! What is fuzzed: one function a target, shared with the test that runs the corpus. Each reads bytes as the program would
//! read a file of them, and looks at whatever came of it. A panic is a finding, and so is much time or memory.

pub mod config;
pub mod gguf;
pub mod import;
pub mod journal;
pub mod pickle;
pub mod rows;
pub mod run_json;
pub mod safetensors;
pub mod spec;
pub mod template;

use std::{
    fs,
    path::{Path, PathBuf},
};

use yardstick::{
    spec::{
        Choices, Loaded, load,
        render::{self, Look},
    },
    task::Task,
};

/// A folder for the files of this thread, which are written anew each time.
fn folder() -> PathBuf {
    thread_local! {
        static FOLDER: tempfile::TempDir = tempfile::tempdir().expect("a temporary folder");
    }
    FOLDER.with(|folder| folder.path().to_owned())
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, bytes).expect("a temporary folder takes files");
    path
}

/// The parts of an input, which stand between lines `---`.
fn parts<const N: usize>(data: &[u8]) -> [&[u8]; N] {
    const LINE: &[u8] = b"\n---\n";
    let mut rest = data;
    std::array::from_fn(|part| {
        let end = rest.windows(LINE.len()).position(|window| window == LINE).filter(|_| part + 1 < N);
        let (this, others) = end.map_or((rest, &[][..]), |end| (&rest[..end], &rest[end + LINE.len()..]));
        rest = others;
        this
    })
}

/// Reads a spec, and writes what is said of it in every form.
fn load_spec(path: PathBuf) -> Loaded<Task> {
    let loaded: Loaded<Task> = load(&[path], &Choices::default());
    for look in
        [Look { colour: false, unicode: false, width: 40 }, Look { colour: true, unicode: true, width: 120 }]
    {
        render::human(&loaded.findings, &loaded.sources, look);
    }
    render::github(&loaded.findings, &loaded.sources);
    render::json(&loaded.findings, &loaded.sources);
    loaded
}
