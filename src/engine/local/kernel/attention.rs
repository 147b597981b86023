//! Causal attention of packed sequences over blocks of keys and values (Dao et al. 2022: softmax block by block).
//!
//! Blocks hold 32 positions and begin at multiples of 32, and a query meets them one after the other, so its result
//! depends on its own position only: not on the batch, nor on where the sequence was cut into calls.

use std::{num::NonZeroUsize, ops::Range, sync::Arc};

use rayon::prelude::*;

use super::{
    Isa, kernel,
    math::{bf16, exp, max, sum, tanh},
    tile::{Out, accumulate_across, copy, each_row},
};

/// Positions of a block, and columns of values that are summed at a time.
const POSITIONS: usize = 32;

/// Most parts that a thread takes at a time, so that none is long alone at the end.
const PARTS: usize = 8;

/// The sizes of an attention layer.
#[derive(Clone, Copy, Debug)]
pub struct Heads {
    /// Query heads.
    pub queries: usize,
    /// Key and value heads; each serves `queries / keys` query heads.
    pub keys: usize,
    /// Numbers of a query and of a key.
    pub dim: usize,
    /// Numbers of a value.
    pub values: usize,
}

/// What an attention layer does. A query's scores are its products with the keys that it sees, scaled, capped, biased,
/// and turned into weights by a softmax.
#[derive(Clone, Copy, Debug)]
pub struct Attention<'a> {
    /// Its sizes.
    pub heads: Heads,
    /// What products are multiplied with.
    pub scale: f32,
    /// Bends scores to cap · tanh(score / cap) (Gemma 2, §2).
    pub softcap: Option<f32>,
    /// The keys that a query sees, its own included; where there is none, it sees all up to its own.
    pub window: Option<NonZeroUsize>,
    /// What the distance of a key takes from its score.
    pub alibi: Option<Alibi<'a>>,
    /// For each query head, a score that takes part in the softmax and has no value (Xiao et al. 2023).
    pub sinks: Option<&'a [f32]>,
}

/// Linear biases (Press et al. 2021), with a slope for each query head.
#[derive(Clone, Copy, Debug)]
pub enum Alibi<'a> {
    /// A score becomes less by slope · distance.
    Exact(&'a [f32]),
    /// As Falcon was trained: slope, position and their product are rounded to bf16, and the difference of those of the key
    /// and of the query is added before products are scaled.
    Bf16(&'a [f32]),
}

/// The keys and values of 32 positions of one layer.
#[derive(Clone)]
pub struct Block {
    /// For each head: keys `[dim][32]`, then values `[values / 32][32][32]`.
    data: Vec<f32>,
    heads: Heads,
}

/// A sequence, or the part of one that is computed now.
pub struct Span<'a> {
    /// Its rows in the batch.
    pub rows: Range<usize>,
    /// The position of the first row.
    pub start: usize,
    /// Keys and values from position 0 to the last row.
    pub blocks: &'a [Arc<Block>],
}

impl Block {
    /// Positions of a block.
    pub const POSITIONS: usize = POSITIONS;

    /// A block without any positions.
    pub fn new(heads: Heads) -> Self {
        Self { data: vec![0.0; heads.keys * Self::head_len(heads)], heads }
    }

    /// Takes the keys and values, head after head, of one position.
    pub fn put(&mut self, position: usize, keys: &[f32], values: &[f32]) {
        let (heads, at) = (self.heads, position % POSITIONS);
        let blocks = self.data.chunks_mut(Self::head_len(heads));
        for ((block, keys), values) in blocks.zip(keys.chunks(heads.dim)).zip(values.chunks(heads.values)) {
            let (block_keys, block_values) = block.split_at_mut(heads.dim * POSITIONS);
            for (block, key) in block_keys.chunks_mut(POSITIONS).zip(keys) {
                block[at] = *key;
            }
            for (block, values) in
                block_values.chunks_mut(POSITIONS * POSITIONS).zip(values.chunks(POSITIONS))
            {
                block[at * POSITIONS..][..values.len()].copy_from_slice(values);
            }
        }
    }

    /// How many blocks hold so many positions.
    pub fn count(positions: usize) -> usize {
        positions.div_ceil(POSITIONS)
    }

    /// The bytes of one block.
    pub fn bytes(heads: Heads) -> u64 {
        4 * (heads.keys * Self::head_len(heads)) as u64
    }

    fn head_len(heads: Heads) -> usize {
        (heads.dim + heads.values.next_multiple_of(POSITIONS)) * POSITIONS
    }

    #[inline(always)]
    fn head(&self, head: usize) -> (&[[f32; POSITIONS]], &[[f32; POSITIONS]]) {
        let len = Self::head_len(self.heads);
        let (keys, values) = self.data[head * len..][..len].split_at(self.heads.dim * POSITIONS);
        (keys.as_chunks().0, values.as_chunks().0)
    }
}

/// Attention for all rows of a batch.
///
/// `queries` holds rows that are `row_width` long and begin with the query heads; `out` holds rows of
/// `heads.queries · heads.values`.
pub fn attend(
    isa: Isa,
    attention: &Attention<'_>,
    queries: &[f32],
    row_width: usize,
    spans: &[Span<'_>],
    out: &mut [f32],
) {
    let heads = attention.heads;
    let mut parts = Vec::new();
    for span in spans {
        // One head after the other, whose keys and values stay near.
        for head in 0..heads.keys {
            let mut row = span.rows.start;
            while row < span.rows.end {
                // A part ends where a block ends, so that all of its rows meet the same blocks.
                let start = span.start + (row - span.rows.start);
                let rows = (POSITIONS - start % POSITIONS).min(span.rows.end - row);
                let blocks = attention.first_key(start) / POSITIONS..start / POSITIONS + 1;
                let (first, blocks) = (blocks.start * POSITIONS, &span.blocks[blocks]);
                parts.push(Part { blocks, first, row, rows, start, head });
                row += rows;
            }
        }
    }
    #[expect(unsafe_code, reason = "threads fill parts of one matrix")]
    // SAFETY: parts differ in their rows or in their heads' columns.
    let out = unsafe { Out::new(out, heads.queries * heads.values) };
    parts.par_iter().with_max_len(PARTS).for_each_init(Vec::new, |scratch, part| {
        attend_part(isa, attention, queries, row_width, part, scratch, out);
    });
}

impl Attention<'_> {
    /// The first position that the query at a position sees.
    #[inline(always)]
    fn first_key(&self, position: usize) -> usize {
        self.window.map_or(0, |window| (position + 1).saturating_sub(window.get()))
    }

    /// Turns products with the keys of the positions from `first` on into the scores of a head's query at a position.
    #[inline(always)]
    fn score(&self, scores: &mut [f32; POSITIONS], head: usize, first: usize, position: usize) {
        for score in scores.iter_mut() {
            *score *= self.scale;
        }
        if let Some(cap) = self.softcap {
            for score in scores.iter_mut() {
                *score = cap * tanh(*score / cap);
            }
        }
        match self.alibi {
            None => {}
            Some(Alibi::Exact(slopes)) => {
                for (j, score) in scores.iter_mut().enumerate() {
                    // Exact below 2²⁴ positions.
                    *score += slopes[head] * ((first + j) as f32 - position as f32);
                }
            }
            Some(Alibi::Bf16(slopes)) => {
                let slope = bf16(slopes[head]);
                let own = bf16(slope * bf16(position as f32));
                for (j, score) in scores.iter_mut().enumerate() {
                    *score += self.scale * (bf16(slope * bf16((first + j) as f32)) - own);
                }
            }
        }
        let seen = self.first_key(position).saturating_sub(first)..(position + 1 - first).min(POSITIONS);
        if seen != (0..POSITIONS) {
            for (j, score) in scores.iter_mut().enumerate() {
                if !seen.contains(&j) {
                    *score = f32::NEG_INFINITY;
                }
            }
        }
    }
}

/// Neighbouring rows of one sequence, and the query heads that share one head of keys and values.
struct Part<'a> {
    /// Those that the rows see, beginning at the position `first`. Blocks that some rows do not see change no bit of
    /// them.
    blocks: &'a [Arc<Block>],
    first: usize,
    row: usize,
    rows: usize,
    start: usize,
    /// Of the keys and values.
    head: usize,
}

kernel! {
    fn attend_part(
        attention: &Attention<'_>, queries: &[f32], row_width: usize, part: &Part<'_>, scratch: &mut Vec<f32>, out: Out<'_>,
    ),
    wide: part_body::<12, 32>, narrow: part_body::<6, 16>,
}

/// `HIGHEST` queries at a time, all heads of a row after each other, and products of `WIDTH` columns.
#[inline(always)]
fn part_body<const HIGHEST: usize, const WIDTH: usize>(
    attention: &Attention<'_>,
    queries: &[f32],
    row_width: usize,
    part: &Part<'_>,
    scratch: &mut Vec<f32>,
    out: Out<'_>,
) {
    let count = part.rows * (attention.heads.queries / attention.heads.keys);
    let mut first = 0;
    while first < count {
        let height = HIGHEST.min(count - first);
        macro_rules! of_height {
            ($($height:literal)*) => {
                match height {
                    $(..=$height if $height <= HIGHEST => {
                        rows::<$height, WIDTH>(attention, queries, row_width, part, first..first + height, scratch, out);
                    })*
                    _ => unreachable!("a tile has at most {HIGHEST} rows, not {height}"),
                }
            };
        }
        of_height!(1 2 4 6 8 12);
        first += height;
    }
}

/// Columns of some rows, as many as a block has positions.
type Chunk<const HEIGHT: usize> = [[f32; POSITIONS]; HEIGHT];

/// Up to `HEIGHT` queries of a part.
#[inline(always)]
fn rows<const HEIGHT: usize, const WIDTH: usize>(
    attention: &Attention<'_>,
    queries: &[f32],
    row_width: usize,
    part: &Part<'_>,
    range: Range<usize>,
    scratch: &mut Vec<f32>,
    out: Out<'_>,
) {
    let (heads, height) = (attention.heads, range.len());
    let group = heads.queries / heads.keys;
    let place = |i: usize| {
        let query = range.start + i;
        (query / group, part.head * group + query % group)
    };
    scratch.clear();
    let chunks = [heads.dim, heads.values].map(|columns| columns.div_ceil(POSITIONS));
    scratch.resize((chunks[0] + chunks[1]) * HEIGHT * POSITIONS, 0.0);
    let all: &mut [Chunk<HEIGHT>] = scratch.as_chunks_mut().0.as_chunks_mut().0;
    let (own, sums) = all.split_at_mut(chunks[0]);
    for i in 0..height {
        let (row, head) = place(i);
        let query = &queries[(part.row + row) * row_width + head * heads.dim..][..heads.dim];
        for (own, query) in own.iter_mut().zip(query.chunks(POSITIONS)) {
            copy(query, &mut own[i]);
        }
    }
    let mut largest = [f32::NEG_INFINITY; HEIGHT];
    // Of the positions `j`, `j + 32`, …, which are added up in the end.
    let mut totals = [[0.0_f32; POSITIONS]; HEIGHT];
    if let Some(sinks) = attention.sinks {
        for i in 0..height {
            (largest[i], totals[i][0]) = (sinks[place(i).1], 1.0);
        }
    }
    for (index, block) in part.blocks.iter().enumerate() {
        let (keys, values) = block.head(part.head);
        let mut scores = [[0.0; POSITIONS]; HEIGHT];
        multiply::<HEIGHT, WIDTH>(&mut scores, [0.0; HEIGHT], own, keys);
        let mut shrinks = [1.0; HEIGHT];
        for i in 0..height {
            let (row, head) = place(i);
            attention.score(&mut scores[i], head, part.first + index * POSITIONS, part.start + row);
            let new = max(&scores[i]);
            if new > largest[i] {
                shrinks[i] = if largest[i] == f32::NEG_INFINITY { 0.0 } else { exp(largest[i] - new) };
                largest[i] = new;
            }
            for (score, total) in scores[i].iter_mut().zip(&mut totals[i]) {
                *score = if *score == f32::NEG_INFINITY { 0.0 } else { exp(*score - largest[i]) };
                *total = total.mul_add(shrinks[i], *score);
            }
        }
        for (sums, values) in sums.iter_mut().zip(values.chunks(POSITIONS)) {
            multiply::<HEIGHT, WIDTH>(sums, shrinks, std::slice::from_ref(&scores), values);
        }
    }
    for i in 0..height {
        let (share, (row, head)) = (1.0 / sum(&totals[i], |total| total), place(i));
        for (chunk, sums) in sums.iter_mut().enumerate() {
            for sum in &mut sums[i] {
                *sum *= share;
            }
            let width = POSITIONS.min(heads.values - chunk * POSITIONS);
            let column = head * heads.values + chunk * POSITIONS;
            out.write_part(part.row + row, column, &sums[i][..width]);
        }
    }
}

/// The sums, each times the number of its row, with a product added: of chunk after chunk of the rows and as many rows of
/// columns, of which the last may be fewer.
#[inline(always)]
fn multiply<const HEIGHT: usize, const WIDTH: usize>(
    sums: &mut Chunk<HEIGHT>,
    by: [f32; HEIGHT],
    rows: &[Chunk<HEIGHT>],
    columns: &[[f32; POSITIONS]],
) {
    part::<HEIGHT, WIDTH, 0>(sums, by, rows, columns);
    if WIDTH < POSITIONS {
        part::<HEIGHT, WIDTH, { POSITIONS / 2 }>(sums, by, rows, columns);
    }
}

/// The columns from `FROM` on.
#[inline(always)]
fn part<const HEIGHT: usize, const WIDTH: usize, const FROM: usize>(
    all: &mut Chunk<HEIGHT>,
    by: [f32; HEIGHT],
    rows: &[Chunk<HEIGHT>],
    columns: &[[f32; POSITIONS]],
) {
    let mut sums = [[0.0; WIDTH]; HEIGHT];
    each_row!(HEIGHT, |I| for j in 0..WIDTH {
        sums[I][j] = all[I][FROM + j] * by[I];
    });
    for (rows, columns) in rows.iter().zip(columns.chunks(POSITIONS)) {
        sums = accumulate_across::<HEIGHT, WIDTH, POSITIONS, FROM>(sums, rows, columns);
    }
    each_row!(HEIGHT, |I| for j in 0..WIDTH {
        all[I][FROM + j] = sums[I][j];
    });
}

#[cfg(test)]
mod tests;
