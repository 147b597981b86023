//! One test binary for everything that is seen from outside.

#[cfg(feature = "hub")]
mod hub;
mod tidy;
