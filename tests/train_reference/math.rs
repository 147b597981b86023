//! Functions of numbers whose bits do not depend on the machine: only IEEE operations in a fixed order, no library of the
//! system, no fused operation that one processor has and another lacks.

/// Sums in flight at a time, so that a compiler may use vectors without changing the order.
const LANES: usize = 16;

/// The sum of `term` over the elements: 16 interleaved sums, folded by halves, then what is left over.
#[inline]
pub fn sum_of(values: &[f32], term: impl Fn(f32) -> f32) -> f32 {
    let (chunks, rest) = values.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for chunk in chunks {
        for lane in 0..LANES {
            sums[lane] += term(chunk[lane]);
        }
    }
    fold(sums) + rest.iter().map(|value| term(*value)).sum::<f32>()
}

/// The sum of `term` over pairs of elements, in the order of [`sum_of`].
#[inline]
pub fn sum_of_pairs(left: &[f32], right: &[f32], term: impl Fn(f32, f32) -> f32) -> f32 {
    let ((left, left_rest), (right, right_rest)) = (left.as_chunks::<LANES>(), right.as_chunks::<LANES>());
    let mut sums = [0.0; LANES];
    for (left, right) in left.iter().zip(right) {
        for lane in 0..LANES {
            sums[lane] += term(left[lane], right[lane]);
        }
    }
    fold(sums) + left_rest.iter().zip(right_rest).map(|(left, right)| term(*left, *right)).sum::<f32>()
}

fn fold(mut sums: [f32; LANES]) -> f32 {
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            sums[lane] += sums[lane + width];
        }
        width /= 2;
    }
    sums[0]
}

/// The largest element.
#[inline]
pub fn largest(values: &[f32]) -> f32 {
    let (chunks, rest) = values.as_chunks::<LANES>();
    let mut most = [f32::NEG_INFINITY; LANES];
    for chunk in chunks {
        for lane in 0..LANES {
            most[lane] = if chunk[lane] > most[lane] { chunk[lane] } else { most[lane] };
        }
    }
    most.iter().chain(rest).copied().fold(f32::NEG_INFINITY, f32::max)
}

/// eˣ to about 1e-7 of itself, as in Cephes' `expf` (Moshier, 1984): reduced by multiples of ln 2, then a polynomial.
#[inline]
pub fn exp(x: f32) -> f32 {
    /// Adding and subtracting 1.5 · 2²³ rounds to a whole number.
    const ROUND: f32 = 12_582_912.0;
    let x = x.clamp(-87.0, 88.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let whole = shifted - ROUND;
    let rest = x - whole * 0.693_359_375 + whole * 2.121_944_4e-4;
    let mut value = 1.987_569_1e-4;
    for coefficient in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 0.166_666_65, 0.5] {
        value = value * rest + coefficient;
    }
    let value = value * rest * rest + rest + 1.0;
    value * f32::from_bits((shifted.to_bits() << 23).wrapping_add(127 << 23))
}

/// GELU in the form of GPT-2 (Hendrycks and Gimpel, 2016, with tanh), and its derivative.
#[inline]
pub fn gelu(x: f32) -> (f32, f32) {
    const SCALE: f32 = 0.797_884_6;
    const CUBIC: f32 = 0.044_715;
    let tanh = 1.0 - 2.0 / (exp(2.0 * SCALE * (x + CUBIC * x * x * x)) + 1.0);
    let slope = (1.0 - tanh * tanh) * SCALE * (1.0 + 3.0 * CUBIC * x * x);
    (0.5 * x * (1.0 + tanh), 0.5 * (1.0 + tanh) + 0.5 * x * slope)
}
