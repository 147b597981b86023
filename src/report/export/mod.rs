//! A record in the formats of other programs: pure functions of what a run folder holds.

pub mod eee;
pub mod junit;
pub mod lm_eval;

/// A file to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name, which no system refuses.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// Files, and what of the record they cannot hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// In the order to be written.
    pub files: Vec<File>,
    /// What has no place in the format, and why.
    pub left_out: Vec<String>,
}
