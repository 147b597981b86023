//! From the files of a checkpoint to a state-space model in memory.

use rayon::prelude::*;

use super::{Arch, Layer, Linear, Recurrent, Rule, Selection};
use crate::engine::local::{
    checkpoint::Checkpoint,
    kernel::{Isa, Scan},
    load::{matrix, vector},
    weights::WeightsError,
};

/// Reads all weights, on the current rayon pool.
pub(in crate::engine::local) fn load(
    checkpoint: &Checkpoint,
    arch: &Arch,
    (prefix, embedding): (&'static str, &'static str),
) -> Result<Recurrent, WeightsError> {
    let layer = |index: usize| layer(checkpoint, arch, &format!("{prefix}layers.{index}."));
    let embedding = format!("{prefix}{embedding}");
    let head = if arch.tied { embedding.clone() } else { "lm_head.weight".to_owned() };
    let table = |name| matrix(checkpoint, name, arch.hidden, arch.vocabulary);
    Ok(Recurrent {
        isa: Isa::best(),
        layers: (0..arch.layers).into_par_iter().map(layer).collect::<Result<_, _>>()?,
        head: table(head)?,
        embedding: if arch.tied { None } else { Some(table(embedding)?) },
        final_norm: vector(checkpoint, &format!("{prefix}norm_f.weight"))?,
        arch: arch.clone(),
    })
}

fn layer(checkpoint: &Checkpoint, arch: &Arch, prefix: &str) -> Result<Layer, WeightsError> {
    let read = |name: &str| vector(checkpoint, &format!("{prefix}mixer.{name}"));
    let linear = |name: &str, inputs: usize, outputs: usize, bias: bool| {
        let weight = format!("{prefix}mixer.{name}.weight");
        Ok(Linear {
            weight: matrix(checkpoint, weight, inputs, outputs)?,
            bias: bias.then(|| read(&format!("{name}.bias"))).transpose()?,
        })
    };
    let (convolved, taps) = (arch.convolved(), arch.taps);
    let by_channel = read("conv1d.weight")?;
    let by_tap = |at: usize| by_channel[at % convolved * taps + at / convolved];
    let decay: Vec<f32> = read("A_log")?.into_iter().map(|log| -libm::expf(log)).collect();
    let (skip, decay, rule) = match arch.selection {
        Selection::Projected { rank, norm } => {
            let rule = Rule::Projected {
                select: linear("x_proj", arch.channels, rank + 2 * arch.state, false)?,
                step: linear("dt_proj", rank, arch.channels, true)?,
                eps: norm,
            };
            (read("D")?, decay, rule)
        }
        Selection::Direct { heads, groups, limits } => {
            let wide = arch.channels / heads;
            let spread = |of_heads: Vec<f32>| -> Vec<f32> {
                of_heads.iter().flat_map(|value| std::iter::repeat_n(*value, wide)).collect()
            };
            let rule =
                Rule::Direct { step_bias: read("dt_bias")?, limits, groups, norm: read("norm.weight")? };
            (spread(read("D")?), spread(decay), rule)
        }
    };
    Ok(Layer {
        norm: vector(checkpoint, &format!("{prefix}norm.weight"))?,
        into: linear("in_proj", arch.hidden, arch.projected(), arch.bias)?,
        taps: (0..taps * convolved).map(by_tap).collect(),
        tap_bias: if arch.convolution_bias { read("conv1d.bias")? } else { vec![0.0; convolved] },
        rule,
        scan: Scan::new(arch.state, arch.groups(), &decay, &skip),
        out: linear("out_proj", arch.channels, arch.hidden, arch.bias)?,
    })
}
