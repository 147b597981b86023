//! A model in memory, of either sort, behind one face.

use super::{
    decoder::{Decoder, Place},
    kernel::{Block, Found, Softmax, Want},
    memory::{Memory, Sequence},
    recurrent::Recurrent,
};

/// What reads sequences and says what comes after them.
pub(super) enum Model {
    /// With attention.
    Decoder(Box<Decoder>),
    /// A state-space model.
    Recurrent(Box<Recurrent>),
}

/// The same call on either sort.
macro_rules! either {
    ($model:expr, $name:ident => $call:expr) => {
        match $model {
            Model::Decoder($name) => $call,
            Model::Recurrent($name) => $call,
        }
    };
}

impl Model {
    /// Reads all sequences of a batch and returns the normalized rows of the wanted tokens, `[wanted, hidden]`, in order.
    pub(super) fn read(&self, batch: &mut [Sequence<'_>]) -> Vec<f32> {
        either!(self, model => model.read(batch))
    }

    /// The longest sequence, in tokens.
    pub(super) fn context(&self) -> usize {
        match self {
            Self::Decoder(decoder) => decoder.context(),
            Self::Recurrent(_) => Recurrent::LONGEST,
        }
    }

    /// Values of a row.
    pub(super) fn hidden(&self) -> usize {
        either!(self, model => model.hidden())
    }

    /// How many layers there are.
    pub(super) fn layers(&self) -> usize {
        either!(self, model => model.layers())
    }

    /// A memory for a sequence that goes on.
    pub(super) fn memory(&self) -> Memory {
        either!(self, model => model.memory())
    }

    /// The bytes that a sequence of so many tokens holds while it goes on.
    pub(super) fn memory_of_sequence(&self, tokens: usize) -> u64 {
        either!(self, model => model.arch.memory_of_sequence(tokens))
    }

    /// The bytes that a sequence may still take until it has so many tokens, when its first ones are those of another.
    pub(super) fn growth(&self, shared: usize, tokens: usize) -> u64 {
        let all = self.memory_of_sequence(tokens);
        match self {
            Self::Decoder(_) => {
                all - self.memory_of_sequence(shared / Block::POSITIONS * Block::POSITIONS).min(all)
            }
            // States are not shared.
            Self::Recurrent(_) => all,
        }
    }

    /// How fast each pair of values turns in a sequence of this length: sequences that differ in it have nothing in common.
    pub(super) fn rotation(&self, length: usize) -> Vec<f32> {
        match self {
            Self::Decoder(decoder) => decoder.rotation(length),
            Self::Recurrent(_) => Vec::new(),
        }
    }

    /// Answers one question about what comes after each row of [`Model::read`].
    pub(super) fn find(&self, rows: &[f32], wants: &[Want]) -> Vec<Found> {
        either!(self, model => model.find(rows, wants))
    }

    /// The logits after rows of [`Model::read`]: `[rows, vocabulary]`.
    pub(super) fn logits(&self, rows: &[f32]) -> Vec<f32> {
        either!(self, model => model.logits(rows))
    }

    /// One row of logits as a distribution.
    pub(super) fn softmax(&self, logits: &[f32]) -> Softmax {
        either!(self, model => model.softmax(logits))
    }

    /// Reads a sequence once more to find where its numbers stop being numbers.
    pub(super) fn first_not_finite(&self, tokens: &[u32], length: usize) -> Place {
        either!(self, model => model.first_not_finite(tokens, length))
    }
}
