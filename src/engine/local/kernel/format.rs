//! Number formats that files keep weights in, and their numbers as f32. Blocks are those of ggml: a few dozen small whole
//! numbers and what they are multiplied with. Numbers of 16 bits and of blocks become f32 without any choice of rounding but
//! that of each single product and difference, in ggml's order.

use super::{Isa, kernel};

/// A number format that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// IEEE, 64 bits; rounded to 32.
    F64,
    /// IEEE, 32 bits.
    F32,
    /// IEEE, 16 bits.
    F16,
    /// The upper half of an f32.
    Bf16,
    /// Blocks of 32: 8 bits and a scale.
    Q8_0,
    /// Blocks of 32: 4 bits around 0 and a scale.
    Q4_0,
    /// Blocks of 32: 4 bits, a scale and a least value.
    Q4_1,
    /// Blocks of 32: 5 bits around 0 and a scale.
    Q5_0,
    /// Blocks of 32: 5 bits, a scale and a least value.
    Q5_1,
    /// Blocks of 256: 4 bits, and 6 bits of scale and least value for each 32.
    Q4K,
    /// Blocks of 256: 5 bits, and 6 bits of scale and least value for each 32.
    Q5K,
    /// Blocks of 256: 6 bits around 0, and 8 bits of scale for each 16.
    Q6K,
}

/// Elements of the largest block; a multiple of every other block's.
pub const LARGEST_BLOCK: usize = 256;

impl Format {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::F32,
        Self::F16,
        Self::Bf16,
        Self::F64,
        Self::Q8_0,
        Self::Q4_0,
        Self::Q4_1,
        Self::Q5_0,
        Self::Q5_1,
        Self::Q4K,
        Self::Q5K,
        Self::Q6K,
    ];

    /// As in messages and the record.
    pub fn name(self) -> &'static str {
        match self {
            Self::F64 => "f64",
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
            Self::Q8_0 => "q8_0",
            Self::Q4_0 => "q4_0",
            Self::Q4_1 => "q4_1",
            Self::Q5_0 => "q5_0",
            Self::Q5_1 => "q5_1",
            Self::Q4K => "q4_k",
            Self::Q5K => "q5_k",
            Self::Q6K => "q6_k",
        }
    }

    /// Elements of a block, and its bytes. Formats without blocks have blocks of one element.
    pub fn block(self) -> (usize, usize) {
        match self {
            Self::F64 => (1, 8),
            Self::F32 => (1, 4),
            Self::F16 | Self::Bf16 => (1, 2),
            Self::Q8_0 => (32, 34),
            Self::Q4_0 => (32, 18),
            Self::Q4_1 => (32, 20),
            Self::Q5_0 => (32, 22),
            Self::Q5_1 => (32, 24),
            Self::Q4K => (256, 144),
            Self::Q5K => (256, 176),
            Self::Q6K => (256, 210),
        }
    }

    /// Whether elements share a scale.
    pub fn is_quantized(self) -> bool {
        self.block().0 > 1
    }

    /// The bytes of so many elements, which are whole blocks.
    pub fn bytes(self, elements: usize) -> usize {
        let (size, bytes) = self.block();
        elements / size * bytes
    }

    /// Writes the numbers of whole blocks.
    ///
    /// # Panics
    /// If `bytes` are not those of as many elements as `out` has.
    pub fn widen(self, bytes: &[u8], out: &mut [f32]) {
        assert!(bytes.len() == self.bytes(out.len()) && out.len().is_multiple_of(self.block().0));
        blocks(Isa::best(), self, bytes, out);
    }

    /// Writes rows of a matrix, side by side, to the columns of a panel from `to` on: element `p` of a row goes to the
    /// panel's row `p`.
    ///
    /// # Panics
    /// If a row has not the bytes of the panel's height, or the panel not the columns.
    pub fn widen_rows<'a, const PANEL: usize>(
        self,
        rows: impl ExactSizeIterator<Item = &'a [u8]>,
        panel: &mut [[f32; PANEL]],
        to: usize,
    ) {
        let columns = to..to + rows.len();
        // Rows are gathered for a while before they are turned, so that both sides stay in the nearest cache.
        let mut numbers = [[0.0; LARGEST_BLOCK]; PANEL];
        let rows: Vec<&[u8]> = rows.collect();
        for (piece, panel) in panel.chunks_mut(LARGEST_BLOCK).enumerate() {
            let bytes = self.bytes(piece * LARGEST_BLOCK)..self.bytes(piece * LARGEST_BLOCK + panel.len());
            for (row, numbers) in rows.iter().zip(&mut numbers) {
                self.widen(&row[bytes.clone()], &mut numbers[..panel.len()]);
            }
            for (p, out) in panel.iter_mut().enumerate() {
                for (out, numbers) in out[columns.clone()].iter_mut().zip(&numbers) {
                    *out = numbers[p];
                }
            }
        }
    }
}

kernel! {
    fn blocks(format: Format, bytes: &[u8], out: &mut [f32]),
    wide: blocks_body, narrow: blocks_body,
}

#[inline(always)]
fn blocks_body(format: Format, bytes: &[u8], out: &mut [f32]) {
    match format {
        Format::F64 => each(bytes, out, |bytes: &[u8; 8], out| *out = [f64::from_le_bytes(*bytes) as f32]),
        Format::F32 => each(bytes, out, |bytes: &[u8; 4], out| *out = [f32::from_le_bytes(*bytes)]),
        Format::F16 => each(bytes, out, |bytes: &[u8; 2], out| *out = [f16(*bytes)]),
        Format::Bf16 => each(bytes, out, |bytes: &[u8; 2], out| {
            *out = [f32::from_bits(u32::from(u16::from_le_bytes(*bytes)) << 16)];
        }),
        Format::Q8_0 => each(bytes, out, q8_0),
        Format::Q4_0 => each(bytes, out, q4_0),
        Format::Q4_1 => each(bytes, out, q4_1),
        Format::Q5_0 => each(bytes, out, q5_0),
        Format::Q5_1 => each(bytes, out, q5_1),
        Format::Q4K => each(bytes, out, q4_k),
        Format::Q5K => each(bytes, out, q5_k),
        Format::Q6K => each(bytes, out, q6_k),
    }
}

#[inline(always)]
fn each<const BYTES: usize, const ELEMENTS: usize>(
    bytes: &[u8],
    out: &mut [f32],
    block: impl Fn(&[u8; BYTES], &mut [f32; ELEMENTS]),
) {
    for (bytes, out) in bytes.as_chunks().0.iter().zip(out.as_chunks_mut().0) {
        block(bytes, out);
    }
}

/// Without a branch, so that many are widened at once.
#[inline(always)]
fn f16(bytes: [u8; 2]) -> f32 {
    /// What an exponent of 16 bits lacks to one of 32.
    const EXPONENT: u32 = 112 << 23;
    let bits = u32::from(u16::from_le_bytes(bytes));
    let size = (bits & 0x7fff) << 13;
    let size = match bits & 0x7c00 {
        // Below the normal numbers: one is put before the digits, and taken off again.
        0 => (f32::from_bits(size + EXPONENT + (1 << 23)) - f32::from_bits(EXPONENT + (1 << 23))).to_bits(),
        0x7c00 => size + 2 * EXPONENT,
        _ => size + EXPONENT,
    };
    f32::from_bits(size | (bits & 0x8000) << 16)
}

/// A signed whole number of few bits.
#[inline(always)]
fn signed(bits: u8, zero: i16) -> f32 {
    f32::from(i16::from(bits) - zero)
}

#[inline(always)]
fn q8_0(bytes: &[u8; 34], out: &mut [f32; 32]) {
    let scale = f16([bytes[0], bytes[1]]);
    for (out, byte) in out.iter_mut().zip(&bytes[2..]) {
        *out = f32::from(byte.cast_signed()) * scale;
    }
}

/// Sixteen elements from the lower four bits of each of the last bytes, then sixteen from the upper ones.
#[inline(always)]
fn halves(bytes: &[u8], out: &mut [f32; 32], of: impl Fn(usize, u8) -> f32) {
    let bytes: &[u8; 16] = bytes.last_chunk().expect("a block ends with 16 bytes");
    let bits: [u8; 32] = std::array::from_fn(|j| if j < 16 { bytes[j] & 15 } else { bytes[j - 16] >> 4 });
    for (j, (out, bits)) in out.iter_mut().zip(bits).enumerate() {
        *out = of(j, bits);
    }
}

#[inline(always)]
fn q4_0(bytes: &[u8; 18], out: &mut [f32; 32]) {
    let scale = f16([bytes[0], bytes[1]]);
    halves(bytes, out, |_, bits| signed(bits, 8) * scale);
}

#[inline(always)]
fn q4_1(bytes: &[u8; 20], out: &mut [f32; 32]) {
    let (scale, least) = (f16([bytes[0], bytes[1]]), f16([bytes[2], bytes[3]]));
    halves(bytes, out, |_, bits| f32::from(bits) * scale + least);
}

#[inline(always)]
fn q5_0(bytes: &[u8; 22], out: &mut [f32; 32]) {
    let scale = f16([bytes[0], bytes[1]]);
    let fifth = u32::from_le_bytes([bytes[2], bytes[3], bytes[4], bytes[5]]);
    halves(bytes, out, |j, bits| signed(bits | bit(fifth, j) << 4, 16) * scale);
}

#[inline(always)]
fn q5_1(bytes: &[u8; 24], out: &mut [f32; 32]) {
    let (scale, least) = (f16([bytes[0], bytes[1]]), f16([bytes[2], bytes[3]]));
    let fifth = u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]);
    halves(bytes, out, |j, bits| f32::from(bits | bit(fifth, j) << 4) * scale + least);
}

#[inline(always)]
fn bit(bits: u32, at: usize) -> u8 {
    (bits >> at & 1) as u8
}

/// The scale and the least value of the `j`th 32 elements, 6 bits each.
#[inline(always)]
fn six_bits(packed: &[u8], j: usize) -> (f32, f32) {
    let (scale, least) = if j < 4 {
        (packed[j] & 63, packed[j + 4] & 63)
    } else {
        (packed[j + 4] & 15 | packed[j - 4] >> 6 << 4, packed[j + 4] >> 4 | packed[j] >> 6 << 4)
    };
    (f32::from(scale), f32::from(least))
}

#[inline(always)]
fn q4_k(bytes: &[u8; 144], out: &mut [f32; 256]) {
    let (scale, least) = (f16([bytes[0], bytes[1]]), f16([bytes[2], bytes[3]]));
    let (scales, quants) = bytes[4..].split_at(12);
    for (j, out) in out.as_chunks_mut::<32>().0.iter_mut().enumerate() {
        let (own_scale, own_least) = six_bits(scales, j);
        let (scale, least) = (scale * own_scale, least * own_least);
        let quants = &quants.as_chunks::<32>().0[j / 2];
        for (out, byte) in out.iter_mut().zip(quants) {
            *out = scale * f32::from(byte >> (j % 2 * 4) & 15) - least;
        }
    }
}

#[inline(always)]
fn q5_k(bytes: &[u8; 176], out: &mut [f32; 256]) {
    let (scale, least) = (f16([bytes[0], bytes[1]]), f16([bytes[2], bytes[3]]));
    let (scales, rest) = bytes[4..].split_at(12);
    let (fifths, quants) = rest.split_at(32);
    for (j, out) in out.as_chunks_mut::<32>().0.iter_mut().enumerate() {
        let (own_scale, own_least) = six_bits(scales, j);
        let (scale, least) = (scale * own_scale, least * own_least);
        let quants = &quants.as_chunks::<32>().0[j / 2];
        for ((out, byte), fifth) in out.iter_mut().zip(quants).zip(fifths) {
            *out = scale * f32::from(byte >> (j % 2 * 4) & 15 | (fifth >> j & 1) << 4) - least;
        }
    }
}

#[inline(always)]
fn q6_k(bytes: &[u8; 210], out: &mut [f32; 256]) {
    let (low, rest) = bytes.split_at(128);
    let (high, rest) = rest.split_at(64);
    let (scales, scale) = rest.split_at(16);
    let scale = f16([scale[0], scale[1]]);
    for (half, out) in out.chunks_mut(128).enumerate() {
        let (low, high, scales) =
            (&low[half * 64..][..64], &high[half * 32..][..32], &scales[half * 8..][..8]);
        for (quarter, out) in out.chunks_mut(32).enumerate() {
            let (low, low_shift) = (&low[quarter % 2 * 32..][..32], quarter / 2 * 4);
            for (l, out) in out.iter_mut().enumerate() {
                let bits = low[l] >> low_shift & 15 | (high[l] >> (quarter * 2) & 3) << 4;
                let own_scale = f32::from(scales[quarter * 2 + l / 16].cast_signed());
                *out = scale * own_scale * signed(bits, 32);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{CpuStorage, quantized::GgmlDType};
    use proptest::prelude::*;

    use super::*;

    /// The numbers of candle.
    fn candle(format: Format, bytes: &[u8], elements: usize) -> Option<Vec<f32>> {
        let dtype = match format {
            Format::F64 | Format::F32 | Format::F16 | Format::Bf16 => return None,
            Format::Q8_0 => GgmlDType::Q8_0,
            Format::Q4_0 => GgmlDType::Q4_0,
            Format::Q4_1 => GgmlDType::Q4_1,
            Format::Q5_0 => GgmlDType::Q5_0,
            Format::Q5_1 => GgmlDType::Q5_1,
            Format::Q4K => GgmlDType::Q4K,
            Format::Q5K => GgmlDType::Q5K,
            Format::Q6K => GgmlDType::Q6K,
        };
        let CpuStorage::F32(numbers) = dtype.from_data(bytes.into()).dequantize(elements).unwrap() else {
            panic!("candle gives f32")
        };
        Some(numbers)
    }

    #[test]
    fn every_number_of_16_bits_is_widened_right() {
        for bits in 0..=u16::MAX {
            let [mut half, mut brain] = [[0.0; 1]; 2];
            Format::F16.widen(&bits.to_le_bytes(), &mut half);
            Format::Bf16.widen(&bits.to_le_bytes(), &mut brain);
            let same = |a: f32, b: f32| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan();
            assert!(same(half[0], half::f16::from_bits(bits).to_f32()), "{bits:#x}");
            assert!(same(brain[0], half::bf16::from_bits(bits).to_f32()), "{bits:#x}");
        }
    }

    proptest! {
        #[test]
        fn blocks_of_any_bytes_are_the_numbers_that_candle_gives(
            format in prop::sample::select(&Format::ALL[4..]),
            bytes in prop::collection::vec(any::<u8>(), 2 * 210),
        ) {
            let (elements, block) = format.block();
            let bytes = &bytes[..2 * block];
            let mut numbers = vec![0.0; 2 * elements];
            format.widen(bytes, &mut numbers);
            let bits = |numbers: &[f32]| -> Vec<u32> {
                // Any NaN is as good as another.
                numbers.iter().map(|number| if number.is_nan() { 0 } else { number.to_bits() }).collect()
            };
            prop_assert_eq!(bits(&numbers), bits(&candle(format, bytes, 2 * elements).unwrap()), "{}", format.name());
        }

        #[test]
        fn rows_become_columns(
            format in prop::sample::select(&Format::ALL[..]),
            bytes in prop::collection::vec(0..120_u8, 3 * 2 * 210 * 8),
            height in 1_usize..300, to in 0_usize..29,
        ) {
            let height = height.next_multiple_of(format.block().0);
            let bytes = &bytes[..3 * format.bytes(height).min(bytes.len() / 3)];
            let height = bytes.len() / 3 / format.block().1 * format.block().0;
            let row_bytes = format.bytes(height);
            let mut panel = vec![[f32::INFINITY; 32]; height];
            let rows: Vec<&[u8]> = (0..3).map(|row| &bytes[row * row_bytes..][..row_bytes]).collect();
            format.widen_rows(rows.iter().copied(), &mut panel, to);
            for (row, bytes) in rows.iter().enumerate() {
                let mut numbers = vec![0.0; height];
                format.widen(bytes, &mut numbers);
                for (p, number) in numbers.iter().enumerate() {
                    prop_assert_eq!(panel[p][to + row].to_bits(), number.to_bits());
                }
            }
            prop_assert!(panel.iter().all(|row| row[..to].iter().chain(&row[to + 3..]).all(|x| *x == f32::INFINITY)));
        }
    }
}
