//! Memory that one step of the decoder after the other uses, so that none is asked for, nor filled with zeros, per layer.

use std::ops::{Deref, DerefMut};

/// What no step uses now.
#[derive(Default)]
pub struct Buffers(Vec<Vec<f32>>);

/// Values that a step writes, and others read then.
pub(super) struct Buffer {
    /// Those of it and of what used the memory before.
    values: Vec<f32>,
    len: usize,
}

impl Buffers {
    /// Values that are yet to be written.
    pub(super) fn take(&mut self, len: usize) -> Buffer {
        // The smallest that is large enough, or the largest.
        let fit = |values: &Vec<f32>| (values.len() < len, values.len().abs_diff(len));
        let best = (0..self.0.len()).min_by_key(|index| fit(&self.0[*index]));
        let mut values = best.map(|index| self.0.swap_remove(index)).unwrap_or_default();
        if values.len() < len {
            values.resize(len, 0.0);
        }
        Buffer { values, len }
    }

    pub(super) fn give(&mut self, buffers: impl IntoIterator<Item = Buffer>) {
        self.0.extend(buffers.into_iter().map(|buffer| buffer.values));
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.values[..self.len]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.values[..self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_used_again_where_it_fits() {
        let mut buffers = Buffers::default();
        let (mut small, large) = (buffers.take(10), buffers.take(100));
        small.fill(1.0);
        let place = |buffer: &Buffer| buffer.as_ptr();
        let (small_at, large_at) = (place(&small), place(&large));
        buffers.give([large, small]);
        let (again, rest) = (buffers.take(9), buffers.take(60));
        assert_eq!((again.len(), place(&again)), (9, small_at));
        assert_eq!((rest.len(), place(&rest)), (60, large_at));
        buffers.give([again, rest]);
        assert_eq!(buffers.take(1000).len(), 1000);
        assert_eq!(buffers.0.len(), 1);
    }
}
