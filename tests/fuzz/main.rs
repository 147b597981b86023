//! One program for each target, told apart by the program's own name, so that only the target's code is in it.

#![no_main]

mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| match env!("CARGO_BIN_NAME") {
    "config" => targets::config::run(data),
    "gguf" => targets::gguf::run(data),
    "import" => targets::import::run(data),
    "journal" => targets::journal::run(data),
    "pickle" => targets::pickle::run(data),
    "rows" => targets::rows::run(data),
    "run_json" => targets::run_json::run(data),
    "safetensors" => targets::safetensors::run(data),
    "spec" => targets::spec::run(data),
    "template" => targets::template::run(data),
    other => panic!("there is no target `{other}`"),
});
