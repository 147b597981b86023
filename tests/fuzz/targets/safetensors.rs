//! Weights in safetensors.

use yardstick::engine::local::{
    Files,
    weights::{Dtype, Layout, Weights},
};

/// The bytes are the file.
pub fn run(data: &[u8]) {
    let folder = super::folder();
    super::write(&folder, "model.safetensors", data);
    let files = Files::Folder(folder);
    if let Ok(weights) = Weights::open(&files) {
        elements(&files, &weights);
    }
}

/// Reads every tensor that can be read, in every way.
pub(super) fn elements(files: &Files, weights: &Weights) {
    for name in weights.names() {
        let tensor = weights.get(name).expect("a tensor that is named is there");
        tensor.bytes();
        if !matches!(tensor.dtype, Dtype::Read(_)) {
            continue;
        }
        let count = usize::try_from(tensor.elements()).expect("what lies in a file can be counted");
        if let Ok(floats) = weights.floats(files, name) {
            assert_eq!(floats.len(), count);
        }
        let &[rows, columns] = tensor.shape.as_slice() else { continue };
        for (layout, width, lines) in
            [(Layout::OutputsFirst, columns, rows), (Layout::InputsFirst, rows, columns)]
        {
            let Ok(elements) = weights.elements(files, name, layout, None) else { continue };
            if lines > 0 && width > 0 {
                let mut panel = vec![[0.0; 32]; width];
                drop(elements.fill(&mut panel, 0..lines.min(32), 0, 1));
            }
        }
    }
}
