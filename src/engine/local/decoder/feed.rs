//! The part of a layer that looks at one token: an MLP, or a mixture of experts.
//!
//! The rows of an expert are multiplied together, and each row takes from its experts in their order, so that a row does
//! not depend on the others.

use super::{Decoder, Linear, buffers::Buffers};
use crate::engine::local::{
    family::{Bend, Experts, Feed, Mlp, Weights},
    kernel,
};

impl Decoder {
    /// The part of a layer that looks at one token, for all rows.
    pub(super) fn feed(&self, rows: &[f32], feed: &Feed<Linear>, out: &mut [f32], buffers: &mut Buffers) {
        match feed {
            Feed::Dense(mlp) => self.mlp(rows, mlp, out, buffers),
            Feed::Experts(experts) => self.experts(rows, experts, out, buffers),
        }
    }

    fn mlp(&self, rows: &[f32], mlp: &Mlp<Linear>, out: &mut [f32], buffers: &mut Buffers) {
        let tokens = rows.len() / mlp.up.weight.k();
        let width = mlp.down.weight.k();
        let mut wide = buffers.take(tokens * mlp.up.outputs());
        self.linear(rows, &mlp.up, &mut wide); // [tokens, width] or [tokens, 2 width]
        let mut bent = buffers.take(if mlp.bend.gated() { tokens * width } else { 0 });
        match mlp.bend {
            Bend::Plain(activation) => {
                activation.apply(self.isa, &mut wide);
                std::mem::swap(&mut wide, &mut bent);
            }
            Bend::Gated(activation) => activation.gate(self.isa, &wide, width, &mut bent),
            Bend::Clamped { alpha, limit } => {
                kernel::clamped_gate(self.isa, &wide, width, alpha, limit, &mut bent);
            }
        }
        self.linear(&bent, &mlp.down, out);
        buffers.give([wide, bent]);
    }

    fn experts(&self, rows: &[f32], experts: &Experts<Linear>, out: &mut [f32], buffers: &mut Buffers) {
        let hidden = experts.router.weight.k();
        let mut scores = buffers.take(rows.len() / hidden * experts.experts.len());
        self.linear(rows, &experts.router, &mut scores);
        // For each expert, the rows that it is given, and its weight in each.
        let mut given: Vec<Vec<(usize, f32)>> = vec![Vec::new(); experts.experts.len()];
        for (row, scores) in scores.chunks(experts.experts.len()).enumerate() {
            for (expert, weight) in choose(scores, experts.chosen, experts.weights) {
                given[expert].push((row, weight));
            }
        }
        out.fill(0.0);
        for (mlp, given) in experts.experts.iter().zip(&given).filter(|(_, given)| !given.is_empty()) {
            let (mut own, mut step) =
                (buffers.take(given.len() * hidden), buffers.take(given.len() * hidden));
            for (own, (row, _)) in own.chunks_mut(hidden).zip(given) {
                own.copy_from_slice(&rows[row * hidden..][..hidden]);
            }
            self.mlp(&own, mlp, &mut step, buffers);
            for (step, (row, weight)) in step.chunks(hidden).zip(given) {
                add(&mut out[row * hidden..][..hidden], step, *weight);
            }
            buffers.give([own, step]);
        }
        if let Some(shared) = &experts.shared {
            let mut step = buffers.take(rows.len());
            self.mlp(rows, &shared.mlp, &mut step, buffers);
            let mut gates = buffers.take(rows.len() / hidden);
            match &shared.gate {
                Some(gate) => {
                    self.linear(rows, gate, &mut gates);
                    for gate in &mut *gates {
                        *gate = (1.0 / (1.0 + libm::exp(-f64::from(*gate)))) as f32;
                    }
                }
                None => gates.fill(1.0),
            }
            for ((out, step), gate) in out.chunks_mut(hidden).zip(step.chunks(hidden)).zip(&*gates) {
                add(out, step, *gate);
            }
            buffers.give([step, gates]);
        }
        buffers.give([scores]);
    }
}

fn add(out: &mut [f32], step: &[f32], weight: f32) {
    for (out, value) in out.iter_mut().zip(step) {
        *out += weight * value;
    }
}

/// The experts of a row and their weights; of equal scores the first wins.
fn choose(scores: &[f32], chosen: usize, weights: Weights) -> Vec<(usize, f32)> {
    let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f64> =
        scores.iter().map(|score| libm::exp(f64::from(*score) - f64::from(largest))).collect();
    match weights {
        Weights::OfChosen => {
            let best = best(&powers, chosen);
            let total: f64 = best.iter().map(|expert| powers[*expert]).sum();
            best.into_iter().map(|expert| (expert, (powers[expert] / total) as f32)).collect()
        }
        Weights::OfAll { scale, groups } => {
            let total: f64 = powers.iter().sum();
            let mut shares: Vec<f64> = powers.iter().map(|power| power / total).collect();
            if let Some((count, kept)) = groups {
                let len = shares.len() / count;
                let tops: Vec<f64> =
                    shares.chunks(len).map(|group| group.iter().copied().fold(0.0, f64::max)).collect();
                let kept = best(&tops, kept);
                for (group, shares) in shares.chunks_mut(len).enumerate() {
                    if !kept.contains(&group) {
                        shares.fill(0.0);
                    }
                }
            }
            let weight = |expert: usize| (expert, shares[expert] as f32 * scale);
            best(&shares, chosen).into_iter().map(weight).collect()
        }
    }
}

/// The places of the largest values, from the largest on.
fn best(values: &[f64], count: usize) -> Vec<usize> {
    let mut places: Vec<usize> = (0..values.len()).collect();
    places.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
    places.truncate(count);
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(scores: &[f32], chosen: usize, weights: Weights) -> Vec<(usize, f32)> {
        choose(scores, chosen, weights)
    }

    #[test]
    fn experts_are_weighted_by_the_chosen_or_by_all() {
        let scores = [1.0, 3.0, 2.0, 3.0_f32].map(f32::ln);
        assert_eq!(weights(&scores, 2, Weights::OfChosen), [(1, 0.5), (3, 0.5)]);
        let all = weights(&scores, 3, Weights::OfAll { scale: 2.0, groups: None });
        assert_eq!(all.iter().map(|(expert, _)| *expert).collect::<Vec<_>>(), [1, 3, 2]);
        for ((_, weight), right) in all.iter().zip([6.0 / 9.0, 6.0 / 9.0, 4.0 / 9.0]) {
            assert!((weight - right).abs() < 1e-6, "{weight} {right}");
        }
        // Of the groups (1, 3) and (2, 3) the first is kept.
        let grouped = weights(&scores, 2, Weights::OfAll { scale: 1.0, groups: Some((2, 1)) });
        assert_eq!(grouped.iter().map(|(expert, _)| *expert).collect::<Vec<_>>(), [1, 0]);
    }

    #[test]
    fn scores_that_are_not_numbers_are_no_panic() {
        let weights = weights(&[f32::NAN, 1.0], 2, Weights::OfChosen);
        assert!(weights.iter().any(|(_, weight)| weight.is_nan()));
    }
}
