//! From the files of a checkpoint to a model in memory. Matrices are packed one at a time, so that loading takes
//! little more than the weights themselves.

use rayon::prelude::*;

use super::{
    architecture::Architecture,
    checkpoint::{Checkpoint, CheckpointError},
    decoder::{Decoder, Layer, Linear, Scale},
    family::{Arch, Layout, Projection},
    kernel::{Isa, Packed},
    model::Model,
    recurrent,
    weights::{Elements, WeightsError},
};

/// Reads all weights, on the current rayon pool.
pub(super) fn load(checkpoint: &Checkpoint) -> Result<Model, CheckpointError> {
    let model = match &checkpoint.architecture {
        Architecture::Decoder { arch, prefix } => {
            decoder(checkpoint, arch, prefix).map(|decoder| Model::Decoder(Box::new(decoder)))
        }
        Architecture::Recurrent { arch, names } => {
            recurrent::load(checkpoint, arch, *names).map(|model| Model::Recurrent(Box::new(model)))
        }
    };
    model.map_err(|fault| CheckpointError::Weights { place: checkpoint.files.place(), fault })
}

fn decoder(checkpoint: &Checkpoint, arch: &Arch, prefix: &str) -> Result<Decoder, WeightsError> {
    let layer = |index: usize| {
        Ok(Layer {
            attention_norm: scale(
                checkpoint,
                arch,
                &arch.of_layer(prefix, index, arch.names.attention_norm),
            )?,
            qkv: linear(checkpoint, arch, &arch.qkv(prefix, index))?,
            output: linear(checkpoint, arch, &arch.output(prefix, index))?,
            mlp_norm: scale(checkpoint, arch, &arch.of_layer(prefix, index, arch.names.mlp_norm))?,
            up: linear(checkpoint, arch, &arch.up(prefix, index))?,
            down: linear(checkpoint, arch, &arch.down(prefix, index))?,
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
        final_norm: scale(checkpoint, arch, &format!("{prefix}{}", arch.names.final_norm))?,
        arch: arch.clone(),
    })
}

fn scale(checkpoint: &Checkpoint, arch: &Arch, name: &str) -> Result<Scale, WeightsError> {
    let bias = arch.bias.norm.then(|| vector(checkpoint, &format!("{name}.bias"))).transpose()?;
    Ok(Scale { weight: vector(checkpoint, &format!("{name}.weight"))?, bias })
}

fn linear(checkpoint: &Checkpoint, arch: &Arch, projection: &Projection) -> Result<Linear, WeightsError> {
    let parts = projection.parts.iter().map(|(name, outputs)| (format!("{name}.weight"), *outputs));
    let parts: Vec<(String, usize)> = parts.collect();
    let bias = if projection.bias {
        let parts = projection.parts.iter().map(|(name, _)| vector(checkpoint, &format!("{name}.bias")));
        Some(parts.collect::<Result<Vec<_>, _>>()?.concat())
    } else {
        None
    };
    Ok(Linear { weight: matrix(checkpoint, projection.inputs, arch.layout, &parts)?, bias })
}

/// Packs matrices of the same inputs side by side.
pub(super) fn matrix(
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

pub(super) fn vector(checkpoint: &Checkpoint, name: &str) -> Result<Vec<f32>, WeightsError> {
    let floats = checkpoint.weights.read(&checkpoint.files, name)?.floats();
    if floats.iter().all(|value| value.is_finite()) {
        Ok(floats)
    } else {
        Err(WeightsError::NotFinite { tensor: name.to_owned() })
    }
}
