//! A matrix laid out for products from the left, in the number format that loses nothing and takes least.

use std::ops::Range;

use rayon::prelude::*;

use super::{aligned::Aligned, kept::Kept, tile::Ahead};

/// Columns of a panel.
pub(super) const PANEL: usize = 32;
/// Steps of `k` for which a panel's slice and a tile's rows stay in the nearest cache. Slices begin at multiples of it.
pub(super) const DEPTH: usize = 256;

/// How the elements of a packed matrix lie in memory. Products are those of the f32 matrix, bit for bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// As they are computed with.
    F32,
    /// The upper half of each f32, where all lower halves are zeros: the values of a bf16 tensor.
    Bf16,
}

/// A matrix of `k` rows and `n` columns, laid out for products from the left.
pub struct Packed {
    k: usize,
    n: usize,
    panels: Panels,
}

/// `[panel][k][PANEL]`; the last panel is filled up with zeros.
enum Panels {
    F32(Aligned<f32>),
    Bf16(Aligned<u16>),
    /// No panels, but columns as a file has them.
    Kept(Kept),
}

/// Some rows of a panel.
#[derive(Clone, Copy)]
pub(super) enum Slice<'a> {
    F32(&'a [[f32; PANEL]]),
    Bf16(&'a [[u16; PANEL]]),
}

impl Slice<'_> {
    /// What lies behind it, for a tile of some rows of all.
    pub(super) fn behind(self, rows: Range<usize>, all: usize) -> Ahead {
        match self {
            Self::F32(columns) => Ahead::behind(columns, rows, all),
            Self::Bf16(columns) => Ahead::behind(columns, rows, all),
        }
    }
}

/// An element that becomes an f32 in a register.
pub(super) trait Element: Copy {
    fn widen(self) -> f32;
}

impl Element for f32 {
    #[inline(always)]
    fn widen(self) -> f32 {
        self
    }
}

/// A bf16.
impl Element for u16 {
    #[inline(always)]
    fn widen(self) -> f32 {
        f32::from_bits(u32::from(self) << 16)
    }
}

impl Storage {
    fn bytes(self) -> u64 {
        match self {
            Self::F32 => 4,
            Self::Bf16 => 2,
        }
    }
}

impl Packed {
    /// Packs the matrix whose element `(p, j)` is `data[p * row_stride + j * column_stride]`; exchanging the strides
    /// packs its transpose.
    ///
    /// # Panics
    /// If `data` is too short.
    pub fn pack(k: usize, n: usize, data: &[f32], row_stride: usize, column_stride: usize) -> Self {
        Self::pack_as(Storage::F32, k, n, data, row_stride, column_stride)
    }

    /// [`Packed::pack`] in a storage of one's choice.
    ///
    /// # Panics
    /// If `data` is too short, or the storage cannot hold an element.
    pub fn pack_as(
        storage: Storage,
        k: usize,
        n: usize,
        data: &[f32],
        row_stride: usize,
        column_stride: usize,
    ) -> Self {
        let filled: Result<Self, std::convert::Infallible> = Self::build(storage, k, n, |columns, panel| {
            let start = columns.start * column_stride;
            fill(
                panel,
                0..columns.len(),
                &data[start.min(data.len())..],
                row_stride,
                column_stride,
                |value| value,
            );
            Ok(())
        });
        filled.unwrap_or_else(|never| match never {})
    }

    /// Packs a matrix panel by panel, on the current rayon pool: `fill` writes the columns of a range to the front of
    /// the rows of a zeroed panel.
    ///
    /// # Panics
    /// If the storage cannot hold an element.
    pub fn build<E: Send>(
        storage: Storage,
        k: usize,
        n: usize,
        fill: impl Fn(Range<usize>, &mut [[f32; PANEL]]) -> Result<(), E> + Sync,
    ) -> Result<Self, E> {
        let len = n.div_ceil(PANEL) * k * PANEL;
        let size = (k * PANEL).max(1);
        let columns = |panel: usize| panel * PANEL..n.min((panel + 1) * PANEL);
        let panels = match storage {
            Storage::F32 => {
                let mut all = Aligned::stream(len);
                let panels = all.get_mut().par_chunks_mut(size).enumerate();
                panels.try_for_each(|(panel, out)| fill(columns(panel), out.as_chunks_mut().0))?;
                Panels::F32(all)
            }
            Storage::Bf16 => {
                let mut all = Aligned::stream(len);
                let panels = all.get_mut().par_chunks_mut(size).enumerate();
                panels.try_for_each_init(
                    || vec![[0.0; PANEL]; k],
                    |wide, (panel, out)| {
                        wide.fill([0.0; PANEL]);
                        fill(columns(panel), wide)?;
                        for (out, value) in out.iter_mut().zip(wide.as_flattened()) {
                            assert!(value.to_bits().trailing_zeros() >= 16, "{value} is not a bf16");
                            *out = (value.to_bits() >> 16) as u16;
                        }
                        Ok(())
                    },
                )?;
                Panels::Bf16(all)
            }
        };
        Ok(Self { k, n, panels })
    }

    /// Takes columns as they are, side by side; see [`super::Lines`]. They are widened again in every product, to the same
    /// numbers as by [`Packed::build`].
    pub fn keep(k: usize, parts: Vec<super::Lines>) -> Self {
        let n = parts.iter().map(super::Lines::len).sum();
        Self { k, n, panels: Panels::Kept(Kept::new(parts)) }
    }

    /// Copies a column.
    ///
    /// # Panics
    /// If there is no such column, or `out` is not `k` long.
    pub fn column(&self, column: usize, out: &mut [f32]) {
        assert!(column < self.n, "column {column} of {}", self.n);
        assert_eq!(out.len(), self.k, "a column has as many elements as the matrix rows");
        let (panel, at) = (column / PANEL, column % PANEL);
        match &self.panels {
            Panels::F32(all) => copy_column(of_panel(all, panel, self.k), at, out),
            Panels::Bf16(all) => copy_column(of_panel(all, panel, self.k), at, out),
            Panels::Kept(kept) => kept.column(column, out),
        }
    }

    /// The bytes that it takes to pack a matrix.
    pub fn bytes(storage: Storage, k: u64, n: u64) -> u64 {
        n.div_ceil(PANEL as u64) * PANEL as u64 * k * storage.bytes()
    }

    /// Rows: the length of the sums.
    pub fn k(&self) -> usize {
        self.k
    }

    /// Columns.
    pub fn n(&self) -> usize {
        self.n
    }

    /// Whether the slices of all panels lie one behind the other in memory.
    pub(super) fn lies_in_order(&self) -> bool {
        !matches!(self.panels, Panels::Kept(_))
    }

    /// What [`Packed::slice`] widens into, for one thread.
    pub(super) fn scratch(&self) -> Vec<[f32; PANEL]> {
        match &self.panels {
            Panels::F32(_) | Panels::Bf16(_) => Vec::new(),
            Panels::Kept(_) => vec![[0.0; PANEL]; DEPTH.min(self.k)],
        }
    }

    /// The rows `depth` of a panel, which begin at a multiple of [`DEPTH`] and are no more. What registers cannot widen
    /// is widened here, for all rows of a product at once.
    pub(super) fn slice<'a>(
        &'a self,
        panel: usize,
        depth: Range<usize>,
        scratch: &'a mut [[f32; PANEL]],
    ) -> Slice<'a> {
        match &self.panels {
            Panels::F32(all) => Slice::F32(&of_panel(all, panel, self.k)[depth]),
            Panels::Bf16(all) => Slice::Bf16(&of_panel(all, panel, self.k)[depth]),
            Panels::Kept(kept) => {
                let wide = &mut scratch[..depth.len()];
                kept.widen(panel, depth, wide);
                Slice::F32(wide)
            }
        }
    }
}

fn of_panel<T: Copy + Default>(all: &Aligned<T>, panel: usize, k: usize) -> &[[T; PANEL]] {
    all.get()[panel * k * PANEL..][..k * PANEL].as_chunks().0
}

fn copy_column<T: Element>(panel: &[[T; PANEL]], column: usize, out: &mut [f32]) {
    for (out, row) in out.iter_mut().zip(panel) {
        *out = row[column].widen();
    }
}

/// Writes the columns of a matrix to the columns `to` of a panel: element `(p, j)` is `data[p * row_stride + j *
/// column_stride]`.
///
/// # Panics
/// If `data` is too short.
pub fn fill<T: Copy>(
    panel: &mut [[f32; PANEL]],
    to: Range<usize>,
    data: &[T],
    row_stride: usize,
    column_stride: usize,
    widen: impl Fn(T) -> f32,
) {
    for (p, row) in panel.iter_mut().enumerate() {
        for (j, out) in row[to.clone()].iter_mut().enumerate() {
            *out = widen(data[p * row_stride + j * column_stride]);
        }
    }
}
