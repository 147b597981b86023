//! What a model is built like, of either sort: what its config says, and the names that its tensors have in the files.

use serde_json::{Map, Value};

use super::{
    config::Config,
    family::{self, Arch, Position, Wanted},
    kernel::{Block, Packed},
    recurrent,
    weights::Weights,
};

/// A model's architecture.
pub(super) enum Architecture {
    /// With attention.
    Decoder {
        /// Its switches.
        arch: Arch,
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
    let mut names: Vec<&str> =
        decoders.chain(recurrent::FAMILIES.iter().map(|family| family.name)).collect();
    names.sort_unstable();
    names
}

impl Architecture {
    /// Reads a config; faults stay in it. `None` where its family is not known.
    pub(super) fn read(config: &Config<'_>, values: &Map<String, Value>) -> Option<(&'static str, Self)> {
        let name = values.get("model_type")?.as_str()?;
        if let Some(family) = family::FAMILIES.iter().find(|family| family.name == name) {
            let arch = (family.read)(config);
            let prefix = arch.names.prefixes[0];
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
                    weights.get(&format!("{prefix}{}.weight", arch.names.embedding)).is_some()
                };
                if let Some(found) = arch.names.prefixes.iter().find(fits) {
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
            Self::Decoder { arch, .. } => arch.layers,
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

    /// The bytes of the weights as they lie in memory.
    pub(super) fn memory(&self) -> u64 {
        match self {
            Self::Decoder { arch, .. } => memory(arch),
            Self::Recurrent { arch, .. } => arch.memory(),
        }
    }

    /// The bytes that a sequence of so many tokens holds while it goes on.
    pub(super) fn memory_of_sequence(&self, tokens: usize) -> u64 {
        match self {
            Self::Decoder { arch, .. } => arch.memory_of_sequence(tokens),
            Self::Recurrent { arch, .. } => arch.memory_of_sequence(tokens),
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
        (self.layers * Block::count(tokens)) as u64 * Block::bytes(self.heads)
    }
}

/// The bytes of the weights as they lie in memory.
fn memory(arch: &Arch) -> u64 {
    let packed = |inputs: usize, outputs: usize| Packed::bytes(inputs as u64, outputs as u64);
    let heads = arch.heads.dim * (arch.heads.queries + 2 * arch.heads.keys);
    let up = if arch.gated() { 2 * arch.mlp } else { arch.mlp };
    let layer = packed(arch.hidden, heads)
        + packed(arch.heads.queries * arch.heads.dim, arch.hidden)
        + packed(arch.hidden, up)
        + packed(arch.mlp, arch.hidden);
    let table = |rows: usize| 4 * rows as u64 * arch.hidden as u64;
    let positions = match arch.position {
        Position::Learned => table(arch.context),
        Position::Rotary(_) => 0,
    };
    let embedding = if arch.tied { 0 } else { table(arch.vocabulary) };
    arch.layers as u64 * layer + packed(arch.hidden, arch.vocabulary) + positions + embedding
}
