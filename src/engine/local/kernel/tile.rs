//! The innermost loop of every product, and a matrix that threads fill tile by tile.

use super::packed::Element;

/// Adds to `HEIGHT × WIDTH` sums, of at most 12 rows, the product of a column of rows and a row of columns for every step, in order: one
/// chain of fused multiply-adds each. `columns` are read from `FROM` on.
#[inline(always)]
pub(super) fn accumulate<
    const HEIGHT: usize,
    const WIDTH: usize,
    const PANEL: usize,
    const FROM: usize,
    T: Element,
>(
    sums: &mut [[f32; WIDTH]; HEIGHT],
    rows: &[[f32; HEIGHT]],
    columns: &[[T; PANEL]],
) {
    // A copy that is never borrowed stays in registers.
    let mut registers = *sums;
    for (rows, columns) in rows.iter().zip(columns) {
        fetch_ahead(columns);
        let columns = &columns.as_chunks::<WIDTH>().0[FROM / WIDTH];
        // Not `map`, whose loop the compiler does not always turn into registers.
        let mut wide = [0.0; WIDTH];
        for (wide, value) in wide.iter_mut().zip(columns) {
            *wide = value.widen();
        }
        // Row by row and not in a loop, which the compiler would for some heights turn into gathers along the rows.
        macro_rules! add_rows {
            ($($i:literal)*) => {
                $(if $i < HEIGHT {
                    for j in 0..WIDTH {
                        registers[$i][j] = rows[$i].mul_add(wide[j], registers[$i][j]);
                    }
                })*
            };
        }
        add_rows!(0 1 2 3 4 5 6 7 8 9 10 11);
    }
    *sums = registers;
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
    sums: &mut [[f32; WIDTH]; HEIGHT],
    rows: &[[f32; PANEL]; HEIGHT],
    columns: &[[f32; PANEL]],
) {
    let mut registers = *sums;
    for (p, columns) in columns.iter().enumerate().take(PANEL) {
        fetch_ahead(columns);
        let columns = &columns.as_chunks::<WIDTH>().0[FROM / WIDTH];
        macro_rules! add_rows {
            ($($i:literal)*) => {
                $(if $i < HEIGHT {
                    for j in 0..WIDTH {
                        registers[$i][j] = rows[$i][p].mul_add(columns[j], registers[$i][j]);
                    }
                })*
            };
        }
        add_rows!(0 1 2 3 4 5 6 7 8 9 10 11);
    }
    *sums = registers;
}

/// Bytes between what is summed and what is fetched for it: the machine's own foresight ends with each page of 4 KB.
const AHEAD: usize = 2048;

/// Asks for what will be read soon, where it lies [`AHEAD`] of a row of columns.
#[inline(always)]
fn fetch_ahead<T, const PANEL: usize>(columns: &[T; PANEL]) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        /// Bytes that are fetched at once.
        const LINE: usize = 64;
        let start = columns.as_ptr().cast::<i8>();
        for line in 0..size_of_val(columns) / LINE {
            #[expect(unsafe_code, reason = "a hint to the processor takes an address")]
            // SAFETY: the address is not read from; whatever it is, a prefetch has no effect on what the program does.
            unsafe {
                _mm_prefetch::<_MM_HINT_T0>(start.wrapping_add(AHEAD + line * LINE));
            }
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = columns;
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
