//! Models in this process, on the CPU.

pub mod kernel;
