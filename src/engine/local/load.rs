//! From the files of a checkpoint to a decoder in memory. Matrices are packed one at a time, so that loading takes
//! little more than the weights themselves. However a file lays a projection out, in memory its outputs lie as the decoder
//! reads them.

use std::{ops::Range, sync::Mutex};

use rayon::prelude::*;

use super::{
    architecture::Architecture,
    checkpoint::{Checkpoint, CheckpointError},
    decoder::{Decoder, Layer, Linear, Norm},
    family::{
        self, Around, Attention, Experts, Feed, Inputs, Latent, Mlp, QkNorms, Scale, Shared, Source, Stretch,
        Wiring,
    },
    kernel::{Isa, Packed},
    model::Model,
    recurrent,
    weights::{Elements, Layout, WeightsError},
};

/// Reads all weights, on the current rayon pool.
pub(super) fn load(checkpoint: &Checkpoint) -> Result<Model, CheckpointError> {
    let model = match &checkpoint.architecture {
        Architecture::Decoder { arch, prefix } => {
            Reader { checkpoint, prefix }.decoder(arch).map(|decoder| Model::Decoder(Box::new(decoder)))
        }
        Architecture::Recurrent { arch, names } => {
            recurrent::load(checkpoint, arch, *names).map(|model| Model::Recurrent(Box::new(model)))
        }
    };
    model.map_err(|fault| CheckpointError::Weights { place: checkpoint.files.place(), fault })
}

/// Packs the transpose of a matrix that is `[outputs, inputs]` in the file.
pub(super) fn matrix(
    checkpoint: &Checkpoint,
    name: String,
    inputs: usize,
    outputs: usize,
) -> Result<Packed, WeightsError> {
    let source = Source { weight: name, bias: None, outputs, expert: None };
    Reader { checkpoint, prefix: "" }.matrix(&family::Linear::of(inputs, source))
}

/// Reads a tensor.
pub(super) fn vector(checkpoint: &Checkpoint, name: &str) -> Result<Vec<f32>, WeightsError> {
    Reader { checkpoint, prefix: "" }.vector(name, None)
}

/// Reads what has a prefix before its name.
#[derive(Clone, Copy)]
struct Reader<'a> {
    checkpoint: &'a Checkpoint,
    prefix: &'a str,
}

type Read<T> = Result<T, WeightsError>;

impl Reader<'_> {
    fn decoder(self, arch: &family::Arch) -> Read<Decoder> {
        let outside = Self { prefix: "", ..self };
        let tokens = &arch.embedding.tokens;
        let (head, embedding) = match &arch.head.table {
            Some(table) => (outside.table(table)?, Some(self.table(tokens)?)),
            None => (self.table(tokens)?, None),
        };
        let project =
            |linear: &Option<family::Linear>| linear.as_ref().map(|linear| self.linear(linear)).transpose();
        let norm = |norm: &Option<family::NormAt>| norm.as_ref().map(|norm| self.norm(norm)).transpose();
        let positions = arch.embedding.positions.as_ref();
        Ok(Decoder {
            isa: Isa::best(),
            embedding,
            project_in: project(&arch.embedding.project)?,
            positions: positions.map(|positions| self.vector(&positions.table.name, None)).transpose()?,
            embedding_norm: norm(&arch.embedding.norm)?,
            layers: arch.layers.par_iter().map(|layer| self.layer(layer)).collect::<Read<_>>()?,
            norm: norm(&arch.norm)?,
            project_out: project(&arch.head.project)?,
            head,
            head_bias: arch.head.bias.as_ref().map(|name| outside.vector(name, None)).transpose()?,
            arch: arch.clone(),
            buffers: Mutex::default(),
        })
    }

    fn layer(self, layer: &family::Layer) -> Read<Layer> {
        Ok(Layer {
            wiring: match &layer.wiring {
                Wiring::Serial { attention, feed } => {
                    Wiring::Serial { attention: self.around(attention)?, feed: self.around(feed)? }
                }
                Wiring::Parallel { attention, feed } => Wiring::Parallel {
                    attention: self.norm(attention)?,
                    feed: feed.as_ref().map(|norm| self.norm(norm)).transpose()?,
                },
            },
            attention: self.attention(&layer.attention)?,
            feed: match &layer.feed {
                Feed::Dense(mlp) => Feed::Dense(self.mlp(mlp)?),
                Feed::Experts(experts) => Feed::Experts(self.experts(experts)?),
            },
            residual: layer.residual,
        })
    }

    fn around(self, around: &Around) -> Read<Around<Norm>> {
        Ok(match around {
            Around::Before(norm) => Around::Before(self.norm(norm)?),
            Around::After(norm) => Around::After(self.norm(norm)?),
            Around::Both(first, last) => Around::Both(self.norm(first)?, self.norm(last)?),
            Around::Sum(norm) => Around::Sum(self.norm(norm)?),
            Around::Input(norm) => Around::Input(self.norm(norm)?),
        })
    }

    fn attention(self, attention: &Attention) -> Read<Attention<Linear, Norm, Vec<f32>>> {
        let dim = attention.heads.dim;
        Ok(Attention {
            heads: attention.heads,
            inputs: match &attention.inputs {
                Inputs::Direct(linear) => Inputs::Direct(self.linear(linear)?),
                Inputs::Latent(latent) => Inputs::Latent(Box::new(self.latent(latent)?)),
            },
            norms: attention.norms.as_ref().map(|norms| self.qk_norms(norms, dim)).transpose()?,
            clip: attention.clip,
            rotary: attention.rotary,
            scale: attention.scale,
            softcap: attention.softcap,
            window: attention.window,
            alibi: attention.alibi.clone(),
            sinks: attention.sinks.as_ref().map(|name| self.vector(name, None)).transpose()?,
            output: self.linear(&attention.output)?,
        })
    }

    fn qk_norms(self, norms: &QkNorms, dim: usize) -> Read<QkNorms<Norm>> {
        let norm = |norm| {
            let norm = self.norm(norm)?;
            Ok(if norms.whole { norm } else { Norm { piece: dim, ..norm } })
        };
        Ok(QkNorms { queries: norm(&norms.queries)?, keys: norm(&norms.keys)?, whole: norms.whole })
    }

    fn latent(self, latent: &Latent) -> Read<Latent<Linear, Norm>> {
        let down = latent.query_down.as_ref();
        Ok(Latent {
            query_down: down
                .map(|(linear, norm)| Ok((self.linear(linear)?, self.norm(norm)?)))
                .transpose()?,
            query: self.linear(&latent.query)?,
            down: self.linear(&latent.down)?,
            norm: self.norm(&latent.norm)?,
            up: self.linear(&latent.up)?,
            rotated: latent.rotated,
        })
    }

    fn mlp(self, mlp: &Mlp) -> Read<Mlp<Linear>> {
        Ok(Mlp { up: self.linear(&mlp.up)?, bend: mlp.bend, down: self.linear(&mlp.down)? })
    }

    fn experts(self, experts: &Experts) -> Read<Experts<Linear>> {
        let shared = experts.shared.as_ref().map(|shared| {
            let gate = shared.gate.as_ref().map(|gate| self.linear(gate)).transpose()?;
            Ok(Shared { mlp: self.mlp(&shared.mlp)?, gate })
        });
        Ok(Experts {
            router: self.linear(&experts.router)?,
            weights: experts.weights,
            chosen: experts.chosen,
            experts: experts.experts.par_iter().map(|mlp| self.mlp(mlp)).collect::<Read<_>>()?,
            shared: shared.transpose()?,
        })
    }

    fn norm(self, norm: &family::NormAt) -> Read<Norm> {
        let weight = match &norm.weight {
            Scale::One => vec![1.0; norm.width],
            Scale::Of(name) | Scale::Rows(name, _) => self.vector(name, None)?,
            Scale::OnePlus(name) => self.vector(name, None)?.iter().map(|weight| 1.0 + weight).collect(),
            Scale::Each(names) => {
                names.iter().map(|name| self.vector(name, None)).collect::<Read<Vec<_>>>()?.concat()
            }
        };
        let weight = in_order(weight, &norm.order);
        let bias = norm.bias.as_ref().map(|name| self.vector(name, None)).transpose()?;
        Ok(Norm { norm: norm.norm, piece: weight.len(), weight, bias })
    }

    fn table(self, table: &family::Table) -> Read<Packed> {
        matrix(self.checkpoint, format!("{}{}", self.prefix, table.name), table.width, table.rows)
    }

    fn linear(self, linear: &family::Linear) -> Read<Linear> {
        let mut biases = Vec::new();
        for source in &linear.sources {
            if let Some(bias) = &source.bias {
                let part =
                    source.expert.map(|(expert, _)| expert * source.outputs..(expert + 1) * source.outputs);
                biases.extend(self.vector(bias, part)?);
            }
        }
        let bias = (!biases.is_empty()).then(|| in_order(biases, &linear.order));
        Ok(Linear { weight: self.matrix(linear)?, bias })
    }

    /// Packs the outputs of some tensors side by side.
    fn matrix(self, linear: &family::Linear) -> Read<Packed> {
        let inputs = linear.inputs;
        let names = linear.weights(self.prefix);
        let layout = if linear.inputs_first { Layout::InputsFirst } else { Layout::OutputsFirst };
        let Checkpoint { weights, files, .. } = self.checkpoint;
        let sources = linear.sources.iter().zip(&names);
        let elements: Vec<Elements> = sources
            .map(|(source, name)| {
                weights.elements(files, name, layout, source.expert.map(|(expert, _)| expert))
            })
            .collect::<Read<_>>()?;
        if self.checkpoint.keeps(names.iter().map(String::as_str))
            && linear.order.is_empty()
            && elements.iter().all(Elements::are_in_file)
        {
            let lines =
                linear.sources.iter().zip(&elements).map(|(source, elements)| elements.keep(source.outputs));
            return Ok(Packed::keep(inputs, lines.collect::<Read<_>>()?));
        }
        let storage = self.checkpoint.storage(names.iter().map(String::as_str));
        let runs = runs(linear);
        Packed::build(storage, inputs, linear.outputs(), |columns, panel| {
            let first = runs.partition_point(|run| run.to.end <= columns.start);
            for run in runs[first..].iter().take_while(|run| run.to.start < columns.end) {
                let to = run.to.start.max(columns.start)..run.to.end.min(columns.end);
                let from = run.from + (to.start - run.to.start) * run.step;
                let place = to.start - columns.start..to.end - columns.start;
                elements[run.source].fill(panel, place.clone(), from, run.step)?;
                if !panel.iter().all(|row| row[place.clone()].iter().all(|value| value.is_finite())) {
                    return Err(WeightsError::NotFinite { tensor: names[run.source].clone() });
                }
            }
            Ok(())
        })
    }

    /// A tensor, or these elements of it.
    fn vector(self, name: &str, part: Option<Range<usize>>) -> Read<Vec<f32>> {
        let name = format!("{}{name}", self.prefix);
        let mut floats = self.checkpoint.weights.floats(&self.checkpoint.files, &name)?;
        if let Some(part) = part {
            floats = floats[part].to_vec();
        }
        if floats.iter().all(|value| value.is_finite()) {
            Ok(floats)
        } else {
            Err(WeightsError::NotFinite { tensor: name })
        }
    }
}

/// Outputs that one tensor gives one after the other.
struct Run {
    to: Range<usize>,
    source: usize,
    /// The first output within the source.
    from: usize,
    step: usize,
}

/// The outputs of a projection in order.
fn runs(linear: &family::Linear) -> Vec<Run> {
    let whole = [Stretch { start: 0, step: 1, len: linear.outputs() }];
    let order = if linear.order.is_empty() { &whole[..] } else { &linear.order };
    let mut runs = Vec::new();
    let mut to = 0;
    for stretch in order {
        let (mut start, mut left) = (stretch.start, stretch.len);
        let mut before = 0;
        for (source, outputs) in linear.sources.iter().map(|source| source.outputs).enumerate() {
            if left > 0 && start < before + outputs {
                let len = (before + outputs - start).div_ceil(stretch.step).min(left);
                runs.push(Run { to: to..to + len, source, from: start - before, step: stretch.step });
                to += len;
                start += len * stretch.step;
                left -= len;
            }
            before += outputs;
        }
    }
    runs
}

fn in_order(values: Vec<f32>, order: &[Stretch]) -> Vec<f32> {
    if order.is_empty() {
        return values;
    }
    let of = |stretch: &Stretch| {
        (0..stretch.len).map(|i| values[stretch.start + i * stretch.step]).collect::<Vec<_>>()
    };
    order.iter().flat_map(of).collect()
}
