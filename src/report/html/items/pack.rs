//! JSON and text as base64 of gzip.

use std::io::Write;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::{Compression, write::GzEncoder};
use serde::Serialize;

/// Smaller pages are not worth more time: level 6 takes twice as long for a twentieth.
const LEVEL: Compression = Compression::new(4);

pub(super) fn json(value: &impl Serialize) -> String {
    text(&serde_json::to_vec(value).expect("plain data has a JSON form"))
}

pub(super) fn text(bytes: &[u8]) -> String {
    // The header holds no time and no name: the same bytes are packed the same.
    let mut packed = GzEncoder::new(Vec::with_capacity(bytes.len() / 3), LEVEL);
    let packed =
        packed.write_all(bytes).and_then(|()| packed.finish()).expect("memory takes all that is written");
    STANDARD.encode(packed)
}
