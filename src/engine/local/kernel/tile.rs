//! The innermost loop of every product, and a matrix that threads fill tile by tile.

use std::ops::Range;

use super::{aligned::LINE, packed::Element};

/// Does something for each of `$height` rows, at most 12, with the row as a constant: in a loop over rows the compiler would
/// keep them in memory, or for some heights turn the loop into gathers along them.
macro_rules! each_row {
    ($height:ident, |$row:ident| $do:expr) => {
        each_row!($height, |$row| $do; 0 1 2 3 4 5 6 7 8 9 10 11)
    };
    ($height:ident, |$row:ident| $do:expr; $($index:literal)*) => {
        $(if $index < $height {
            const $row: usize = $index;
            $do;
        })*
    };
}
pub(super) use each_row;

/// `HEIGHT × WIDTH` sums with the product of a column of rows and a row of columns added for every step, in order: one chain
/// of fused multiply-adds each. `columns` are read from `FROM` on.
#[inline(always)]
pub(super) fn accumulate<
    const HEIGHT: usize,
    const WIDTH: usize,
    const PANEL: usize,
    const FROM: usize,
    T: Element,
>(
    // Never borrowed, so that they stay in registers.
    mut sums: [[f32; WIDTH]; HEIGHT],
    rows: &[[f32; HEIGHT]],
    columns: &[[T; PANEL]],
    mut ahead: Ahead,
) -> [[f32; WIDTH]; HEIGHT] {
    macro_rules! step {
        ($rows:expr, $columns:expr) => {
            let (rows, columns) = ($rows, &$columns.as_chunks::<WIDTH>().0[FROM / WIDTH]);
            // Not `map`, whose loop the compiler does not always turn into registers.
            let mut wide = [0.0; WIDTH];
            for (wide, value) in wide.iter_mut().zip(columns) {
                *wide = value.widen();
            }
            each_row!(HEIGHT, |I| for j in 0..WIDTH {
                sums[I][j] = rows[I].mul_add(wide[j], sums[I][j]);
            });
        };
    }
    let (rows, last_rows) = rows.as_chunks::<{ Ahead::STEPS }>();
    let (columns, last_columns) = columns.as_chunks::<{ Ahead::STEPS }>();
    for (rows, columns) in rows.iter().zip(columns) {
        ahead.fetch();
        for (rows, columns) in rows.iter().zip(columns) {
            step!(rows, columns);
        }
    }
    for (rows, columns) in last_rows.iter().zip(last_columns) {
        step!(rows, columns);
    }
    sums
}

/// What will be read next from far away, and is fetched little by little while a tile is summed.
#[derive(Clone, Copy)]
pub(super) struct Ahead {
    at: *const i8,
    /// For every [`Ahead::STEPS`] steps.
    lines: usize,
}

impl Ahead {
    /// Nothing.
    pub(super) const NOTHING: Self = Self { at: std::ptr::null(), lines: 0 };
    /// Steps from one time to the next. Too many to be unrolled, which would need more registers than there are.
    const STEPS: usize = 8;

    /// What lies behind a slice of columns in memory and is as long. All tiles of the slice fetch it together, each as much
    /// as its `rows` are of `all`, so that the memory is as busy at all times.
    pub(super) fn behind<T>(slice: &[T], rows: Range<usize>, all: usize) -> Self {
        let lines = size_of_val(slice) / LINE;
        let at = slice.as_ptr_range().end.cast::<i8>().wrapping_add(lines * rows.start / all * LINE);
        Self { at, lines: (lines * rows.len()).div_ceil(all * slice.len().div_ceil(Self::STEPS).max(1)) }
    }

    #[inline(always)]
    fn fetch(&mut self) {
        for _ in 0..self.lines {
            fetch::<false>(self.at);
            self.at = self.at.wrapping_add(LINE);
        }
    }
}

/// [`accumulate`] of rows that lie one after the other: column `p` of the rows goes with row `p` of the columns, of which
/// there may be fewer.
#[inline(always)]
pub(super) fn accumulate_across<
    const HEIGHT: usize,
    const WIDTH: usize,
    const PANEL: usize,
    const FROM: usize,
>(
    mut sums: [[f32; WIDTH]; HEIGHT],
    rows: &[[f32; PANEL]; HEIGHT],
    columns: &[[f32; PANEL]],
) -> [[f32; WIDTH]; HEIGHT] {
    for (p, columns) in columns.iter().enumerate().take(PANEL) {
        fetch_ahead(columns);
        let columns = &columns.as_chunks::<WIDTH>().0[FROM / WIDTH];
        each_row!(HEIGHT, |I| for j in 0..WIDTH {
            sums[I][j] = rows[I][p].mul_add(columns[j], sums[I][j]);
        });
    }
    sums
}

/// Bytes between what is summed and what is fetched for it: the machine's own foresight ends with each page of 4 KB.
const AHEAD: usize = 2048;

/// Asks for what will be read soon, where it lies [`AHEAD`] of a row of columns.
#[inline(always)]
fn fetch_ahead<const PANEL: usize>(columns: &[f32; PANEL]) {
    for line in 0..size_of_val(columns) / LINE {
        fetch::<true>(columns.as_ptr().cast::<i8>().wrapping_add(AHEAD + line * LINE));
    }
}

/// Asks for a line of memory: into the first cache, or the second.
#[inline(always)]
fn fetch<const NEAR: bool>(at: *const i8) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _MM_HINT_T1, _mm_prefetch};
        #[expect(unsafe_code, reason = "a hint to the processor takes an address")]
        // SAFETY: the address is not read from; whatever it is, a prefetch has no effect on what the program does.
        unsafe {
            if NEAR { _mm_prefetch::<_MM_HINT_T0>(at) } else { _mm_prefetch::<_MM_HINT_T1>(at) }
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = at;
}

/// A matrix that several threads fill, each its own tiles.
#[derive(Clone, Copy)]
pub(super) struct Out<'a> {
    start: *mut f32,
    rows: usize,
    columns: usize,
    borrowed: std::marker::PhantomData<&'a mut [f32]>,
}

#[expect(unsafe_code, reason = "tiles of one matrix are not slices, and threads fill them side by side")]
// SAFETY: the pointer is that of a slice which stays borrowed for `'a`; `read` and `write` stay within it, and no two
// threads are given the same tile, which `new` demands.
unsafe impl Send for Out<'_> {}
#[expect(unsafe_code, reason = "as above")]
// SAFETY: as above.
unsafe impl Sync for Out<'_> {}

impl<'a> Out<'a> {
    /// A matrix of rows that are `columns` long.
    #[expect(unsafe_code, reason = "as above")]
    /// # Safety
    /// While copies are used on several threads, no element may be written by one and read or written by another.
    pub(super) unsafe fn new(data: &'a mut [f32], columns: usize) -> Self {
        let rows = data.len() / columns.max(1);
        Self { start: data.as_mut_ptr(), rows, columns, borrowed: std::marker::PhantomData }
    }

    /// The part of a row that starts at `column`, where all of it lies within the matrix.
    #[inline(always)]
    pub(super) fn whole<const WIDTH: usize>(self, row: usize, column: usize) -> Option<&'a mut [f32; WIDTH]> {
        assert!(row < self.rows, "a tile lies within the matrix");
        #[expect(unsafe_code, reason = "as above")]
        // SAFETY: it lies within the matrix; nobody else reads or writes this tile.
        let part = || unsafe { &mut *self.start.add(row * self.columns + column).cast() };
        (column + WIDTH <= self.columns).then(part)
    }

    /// The part of a row that starts at `column`; nothing is read beyond the right edge.
    #[inline(always)]
    pub(super) fn read<const WIDTH: usize>(self, row: usize, column: usize, values: &mut [f32; WIDTH]) {
        let (start, width) = self.part(row, column, WIDTH);
        #[expect(unsafe_code, reason = "as above")]
        // SAFETY: `part` stays within the matrix; nobody else writes to this tile.
        let part = unsafe { std::slice::from_raw_parts(self.start.add(start), width) };
        copy(part, values);
    }

    /// Writes what [`Out::read`] reads.
    #[inline(always)]
    pub(super) fn write<const WIDTH: usize>(self, row: usize, column: usize, values: &[f32; WIDTH]) {
        self.write_part(row, column, values);
    }

    /// Writes the part of a row that starts at `column`; nothing beyond the right edge.
    #[inline(always)]
    pub(super) fn write_part(self, row: usize, column: usize, values: &[f32]) {
        let (start, width) = self.part(row, column, values.len());
        #[expect(unsafe_code, reason = "as above")]
        // SAFETY: `part` stays within the matrix; nobody else reads or writes this tile.
        let part = unsafe { std::slice::from_raw_parts_mut(self.start.add(start), width) };
        copy(values, part);
    }

    /// Where the part begins, and how much of it lies within the matrix.
    #[inline(always)]
    fn part(self, row: usize, column: usize, width: usize) -> (usize, usize) {
        assert!(row < self.rows, "a tile lies within the matrix");
        if column >= self.columns {
            return (0, 0);
        }
        (row * self.columns + column, width.min(self.columns - column))
    }
}

/// Copies as much as the shorter one holds.
#[inline(always)]
pub(super) fn copy(from: &[f32], to: &mut [f32]) {
    if from.len() == to.len() {
        // Of a length that the compiler mostly knows: no call.
        to.copy_from_slice(from);
    } else {
        let len = from.len().min(to.len());
        to[..len].copy_from_slice(&from[..len]);
    }
}
