//! The elements of a tensor, read from its file some at a time, so that beside the form that the weights take in memory
//! there is never much of another.

use std::{io, ops::Range};

use rayon::prelude::*;

use super::{Dtype, Place, Tensor, WeightsError};
use crate::engine::local::{
    files::Handle,
    kernel::{self, Format},
};

/// The elements of a tensor as lines, each of which becomes a column of a panel.
pub struct Elements {
    format: Format,
    /// Elements of a line.
    len: usize,
    /// Of the tensor and its file, for messages.
    name: String,
    file: String,
    source: Source,
}

/// How the matrix of a projection lies in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `[outputs, inputs]`, as in torch's `Linear`.
    OutputsFirst,
    /// `[inputs, outputs]`, as in GPT-2's `Conv1D`.
    InputsFirst,
}

enum Source {
    /// Lines that lie in the file, one after the other.
    File { handle: Handle, start: u64, order: Order },
    /// Lines that do not lie together in the file, so that all of them were read; so many of them lie side by side.
    Held { numbers: Vec<f32>, side_by_side: usize },
}

/// Which line of a file a line of the tensor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// The same.
    Same,
    /// The halves of each head, of so many lines together, lie interleaved.
    Interleaved(usize),
}

impl Order {
    fn in_file(self, line: usize) -> usize {
        match self {
            Self::Same => line,
            Self::Interleaved(dim) => {
                let (head, own) = (line / dim, line % dim);
                head * dim + own % (dim / 2) * 2 + own / (dim / 2)
            }
        }
    }
}

/// Elements that are read at once, a multiple of any block.
const PIECE: usize = 1 << 16;
/// Lines that are read at once.
const LINES: usize = 32;

impl Elements {
    /// The lines of a tensor are its rows where those are a matrix's outputs, else its columns.
    pub(super) fn open(
        handle: Handle,
        name: &str,
        tensor: &Tensor,
        format: Format,
        layout: Layout,
    ) -> Result<Self, WeightsError> {
        let file = tensor.file.clone();
        let cannot_read = |source| WeightsError::Read { file: file.clone(), source };
        let (rows, columns) = match *tensor.shape.as_slice() {
            [] => (1, 1),
            [len] => (len, 1),
            [.., rows, columns] => (rows, columns),
        };
        let (len, side_by_side) = match layout {
            Layout::OutputsFirst => (columns, 1),
            Layout::InputsFirst => (rows, columns),
        };
        let source = match (&tensor.place, layout) {
            (Place::Bytes(range, order), Layout::OutputsFirst) => {
                Source::File { handle, start: range.start, order: *order }
            }
            (Place::Strided(range, strides), Layout::InputsFirst) if *strides == [1, rows] => {
                Source::File { handle, start: range.start, order: Order::Same }
            }
            (Place::Bytes(range, _), Layout::InputsFirst) => {
                let numbers = floats(&handle, format, range).map_err(cannot_read)?;
                Source::Held { numbers, side_by_side }
            }
            (Place::Strided(range, strides), _) => {
                let numbers = floats(&handle, format, range).map_err(cannot_read)?;
                Source::Held { numbers: in_rows(&numbers, &tensor.shape, strides), side_by_side }
            }
        };
        Ok(Self { format, len, name: name.to_owned(), file, source })
    }

    /// Whether lines can be kept as the file has them.
    pub fn are_in_file(&self) -> bool {
        matches!(self.source, Source::File { .. })
    }

    /// Writes lines to the columns `to` of a panel: the line `first`, and of those after it each `step`th.
    ///
    /// # Panics
    /// If there are no such lines or columns, or the lines are shorter than the panel is high.
    pub fn fill(
        &self,
        panel: &mut [[f32; 32]],
        to: Range<usize>,
        first: usize,
        step: usize,
    ) -> Result<(), WeightsError> {
        match &self.source {
            Source::File { .. } => {
                let size = self.format.bytes(self.len);
                let mut bytes = vec![0; to.len() * size];
                if step == 1 {
                    self.read(first..first + to.len(), &mut bytes)?;
                } else {
                    for (line, bytes) in (first..).step_by(step).zip(bytes.chunks_exact_mut(size)) {
                        self.read(line..line + 1, bytes)?;
                    }
                }
                self.format.widen_rows(bytes.chunks_exact(size), panel, to.start);
            }
            Source::Held { numbers, side_by_side } => {
                for (column, line) in to.zip((first..).step_by(step)) {
                    let start = line / side_by_side * side_by_side * self.len + line % side_by_side;
                    kernel::fill(panel, column..column + 1, &numbers[start..], *side_by_side, 1, |number| {
                        number
                    });
                }
            }
        }
        Ok(())
    }

    /// Lines as the file has them, on the current rayon pool.
    ///
    /// # Panics
    /// If there are no such lines, or they do not lie in the file.
    pub fn keep(&self, lines: usize) -> Result<kernel::Lines, WeightsError> {
        let size = self.format.bytes(self.len);
        let mut bytes = vec![0; lines * size];
        bytes.par_chunks_mut(LINES * size).enumerate().try_for_each(|(chunk, out)| {
            let first = chunk * LINES;
            self.read(first..first + out.len() / size, out)?;
            // What is not finite is said now, as where numbers are widened at once.
            let mut line = vec![0.0; self.len];
            for bytes in out.chunks_exact(size) {
                self.format.widen(bytes, &mut line);
                if !line.iter().all(|number| number.is_finite()) {
                    return Err(WeightsError::NotFinite { tensor: self.name.clone() });
                }
            }
            Ok(())
        })?;
        Ok(kernel::Lines::new(self.format, self.len, bytes))
    }

    fn read(&self, lines: Range<usize>, out: &mut [u8]) -> Result<(), WeightsError> {
        let Source::File { handle, start, order } = &self.source else {
            panic!("lines do not lie in the file")
        };
        let size = self.format.bytes(self.len);
        let read = |line: usize, out: &mut [u8]| handle.read(start + (line * size) as u64, out);
        let done = match order {
            Order::Same => read(lines.start, out),
            Order::Interleaved(_) => lines
                .zip(out.chunks_exact_mut(size))
                .try_for_each(|(line, out)| read(order.in_file(line), out)),
        };
        done.map_err(|source| WeightsError::Read { file: self.file.clone(), source })
    }
}

/// All elements of some bytes, on the current rayon pool.
fn floats(handle: &Handle, format: Format, range: &Range<u64>) -> io::Result<Vec<f32>> {
    let (size, bytes) = format.block();
    let mut numbers = vec![0.0; (range.end - range.start) as usize / bytes * size];
    numbers.par_chunks_mut(PIECE).enumerate().try_for_each(|(piece, out)| {
        let mut bytes = vec![0; format.bytes(out.len())];
        handle.read(range.start + (piece * format.bytes(PIECE)) as u64, &mut bytes)?;
        format.widen(&bytes, out);
        io::Result::Ok(())
    })?;
    Ok(numbers)
}

/// The elements of a strided tensor, row after row.
fn in_rows(numbers: &[f32], shape: &[usize], strides: &[usize]) -> Vec<f32> {
    let mut places = vec![0];
    for (len, stride) in shape.iter().zip(strides) {
        places = places.iter().flat_map(|start| (0..*len).map(move |at| start + at * stride)).collect();
    }
    places.iter().map(|place| numbers[*place]).collect()
}

impl Tensor {
    /// The same elements with rows and columns in each other's places.
    pub(in crate::engine::local) fn transposed(self) -> Self {
        match (self.shape.as_slice(), &self.place) {
            (&[rows, columns], Place::Bytes(range, Order::Same)) => {
                let place = Place::Strided(range.clone(), vec![1, columns]);
                Self { shape: vec![columns, rows], place, ..self }
            }
            _ => self,
        }
    }

    /// The same elements, where the halves of each head's rows, which lie interleaved, are meant one after the other.
    pub(in crate::engine::local) fn interleaved(self, heads: usize) -> Self {
        let rows = self.shape.first().copied().unwrap_or_default();
        match &self.place {
            Place::Bytes(range, Order::Same) if heads > 0 && rows.is_multiple_of(2 * heads) && rows > 0 => {
                Self { place: Place::Bytes(range.clone(), Order::Interleaved(rows / heads)), ..self }
            }
            // The config will not fit the tensor, which is said where shapes are compared.
            _ => self,
        }
    }

    /// One matrix of a tensor that holds one for each expert.
    ///
    /// # Panics
    /// If there is no such expert.
    pub(super) fn of_expert(&self, expert: usize, format: Format) -> Self {
        let (count, shape) = self.shape.split_first().expect("a tensor with a matrix for each expert");
        assert!(expert < *count, "expert {expert} of {count}");
        let bytes = |elements: usize| format.bytes(elements) as u64;
        let place = match &self.place {
            Place::Bytes(range, order) => {
                let size = bytes(shape.iter().product());
                let start = range.start + expert as u64 * size;
                Place::Bytes(start..start + size, *order)
            }
            Place::Strided(range, strides) => {
                Place::Strided(range.start + bytes(expert * strides[0])..range.end, strides[1..].to_vec())
            }
        };
        Self { shape: shape.to_vec(), place, ..self.clone() }
    }

    /// The matrices of a tensor that holds one for each of so many experts, in order; of another one, nothing.
    pub(in crate::engine::local) fn experts(&self, experts: usize) -> Vec<Self> {
        match (self.shape.split_first(), &self.dtype) {
            (Some((&count, shape)), dtype) if count == experts && shape.len() == 2 => (0..count)
                .map(|expert| match dtype {
                    Dtype::Read(format) => self.of_expert(expert, *format),
                    // Which is said where number formats are looked at.
                    Dtype::Other(_) => Self { shape: shape.to_vec(), ..self.clone() },
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The same elements as a matrix of one row, where they are a vector.
    pub(in crate::engine::local) fn row(self) -> Self {
        match *self.shape {
            [len] => Self { shape: vec![1, len], ..self },
            _ => self,
        }
    }

    /// The same elements with a number added to each, where they are a vector.
    pub(in crate::engine::local) fn plus(self, number: f32) -> Self {
        if self.shape.len() == 1 { Self { plus: Some(number), ..self } } else { self }
    }

    /// All elements, row after row, on the current rayon pool.
    pub(super) fn floats(&self, handle: &Handle, format: Format) -> io::Result<Vec<f32>> {
        let mut numbers = self.as_stored(handle, format)?;
        if let Some(plus) = self.plus {
            numbers.iter_mut().for_each(|number| *number += plus);
        }
        Ok(numbers)
    }

    fn as_stored(&self, handle: &Handle, format: Format) -> io::Result<Vec<f32>> {
        match &self.place {
            Place::Bytes(range, Order::Same) => floats(handle, format, range),
            Place::Bytes(range, order @ Order::Interleaved(_)) => {
                let numbers = floats(handle, format, range)?;
                let rows = self.shape[0];
                let width = numbers.len() / rows.max(1);
                Ok((0..rows)
                    .flat_map(|row| &numbers[order.in_file(row) * width..][..width])
                    .copied()
                    .collect())
            }
            Place::Strided(range, strides) => {
                Ok(in_rows(&floats(handle, format, range)?, &self.shape, strides))
            }
        }
    }
}
