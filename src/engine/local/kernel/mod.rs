//! Arithmetic at the speed of the machine, with the same bits everywhere.
//!
//! Every kernel is plain Rust, compiled once for each instruction set and chosen at run time. All of them do the same
//! IEEE operations in the same order: sums run over a fixed order that depends on neither the number of rows, nor the
//! tiling, nor the threads, so a row's result is the same alone and in any batch. The only `unsafe` code of the engine
//! is in here.

#![expect(
    clippy::inline_always,
    reason = "a body must become part of the function that has the instructions"
)]

mod math;
mod format;
mod kept;
mod aligned;
mod packed;
mod tile;
mod gemm;
mod norm;
mod activation;
mod rotary;
mod attention;
mod head;
mod scan;

pub use activation::{Activation, add, clamped_gate};
pub use attention::{Alibi, Attention, Block, Heads, Span, attend};
pub use format::{Format, LARGEST_BLOCK};
pub use gemm::{Sum, View, gemm, gemm_on};
pub use head::{Found, Head, Softmax, Want, find, softmax};
pub use kept::Lines;
pub use norm::Norm;
pub use packed::{Packed, Storage, fill};
pub use rotary::rotate;
pub use scan::{Columns, Inputs, Scan, Stretch, convolve, softplus, weigh};

/// A set of instructions that this machine has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Isa(Set);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    /// x86-64 with 512-bit registers.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// x86-64 with 256-bit registers and fused multiply-add.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// What the program was compiled for; on aarch64 that is NEON. Where that has no fused multiply-add, it is computed
    /// in software: slow, and the same bits.
    Portable,
}

impl Isa {
    /// The fastest set.
    pub fn best() -> Self {
        Self::available().next().expect("the portable set is always there")
    }

    /// Every set, the fastest first.
    pub fn available() -> impl Iterator<Item = Self> {
        #[cfg(target_arch = "x86_64")]
        let sets = {
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            let avx512 = avx2
                && is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl");
            [(Set::Avx512, avx512), (Set::Avx2, avx2), (Set::Portable, true)]
        };
        #[cfg(not(target_arch = "x86_64"))]
        let sets = [(Set::Portable, true)];
        sets.into_iter().filter_map(|(set, here)| here.then_some(Self(set)))
    }

    /// Whether the registers hold 512 bits.
    fn wide(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        return self.0 == Set::Avx512;
        #[cfg(not(target_arch = "x86_64"))]
        false
    }

    /// As in a processor's list of features.
    pub fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => "avx512",
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => "avx2",
            Set::Portable => "portable",
        }
    }
}

/// Compiles a kernel for each instruction set; the function it defines takes the set as its first argument.
///
/// `wide` is the body for 512-bit registers and `narrow` the one for all others: `#[inline(always)]` functions that
/// differ in their tiles only.
macro_rules! kernel {
    ($(#[$attribute:meta])* $visibility:vis fn $name:ident($($argument:ident: $type:ty),* $(,)?) $(-> $result:ty)?,
        wide: $wide:expr, narrow: $narrow:expr $(,)?) => {
        $(#[$attribute])*
        $visibility fn $name(isa: $crate::engine::local::kernel::Isa, $($argument: $type),*) $(-> $result)? {
            use $crate::engine::local::kernel::Set;
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
            fn avx512($($argument: $type),*) $(-> $result)? {
                $wide($($argument),*)
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2($($argument: $type),*) $(-> $result)? {
                $narrow($($argument),*)
            }
            match isa.0 {
                #[cfg(target_arch = "x86_64")]
                #[expect(unsafe_code, reason = "the function has more instructions than the program")]
                // SAFETY: an `Isa` of this set is made only where the machine has its instructions.
                Set::Avx512 => unsafe { avx512($($argument),*) },
                #[cfg(target_arch = "x86_64")]
                #[expect(unsafe_code, reason = "the function has more instructions than the program")]
                // SAFETY: an `Isa` of this set is made only where the machine has its instructions.
                Set::Avx2 => unsafe { avx2($($argument),*) },
                Set::Portable => $narrow($($argument),*),
            }
        }
    };
}
use kernel;

#[cfg(test)]
mod tests {
    /// Numbers of both signs that look random.
    pub(super) fn numbers(len: usize, mut seed: u64) -> Vec<f32> {
        let mut next = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 40) as f32 / 8_388_608.0 - 1.0
        };
        (0..len).map(|_| next()).collect()
    }

    pub(super) fn bits(values: &[f32]) -> Vec<u32> {
        values.iter().map(|value| value.to_bits()).collect()
    }
}
