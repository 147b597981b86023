//! Matrix products against a matrix that was packed before: `out = rows · packed`, or added to `out`.
//!
//! Each element is one chain of fused multiply-adds over `k` in ascending order, from 0 (or from the element that is added to).
//! Long chains are cut into pieces that go through `out`, which rounds nothing, so the cut does not show.

use std::ops::Range;

use rayon::prelude::*;

use super::{
    Isa, Packed, kernel,
    packed::{DEPTH, Element, PANEL, Slice},
    tile::{Out, accumulate},
};

/// Most rows of a tile.
const ROWS: usize = 12;
/// Rows that one task computes, so that their packed form stays in the next cache.
const ROWS_PER_TASK: usize = 10 * ROWS;
/// Multiply-adds below which a second thread costs more than it helps.
const SMALL: usize = 1 << 18;

/// A matrix as it lies somewhere: element `(i, p)` is `data[i * row_stride + p * column_stride]`.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// Holds the elements.
    pub data: &'a [f32],
    /// How many rows there are; the columns are the `k` of the packed matrix.
    pub rows: usize,
    /// From a row to the next.
    pub row_stride: usize,
    /// From a column to the next.
    pub column_stride: usize,
}

impl<'a> View<'a> {
    /// A matrix whose rows lie one after the other.
    pub fn dense(data: &'a [f32], rows: usize) -> Self {
        Self { data, rows, row_stride: data.len() / rows.max(1), column_stride: 1 }
    }
}

/// What becomes of what `out` held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sum {
    /// It is overwritten.
    Store,
    /// The product is added to it.
    Add,
}

/// `out (m × n, row after row) = rows (m × k) · packed (k × n)`, on the current rayon pool.
///
/// # Panics
/// If `rows` is too short or `out` is not m × n.
pub fn gemm(rows: View<'_>, packed: &Packed, out: &mut [f32], sum: Sum) {
    gemm_on(Isa::best(), rows, packed, out, sum);
}

/// [`gemm`] with chosen instructions; the result is the same.
pub fn gemm_on(isa: Isa, rows: View<'_>, packed: &Packed, out: &mut [f32], sum: Sum) {
    let (m, k, n) = (rows.rows, packed.k(), packed.n());
    assert_eq!(out.len(), m * n, "the product of {m} × {k} and {k} × {n} does not fit");
    let parallel = rayon::current_num_threads() > 1 && m * n * k >= SMALL;
    let rows = Rows::pack(isa, rows, k, parallel);

    let panels = n.div_ceil(PANEL);
    let row_tasks = m.div_ceil(ROWS_PER_TASK);
    let column_tasks =
        if parallel { (4 * rayon::current_num_threads()).div_ceil(row_tasks).min(panels) } else { 1 };
    let panels_per_task = panels.div_ceil(column_tasks.max(1));
    #[expect(unsafe_code, reason = "threads fill parts of one matrix")]
    // SAFETY: tasks differ in their rows or in their columns.
    let out = unsafe { Out::new(out, n) };
    let task = |task: usize| {
        let first_row = task / column_tasks * ROWS_PER_TASK;
        let first_panel = task % column_tasks * panels_per_task;
        let panels = first_panel..panels.min(first_panel + panels_per_task);
        product(isa, &rows, first_row..m.min(first_row + ROWS_PER_TASK), packed, panels, out, (0, 0), sum);
    };
    if parallel {
        (0..row_tasks * column_tasks).into_par_iter().for_each(task);
    } else {
        (0..row_tasks * column_tasks).for_each(task);
    }
}

/// Some rows times some panels, on this thread; `rows` begins at a multiple of [`ROWS_PER_TASK`]. The product's first
/// element goes to `out` at the row and column of the first row and panel less those of `from`.
#[expect(
    clippy::too_many_arguments,
    reason = "a rectangle of one matrix times one of another into one of a third"
)]
pub(super) fn product(
    isa: Isa,
    rows: &Rows,
    range: Range<usize>,
    packed: &Packed,
    panels: Range<usize>,
    out: Out<'_>,
    from: (usize, usize),
    sum: Sum,
) {
    let k = packed.k();
    // Without a step there would be no tile that stores the zeros.
    for start in (0..k.max(1)).step_by(DEPTH) {
        let depth = start..k.min(start + DEPTH);
        let fresh = start == 0 && sum == Sum::Store;
        for panel in panels.clone() {
            let columns = packed.slice(panel, depth.clone());
            for row in range.clone().step_by(rows.tile) {
                let height = rows.tile.min(range.end - row);
                let rows = &rows.data[row * k..][..height * k][depth.start * height..depth.end * height];
                tile(isa, rows, columns, out, (row - from.0, panel * PANEL - from.1), height, fresh);
            }
        }
    }
}

/// Rows packed for products: `[tile][k][row]`, the rows of a tile side by side.
pub(super) struct Rows {
    data: Vec<f32>,
    /// Rows of a tile, so that its sums fill the registers; divides [`ROWS_PER_TASK`].
    tile: usize,
}

impl Rows {
    pub(super) fn pack(isa: Isa, rows: View<'_>, k: usize, parallel: bool) -> Self {
        let tile = if isa.wide() { ROWS } else { ROWS / 2 };
        let mut data = vec![0.0; rows.rows * k];
        let pack = |(index, out): (usize, &mut [f32])| {
            let height = out.len() / k;
            for row in 0..height {
                let start = (index * tile + row) * rows.row_stride;
                for p in 0..k {
                    out[p * height + row] = rows.data[start + p * rows.column_stride];
                }
            }
        };
        let chunk = (tile * k).max(1);
        if parallel {
            data.par_chunks_mut(chunk).enumerate().for_each(pack);
        } else {
            data.chunks_mut(chunk).enumerate().for_each(pack);
        }
        Self { data, tile }
    }
}

kernel! {
    /// One tile: `height` rows and the columns of a panel, or as many as `out` has from `at` on.
    fn tile(rows: &[f32], columns: Slice<'_>, out: Out<'_>, at: (usize, usize), height: usize, fresh: bool),
    wide: tile_body::<ROWS, 32>, narrow: tile_body::<{ ROWS / 2 }, 16>,
}

/// `WIDTH` columns at a time, which divides [`PANEL`].
#[inline(always)]
fn tile_body<const HIGHEST: usize, const WIDTH: usize>(
    rows: &[f32],
    columns: Slice<'_>,
    out: Out<'_>,
    at: (usize, usize),
    height: usize,
    fresh: bool,
) {
    match columns {
        Slice::F32(columns) => tile_of::<HIGHEST, WIDTH, f32>(rows, columns, out, at, height, fresh),
        Slice::Bf16(columns) => tile_of::<HIGHEST, WIDTH, u16>(rows, columns, out, at, height, fresh),
    }
}

#[inline(always)]
fn tile_of<const HIGHEST: usize, const WIDTH: usize, T: Element>(
    rows: &[f32],
    columns: &[[T; PANEL]],
    out: Out<'_>,
    at: (usize, usize),
    height: usize,
    fresh: bool,
) {
    macro_rules! of_height {
        ($($height:literal)*) => {
            match height {
                $($height if $height <= HIGHEST => {
                    sums::<$height, WIDTH, 0, T>(rows, columns, out, at, fresh);
                    if WIDTH < PANEL {
                        sums::<$height, WIDTH, { PANEL / 2 }, T>(rows, columns, out, at, fresh);
                    }
                })*
                _ => unreachable!("a tile has 1 to {HIGHEST} rows, not {height}"),
            }
        };
    }
    of_height!(1 2 3 4 5 6 7 8 9 10 11 12);
}

/// The columns from `FROM` on.
#[inline(always)]
fn sums<const HEIGHT: usize, const WIDTH: usize, const FROM: usize, T: Element>(
    rows: &[f32],
    columns: &[[T; PANEL]],
    out: Out<'_>,
    (row, column): (usize, usize),
    fresh: bool,
) {
    let mut sums = [[0.0; WIDTH]; HEIGHT];
    if !fresh {
        for (i, sums) in sums.iter_mut().enumerate() {
            out.read(row + i, column + FROM, sums);
        }
    }
    accumulate::<HEIGHT, WIDTH, PANEL, FROM, T>(&mut sums, rows.as_chunks().0, columns);
    for (i, sums) in sums.iter().enumerate() {
        out.write(row + i, column + FROM, sums);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::engine::local::kernel::{
        Storage,
        tests::{bits, numbers},
    };

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_product_is_right_for_every_layout(
            m in 1usize..40, k in 0usize..600, n in 1usize..100,
            left in any::<bool>(), right in any::<bool>(), add in any::<bool>(), seed in any::<u64>(),
        ) {
            let a = numbers(m * k, seed);
            let b = numbers(k * n, seed ^ 1);
            let before = numbers(m * n, seed ^ 2);
            let (a_row, a_column) = if left { (k, 1) } else { (1, m) };
            let (b_row, b_column) = if right { (n, 1) } else { (1, k) };
            let rows = View { data: &a, rows: m, row_stride: a_row, column_stride: a_column };
            let packed = Packed::pack(k, n, &b, b_row, b_column);
            let sum = if add { Sum::Add } else { Sum::Store };
            let mut out = before.clone();
            gemm(rows, &packed, &mut out, sum);
            for i in 0..m {
                for j in 0..n {
                    let start = if add { f64::from(before[i * n + j]) } else { 0.0 };
                    let term = |p: usize| f64::from(a[i * a_row + p * a_column]) * f64::from(b[p * b_row + j * b_column]);
                    let right = start + (0..k).map(term).sum::<f64>();
                    let size = start.abs() + (0..k).map(|p| term(p).abs()).sum::<f64>();
                    // k roundings, each of at most half a unit in the last place of a sum no larger than `size`
                    // (Higham, Accuracy and Stability of Numerical Algorithms, §3.1).
                    let bound = 1.01 * k as f64 * f64::from(f32::EPSILON) / 2.0 * size;
                    prop_assert!((f64::from(out[i * n + j]) - right).abs() <= bound, "({i}, {j})");
                }
            }
        }

        #[test]
        fn every_instruction_set_and_every_batch_gives_the_same_bits(
            m in 1usize..30, k in 1usize..600, n in 1usize..70, seed in any::<u64>(),
        ) {
            let a = numbers(m * k, seed);
            let packed = Packed::pack(k, n, &numbers(k * n, seed ^ 1), n, 1);
            let mut first = vec![0.0; m * n];
            gemm(View::dense(&a, m), &packed, &mut first, Sum::Store);
            for isa in Isa::available() {
                let mut out = vec![f32::NAN; m * n];
                gemm_on(isa, View::dense(&a, m), &packed, &mut out, Sum::Store);
                prop_assert_eq!(bits(&first), bits(&out), "{}", isa.name());
                for (row, out) in a.chunks(k).zip(first.chunks(n)) {
                    let mut alone = vec![f32::NAN; n];
                    gemm_on(isa, View::dense(row, 1), &packed, &mut alone, Sum::Store);
                    prop_assert_eq!(bits(&alone), bits(out), "{}", isa.name());
                }
            }
        }
    }

    #[test]
    fn a_storage_does_not_show() {
        let (k, n) = (2 * DEPTH + 3, 3 * PANEL + 5);
        let b: Vec<f32> =
            numbers(k * n, 3).iter().map(|value| f32::from_bits(value.to_bits() & 0xffff_0000)).collect();
        let [wide, narrow] =
            [Storage::F32, Storage::Bf16].map(|storage| Packed::pack_as(storage, k, n, &b, n, 1));
        for (isa, m) in Isa::available().flat_map(|isa| [1, 2, 29].map(|m| (isa, m))) {
            let a = numbers(m * k, 4);
            let products = [&wide, &narrow].map(|packed| {
                let mut out = vec![f32::NAN; m * n];
                gemm_on(isa, View::dense(&a, m), packed, &mut out, Sum::Store);
                bits(&out)
            });
            assert!(products[0] == products[1], "{} {m}", isa.name());
        }
        for j in 0..n {
            let mut column = vec![f32::NAN; k];
            narrow.column(j, &mut column);
            assert!(column.iter().enumerate().all(|(p, value)| value.to_bits() == b[p * n + j].to_bits()));
        }
    }

    #[test]
    #[should_panic(expected = "is not a bf16")]
    fn what_a_storage_would_round_is_refused() {
        Packed::pack_as(Storage::Bf16, 1, 1, &[0.1], 1, 1);
    }

    #[test]
    fn threads_do_not_show() {
        let (m, k, n) = (301, 257, 333);
        let a = numbers(m * k, 3);
        let packed = Packed::pack(k, n, &numbers(k * n, 4), 1, k);
        let products = [1, 2, 5].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let mut out = vec![0.0; m * n];
            pool.install(|| gemm(View::dense(&a, m), &packed, &mut out, Sum::Store));
            bits(&out)
        });
        assert!(products[0] == products[1] && products[1] == products[2]);
    }
}
