//! Products against plain sums in f64, and bit for bit against each other.

use proptest::prelude::*;

use super::*;
use crate::engine::local::kernel::{
    Storage,
    tests::{bits, numbers},
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_product_is_right_for_every_layout(
        m in 1usize..40, k in 0usize..600, n in 1usize..100,
        left in any::<bool>(), right in any::<bool>(), start in 0usize..3, seed in any::<u64>(),
    ) {
        let a = numbers(m * k, seed);
        let b = numbers(k * n, seed ^ 1);
        let before = numbers(m * n, seed ^ 2);
        let (a_row, a_column) = if left { (k, 1) } else { (1, m) };
        let (b_row, b_column) = if right { (n, 1) } else { (1, k) };
        let rows = View { data: &a, rows: m, row_stride: a_row, column_stride: a_column };
        let packed = Packed::pack(k, n, &b, b_row, b_column);
        let bias = numbers(n, seed ^ 3);
        let sum = [Sum::Store, Sum::Add, Sum::Bias(&bias)][start];
        let mut out = before.clone();
        gemm(rows, &packed, &mut out, sum);
        for i in 0..m {
            for j in 0..n {
                let start = f64::from([0.0, before[i * n + j], bias[j]][start]);
                let term = |p: usize| f64::from(a[i * a_row + p * a_column]) * f64::from(b[p * b_row + j * b_column]);
                let right = start + (0..k).map(term).sum::<f64>();
                let size = start.abs() + (0..k).map(|p| term(p).abs()).sum::<f64>();
                // k roundings, each of at most half a unit in the last place of a sum no larger than `size`
                // (Higham, Accuracy and Stability of Numerical Algorithms, §3.1).
                let bound = 1.01 * k as f64 * f64::from(f32::EPSILON) / 2.0 * size;
                prop_assert!((f64::from(out[i * n + j]) - right).abs() <= bound, "({i}, {j})");
            }
        }
    }

    #[test]
    fn every_instruction_set_and_every_batch_gives_the_same_bits(
        m in 1usize..30, k in 1usize..600, n in 1usize..70, seed in any::<u64>(),
    ) {
        let a = numbers(m * k, seed);
        let packed = Packed::pack(k, n, &numbers(k * n, seed ^ 1), n, 1);
        let mut first = vec![0.0; m * n];
        gemm(View::dense(&a, m), &packed, &mut first, Sum::Store);
        for isa in Isa::available() {
            let mut out = vec![f32::NAN; m * n];
            gemm_on(isa, View::dense(&a, m), &packed, &mut out, Sum::Store);
            prop_assert_eq!(bits(&first), bits(&out), "{}", isa.name());
            for (row, out) in a.chunks(k).zip(first.chunks(n)) {
                let mut alone = vec![f32::NAN; n];
                gemm_on(isa, View::dense(row, 1), &packed, &mut alone, Sum::Store);
                prop_assert_eq!(bits(&alone), bits(out), "{}", isa.name());
            }
        }
    }
}

#[test]
fn a_bias_gives_the_bits_of_adding_to_copies_of_it() {
    let (m, k, n) = (29, 2 * DEPTH + 3, 3 * PANEL + 21);
    let (a, bias) = (numbers(m * k, 1), numbers(n, 2));
    let packed = Packed::pack(k, n, &numbers(k * n, 3), n, 1);
    for isa in Isa::available() {
        let (mut added, mut out) = (bias.repeat(m), vec![f32::NAN; m * n]);
        gemm_on(isa, View::dense(&a, m), &packed, &mut added, Sum::Add);
        gemm_on(isa, View::dense(&a, m), &packed, &mut out, Sum::Bias(&bias));
        assert!(bits(&added) == bits(&out), "{}", isa.name());
    }
}

#[test]
fn a_storage_does_not_show() {
    let (k, n) = (2 * DEPTH + 3, 3 * PANEL + 5);
    let b: Vec<f32> =
        numbers(k * n, 3).iter().map(|value| f32::from_bits(value.to_bits() & 0xffff_0000)).collect();
    let [wide, narrow] =
        [Storage::F32, Storage::Bf16].map(|storage| Packed::pack_as(storage, k, n, &b, n, 1));
    for (isa, m) in Isa::available().flat_map(|isa| [1, 2, 29].map(|m| (isa, m))) {
        let a = numbers(m * k, 4);
        let products = [&wide, &narrow].map(|packed| {
            let mut out = vec![f32::NAN; m * n];
            gemm_on(isa, View::dense(&a, m), packed, &mut out, Sum::Store);
            bits(&out)
        });
        assert!(products[0] == products[1], "{} {m}", isa.name());
    }
    for j in 0..n {
        let mut column = vec![f32::NAN; k];
        narrow.column(j, &mut column);
        assert!(column.iter().enumerate().all(|(p, value)| value.to_bits() == b[p * n + j].to_bits()));
    }
}

#[test]
#[should_panic(expected = "is not a bf16")]
fn what_a_storage_would_round_is_refused() {
    Packed::pack_as(Storage::Bf16, 1, 1, &[0.1], 1, 1);
}

#[test]
fn threads_do_not_show() {
    let (m, k, n) = (301, 257, 333);
    let a = numbers(m * k, 3);
    let packed = Packed::pack(k, n, &numbers(k * n, 4), 1, k);
    let products = [1, 2, 5].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let mut out = vec![0.0; m * n];
        pool.install(|| gemm(View::dense(&a, m), &packed, &mut out, Sum::Store));
        bits(&out)
    });
    assert!(products[0] == products[1] && products[1] == products[2]);
}
