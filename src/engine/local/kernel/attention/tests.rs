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
        let mut all = Self { heads, data: Vec::new() };
        all.data = numbers(all.width() * rows, seed).iter().map(|x| 2.0 * x).collect();
        all
    }
    fn width(&self) -> usize {
        self.heads.queries * self.heads.dim + self.heads.keys * (self.heads.dim + self.heads.values)
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
    /// All rows of one sequence, cut into calls at `cut`.
    fn attend(&self, isa: Isa, attention: &Attention<'_>, rows: usize, cut: usize) -> Vec<f32> {
        let mut out = Vec::new();
        for range in [0..cut, cut..rows] {
            let blocks = self.blocks(range.end);
            let span = Span { rows: 0..range.len(), start: range.start, blocks: &blocks };
            let mut part = vec![f32::NAN; range.len() * self.heads.queries * self.heads.values];
            let data = &self.data[range.start * self.width()..range.end * self.width()];
            attend(isa, attention, data, self.width(), &[span], &mut part);
            out.extend(part);
        }
        out
    }
    /// A head's output for a row, by the definition.
    fn right(&self, attention: &Attention<'_>, row: usize, head: usize) -> Vec<f64> {
        let Heads { queries, keys, dim, values } = self.heads;
        let of = |row: &[f32], head: usize, len: usize| -> Vec<f64> {
            row[head * len..][..len].iter().copied().map(f64::from).collect()
        };
        let half = |x: f64| half::bf16::from_f32(x as f32).to_f64();
        let own = head / (queries / keys);
        let query = of(self.row(row).0, head, dim);
        let scale = f64::from(attention.scale);
        let score = |position: usize| {
            let key = of(self.row(position).1, own, dim);
            let mut product: f64 = query.iter().zip(&key).map(|(q, k)| q * k).sum();
            if let Some(Alibi::Bf16(slopes)) = attention.alibi {
                let bias = |at: usize| half(half(f64::from(slopes[head])) * half(at as f64));
                product += bias(position) - bias(row);
            }
            let mut score = product * scale;
            if let Some(cap) = attention.softcap {
                score = f64::from(cap) * (score / f64::from(cap)).tanh();
            }
            if let Some(Alibi::Exact(slopes)) = attention.alibi {
                score -= f64::from(slopes[head]) * (row - position) as f64;
            }
            score
        };
        let seen = |position: &usize| attention.window.is_none_or(|window| position + window.get() > row);
        let seen: Vec<(usize, f64)> = (0..=row).filter(seen).map(|at| (at, score(at))).collect();
        let sink = attention.sinks.map(|sinks| f64::from(sinks[head]));
        let largest = seen.iter().map(|(_, score)| *score).chain(sink).fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = seen.iter().map(|(_, score)| *score).chain(sink).map(|s| (s - largest).exp()).sum();
        let mut out = vec![0.0; values];
        for (position, score) in seen {
            for (out, value) in out.iter_mut().zip(of(self.row(position).2, own, values)) {
                *out += (score - largest).exp() / total * value;
            }
        }
        out
    }
}

fn plain(heads: Heads) -> Attention<'static> {
    Attention { heads, scale: 0.3, softcap: None, window: None, alibi: None, sinks: None }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn attention_is_right_and_does_not_depend_on_how_it_is_cut(
        rows in 1usize..100, cut in 0usize..100, dim in 1usize..40, values in 1usize..70,
        (keys, group) in (1usize..3, 1usize..3),
        softcap in proptest::option::of(0.5f32..5.0), window in proptest::option::of(1usize..70),
        biased in 0..3, sunk in any::<bool>(), seed in any::<u64>(),
    ) {
        let cut = cut.min(rows);
        let heads = Heads { queries: keys * group, keys, dim, values };
        let slopes: Vec<f32> = numbers(heads.queries, seed ^ 1).iter().map(|x| x.abs()).collect();
        let sinks = numbers(heads.queries, seed ^ 2);
        let attention = Attention {
            softcap,
            window: window.and_then(NonZeroUsize::new),
            // Falcon's has no cap.
            alibi: match biased {
                0 => None,
                1 if softcap.is_none() => Some(Alibi::Bf16(&slopes)),
                _ => Some(Alibi::Exact(&slopes)),
            },
            sinks: sunk.then_some(&sinks),
            ..plain(heads)
        };
        let all = Rows::new(heads, rows, seed);
        let out = all.attend(Isa::best(), &attention, rows, 0);
        for isa in Isa::available() {
            prop_assert_eq!(bits(&out), bits(&all.attend(isa, &attention, rows, cut)), "{}", isa.name());
        }
        for (index, got) in out.chunks(values).enumerate() {
            let (row, head) = (index / heads.queries, index % heads.queries);
            for (got, right) in got.iter().zip(all.right(&attention, row, head)) {
                prop_assert!((f64::from(*got) - right).abs() < 2e-5, "row {row} head {head}: {got} {right}");
            }
        }
    }
}

#[test]
fn sequences_of_a_batch_do_not_see_each_other() {
    let heads = Heads { queries: 2, keys: 1, dim: 20, values: 20 };
    let attention = plain(heads);
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
    attend(Isa::best(), &attention, &data, sequences[0].width(), &spans, &mut out);
    let alone: Vec<f32> = sequences
        .iter()
        .zip(lengths)
        .flat_map(|(s, len)| s.attend(Isa::best(), &attention, len, 0))
        .collect();
    assert_eq!(bits(&out), bits(&alone));
}
