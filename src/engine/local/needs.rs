//! What a model takes of memory besides its files: its weights, and what is computed at once.

use super::{
    answer::LOGITS,
    architecture::Architecture,
    available::{Available, gigabytes},
    checkpoint::{Checkpoint, CheckpointError, Form},
    family::{Arch, Feed, Inputs, Linear, Mlp},
    kernel::{Block, Heads},
    recurrent,
};

/// Bytes that a model takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// Its weights.
    pub weights: u64,
    /// What is computed of a batch at most, with its keys and values and the logits.
    pub batch: u64,
}

impl Needs {
    /// All of it.
    pub fn total(&self) -> u64 {
        self.weights.saturating_add(self.batch)
    }

    /// All of it, and what of it is what.
    pub(super) fn words(&self, batch_tokens: usize) -> String {
        let weights = gigabytes(self.weights);
        match batch_tokens {
            0 => format!("{weights} of memory for its weights"),
            _ => format!(
                "{} of memory: {weights} for its weights, and {} to compute {batch_tokens} tokens at once (`--batch-tokens`)",
                gigabytes(self.total()),
                gigabytes(self.batch)
            ),
        }
    }
}

/// How much memory texts that are written side by side may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    /// In bytes, where they are [`Room::FEW`] at most.
    pub(super) few: u64,
    /// Where they are more.
    pub(super) many: u64,
}

impl Room {
    /// Texts at a time with which products are about as fast as with more: fewer would wait for the weights.
    pub(super) const FEW: usize = 24;
    /// Bytes that any number of texts may hold where there are so many; else a quarter of the weights.
    const LEAST: u64 = 64 << 20;

    /// Beside so many bytes of weights, where so many are `left` besides what is needed, as far as the system says so.
    fn new(weights: u64, left: Option<u64>) -> Self {
        let many = Self::LEAST.max(weights / 4).min(left.unwrap_or(u64::MAX));
        Self { few: many.max(left.unwrap_or(0) / 2), many }
    }

    /// For so many texts.
    pub(super) fn of(self, texts: usize) -> u64 {
        if texts <= Self::FEW { self.few } else { self.many }
    }
}

/// What helps where nothing else does.
pub(super) const LESS: &str = "close other programs, or take a smaller model or machine";

impl Checkpoint {
    /// What it takes to compute so many tokens at once.
    pub fn needs(&self, batch_tokens: usize) -> Needs {
        Needs { weights: self.description().memory, batch: self.architecture.batch(batch_tokens as u64) }
    }

    /// The most that texts which end with so many tokens hold while they are written side by side, as many as there is room
    /// for now.
    pub fn needs_of_texts(&self, mut tokens: Vec<usize>, batch_tokens: usize) -> u64 {
        let total = self.needs(batch_tokens).total();
        let left = Available::here().map(|available| available.bytes.saturating_sub(total));
        let room = Room::new(self.description().memory, left);
        tokens.sort_unstable_by_key(|tokens| std::cmp::Reverse(*tokens));
        let context = self.description().context.unwrap_or(usize::MAX);
        let of = |tokens: &usize| self.architecture.memory_of_sequence(context.min(*tokens));
        let few: u64 = tokens.iter().take(Room::FEW).map(of).sum();
        let all: u64 = tokens.iter().map(of).sum();
        few.min(room.few).max(all.min(room.many))
    }

    /// The memory for texts that are written side by side; an error where less than what is needed may be taken.
    pub(super) fn check_memory(
        &self,
        batch_tokens: usize,
        available: Option<Available>,
    ) -> Result<Room, CheckpointError> {
        let needs = self.needs(batch_tokens);
        let left = |available: Available| {
            available.bytes.checked_sub(needs.total()).ok_or_else(|| CheckpointError::Memory {
                place: self.files.place(),
                needs,
                batch_tokens,
                available,
                remedy: self.remedy(batch_tokens, available.bytes),
            })
        };
        Ok(Room::new(needs.weights, available.map(left).transpose()?))
    }

    /// What makes it fit.
    fn remedy(&self, batch_tokens: usize, available: u64) -> String {
        let fits = |tokens: &usize| self.needs(*tokens).total() <= available;
        let mut halves = std::iter::successors(Some(batch_tokens / 2), |tokens| Some(tokens / 2));
        if let Some(tokens) = halves.find(|tokens| *tokens == 0 || fits(tokens)).filter(|tokens| *tokens > 0)
        {
            return format!("`--batch-tokens {tokens}` fits");
        }
        let widened = self.form() == Form::Widened && self.has_quantized();
        let weights = if widened {
            let bytes = gigabytes(self.description().file_bytes);
            format!("keep the weights as the file has them, in about {bytes} (`--weights quantized`), ")
        } else {
            String::new()
        };
        format!("{weights}{LESS}")
    }
}

impl Architecture {
    /// The bytes that a sequence of so many tokens holds while it goes on.
    fn memory_of_sequence(&self, tokens: usize) -> u64 {
        match self {
            Self::Decoder { arch, .. } => arch.memory_of_sequence(tokens),
            Self::Recurrent { arch, .. } => arch.memory_of_sequence(tokens),
        }
    }

    /// The bytes that so many tokens take while they are computed.
    fn batch(&self, tokens: u64) -> u64 {
        match self {
            Self::Decoder { arch, .. } => {
                // A sequence that goes on is kept whole, as far as the context; of the others one layer at a time.
                let kept =
                    arch.memory_of_sequence(usize::try_from(tokens).unwrap_or(usize::MAX).min(arch.context));
                let one = arch.layers.iter().map(|layer| Block::bytes(layer.attention.heads)).max();
                let passing = one.unwrap_or(0).saturating_mul(tokens / Block::POSITIONS as u64 + 1);
                let logits = 4 * (LOGITS * arch.vocabulary) as u64;
                tokens.saturating_mul(arch.of_token()).saturating_add(kept.saturating_add(passing) + logits)
            }
            Self::Recurrent { arch, .. } => {
                let logits = 4 * (LOGITS * arch.vocabulary) as u64;
                tokens.saturating_mul(of_token(arch)).saturating_add(logits)
            }
        }
    }
}

/// Rows that are held at a time, besides those of a mixture of experts or of narrow attention.
const ROWS: u64 = 6;
/// Rows that these hold more.
const MORE_ROWS: u64 = 4;

impl Arch {
    /// The bytes of a token while it is computed: buffers go from hand to hand, so that each may be as wide as the widest.
    fn of_token(&self) -> u64 {
        let up = |mlp: &Mlp<Linear>| mlp.up.outputs();
        let (mut widest, mut rows) = (self.hidden, ROWS);
        for layer in &self.layers {
            let Heads { queries, keys, dim, values } = layer.attention.heads;
            let attention = (queries + keys) * dim + keys * values;
            let feed = match &layer.feed {
                Feed::Dense(mlp) => up(mlp),
                Feed::Experts(experts) => {
                    rows = ROWS + MORE_ROWS;
                    let shared = experts.shared.as_ref().map(|shared| up(&shared.mlp));
                    experts.experts.iter().map(up).chain(shared).max().unwrap_or(0).max(experts.experts.len())
                }
            };
            if matches!(layer.attention.inputs, Inputs::Latent(_)) {
                rows = ROWS + MORE_ROWS;
            }
            widest = widest.max(attention).max(queries * values).max(feed);
        }
        // Besides: the rows between the layers, those that are wanted, and these normalized.
        4 * (rows * widest as u64 + 4 * self.hidden as u64)
    }
}

/// The same of a state-space model.
fn of_token(arch: &recurrent::Arch) -> u64 {
    let inner = 2 * arch.projected() + 4 * arch.channels + arch.convolved();
    4 * (4 * arch.hidden + inner) as u64
}
