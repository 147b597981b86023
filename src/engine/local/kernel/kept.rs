//! A matrix kept as its file has it, and widened a slice at a time: the memory of the file, for the time of widening each slice
//! once in every product.

use std::ops::Range;

use super::{
    Format,
    packed::{DEPTH, PANEL},
};

/// Columns of a matrix in one format, each as a line of bytes.
pub struct Lines {
    format: Format,
    /// Of a line.
    size: usize,
    bytes: Vec<u8>,
}

/// Lines side by side.
pub(super) struct Kept(Vec<Lines>);

impl Lines {
    /// Lines of `k` elements each, one after the other.
    ///
    /// # Panics
    /// If `k` elements are no whole blocks, or the last line is not whole.
    pub fn new(format: Format, k: usize, bytes: Vec<u8>) -> Self {
        let size = format.bytes(k);
        assert!(k.is_multiple_of(format.block().0) && size > 0 && bytes.len().is_multiple_of(size));
        Self { format, size, bytes }
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len() / self.size
    }

    fn line(&self, line: usize) -> &[u8] {
        &self.bytes[line * self.size..][..self.size]
    }
}

impl Kept {
    pub(super) fn new(parts: Vec<Lines>) -> Self {
        const { assert!(DEPTH.is_multiple_of(super::LARGEST_BLOCK)) };
        Self(parts)
    }

    /// Writes a column.
    pub(super) fn column(&self, mut column: usize, out: &mut [f32]) {
        for part in &self.0 {
            match column.checked_sub(part.len()) {
                Some(rest) => column = rest,
                None => return part.format.widen(part.line(column), out),
            }
        }
    }

    /// Writes the rows `depth` of a panel, which begin at a multiple of [`DEPTH`].
    pub(super) fn widen(&self, panel: usize, depth: Range<usize>, out: &mut [[f32; PANEL]]) {
        let columns = panel * PANEL..(panel + 1) * PANEL;
        let mut first = 0;
        for part in &self.0 {
            let (from, to) = (columns.start.max(first), columns.end.min(first + part.len()));
            if from < to {
                let bytes = part.format.bytes(depth.start)..part.format.bytes(depth.end);
                let lines = (from - first..to - first).map(|line| &part.line(line)[bytes.clone()]);
                part.format.widen_rows(lines, out, from - columns.start);
            }
            first += part.len();
        }
    }
}
