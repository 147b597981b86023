//! Functions of one number and sums of rows, of IEEE operations in a fixed order only, so that every instruction set
//! gives the same bits. The polynomials are minimax fits (Remez, or linear programming) made for this file.

/// eˣ to a unit in the last place, for x from -87 to 88 and cut to that; NaN stays NaN.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    // x = n ln 2 + r.
    // Comparisons that let NaN through.
    let x = if x < -87.0 { -87.0 } else { x };
    let x = if x > 88.0 { 88.0 } else { x };
    let shifted = x.mul_add(std::f32::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    // ln 2 in two parts, the first short enough for exact products.
    let r = n.mul_add(-(355.0 / 512.0), x);
    let r = n.mul_add(2.121_944_4e-4, r);
    let mut p = 1.395_060_3e-3_f32;
    p = p.mul_add(r, 8.368_953e-3);
    p = p.mul_add(r, 4.166_620_4e-2);
    p = p.mul_add(r, 0.166_665_18);
    p = p.mul_add(r, 0.5);
    let p = p.mul_add(r * r, r + 1.0);
    scale(p, shifted)
}

/// Added to a small number, this rounds it to a whole one, which the low bits hold then: 1.5 · 2²³.
const ROUND: f32 = 12_582_912.0;

/// p · 2ⁿ, of n + [`ROUND`].
#[inline(always)]
fn scale(p: f32, shifted: f32) -> f32 {
    p * f32::from_bits((shifted.to_bits() << 23).wrapping_add(127 << 23))
}

/// How probable it is that a standard normal number is farther from 0 than x, 2 Φ(-|x|) = 1 - erf(|x| / √2), to 1e-7; 0 for
/// NaN.
#[inline(always)]
pub(super) fn farther(x: f32) -> f32 {
    // 2^-q(|x|), as the tail falls like a power of e.
    let x = x.abs();
    let mut q = -4.075_273_5e-7_f32;
    q = q.mul_add(x, 8.218_993e-6);
    q = q.mul_add(x, -6.807_975e-5);
    q = q.mul_add(x, 2.658_817_6e-4);
    q = q.mul_add(x, 1.276_789_1e-5);
    q = q.mul_add(x, -6.954_600_6e-3);
    q = q.mul_add(x, 5.244_535_2e-2);
    q = q.mul_add(x, 0.459_219_22);
    q = q.mul_add(x, 1.151_104_4);
    let power = -(q * x);
    let shifted = power + ROUND;
    let r = power - (shifted - ROUND);
    let mut p = 1.535_336_2e-4_f32;
    p = p.mul_add(r, 1.339_887_5e-3);
    p = p.mul_add(r, 9.618_437e-3);
    p = p.mul_add(r, 5.550_332_4e-2);
    p = p.mul_add(r, 0.240_226_48);
    p = p.mul_add(r, std::f32::consts::LN_2);
    let p = p.mul_add(r, 1.0);
    // Beyond, it is 0 to 1e-8.
    if x < 5.66 { scale(p, shifted) } else { 0.0 }
}

/// The hyperbolic tangent, to 2e-7 of its value.
#[inline(always)]
pub(super) fn tanh(x: f32) -> f32 {
    let size = x.abs();
    let s = x * x;
    let mut near = -5.591_016e-3_f32;
    near = near.mul_add(s, 2.053_882e-2);
    near = near.mul_add(s, -5.370_965_6e-2);
    near = near.mul_add(s, 0.133_310_93);
    near = near.mul_add(s, -0.333_332_7);
    let near = (near * s).mul_add(size, size);
    let far = 1.0 - 2.0 / (exp(2.0 * size) + 1.0);
    let value = if size < 0.64 { near } else { far };
    if x < 0.0 { -value } else { value }
}

/// The nearest bf16, the even one of two that are as near.
#[inline(always)]
pub(super) fn bf16(x: f32) -> f32 {
    let bits = x.to_bits();
    f32::from_bits(bits.wrapping_add(0x7fff + (bits >> 16 & 1)) & 0xffff_0000)
}

/// Partial sums of a row.
pub(super) const LANES: usize = 16;

/// The sum of `of` over a row: element `i` goes to partial sum `i % LANES`, and those are added in halves.
#[inline(always)]
pub(super) fn sum(row: &[f32], of: impl Fn(f32) -> f32) -> f32 {
    let mut sums = [0.0; LANES];
    let (whole, rest) = row.as_chunks::<LANES>();
    for chunk in whole {
        for lane in 0..LANES {
            sums[lane] += of(chunk[lane]);
        }
    }
    for (sum, &value) in sums.iter_mut().zip(rest) {
        *sum += of(value);
    }
    halve(sums, |a, b| a + b)
}

/// The sums of two numbers over a row, each as [`sum`] takes it.
#[inline(always)]
pub(super) fn sums(row: &[f32], of: impl Fn(f32) -> [f32; 2]) -> [f32; 2] {
    let mut sums = [[0.0; LANES]; 2];
    let (whole, rest) = row.as_chunks::<LANES>();
    for chunk in whole {
        for lane in 0..LANES {
            let [first, second] = of(chunk[lane]);
            sums[0][lane] += first;
            sums[1][lane] += second;
        }
    }
    for (lane, &value) in rest.iter().enumerate() {
        let [first, second] = of(value);
        sums[0][lane] += first;
        sums[1][lane] += second;
    }
    sums.map(|sums| halve(sums, |a, b| a + b))
}

/// The largest of a row; NaN is passed over. -∞ for an empty row.
#[inline(always)]
pub(super) fn max(row: &[f32]) -> f32 {
    let mut largest = [f32::NEG_INFINITY; LANES];
    let (whole, rest) = row.as_chunks::<LANES>();
    for chunk in whole {
        for lane in 0..LANES {
            largest[lane] = larger(largest[lane], chunk[lane]);
        }
    }
    for (largest, &value) in largest.iter_mut().zip(rest) {
        *largest = larger(*largest, value);
    }
    halve(largest, larger)
}

/// The larger of two; `a` where `b` is NaN.
#[inline(always)]
pub(super) fn larger(a: f32, b: f32) -> f32 {
    if b > a { b } else { a }
}

/// Joins the second half to the first until one is left.
#[inline(always)]
fn halve(mut lanes: [f32; LANES], join: impl Fn(f32, f32) -> f32) -> f32 {
    let mut half = LANES / 2;
    while half > 0 {
        for lane in 0..half {
            lanes[lane] = join(lanes[lane], lanes[lane + half]);
        }
        half /= 2;
    }
    lanes[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_right() {
        let mut worst = 0.0_f64;
        for step in -87_000..88_000 {
            let x = step as f32 / 1000.0;
            let right = f64::from(x).exp();
            worst = worst.max(((f64::from(exp(x)) - right) / right).abs());
        }
        assert!(worst < 1.2e-7, "{worst:.2e}");
        assert!(
            exp(f32::NAN).is_nan()
                && exp(f32::NEG_INFINITY) < 2e-38
                && exp(0.0).to_bits() == 1.0_f32.to_bits()
        );
    }

    #[test]
    fn the_normal_tail_is_right() {
        let mut worst = 0.0_f64;
        for step in -60_000..60_000 {
            let x = step as f32 / 10_000.0;
            let right = libm::erfc(f64::from(x.abs()) * std::f64::consts::FRAC_1_SQRT_2);
            worst = worst.max((f64::from(farther(x)) - right).abs());
        }
        assert!(worst < 1e-7, "{worst:.2e}");
        assert_eq!(
            [0.0, 6.0, 1e30, f32::INFINITY].map(|x| farther(x).to_bits()),
            [1.0_f32, 0.0, 0.0, 0.0].map(f32::to_bits)
        );
    }

    #[test]
    fn tanh_is_right() {
        let mut worst = 0.0_f64;
        for step in (-60_000..60_000).filter(|step| *step != 0) {
            let x = step as f32 / 5000.0;
            let right = libm::tanh(f64::from(x));
            worst = worst.max(((f64::from(tanh(x)) - right) / right).abs());
        }
        assert!(worst < 2e-7 && tanh(f32::NAN).is_nan(), "{worst:.2e}");
        assert!([-200.0, 200.0].map(tanh).map(f32::to_bits) == [-1.0_f32, 1.0].map(f32::to_bits));
    }

    #[test]
    fn bf16_is_rounded_to_nearest() {
        for value in
            super::super::tests::numbers(10_000, 3).into_iter().chain([1.0, 1.003_906_3, 1.011_718_8])
        {
            assert_eq!(bf16(value).to_bits(), half::bf16::from_f32(value).to_f32().to_bits(), "{value}");
        }
    }
}
