//! The whole model: from rows of tokens to the loss and its gradient.

use rayon::prelude::*;
use yardstick::engine::local::kernel::{Packed, Sum, View, gemm};

use super::{
    layers::{Moments, add, attend, attend_back, linear, linear_back, norm, norm_back},
    math::{exp, gelu, largest, sum_of},
    shape::{Layout, Part, Shape},
};

/// A row of tokens, at most as long as the context. What is missing at its end is filled up and not learnt.
pub type Row = Vec<u16>;

/// What a step computes on the way, kept from step to step.
pub struct Network {
    layout: Layout,
    blocks: Vec<Block>,
    /// What leaves the last block, its norm, and the moments of that.
    last: Vec<f32>, // [M][C]
    normed: Vec<f32>,      // [M][C]
    moments: Vec<Moments>, // [M]
    logits: Vec<f32>,      // [T][V]; then their gradient
    /// Gradients on the way back.
    d_stream: Vec<f32>, // [M][C]
    d_normed: Vec<f32>,    // [M][C]
    d_mixed: Vec<f32>,     // [M][C]
    d_qkv: Vec<f32>,       // [M][3C]
    d_hidden: Vec<f32>,    // [M][4C]
}

/// What one block keeps for the way back.
#[derive(Clone)]
struct Block {
    input: Vec<f32>,    // [M][C]
    normed_1: Vec<f32>, // [M][C]
    moments_1: Vec<Moments>,
    qkv: Vec<f32>,      // [M][3C]
    weights: Vec<f32>,  // [rows][heads][T][T]
    mixed: Vec<f32>,    // [M][C]
    middle: Vec<f32>,   // [M][C]
    normed_2: Vec<f32>, // [M][C]
    moments_2: Vec<Moments>,
    hidden: Vec<f32>, // [M][4C]
    active: Vec<f32>, // [M][4C]
}

impl Network {
    /// Takes the memory that a step needs.
    pub fn new(layout: Layout) -> Self {
        let Shape { layers, width, context, vocabulary, rows, heads } = layout.shape;
        let tokens = layout.shape.tokens();
        let of = |columns: usize| vec![0.0; tokens * columns];
        let block = Block {
            input: of(width),
            normed_1: of(width),
            moments_1: vec![(0.0, 0.0); tokens],
            qkv: of(3 * width),
            weights: vec![0.0; rows * heads * context * context],
            mixed: of(width),
            middle: of(width),
            normed_2: of(width),
            moments_2: vec![(0.0, 0.0); tokens],
            hidden: of(4 * width),
            active: of(4 * width),
        };
        Self {
            blocks: vec![block; layers],
            last: of(width),
            normed: of(width),
            moments: vec![(0.0, 0.0); tokens],
            logits: vec![0.0; context * vocabulary],
            d_stream: of(width),
            d_normed: of(width),
            d_mixed: of(width),
            d_qkv: of(3 * width),
            d_hidden: of(4 * width),
            layout,
        }
    }

    /// Where the tensors lie.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Gives the memory back.
    pub fn into_layout(self) -> Layout {
        self.layout
    }

    /// The mean loss over all tokens that have a successor, in nats; the gradient replaces `gradient`.
    pub fn step(&mut self, values: &[f32], rows: &[Row], gradient: &mut [f32]) -> f32 {
        self.forward(values, rows);
        gradient.fill(0.0);
        let loss = self.loss(values, rows, gradient);
        self.backward(values, rows, gradient);
        loss
    }

    fn forward(&mut self, values: &[f32], rows: &[Row]) {
        let Self { layout, blocks, last, normed, moments, .. } = self;
        let shape = layout.shape;
        let width = shape.width;
        let (tokens, places) = (&values[layout.tokens()], &values[layout.places()]);
        for (at, state) in blocks[0].input.chunks_mut(width).enumerate() {
            let (row, place) = (at / shape.context, at % shape.context);
            state.copy_from_slice(&tokens[token(rows, row, place) * width..][..width]);
            add(state, &places[place * width..][..width]);
        }
        for layer in 0..shape.layers {
            let of = |part| &values[layout.block(layer, part)];
            let (block, after) = blocks[layer..].split_first_mut().expect("there is this block");
            norm(
                &block.input,
                of(Part::Norm1Gain),
                of(Part::Norm1Bias),
                &mut block.normed_1,
                &mut block.moments_1,
            );
            linear(
                &block.normed_1,
                of(Part::QueryKeyValue),
                of(Part::QueryKeyValueBias),
                &mut block.qkv,
                Sum::Store,
            );
            attend(shape, &block.qkv, &mut block.weights, &mut block.mixed);
            block.middle.copy_from_slice(&block.input);
            linear(&block.mixed, of(Part::Projection), of(Part::ProjectionBias), &mut block.middle, Sum::Add);
            norm(
                &block.middle,
                of(Part::Norm2Gain),
                of(Part::Norm2Bias),
                &mut block.normed_2,
                &mut block.moments_2,
            );
            linear(&block.normed_2, of(Part::Up), of(Part::UpBias), &mut block.hidden, Sum::Store);
            block
                .active
                .par_iter_mut()
                .zip(&block.hidden)
                .with_min_len(4096)
                .for_each(|(a, x)| *a = gelu(*x).0);
            let out = after.first_mut().map_or(&mut *last, |next| &mut next.input);
            out.copy_from_slice(&block.middle);
            linear(&block.active, of(Part::Down), of(Part::DownBias), out, Sum::Add);
        }
        let [gain, bias] = layout.last_norm();
        norm(last, &values[gain], &values[bias], normed, moments);
    }

    /// The loss, and its gradient up to the last norm. One row of text at a time, so that the logits stay in a cache.
    fn loss(&mut self, values: &[f32], rows: &[Row], gradient: &mut [f32]) -> f32 {
        let Self { layout, normed, d_normed, logits, .. } = self;
        let Shape { width, context, vocabulary, .. } = layout.shape;
        let learnt = rows.iter().map(|row| row.len() - 1).sum::<usize>() as f32;
        let tokens = &values[layout.tokens()];
        let forward = Packed::pack(width, vocabulary, tokens, 1, width);
        let backward = Packed::pack(vocabulary, width, tokens, width, 1);
        let mut d_output = vec![0.0; width * vocabulary];
        let mut losses = Vec::with_capacity(rows.len() * context);
        let states = normed.chunks(context * width).zip(d_normed.chunks_mut(context * width));
        for (row, (states, d_states)) in rows.iter().zip(states) {
            gemm(View::dense(states, context), &forward, logits, Sum::Store);
            let nexts = logits.par_chunks_mut(vocabulary).enumerate();
            losses.par_extend(
                nexts.map(|(place, logits)| cross_entropy(logits, row.get(place + 1).copied(), learnt)),
            );
            gemm(View::dense(logits, context), &backward, d_states, Sum::Store);
            let columns = View { data: states, rows: width, row_stride: 1, column_stride: width };
            gemm(columns, &Packed::pack(context, vocabulary, logits, vocabulary, 1), &mut d_output, Sum::Add);
        }
        for (entry, d_token) in gradient[layout.tokens()].chunks_mut(width).enumerate() {
            for (i, d) in d_token.iter_mut().enumerate() {
                *d += d_output[i * vocabulary + entry];
            }
        }
        losses.iter().sum::<f32>() / learnt
    }

    fn backward(&mut self, values: &[f32], rows: &[Row], gradient: &mut [f32]) {
        let Self { layout, blocks, last, moments, d_stream, d_normed, d_mixed, d_qkv, d_hidden, .. } = self;
        let shape = layout.shape;
        let width = shape.width;
        d_stream.fill(0.0);
        let [gain, bias] = layout.last_norm();
        let d_gain_bias = gradient[gain.start..bias.end].split_at_mut(width);
        norm_back((d_normed, last, moments), &values[gain], d_stream, d_gain_bias);

        for (layer, block) in blocks.iter().enumerate().rev() {
            let of = |part| &values[layout.block(layer, part)];
            linear_back(
                (d_stream, &block.active, of(Part::Down)),
                d_hidden,
                with_bias(gradient, layout, layer, Part::Down),
            );
            d_hidden.par_iter_mut().zip(&block.hidden).with_min_len(4096).for_each(|(d, x)| *d *= gelu(*x).1);
            linear_back(
                (d_hidden, &block.normed_2, of(Part::Up)),
                d_normed,
                with_bias(gradient, layout, layer, Part::Up),
            );
            let norm_2 = (&d_normed[..], &block.middle[..], &block.moments_2[..]);
            norm_back(
                norm_2,
                of(Part::Norm2Gain),
                d_stream,
                with_bias(gradient, layout, layer, Part::Norm2Gain),
            );
            linear_back(
                (d_stream, &block.mixed, of(Part::Projection)),
                d_mixed,
                with_bias(gradient, layout, layer, Part::Projection),
            );
            attend_back(shape, d_mixed, &block.qkv, &block.weights, d_qkv);
            linear_back(
                (d_qkv, &block.normed_1, of(Part::QueryKeyValue)),
                d_normed,
                with_bias(gradient, layout, layer, Part::QueryKeyValue),
            );
            let norm_1 = (&d_normed[..], &block.input[..], &block.moments_1[..]);
            norm_back(
                norm_1,
                of(Part::Norm1Gain),
                d_stream,
                with_bias(gradient, layout, layer, Part::Norm1Gain),
            );
        }
        for (at, d_state) in d_stream.chunks(width).enumerate() {
            let (row, place) = (at / shape.context, at % shape.context);
            add(&mut gradient[layout.tokens()][token(rows, row, place) * width..][..width], d_state);
            add(&mut gradient[layout.places()][place * width..][..width], d_state);
        }
    }
}

/// The loss at one place; its gradient replaces the logits. Nothing is learnt where nothing follows.
fn cross_entropy(logits: &mut [f32], next: Option<u16>, learnt: f32) -> f32 {
    let Some(next) = next.map(usize::from) else {
        logits.fill(0.0);
        return 0.0;
    };
    let most = largest(logits);
    let wanted = logits[next] - most;
    logits.iter_mut().for_each(|logit| *logit = exp(*logit - most));
    let total = sum_of(logits, |v| v);
    let scale = 1.0 / (total * learnt);
    logits.iter_mut().for_each(|logit| *logit *= scale);
    logits[next] -= 1.0 / learnt;
    libm::logf(total) - wanted
}

/// The token at a place, and 0 behind the end of a row, where nothing is learnt.
fn token(rows: &[Row], row: usize, place: usize) -> usize {
    rows[row].get(place).copied().unwrap_or(0).into()
}

/// The gradients of a block's weights or gain, and of the bias, which lies behind them.
fn with_bias<'a>(
    gradient: &'a mut [f32],
    layout: &Layout,
    layer: usize,
    part: Part,
) -> (&'a mut [f32], &'a mut [f32]) {
    let weights = layout.block(layer, part);
    let (head, tail) = gradient.split_at_mut(weights.end);
    (&mut head[weights.start..], &mut tail[..layout.bias_of(layer, part)])
}
