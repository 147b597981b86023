//! The recurrences of state-space models: a short causal convolution, and a scan over what each channel remembers
//! (Gu and Dao 2023, §3; Dao and Gu 2024, §7).
//!
//! Channels lie side by side in blocks of 32 lanes, each lane with a chain of sums of its own, and tokens are taken in order:
//! no bit depends on the batch, on where a sequence is cut into calls, or on the threads.

#[cfg(test)]
mod tests;

use std::ops::Range;

use rayon::prelude::*;

use super::{Isa, kernel, math::exp, tile::Out};

/// Channels of a block.
const LANES: usize = 32;
/// Values that one task takes.
const CHUNK: usize = 1 << 12;

/// A scan: what a channel holds, h, becomes `decay · h + step · x · b` with every token, and gives `c · h + skip · x`, times
/// its gate x σ(x).
pub struct Scan {
    channels: usize,
    state: usize,
    groups: usize,
    decay: Decay,
    /// `[blocks][LANES]`.
    skip: Vec<[f32; LANES]>,
}

/// What the logarithm of a channel's decay is, for a step of 1; below 0.
enum Decay {
    /// One for each of the values that a channel holds: `[blocks][state][LANES]`.
    Values(Vec<[f32; LANES]>),
    /// One for all of them: `[blocks][LANES]`.
    Channels(Vec<[f32; LANES]>),
}

/// Some columns of a matrix, from one on.
#[derive(Clone, Copy)]
pub struct Columns<'a> {
    /// Row after row.
    pub rows: &'a [f32],
    /// The length of a row.
    pub width: usize,
    /// The first of the columns.
    pub first: usize,
}

/// What a scan reads, a row a token.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    /// `[tokens, channels]`.
    pub x: Columns<'a>,
    /// `[tokens, channels]`.
    pub step: Columns<'a>,
    /// `[tokens, channels]`.
    pub gate: Columns<'a>,
    /// `[tokens, groups, state]`.
    pub b: Columns<'a>,
    /// `[tokens, groups, state]`.
    pub c: Columns<'a>,
}

/// The tokens of one sequence.
pub struct Stretch<'a> {
    /// In the inputs.
    pub rows: Range<usize>,
    /// What the channels hold before, [`Scan::held`] values; zeros without it.
    pub before: Option<&'a [f32]>,
    /// Where what they hold after is put, if it is wanted.
    pub after: Option<&'a mut [f32]>,
}

impl Scan {
    /// `decay` is `[channels, state]`, or `[channels]` where all values of a channel decay alike; `skip` is `[channels]`.
    ///
    /// # Panics
    /// If the channels cannot be divided into the groups, or the lengths do not fit.
    pub fn new(state: usize, groups: usize, decay: &[f32], skip: &[f32]) -> Self {
        let channels = skip.len();
        assert!(channels.is_multiple_of(groups), "{channels} channels in {groups} groups");
        let blocks = blocks(channels, groups);
        let gather = |of: &dyn Fn(usize) -> f32| -> Vec<[f32; LANES]> {
            let block = |range: &Range<usize>| {
                let mut lanes = [0.0; LANES];
                lanes.iter_mut().zip(range.clone()).for_each(|(lane, channel)| *lane = of(channel));
                lanes
            };
            blocks.iter().map(block).collect()
        };
        let per_channel = decay.len() / channels;
        assert_eq!(decay.len(), channels * per_channel, "as many decays for each channel");
        let decay = if per_channel == 1 && state > 1 {
            Decay::Channels(gather(&|channel| decay[channel]))
        } else {
            assert_eq!(per_channel, state, "a decay for each value that a channel holds");
            let rows: Vec<_> = (0..state).map(|at| gather(&|channel| decay[channel * state + at])).collect();
            Decay::Values(
                (0..blocks.len()).flat_map(|block| rows.iter().map(move |row| row[block])).collect(),
            )
        };
        Self { channels, state, groups, decay, skip: gather(&|channel| skip[channel]) }
    }

    /// Values that a sequence holds between two calls.
    pub fn held(&self) -> usize {
        Self::held_by(self.channels, self.state, self.groups)
    }

    /// [`Scan::held`] of a scan of these sizes.
    pub fn held_by(channels: usize, state: usize, groups: usize) -> usize {
        groups * (channels / groups).div_ceil(LANES) * state * LANES
    }

    /// Goes on with every stretch, on the current rayon pool; `out` is `[tokens, channels]`.
    ///
    /// # Panics
    /// If the inputs are too short, or two stretches share rows.
    pub fn run(&self, isa: Isa, inputs: &Inputs<'_>, stretches: Vec<Stretch<'_>>, out: &mut [f32]) {
        let apart = stretches.windows(2).all(|pair| pair[0].rows.end <= pair[1].rows.start);
        assert!(apart, "stretches lie one after the other");
        let blocks = blocks(self.channels, self.groups);
        #[expect(unsafe_code, reason = "threads fill columns of one matrix")]
        // SAFETY: tasks differ in their rows or in their columns.
        let out = unsafe { Out::new(out, self.channels) };
        let mut tasks = Vec::with_capacity(stretches.len() * blocks.len());
        for Stretch { rows, before, after } in stretches {
            let mut after = after.map(|after| after.as_chunks_mut::<LANES>().0.chunks_mut(self.state));
            for block in 0..blocks.len() {
                let before =
                    before.map(|before| &before.as_chunks::<LANES>().0[block * self.state..][..self.state]);
                tasks.push((rows.clone(), block, before, after.as_mut().and_then(Iterator::next)));
            }
        }
        tasks.into_par_iter().for_each_init(Vec::new, |held, (rows, block, before, after)| {
            held.clear();
            held.resize(self.state, [0.0; LANES]);
            if let Some(before) = before {
                held.copy_from_slice(before);
            }
            let lanes = blocks[block].clone();
            let group = lanes.start / (self.channels / self.groups);
            let decay = match &self.decay {
                Decay::Values(decay) => &decay[block * self.state..][..self.state],
                Decay::Channels(decay) => &decay[block..=block],
            };
            let part = Part { rows, lanes, first: group * self.state, decay, skip: &self.skip[block] };
            scan(isa, inputs, &part, held, out);
            if let Some(after) = after {
                after.copy_from_slice(held);
            }
        });
    }
}

/// The channels of each block; a block lies in one group.
fn blocks(channels: usize, groups: usize) -> Vec<Range<usize>> {
    let wide = channels / groups;
    let of_group = |group: usize| {
        let end = (group + 1) * wide;
        (group * wide..end).step_by(LANES).map(move |start| start..end.min(start + LANES))
    };
    (0..groups).flat_map(of_group).collect()
}

impl<'a> Columns<'a> {
    /// All columns of a matrix.
    pub fn all(rows: &'a [f32], width: usize) -> Self {
        Self { rows, width, first: 0 }
    }

    /// The first so many of them in a row.
    pub fn row(&self, row: usize, count: usize) -> &'a [f32] {
        self.at(row, 0..count)
    }

    #[inline(always)]
    fn at(&self, row: usize, columns: Range<usize>) -> &'a [f32] {
        &self.rows[row * self.width + self.first..][columns]
    }

    #[inline(always)]
    fn lanes(&self, row: usize, columns: &Range<usize>) -> [f32; LANES] {
        let mut lanes = [0.0; LANES];
        let values = self.at(row, columns.clone());
        lanes[..values.len()].copy_from_slice(values);
        lanes
    }
}

/// A block of channels over some rows.
struct Part<'a> {
    rows: Range<usize>,
    lanes: Range<usize>,
    /// The first column of the group's b and c.
    first: usize,
    /// `[state][LANES]`, or one row where all values decay alike.
    decay: &'a [[f32; LANES]],
    skip: &'a [f32; LANES],
}

kernel! {
    /// `held` is `[state][LANES]`.
    fn scan(inputs: &Inputs<'_>, part: &Part<'_>, held: &mut [[f32; LANES]], out: Out<'_>),
    wide: scan_body, narrow: scan_body,
}

#[inline(always)]
fn scan_body(inputs: &Inputs<'_>, part: &Part<'_>, held: &mut [[f32; LANES]], out: Out<'_>) {
    let Part { rows, lanes, first, decay, skip } = part;
    let (first, decay) = (*first, *decay);
    let of_group = first..first + held.len();
    for row in rows.clone() {
        let (x, step) = (inputs.x.lanes(row, lanes), inputs.step.lanes(row, lanes));
        let (b, c) = (inputs.b.at(row, of_group.clone()), inputs.c.at(row, of_group.clone()));
        let mut sum = [0.0; LANES];
        let new: [f32; LANES] = std::array::from_fn(|lane| step[lane] * x[lane]);
        if let [decay] = decay
            && held.len() > 1
        {
            let keep: [f32; LANES] = std::array::from_fn(|lane| exp(step[lane] * decay[lane]));
            for ((held, b), c) in held.iter_mut().zip(b).zip(c) {
                for lane in 0..LANES {
                    held[lane] = keep[lane].mul_add(held[lane], new[lane] * b);
                    sum[lane] = held[lane].mul_add(*c, sum[lane]);
                }
            }
        } else {
            for (((held, decay), b), c) in held.iter_mut().zip(decay).zip(b).zip(c) {
                for lane in 0..LANES {
                    let keep = exp(step[lane] * decay[lane]);
                    held[lane] = keep.mul_add(held[lane], new[lane] * b);
                    sum[lane] = held[lane].mul_add(*c, sum[lane]);
                }
            }
        }
        let gate = inputs.gate.lanes(row, lanes);
        for lane in 0..LANES {
            sum[lane] = skip[lane].mul_add(x[lane], sum[lane]) * silu(gate[lane]);
        }
        out.write_part(row, lanes.start, &sum[..lanes.len()]);
    }
}

kernel! {
    /// One row of a convolution of each channel with its own taps, then x σ(x): `rows` and the rows of `taps` are those
    /// of the last tokens, the oldest first.
    pub fn convolve(taps: &[f32], bias: &[f32], rows: &[&[f32]], out: &mut [f32]),
    wide: convolve_body, narrow: convolve_body,
}

#[inline(always)]
fn convolve_body(taps: &[f32], bias: &[f32], rows: &[&[f32]], out: &mut [f32]) {
    out.copy_from_slice(bias);
    for (row, taps) in rows.iter().zip(taps.chunks(bias.len())) {
        for ((out, x), tap) in out.iter_mut().zip(*row).zip(taps) {
            *out = tap.mul_add(*x, *out);
        }
    }
    for out in out {
        *out = silu(*out);
    }
}

/// ln(1 + eˣ) of every value, cut to a range.
pub fn softplus(isa: Isa, values: &mut [f32], (least, most): (f32, f32)) {
    values.par_chunks_mut(CHUNK).for_each(|values| softplus_alone(isa, values, least, most));
}

/// Multiplies every row with `weight`.
pub fn weigh(isa: Isa, rows: &mut [f32], weight: &[f32]) {
    rows.par_chunks_mut(weight.len()).for_each(|row| weigh_row(isa, row, weight));
}

kernel! {
    fn softplus_alone(values: &mut [f32], least: f32, most: f32),
    wide: softplus_body, narrow: softplus_body,
}
kernel! {
    fn weigh_row(row: &mut [f32], weight: &[f32]),
    wide: weigh_body, narrow: weigh_body,
}

#[inline(always)]
fn weigh_body(row: &mut [f32], weight: &[f32]) {
    for (x, weight) in row.iter_mut().zip(weight) {
        *x *= weight;
    }
}

#[inline(always)]
fn softplus_body(values: &mut [f32], least: f32, most: f32) {
    for x in values {
        // ln(1 + u) = 2 artanh(u / (2 + u)), whose series ends here at 1e-8 of the whole for u up to 1.
        let u = exp(-x.abs());
        let s = u / (2.0 + u);
        let square = s * s;
        let mut p = 1.0 / 15.0_f32;
        p = p.mul_add(square, 1.0 / 13.0);
        p = p.mul_add(square, 1.0 / 11.0);
        p = p.mul_add(square, 1.0 / 9.0);
        p = p.mul_add(square, 1.0 / 7.0);
        p = p.mul_add(square, 0.2);
        p = p.mul_add(square, 1.0 / 3.0);
        let p = (p * square).mul_add(s, s);
        let y = p.mul_add(2.0, if *x < 0.0 { 0.0 } else { *x });
        // Comparisons that let NaN through.
        let y = if y < least { least } else { y };
        *x = if y > most { most } else { y };
    }
}

#[inline(always)]
fn silu(x: f32) -> f32 {
    x / (1.0 + exp(-x))
}
