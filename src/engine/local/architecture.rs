//! What a model is built like, of either sort: what its config says, and the names that its tensors have in the files.

use serde_json::{Map, Value};

use super::{
    config::Config,
    family::{self, Arch, Table, Wanted},
    kernel::Block,
    recurrent,
    weights::Weights,
};

/// A model's architecture.
pub(super) enum Architecture {
    /// With attention.
    Decoder {
        /// Its switches.
        arch: Box<Arch>,
        /// Before the tensors' names.
        prefix: &'static str,
    },
    /// A state-space model.
    Recurrent {
        /// Its switches.
        arch: recurrent::Arch,
        /// Before the tensors' names, and the embedding's own.
        names: (&'static str, &'static str),
    },
}

/// What a model takes and gives.
#[derive(Clone, Debug)]
pub struct Interface {
    /// The longest sequence, in tokens, where there is a longest.
    pub context: Option<usize>,
    /// Rows of the embedding.
    pub vocabulary: usize,
    /// Ids that begin a text, by the config.
    pub begins: Vec<u32>,
    /// Ids that end a text, by the config.
    pub ends: Vec<u32>,
}

/// Every family that is run, by its `model_type`, in order.
pub fn families() -> Vec<&'static str> {
    let decoders = family::FAMILIES.iter().map(|family| family.name);
    let mut names: Vec<&str> = decoders.chain(recurrent::FAMILIES.iter().map(|family| family.name)).collect();
    names.sort_unstable();
    names
}

impl Architecture {
    /// Reads a config; faults stay in it. `None` where its family is not known.
    pub(super) fn read(config: &Config<'_>, values: &Map<String, Value>) -> Option<(&'static str, Self)> {
        let name = values.get("model_type")?.as_str()?;
        if let Some(family) = family::FAMILIES.iter().find(|family| family.name == name) {
            let arch = Box::new((family.read)(config));
            let prefix = arch.prefixes[0];
            return Some((family.name, Self::Decoder { arch, prefix }));
        }
        let family = recurrent::FAMILIES.iter().find(|family| family.name == name)?;
        let names = recurrent::Arch::EMBEDDINGS[0];
        Some((family.name, Self::Recurrent { arch: (family.read)(config), names }))
    }

    /// Finds out what the tensors are called in these files.
    pub(super) fn find_names(&mut self, weights: &Weights) {
        match self {
            Self::Decoder { arch, prefix } => {
                let fits = |prefix: &&&'static str| {
                    weights.get(&format!("{prefix}{}", arch.embedding.tokens.name)).is_some()
                };
                if let Some(found) = arch.prefixes.iter().find(fits) {
                    *prefix = found;
                }
            }
            Self::Recurrent { names, .. } => {
                let fits = |(prefix, embedding): &&(&str, &str)| {
                    weights.get(&format!("{prefix}{embedding}")).is_some()
                };
                if let Some(found) = recurrent::Arch::EMBEDDINGS.iter().find(fits) {
                    *names = *found;
                }
            }
        }
    }

    /// Everything that is read from the files.
    pub(super) fn tensors(&self) -> Vec<Wanted> {
        match self {
            Self::Decoder { arch, prefix } => arch.tensors(prefix),
            Self::Recurrent { arch, names } => arch.tensors(*names),
        }
    }

    pub(super) fn layers(&self) -> usize {
        match self {
            Self::Decoder { arch, .. } => arch.layers.len(),
            Self::Recurrent { arch, .. } => arch.layers,
        }
    }

    pub(super) fn interface(&self) -> Interface {
        match self {
            Self::Decoder { arch, .. } => arch.interface(),
            Self::Recurrent { arch, .. } => Interface {
                context: None,
                vocabulary: arch.vocabulary,
                begins: arch.begins.clone(),
                ends: arch.ends.clone(),
            },
        }
    }

    /// The bytes of the weights as they lie in memory; `packed` says it of a matrix by its inputs, outputs and tensors.
    pub(super) fn memory(&self, packed: &dyn Fn(usize, usize, &[String]) -> u64) -> u64 {
        match self {
            Self::Decoder { arch, prefix } => memory(arch, prefix, packed),
            Self::Recurrent { arch, names } => arch.memory(*names, packed),
        }
    }
}

impl Arch {
    /// What it takes and gives.
    pub(super) fn interface(&self) -> Interface {
        Interface {
            context: Some(self.context),
            vocabulary: self.vocabulary,
            begins: self.begins.clone(),
            ends: self.ends.clone(),
        }
    }

    /// The bytes of the keys and values of so many tokens.
    pub(super) fn memory_of_sequence(&self, tokens: usize) -> u64 {
        let layers = self.layers.iter().map(|layer| Block::bytes(layer.attention.heads));
        layers.sum::<u64>() * Block::count(tokens) as u64
    }
}

fn memory(arch: &Arch, prefix: &str, packed: &dyn Fn(usize, usize, &[String]) -> u64) -> u64 {
    let linears = arch.linears();
    let linears =
        linears.iter().map(|linear| packed(linear.inputs, linear.outputs(), &linear.weights(prefix)));
    let table = |table: &Table, prefix| packed(table.width, table.rows, &[format!("{prefix}{}", table.name)]);
    let positions = arch.embedding.positions.as_ref();
    linears.sum::<u64>()
        + table(&arch.embedding.tokens, prefix)
        + arch.head.table.as_ref().map_or(0, |head| table(head, ""))
        + positions.map_or(0, |own| 4 * own.table.rows as u64 * own.table.width as u64)
}
