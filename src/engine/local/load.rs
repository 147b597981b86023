//! From the files of a checkpoint to a decoder in memory. Matrices are packed one at a time, so that loading takes
//! little more than the weights themselves.

use rayon::prelude::*;

use super::{
    checkpoint::{Checkpoint, CheckpointError},
    decoder::{Decoder, Layer, Linear, Scale},
    family::{Layout, Projection},
    kernel::{Isa, Packed},
    weights::{Elements, WeightsError},
};

/// Reads all weights, on the current rayon pool.
pub(super) fn load(checkpoint: &Checkpoint) -> Result<Decoder, CheckpointError> {
    read(checkpoint).map_err(|fault| CheckpointError::Weights { place: checkpoint.files.place(), fault })
}

fn read(checkpoint: &Checkpoint) -> Result<Decoder, WeightsError> {
    let (arch, prefix) = (&checkpoint.arch, checkpoint.prefix);
    let layer = |index: usize| {
        Ok(Layer {
            attention_norm: scale(checkpoint, &arch.of_layer(prefix, index, arch.names.attention_norm))?,
            qkv: linear(checkpoint, &arch.qkv(prefix, index))?,
            output: linear(checkpoint, &arch.output(prefix, index))?,
            mlp_norm: scale(checkpoint, &arch.of_layer(prefix, index, arch.names.mlp_norm))?,
            up: linear(checkpoint, &arch.up(prefix, index))?,
            down: linear(checkpoint, &arch.down(prefix, index))?,
        })
    };
    let embedding = format!("{prefix}{}.weight", arch.names.embedding);
    let head = if arch.tied { embedding.clone() } else { format!("{}.weight", arch.names.head) };
    let positions = arch.names.positions.map(|name| format!("{prefix}{name}.weight"));
    Ok(Decoder {
        isa: Isa::best(),
        layers: (0..arch.layers).into_par_iter().map(layer).collect::<Result<_, _>>()?,
        head: matrix(checkpoint, arch.hidden, Layout::OutputsFirst, &[(head, arch.vocabulary)])?,
        embedding: if arch.tied {
            None
        } else {
            Some(matrix(checkpoint, arch.hidden, Layout::OutputsFirst, &[(embedding, arch.vocabulary)])?)
        },
        positions: positions.map(|name| vector(checkpoint, &name)).transpose()?,
        final_norm: scale(checkpoint, &format!("{prefix}{}", arch.names.final_norm))?,
        arch: arch.clone(),
    })
}

fn scale(checkpoint: &Checkpoint, name: &str) -> Result<Scale, WeightsError> {
    let bias = checkpoint.arch.bias.norm.then(|| vector(checkpoint, &format!("{name}.bias"))).transpose()?;
    Ok(Scale { weight: vector(checkpoint, &format!("{name}.weight"))?, bias })
}

fn linear(checkpoint: &Checkpoint, projection: &Projection) -> Result<Linear, WeightsError> {
    let parts = projection.parts.iter().map(|(name, outputs)| (format!("{name}.weight"), *outputs));
    let parts: Vec<(String, usize)> = parts.collect();
    let bias = if projection.bias {
        let parts = projection.parts.iter().map(|(name, _)| vector(checkpoint, &format!("{name}.bias")));
        Some(parts.collect::<Result<Vec<_>, _>>()?.concat())
    } else {
        None
    };
    Ok(Linear { weight: matrix(checkpoint, projection.inputs, checkpoint.arch.layout, &parts)?, bias })
}

/// Packs matrices of the same inputs side by side.
fn matrix(
    checkpoint: &Checkpoint,
    inputs: usize,
    layout: Layout,
    parts: &[(String, usize)],
) -> Result<Packed, WeightsError> {
    let elements: Vec<Elements> = parts
        .iter()
        .map(|(name, _)| checkpoint.weights.read(&checkpoint.files, name))
        .collect::<Result<_, _>>()?;
    let outputs = parts.iter().map(|(_, outputs)| outputs).sum();
    let storage = checkpoint.storage(parts.iter().map(|(name, _)| name.as_str()));
    Packed::build(storage, inputs, outputs, |columns, panel| {
        let mut first = 0;
        for ((name, outputs), elements) in parts.iter().zip(&elements) {
            let from = columns.start.max(first);
            let to = columns.end.min(first + outputs);
            if from < to {
                let own = from - first;
                let place = from - columns.start..to - columns.start;
                match layout {
                    Layout::OutputsFirst => elements.fill(panel, place.clone(), own * inputs, 1, inputs),
                    Layout::InputsFirst => elements.fill(panel, place.clone(), own, *outputs, 1),
                }
                if !panel.iter().all(|row| row[place.clone()].iter().all(|value| value.is_finite())) {
                    return Err(WeightsError::NotFinite { tensor: name.clone() });
                }
            }
            first += outputs;
        }
        Ok(())
    })
}

fn vector(checkpoint: &Checkpoint, name: &str) -> Result<Vec<f32>, WeightsError> {
    let floats = checkpoint.weights.read(&checkpoint.files, name)?.floats();
    if floats.iter().all(|value| value.is_finite()) {
        Ok(floats)
    } else {
        Err(WeightsError::NotFinite { tensor: name.to_owned() })
    }
}
