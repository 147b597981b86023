//! The layers of a GPT-2, forward and backward. `M` is the tokens of a step, `C` the width; matrices lie row after row.
//!
//! Work is shared out by rows of text, and what is summed over rows is summed in their order, so threads do not show.

use rayon::prelude::*;
use yardstick::engine::local::kernel::{Packed, Sum, View, gemm};

use super::{
    math::{exp, largest, sum_of, sum_of_pairs},
    shape::Shape,
};

/// Mean and one over the deviation of a token's state.
pub type Moments = (f32, f32);

const EPSILON: f32 = 1e-5;

/// Layer norm: `out = (x − mean) / deviation · gain + bias`, and the moments of every row.
pub fn norm(x: &[f32], gain: &[f32], bias: &[f32], out: &mut [f32], moments: &mut [Moments]) {
    let width = gain.len();
    let rows = x.par_chunks(width).zip(out.par_chunks_mut(width)).zip(moments);
    rows.with_min_len(64).for_each(|((x, out), moments)| {
        let mean = sum_of(x, |v| v) / width as f32;
        let variance = sum_of(x, |v| (v - mean) * (v - mean)) / width as f32;
        let scale = 1.0 / (variance + EPSILON).sqrt();
        *moments = (mean, scale);
        for (((out, x), gain), bias) in out.iter_mut().zip(x).zip(gain).zip(bias) {
            *out = (x - mean) * scale * gain + bias;
        }
    });
}

/// Adds the gradients of [`norm`] to those of its input, gain and bias.
pub fn norm_back(
    (d_out, x, moments): (&[f32], &[f32], &[Moments]),
    gain: &[f32],
    d_x: &mut [f32],
    (d_gain, d_bias): (&mut [f32], &mut [f32]),
) {
    let width = gain.len();
    let block = 256 * width;
    let blocks = d_out
        .par_chunks(block)
        .zip(x.par_chunks(block))
        .zip(moments.par_chunks(256))
        .zip(d_x.par_chunks_mut(block));
    let parts: Vec<_> = blocks
        .map(|(((d_out, x), moments), d_x)| {
            let mut parts = vec![0.0; 2 * width];
            let (d_gain, d_bias) = parts.split_at_mut(width);
            let rows = d_out.chunks(width).zip(x.chunks(width)).zip(d_x.chunks_mut(width)).zip(moments);
            let mut scaled = vec![0.0; width];
            for (((d_out, x), d_x), &(mean, scale)) in rows {
                for i in 0..width {
                    scaled[i] = d_out[i] * gain[i];
                    d_gain[i] += d_out[i] * (x[i] - mean) * scale;
                    d_bias[i] += d_out[i];
                }
                let mean_gradient = sum_of(&scaled, |v| v) / width as f32;
                let along = sum_of_pairs(&scaled, x, |g, x| g * (x - mean)) * scale / width as f32;
                for i in 0..width {
                    d_x[i] += (scaled[i] - mean_gradient - (x[i] - mean) * scale * along) * scale;
                }
            }
            parts
        })
        .collect();
    for part in parts {
        add(d_gain, &part[..width]);
        add(d_bias, &part[width..]);
    }
}

/// `out (M × n) = x (M × k) · weights (k × n) + bias`, or that added to `out`.
pub fn linear(x: &[f32], weights: &[f32], bias: &[f32], out: &mut [f32], sum: Sum<'_>) {
    let n = bias.len();
    let k = weights.len() / n;
    for row in out.chunks_mut(n) {
        if sum == Sum::Add {
            add(row, bias);
        } else {
            row.copy_from_slice(bias);
        }
    }
    gemm(View::dense(x, x.len() / k), &Packed::pack(k, n, weights, n, 1), out, Sum::Add);
}

/// The gradients of [`linear`]: those of its input are stored, the others added.
pub fn linear_back(
    (d_out, x, weights): (&[f32], &[f32], &[f32]),
    d_x: &mut [f32],
    (d_weights, d_bias): (&mut [f32], &mut [f32]),
) {
    let n = d_bias.len();
    let (k, tokens) = (weights.len() / n, d_out.len() / n);
    gemm(View::dense(d_out, tokens), &Packed::pack(n, k, weights, 1, n), d_x, Sum::Store);
    let columns = View { data: x, rows: k, row_stride: 1, column_stride: k };
    gemm(columns, &Packed::pack(tokens, n, d_out, n, 1), d_weights, Sum::Add);
    for row in d_out.chunks(n) {
        add(d_bias, row);
    }
}

/// Causal attention: from `[M][3C]` queries, keys and values to `[M][C]`; `weights` keeps `[rows][heads][T][T]`.
pub fn attend(shape: Shape, qkv: &[f32], weights: &mut [f32], out: &mut [f32]) {
    let Shape { width, heads, context, .. } = shape;
    let head_width = shape.head_width();
    let scale = 1.0 / (head_width as f32).sqrt();
    let rows = qkv
        .par_chunks(context * 3 * width)
        .zip(weights.par_chunks_mut(heads * context * context))
        .zip(out.par_chunks_mut(context * width));
    rows.for_each(|((qkv, weights), out)| {
        let mut mixed = vec![0.0; context * head_width];
        for (head, weights) in weights.chunks_mut(context * context).enumerate() {
            let [queries, keys, values] = [0, 1, 2].map(|part| columns(shape, qkv, part, head));
            let keys = Packed::pack(head_width, context, &keys, 1, head_width);
            gemm(View::dense(&queries, context), &keys, weights, Sum::Store);
            for (place, row) in weights.chunks_mut(context).enumerate() {
                let (seen, unseen) = row.split_at_mut(place + 1);
                unseen.fill(0.0);
                let most = largest(seen);
                seen.iter_mut().for_each(|score| *score = exp((*score - most) * scale));
                let total = sum_of(seen, |v| v);
                seen.iter_mut().for_each(|weight| *weight /= total);
            }
            let values = Packed::pack(context, head_width, &values, head_width, 1);
            gemm(View::dense(weights, context), &values, &mut mixed, Sum::Store);
            for (out, mixed) in out.chunks_mut(width).zip(mixed.chunks(head_width)) {
                out[head * head_width..][..head_width].copy_from_slice(mixed);
            }
        }
    });
}

/// The gradient of [`attend`] with respect to queries, keys and values.
pub fn attend_back(shape: Shape, d_out: &[f32], qkv: &[f32], weights: &[f32], d_qkv: &mut [f32]) {
    let Shape { width, heads, context, .. } = shape;
    let head_width = shape.head_width();
    let scale = 1.0 / (head_width as f32).sqrt();
    let rows = d_out
        .par_chunks(context * width)
        .zip(qkv.par_chunks(context * 3 * width))
        .zip(weights.par_chunks(heads * context * context))
        .zip(d_qkv.par_chunks_mut(context * 3 * width));
    rows.for_each(|(((d_out, qkv), weights), d_qkv)| {
        let mut d_scores = vec![0.0; context * context];
        let mut d_part = vec![0.0; context * head_width];
        let pack = |data: &[f32]| Packed::pack(context, head_width, data, head_width, 1);
        for (head, weights) in weights.chunks(context * context).enumerate() {
            let [queries, keys, values] = [0, 1, 2].map(|part| columns(shape, qkv, part, head));
            let d_mixed = cut(d_out, width, head * head_width, head_width);
            let mut store = |part: usize, d_part: &[f32]| {
                let first = part * width + head * head_width;
                for (row, part) in d_qkv.chunks_mut(3 * width).zip(d_part.chunks(head_width)) {
                    row[first..][..head_width].copy_from_slice(part);
                }
            };
            gemm(transposed(weights, context), &pack(&d_mixed), &mut d_part, Sum::Store);
            store(2, &d_part);
            let values = Packed::pack(head_width, context, &values, 1, head_width);
            gemm(View::dense(&d_mixed, context), &values, &mut d_scores, Sum::Store);
            for (d_row, row) in d_scores.chunks_mut(context).zip(weights.chunks(context)) {
                let along = sum_of_pairs(d_row, row, |d, weight| d * weight);
                d_row.iter_mut().zip(row).for_each(|(d, weight)| *d = weight * (*d - along) * scale);
            }
            gemm(View::dense(&d_scores, context), &pack(&keys), &mut d_part, Sum::Store);
            store(0, &d_part);
            gemm(transposed(&d_scores, context), &pack(&queries), &mut d_part, Sum::Store);
            store(1, &d_part);
        }
    });
}

/// `[T][T]`, rows and columns exchanged.
fn transposed(data: &[f32], context: usize) -> View<'_> {
    View { data, rows: context, row_stride: 1, column_stride: context }
}

/// `[T][D]`: the queries (0), keys (1) or values (2) of one head of one row of text.
fn columns(shape: Shape, qkv: &[f32], part: usize, head: usize) -> Vec<f32> {
    let first = part * shape.width + head * shape.head_width();
    cut(qkv, 3 * shape.width, first, shape.head_width())
}

/// `wanted` columns of a matrix, from the column `first` on.
fn cut(matrix: &[f32], columns: usize, first: usize, wanted: usize) -> Vec<f32> {
    let mut out = Vec::with_capacity(matrix.len() / columns * wanted);
    for row in matrix.chunks(columns) {
        out.extend_from_slice(&row[first..][..wanted]);
    }
    out
}

/// `left += right`.
pub fn add(left: &mut [f32], right: &[f32]) {
    for (left, right) in left.iter_mut().zip(right) {
        *left += right;
    }
}
