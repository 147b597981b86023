//! Attention against a plain one in f64, and against itself in pieces.

use proptest::prelude::*;

use super::*;
use crate::engine::local::kernel::tests::{bits, numbers};

/// Rows of queries, keys and values, as a projection gives them.
struct Rows {
    heads: Heads,
    data: Vec<f32>,
}

impl Rows {
    fn new(heads: Heads, rows: usize, seed: u64) -> Self {
        let width = (heads.queries + 2 * heads.keys) * heads.dim;
        Self { heads, data: numbers(rows * width, seed).iter().map(|x| 2.0 * x).collect() }
    }
    fn width(&self) -> usize {
        (self.heads.queries + 2 * self.heads.keys) * self.heads.dim
    }
    fn row(&self, row: usize) -> (&[f32], &[f32], &[f32]) {
        let (query, rest) =
            self.data[row * self.width()..][..self.width()].split_at(self.heads.queries * self.heads.dim);
        let (key, value) = rest.split_at(self.heads.keys * self.heads.dim);
        (query, key, value)
    }
    fn blocks(&self, positions: usize) -> Vec<Arc<Block>> {
        let mut blocks = vec![Block::new(self.heads); Block::count(positions)];
        for position in 0..positions {
            let (_, key, value) = self.row(position);
            blocks[position / POSITIONS].put(position, key, value);
        }
        blocks.into_iter().map(Arc::new).collect()
    }
    /// All rows of one sequence, cut into calls at `cuts`.
    fn attend(&self, isa: Isa, rows: usize, cut: usize) -> Vec<f32> {
        let mut out = Vec::new();
        for range in [0..cut, cut..rows] {
            let blocks = self.blocks(range.end);
            let span = Span { rows: 0..range.len(), start: range.start, blocks: &blocks };
            let mut part = vec![f32::NAN; range.len() * self.heads.queries * self.heads.dim];
            let data = &self.data[range.start * self.width()..range.end * self.width()];
            attend(isa, self.heads, 0.3, data, self.width(), &[span], &mut part);
            out.extend(part);
        }
        out
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn attention_is_right_and_does_not_depend_on_how_it_is_cut(
        rows in 1usize..100, cut in 0usize..100, dim in 1usize..40, keys in 1usize..3, group in 1usize..3,
        seed in any::<u64>(),
    ) {
        let cut = cut.min(rows);
        let heads = Heads { queries: keys * group, keys, dim };
        let all = Rows::new(heads, rows, seed);
        let out = all.attend(Isa::best(), rows, 0);
        for isa in Isa::available() {
            prop_assert_eq!(bits(&out), bits(&all.attend(isa, rows, cut)), "{}", isa.name());
        }
        for row in 0..rows {
            for head in 0..heads.queries {
                let of = |row: &[f32], head: usize| -> Vec<f64> {
                    row[head * dim..][..dim].iter().copied().map(f64::from).collect()
                };
                let query = of(all.row(row).0, head);
                let score = |position: usize| -> f64 {
                    let key = of(all.row(position).1, head / group);
                    f64::from(0.3_f32) * query.iter().zip(&key).map(|(q, k)| q * k).sum::<f64>()
                };
                let weights: Vec<f64> = (0..=row).map(|position| score(position).exp()).collect();
                let total: f64 = weights.iter().sum();
                for d in 0..dim {
                    let right: f64 = (0..=row)
                        .map(|position| weights[position] / total * of(all.row(position).2, head / group)[d])
                        .sum();
                    let got = f64::from(out[(row * heads.queries + head) * dim + d]);
                    prop_assert!((got - right).abs() < 2e-5, "row {row} head {head} {d}: {got} {right}");
                }
            }
        }
    }
}

#[test]
fn sequences_of_a_batch_do_not_see_each_other() {
    let heads = Heads { queries: 2, keys: 1, dim: 20 };
    let lengths = [5, 40, 1, 33];
    let sequences: Vec<Rows> =
        lengths.iter().enumerate().map(|(i, &len)| Rows::new(heads, len, i as u64)).collect();
    let blocks: Vec<Vec<Arc<Block>>> = sequences.iter().zip(lengths).map(|(s, len)| s.blocks(len)).collect();
    let mut spans = Vec::new();
    let mut data = Vec::new();
    for (sequence, blocks) in sequences.iter().zip(&blocks) {
        let first = data.len() / sequence.width();
        data.extend_from_slice(&sequence.data);
        spans.push(Span { rows: first..data.len() / sequence.width(), start: 0, blocks });
    }
    let mut out = vec![0.0; 79 * 40];
    attend(Isa::best(), heads, 0.3, &data, sequences[0].width(), &spans, &mut out);
    let alone: Vec<f32> =
        sequences.iter().zip(lengths).flat_map(|(s, len)| s.attend(Isa::best(), len, 0)).collect();
    assert_eq!(bits(&out), bits(&alone));
}
