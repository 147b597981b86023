//! Models in this process, held against transformers' numbers through the same door as every task uses.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic, and shows what it measured")]

mod candle;
mod faults;
mod gguf;
mod golden_blimp;
mod golden_families;
mod golden_models;
mod hostile;
mod long_prompts;

use std::{num::NonZeroUsize, path::PathBuf};

use serde_json::Value;
use yardstick::{
    engine::{
        Engine, drive,
        local::{Checkpoint, Files, Local, Options, Origin},
    },
    plan::{Answer, Answers, Ask, Request},
};

use crate::data;

fn json(path: &std::path::Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn options(batch_tokens: usize, threads: usize) -> Options {
    Options { batch_tokens: NonZeroUsize::new(batch_tokens).unwrap(), threads: NonZeroUsize::new(threads) }
}

fn open(folder: PathBuf, options: Options) -> Local {
    let checkpoint = Checkpoint::open(Files::Folder(folder)).unwrap_or_else(|error| panic!("{error}"));
    let origin = Origin { source: "a test".into(), revision: None };
    Local::load("model", origin, &checkpoint, options).unwrap_or_else(|error| panic!("{error}"))
}

fn answers(model: &mut Local, requests: &[Request]) -> Answers {
    drive(model, requests, &mut |_, _| std::ops::ControlFlow::Continue(()))
}

fn floats(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
}

fn ids(value: &Value) -> Vec<u32> {
    value.as_array().unwrap().iter().map(|value| u32::try_from(value.as_u64().unwrap()).unwrap()).collect()
}

/// The largest difference so far.
#[derive(Default)]
struct Largest(f64);

impl Largest {
    #[track_caller]
    fn compare(&mut self, ours: &[f32], right: &[f64]) {
        assert_eq!(ours.len(), right.len());
        for (ours, right) in ours.iter().zip(right) {
            self.add(f64::from(*ours) - right);
        }
    }
    #[track_caller]
    fn add(&mut self, difference: f64) {
        assert!(difference.is_finite());
        self.0 = self.0.max(difference.abs());
    }
}
