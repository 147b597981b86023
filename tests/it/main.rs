//! One test binary for everything that is seen from outside.

mod reference;
mod reference_training;
mod tidy;
