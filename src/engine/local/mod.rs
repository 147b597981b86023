//! Models in this process, on the CPU.

pub mod kernel;
mod files;
mod config;
mod family;
mod weights;
mod tokens;
mod checkpoint;
mod decoder;
mod load;

pub use checkpoint::{Checkpoint, CheckpointError, Description};
pub use files::Files;
pub use tokens::{Tokens, TokensError};
