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

/// What helps where nothing else does.
pub(super) const LESS: &str = "close other programs, or take a smaller model or machine";

impl Checkpoint {
    /// What it takes to compute so many tokens at once.
    pub fn needs(&self, batch_tokens: usize) -> Needs {
        Needs { weights: self.description().memory, batch: self.architecture.batch(batch_tokens as u64) }
    }

    /// The bytes that are left for texts that are written side by side; an error where less than what is needed may be
    /// taken.
    pub(super) fn check_memory(
        &self,
        batch_tokens: usize,
        available: Available,
    ) -> Result<u64, CheckpointError> {
        let needs = self.needs(batch_tokens);
        available.bytes.checked_sub(needs.total()).ok_or_else(|| CheckpointError::Memory {
            place: self.files.place(),
            needs,
            batch_tokens,
            available,
            remedy: self.remedy(batch_tokens, available.bytes),
        })
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
