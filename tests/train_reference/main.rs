//! Trains the built-in model anew: `cargo run --release --example train_reference -- FOLDER [--steps N] [--probes-only]`.
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

use std::{error::Error, path::PathBuf, time::Instant};

use shape::Shape;
use yardstick::reference::{
    corpus::{BYTES, Corpus},
    world::SEED,
};

fn main() -> Result<(), Box<dyn Error>> {
    let (folder, steps) = arguments()?;
    let start = Instant::now();
    let documents = Corpus::load().documents(BYTES);
    let bytes: usize = documents.iter().map(String::len).sum();
    println!("{} documents, {:.1} MB ({:.0?})", documents.len(), bytes as f64 / 1e6, start.elapsed());

    let tokenizer = rows::train_tokenizer(&documents, Shape::REFERENCE.vocabulary).map_err(|error| error.to_string())?;
    let rows = rows::pack(&tokenizer, &documents, Shape::REFERENCE.context, SEED).map_err(|error| error.to_string())?;
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
    export::write(&folder, &layout, &values, &tokenizer)?;
    println!("written to {} ({:.0?})", folder.display(), start.elapsed());
    Ok(())
}

fn arguments() -> Result<(PathBuf, usize), String> {
    let usage = "usage: train_reference FOLDER [--steps N]";
    let mut folder = None;
    let mut steps = usize::MAX;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--steps" => {
                let count = arguments.next().and_then(|count| count.parse().ok());
                steps = count.ok_or_else(|| format!("--steps takes a number of steps; {usage}"))?;
            }
            _ if argument.starts_with('-') || folder.is_some() => {
                return Err(format!("`{argument}` is not known here; {usage}"));
            }
            _ => folder = Some(PathBuf::from(argument)),
        }
    }
    folder.map(|folder| (folder, steps)).ok_or_else(|| usage.to_owned())
}
