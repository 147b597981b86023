//! Weights as `torch.save` writes them.

use std::io::{Cursor, Write as _};

use yardstick::engine::local::{Files, weights::Weights};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

/// A zip, or a pickle that is put in one: mutation alone hardly ever gets a checksum right.
pub fn run(data: &[u8]) {
    let folder = super::folder();
    let whole = if data.starts_with(b"PK") { data.to_vec() } else { zip(data) };
    super::write(&folder, "pytorch_model.bin", &whole);
    let files = Files::Folder(folder);
    if let Ok(weights) = Weights::open(&files) {
        super::safetensors::elements(&files, &weights);
    }
}

/// The pickle, with two storages of 64 bytes.
fn zip(pickle: &[u8]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let storage = [0x3c; 64];
    for (name, bytes) in [("m/data.pkl", pickle), ("m/data/0", &storage), ("m/data/1", &storage)] {
        zip.start_file(name, stored).expect("a zip in memory");
        zip.write_all(bytes).expect("a zip in memory");
    }
    zip.finish().expect("a zip in memory").into_inner()
}
