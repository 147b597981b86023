//! A spec: read, linted, rendered, and planned where nothing is wrong with it.

use yardstick::task;

/// The bytes are the file.
pub fn run(data: &[u8]) {
    let folder = super::folder();
    let loaded = super::load_spec(super::write(&folder, "spec.yaml", data));
    if !loaded.findings.failed() {
        loaded.suite.resolved();
        let tasks: Vec<_> = loaded.suite.tasks.iter().collect();
        drop(task::plan(&tasks));
    }
}
