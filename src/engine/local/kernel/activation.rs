//! The bends of a network, value by value.

use rayon::prelude::*;

use super::{
    Isa, kernel,
    math::{exp, farther},
};

/// What a layer does to each value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// x Φ(x), with the error function.
    Gelu,
    /// The same with a tanh for Φ, as in GPT-2 (Hendrycks and Gimpel 2016, §2).
    GeluTanh,
    /// x σ(x), also called swish.
    Silu,
    /// max(x, 0).
    Relu,
    /// max(x, 0)² (So et al. 2021).
    ReluSquared,
    /// x σ(1.702 x).
    QuickGelu,
}

/// Values that one task takes.
const CHUNK: usize = 1 << 14;

impl Activation {
    /// Applies it in place.
    pub fn apply(self, isa: Isa, values: &mut [f32]) {
        if values.len() <= CHUNK {
            self.apply_alone(isa, values);
        } else {
            values.par_chunks_mut(CHUNK).for_each(|chunk| self.apply_alone(isa, chunk));
        }
    }

    /// Rows of `both` hold a gate and as many values after it; `out` becomes the values times the activated gate.
    ///
    /// `both` is m × 2 width, `out` m × width.
    pub fn gate(self, isa: Isa, both: &[f32], width: usize, out: &mut [f32]) {
        let rows = (CHUNK / width).max(1);
        out.par_chunks_mut(rows * width).zip(both.par_chunks(rows * 2 * width)).for_each(|(out, both)| {
            for (out, both) in out.chunks_mut(width).zip(both.chunks(2 * width)) {
                let (gate, values) = both.split_at(width);
                out.copy_from_slice(gate);
                self.apply_alone(isa, out);
                multiply(isa, out, values);
            }
        });
    }

    fn apply_alone(self, isa: Isa, values: &mut [f32]) {
        match self {
            Self::Gelu => gelu(isa, values),
            Self::GeluTanh => gelu_tanh(isa, values),
            Self::Silu => silu(isa, values),
            Self::Relu => relu(isa, values),
            Self::ReluSquared => relu_squared(isa, values),
            Self::QuickGelu => quick_gelu(isa, values),
        }
    }
}

/// As [`Activation::gate`] with gate σ(alpha · gate) · (value + 1), where the gate is at most `limit` and the value's size
/// too.
pub fn clamped_gate(isa: Isa, both: &[f32], width: usize, alpha: f32, limit: f32, out: &mut [f32]) {
    let rows = (CHUNK / width).max(1);
    out.par_chunks_mut(rows * width).zip(both.par_chunks(rows * 2 * width)).for_each(|(out, both)| {
        for (out, both) in out.chunks_mut(width).zip(both.chunks(2 * width)) {
            let (gate, values) = both.split_at(width);
            clamped(isa, gate, values, alpha, limit, out);
        }
    });
}

/// `values += other`.
pub fn add(isa: Isa, values: &mut [f32], other: &[f32]) {
    assert_eq!(values.len(), other.len(), "as many values on both sides");
    values
        .par_chunks_mut(CHUNK)
        .zip(other.par_chunks(CHUNK))
        .for_each(|(values, other)| add_alone(isa, values, other));
}

kernel! {
    fn gelu(values: &mut [f32]),
    wide: gelu_body, narrow: gelu_body,
}
kernel! {
    fn gelu_tanh(values: &mut [f32]),
    wide: gelu_tanh_body, narrow: gelu_tanh_body,
}
kernel! {
    fn silu(values: &mut [f32]),
    wide: silu_body, narrow: silu_body,
}
kernel! {
    fn relu(values: &mut [f32]),
    wide: relu_body, narrow: relu_body,
}
kernel! {
    fn relu_squared(values: &mut [f32]),
    wide: relu_squared_body, narrow: relu_squared_body,
}
kernel! {
    fn quick_gelu(values: &mut [f32]),
    wide: quick_gelu_body, narrow: quick_gelu_body,
}
kernel! {
    fn clamped(gate: &[f32], values: &[f32], alpha: f32, limit: f32, out: &mut [f32]),
    wide: clamped_body, narrow: clamped_body,
}
kernel! {
    fn multiply(values: &mut [f32], other: &[f32]),
    wide: multiply_body, narrow: multiply_body,
}
kernel! {
    fn add_alone(values: &mut [f32], other: &[f32]),
    wide: add_body, narrow: add_body,
}

#[inline(always)]
fn gelu_body(values: &mut [f32]) {
    for x in values {
        let tail = 0.5 * *x * farther(*x);
        *x = if *x > 0.0 { *x - tail } else { tail };
    }
}

#[inline(always)]
fn gelu_tanh_body(values: &mut [f32]) {
    // (1 + tanh u) / 2 = 1 / (1 + exp(-2u)), with u = √(2/π) (x + 0.044715 x³).
    const TWICE_ROOT: f32 = 1.595_769;
    for x in values {
        let u = (0.044_715 * *x * *x).mul_add(*x, *x);
        *x /= 1.0 + exp(-TWICE_ROOT * u);
    }
}

#[inline(always)]
fn silu_body(values: &mut [f32]) {
    for x in values {
        *x /= 1.0 + exp(-*x);
    }
}

#[inline(always)]
fn relu_body(values: &mut [f32]) {
    for x in values {
        // NaN stays NaN.
        *x = if *x < 0.0 { 0.0 } else { *x };
    }
}

#[inline(always)]
fn relu_squared_body(values: &mut [f32]) {
    for x in values {
        let above = if *x < 0.0 { 0.0 } else { *x };
        *x = above * above;
    }
}

#[inline(always)]
fn quick_gelu_body(values: &mut [f32]) {
    for x in values {
        *x /= 1.0 + exp(-1.702 * *x);
    }
}

#[inline(always)]
fn clamped_body(gate: &[f32], values: &[f32], alpha: f32, limit: f32, out: &mut [f32]) {
    for ((out, gate), value) in out.iter_mut().zip(gate).zip(values) {
        // Comparisons that let NaN through.
        let gate = if *gate > limit { limit } else { *gate };
        let value = if *value > limit { limit } else { *value };
        let value = if value < -limit { -limit } else { value };
        *out = gate / (1.0 + exp(-alpha * gate)) * (value + 1.0);
    }
}

#[inline(always)]
fn multiply_body(values: &mut [f32], other: &[f32]) {
    for (value, other) in values.iter_mut().zip(other) {
        *value *= other;
    }
}

#[inline(always)]
fn add_body(values: &mut [f32], other: &[f32]) {
    for (value, other) in values.iter_mut().zip(other) {
        *value += other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(activation: Activation, right: impl Fn(f64) -> f64) {
        let inputs: Vec<f32> = (-40_000..40_000).map(|step| step as f32 / 2000.0).collect();
        let mut first: Option<Vec<f32>> = None;
        for isa in Isa::available() {
            let mut values = inputs.clone();
            activation.apply(isa, &mut values);
            let worst = inputs
                .iter()
                .zip(&values)
                .map(|(&x, &y)| (f64::from(y) - right(f64::from(x))).abs() / f64::from(x).abs().max(1.0))
                .fold(0.0, f64::max);
            assert!(worst < 2e-7, "{activation:?} {}: {worst:.2e}", isa.name());
            let same = first.get_or_insert_with(|| values.clone());
            assert!(same.iter().zip(&values).all(|(a, b)| a.to_bits() == b.to_bits()), "{}", isa.name());
        }
    }

    #[test]
    fn activations_are_right_on_every_instruction_set() {
        check(Activation::Gelu, |x| 0.5 * x * (1.0 + libm::erf(x / std::f64::consts::SQRT_2)));
        let root = (2.0 / std::f64::consts::PI).sqrt();
        check(Activation::GeluTanh, |x| 0.5 * x * (1.0 + (root * (x + 0.044_715 * x * x * x)).tanh()));
        check(Activation::Silu, |x| x / (1.0 + (-x).exp()));
        check(Activation::Relu, |x| x.max(0.0));
        for isa in Isa::available() {
            let mut bad = [f32::NAN];
            Activation::Gelu.apply(isa, &mut bad);
            assert!(bad[0].is_nan(), "{}", isa.name());
        }
        check(Activation::QuickGelu, |x| x / (1.0 + (-1.702 * x).exp()));
        let mut squares = [-2.0, 0.5, 3.0];
        Activation::ReluSquared.apply(Isa::best(), &mut squares);
        assert_eq!(squares.map(f32::to_bits), [0.0_f32, 0.25, 9.0].map(f32::to_bits));
    }

    #[test]
    fn a_clamped_gate_is_cut() {
        let (alpha, limit) = (1.702_f32, 7.0_f32);
        let (gates, values) = ([-3.0, 0.5, 9.0], [-20.0, 0.25, 8.0]);
        let right = |gate: f32, value: f32| {
            let (gate, value) = (f64::from(gate.min(limit)), f64::from(value.clamp(-limit, limit)));
            gate / (1.0 + (-f64::from(alpha) * gate).exp()) * (value + 1.0)
        };
        for isa in Isa::available() {
            let mut out = [0.0; 3];
            clamped_gate(isa, &[gates, values].concat(), 3, alpha, limit, &mut out);
            for ((out, gate), value) in out.iter().zip(gates).zip(values) {
                let right = right(gate, value);
                assert!((f64::from(*out) - right).abs() < 1e-6 * right.abs().max(1.0), "{}", isa.name());
            }
        }
    }

    #[test]
    fn a_gate_multiplies_the_other_half() {
        let both = [1.0, -2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
        let mut out = [0.0; 4];
        Activation::Relu.gate(Isa::best(), &both, 2, &mut out);
        assert_eq!(out.map(f32::to_bits), [3.0_f32, 0.0, 35.0, 48.0].map(f32::to_bits));
    }
}
