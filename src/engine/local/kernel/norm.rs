//! Normalization of rows.

use rayon::prelude::*;

use super::{Isa, kernel, math::sum};

/// How the rows of a layer are normalized; `eps` is added to the variance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Norm {
    /// To mean 0 and variance 1 (Ba et al. 2016).
    Layer {
        /// Added to the variance.
        eps: f32,
    },
    /// To a mean square of 1 (Zhang and Sennrich 2019).
    Rms {
        /// Added to the mean square.
        eps: f32,
    },
}

/// Rows that one task takes.
const ROWS: usize = 16;

impl Norm {
    /// Writes the normalized rows times `weight`, plus `bias` where there is one. Rows are as long as `weight`.
    pub fn apply(self, isa: Isa, rows: &[f32], weight: &[f32], bias: Option<&[f32]>, out: &mut [f32]) {
        let width = weight.len();
        out.par_chunks_mut(ROWS * width).zip(rows.par_chunks(ROWS * width)).for_each(|(out, rows)| {
            for (out, row) in out.chunks_mut(width).zip(rows.chunks(width)) {
                match self {
                    Self::Layer { eps } => layer(isa, row, eps, weight, bias, out),
                    Self::Rms { eps } => rms(isa, row, eps, weight, bias, out),
                }
            }
        });
    }
}

kernel! {
    fn layer(row: &[f32], eps: f32, weight: &[f32], bias: Option<&[f32]>, out: &mut [f32]),
    wide: layer_body, narrow: layer_body,
}
kernel! {
    fn rms(row: &[f32], eps: f32, weight: &[f32], bias: Option<&[f32]>, out: &mut [f32]),
    wide: rms_body, narrow: rms_body,
}

#[inline(always)]
fn layer_body(row: &[f32], eps: f32, weight: &[f32], bias: Option<&[f32]>, out: &mut [f32]) {
    let n = row.len() as f32;
    let mean = sum(row, |x| x) / n;
    // Two passes: the mean of squares less the square of the mean would lose digits.
    let variance = sum(row, |x| (x - mean) * (x - mean)) / n;
    scale(row, mean, 1.0 / (variance + eps).sqrt(), weight, bias, out);
}

#[inline(always)]
fn rms_body(row: &[f32], eps: f32, weight: &[f32], bias: Option<&[f32]>, out: &mut [f32]) {
    let square = sum(row, |x| x * x) / row.len() as f32;
    scale(row, 0.0, 1.0 / (square + eps).sqrt(), weight, bias, out);
}

#[inline(always)]
fn scale(row: &[f32], mean: f32, factor: f32, weight: &[f32], bias: Option<&[f32]>, out: &mut [f32]) {
    match bias {
        Some(bias) => {
            for ((out, x), (weight, bias)) in out.iter_mut().zip(row).zip(weight.iter().zip(bias)) {
                *out = ((x - mean) * factor).mul_add(*weight, *bias);
            }
        }
        None => {
            for ((out, x), weight) in out.iter_mut().zip(row).zip(weight) {
                *out = (x - mean) * factor * weight;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn rows_are_normalized_alike_on_every_instruction_set(
            width in 1usize..70, rows in 1usize..4, shift in -100.0f32..100.0, seed in any::<u64>(),
        ) {
            let numbers = |len, salt| crate::engine::local::kernel::tests::numbers(len, seed ^ salt);
            let x: Vec<f32> = numbers(width * rows, 0).iter().map(|x| x + shift).collect();
            let (weight, bias) = (numbers(width, 1), numbers(width, 2));
            let eps = 1e-5;
            for (norm, bias) in [(Norm::Layer { eps }, Some(&bias)), (Norm::Rms { eps }, None)] {
                let mut first = vec![0.0; x.len()];
                norm.apply(Isa::best(), &x, &weight, bias.map(Vec::as_slice), &mut first);
                for isa in Isa::available() {
                    let mut out = vec![0.0; x.len()];
                    norm.apply(isa, &x, &weight, bias.map(Vec::as_slice), &mut out);
                    prop_assert!(first.iter().zip(&out).all(|(a, b)| a.to_bits() == b.to_bits()), "{}", isa.name());
                }
                for (row, out) in x.chunks(width).zip(first.chunks(width)) {
                    let row: Vec<f64> = row.iter().copied().map(f64::from).collect();
                    let n = width as f64;
                    let mean = if bias.is_some() { row.iter().sum::<f64>() / n } else { 0.0 };
                    let square = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
                    for i in 0..width {
                        let right = (row[i] - mean) / (square + f64::from(eps)).sqrt() * f64::from(weight[i])
                            + bias.map_or(0.0, |bias| f64::from(bias[i]));
                        // The mean is known to a unit in the last place of the shift, which the division enlarges.
                        let bound = 4e-7 * (1.0 + f64::from(shift.abs()) / (square + f64::from(eps)).sqrt());
                        prop_assert!((f64::from(out[i]) - right).abs() <= bound, "{} {right}", out[i]);
                    }
                }
            }
        }
    }
}
