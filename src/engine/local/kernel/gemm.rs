//! Matrix products against a matrix that was packed before: `out = rows · packed`, or added to `out`.
//!
//! Each element is one chain of fused multiply-adds over `k` in ascending order, from 0 (or from the element that is added to).
//! Long chains are cut into pieces that go through `out`, which rounds nothing, so the cut does not show.

use std::{cell::Cell, ops::Range};

use rayon::prelude::*;

use super::{
    Isa, Packed,
    aligned::Aligned,
    kernel,
    packed::{DEPTH, Element, PANEL, Slice},
    tile::{Ahead, Out, accumulate, copy, each_row},
};

/// Rows of a tile whose sums fill 512-bit registers.
const ROWS: usize = 12;
/// Of one for 256-bit registers.
const NARROW_ROWS: usize = ROWS / 2;
/// Bytes of the packed rows of one task, which are read again for every panel: so many stay in the second cache.
const TASK: usize = 768 << 10;
/// Most tiles of a task: with more, panels, which come from memory once a task, would hardly be cheaper.
const TILES_PER_TASK: usize = 20;
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

    /// Some of its rows.
    pub(super) fn part(self, rows: Range<usize>) -> Self {
        let start = (rows.start * self.row_stride).min(self.data.len());
        Self { data: &self.data[start..], rows: rows.len(), ..self }
    }
}

/// Where the sums of a product start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sum<'a> {
    /// At 0: `out` is overwritten.
    Store,
    /// At what `out` holds: the product is added to it.
    Add,
    /// At these `n` numbers in each row: `out` is overwritten.
    Bias(&'a [f32]),
}

/// `out (m × n, row after row) = rows (m × k) · packed (k × n)`, on the current rayon pool.
///
/// # Panics
/// If `rows` is too short or `out` is not m × n.
pub fn gemm(rows: View<'_>, packed: &Packed, out: &mut [f32], sum: Sum<'_>) {
    gemm_on(Isa::best(), rows, packed, out, sum);
}

/// [`gemm`] with chosen instructions; the result is the same.
pub fn gemm_on(isa: Isa, rows: View<'_>, packed: &Packed, out: &mut [f32], sum: Sum<'_>) {
    let (m, k, n) = (rows.rows, packed.k(), packed.n());
    assert_eq!(out.len(), m * n, "the product of {m} × {k} and {k} × {n} does not fit");
    if let Sum::Bias(bias) = sum {
        assert_eq!(bias.len(), n, "a bias has a number for each column");
    }
    let threads = if m * n * k < SMALL { 1 } else { rayon::current_num_threads() };
    let panels = n.div_ceil(PANEL);
    let most = ROWS * (TASK / (size_of::<f32>() * ROWS * k.max(1))).clamp(2, TILES_PER_TASK);
    let rows_per_task = rows_per_task(isa, m, most);
    let row_tasks = m.div_ceil(rows_per_task);
    // So many that no thread is long alone at the end.
    let column_tasks = if threads > 1 { (8 * threads).div_ceil(row_tasks).max(4).min(panels) } else { 1 };
    let panels_per_task = panels.div_ceil(column_tasks.max(1)).max(1);
    #[expect(unsafe_code, reason = "threads fill parts of one matrix")]
    // SAFETY: tasks differ in their rows or in their columns.
    let out = unsafe { Out::new(out, n) };
    in_turn(threads, row_tasks, |task| {
        let first_row = task * rows_per_task;
        let rows = Rows::pack(isa, rows.part(first_row..m.min(first_row + rows_per_task)), k, threads);
        in_turn(threads, panels.div_ceil(panels_per_task), |task| {
            let first_panel = task * panels_per_task;
            let panels = first_panel..panels.min(first_panel + panels_per_task);
            product(isa, &rows, packed, panels, out, (first_row, first_panel * PANEL), sum);
        });
    });
}

/// Does tasks one after the other, or as threads are free.
fn in_turn(threads: usize, tasks: usize, task: impl Fn(usize) + Send + Sync) {
    if threads > 1 {
        (0..tasks).into_par_iter().with_max_len(1).for_each(task);
    } else {
        (0..tasks).for_each(task);
    }
}

/// Some rows times some panels, on this thread; the first sum goes to the row and column `at` of `out`.
pub(super) fn product(
    isa: Isa,
    rows: &Rows,
    packed: &Packed,
    panels: Range<usize>,
    out: Out<'_>,
    at: (usize, usize),
    sum: Sum<'_>,
) {
    let k = packed.k();
    let mut scratch = packed.scratch();
    let first = panels.start;
    let mut slice = |panel: usize, depth: Range<usize>| {
        let sum = match sum {
            _ if depth.start > 0 => Sum::Add,
            Sum::Bias(bias) => Sum::Bias(&bias[panel * PANEL..]),
            sum => sum,
        };
        let columns = packed.slice(panel, depth.clone(), &mut scratch);
        for row in (0..rows.count).step_by(rows.tile) {
            let height = rows.tile.min(rows.count - row);
            let ahead = if packed.lies_in_order() {
                columns.behind(row..row + height, rows.count)
            } else {
                Ahead::NOTHING
            };
            let rows = &rows.data.get()[row * k..][..height * k][depth.start * height..depth.end * height];
            let place = Place { out, row: at.0 + row, column: at.1 + (panel - first) * PANEL, sum };
            tile(isa, height, rows, columns, place, ahead);
        }
    };
    // Without a step there would be no tile that stores the zeros.
    let depths = || (0..k.max(1)).step_by(DEPTH).map(|start| start..k.min(start + DEPTH));
    // Panel by panel: the packed matrix comes from memory, which is fastest from one end to the other, and the sums of a
    // panel stay near from one depth to the next.
    panels.for_each(|panel| depths().for_each(|depth| slice(panel, depth)));
}

/// How many rows of all a task takes, about `most`: whole tiles, and nearly as many in each task.
pub(super) fn rows_per_task(isa: Isa, all: usize, most: usize) -> usize {
    all.div_ceil(all.div_ceil(most).max(1)).next_multiple_of(highest(isa)).max(1)
}

/// Rows of a tile whose sums fill the registers.
fn highest(isa: Isa) -> usize {
    if isa.wide() { ROWS } else { NARROW_ROWS }
}

/// Rows packed for products: `[tile][k][row]`, the rows of a tile side by side.
pub(super) struct Rows {
    data: Aligned<f32>,
    count: usize,
    /// Rows of a tile: as many as have their sums in registers, or fewer where that makes the last one as high as the
    /// others.
    tile: usize,
}

impl Rows {
    /// Packs rows, which stay in the second cache where they are about as many as a task takes.
    pub(super) fn pack(isa: Isa, rows: View<'_>, k: usize, threads: usize) -> Self {
        let count = rows.rows;
        let tile = count.div_ceil(count.div_ceil(highest(isa)).max(1)).max(1);
        let len = count * k;
        let mut data = SPARE.take();
        if data.len() < len {
            data = Aligned::near(len);
        }
        let out = &mut data.get_mut()[..len];
        let pack = |(index, out): (usize, &mut [f32])| {
            pack_tile(&rows, &rows.data[index * tile * rows.row_stride..], out.len() / k, out);
        };
        let tiles = (tile * k).max(1);
        if threads > 1 {
            out.par_chunks_mut(tiles).enumerate().for_each(pack);
        } else {
            out.chunks_mut(tiles).enumerate().for_each(pack);
        }
        Self { data, count, tile }
    }
}

impl Drop for Rows {
    fn drop(&mut self) {
        SPARE.set(std::mem::take(&mut self.data));
    }
}

thread_local! {
    /// The memory of the last packed rows, for the next ones.
    static SPARE: Cell<Aligned<f32>> = Cell::default();
}

/// Some rows, which begin where `data` does, step by step side by side.
fn pack_tile(rows: &View<'_>, data: &[f32], height: usize, out: &mut [f32]) {
    macro_rules! of_height {
        ($($height:literal)*) => {
            match (height, rows.column_stride) {
                $(($height, 1) => interleave::<$height>(data, rows.row_stride, out.as_chunks_mut().0),)*
                _ => {
                    for (p, out) in out.chunks_mut(height).enumerate() {
                        for (row, out) in out.iter_mut().enumerate() {
                            *out = data[row * rows.row_stride + p * rows.column_stride];
                        }
                    }
                }
            }
        };
    }
    of_height!(1 2 3 4 5 6 7 8 9 10 11 12);
}

/// Rows that lie one after the other, step by step side by side.
fn interleave<const HEIGHT: usize>(data: &[f32], row_stride: usize, out: &mut [[f32; HEIGHT]]) {
    /// Numbers in a line of the cache.
    const LINE: usize = 16;
    let rows: [&[f32]; HEIGHT] = std::array::from_fn(|row| &data[row * row_stride..][..out.len()]);
    let (lines, rest) = out.as_chunks_mut::<LINE>();
    let done = lines.len() * LINE;
    for (line, out) in lines.iter_mut().enumerate() {
        // Each line is read once: the rows' lines may be in one another's way.
        let of_rows: [[f32; LINE]; HEIGHT] = std::array::from_fn(|row| rows[row].as_chunks().0[line]);
        for (p, out) in out.iter_mut().enumerate() {
            for (out, row) in out.iter_mut().zip(&of_rows) {
                *out = row[p];
            }
        }
    }
    for (p, out) in rest.iter_mut().enumerate() {
        for (out, row) in out.iter_mut().zip(&rows) {
            *out = row[done + p];
        }
    }
}

/// Where the sums of a tile begin and where they go.
#[derive(Clone, Copy)]
struct Place<'a> {
    out: Out<'a>,
    row: usize,
    column: usize,
    sum: Sum<'a>,
}

kernel! {
    /// One tile: `height` rows and the columns of a panel, or as many as there are.
    fn tile(height: usize, rows: &[f32], columns: Slice<'_>, place: Place<'_>, ahead: Ahead),
    wide: tile_body::<ROWS, 32>, narrow: tile_body::<NARROW_ROWS, 16>,
}

/// `WIDTH` columns at a time, which divides [`PANEL`].
#[inline(always)]
fn tile_body<const HIGHEST: usize, const WIDTH: usize>(
    height: usize,
    rows: &[f32],
    columns: Slice<'_>,
    place: Place<'_>,
    ahead: Ahead,
) {
    match columns {
        Slice::F32(columns) => tile_of::<HIGHEST, WIDTH, f32>(height, rows, columns, place, ahead),
        Slice::Bf16(columns) => tile_of::<HIGHEST, WIDTH, u16>(height, rows, columns, place, ahead),
    }
}

#[inline(always)]
fn tile_of<const HIGHEST: usize, const WIDTH: usize, T: Element>(
    height: usize,
    rows: &[f32],
    columns: &[[T; PANEL]],
    place: Place<'_>,
    ahead: Ahead,
) {
    macro_rules! of_height {
        ($($height:literal)*) => {
            match height {
                $($height if $height <= HIGHEST => {
                    sums::<$height, WIDTH, 0, T>(rows, columns, place, ahead);
                    if WIDTH < PANEL {
                        sums::<$height, WIDTH, { PANEL / 2 }, T>(rows, columns, place, Ahead::NOTHING);
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
    Place { out, row, column, sum }: Place<'_>,
    ahead: Ahead,
) {
    let column = column + FROM;
    let inside = out.whole::<WIDTH>(row, column).is_some();
    let mut sums = [[0.0; WIDTH]; HEIGHT];
    match sum {
        Sum::Store => {}
        Sum::Add if inside => {
            each_row!(HEIGHT, |I| sums[I] = *out.whole(row + I, column).expect("it is inside"));
        }
        Sum::Add => {
            // Of their own, as are those below: what is borrowed does not stay in registers.
            let mut edge = [[0.0; WIDTH]; HEIGHT];
            for (i, edge) in edge.iter_mut().enumerate() {
                out.read(row + i, column, edge);
            }
            sums = edge;
        }
        Sum::Bias(bias) => {
            let mut first = [0.0; WIDTH];
            copy(&bias[FROM.min(bias.len())..], &mut first);
            each_row!(HEIGHT, |I| sums[I] = first);
        }
    }
    let sums = accumulate::<HEIGHT, WIDTH, PANEL, FROM, T>(sums, rows.as_chunks().0, columns, ahead);
    if inside {
        each_row!(HEIGHT, |I| *out.whole(row + I, column).expect("it is inside") = sums[I]);
    } else {
        let edge = sums;
        for (i, edge) in edge.iter().enumerate() {
            out.write(row + i, column, edge);
        }
    }
}

#[cfg(test)]
mod tests;
