//! Trains the built-in model anew, or writes the questions about it.
//!
//! `cargo run --release --example train_reference -- src/reference/model` replaces the committed model; golden.py
//! and evaluate.py then say what transformers makes of it. `-- --probes specs/known-answers` writes the probes.
//!
//! Corpus, tokenizer, first values and order all come from one seed, and no number depends on threads or on the
//! processor, so the weights come out the same to the bit wherever this runs.

#![expect(clippy::print_stdout, reason = "a tool that is run by hand and says how far it is")]

mod export;
mod layers;
mod math;
mod network;
mod optimizer;
mod rows;
mod run;
mod shape;

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use clap::Parser;
use shape::Shape;
use yardstick::reference::{
    corpus::{BYTES, Corpus},
    probes,
    world::SEED,
};

/// Trains the built-in model of Yardstick.
#[derive(Parser)]
struct Arguments {
    /// Where the model goes.
    #[arg(required_unless_present = "probes")]
    folder: Option<PathBuf>,
    /// Ends after so many steps; such a model is good for nothing but comparing its bits.
    #[arg(long, default_value_t = usize::MAX, hide_default_value = true)]
    steps: usize,
    /// Writes the probes to this folder.
    #[arg(long, value_name = "FOLDER")]
    probes: Option<PathBuf>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    if let Some(folder) = &arguments.probes {
        fs::create_dir_all(folder)?;
        for probe in probes::all() {
            fs::write(folder.join(probe.name).with_extension("jsonl"), probe.to_jsonl())?;
        }
    }
    arguments.folder.map_or(Ok(()), |folder| train(&folder, arguments.steps))
}

fn train(folder: &Path, steps: usize) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let documents = Corpus::load().documents(BYTES);
    let bytes: usize = documents.iter().map(String::len).sum();
    println!("{} documents, {:.1} MB ({:.0?})", documents.len(), bytes as f64 / 1e6, start.elapsed());

    let tokenizer =
        rows::train_tokenizer(&documents, Shape::REFERENCE.vocabulary).map_err(|error| error.to_string())?;
    let rows = rows::pack(&tokenizer, &documents, Shape::REFERENCE.context, SEED)
        .map_err(|error| error.to_string())?;
    let tokens: usize = rows.iter().map(Vec::len).sum();
    let full = tokens as f64 / (rows.len() * Shape::REFERENCE.context) as f64;
    println!("{tokens} tokens in {} rows, {:.1} % full ({:.0?})", rows.len(), 100.0 * full, start.elapsed());

    let mut sum = 0.0;
    let begun = Instant::now();
    let (layout, values) = run::train(Shape::REFERENCE, &rows, SEED, steps, |step, steps, loss| {
        sum += loss;
        if step.is_multiple_of(50) || step == steps {
            let count = if step.is_multiple_of(50) { 50 } else { step % 50 };
            let speed = (step * Shape::REFERENCE.tokens()) as f64 / begun.elapsed().as_secs_f64();
            println!("step {step} of {steps}: loss {:.4}, {speed:.0} tokens/s", sum / count as f32);
            sum = 0.0;
        }
    });
    export::write(folder, &layout, &values, &tokenizer)?;
    println!("written to {} ({:.0?})", folder.display(), start.elapsed());
    Ok(())
}
